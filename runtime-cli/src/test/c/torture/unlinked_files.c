#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "say.h"
#include "setup.h"

static int unlinked(const char *path, int flags)
{
	int fd = open_file(path, flags);

	MUST(unlink(path));
	return fd;
}

static int fresh(void)
{
	make_file("new", "new file\n");
	return unlinked("new", O_RDWR);
}

static void is_still_read(void)
{
	say_fd("new", fresh());
	say_fd("lower", unlinked("file", O_RDONLY));
	say_fd("big", unlinked("big", O_RDONLY));
}

static void is_written(void)
{
	int fd = fresh(), lower = unlinked("file", O_RDWR);

	TRY(pwrite(fd, "NEW", 3, 0));
	say_fd("new", fd);
	TRY(pwrite(lower, "LOWER", 5, 0));
	say_fd("lower", lower);
}

static void is_truncated(void)
{
	int fd = fresh(), lower = unlinked("file", O_RDWR);

	TRY(ftruncate(fd, 3));
	say_fd("new", fd);
	TRY(ftruncate(lower, 20));
	say_fd("lower", lower);
}

static void has_its_mode_changed(void)
{
	int fd = fresh(), lower = unlinked("file", O_RDWR);

	TRY(fchmod(fd, 0600));
	TRY(fchown(fd, 1, 2));
	say_fd("new", fd);
	TRY(fchmod(lower, 0600));
	TRY(fchown(lower, 1, 2));
	say_fd("lower", lower);
}

static void opened_for_reading_has_its_mode_changed(void)
{
	int lower = unlinked("file", O_RDONLY);

	TRY(fchmod(lower, 0600));
	say_fd("lower", lower);
	TRY(futimens(lower, NULL));
}

static void has_its_times_changed(void)
{
	static const struct timespec times[2] = { { 1, 2 }, { 3, 4 } };
	struct stat status;
	int fd = fresh();

	TRY(futimens(fd, times));
	MUST(fstat(fd, &status));
	say("%ld.%ld", status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

static void has_attributes(void)
{
	char value[16] = "";
	int fd = fresh(), lower = unlinked("coloured", O_RDONLY);

	TRY(fsetxattr(fd, "user.x", "y", 1, 0));
	TRY(fgetxattr(fd, "user.x", value, sizeof value));
	TRY(fgetxattr(lower, "user.colour", value, sizeof value));
	say("%s", value);
	TRY(fsetxattr(lower, "user.colour", "green", 5, 0));
}

static void is_opened_by_its_descriptor(void)
{
	int fd = fresh();
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	TRY_OPEN(open(path, O_RDONLY));
	TRY_OPEN(open(path, O_RDWR | O_TRUNC));
	say_fd("new", fd);
}

static void is_not_linked_again(void)
{
	int fd = fresh();
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	TRY(linkat(AT_FDCWD, path, AT_FDCWD, "again", AT_SYMLINK_FOLLOW));
	TRY(linkat(fd, "", AT_FDCWD, "again", AT_EMPTY_PATH));
	say_file("again");
}

static void is_mapped(void)
{
	int fd = fresh();
	char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	MUST(map == MAP_FAILED ? -1 : 0);
	memcpy(map, "NEW", 3);
	say_fd("new", fd);
	MUST(close(fd));
	say_bytes(map, 9);
}

static void grows(void)
{
	int fd = fresh();
	char block[4096];
	struct stat status;

	memset(block, 'x', sizeof block);
	for (int i = 0; i < 64; i++)
		MUST(write(fd, block, sizeof block));
	MUST(fstat(fd, &status));
	say("size %ld", (long)status.st_size);
	TRY(fsync(fd));
	say_fd("new", fd);
}

static void is_replaced_by_its_name(void)
{
	int fd = fresh();

	make_file("new", "another\n");
	say_fd("old", fd);
	say_content("new");
	TRY(pwrite(fd, "OLD", 3, 0));
	say_content("new");
}

static void has_another_name(void)
{
	int fd = unlinked("one", O_RDWR);

	TRY(pwrite(fd, "TWO", 3, 0));
	say_file("two");
	say_fd("open", fd);
}

static void while_a_child_reads(void *argument)
{
	say_fd("child", *(const int *)argument);
}

static void is_inherited(void)
{
	int fd = fresh();

	await(spawn(while_a_child_reads, &fd));
}

static void is_replaced_by_a_rename(void)
{
	int fd = open_file("file", O_RDWR);

	make_file("new", "new\n");
	MUST(rename("new", "file"));
	say_fd("old", fd);
	TRY(pwrite(fd, "OLD", 3, 0));
	TRY(ftruncate(fd, 2));
	say_fd("old", fd);
	say_file("file");
}

static void a_hundred(void)
{
	int fds[100], right = 0;
	char name[16], text[16];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "new%d", i);
		make_file(name, name);
		fds[i] = unlinked(name, O_RDWR);
	}
	for (int i = 0; i < 100; i++) {
		memset(text, 0, sizeof text);
		snprintf(name, sizeof name, "new%d", i);
		right += pread(fds[i], text, sizeof text - 1, 0) > 0 && strcmp(text, name) == 0;
	}
	say("%d of 100", right);
}

