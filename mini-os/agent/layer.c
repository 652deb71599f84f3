#include "layer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "layer:"
#define PREFIX_LENGTH (sizeof(PREFIX) - 1)

#define SUPERBLOCK_OFFSET 1024
#define SUPERBLOCK_READ 64 /* as much of it as is looked at */
#define UUID_OFFSET 48

static const uint8_t magic[4] = { 0xe2, 0xe1, 0xf5, 0xe0 }; /* 0xE0F5E1E2, little-endian */

bool layer_named(const char *source)
{
	return strncmp(source, PREFIX, PREFIX_LENGTH) == 0;
}

static int hex(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

bool layer_uuid(const char *source, uint8_t uuid[LAYER_UUID_SIZE])
{
	const char *at = source + PREFIX_LENGTH;

	for (unsigned i = 0; i < LAYER_UUID_SIZE; i++) {
		int high, low;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *at++ != '-')
			return false;
		high = hex(at[0]);
		low = high < 0 ? -1 : hex(at[1]);
		if (low < 0)
			return false;
		if (uuid)
			uuid[i] = (uint8_t)(high << 4 | low);
		at += 2;
	}
	return *at == '\0';
}

/* A device that has just appeared can't be opened or read for a moment: it does not match yet. */
static bool matches(int directory, const char *name, const uint8_t uuid[LAYER_UUID_SIZE])
{
	uint8_t superblock[SUPERBLOCK_READ];
	int fd = openat(directory, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t count;

	if (fd < 0)
		return false;
	count = pread(fd, superblock, sizeof superblock, SUPERBLOCK_OFFSET);
	close(fd);
	return count == (ssize_t)sizeof superblock && memcmp(superblock, magic, sizeof magic) == 0 &&
	       memcmp(superblock + UUID_OFFSET, uuid, LAYER_UUID_SIZE) == 0;
}

int layer_find(const char *directory, const char *prefix, const uint8_t uuid[LAYER_UUID_SIZE],
	       char device[LAYER_DEVICE_SIZE])
{
	DIR *entries = opendir(directory);
	struct dirent *entry;
	int result = -ENOENT;

	if (entries == NULL)
		return -errno;
	while (result < 0 && (entry = readdir(entries)) != NULL)
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
		    matches(dirfd(entries), entry->d_name, uuid)) {
			snprintf(device, LAYER_DEVICE_SIZE, "%s/%s", directory, entry->d_name);
			result = 0;
		}
	closedir(entries);
	return result;
}
