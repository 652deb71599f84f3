#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"
#include "setup.h"

static void of_a_new_file(void)
{
	make_file("new", "new\n");
	TRY(link("new", "second"));
	TRY(link("new", "full/third"));
	say_file("new");
	write_at("full/third", 0, "NEW");
	say_file("second");
	TRY(unlink("new"));
	say_file("second");
}

static void between_lower_names(void)
{
	struct stat one, two;

	say_file("one");
	say_file("two");
	MUST(stat("one", &one));
	MUST(stat("two", &two));
	say("%s", one.st_ino == two.st_ino && one.st_dev == two.st_dev ? "the same file" : "two files");
	TRY(link("one", "three"));
	say_file("three");
	say_file("two");
}

static void over_what_is_there(void)
{
	TRY(link("file", "one"));
	TRY(link("file", "full"));
	TRY(link("file", "link"));
	TRY(link("file", "file"));
	TRY(link("file", "missing/x"));
	TRY(link("file", "one/x"));
}

static void of_a_directory(void)
{
	TRY(link("full", "second"));
	TRY(link("missing", "second"));
	TRY(linkat(AT_FDCWD, "", AT_FDCWD, "second", 0));
}

static void of_a_symbolic_link(void)
{
	TRY(link("link", "second"));
	say_file("second");
	TRY(linkat(AT_FDCWD, "link", AT_FDCWD, "third", AT_SYMLINK_FOLLOW));
	say_file("third");
	TRY(linkat(AT_FDCWD, "dangling", AT_FDCWD, "fourth", AT_SYMLINK_FOLLOW));
}

static void of_special_files(void)
{
	TRY(link("fifo", "second"));
	say_file("second");
}

static void of_an_open_file(void)
{
	int fd = open_file("file", O_RDONLY);
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	TRY(linkat(AT_FDCWD, path, AT_FDCWD, "second", AT_SYMLINK_FOLLOW));
	say_file("second");
	TRY(linkat(fd, "", AT_FDCWD, "third", AT_EMPTY_PATH));
	say_file("third");
}

static void many(void)
{
	char name[32];
	struct stat status;

	make_file("new", "new\n");
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "name%d", i);
		MUST(link("new", name));
	}
	MUST(stat("new", &status));
	say("links %lu", (unsigned long)status.st_nlink);
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof name, "name%d", i);
		MUST(unlink(name));
	}
	MUST(stat("new", &status));
	say("links %lu", (unsigned long)status.st_nlink);
}

static void many_of_a_lower_file(void)
{
	char name[32];
	struct stat status;

	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "name%d", i);
		MUST(link("one", name));
	}
	MUST(stat("two", &status));
	say("links %lu", (unsigned long)status.st_nlink);
	say_content("name19");
}

static void by_who_does_not_own_it(void)
{
	TRY(link("file", "sticky/second"));
	TRY(link("theirs", "sticky/third"));
	TRY(link("suid", "sticky/fourth"));
}

static void by_another_user(void)
{
	as_user(1001, 1001, by_who_does_not_own_it);
}

static void count_of_directories(void)
{
	struct stat before, after;

	make_directory("new", 0755);
	MUST(stat("new", &before));
	make_directory("new/x", 0755);
	make_directory("new/y", 0755);
	make_file("new/z", "");
	MUST(stat("new", &after));
	say("a new one's links %lu, then %lu", (unsigned long)before.st_nlink, (unsigned long)after.st_nlink);
}

static void symbolic_targets(void)
{
	TRY(symlink("file", "s1"));
	TRY(symlink("", "s2"));
	TRY(symlink("/", "s3"));
	TRY(symlink("a//b/./../c", "s4"));
	TRY(symlink("x", "file"));
	TRY(symlink("x", "full"));
	TRY(symlink("x", "missing/y"));
	TRY(symlink("\xff\xfe", "s5"));
	say_file("s1");
	say_file("s4");
	say_file("s3");
}

