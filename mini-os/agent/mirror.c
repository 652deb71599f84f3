#include "mirror.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define NEW "new" /* in aside: what is being made */
#define LINK_NAME_SIZE 64
#define ENTRIES_SIZE 4096 /* holds an entry of any length */
#define DATA_SIZE (256 * 1024)
#define PLACE_SIZE (32 + NAME_MAX + 1)
#define SHOWN_SIZE 1024 /* of a path, in what is told of a problem */
#define TICKS_MAX 200
#define PERMISSIONS 07777

/* A directory that is being read, a few names at a time. */
struct entries {
	int fd;
	long have, at;
	char buffer[ENTRIES_SIZE] __attribute__((aligned(8)));
};

struct level {
	struct entries source;
	int target;
	bool made;      /* the target is empty */
	bool gives_acl; /* what is made in it gets one */
	char name[NAME_MAX + 1];
};

/* As it is in the file, at a place that the inode's number gives. All 0: nothing is known. */
struct record {
	uint64_t other_inode;
	int64_t seconds, other_seconds; /* of the last change of the inode, and of its counterpart */
	uint32_t nanoseconds, other_nanoseconds;
};

struct walk {
	const struct mirror *mirror;
	struct level *levels[MIRROR_DEPTH_MAX];
	size_t depth;
	struct problem *problem;
};

/* One process mirrors one tree at a time. */
static char data[DATA_SIZE];
static char names[XATTR_LIST_MAX], other_names[XATTR_LIST_MAX];
static char value[XATTR_SIZE_MAX], other_value[XATTR_SIZE_MAX];

/* ---- reading directories */

static void entries_begin(struct entries *entries, int fd)
{
	entries->fd = fd;
	entries->have = entries->at = 0;
}

/* The next name; NULL: there is none (errno is 0), or it can't be read. It is there until the next call. */
static const struct dirent64 *entries_next(struct entries *entries)
{
	for (;;) {
		const struct dirent64 *entry;

		if (entries->at >= entries->have) {
			entries->at = 0;
			entries->have = syscall(SYS_getdents64, entries->fd, entries->buffer, sizeof entries->buffer);
			if (entries->have <= 0) {
				errno = entries->have < 0 ? errno : 0;
				entries->have = 0;
				return NULL;
			}
		}
		entry = (const struct dirent64 *)(entries->buffer + entries->at);
		entries->at += entry->d_reclen;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return entry;
	}
}

static bool entries_rewind(struct entries *entries)
{
	entries->have = entries->at = 0;
	return lseek(entries->fd, 0, SEEK_SET) == 0;
}

static int open_directory(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool is_directory(const struct statx *status)
{
	return S_ISDIR(status->stx_mode);
}

/* Asks the file system, not what the kernel remembers of one that others change. */
static int look(int directory, const char *name, struct statx *status)
{
	return statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_FORCE_SYNC,
		     STATX_BASIC_STATS, status);
}

/* ---- removing */

/* Removes a name that is no directory, or an empty one; -1 and errno. */
static int remove_plain(int parent, const char *name, bool directory)
{
	return unlinkat(parent, name, directory ? AT_REMOVEDIR : 0);
}

struct removal {
	struct entries entries;
	char name[NAME_MAX + 1];
};

