/* What becomes of a lower file that is changed. In a directory that is no overlay the same must hold, or nearly. */
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

static void by_a_write(void)
{
	write_at("file", 0, "UPPER");
	say_file("file");
}

static void by_an_append(void)
{
	int fd = open_file("file", O_WRONLY | O_APPEND);

	TRY(write(fd, "more\n", 5));
	say_file("file");
}

static void by_truncation(void)
{
	TRY_OPEN(open("file", O_WRONLY | O_TRUNC));
	say_file("file");
	TRY(truncate("big", 10));
	say_file("big");
}

static void by_chmod(void)
{
	TRY(chmod("file", 0600));
	say_file("file");
	TRY(chmod("full", 0700));
	say_mode("full");
	say_entries("full");
}

static void by_chown(void)
{
	TRY(chown("file", 1, 2));
	TRY(lchown("link", 3, 4));
	TRY(chown("fifo", 5, 6));
	TRY(chown("full", 7, 8));
	say_file("file");
	say_file("link");
	say_file("fifo");
	say_mode("full");
}

static void by_times(void)
{
	static const struct timespec times[2] = { { 1, 2 }, { 3, 4 } };
	struct stat status;

	TRY(utimensat(AT_FDCWD, "file", times, 0));
	MUST(stat("file", &status));
	say("%ld.%09ld %ld.%09ld", status.st_atim.tv_sec, status.st_atim.tv_nsec, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
	say_file("file");
}

static void by_an_attribute(void)
{
	char value[16] = "";

	TRY(setxattr("file", "user.new", "value", 5, 0));
	TRY(getxattr("file", "user.new", value, sizeof value));
	say("%s", value);
	say_file("file");
}

static void by_a_link(void)
{
	TRY(link("file", "second"));
	say_file("file");
	write_at("second", 0, "UPPER");
	say_file("file");
	say_file("second");
}

static void one_of_two_names_by_a_write(void)
{
	write_at("one", 0, "TWO");
	say_file("one");
	say_file("two");
}

static void one_of_two_names_while_the_other_is_open(void)
{
	int fd = open_file("two", O_RDONLY);

	write_at("one", 0, "TWO");
	say_fd("two", fd);
	say_file("one");
}

static void both_names_by_writes(void)
{
	write_at("one", 0, "ONE");
	write_at("two", 4, "TWO");
	say_file("one");
	say_file("two");
}

static void a_name_is_removed_after_a_write(void)
{
	write_at("one", 0, "TWO");
	TRY(unlink("two"));
	say_file("one");
	TRY(link("one", "two"));
	say_file("one");
	say_file("two");
}

/* Overlays are known for this: who has opened a file for reading goes on reading the lower one. */
static void while_open_for_reading(void)
{
	int fd = open_file("file", O_RDONLY);

	write_at("file", 0, "UPPER");
	say_fd("open before", fd);
	say_content("file");
}

static void while_mapped_for_reading(void)
{
	int fd = open_file("file", O_RDONLY);
	char *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	MUST(map == MAP_FAILED ? -1 : 0);
	write_at("file", 0, "UPPER");
	say_bytes(map, 11);
	say_content("file");
}

static void while_a_directory_is_open(void)
{
	int fd = open_file("full", O_RDONLY | O_DIRECTORY);

	make_file("full/new", "new\n");
	TRY_OPEN(openat(fd, "new", O_RDONLY));
	TRY(unlinkat(fd, "a", 0));
	say_entries("full");
	TRY(fchmod(fd, 0711));
	say_mode("full");
}

static void keeps_dates(void)
{
	struct stat before, after;

	MUST(stat("dated", &before));
	TRY(chmod("dated", 0600));
	MUST(stat("dated", &after));
	say("mtime %s, atime %s", before.st_mtim.tv_sec == after.st_mtim.tv_sec && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec ? "kept" : "lost",
	    before.st_atim.tv_sec == after.st_atim.tv_sec ? "kept" : "lost");
	say("%ld.%09ld", after.st_mtim.tv_sec, after.st_mtim.tv_nsec);
}

static void keeps_owner_and_mode(void)
{
	int fd = open_file("theirs", O_WRONLY | O_APPEND);

	TRY(write(fd, "x", 1));
	say_file("theirs");
	TRY(setxattr("suid", "user.x", "y", 1, 0));
	say_file("suid");
}

static void keeps_attributes(void)
{
	char value[16];

	copy_up("coloured");
	memset(value, 0, sizeof value);
	TRY(getxattr("coloured", "user.colour", value, sizeof value));
	say("%s", value);
	memset(value, 0, sizeof value);
	TRY(getxattr("coloured", "trusted.secret", value, sizeof value));
	say("%s", value);
	make_file("full/new", "");
	memset(value, 0, sizeof value);
	TRY(getxattr("full", "user.colour", value, sizeof value));
	say("%s", value);
}

static void keeps_a_number(void)
{
	struct stat before, after;

	MUST(stat("file", &before));
	copy_up("file");
	MUST(stat("file", &after));
	say("inode %s, device %s", before.st_ino == after.st_ino ? "kept" : "changed", before.st_dev == after.st_dev ? "kept" : "changed");
	MUST(stat("full", &before));
	make_file("full/new", "");
	MUST(stat("full", &after));
	say("directory's %s", before.st_ino == after.st_ino ? "kept" : "changed");
}

static void of_a_big_file(void)
{
	write_at("big", 100000, "here");
	say_file("big");
}

static void of_holes(void)
{
	struct stat status;

	write_at("sparse", 100, "here");
	MUST(stat("sparse", &status));
	say("%s", status.st_blocks * 512 < status.st_size ? "sparse" : "full");
	say_file("sparse");
}

static void of_a_link_itself(void)
{
	TRY(lchown("link", 12, 34));
	TRY(lchown("dangling", 12, 34));
	say_file("link");
	say_file("dangling");
	say_file("file");
}

static void through_a_link(void)
{
	write_at("link", 0, "UPPER");
	say_file("file");
	say_file("link");
	make_file("way/new", "new\n");
	say_entries("full");
}

static void by_opening_for_nothing(void)
{
	int fd = open_file("file", O_RDWR);

	say_fd("open", fd);
	say_file("file");
}

static void by_a_failing_exclusive_open(void)
{
	TRY_OPEN(open("file", O_WRONLY | O_CREAT | O_EXCL, 0600));
	TRY_OPEN(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0600));
	TRY_OPEN(open("full", O_WRONLY | O_CREAT, 0600));
	say_file("file");
}

