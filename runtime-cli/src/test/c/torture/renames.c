#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "say.h"
#include "setup.h"

#ifndef RENAME_WHITEOUT
#define RENAME_WHITEOUT 4
#endif

enum kind { FILE_KIND, LINK_KIND, EMPTY_KIND, FULL_KIND, NONE_KIND, KINDS };
enum place { LOWER, UPPER };

static const char *const kind_names[] = { "file", "link", "empty", "full", "none" };
static const char *const place_names[] = { "lower", "upper" };
static const char *const lower_names[] = { "file", "link", "empty", "full", "missing" };

static int rename_with(const char *from, const char *to, unsigned flags)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void make_upper(const char *name, enum kind kind)
{
	char below[64];

	switch (kind) {
	case FILE_KIND:
		make_file(name, "upper file\n");
		break;
	case LINK_KIND:
		MUST(symlink("upper target", name));
		break;
	case FULL_KIND:
		make_directory(name, 0755);
		snprintf(below, sizeof below, "%s/x", name);
		make_file(below, "x\n");
		break;
	case EMPTY_KIND:
		make_directory(name, 0755);
		break;
	default:
		break;
	}
}

/* Source and destination, of the lower layer or made just now. In one directory the same lower name can't be both: the latter is below merged. */
static const char *source(enum kind kind, enum place place)
{
	if (place == LOWER)
		return lower_names[kind];
	make_upper("source", kind);
	return "source";
}

static const char *destination(enum kind kind, enum place place)
{
	if (kind == NONE_KIND)
		return "missing";
	if (place == LOWER)
		switch (kind) {
		case FILE_KIND: return "one";
		case LINK_KIND: return "way";
		case EMPTY_KIND:
			/* A lower directory that has become empty holds whiteouts. */
			MUST(unlink("private/inside"));
			return "private";
		default: return "merged";
		}
	make_upper("destination", kind);
	return "destination";
}

static void moved(const int choice[CHOICES])
{
	const char *from = source((enum kind)choice[0], (enum place)choice[1]);
	const char *to = destination((enum kind)choice[2], (enum place)choice[3] % 2);
	unsigned flags = (unsigned)choice[3] / 2;
	int result = rename_with(from, to, flags);

	say("%s", result < 0 ? errno_name(errno) : "done");
	say_file(from);
	say_file(to);
}

static void add_matrix(struct suite *suite)
{
	for (int from = 0; from < NONE_KIND; from++)
		for (int from_place = LOWER; from_place <= UPPER; from_place++)
			for (int to = 0; to < KINDS; to++)
				for (int to_place = LOWER; to_place <= UPPER; to_place++) {
					int choice[CHOICES] = { from, from_place, to, to_place };

					if (to == NONE_KIND && to_place == LOWER)
						continue;
					/* Of links only how they meet others is of interest. */
					if (to == LINK_KIND && from != FILE_KIND && from != EMPTY_KIND)
						continue;
					suite_add(suite, moved, choice, "rename.%s-%s-over-%s%s%s", place_names[from_place],
						  kind_names[from], to == NONE_KIND ? "" : place_names[to_place],
						  to == NONE_KIND ? "" : "-", kind_names[to]);
				}
}

static void add_flags(struct suite *suite)
{
	static const struct {
		const char *name;
		unsigned flags;
	} kinds[] = { { "noreplace", RENAME_NOREPLACE }, { "exchange", RENAME_EXCHANGE } };

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		for (int from = 0; from < NONE_KIND; from++)
			for (int to = 0; to < KINDS; to++) {
				int choice[CHOICES] = { from, (from + to) % 2, to, (int)kinds[i].flags * 2 + from % 2 };

				if (to != LINK_KIND && to != EMPTY_KIND)
					suite_add(suite, moved, choice, "rename.%s-%s-%s", kinds[i].name, kind_names[from],
						  kind_names[to]);
			}
}

static void with_the_flag_for_whiteouts(void)
{
	TRY(rename_with("file", "moved", RENAME_WHITEOUT));
	say_file("file");
	say_file("moved");
}

static void an_upper_file_with_the_flag_for_whiteouts(void)
{
	make_file("fresh", "fresh\n");
	TRY(rename_with("fresh", "moved", RENAME_WHITEOUT));
	say_mode("fresh");
	say_file("moved");
}

