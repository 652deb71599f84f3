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

#define DEPTH 200

static void name_length(const int choice[CHOICES])
{
	char name[512];

	memset(name, 'n', sizeof name);
	name[choice[0]] = '\0';
	say("open=%s", open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 ? errno_name(errno) : "ok");
	say("rename=%s", rename("file", name) < 0 ? errno_name(errno) : "done");
	say("link=%s", link("one", name) < 0 ? errno_name(errno) : "done");
	say("unlink=%s", unlink(name) < 0 ? errno_name(errno) : "done");
	say("mkdir=%s", mkdir(name, 0755) < 0 ? errno_name(errno) : "done");
	say("stat=%s", access(name, F_OK) < 0 ? errno_name(errno) : "there");
}

static void length(void)
{
	char path[PATH_MAX + 16];

	memset(path, '/', sizeof path);
	for (size_t i = 0; i < PATH_MAX - 5; i += 2)
		path[i] = '.';
	strcpy(path + PATH_MAX - 6, "/file");
	TRY_OPEN(open(path, O_RDONLY));
	strcpy(path + PATH_MAX - 5, "/file");
	TRY_OPEN(open(path, O_RDONLY));
	TRY(rename(path, "x"));
	TRY(access(path, F_OK));
}

static void deep_trees(void)
{
	char path[PATH_MAX];
	int down = 0, up = 0;

	while (down < DEPTH && mkdir("directory", 0755) == 0 && chdir("directory") == 0)
		down++;
	make_file("bottom", "bottom\n");
	say_content("bottom");
	say("getcwd %s", getcwd(path, sizeof path) != NULL ? "works" : errno_name(errno));
	MUST(unlink("bottom"));
	while (up < down && chdir("..") == 0 && rmdir("directory") == 0)
		up++;
	say("%d down, %d up", down, up);
}

static void deep_trees_with_long_names(void)
{
	char name[252], path[PATH_MAX];
	int down = 0;

	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	while (down < 30 && mkdir(name, 0755) == 0 && chdir(name) == 0)
		down++;
	make_file("bottom", "bottom\n");
	say_content("bottom");
	say("%d down, getcwd %s", down, getcwd(path, sizeof path) != NULL ? "works" : errno_name(errno));
	MUST(rename("bottom", "moved"));
	say_content("moved");
	/* Not every program that removes the directory of a test can go so deep. */
	MUST(unlink("moved"));
	while (down > 0 && chdir("..") == 0 && rmdir(name) == 0)
		down--;
	say("%d left", down);
}

static void of_dots(void)
{
	TRY(access("full/../file", F_OK));
	TRY(access("file/..", F_OK));
	TRY(access("file/.", F_OK));
	TRY(access("./././file", F_OK));
	TRY(access("full//sub///c", F_OK));
	TRY(access("missing/../file", F_OK));
	TRY(access("way/../file", F_OK));
	TRY(access("/../../..", F_OK));
}

static void are_cached_rightly(void)
{
	TRY(access("new", F_OK));
	make_file("new", "new\n");
	TRY(access("new", F_OK));
	MUST(unlink("new"));
	TRY(access("new", F_OK));
	MUST(mkdir("new", 0755));
	TRY(access("new/x", F_OK));
	make_file("new/x", "x\n");
	TRY(access("new/x", F_OK));
	MUST(rename("new", "moved"));
	TRY(access("new/x", F_OK));
	TRY(access("moved/x", F_OK));
	MUST(symlink("moved", "new"));
	TRY(access("new/x", F_OK));
}

static void change_in_another_process(void *nothing)
{
	(void)nothing;
	MUST(rename("full/a", "full/moved"));
	make_file("full/new", "new\n");
}

static void are_seen_by_all(void)
{
	TRY(access("full/a", F_OK));
	TRY(access("full/new", F_OK));
	await(spawn(change_in_another_process, NULL));
	TRY(access("full/a", F_OK));
	TRY(access("full/moved", F_OK));
	TRY(access("full/new", F_OK));
	say_entries("full");
}

void add_paths(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "length", length },
		{ "deep-trees", deep_trees },
		{ "deep-trees-with-long-names", deep_trees_with_long_names },
		{ "of-dots", of_dots },
		{ "are-cached-rightly", are_cached_rightly },
		{ "are-seen-by-all", are_seen_by_all },
	};
	static const int lengths[] = { 254, 255, 256 };

	ADD_TABLE(suite, "path", table);
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
		suite_add(suite, name_length, (const int[CHOICES]){ lengths[i] }, "path.name-of-%d", lengths[i]);
}