/* Removes all below a directory. -1 and errno; ELOOP: it is too deep. */
static int empty(int directory)
{
	struct removal **stack = calloc(MIRROR_DEPTH_MAX, sizeof *stack);
	size_t depth = 0;
	bool removed = false; /* from the one at the top: what was not read yet may have moved */
	int result = -1;
	int error;

	if (stack == NULL)
		return -1;
	stack[0] = calloc(1, sizeof **stack);
	if (stack[0] == NULL)
		goto done;
	entries_begin(&stack[0]->entries, openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	depth = 1;
	if (stack[0]->entries.fd < 0)
		goto done;
	while (depth > 0) {
		struct removal *top = stack[depth - 1];
		const struct dirent64 *entry = entries_next(&top->entries);
		struct statx status;

		if (entry == NULL && errno)
			goto done;
		if (entry == NULL && removed) {
			removed = false;
			if (!entries_rewind(&top->entries))
				goto done;
			continue;
		}
		if (entry == NULL) {
			close(top->entries.fd);
			depth--;
			if (depth > 0 && remove_plain(stack[depth - 1]->entries.fd, top->name, true) < 0) {
				error = errno;
				free(top);
				errno = error;
				goto done;
			}
			free(top);
			removed = depth > 0;
			continue;
		}
		if (look(top->entries.fd, entry->d_name, &status) < 0)
			goto done;
		if (!is_directory(&status)) {
			if (remove_plain(top->entries.fd, entry->d_name, false) < 0)
				goto done;
			removed = true;
			continue;
		}
		if (depth == MIRROR_DEPTH_MAX) {
			errno = ELOOP;
			goto done;
		}
		stack[depth] = calloc(1, sizeof **stack);
		if (stack[depth] == NULL)
			goto done;
		snprintf(stack[depth]->name, sizeof stack[depth]->name, "%s", entry->d_name);
		entries_begin(&stack[depth]->entries, open_directory(top->entries.fd, entry->d_name));
		depth++;
		removed = false;
		if (stack[depth - 1]->entries.fd < 0)
			goto done;
	}
	result = 0;
done:
	error = errno;
	while (depth > 0) {
		depth--;
		if (stack[depth]->entries.fd >= 0)
			close(stack[depth]->entries.fd);
		free(stack[depth]);
	}
	free(stack);
	errno = error;
	return result;
}

static int remove_any(int parent, const char *name, bool directory)
{
	int fd;
	int result;

	if (!directory)
		return remove_plain(parent, name, false);
	fd = open_directory(parent, name);
	if (fd < 0)
		return -1;
	result = empty(fd);
	close(fd);
	return result < 0 ? -1 : remove_plain(parent, name, true);
}

int mirror_empty(int directory, struct problem *problem)
{
	return empty(directory) < 0 ? problem_errno(problem, "a directory can't be emptied") : 0;
}

/* ---- attributes */

/* A name in an open directory, for calls that take nothing but a path. The directory's own with the name ".". */
static void place(char path[PLACE_SIZE], int directory, const char *name)
{
	snprintf(path, PLACE_SIZE, "/proc/self/fd/%d/%s", directory, name);
}

static bool has_name(const char *list, ssize_t size, const char *name)
{
	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(list + at) + 1)
		if (strcmp(list + at, name) == 0)
			return true;
	return false;
}

/* -1 and errno; a file system without any has none. */
static ssize_t list_attributes(const char *path, char list[XATTR_LIST_MAX])
{
	ssize_t size = llistxattr(path, list, XATTR_LIST_MAX);

	return size < 0 && (errno == ENOTSUP || errno == ENOSYS) ? 0 : size;
}

/* Of others the system decides that has the file: a label of SELinux is the host's. */
static bool is_mirrored(const char *name)
{
	return strncmp(name, "security.", 9) != 0 || strcmp(name, "security.capability") == 0;
}

static int set_attribute(const char *from, const char *to, const char *name, bool there)
{
	ssize_t size = lgetxattr(from, name, value, sizeof value);

	if (size < 0)
		return -1;
	if (there && lgetxattr(to, name, other_value, sizeof other_value) == size &&
	    memcmp(value, other_value, (size_t)size) == 0)
		return 0;
	return lsetxattr(to, name, value, (size_t)size, 0);
}

/* bare: the target has none. */
static int copy_attributes(const char *from, const char *to, bool bare)
{
	ssize_t count = list_attributes(from, names);
	ssize_t there = count <= 0 && bare ? count : list_attributes(to, other_names);

	if (there < 0)
		return -1;
	for (ssize_t at = 0; at < there; at += (ssize_t)strlen(other_names + at) + 1)
		if (is_mirrored(other_names + at) && !has_name(names, count, other_names + at) &&
		    lremovexattr(to, other_names + at) < 0 &&
		    errno != ENODATA)
			return -1;
	for (ssize_t at = 0; at < count; at += (ssize_t)strlen(names + at) + 1)
		if (is_mirrored(names + at) &&
		    set_attribute(from, to, names + at, has_name(other_names, there, names + at)) < 0)
			return -1;
	return 0;
}