static void two_descriptors_after_it(void)
{
	int reader = open_file("file", O_RDWR), writer = open_file("file", O_RDWR);

	TRY(pwrite(writer, "UPPER", 5, 0));
	say_fd("reader", reader);
	TRY(pwrite(reader, "file", 4, 6));
	say_fd("writer", writer);
}

static void of_parents(void)
{
	make_file("full/sub/new", "new\n");
	say_tree("full");
}

static void by_another_user(void)
{
	TRY_OPEN(open("theirs", O_WRONLY | O_APPEND));
	TRY_OPEN(open("file", O_WRONLY | O_APPEND));
	TRY(chmod("theirs", 0640));
	TRY(chmod("file", 0640));
	TRY(utimensat(AT_FDCWD, "theirs", NULL, 0));
	TRY(utimensat(AT_FDCWD, "file", NULL, 0));
}

static void by_who_does_not_own_it(void)
{
	as_user(1000, 1000, by_another_user);
	say_file("theirs");
	say_file("file");
}

static void by_mapping_for_writing(void)
{
	int fd = open_file("file", O_RDWR);
	char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	MUST(map == MAP_FAILED ? -1 : 0);
	memcpy(map, "UPPER", 5);
	TRY(msync(map, 4096, MS_SYNC));
	say_content("file");
}

void add_copy_ups(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "by-a-write", by_a_write },
		{ "by-an-append", by_an_append },
		{ "by-truncation", by_truncation },
		{ "by-chmod", by_chmod },
		{ "by-chown", by_chown },
		{ "by-times", by_times },
		{ "by-an-attribute", by_an_attribute },
		{ "by-a-link", by_a_link },
		{ "one-of-two-names-by-a-write", one_of_two_names_by_a_write },
		{ "one-of-two-names-while-the-other-is-open", one_of_two_names_while_the_other_is_open },
		{ "both-names-by-writes", both_names_by_writes },
		{ "a-name-is-removed-after-a-write", a_name_is_removed_after_a_write },
		{ "while-open-for-reading", while_open_for_reading },
		{ "while-mapped-for-reading", while_mapped_for_reading },
		{ "while-a-directory-is-open", while_a_directory_is_open },
		{ "keeps-dates", keeps_dates },
		{ "keeps-owner-and-mode", keeps_owner_and_mode },
		{ "keeps-attributes", keeps_attributes },
		{ "keeps-a-number", keeps_a_number },
		{ "of-a-big-file", of_a_big_file },
		{ "of-holes", of_holes },
		{ "of-a-link-itself", of_a_link_itself },
		{ "through-a-link", through_a_link },
		{ "by-opening-for-nothing", by_opening_for_nothing },
		{ "by-a-failing-exclusive-open", by_a_failing_exclusive_open },
		{ "two-descriptors-after-it", two_descriptors_after_it },
		{ "of-parents", of_parents },
		{ "by-who-does-not-own-it", by_who_does_not_own_it },
		{ "by-mapping-for-writing", by_mapping_for_writing },
	};

	ADD_TABLE(suite, "copy-up", table);
}