static void with_flags_that_exclude_each_other(void)
{
	TRY(rename_with("file", "one", RENAME_EXCHANGE | RENAME_NOREPLACE));
	TRY(rename_with("file", "one", RENAME_EXCHANGE | RENAME_WHITEOUT));
	TRY(rename_with("file", "one", 0x80));
}

static void to_itself(void)
{
	TRY(rename("file", "file"));
	TRY(rename("full", "full"));
	say_file("file");
}

static void of_two_links_to_one_file(void)
{
	TRY(rename("one", "two"));
	say_file("one");
	say_file("two");
	make_file("x", "x\n");
	MUST(link("x", "y"));
	TRY(rename("x", "y"));
	say_file("x");
	say_file("y");
}

static void into_its_own_subdirectory(void)
{
	TRY(rename("full", "full/sub/deeper"));
	TRY(rename("full", "full/moved"));
	make_directory("new", 0755);
	TRY(rename("new", "new/moved"));
}

static void over_its_parent(void)
{
	TRY(rename("full/sub", "full"));
	TRY(rename("full/a", "full"));
}

static void of_dot_and_dots(void)
{
	TRY(rename(".", "moved"));
	TRY(rename("full/.", "moved"));
	TRY(rename("full/..", "moved"));
	TRY(rename("file", "."));
	TRY(rename("file", "full/.."));
}

static void of_what_is_not_there(void)
{
	TRY(rename("missing", "moved"));
	TRY(rename("missing/below", "moved"));
	TRY(rename("file", "missing/below"));
	TRY(rename("file/below", "moved"));
	TRY(rename("file", "one/below"));
	TRY(rename("", "moved"));
	TRY(rename("file", ""));
}

static void with_a_slash_at_the_end(void)
{
	TRY(rename("file/", "moved"));
	TRY(rename("file", "moved/"));
	make_directory("new", 0755);
	TRY(rename("new/", "moved/"));
	TRY(rename("link/", "other"));
	say_file("moved");
}

static void of_a_file_into_another_directory(void)
{
	TRY(rename("file", "full/file"));
	TRY(rename("full/a", "a"));
	TRY(rename("a", "empty/a"));
	say_tree("full");
	say_tree("empty");
}

static void of_a_new_directory_into_a_lower_one(void)
{
	make_directory("new", 0755);
	make_file("new/x", "x\n");
	TRY(rename("new", "full/new"));
	say_tree("full");
}

static void of_a_new_directory_back_and_forth(void)
{
	make_directory("new", 0755);
	make_file("new/x", "x\n");
	for (int i = 0; i < 20; i++) {
		MUST(rename("new", "full/sub/new"));
		MUST(rename("full/sub/new", "new"));
	}
	say_tree("new");
	say_tree("full");
}

static void of_a_lower_directory_after_a_change(void)
{
	make_file("full/new", "new\n");
	TRY(rename("full", "moved"));
	say_entries("full");
	say_entries("moved");
}

static void of_a_lower_directory_as_mv_does(void)
{
	if (TRY(rename("full", "moved")) < 0) {
		make_directory("moved", 0755);
		TRY(rename("full/a", "moved/a"));
		TRY(rename("full/b", "moved/b"));
		TRY(rename("full/link", "moved/link"));
		TRY(rename("full/sub", "moved/sub"));
		TRY(rmdir("full"));
	}
	say_tree("moved");
}

static void where_a_lower_directory_was_removed(void)
{
	MUST(unlink("full/a"));
	MUST(unlink("full/b"));
	MUST(unlink("full/link"));
	MUST(unlink("full/sub/c"));
	MUST(rmdir("full/sub"));
	MUST(rmdir("full"));
	make_directory("new", 0755);
	make_file("new/x", "x\n");
	TRY(rename("new", "full"));
	say_tree("full");
	TRY(rename("full", "again"));
	say_tree("again");
	say_mode("full");
}

static void over_an_open_file(void)
{
	int fd = open_file("one", O_RDONLY);

	TRY(rename("file", "one"));
	say_fd("open", fd);
	say_file("one");
	say_file("two");
}

static void of_an_open_file(void)
{
	int fd = open_file("file", O_RDWR);

	TRY(rename("file", "moved"));
	TRY(pwrite(fd, "LOWER", 5, 0));
	say_file("moved");
	say_fd("open", fd);
}

