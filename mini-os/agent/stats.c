#include "stats.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define LINE_SIZE 512 /* no line of these files is as long */
#define NAME_MOST 64
#define MEMORY_LINES_MOST 64
#define DEVICES_MOST 32
#define INTERFACES_MOST 16
#define PAGE_SIZES_MOST 8
#define PAGE_SIZE_NAME 16

/* JSON that is being written. */
struct text {
	char *bytes;
	size_t length;
	bool full;
	bool first; /* in its object or array: no comma before it */
};

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *text, const char *format, ...)
{
	size_t room = STATS_SIZE - text->length;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text->bytes + text->length, room, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= room)
		text->full = true;
	else
		text->length += (size_t)length;
}

/* name: NULL in an array. */
static void open_in(struct text *text, const char *name, char bracket)
{
	const char *comma = text->first ? "" : ",";

	if (name)
		put(text, "%s\"%s\":%c", comma, name, bracket);
	else
		put(text, "%s%c", comma, bracket);
	text->first = true;
}

static void close_in(struct text *text, char bracket)
{
	put(text, "%c", bracket);
	text->first = false;
}

static void put_number(struct text *text, const char *name, int64_t number)
{
	put(text, "%s\"%s\":%" PRId64, text->first ? "" : ",", name, number);
	text->first = false;
}

static void put_name(struct text *text, const char *name, const char *value)
{
	put(text, "%s\"%s\":\"%s\"", text->first ? "" : ",", name, value);
	text->first = false;
}

/* What the kernel counts in 64 bits, as the host takes it in 63. */
static bool parse_number(const char *digits, int64_t *number)
{
	char *end;
	unsigned long long value;

	if (digits[0] < '0' || digits[0] > '9')
		return false;
	value = strtoull(digits, &end, 10);
	if (*end != '\0')
		return false;
	*number = value > INT64_MAX ? INT64_MAX : (int64_t)value;
	return true;
}

/* A file of the cgroup, or NULL if there is none. */
static FILE *open_file(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	FILE *file;

	if (fd < 0)
		return NULL;
	file = fdopen(fd, "r");
	if (file == NULL)
		close(fd);
	return file;
}