/* Whether something has just been made, and if so, whether it has no extended attributes yet. */
enum fresh {
	OLD,
	FRESH,
	FRESH_BARE,
};

/*
 * Owner, mode, extended attributes and times, in the one order in which none takes back another: a new owner clears
 * bits of the mode and capabilities, an ACL belongs to a mode, and all of them are changes.
 */
static int dress(int from_directory, const char *from_name, const struct statx *from, int to_directory,
		 const char *to_name, enum fresh fresh)
{
	const struct timespec times[2] = {
		{ .tv_sec = from->stx_atime.tv_sec, .tv_nsec = from->stx_atime.tv_nsec },
		{ .tv_sec = from->stx_mtime.tv_sec, .tv_nsec = from->stx_mtime.tv_nsec },
	};
	char from_path[PLACE_SIZE], to_path[PLACE_SIZE];
	struct statx to;
	bool owned;

	/* What has just been made is as the kernel knows it to be. */
	if (statx(to_directory, to_name,
		  AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (fresh == OLD ? AT_STATX_FORCE_SYNC : AT_STATX_DONT_SYNC),
		  STATX_BASIC_STATS, &to) < 0)
		return -1;
	owned = to.stx_uid != from->stx_uid || to.stx_gid != from->stx_gid;
	if (owned && fchownat(to_directory, to_name, from->stx_uid, from->stx_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	/* It is nobody's but ours, and no symbolic link: fchmodat(2) would follow one. */
	if (!S_ISLNK(from->stx_mode) && (fresh == OLD || owned || (to.stx_mode ^ from->stx_mode) & PERMISSIONS) &&
	    fchmodat(to_directory, to_name, from->stx_mode & PERMISSIONS, 0) < 0)
		return -1;
	place(from_path, from_directory, from_name);
	place(to_path, to_directory, to_name);
	if (copy_attributes(from_path, to_path, fresh == FRESH_BARE) < 0)
		return -1;
	return utimensat(to_directory, to_name, times, AT_SYMLINK_NOFOLLOW);
}

int mirror_attributes(int source, int target, struct problem *problem)
{
	struct statx status;

	if (look(source, ".", &status) < 0 || dress(source, ".", &status, target, ".", OLD) < 0)
		return problem_errno(problem, "the attributes of a directory");
	return 0;
}

/* ---- the index */

static struct record compose(const struct statx *own, const struct statx *other)
{
	return (struct record){
		.other_inode = other->stx_ino,
		.seconds = own->stx_ctime.tv_sec,
		.nanoseconds = own->stx_ctime.tv_nsec,
		.other_seconds = other->stx_ctime.tv_sec,
		.other_nanoseconds = other->stx_ctime.tv_nsec,
	};
}

static bool indexed(const struct mirror *mirror, const struct statx *source, const struct statx *target)
{
	const struct statx *own = mirror->index_of_target ? target : source;
	const struct statx *other = mirror->index_of_target ? source : target;
	struct record known, now = compose(own, other);

	if (mirror->index < 0 || (source->stx_mode & S_IFMT) != (target->stx_mode & S_IFMT))
		return false;
	return pread(mirror->index, &known, sizeof known, (off_t)(own->stx_ino * sizeof known)) ==
		       (ssize_t)sizeof known &&
	       known.other_inode == now.other_inode && known.seconds == now.seconds &&
	       known.nanoseconds == now.nanoseconds && known.other_seconds == now.other_seconds &&
	       known.other_nanoseconds == now.other_nanoseconds;
}

/* That it can't be written is no problem: the file is copied again then. A record that is cut off has no end to match. */
static void index_add(const struct mirror *mirror, const struct statx *source, const struct statx *target)
{
	const struct statx *own = mirror->index_of_target ? target : source;
	struct record record = compose(own, mirror->index_of_target ? source : target);

	if (mirror->index >= 0 && pwrite(mirror->index, &record, sizeof record, (off_t)(own->stx_ino * sizeof record)) <
					  (ssize_t)sizeof record)
		return;
}

/* The next change of an inode gets another time than all there were so far. */
static void await_tick(void)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct timespec begin, now;

	clock_gettime(CLOCK_REALTIME_COARSE, &begin);
	for (unsigned i = 0; i < TICKS_MAX; i++) {
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
		if (now.tv_sec != begin.tv_sec || now.tv_nsec != begin.tv_nsec)
			return;
	}
}

/* ---- files */

static int write_all(int fd, const char *bytes, size_t size, off_t at)
{
	while (size > 0) {
		ssize_t count = pwrite(fd, bytes, size, at);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -1;
		bytes += count;
		size -= (size_t)count;
		at += count;
	}
	return 0;
}

static int copy_range(int from, int to, off_t at, off_t end)
{
	while (at < end) {
		size_t most = end - at < DATA_SIZE ? (size_t)(end - at) : DATA_SIZE;
		ssize_t count = pread(from, data, most, at);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 || write_all(to, data, (size_t)count, at) < 0)
			return -1;
		if (count == 0)
			break; /* the file has become shorter */
		at += count;
	}
	return 0;
}

