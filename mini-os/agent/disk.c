#include "disk.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "vd"
#define SOURCE "disk:"
#define ATTRIBUTE_SIZE 64

bool disk_named(const char *source)
{
	return strncmp(source, SOURCE, sizeof(SOURCE) - 1) == 0;
}

const char *disk_serial(const char *source)
{
	return source + sizeof(SOURCE) - 1;
}

bool disk_serial_valid(const char *serial)
{
	size_t length = 0;

	for (; serial[length]; length++)
		if (!isalnum((unsigned char)serial[length]) && strchr("-_.", serial[length]) == NULL)
			return false;
	return length >= 1 && length <= DISK_SERIAL_MAX;
}

/* A file of one line, without its end. */
static bool read_attribute(int directory, const char *disk, const char *name, char text[ATTRIBUTE_SIZE])
{
	char path[512];
	ssize_t count;
	int fd;

	if (snprintf(path, sizeof path, "%s/%s", disk, name) >= (int)sizeof path)
		return false;
	fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	count = read(fd, text, ATTRIBUTE_SIZE - 1);
	close(fd);
	if (count < 0)
		return false;
	text[count] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}

static bool matches(int directory, const char *disk, const char *serial, struct disk_numbers *numbers)
{
	char text[ATTRIBUTE_SIZE];

	return read_attribute(directory, disk, "serial", text) && strcmp(text, serial) == 0 &&
	       read_attribute(directory, disk, "dev", text) &&
	       sscanf(text, "%u:%u", &numbers->major, &numbers->minor) == 2 &&
	       snprintf(numbers->name, sizeof numbers->name, "%s", disk) < (int)sizeof numbers->name;
}

int disk_find(const char *directory, const char *serial, struct disk_numbers *numbers)
{
	DIR *entries = opendir(directory);
	struct dirent *entry;
	int result = -ENOENT;

	if (entries == NULL)
		return -errno;
	while (result < 0 && (entry = readdir(entries)) != NULL)
		if (strncmp(entry->d_name, PREFIX, sizeof(PREFIX) - 1) == 0 &&
		    matches(dirfd(entries), entry->d_name, serial, numbers))
			result = 0;
	closedir(entries);
	return result;
}
