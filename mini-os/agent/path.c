#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BASE_LENGTH (sizeof(PATH_BASE) - 1)

static bool component_valid(const char *name, size_t length)
{
	if (length == 0 || length > NAME_MAX)
		return false;
	return !(name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.')));
}

bool path_valid(const char *path)
{
	const char *at = path + BASE_LENGTH;

	if (strncmp(path, PATH_BASE, BASE_LENGTH) != 0 || *at != '/' || strlen(path) >= PATH_MAX)
		return false;
	while (*at == '/') {
		size_t length = strcspn(at + 1, "/");

		if (!component_valid(at + 1, length))
			return false;
		at += 1 + length;
	}
	return true;
}

static int open_base(void)
{
	int fd = open(PATH_BASE, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int path_open(const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	int base = open_base();
	int fd;

	if (base < 0)
		return base;
	fd = (int)syscall(SYS_openat2, base, path + BASE_LENGTH + 1, &how, sizeof how);
	if (fd < 0)
		fd = -errno;
	close(base);
	return fd;
}

/* The component in parent, made if missing; last and not a directory: a file. */
static int make_component(int parent, const char *name, bool directory)
{
	int fd;

	if (directory && mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (!directory) {
		/* O_EXCL: never opens what is there, be it a fifo or a device */
		fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd < 0 && errno != EEXIST)
			return -errno;
		if (fd >= 0)
			close(fd);
	}
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC | (directory ? O_DIRECTORY : 0));
	return fd < 0 ? -errno : fd;
}

int path_make(const char *path, bool directory)
{
	const char *at = path + BASE_LENGTH;
	int fd = open_base();

	while (fd >= 0 && *at == '/') {
		size_t length = strcspn(at + 1, "/");
		char name[NAME_MAX + 1];
		int parent = fd;

		memcpy(name, at + 1, length);
		name[length] = '\0';
		at += 1 + length;
		fd = make_component(parent, name, directory || *at == '/');
		close(parent);
	}
	return fd;
}