/* Holes stay holes. */
static int copy_data(int from, int to, off_t size)
{
	off_t at = 0;

	while (at < size) {
		off_t begin = lseek(from, at, SEEK_DATA);
		off_t end;

		if (begin < 0 && errno == ENXIO)
			break;
		end = begin < 0 ? size : lseek(from, begin, SEEK_HOLE);
		if (begin < 0)
			begin = at; /* the file system does not know holes */
		if (end < 0 || end > size)
			end = size;
		if (copy_range(from, to, begin, end) < 0)
			return -1;
		at = end;
	}
	/* A hole at the end has not been written. */
	return at == size ? 0 : ftruncate(to, size);
}

/* The contents of a file alone; flags: how the one they go to is opened. */
static int copy_file(int from, const char *name, const struct statx *status, int to, const char *to_name, int flags)
{
	int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME | O_CLOEXEC);
	int target = -1;
	int result = -1;
	int error;

	if (source >= 0)
		target = openat(to, to_name, flags | O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
				status->stx_mode & 0777);
	if (target >= 0)
		result = copy_data(source, target, (off_t)status->stx_size);
	error = errno;
	if (target >= 0 && close(target) < 0 && result == 0) {
		result = -1;
		error = errno;
	}
	if (source >= 0)
		close(source);
	errno = error;
	return result;
}

static int make_symlink(int from, const char *name, int to, const char *to_name)
{
	/* One byte more than the longest, so that what is cut off is seen. */
	char target[PATH_MAX + 1];
	ssize_t length = readlinkat(from, name, target, sizeof target);

	if (length < 0)
		return -1;
	if (length == (ssize_t)sizeof target) {
		errno = ENAMETOOLONG;
		return -1;
	}
	target[length] = '\0';
	return symlinkat(target, to, to_name);
}

/* Makes it in a directory where there is none of that name, with all that belongs to it. */
static int make(int from, const char *name, const struct statx *status, int to, const char *to_name, enum fresh fresh)
{
	int result;

	if (S_ISREG(status->stx_mode))
		result = copy_file(from, name, status, to, to_name, O_CREAT | O_EXCL);
	else if (S_ISLNK(status->stx_mode))
		result = make_symlink(from, name, to, to_name);
	else
		result = mknodat(to, to_name, status->stx_mode & (S_IFMT | 0777),
				 makedev(status->stx_rdev_major, status->stx_rdev_minor));
	return result < 0 ? -1 : dress(from, name, status, to, to_name, fresh);
}

/* ---- the walk */

static int fail(struct walk *walk, const char *name)
{
	char path[SHOWN_SIZE] = "";
	int error = errno;
	size_t length = 0;

	for (size_t i = 1; i < walk->depth && length < sizeof path; i++)
		length += (size_t)snprintf(path + length, sizeof path - length, "/%s", walk->levels[i]->name);
	if (length < sizeof path)
		snprintf(path + length, sizeof path - length, "/%s", name);
	errno = error;
	return problem_errno(walk->problem, "%s", path);
}

