#include "oom.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The guest says when: reports disturb its VM, and no more than these. Tests have less patience. */
#ifndef OOM_PAUSE_MS
#define OOM_PAUSE_MS 10000u
#endif
#ifndef OOM_REPORTS_MAX
#define OOM_REPORTS_MAX 1000u
#endif
/* For everything that has to happen in the moment, while the VM stands still. */
#define PATIENCE_MS 2000
/* For the pages of files to be taken away before it, while the VM runs; and where its end waits for that. */
#define RECLAIM_MS 20000u
#define RECLAIM_AT_END_MS 5000u
/* What the victim pushes out in the moment. */
#define RECLAIMED_QUICKLY (64 * INT64_C(1048576))
/* How often one is tried to be shown. */
#define ATTEMPTS 3u
/* For a watcher to be woken up, and to look, before the group is gone. */
#define WATCHER_MS 50
/* What the child gets before there is no more: it has more then than a small process would have. */
#define ROOM (8 * INT64_C(1048576))
/* Tries to make the limit as low, each with twice as much room: others may be using more at that time. */
#define TRIES 4u
#define NUMBER_SIZE OOM_NUMBER_SIZE
#define STATISTICS_SIZE 8192

/* Files of the two versions, and what the pages of files are called in memory.stat. */
struct files {
	const char *usage, *limit, *swap, *reclaim, *active, *inactive;
};

static const struct files files[2] = {
	{ "memory.usage_in_bytes", "memory.limit_in_bytes", "memory.swappiness", "memory.force_empty",
	  "\ntotal_active_file ", "\ntotal_inactive_file " },
	{ "memory.current", "memory.max", "memory.swap.max", "memory.reclaim", "\nactive_file ", "\ninactive_file " },
};

struct moment {
	const struct files *files;
	struct oom_value scores[OOM_CHILDREN + 1]; /* the last is this process's */
	struct oom_value swap, together, limit;
	bool stopped[OOM_CHILDREN];
	pid_t victim; /* 0: none */
	int gate;     /* closed to let it go */
};

static bool read_file(int directory, const char *path, char *text, size_t size)
{
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	ssize_t count;

	if (fd < 0)
		return false;
	count = read(fd, text, size - 1);
	close(fd);
	if (count <= 0)
		return false;
	text[count] = '\0';
	return true;
}

static bool read_text(int directory, const char *path, char text[NUMBER_SIZE])
{
	if (!read_file(directory, path, text, NUMBER_SIZE))
		return false;
	text[strcspn(text, "\n")] = '\0';
	return true;
}

static bool write_text(int directory, const char *path, const char *text)
{
	int fd = openat(directory, path, O_WRONLY | O_CLOEXEC);
	ssize_t count;

	if (fd < 0)
		return false;
	count = write(fd, text, strlen(text));
	close(fd);
	return count > 0;
}

static bool change(struct oom_value *changed, int directory, const char *path, const char *text)
{
	changed->directory = directory;
	snprintf(changed->path, sizeof changed->path, "%s", path);
	if (!changed->done && !read_text(directory, path, changed->before))
		return false;
	changed->done = write_text(directory, path, text) || changed->done;
	return changed->done && read_text(directory, path, changed->now);
}

/* Unless somebody else has changed it meanwhile, as `update` may. */
static void restore(const struct oom *oom, const struct oom_value *changed)
{
	char now[NUMBER_SIZE];
	char message[128];

	if (!changed->done)
		return;
	if (read_text(changed->directory, changed->path, now) && strcmp(now, changed->now) != 0)
		return;
	if (write_text(changed->directory, changed->path, changed->before))
		return;
	snprintf(message, sizeof message, "oom: %s can't be made %s again", changed->path, changed->before);
	log_warning(oom->log, message);
}

static void wait_a_little(void)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	nanosleep(&moment, NULL);
}

/* Waits until a child stands still. Its end, if that comes first, is left to be reaped. */
static bool stop(const struct child *child, int64_t deadline)
{
	siginfo_t info;

	if (kill(child->pid, SIGSTOP) < 0)
		return false;
	while (loop_now() < deadline) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)child->pid, &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT) < 0)
			return false;
		if (info.si_pid != 0)
			return info.si_code == CLD_STOPPED;
		wait_a_little();
	}
	return false;
}

/*
 * What must not be killed. Without the capability to say so, no lower than usual is possible; then the kernel goes by
 * size, and the victim, whose score counts as if it had all of the group's limit, is the largest: see lower_limit.
 */
static bool protect(struct oom_value *score, pid_t pid)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/oom_score_adj", pid);
	return change(score, AT_FDCWD, path, "-1000") || change(score, AT_FDCWD, path, "0");
}

