#include "merged.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mounts.h"

#ifndef OVERLAYFS_SUPER_MAGIC
#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#endif

/* A change seldom comes alone. */
#define MERGED_DELAY_MS 20u
/* From the end of a run to the next one because of a change. */
#define MERGED_PAUSE_MS 200u
/* For a run, which takes less than a millisecond if nothing is in its way. */
#define LIMIT_MS 10000u
/* For the last one, which holds up the end. */
#define LAST_MS 1000
/* Between runs, if there are changes that nobody tells of. */
#define MERGED_FALLBACK_MS 2000u

/* What the guest can make of the directory is without bounds: what is looked at is not. */
#define DIRECTORIES_MAX 1024u
#define ENTRIES_MAX 100000u
#define DEPTH_MAX 128u

#define CHANGES                                                                                             \
	(FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO | FAN_ATTRIB | FAN_ONDIR | FAN_EVENT_ON_CHILD)
/* Large enough for many, so that few reads are needed. */
#define EVENTS_SIZE 16384u

/* Of users that are nobody's: below 2^31, as some file systems want it. */
#define WATCHING_USER 0x7e000000u
#define WATCHING_USERS 0x00ffffffu

/* How a run has ended. */
enum outcome {
	REFRESHED = 0,
	PARTLY_WATCHED = 1, /* there are more directories than are watched */
	GONE = 2,           /* the mount is not there any more */
	FAILED = 3,
};

/* ---- a run, in a process of its own */

struct walk {
	int group; /* of fanotify; negative: there is none */
	unsigned directories, entries;
	bool whole;
};

static bool is_directory(int directory, const struct dirent *entry)
{
	struct stat status;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

/* Watches the directory, and those below it. Takes over fd. */
static void walk_directory(struct walk *walk, int fd, unsigned depth)
{
	DIR *directory;
	struct dirent *entry;

	if (walk->directories == DIRECTORIES_MAX || depth == DEPTH_MAX ||
	    fanotify_mark(walk->group, FAN_MARK_ADD | FAN_MARK_ONLYDIR, CHANGES, fd, NULL) < 0 ||
	    (directory = fdopendir(fd)) == NULL) {
		walk->whole = false;
		close(fd);
		return;
	}
	walk->directories++;
	while (walk->whole && (entry = readdir(directory)) != NULL) {
		int below;

		if (++walk->entries > ENTRIES_MAX) {
			walk->whole = false;
			break;
		}
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || !is_directory(fd, entry))
			continue;
		below = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		/* One that has gone meanwhile is a change in this one. */
		if (below >= 0)
			walk_directory(walk, below, depth + 1);
		else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
			walk->whole = false;
	}
	closedir(directory);
}