/* A mark of the overlay's: the kernel links them to one another as it likes, which means nothing. */
static bool is_whiteout(const struct statx *status)
{
	return S_ISCHR(status->stx_mode) && status->stx_rdev_major == 0 && status->stx_rdev_minor == 0;
}

/* Of names for one file, the first one makes it, and leaves a name aside by which the others find it. */
static int make_linked(const struct mirror *mirror, int from, const char *name, const struct statx *status)
{
	char link[LINK_NAME_SIZE];

	snprintf(link, sizeof link, "link-%x-%x-%llx", status->stx_dev_major, status->stx_dev_minor,
		 (unsigned long long)status->stx_ino);
	if (unlinkat(mirror->aside, NEW, 0) < 0 && errno != ENOENT)
		return -1;
	if (linkat(mirror->aside, link, mirror->aside, NEW, 0) == 0)
		return 0;
	if (errno != ENOENT || make(from, name, status, mirror->aside, NEW, FRESH) < 0)
		return -1;
	return linkat(mirror->aside, NEW, mirror->aside, link, 0);
}

/*
 * Whether a file can stay the one that it is: who has it open or mapped on the host, as an overlay there has, sees the
 * new contents, and there need not be room for both.
 */
static bool can_stay(const struct statx *source, const struct statx *target)
{
	return S_ISREG(source->stx_mode) && S_ISREG(target->stx_mode) && source->stx_nlink == 1 &&
	       target->stx_nlink == 1;
}

static int overwrite(const struct level *level, const char *name, const struct statx *source)
{
	if (copy_file(level->source.fd, name, source, level->target, name, O_TRUNC) < 0)
		return -1;
	return dress(level->source.fd, name, source, level->target, name, OLD);
}

static int replace(const struct mirror *mirror, const struct level *level, const char *name,
		   const struct statx *source, bool linked)
{
	if (linked && make_linked(mirror, level->source.fd, name, source) < 0)
		return -1;
	if (!linked && ((unlinkat(mirror->aside, NEW, 0) < 0 && errno != ENOENT) ||
			make(level->source.fd, name, source, mirror->aside, NEW, FRESH) < 0))
		return -1;
	return renameat(mirror->aside, NEW, level->target, name);
}

static int copy_plain(struct walk *walk, const struct level *level, const char *name, const struct statx *source)
{
	const struct mirror *mirror = walk->mirror;
	bool linked = source->stx_nlink > 1 && !is_whiteout(source);
	struct statx target;
	int there = level->made ? -1 : look(level->target, name, &target);
	int result;

	if (there < 0 && !level->made && errno != ENOENT)
		return fail(walk, name);
	/* Each new link changes a time, so these are not told by it. */
	if (there == 0 && !linked && indexed(mirror, source, &target))
		return 0;
	if (there < 0 && !linked)
		result = make(level->source.fd, name, source, level->target, name,
			      level->gives_acl ? FRESH : FRESH_BARE);
	else if (there == 0 && can_stay(source, &target))
		result = overwrite(level, name, source);
	else
		result = replace(mirror, level, name, source, linked);
	if (result < 0)
		return fail(walk, name);
	if (!linked && mirror->index >= 0 && !mirror->last) {
		struct statx now;

		if (look(level->target, name, &target) < 0 || look(level->source.fd, name, &now) < 0)
			return fail(walk, name);
		index_add(mirror, &now, &target);
	}
	return 0;
}

/* Takes away what the source does not have, or has as something else. */
static int purge(struct walk *walk, const struct level *level)
{
	struct entries *entries = malloc(sizeof *entries);
	bool removed;
	int result = -1;

	if (entries == NULL)
		return fail(walk, "");
	entries_begin(entries, level->target);
	do {
		const struct dirent64 *entry;

		removed = false;
		if (!entries_rewind(entries)) {
			fail(walk, "");
			goto done;
		}
		while ((entry = entries_next(entries)) != NULL) {
			struct statx source, target;
			bool wanted = look(level->source.fd, entry->d_name, &source) == 0;

			if ((!wanted && errno != ENOENT) || look(level->target, entry->d_name, &target) < 0) {
				fail(walk, entry->d_name);
				goto done;
			}
			if (wanted && is_directory(&source) == is_directory(&target))
				continue;
			if (remove_any(level->target, entry->d_name, is_directory(&target)) < 0) {
				fail(walk, entry->d_name);
				goto done;
			}
			removed = true;
		}
		if (errno) {
			fail(walk, "");
			goto done;
		}
	} while (removed);
	result = 0;
done:
	free(entries);
	return result;
}