static void of_an_open_directory(void)
{
	int fd;

	make_directory("new", 0755);
	make_file("new/x", "x\n");
	fd = open_file("new", O_RDONLY | O_DIRECTORY);
	TRY(rename("new", "moved"));
	TRY_OPEN(openat(fd, "x", O_RDONLY));
	TRY_OPEN(openat(fd, "y", O_WRONLY | O_CREAT, 0600));
	say_entries("moved");
}

static void of_the_present_directory(void)
{
	make_directory("new", 0755);
	MUST(chdir("new"));
	TRY(rename("../new", "../moved"));
	make_file("x", "x\n");
	say_entries("../moved");
	TRY_OPEN(open("../moved/x", O_RDONLY));
}

static void keeps_owner_and_attributes(void)
{
	TRY(rename("theirs", "moved"));
	TRY(rename("dated", "moved-dated"));
	say_file("moved");
	say_file("moved-dated");
}

static void of_special_files(void)
{
	TRY(rename("fifo", "moved"));
	TRY(rename("dangling", "moved-link"));
	say_file("moved");
	say_file("moved-link");
	TRY(rename("moved", "file"));
	say_file("file");
}

static void in_a_chain(void)
{
	char from[16] = "file", to[16];

	for (int i = 0; i < 50; i++) {
		snprintf(to, sizeof to, "name%d", i);
		MUST(rename(from, to));
		snprintf(from, sizeof from, "%s", to);
	}
	say_file("name49");
	say_file("file");
	TRY(rename("name49", "file"));
	say_file("file");
}

static void a_part(void *number)
{
	char name[16];

	snprintf(name, sizeof name, "part%d", *(const int *)number);
	for (int i = 0; i < 50; i++) {
		make_file(name, name);
		MUST(rename(name, "whole"));
	}
}

/* Who replaces a file by a rename never shows nothing, or a half. */
static void of_many_at_once_over_one_name(void)
{
	static int numbers[] = { 1, 2, 3 };
	pid_t children[3];
	int missing = 0, odd = 0;

	make_file("whole", "part0");
	for (int i = 0; i < 3; i++)
		children[i] = spawn(a_part, &numbers[i]);
	for (int i = 0; i < 200; i++) {
		char text[8] = "";
		int fd = open("whole", O_RDONLY | O_CLOEXEC);

		if (fd < 0) {
			missing++;
			continue;
		}
		odd += read(fd, text, sizeof text) != 5;
		close(fd);
	}
	for (int i = 0; i < 3; i++)
		await(children[i]);
	say("missing %d, odd %d", missing, odd);
}

void add_renames(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "with-the-flag-for-whiteouts", with_the_flag_for_whiteouts },
		{ "an-upper-file-with-the-flag-for-whiteouts", an_upper_file_with_the_flag_for_whiteouts },
		{ "with-flags-that-exclude-each-other", with_flags_that_exclude_each_other },
		{ "to-itself", to_itself },
		{ "of-two-links-to-one-file", of_two_links_to_one_file },
		{ "into-its-own-subdirectory", into_its_own_subdirectory },
		{ "over-its-parent", over_its_parent },
		{ "of-dot-and-dots", of_dot_and_dots },
		{ "of-what-is-not-there", of_what_is_not_there },
		{ "with-a-slash-at-the-end", with_a_slash_at_the_end },
		{ "of-a-file-into-another-directory", of_a_file_into_another_directory },
		{ "of-a-new-directory-into-a-lower-one", of_a_new_directory_into_a_lower_one },
		{ "of-a-new-directory-back-and-forth", of_a_new_directory_back_and_forth },
		{ "of-a-lower-directory-after-a-change", of_a_lower_directory_after_a_change },
		{ "of-a-lower-directory-as-mv-does", of_a_lower_directory_as_mv_does },
		{ "where-a-lower-directory-was-removed", where_a_lower_directory_was_removed },
		{ "over-an-open-file", over_an_open_file },
		{ "of-an-open-file", of_an_open_file },
		{ "of-an-open-directory", of_an_open_directory },
		{ "of-the-present-directory", of_the_present_directory },
		{ "keeps-owner-and-attributes", keeps_owner_and_attributes },
		{ "of-special-files", of_special_files },
		{ "in-a-chain", in_a_chain },
		{ "of-many-at-once-over-one-name", of_many_at_once_over_one_name },
	};

	add_matrix(suite);
	add_flags(suite);
	ADD_TABLE(suite, "rename", table);
}
