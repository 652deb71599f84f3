#include "suite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "say.h"
#include "setup.h"

#define MANY 5000

static DIR *opened(const char *path)
{
	DIR *directory = opendir(path);

	MUST(directory == NULL ? -1 : 0);
	return directory;
}

static int count_entries(const char *path)
{
	DIR *directory = opened(path);
	int count = 0;

	while (readdir(directory) != NULL)
		count++;
	MUST(closedir(directory));
	return count;
}

static void fill(const char *path, int count)
{
	char name[64];

	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof name, "%s/f%04d", path, i);
		MUST(close((int)MUST(open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644))));
	}
}

static void have_dot_and_dots(void)
{
	static const char *const paths[] = { "full", "merged", "empty", "new" };

	make_directory("new", 0755);
	for (int i = 0; i < 4; i++) {
		DIR *directory = opened(paths[i]);
		struct dirent *entry;
		int dot = 0, dots = 0, others = 0;

		while ((entry = readdir(directory)) != NULL) {
			if (strcmp(entry->d_name, ".") == 0)
				dot++;
			else if (strcmp(entry->d_name, "..") == 0)
				dots++;
			else
				others++;
		}
		MUST(closedir(directory));
		say("%s: %d %d %d", paths[i], dot, dots, others);
	}
}

static void tell_types(void)
{
	static const struct {
		const char *name;
		int type;
	} expected[] = { { "file", DT_REG }, { "full", DT_DIR }, { "link", DT_LNK }, { "fifo", DT_FIFO }, { "new", DT_REG }, { "merged", DT_DIR } };
	DIR *directory;
	struct dirent *entry;

	make_file("new", "");
	directory = opened(".");
	int right = 0;

	while ((entry = readdir(directory)) != NULL)
		for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
			if (strcmp(entry->d_name, expected[i].name) == 0)
				right += entry->d_type == expected[i].type;
	say("%d right", right);
}

/* What readdir and stat say of a file's number has to be the same, or find and tar are confused. */
static void tell_numbers(void)
{
	DIR *directory;
	struct dirent *entry;
	int files = 0, right = 0;

	make_file("new", "");
	copy_up("file");
	directory = opened(".");
	while ((entry = readdir(directory)) != NULL) {
		struct stat status;

		if (strcmp(entry->d_name, "..") == 0 || strcmp(entry->d_name, ".") == 0)
			continue;
		MUST(lstat(entry->d_name, &status));
		files++;
		right += status.st_ino == entry->d_ino;
	}
	say("%s", files == right ? "all right" : "some wrong");
}

static void of_five_thousand(void)
{
	static char seen[MANY];
	DIR *directory;
	struct dirent *entry;
	int twice = 0, count = 0;

	fill("full/sub", MANY);
	directory = opened("full/sub");
	while ((entry = readdir(directory)) != NULL) {
		int number = entry->d_name[0] == 'f' ? atoi(entry->d_name + 1) : -1;

		if (number >= 0 && number < MANY) {
			twice += seen[number];
			seen[number] = 1;
		}
		count++;
	}
	MUST(closedir(directory));
	say("%d entries, %d twice", count, twice);
}

static void removed_while_read(void)
{
	DIR *directory;
	struct dirent *entry;
	int removed = 0;

	fill("full/sub", 500);
	MUST(chdir("full/sub"));
	directory = opened(".");
	while ((entry = readdir(directory)) != NULL)
		removed += entry->d_name[0] == 'f' && unlink(entry->d_name) == 0;
	MUST(closedir(directory));
	say("removed %d", removed);
	say_entries(".");
}

static void removed_while_read_in_a_new_one(void)
{
	DIR *directory;
	struct dirent *entry;
	int removed = 0;

	make_directory("new", 0755);
	fill("new", 500);
	MUST(chdir("new"));
	directory = opened(".");
	while ((entry = readdir(directory)) != NULL)
		removed += entry->d_name[0] == 'f' && unlink(entry->d_name) == 0;
	MUST(closedir(directory));
	say("removed %d", removed);
	TRY(rmdir("../new"));
}

static void renamed_while_read(void)
{
	DIR *directory;
	struct dirent *entry;
	int old = 0, lost;

	make_directory("new", 0755);
	fill("new", 300);
	MUST(chdir("new"));
	directory = opened(".");
	while ((entry = readdir(directory)) != NULL) {
		char name[300];

		if (entry->d_name[0] != 'f')
			continue;
		old++;
		snprintf(name, sizeof name, "r%s", entry->d_name + 1);
		MUST(rename(entry->d_name, name));
	}
	MUST(closedir(directory));
	lost = 302 - count_entries(".");
	say("renamed %d, lost %d", old, lost);
}

static void grown_while_read(void)
{
	DIR *directory;
	struct dirent *entry;
	int before = 0;

	make_directory("new", 0755);
	fill("new", 100);
	directory = opened("new");
	for (int i = 0; i < 10 && (entry = readdir(directory)) != NULL; i++)
		before += entry->d_name[0] == 'f';
	for (int i = 0; i < 50; i++) {
		char name[64];

		snprintf(name, sizeof name, "new/added%d", i);
		make_file(name, "");
	}
	while ((entry = readdir(directory)) != NULL)
		before += entry->d_name[0] == 'f';
	MUST(closedir(directory));
	say("old ones %d, all %d", before, count_entries("new"));
}