/* Takes the descriptors over, also if it fails; with one of them missing, errno says why. */
static int enter(struct walk *walk, int source, int target, const char *name, bool made)
{
	struct level *level = NULL;
	char path[PLACE_SIZE];
	int error;

	if (source >= 0 && target >= 0)
		level = malloc(sizeof *level);
	if (level == NULL) {
		error = errno;
		if (source >= 0)
			close(source);
		if (target >= 0)
			close(target);
		errno = error;
		return fail(walk, name);
	}
	entries_begin(&level->source, source);
	level->target = target;
	level->made = made;
	place(path, target, ".");
	level->gives_acl = lgetxattr(path, "system.posix_acl_default", NULL, 0) >= 0;
	snprintf(level->name, sizeof level->name, "%s", name);
	walk->levels[walk->depth++] = level;
	return made ? 0 : purge(walk, level);
}

static void leave(struct walk *walk)
{
	struct level *level = walk->levels[--walk->depth];

	close(level->source.fd);
	close(level->target);
	free(level);
}

static int copy_directory(struct walk *walk, const struct level *level, const char *name)
{
	int source = open_directory(level->source.fd, name);
	int target = -1;
	bool made;

	if (source < 0)
		return fail(walk, name);
	if (walk->depth == MIRROR_DEPTH_MAX) {
		close(source);
		errno = ELOOP;
		return fail(walk, name);
	}
	made = mkdirat(level->target, name, 0700) == 0;
	if (made || errno == EEXIST)
		target = open_directory(level->target, name);
	return enter(walk, source, target, name, made);
}

/* All in the top one is done: what comes now would not outlast changes in it. */
static int finish(struct walk *walk)
{
	struct level *level = walk->levels[walk->depth - 1];
	struct statx status;

	if (look(level->source.fd, ".", &status) < 0 ||
	    dress(level->source.fd, ".", &status, level->target, ".", OLD) < 0)
		return fail(walk, ".");
	leave(walk);
	return 0;
}

static int step(struct walk *walk)
{
	struct level *level = walk->levels[walk->depth - 1];
	const struct dirent64 *entry = entries_next(&level->source);
	struct statx status;

	if (entry == NULL)
		return errno ? fail(walk, "") : finish(walk);
	if (look(level->source.fd, entry->d_name, &status) < 0)
		return fail(walk, entry->d_name);
	return is_directory(&status) ? copy_directory(walk, level, entry->d_name)
				     : copy_plain(walk, level, entry->d_name, &status);
}

/* Two for each level, and some; of what is needed, as much as one may have. */
static void raise_descriptors(void)
{
	struct rlimit limit;
	const rlim_t wanted = 3 * MIRROR_DEPTH_MAX + 64;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted;
	if (limit.rlim_max < wanted)
		limit.rlim_max = wanted;
	/* If it is not possible, a tree that is so deep fails with EMFILE. */
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int mirror_tree(const struct mirror *mirror, struct problem *problem)
{
	struct walk walk = { .mirror = mirror, .problem = problem };
	struct problem later;
	int result;

	/* Files get the mode that they are made with. */
	umask(0);
	raise_descriptors();
	if (mirror_empty(mirror->aside, problem) < 0)
		return -1;
	result = enter(&walk, openat(mirror->source, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		       openat(mirror->target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "", false);
	while (result == 0 && walk.depth > 0)
		result = step(&walk);
	while (walk.depth > 0)
		leave(&walk);
	/* What is left there takes room, of which there may have been none. */
	if (mirror_empty(mirror->aside, result < 0 ? &later : problem) < 0)
		return -1;
	if (mirror->index >= 0)
		await_tick();
	return result;
}
