#include "survey.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define STATUS_FAILED 1
#define STATUS_REFUSED 3

/*
 * What mkfs.erofs 1.5 can write and Linux can read. Beyond each of these the image is refused when it is made, or,
 * worse, is not but can't be read: see docs/storage.md.
 */
#define NAME_BYTES_MAX 254u
#define PATH_BYTES_MAX 4000u
#define ATTRIBUTES_MAX 255u
#define ATTRIBUTE_BYTES_MAX 65535u
#define ATTRIBUTES_BYTES_MAX 200000u

#define BLOCK 4096u
/* An inode with its times and its entry in the directory, roughly. */
#define ENTRY_BYTES 96u
#define DESCRIPTORS 64

/* The kernel's limit, XATTR_LIST_MAX. */
#define LIST_BYTES 65536u

/* nftw(3) hands nothing on. */
static struct {
	dev_t device;
	uint64_t entries;
	uint64_t bytes;
	uint64_t holes;
	int status;
} found;

static int refuse(const char *path, const char *reason)
{
	printf("%s: %s\n", path, reason);
	found.status = STATUS_REFUSED;
	return -1;
}

static int fail(const char *path)
{
	printf("%s: %s\n", path, strerror(errno));
	found.status = STATUS_FAILED;
	return -1;
}

static int look_at_attributes(const char *path)
{
	static char names[LIST_BYTES];
	uint64_t bytes = 0;
	unsigned count = 0;
	ssize_t size = llistxattr(path, names, sizeof names);

	if (size < 0)
		return errno == ENOTSUP ? 0 : fail(path);
	for (const char *name = names; name < names + size; name += strlen(name) + 1) {
		ssize_t value = lgetxattr(path, name, NULL, 0);

		if (value < 0)
			return fail(path);
		if ((size_t)value > ATTRIBUTE_BYTES_MAX)
			return refuse(path, "it has an extended attribute of more than 65535 bytes");
		bytes += (uint64_t)value + strlen(name);
		count++;
	}
	if (count > ATTRIBUTES_MAX)
		return refuse(path, "it has more than 255 extended attributes");
	if (bytes > ATTRIBUTES_BYTES_MAX)
		return refuse(path, "it has more than 200000 bytes of extended attributes");
	found.bytes += bytes;
	return 0;
}

static int look_at(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	if (kind == FTW_NS || kind == FTW_DNR)
		return fail(path);
	if (place->level == 0)
		found.device = status->st_dev;
	if (strlen(path) > PATH_BYTES_MAX)
		return refuse(path, "its path has more than 4000 bytes");
	if (strlen(path + place->base) > NAME_BYTES_MAX)
		return refuse(path, "its name has more than 254 bytes");
	if (S_ISDIR(status->st_mode) && status->st_dev != found.device)
		return refuse(path, "another file system is mounted there");
	found.entries++;
	found.bytes += ENTRY_BYTES;
	if (S_ISREG(status->st_mode) || S_ISLNK(status->st_mode)) {
		uint64_t size = ((uint64_t)status->st_size + BLOCK - 1) / BLOCK * BLOCK;
		uint64_t stored = (uint64_t)status->st_blocks * 512;

		found.bytes += size;
		if (S_ISREG(status->st_mode) && stored < size)
			found.holes += size - stored;
	}
	return look_at_attributes(path);
}

int survey(const char *directory)
{
	if (nftw(directory, look_at, DESCRIPTORS, FTW_PHYS) != 0 && found.status == 0)
		fail(directory);
	if (found.status == 0)
		printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", found.entries, found.bytes, found.holes);
	if (fflush(stdout) != 0)
		return STATUS_FAILED;
	return found.status;
}