/* False: not all of it is watched. */
static bool watch_all(const struct merged *merged, int parent)
{
	struct walk walk = { .group = merged->changes.fd, .whole = true };
	int upper;

	if (walk.group < 0)
		return false;
	/* What has been moved away is not to be watched for ever. */
	fanotify_mark(walk.group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
	fanotify_mark(walk.group, FAN_MARK_ADD | FAN_MARK_ONLYDIR, FAN_ATTRIB | FAN_ONDIR, parent, NULL);
	upper = mounts_open_plain(parent, merged->upper, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (upper < 0)
		return false;
	walk_directory(&walk, upper, 0);
	return walk.whole;
}

/* What is mounted on the path: it must be an overlay's root. */
static int open_mount(const char *path, struct statx *status)
{
	struct statfs type;
	int mount = mounts_open_plain(AT_FDCWD, path, O_PATH | O_DIRECTORY);

	if (mount < 0)
		return -1;
	if (statx(mount, "", AT_EMPTY_PATH, STATX_INO, status) == 0 && fstatfs(mount, &type) == 0 &&
	    type.f_type == OVERLAYFS_SUPER_MAGIC && (status->stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return mount;
	close(mount);
	errno = EINVAL;
	return -1;
}

/* A remount that changes no option: with it the kernel forgets all names that nobody is using. */
static enum outcome remount(const struct merged *merged)
{
	enum outcome outcome = FAILED;
	struct statx status;
	int context;
	int mount = open_mount(merged->path, &status);

	if (mount < 0)
		return GONE;
	if (status.stx_dev_major != merged->device_major || status.stx_dev_minor != merged->device_minor) {
		close(mount);
		return GONE;
	}
	context = fspick(mount, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);
	if (context >= 0 && fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) == 0)
		outcome = REFRESHED;
	if (context >= 0)
		close(context);
	close(mount);
	return outcome;
}

/* The directories first: what has changed before they are watched is covered by the remount. */
static _Noreturn void run(const struct merged *merged, bool walk)
{
	unsigned kept = merged->changes.fd < 0 ? 2 : (unsigned)merged->changes.fd;
	bool whole = !walk;
	enum outcome outcome;
	int parent;

	/* If it gets stuck, it is not to hold what the shim has open. */
	if (kept > 3)
		close_range(3, kept - 1, 0);
	close_range(kept + 1, ~0U, 0);
	parent = merged->parent ? mounts_open_plain(AT_FDCWD, merged->parent, O_RDONLY | O_DIRECTORY) : -1;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (parent >= 0) {
		if (walk)
			whole = watch_all(merged, parent);
		guard_restore(&merged->guard, parent);
	}
	outcome = remount(merged);
	_exit(outcome == REFRESHED && !whole ? PARTLY_WATCHED : (int)outcome);
}

/* ---- when */

static bool is_running(const struct merged *merged)
{
	return merged->run.pid != 0 && !merged->run.ended;
}

static void plan_next(struct merged *merged)
{
	int64_t now = loop_now();
	int64_t due = now + MERGED_DELAY_MS > merged->earliest ? now + MERGED_DELAY_MS : merged->earliest;

	if (merged->over || is_running(merged))
		return;
	if (merged->asked)
		timer_set(merged->loop, &merged->next, 0);
	else if (merged->changed && !merged->next.armed)
		timer_set(merged->loop, &merged->next, (unsigned)(due - now));
}

static void failed(struct merged *merged, const char *why)
{
	char text[256];

	if (merged->told)
		return;
	merged->told = true;
	snprintf(text, sizeof text, "merged: what the host sees of the root filesystem may be out of date: %s", why);
	log_error(merged->log, text);
}

static void start(struct merged *merged)
{
	bool walk = merged->parent && (merged->walk || merged->changes.fd < 0);
	pid_t pid;

	merged->changed = merged->asked = merged->walk = false;
	merged->started++;
	timer_stop(merged->loop, &merged->next);
	timer_stop(merged->loop, &merged->fallback);
	pid = fork();
	if (pid == 0)
		run(merged, walk);
	merged->run = (struct child){ .name = "merged", .pid = pid < 0 ? 0 : pid };
	if (pid > 0) {
		timer_set(merged->loop, &merged->limit, LIMIT_MS);
		return;
	}
	failed(merged, strerror(errno));
	merged->walk = walk;
	merged->changed = true;
	merged->earliest = loop_now() + MERGED_PAUSE_MS;
	merged->refreshed(merged->owner, merged->started);
	plan_next(merged);
}

static void ended(struct merged *merged)
{
	int status = merged->run.status;
	int outcome = WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;

	timer_stop(merged->loop, &merged->limit);
	merged->stuck = false;
	merged->earliest = loop_now() + MERGED_PAUSE_MS;
	if (outcome == FAILED)
		failed(merged, "the overlay can't be remounted");
	/* Who has unmounted it sees nothing of it. */
	if (outcome == GONE) {
		merged->over = true;
		watch_close(merged->loop, &merged->changes);
	} else if (outcome == PARTLY_WATCHED) {
		timer_set(merged->loop, &merged->fallback, MERGED_FALLBACK_MS);
	}
	merged->refreshed(merged->owner, merged->over ? UINT32_MAX : merged->started);
	plan_next(merged);
}

static void next_expired(void *owner)
{
	start(owner);
}

/* What is not watched may have got new directories as well. */
static void fallback_expired(void *owner)
{
	struct merged *merged = owner;

	merged->walk = merged->changed = true;
	plan_next(merged);
}

/* It waits for a lock in the kernel, which no signal ends: then nothing follows it until it has got that. */
static void limit_expired(void *owner)
{
	struct merged *merged = owner;

	failed(merged, "a remount of the overlay takes too long");
	merged->stuck = true;
	child_kill(&merged->run);
	merged->refreshed(merged->owner, merged->started);
}

void merged_child_ended(struct merged *merged)
{
	if (child_reap(&merged->run))
		ended(merged);
}

uint32_t merged_ask(struct merged *merged)
{
	if (merged->path == NULL || merged->over || merged->stuck)
		return 0;
	merged->asked = true;
	plan_next(merged);
	return merged->started + 1;
}

/* ---- what has changed */

static void changes_ready(void *owner, uint32_t events)
{
	static char bytes[EVENTS_SIZE];
	struct merged *merged = owner;
	struct fanotify_event_metadata event;
	ssize_t count = read(merged->changes.fd, bytes, sizeof bytes);

	(void)events;
	if (count < 0 && errno != EAGAIN && errno != EINTR) {
		failed(merged, strerror(errno));
		watch_close(merged->loop, &merged->changes);
		merged->changed = true;
	}
	/* They follow each other with less alignment than they have alone. */
	for (ssize_t at = 0; count - at >= (ssize_t)sizeof event; at += event.event_len) {
		memcpy(&event, bytes + at, sizeof event);
		if (event.event_len < sizeof event)
			break;
		merged->changed = true;
		if ((event.mask & FAN_Q_OVERFLOW) ||
		    ((event.mask & FAN_ONDIR) && (event.mask & (FAN_CREATE | FAN_MOVED_TO))))
			merged->walk = true;
	}
	plan_next(merged);
}

/*
 * The kernel allows a user 128 groups, of which root's other programs shall not go without because of many containers.
 * So each shim takes it as another user, who exists for that alone. Where there is none (in a user namespace), as itself.
 */
static int open_group(void)
{
	const unsigned flags = FAN_CLASS_NOTIF | FAN_REPORT_FID | FAN_NONBLOCK | FAN_CLOEXEC;
	const unsigned user = WATCHING_USER + ((unsigned)getpid() & WATCHING_USERS);
	int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	int bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
	int group;
	int error;

	/* Bit 2, SECBIT_NO_SETUID_FIXUP: it keeps its capabilities meanwhile. */
	if (bits < 0 || prctl(PR_SET_SECUREBITS, bits | 1 << 2, 0, 0, 0) < 0)
		return fanotify_init(flags, O_RDONLY);
	if (syscall(SYS_setresuid, -1, user, -1) < 0) {
		group = fanotify_init(flags, O_RDONLY);
		error = errno;
	} else {
		group = fanotify_init(flags, O_RDONLY);
		error = errno;
		/* Back to the real user, which is always allowed. */
		if (syscall(SYS_setresuid, -1, getuid(), -1) < 0)
			abort();
		if (dumpable == 1)
			prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	}
	if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) < 0)
		abort();
	errno = error;
	return group;
}

/* ---- opening and closing */

void merged_init(struct merged *merged, struct loop *loop, const struct log *log,
		 void (*refreshed)(void *owner, uint32_t run), void *owner)
{
	*merged = (struct merged){
		.loop = loop,
		.log = log,
		.refreshed = refreshed,
		.owner = owner,
		.changes = { .fd = -1, .ready = changes_ready, .owner = merged },
		.next = { .expired = next_expired, .owner = merged },
		.limit = { .expired = limit_expired, .owner = merged },
		.fallback = { .expired = fallback_expired, .owner = merged },
	};
}

static int record_parent(struct merged *merged)
{
	int parent = mounts_open_plain(AT_FDCWD, merged->parent, O_RDONLY | O_DIRECTORY);
	int result;

	if (parent < 0)
		return -1;
	result = guard_record(&merged->guard, parent);
	close(parent);
	return result;
}

int merged_open(struct merged *merged, const struct plan *plan, struct problem *problem)
{
	struct statx status;
	int mount;

	if (plan->merged == NULL)
		return 0;
	mount = open_mount(plan->merged, &status);
	if (mount < 0)
		return errno == EINVAL ? problem_set(problem, "merged: %s: no overlay is mounted there", plan->merged) :
					 problem_errno(problem, "merged: %s", plan->merged);
	/* Not kept open, which would keep the overlay alive when it has been unmounted. */
	close(mount);
	merged->path = plan->merged;
	merged->parent = plan->upper.parent;
	merged->upper = plan->upper.upper;
	merged->device_major = status.stx_dev_major;
	merged->device_minor = status.stx_dev_minor;
	if (merged->parent == NULL)
		return 0;
	if (record_parent(merged) < 0)
		return problem_errno(problem, "merged: %s", merged->parent);
	merged->changes.fd = open_group();
	if (merged->changes.fd < 0 || watch_set(merged->loop, &merged->changes, EPOLLIN) < 0) {
		snprintf(problem->text, sizeof problem->text,
			 "merged: the upper directory can't be watched, it is looked at every %u ms: %s", MERGED_FALLBACK_MS,
			 strerror(errno));
		log_warning(merged->log, problem->text);
		if (merged->changes.fd >= 0)
			watch_close(merged->loop, &merged->changes);
	}
	merged->walk = merged->changed = true;
	start(merged);
	return 0;
}

void merged_finish(struct merged *merged)
{
	int64_t deadline = loop_now() + LAST_MS;

	if (merged->path == NULL || merged->over)
		return;
	watch_close(merged->loop, &merged->changes);
	/* One that runs has not seen all, and may take its time to look for directories, which nobody needs any more. */
	child_kill(&merged->run);
	for (unsigned round = is_running(merged) ? 0 : 1; round < 2; round++) {
		struct pollfd end = { .events = POLLIN };
		int64_t left;

		if (round == 1) {
			pid_t pid = fork();

			if (pid == 0)
				run(merged, false);
			merged->run = (struct child){ .name = "merged", .pid = pid < 0 ? 0 : pid };
			merged->started++;
		}
		if (merged->run.pid == 0)
			break;
		/* Not by SIGCHLD, which may be about others. */
		end.fd = (int)syscall(SYS_pidfd_open, merged->run.pid, 0);
		left = deadline - loop_now();
		if (end.fd >= 0)
			poll(&end, 1, left < 0 ? 0 : (int)left);
		if (end.fd >= 0)
			close(end.fd);
		if (!child_reap(&merged->run)) {
			failed(merged, "a remount of the overlay takes too long");
			break;
		}
	}
	merged->over = true;
	timer_stop(merged->loop, &merged->next);
	timer_stop(merged->loop, &merged->limit);
	timer_stop(merged->loop, &merged->fallback);
	merged->refreshed(merged->owner, UINT32_MAX);
}

void merged_restore(const struct merged *merged)
{
	int parent = merged->parent ? mounts_open_plain(AT_FDCWD, merged->parent, O_RDONLY | O_DIRECTORY) : -1;

	if (parent < 0)
		return;
	guard_restore(&merged->guard, parent);
	close(parent);
}

void merged_close(struct merged *merged)
{
	if (merged->loop == NULL)
		return;
	child_kill(&merged->run);
	watch_close(merged->loop, &merged->changes);
	timer_stop(merged->loop, &merged->next);
	timer_stop(merged->loop, &merged->limit);
	timer_stop(merged->loop, &merged->fallback);
}