static void rewound(void)
{
	DIR *directory = opened("full");
	struct dirent *entry;
	int first = 0, second = 0;

	while (readdir(directory) != NULL)
		first++;
	make_file("full/new", "");
	rewinddir(directory);
	while ((entry = readdir(directory)) != NULL)
		second++;
	say("%d then %d", first, second);
}

static void rewound_after_removal(void)
{
	DIR *directory = opened("full");
	int first = 0, second = 0;

	while (readdir(directory) != NULL)
		first++;
	MUST(unlink("full/a"));
	rewinddir(directory);
	while (readdir(directory) != NULL)
		second++;
	say("%d then %d", first, second);
}

static void sought(const char *path)
{
	DIR *directory = opened(path);
	struct dirent *entry;
	long places[64];
	char names[64][64];
	int count = 0, right = 0;

	places[0] = telldir(directory);
	while (count < 60 && (entry = readdir(directory)) != NULL) {
		snprintf(names[count], sizeof names[count], "%.63s", entry->d_name);
		places[++count] = telldir(directory);
	}
	for (int i = count - 1; i >= 0; i--) {
		seekdir(directory, places[i]);
		entry = readdir(directory);
		right += entry != NULL && strcmp(entry->d_name, names[i]) == 0;
	}
	MUST(closedir(directory));
	say("%s: %d of %d", path, right, count);
}

static void can_be_sought(void)
{
	make_directory("new", 0755);
	fill("new", 50);
	fill("full/sub", 50);
	sought("new");
	sought("full");
	sought("full/sub");
	sought("merged");
}

static void read_with_small_buffers(void)
{
	char buffer[48];
	int fd, count = 0;
	long size;

	make_directory("new", 0755);
	fill("new", 30);
	fd = open_file("new", O_RDONLY | O_DIRECTORY);
	while ((size = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0)
		for (long at = 0; at < size; at += *(unsigned short *)(void *)(buffer + at + 16))
			count++;
	say("%d entries, then %ld", count, size);
	TRY(syscall(SYS_getdents64, fd, buffer, 8));
	MUST(lseek(fd, 0, SEEK_SET));
	TRY(syscall(SYS_getdents64, fd, buffer, 8));
	TRY(syscall(SYS_getdents64, open_file("file", O_RDONLY), buffer, sizeof buffer));
}

static void removed_and_read(void)
{
	DIR *directory;
	int count = 0;

	make_directory("new", 0755);
	directory = opened("new");
	MUST(rmdir("new"));
	while (readdir(directory) != NULL)
		count++;
	say("%d entries", count);
	directory = opened("empty");
	MUST(rmdir("empty"));
	count = 0;
	while (readdir(directory) != NULL)
		count++;
	say("%d entries", count);
}

static void seen_by_two(void)
{
	DIR *first = opened("full"), *second = opened("full");
	int one = 0, two = 0;

	MUST(readdir(first) == NULL ? -1 : 0);
	while (readdir(second) != NULL)
		two++;
	while (readdir(first) != NULL)
		one++;
	say("%d %d", one + 1, two);
}

static void made_and_removed(void)
{
	TRY(mkdir("full", 0755));
	TRY(mkdir("file", 0755));
	TRY(mkdir("link", 0755));
	TRY(mkdir("missing/x", 0755));
	TRY(mkdir("new/", 0755));
	TRY(mkdir("new/.", 0755));
	TRY(mkdir(".", 0755));
	TRY(mkdir("", 0755));
	TRY(rmdir(""));
	TRY(rmdir("new/"));
	TRY(rmdir("file/"));
}

static void with_odd_names(void)
{
	static const char *const names[] = { "new\nline", "tab\t", "\xff\xfe", " ", "-rf", "*", "\\", "a,b:c", "\"", "...", "~", "\x01" };

	make_directory("new", 0755);
	MUST(chdir("new"));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		TRY_OPEN(open(names[i], O_WRONLY | O_CREAT | O_EXCL, 0600));
	say("%d", count_entries("."));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		MUST(unlink(names[i]));
	say("%d", count_entries("."));
}

static void with_long_names(void)
{
	char name[300];
	int count;

	make_directory("new", 0755);
	MUST(chdir("new"));
	for (int i = 0; i < 200; i++) {
		memset(name, 'n', 255);
		snprintf(name + 252, 4, "%03d", i);
		make_file(name, "");
	}
	count = count_entries(".");
	say("%d", count);
}

static void case_matters(void)
{
	make_file("FILE", "upper case\n");
	say_content("file");
	say_content("FILE");
	TRY(unlink("File"));
}

void add_directories(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "have-dot-and-dots", have_dot_and_dots },
		{ "tell-types", tell_types },
		{ "tell-numbers", tell_numbers },
		{ "of-five-thousand", of_five_thousand },
		{ "removed-while-read", removed_while_read },
		{ "removed-while-read-in-a-new-one", removed_while_read_in_a_new_one },
		{ "renamed-while-read", renamed_while_read },
		{ "grown-while-read", grown_while_read },
		{ "rewound", rewound },
		{ "rewound-after-removal", rewound_after_removal },
		{ "can-be-sought", can_be_sought },
		{ "read-with-small-buffers", read_with_small_buffers },
		{ "removed-and-read", removed_and_read },
		{ "seen-by-two", seen_by_two },
		{ "made-and-removed", made_and_removed },
		{ "with-odd-names", with_odd_names },
		{ "with-long-names", with_long_names },
		{ "case-matters", case_matters },
	};

	ADD_TABLE(suite, "directory", table);
}
