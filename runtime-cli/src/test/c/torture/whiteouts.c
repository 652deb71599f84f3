/* What an overlay hides, and what comes in its place. */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "say.h"
#include "setup.h"

static void remove_full(void)
{
	MUST(unlink("full/a"));
	MUST(unlink("full/b"));
	MUST(unlink("full/link"));
	MUST(unlink("full/sub/c"));
	MUST(rmdir("full/sub"));
	MUST(rmdir("full"));
}

static void a_file_is_gone(void)
{
	TRY(unlink("file"));
	say_file("file");
	TRY_OPEN(open("file", O_RDONLY));
	TRY(unlink("file"));
	TRY(access("file", F_OK));
	TRY(link("file", "other"));
}

static void a_file_after_a_file(void)
{
	MUST(unlink("file"));
	make_file("file", "another\n");
	say_file("file");
	TRY(unlink("file"));
	say_file("file");
}

static void a_directory_after_a_file(void)
{
	MUST(unlink("file"));
	TRY(mkdir("file", 0750));
	make_file("file/x", "x\n");
	say_tree("file");
}

static void a_link_after_a_file(void)
{
	MUST(unlink("file"));
	TRY(symlink("one", "file"));
	say_file("file");
	say_content("file");
}

static void a_hard_link_after_a_file(void)
{
	MUST(unlink("file"));
	TRY(link("one", "file"));
	say_file("file");
	say_file("two");
}

static void a_fifo_after_a_file(void)
{
	MUST(unlink("file"));
	TRY(mkfifo("file", 0600));
	say_file("file");
}

static void a_file_after_a_directory(void)
{
	remove_full();
	make_file("full", "a file now\n");
	say_file("full");
}

static void a_directory_after_a_directory(void)
{
	remove_full();
	TRY(mkdir("full", 0711));
	say_tree("full");
	make_file("full/a", "another\n");
	say_tree("full");
}

static void a_directory_again_and_again(void)
{
	remove_full();
	for (int i = 0; i < 10; i++) {
		MUST(mkdir("full", 0755));
		make_file("full/x", "x\n");
		MUST(unlink("full/x"));
		MUST(rmdir("full"));
	}
	say_file("full");
	MUST(mkdir("full", 0755));
	say_tree("full");
}

static void a_directory_that_is_full(void)
{
	TRY(rmdir("full"));
	TRY(unlink("full"));
	TRY(rmdir("file"));
	TRY(rmdir("link"));
	TRY(rmdir("missing"));
	say_tree("full");
}

static void a_directory_that_becomes_empty(void)
{
	TRY(unlink("private/inside"));
	say_entries("private");
	TRY(rmdir("private"));
	say_file("private");
}

static void a_directory_with_new_files_only(void)
{
	MUST(unlink("private/inside"));
	make_file("private/new", "new\n");
	TRY(rmdir("private"));
	MUST(unlink("private/new"));
	TRY(rmdir("private"));
}

static void directories_are_merged(void)
{
	say_tree("merged");
}

static void a_merged_directory_with_more(void)
{
	make_file("merged/upper", "upper\n");
	MUST(unlink("merged/old"));
	/* In a directory that is no overlay there is a whiteout. */
	unlink("merged/gone");
	make_file("merged/gone", "back again\n");
	say_tree("merged");
}

static void a_merged_file_is_removed_in_all_layers(void)
{
	TRY(unlink("merged/both"));
	say_tree("merged");
	make_file("merged/both", "upper\n");
	say_tree("merged");
}

static void a_merged_directory_is_removed(void)
{
	TRY(rmdir("merged"));
	MUST(unlink("merged/old"));
	MUST(unlink("merged/both"));
	MUST(unlink("merged/new"));
	unlink("merged/gone");
	TRY(rmdir("merged"));
	TRY(mkdir("merged", 0755));
	say_tree("merged");
}

static void an_opaque_directory(void)
{
	say_tree("covered");
	make_file("covered/new", "new\n");
	say_tree("covered");
	TRY_OPEN(open("covered/under", O_RDONLY));
}

static void an_opaque_directory_is_removed(void)
{
	MUST(unlink("covered/above"));
	unlink("covered/under");
	TRY(rmdir("covered"));
	TRY(mkdir("covered", 0755));
	say_tree("covered");
}

/* What an overlay writes down for itself is not listed; a name of another kind is. */
static void say_size_of_list(const char *path)
{
	char names[256];

	say("%s: %ld", path, (long)listxattr(path, names, sizeof names));
}

