#include "sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SYSCTLS "/proc/sys"

bool sysctl_valid(const char *name)
{
	static const char known[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:";

	if (strlen(name) > SYSCTL_NAME_MAX)
		return false;
	for (;;) {
		size_t length = strcspn(name, "/");

		if (strspn(name, known) != length || strspn(name, ".") == length)
			return false;
		if (name[length] == '\0')
			return true;
		name += length + 1;
	}
}

int sysctl_write(const struct sysctl *sysctls, size_t count, struct problem *problem)
{
	for (size_t i = 0; i < count; i++) {
		char path[sizeof SYSCTLS + SYSCTL_NAME_MAX + 1];
		size_t length = strlen(sysctls[i].value);
		ssize_t written = -1;
		int fd, error;

		snprintf(path, sizeof path, SYSCTLS "/%s", sysctls[i].name);
		fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			written = write(fd, sysctls[i].value, length);
		error = errno;
		if (fd >= 0)
			close(fd);
		if (written < 0 || (size_t)written != length) {
			errno = written < 0 ? error : EIO;
			return problem_errno(problem, "write `%s` to " SYSCTLS "/%s", sysctls[i].value, sysctls[i].name);
		}
	}
	return 0;
}