static bool next_line(FILE *file, char line[LINE_SIZE])
{
	if (fgets(line, LINE_SIZE, file) == NULL)
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

/* The number that a file is all of; -1 for the word max. False if there is none. */
static bool read_number(int directory, const char *name, int64_t *number)
{
	FILE *file = open_file(directory, name);
	char line[LINE_SIZE];
	bool found = false;

	if (file == NULL)
		return false;
	if (next_line(file, line)) {
		found = true;
		if (strcmp(line, "max") == 0)
			*number = -1;
		else
			found = parse_number(line, number);
	}
	fclose(file);
	return found;
}

static bool put_file(struct text *text, const char *name, int directory, const char *file)
{
	int64_t number;

	if (!read_number(directory, file, &number))
		return false;
	put_number(text, name, number);
	return true;
}

/* A line of the kind `name number`: ends the name, and tells the number. */
static bool parse_line(char *line, int64_t *number)
{
	char *digits = strchr(line, ' ');

	if (digits == NULL)
		return false;
	*digits = '\0';
	return parse_number(digits + 1, number);
}

/* What a line of a file is called in the answer. */
struct naming {
	const char *line;
	const char *name;
};

static void put_lines(struct text *text, int directory, const char *name, const struct naming *namings, size_t count)
{
	FILE *file = open_file(directory, name);
	char line[LINE_SIZE];
	int64_t number;

	if (file == NULL)
		return;
	while (next_line(file, line)) {
		if (!parse_line(line, &number))
			continue;
		for (size_t i = 0; i < count; i++)
			if (strcmp(namings[i].line, line) == 0)
				put_number(text, namings[i].name, number);
	}
	fclose(file);
}

static bool exists(int directory, const char *name)
{
	return faccessat(directory, name, F_OK, 0) == 0;
}

static void put_cpu(struct text *text, int directory)
{
	static const struct naming namings[] = {
		{ "usage_usec", "usage" },   { "user_usec", "user" },         { "system_usec", "system" },
		{ "nr_periods", "periods" }, { "nr_throttled", "throttled" }, { "throttled_usec", "throttledTime" },
	};

	if (!exists(directory, "cpu.stat"))
		return;
	open_in(text, "cpu", '{');
	put_lines(text, directory, "cpu.stat", namings, COUNT(namings));
	close_in(text, '}');
}

static bool plain(const char *name)
{
	return name[0] != '\0' && strlen(name) <= NAME_MOST &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static void put_memory_stat(struct text *text, int directory)
{
	FILE *file = open_file(directory, "memory.stat");
	unsigned count = 0;
	char line[LINE_SIZE];
	int64_t number;

	if (file == NULL)
		return;
	open_in(text, "stat", '{');
	while (count < MEMORY_LINES_MOST && next_line(file, line))
		if (parse_line(line, &number) && plain(line)) {
			put_number(text, line, number);
			count++;
		}
	close_in(text, '}');
	fclose(file);
}

static void put_memory(struct text *text, int directory)
{
	static const struct naming namings[] = { { "max", "failcnt" }, { "oom_kill", "oomKills" } };

	if (!exists(directory, "memory.current"))
		return;
	open_in(text, "memory", '{');
	put_file(text, "usage", directory, "memory.current");
	put_file(text, "limit", directory, "memory.max");
	put_file(text, "max", directory, "memory.peak");
	put_file(text, "swapUsage", directory, "memory.swap.current");
	put_file(text, "swapLimit", directory, "memory.swap.max");
	put_lines(text, directory, "memory.events", namings, COUNT(namings));
	put_memory_stat(text, directory);
	close_in(text, '}');
}

static void put_pids(struct text *text, int directory)
{
	if (!exists(directory, "pids.current"))
		return;
	open_in(text, "pids", '{');
	put_file(text, "current", directory, "pids.current");
	put_file(text, "limit", directory, "pids.max");
	close_in(text, '}');
}

/* A line of io.stat: `8:0 rbytes=1 wbytes=2 …`. A device that has done nothing may be there without a value. */
static bool put_device(struct text *text, char *line)
{
	static const char *const known[] = { "rbytes", "wbytes", "rios", "wios" };
	char *word, *rest = line, *colon;
	int64_t major, minor, number;

	word = strsep(&rest, " ");
	colon = strchr(word, ':');
	if (colon == NULL || rest == NULL)
		return false;
	*colon = '\0';
	if (!parse_number(word, &major) || !parse_number(colon + 1, &minor))
		return false;
	open_in(text, NULL, '{');
	put_number(text, "major", major);
	put_number(text, "minor", minor);
	while ((word = strsep(&rest, " ")) != NULL) {
		char *value = strchr(word, '=');

		if (value == NULL || !parse_number(value + 1, &number))
			continue;
		*value = '\0';
		for (size_t i = 0; i < COUNT(known); i++)
			if (strcmp(known[i], word) == 0)
				put_number(text, word, number);
	}
	close_in(text, '}');
	return true;
}

static void put_io(struct text *text, int directory)
{
	FILE *file = open_file(directory, "io.stat");
	unsigned count = 0;
	char line[LINE_SIZE];

	if (file == NULL)
		return;
	open_in(text, "io", '[');
	while (count < DEVICES_MOST && next_line(file, line))
		if (put_device(text, line))
			count++;
	close_in(text, ']');
	fclose(file);
}

/* The size in `hugetlb.<size>.current`; false if the file is another one. */
static bool page_size(const char *file, char size[PAGE_SIZE_NAME])
{
	size_t length;

	if (strncmp(file, "hugetlb.", 8) != 0)
		return false;
	file += 8;
	length = strspn(file, "0123456789KMGB");
	if (length == 0 || length >= PAGE_SIZE_NAME || strcmp(file + length, ".current") != 0)
		return false;
	memcpy(size, file, length);
	size[length] = '\0';
	return true;
}

static void put_page_size(struct text *text, int directory, const char *size)
{
	static const struct naming namings[] = { { "max", "failcnt" } };
	char file[64];

	open_in(text, NULL, '{');
	put_name(text, "pageSize", size);
	snprintf(file, sizeof file, "hugetlb.%s.current", size);
	put_file(text, "usage", directory, file);
	snprintf(file, sizeof file, "hugetlb.%s.max", size);
	put_file(text, "limit", directory, file);
	snprintf(file, sizeof file, "hugetlb.%s.events", size);
	put_lines(text, directory, file, namings, COUNT(namings));
	close_in(text, '}');
}

static void put_hugetlb(struct text *text, int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	char size[PAGE_SIZE_NAME];
	struct dirent *entry;
	unsigned count = 0;

	if (entries == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (count < PAGE_SIZES_MOST && (entry = readdir(entries)) != NULL) {
		if (!page_size(entry->d_name, size))
			continue;
		if (count++ == 0)
			open_in(text, "hugetlb", '[');
		put_page_size(text, directory, size);
	}
	if (count > 0)
		close_in(text, ']');
	closedir(entries);
}

/* A line of /proc/net/dev: `name: number number …`. Its name is the workload's to choose. */
static bool put_interface(struct text *text, char *line)
{
	static const char *const columns[] = {
		"rxBytes", "rxPackets", "rxErrors", "rxDropped", NULL, NULL, NULL, NULL,
		"txBytes", "txPackets", "txErrors", "txDropped",
	};
	char *name = line + strspn(line, " ");
	char *rest = strchr(name, ':'), *word;
	size_t at = 0;
	int64_t number;

	if (rest == NULL)
		return false;
	*rest++ = '\0';
	if (strcmp(name, "lo") == 0 || strlen(name) > NAME_MOST)
		return false;
	for (char *c = name; *c; c++)
		if ((*c < 'a' || *c > 'z') && (*c < 'A' || *c > 'Z') && (*c < '0' || *c > '9') &&
		    strchr(".-_", *c) == NULL)
			*c = '?';
	open_in(text, NULL, '{');
	put_name(text, "name", name);
	while (at < COUNT(columns) && (word = strsep(&rest, " ")) != NULL) {
		if (word[0] == '\0')
			continue;
		if (columns[at] && parse_number(word, &number))
			put_number(text, columns[at], number);
		at++;
	}
	close_in(text, '}');
	return true;
}

static void put_network(struct text *text, const char *path)
{
	FILE *file = open_file(AT_FDCWD, path);
	unsigned count = 0;
	char line[LINE_SIZE];

	if (file == NULL)
		return;
	open_in(text, "network", '[');
	while (count < INTERFACES_MOST && next_line(file, line))
		if (put_interface(text, line))
			count++;
	close_in(text, ']');
	fclose(file);
}

int stats_read(const char *cgroup, const char *network, char bytes[STATS_SIZE], struct problem *problem)
{
	struct text text = { .bytes = bytes, .first = true };
	int directory = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return problem_errno(problem, "open %s", cgroup);
	open_in(&text, NULL, '{');
	put_cpu(&text, directory);
	put_memory(&text, directory);
	put_pids(&text, directory);
	put_io(&text, directory);
	put_hugetlb(&text, directory);
	put_network(&text, network);
	close_in(&text, '}');
	close(directory);
	if (text.full)
		return problem_set(problem, FAILURE_SYSTEM, "stats: the answer is too long");
	return 0;
}