static void symbolic_length(void)
{
	char target[PATH_MAX + 2], back[PATH_MAX + 2];
	struct stat status;

	memset(target, 'x', sizeof target);
	for (size_t i = 100; i < sizeof target; i += 100)
		target[i] = '/';
	target[PATH_MAX - 1] = '\0';
	TRY(symlink(target, "long"));
	if (lstat("long", &status) == 0)
		say("size %ld", (long)status.st_size);
	TRY(readlink("long", back, sizeof back));
	target[PATH_MAX - 1] = 'x';
	target[PATH_MAX] = '\0';
	TRY(symlink(target, "longer"));
	target[255] = '\0';
	TRY(symlink(target, "short"));
	TRY(readlink("short", back, 10));
	TRY(readlink("short", back, sizeof back));
}

static void symbolic_loops(void)
{
	TRY(symlink("b", "a"));
	TRY(symlink("a", "b"));
	TRY_OPEN(open("a", O_RDONLY));
	TRY_OPEN(open("a", O_WRONLY | O_CREAT, 0600));
	TRY(access("a", F_OK));
	TRY(symlink("self", "self"));
	TRY_OPEN(open("self/x", O_RDONLY));
	TRY(rename("a", "c"));
	TRY(unlink("b"));
}

static void symbolic_chain(const int choice[CHOICES])
{
	char name[16], target[16] = "file";

	for (int i = 0; i < choice[0]; i++) {
		snprintf(name, sizeof name, "s%d", i);
		MUST(symlink(target, name));
		memcpy(target, name, sizeof target);
	}
	TRY_OPEN(open(target, O_RDONLY));
}

static void symbolic_dangling(void)
{
	TRY_OPEN(open("dangling", O_RDONLY));
	TRY_OPEN(open("dangling", O_WRONLY));
	TRY_OPEN(open("dangling", O_WRONLY | O_CREAT, 0600));
	say_file("nowhere");
	TRY(mkdir("dangling", 0755));
}

static void symbolic_with_slash(void)
{
	TRY_OPEN(open("link/", O_RDONLY));
	TRY_OPEN(open("way/", O_RDONLY));
	TRY_OPEN(open("way/a", O_RDONLY));
	TRY(unlink("way/"));
	TRY(rmdir("way/"));
	TRY(mkdir("dangling/", 0755));
	TRY(unlink("way"));
	say_entries("full");
}

static void symbolic_readlink_of_others(void)
{
	char target[16];

	TRY(readlink("file", target, sizeof target));
	TRY(readlink("full", target, sizeof target));
	TRY(readlink("missing", target, sizeof target));
	TRY(readlink("link", target, 0));
}

static void symbolic_mode(void)
{
	TRY(fchmodat(AT_FDCWD, "link", 0600, AT_SYMLINK_NOFOLLOW));
	MUST(symlink("x", "new"));
	say_mode("new");
	say_mode("link");
}

void add_links(struct suite *suite)
{
	static const struct plain_check hard[] = {
		{ "of-a-new-file", of_a_new_file },
		{ "between-lower-names", between_lower_names },
		{ "over-what-is-there", over_what_is_there },
		{ "of-a-directory", of_a_directory },
		{ "of-a-symbolic-link", of_a_symbolic_link },
		{ "of-special-files", of_special_files },
		{ "of-an-open-file", of_an_open_file },
		{ "many", many },
		{ "many-of-a-lower-file", many_of_a_lower_file },
		{ "by-another-user", by_another_user },
		{ "count-of-directories", count_of_directories },
	};
	static const struct plain_check symbolic[] = {
		{ "targets", symbolic_targets },
		{ "length", symbolic_length },
		{ "loops", symbolic_loops },
		{ "dangling", symbolic_dangling },
		{ "with-slash", symbolic_with_slash },
		{ "readlink-of-others", symbolic_readlink_of_others },
		{ "mode", symbolic_mode },
	};
	static const int lengths[] = { 8, 39, 40, 41 };

	ADD_TABLE(suite, "link", hard);
	ADD_TABLE(suite, "symlink", symbolic);
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
		suite_add(suite, symbolic_chain, (const int[CHOICES]){ lengths[i] }, "symlink.chain-of-%d", lengths[i]);
}