/* What the kernel takes for the size of a process, or somewhat more; 0 if it does not say. */
static int64_t size_of(pid_t pid)
{
	char path[64], text[NUMBER_SIZE * 4];
	long long resident = 0;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/statm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		ssize_t count = read(fd, text, sizeof text - 1);

		text[count > 0 ? count : 0] = '\0';
		if (sscanf(text, "%*s %lld", &resident) != 1)
			resident = 0;
		close(fd);
	}
	return (int64_t)(resident + resident / 16) * sysconf(_SC_PAGESIZE);
}

static _Noreturn void be_killed(int gate, int64_t most)
{
	long page = sysconf(_SC_PAGESIZE);
	char byte;
	volatile char *memory;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (!write_text(AT_FDCWD, "/proc/self/oom_score_adj", "1000") || read(gate, &byte, 1) != 0)
		_exit(1);
	memory = mmap(NULL, (size_t)most, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		_exit(1);
	madvise((void *)memory, (size_t)most, MADV_NOHUGEPAGE);
	for (int64_t at = 0; at < most; at += page)
		memory[at] = 1;
	_exit(0);
}

static bool make_victim(struct moment *moment, int64_t most)
{
	int gate[2];

	if (pipe2(gate, O_CLOEXEC) < 0)
		return false;
	moment->victim = fork();
	if (moment->victim == 0) {
		close(gate[1]);
		be_killed(gate[0], most);
	}
	close(gate[0]);
	moment->gate = gate[1];
	return moment->victim > 0;
}

/* Just above what is used, and above the size of each process in the group. */
static bool lower_limit(const struct oom *oom, struct moment *moment, int64_t largest)
{
	char text[NUMBER_SIZE];

	for (unsigned i = 0; i < TRIES; i++) {
		int64_t usage;

		if (!read_text(oom->group, moment->files->usage, text))
			return false;
		usage = strtoll(text, NULL, 10);
		snprintf(text, sizeof text, "%" PRId64, (usage > largest ? usage : largest) + (ROOM << i));
		if (change(&moment->limit, oom->group, moment->files->limit, text))
			return true;
	}
	return false;
}

/* True: the kernel has killed the victim. */
static bool await_kill(struct moment *moment, int64_t deadline)
{
	bool overdue = false;
	int status;

	for (;;) {
		pid_t pid = waitpid(moment->victim, &status, overdue ? 0 : WNOHANG);

		if (pid == moment->victim || (pid < 0 && errno != EINTR))
			break;
		if (loop_now() >= deadline) {
			kill(moment->victim, SIGKILL);
			overdue = true;
		} else {
			wait_a_little();
		}
	}
	moment->victim = 0;
	return !overdue && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static bool provoke(struct oom *oom, struct moment *moment, int64_t deadline)
{
	char usage[NUMBER_SIZE];
	int64_t largest = size_of(getpid());

	for (unsigned i = 0; i < OOM_CHILDREN; i++) {
		const struct child *child = oom->children[i];

		if (child->pid == 0 || child->ended)
			continue;
		moment->stopped[i] = true;
		if (!stop(child, deadline) || !protect(&moment->scores[i], child->pid))
			return false;
		if (size_of(child->pid) > largest)
			largest = size_of(child->pid);
	}
	/* What can be taken away from others is, before anything is killed: the victim may get all of that. */
	if (!protect(&moment->scores[OOM_CHILDREN], getpid()) || !read_text(oom->group, moment->files->usage, usage) ||
	    !make_victim(moment, strtoll(usage, NULL, 10) + largest + (ROOM << TRIES)))
		return false;
	/* Without swap on the host there may be no such file. */
	change(&moment->swap, oom->group, moment->files->swap, "0");
	/* Only version 2 has this one: all in a group are killed together. */
	change(&moment->together, oom->group, "memory.oom.group", "0");
	if (!lower_limit(oom, moment, largest))
		return false;
	close(moment->gate);
	moment->gate = -1;
	return await_kill(moment, deadline);
}

static void show(struct oom *oom)
{
	struct moment moment = { .files = &files[oom->second], .gate = -1 };

	oom->reported++;
	if (provoke(oom, &moment, loop_now() + PATIENCE_MS)) {
		oom->failed = 0;
	} else if (++oom->failed < ATTEMPTS) {
		oom->pending = true;
	} else {
		oom->failed = 0;
		log_warning(oom->log, "a lack of memory in the guest can't be shown in the host's control group");
	}
	if (moment.victim > 0) {
		kill(moment.victim, SIGKILL);
		while (waitpid(moment.victim, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (moment.gate >= 0)
		close(moment.gate);
	restore(oom, &moment.limit);
	restore(oom, &moment.swap);
	restore(oom, &moment.together);
	for (unsigned i = 0; i <= OOM_CHILDREN; i++)
		restore(oom, &moment.scores[i]);
	for (unsigned i = 0; i < OOM_CHILDREN; i++)
		if (moment.stopped[i])
			kill(oom->children[i]->pid, SIGCONT);
	timer_set(oom->loop, &oom->again, OOM_PAUSE_MS);
}

/* The pages of files in the group, which the kernel takes back before it kills anything. */
static int64_t reclaimable(const struct oom *oom)
{
	static const char before_first[] = "\n";
	const char *const names[] = { files[oom->second].active, files[oom->second].inactive };
	char text[STATISTICS_SIZE] = "\n";
	int64_t bytes = 0;

	if (!read_file(oom->group, "memory.stat", text + sizeof before_first - 1, sizeof text - sizeof before_first))
		return 0;
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *found = strstr(text, names[i]);
		long long value = found ? strtoll(found + strlen(names[i]), NULL, 10) : 0;

		if (value > 0 && value < INT64_MAX / 4)
			bytes += value;
	}
	return bytes;
}

/* Only pages of files: memory of the VM that were swapped out would take long to come back. */
static void reclaim(struct oom *oom, int64_t bytes)
{
	char text[NUMBER_SIZE];

	oom->swap = (struct oom_value){ 0 };
	change(&oom->swap, oom->group, files[oom->second].swap, "0");
	snprintf(text, sizeof text, "%" PRId64, oom->second ? bytes : 0);
	oom->reclaimer = (struct child){ .name = "reclaimer", .pid = fork() };
	if (oom->reclaimer.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		write_text(oom->group, files[oom->second].reclaim, text);
		_exit(0);
	}
	if (oom->reclaimer.pid < 0)
		oom->reclaimer.pid = 0;
}

/* The reclaimer has ended, or there is none. */
static void reclaimed(struct oom *oom)
{
	oom->reclaimer.pid = 0;
	restore(oom, &oom->swap);
	oom->swap.done = false;
	show(oom);
}

static void end_reclaimer(struct oom *oom, unsigned patience)
{
	child_wait(&oom->reclaimer, patience);
	child_kill(&oom->reclaimer);
	if (!oom->reclaimer.ended)
		while (waitpid(oom->reclaimer.pid, NULL, 0) < 0 && errno == EINTR)
			;
}

static void report(struct oom *oom)
{
	int64_t bytes;

	oom->pending = false;
	if (oom->group < 0 || oom->reported >= OOM_REPORTS_MAX)
		return;
	bytes = reclaimable(oom);
	if (bytes > RECLAIMED_QUICKLY)
		reclaim(oom, bytes);
	if (oom->reclaimer.pid != 0)
		timer_set(oom->loop, &oom->again, RECLAIM_MS);
	else
		reclaimed(oom);
}

static void again(void *owner)
{
	struct oom *oom = owner;

	if (oom->reclaimer.pid != 0)
		child_kill(&oom->reclaimer);
	else if (oom->pending)
		report(oom);
}

void oom_happened(struct oom *oom)
{
	oom->pending = true;
	if (!oom->again.armed)
		report(oom);
}

void oom_child_ended(struct oom *oom)
{
	if (child_reap(&oom->reclaimer))
		reclaimed(oom);
}

void oom_settle(struct oom *oom)
{
	const struct timespec look = { .tv_nsec = WATCHER_MS * 1000000 };

	for (unsigned i = 0; i < ATTEMPTS && (oom->pending || oom->reclaimer.pid != 0); i++) {
		if (oom->reclaimer.pid == 0)
			report(oom);
		if (oom->reclaimer.pid != 0) {
			end_reclaimer(oom, RECLAIM_AT_END_MS);
			reclaimed(oom);
		}
	}
	/* The last may be only just over. */
	if (oom->again.armed)
		nanosleep(&look, NULL);
}

void oom_init(struct oom *oom, struct loop *loop, const struct log *log, const struct child *hypervisor,
	      const struct child *virtiofsd)
{
	*oom = (struct oom){
		.loop = loop,
		.log = log,
		.children = { hypervisor, virtiofsd },
		.group = -1,
		.again = { .expired = again, .owner = oom },
	};
}

void oom_open(struct oom *oom, const struct plan *plan)
{
	for (size_t i = 0; i < plan->cgroup_count && oom->group < 0; i++) {
		int directory = open(plan->cgroups[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		for (unsigned version = 0; directory >= 0 && version < 2 && oom->group < 0; version++)
			if (faccessat(directory, files[version].limit, F_OK, 0) == 0) {
				oom->group = directory;
				oom->second = version == 1;
			}
		if (directory >= 0 && oom->group < 0)
			close(directory);
	}
}

void oom_close(struct oom *oom)
{
	if (oom->reclaimer.pid != 0)
		end_reclaimer(oom, 0);
	restore(oom, &oom->swap);
	if (oom->group >= 0)
		close(oom->group);
	oom->group = -1;
}
