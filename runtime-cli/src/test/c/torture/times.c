/* Times as what they are relative to others; absolute ones only where a check has set them. */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "say.h"
#include "setup.h"

/* Seconds: times may be of another clock than the one of whoever asks, which a busy machine lets go slow. */
#define CLOCKS_DIFFER 60

static const struct timespec long_ago[2] = { { 1000000000, 111111111 }, { 1000000001, 222222222 } };

static struct stat status_of(const char *path)
{
	struct stat status;

	MUST(lstat(path, &status));
	return status;
}

static int same(struct timespec left, struct timespec right)
{
	return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
}

static void say_times(const char *path)
{
	struct stat status = status_of(path);

	say("%s %ld.%09ld %ld.%09ld", path, status.st_atim.tv_sec, status.st_atim.tv_nsec, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

/* The clock of a file system ticks slowly. */
static void tick(void)
{
	const struct timespec pause = { 0, 15000000 };

	nanosleep(&pause, NULL);
}

static void say_moved(const char *path, const struct stat *before)
{
	struct stat after = status_of(path);

	say("%s: mtime %s, ctime %s", path, same(before->st_mtim, after.st_mtim) ? "kept" : "moved",
	    same(before->st_ctim, after.st_ctim) ? "kept" : "moved");
}

/* When a file was read depends on who looks at it: only checks of reading say it. */
static void say_read_at(const char *path, const struct stat *before)
{
	struct stat after = status_of(path);

	say("%s: atime %s", path, same(before->st_atim, after.st_atim) ? "kept" : "moved");
}

#define WATCHED(path, action)                              \
	do {                                               \
		struct stat before_ = status_of(path);     \
                                                           \
		tick();                                    \
		action;                                    \
		say(#action);                              \
		say_moved(path, &before_);                 \
	} while (0)

#define WATCHED_READING(path, action)                      \
	do {                                               \
		struct stat before_ = status_of(path);     \
                                                           \
		tick();                                    \
		action;                                    \
		say(#action);                              \
		say_moved(path, &before_);                 \
		say_read_at(path, &before_);               \
	} while (0)

static void are_set_to_the_nanosecond(void)
{
	TRY(utimensat(AT_FDCWD, "file", long_ago, 0));
	say_times("file");
	make_file("new", "");
	TRY(utimensat(AT_FDCWD, "new", long_ago, 0));
	say_times("new");
	TRY(utimensat(AT_FDCWD, "full", long_ago, 0));
	say_times("full");
	TRY(utimensat(AT_FDCWD, "fifo", long_ago, 0));
	say_times("fifo");
}

static void of_links(void)
{
	TRY(utimensat(AT_FDCWD, "link", long_ago, AT_SYMLINK_NOFOLLOW));
	say_times("link");
	TRY(utimensat(AT_FDCWD, "dangling", long_ago, 0));
	TRY(utimensat(AT_FDCWD, "link", long_ago, 0));
	say_times("file");
}

static void with_omissions(void)
{
	const struct timespec omit_atime[2] = { { 0, UTIME_OMIT }, { 5, 6 } };
	const struct timespec omit_mtime[2] = { { 7, 8 }, { 0, UTIME_OMIT } };
	const struct timespec omit_both[2] = { { 0, UTIME_OMIT }, { 0, UTIME_OMIT } };
	struct stat before;

	MUST(utimensat(AT_FDCWD, "dated", long_ago, 0));
	TRY(utimensat(AT_FDCWD, "dated", omit_atime, 0));
	say_times("dated");
	TRY(utimensat(AT_FDCWD, "dated", omit_mtime, 0));
	say_times("dated");
	before = status_of("dated");
	tick();
	TRY(utimensat(AT_FDCWD, "dated", omit_both, 0));
	say_moved("dated", &before);
}

static void with_now(void)
{
	const struct timespec now_mtime[2] = { { 5, 6 }, { 0, UTIME_NOW } };
	struct timespec now;
	struct stat status;

	TRY(utimensat(AT_FDCWD, "dated", now_mtime, 0));
	status = status_of("dated");
	MUST(clock_gettime(CLOCK_REALTIME, &now));
	say("atime %ld.%ld, mtime %s", status.st_atim.tv_sec, status.st_atim.tv_nsec,
	    labs(status.st_mtim.tv_sec - now.tv_sec) < CLOCKS_DIFFER ? "now" : "another time");
}

static void that_are_wrong(void)
{
	const struct timespec wrong[2] = { { 0, 1000000000 }, { 0, 0 } };
	const struct timespec early[2] = { { -5, 0 }, { -1000000000, 999999999 } };
	const struct timespec late[2] = { { 4000000000, 1 }, { 8000000000, 2 } };

	TRY(utimensat(AT_FDCWD, "file", wrong, 0));
	TRY(utimensat(AT_FDCWD, "missing", long_ago, 0));
	TRY(utimensat(AT_FDCWD, "file", early, 0));
	say_times("file");
	TRY(utimensat(AT_FDCWD, "file", late, 0));
	say_times("file");
}

static void of_lower_files(void)
{
	struct stat status = status_of("dated");

	say("%ld.%09ld", status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

static void part_of_another_user(void)
{
	const struct timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };

	TRY(utimensat(AT_FDCWD, "file", long_ago, 0));
	TRY(utimensat(AT_FDCWD, "file", now, 0));
	TRY(utimensat(AT_FDCWD, "ours", NULL, 0));
	TRY(utimensat(AT_FDCWD, "theirs", long_ago, 0));
	TRY(utimensat(AT_FDCWD, "theirs", now, 0));
	TRY(utimensat(AT_FDCWD, "sticky", NULL, 0));
	TRY(utimensat(AT_FDCWD, "sticky", long_ago, 0));
}

static void of_another_user(void)
{
	as_user(1000, 1000, part_of_another_user);
}

static void write_some(const char *path)
{
	int fd = open_file(path, O_WRONLY);

	MUST(write(fd, "x", 1));
	MUST(close(fd));
}

static void after_changes_of_a_file(void)
{
	make_file("new", "new\n");
	WATCHED("new", write_some("new"));
	WATCHED("new", MUST(truncate("new", 2)));
	WATCHED("new", MUST(truncate("new", 2)));
	WATCHED("new", MUST(chmod("new", 0600)));
	WATCHED("new", MUST(chown("new", 1, 1)));
	WATCHED("new", MUST(link("new", "other")));
	WATCHED("new", MUST(unlink("other")));
	WATCHED("new", MUST(rename("new", "moved")); MUST(rename("moved", "new")));
	WATCHED("new", MUST(setxattr("new", "user.x", "y", 1, 0)));
	WATCHED("new", MUST(close(open_file("new", O_WRONLY | O_TRUNC))));
}

static void after_changes_of_a_lower_file(void)
{
	WATCHED("file", MUST(chmod("file", 0600)));
	WATCHED("one", write_some("one"));
	WATCHED("coloured", MUST(setxattr("coloured", "user.x", "y", 1, 0)));
	WATCHED("ours", MUST(link("ours", "other")));
}

static void after_changes_in_a_directory(void)
{
	make_directory("new", 0755);
	WATCHED("new", make_file("new/x", "x\n"));
	WATCHED("new", MUST(rename("new/x", "new/y")));
	WATCHED("new", write_some("new/y"));
	WATCHED("new", MUST(chmod("new/y", 0600)));
	WATCHED("new", MUST(mkdir("new/z", 0755)));
	WATCHED("new", MUST(rmdir("new/z")));
	WATCHED("new", MUST(symlink("x", "new/l")));
	WATCHED("new", MUST(unlink("new/l")));
	WATCHED("new", MUST(rename("new/y", "y")));
}

static void after_changes_in_a_lower_directory(void)
{
	WATCHED("full", make_file("full/x", "x\n"));
	WATCHED("full", MUST(unlink("full/a")));
	WATCHED("full/sub", MUST(rename("full/sub/c", "full/sub/d")));
	WATCHED("merged", MUST(unlink("merged/old")));
}

static void after_reading(void)
{
	char byte;
	int fd;

	make_file("new", "new\n");
	MUST(utimensat(AT_FDCWD, "new", long_ago, 0));
	fd = open_file("new", O_RDONLY);
	WATCHED_READING("new", MUST(read(fd, &byte, 1)));
	WATCHED_READING("new", MUST(read(fd, &byte, 1)));
	MUST(close(fd));
	fd = open_file("new", O_RDONLY | O_NOATIME);
	WATCHED_READING("new", MUST(read(fd, &byte, 1)));
}

static void after_writes_through_a_map(void)
{
	char *map;
	int fd;

	make_file("new", "new\n");
	fd = open_file("new", O_RDWR);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	MUST(map == MAP_FAILED ? -1 : 0);
	WATCHED("new", map[0] = 'N'; MUST(msync(map, 4096, MS_SYNC)));
}

static void of_a_failing_change(void)
{
	WATCHED("full", (void)mkdir("full/sub", 0755));
	WATCHED("full", (void)unlink("full/missing"));
	WATCHED("full", (void)rmdir("full/sub"));
}

static void are_in_order(void)
{
	struct stat first, second;

	make_file("first", "");
	tick();
	make_file("second", "");
	first = status_of("first");
	second = status_of("second");
	say("%s", first.st_mtim.tv_sec < second.st_mtim.tv_sec || (first.st_mtim.tv_sec == second.st_mtim.tv_sec && first.st_mtim.tv_nsec < second.st_mtim.tv_nsec) ? "earlier" : "not earlier");
}

static void are_close_to_the_clock(void)
{
	struct timespec now;
	struct stat status;

	make_file("new", "new\n");
	MUST(clock_gettime(CLOCK_REALTIME, &now));
	status = status_of("new");
	say("%s", labs(status.st_mtim.tv_sec - now.tv_sec) < CLOCKS_DIFFER ? "close" : "far");
}

void add_times(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "are-set-to-the-nanosecond", are_set_to_the_nanosecond },
		{ "of-links", of_links },
		{ "with-omissions", with_omissions },
		{ "with-now", with_now },
		{ "that-are-wrong", that_are_wrong },
		{ "of-lower-files", of_lower_files },
		{ "of-another-user", of_another_user },
		{ "after-changes-of-a-file", after_changes_of_a_file },
		{ "after-changes-of-a-lower-file", after_changes_of_a_lower_file },
		{ "after-changes-in-a-directory", after_changes_in_a_directory },
		{ "after-changes-in-a-lower-directory", after_changes_in_a_lower_directory },
		{ "after-reading", after_reading },
		{ "after-writes-through-a-map", after_writes_through_a_map },
		{ "of-a-failing-change", of_a_failing_change },
		{ "are-in-order", are_in_order },
		{ "are-close-to-the-clock", are_close_to_the_clock },
	};

	ADD_TABLE(suite, "time", table);
}