static void a_directory_is_open(void)
{
	int fd;

	make_directory("new", 0755);
	fd = open_file("new", O_RDONLY | O_DIRECTORY);
	TRY(rmdir("new"));
	TRY_OPEN(openat(fd, "x", O_WRONLY | O_CREAT, 0600));
	TRY_OPEN(openat(fd, ".", O_RDONLY));
	TRY_OPEN(openat(fd, "..", O_RDONLY));
	TRY(fchmod(fd, 0700));
	TRY(fsync(fd));
	say_mode("new");
}

static void of_a_temporary_kind(void)
{
	int fd = OPEN(open(".", O_RDWR | O_TMPFILE, 0640));
	char path[64];

	if (fd < 0)
		return;
	TRY(write(fd, "hidden\n", 7));
	say_fd("hidden", fd);
	say_entries("empty");
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	TRY(linkat(AT_FDCWD, path, AT_FDCWD, "shown", AT_SYMLINK_FOLLOW));
	say_file("shown");
}

static void of_a_temporary_kind_in_a_lower_directory(void)
{
	int fd = OPEN(open("full/sub", O_RDWR | O_TMPFILE, 0600));

	if (fd < 0)
		return;
	TRY(linkat(fd, "", AT_FDCWD, "full/sub/shown", AT_EMPTY_PATH));
	say_entries("full/sub");
}

static void of_a_temporary_kind_for_good(void)
{
	int fd = OPEN(open(".", O_RDWR | O_TMPFILE | O_EXCL, 0600));

	if (fd < 0)
		return;
	TRY(linkat(fd, "", AT_FDCWD, "shown", AT_EMPTY_PATH));
	TRY_OPEN(open("file", O_RDWR | O_TMPFILE, 0600));
	TRY_OPEN(open(".", O_RDONLY | O_TMPFILE, 0600));
}

void add_unlinked_files(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "is-still-read", is_still_read },
		{ "is-written", is_written },
		{ "is-truncated", is_truncated },
		{ "has-its-mode-changed", has_its_mode_changed },
		{ "opened-for-reading-has-its-mode-changed", opened_for_reading_has_its_mode_changed },
		{ "has-its-times-changed", has_its_times_changed },
		{ "has-attributes", has_attributes },
		{ "is-opened-by-its-descriptor", is_opened_by_its_descriptor },
		{ "is-not-linked-again", is_not_linked_again },
		{ "is-mapped", is_mapped },
		{ "grows", grows },
		{ "is-replaced-by-its-name", is_replaced_by_its_name },
		{ "has-another-name", has_another_name },
		{ "is-inherited", is_inherited },
		{ "is-replaced-by-a-rename", is_replaced_by_a_rename },
		{ "a-hundred", a_hundred },
		{ "a-directory-is-open", a_directory_is_open },
		{ "of-a-temporary-kind", of_a_temporary_kind },
		{ "of-a-temporary-kind-in-a-lower-directory", of_a_temporary_kind_in_a_lower_directory },
		{ "of-a-temporary-kind-for-good", of_a_temporary_kind_for_good },
	};

	ADD_TABLE(suite, "unlinked", table);
}