static void marks_are_not_seen(void)
{
	say_entries("covered");
	remove_full();
	MUST(mkdir("full", 0755));
	say_size_of_list("full");
	copy_up("file");
	say_size_of_list("file");
	MUST(setxattr("file", "user.x", "y", 1, 0));
	say_size_of_list("file");
	say_size_of_list("merged");
	make_file("merged/x", "");
	say_size_of_list("merged");
}

static void a_whiteout_made_by_hand(void)
{
	TRY(mknod("new", S_IFCHR, makedev(0, 0)));
	say_mode("new");
	TRY(mknod("full/new", S_IFCHR, makedev(0, 0)));
	say_entries("full");
}

static void files_below_a_removed_directory(void)
{
	int fd = open_file("full/sub", O_RDONLY | O_DIRECTORY);
	int file = open_file("full/sub/c", O_RDONLY);

	remove_full();
	TRY_OPEN(openat(fd, "c", O_RDONLY));
	TRY_OPEN(openat(fd, "new", O_WRONLY | O_CREAT, 0600));
	say_fd("file", file);
}

static void the_present_directory_is_removed(void)
{
	char path[4096];

	MUST(chdir("empty"));
	TRY(rmdir("../empty"));
	TRY_OPEN(open("new", O_WRONLY | O_CREAT, 0600));
	TRY(mkdir("new", 0755));
	say("getcwd: %s", getcwd(path, sizeof path) == NULL ? errno_name(errno) : "a path");
	TRY(chdir(".."));
	say_mode("file");
}

static void links_of_a_removed_name(void)
{
	TRY(unlink("one"));
	say_file("two");
	make_file("one", "new\n");
	say_file("one");
	say_file("two");
}

static void many_files_are_removed(void)
{
	char name[32];
	int removed = 0;

	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "full/sub/f%03d", i);
		make_file(name, "x");
	}
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "full/sub/f%03d", i);
		removed += unlink(name) == 0;
	}
	say("removed %d", removed);
	say_entries("full/sub");
}

static void rmdir_of_dot(void)
{
	TRY(rmdir("full/."));
	TRY(rmdir("full/.."));
	TRY(rmdir("."));
	TRY(unlink("full/."));
	TRY(unlinkat(AT_FDCWD, "empty", AT_REMOVEDIR));
	TRY(unlinkat(AT_FDCWD, "full", 0));
	TRY(unlinkat(AT_FDCWD, "file", AT_REMOVEDIR));
}

void add_whiteouts(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "a-file-is-gone", a_file_is_gone },
		{ "a-file-after-a-file", a_file_after_a_file },
		{ "a-directory-after-a-file", a_directory_after_a_file },
		{ "a-link-after-a-file", a_link_after_a_file },
		{ "a-hard-link-after-a-file", a_hard_link_after_a_file },
		{ "a-fifo-after-a-file", a_fifo_after_a_file },
		{ "a-file-after-a-directory", a_file_after_a_directory },
		{ "a-directory-after-a-directory", a_directory_after_a_directory },
		{ "a-directory-again-and-again", a_directory_again_and_again },
		{ "a-directory-that-is-full", a_directory_that_is_full },
		{ "a-directory-that-becomes-empty", a_directory_that_becomes_empty },
		{ "a-directory-with-new-files-only", a_directory_with_new_files_only },
		{ "directories-are-merged", directories_are_merged },
		{ "a-merged-directory-with-more", a_merged_directory_with_more },
		{ "a-merged-file-is-removed-in-all-layers", a_merged_file_is_removed_in_all_layers },
		{ "a-merged-directory-is-removed", a_merged_directory_is_removed },
		{ "an-opaque-directory", an_opaque_directory },
		{ "an-opaque-directory-is-removed", an_opaque_directory_is_removed },
		{ "marks-are-not-seen", marks_are_not_seen },
		{ "a-whiteout-made-by-hand", a_whiteout_made_by_hand },
		{ "files-below-a-removed-directory", files_below_a_removed_directory },
		{ "the-present-directory-is-removed", the_present_directory_is_removed },
		{ "links-of-a-removed-name", links_of_a_removed_name },
		{ "many-files-are-removed", many_files_are_removed },
		{ "rmdir-of-dot", rmdir_of_dot },
	};

	ADD_TABLE(suite, "whiteout", table);
}
