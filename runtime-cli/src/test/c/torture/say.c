#include "say.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTENT_MAX 48
#define ENTRIES_MAX 64
#define PATH_SIZE 512

/* A process that is killed while it says something leaves a part of it, and no lock. */
static struct {
	atomic_uint used;
	char text[SAY_SIZE];
} *said;

void say_open(void)
{
	said = mmap(NULL, sizeof *said, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (said == MAP_FAILED)
		abort();
}

void say_reset(void)
{
	memset(said->text, 0, sizeof said->text);
	atomic_store(&said->used, 0);
}

const char *say_line(void)
{
	return said->text;
}

void say(const char *format, ...)
{
	char part[1024];
	va_list arguments;
	int length;
	unsigned at;

	part[0] = ' ';
	va_start(arguments, format);
	length = vsnprintf(part + 1, sizeof part - 1, format, arguments);
	va_end(arguments);
	if (length < 0)
		abort();
	length = (size_t)length < sizeof part - 1 ? length + 1 : (int)sizeof part - 1;
	at = atomic_fetch_add(&said->used, (unsigned)length);
	/* The last byte ends the text. */
	if (at + (unsigned)length < SAY_SIZE)
		memcpy(said->text + at, part, (size_t)length);
}

const char *errno_name(int number)
{
	const char *name = strerrorname_np(number);

	return name != NULL ? name : "E?";
}

long say_tried(const char *what, long result)
{
	int number = errno;

	if (result == -1)
		say("%s=%s", what, errno_name(number));
	else
		say("%s=%ld", what, result);
	errno = number;
	return result;
}

int say_opened(const char *what, int fd)
{
	int number = errno;

	say("%s=%s", what, fd < 0 ? errno_name(number) : "ok");
	errno = number;
	return fd;
}

void say_closed(const char *what, int fd)
{
	say_opened(what, fd);
	if (fd >= 0)
		close(fd);
}

void say_bytes(const char *bytes, size_t size)
{
	char text[CONTENT_MAX * 4 + 4];
	size_t length = 0;

	for (size_t i = 0; i < size && i < CONTENT_MAX; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte == '\n')
			length += (size_t)sprintf(text + length, "\\n");
		else if (isprint(byte) && byte != '\\')
			text[length++] = (char)byte;
		else
			length += (size_t)sprintf(text + length, "\\%03o", byte);
	}
	text[length] = '\0';
	say("\"%s\"%s", text, size > CONTENT_MAX ? "..." : "");
}

/* Of a large file its sum is enough. */
static void say_read(int fd)
{
	static char block[65536];
	unsigned long sum = 0;
	size_t total = 0;
	ssize_t count;

	while ((count = pread(fd, block, sizeof block, (off_t)total)) > 0) {
		if (total == 0 && (size_t)count <= CONTENT_MAX) {
			say_bytes(block, (size_t)count);
			return;
		}
		for (ssize_t i = 0; i < count; i++)
			sum = (sum * 31 + (unsigned char)block[i]) & 0xffffffff;
		total += (size_t)count;
	}
	if (count < 0)
		say("read=%s", errno_name(errno));
	else if (total == 0)
		say("\"\"");
	else
		say("%zu bytes, sum %lx", total, sum);
}

void say_content(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	say("%s:", path);
	if (fd < 0) {
		say("%s", errno_name(errno));
		return;
	}
	say_read(fd);
	close(fd);
}

static char type_letter(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG: return '-';
	case S_IFDIR: return 'd';
	case S_IFLNK: return 'l';
	case S_IFIFO: return 'p';
	case S_IFSOCK: return 's';
	case S_IFCHR: return 'c';
	case S_IFBLK: return 'b';
	default: return '?';
	}
}

void say_mode(const char *path)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		say("%s: %s", path, errno_name(errno));
	else
		say("%s: %c%04o %u:%u", path, type_letter(status.st_mode), status.st_mode & 07777, status.st_uid, status.st_gid);
}

void say_file(const char *path)
{
	char target[PATH_SIZE];
	struct stat status;
	ssize_t length;

	say_mode(path);
	if (lstat(path, &status) < 0)
		return;
	switch (status.st_mode & S_IFMT) {
	case S_IFREG:
		say("links %lu, size %ld", (unsigned long)status.st_nlink, (long)status.st_size);
		say_content(path);
		break;
	case S_IFLNK:
		length = readlink(path, target, sizeof target - 1);
		target[length < 0 ? 0 : length] = '\0';
		say("-> %s", target);
		break;
	case S_IFDIR:
		say_entries(path);
		break;
	case S_IFCHR:
	case S_IFBLK:
		say("%lx", (unsigned long)status.st_rdev);
		break;
	}
}

void say_fd(const char *label, int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0) {
		say("%s: %s", label, errno_name(errno));
		return;
	}
	say("%s: %c%04o links %lu, size %ld", label, type_letter(status.st_mode), status.st_mode & 07777,
	    (unsigned long)status.st_nlink, (long)status.st_size);
	if (S_ISREG(status.st_mode))
		say_read(fd);
}

static int by_name(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* The caller frees the names. Returns how many, or -1. */
static int names_of(const char *path, char *names[ENTRIES_MAX])
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int count = 0;

	if (directory == NULL)
		return -1;
	while ((entry = readdir(directory)) != NULL && count < ENTRIES_MAX) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		names[count] = strdup(entry->d_name);
		if (names[count] == NULL)
			abort();
		count++;
	}
	closedir(directory);
	qsort(names, (size_t)count, sizeof names[0], by_name);
	return count;
}

void say_entries(const char *path)
{
	char *names[ENTRIES_MAX];
	int count = names_of(path, names);

	if (count < 0) {
		say("%s/ %s", path, errno_name(errno));
		return;
	}
	say("{");
	for (int i = 0; i < count; i++) {
		say("%s", names[i]);
		free(names[i]);
	}
	say("}");
}

void say_tree(const char *path)
{
	char *names[ENTRIES_MAX];
	struct stat status;
	int count;

	say_file(path);
	if (lstat(path, &status) < 0 || !S_ISDIR(status.st_mode))
		return;
	count = names_of(path, names);
	for (int i = 0; i < count; i++) {
		char below[PATH_SIZE];

		if (snprintf(below, sizeof below, "%s/%s", path, names[i]) < (int)sizeof below)
			say_tree(below);
		free(names[i]);
	}
}
