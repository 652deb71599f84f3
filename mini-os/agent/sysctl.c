#include "sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

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

/* 0 or -errno. */
static int write_one(const struct sysctl *sysctl)
{
	char path[sizeof SYSCTLS + SYSCTL_NAME_MAX + 1];
	size_t length = strlen(sysctl->value);
	int result = 0;
	ssize_t written;
	int fd;

	snprintf(path, sizeof path, SYSCTLS "/%s", sysctl->name);
	fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	written = write(fd, sysctl->value, length);
	if (written < 0)
		result = -errno;
	else if ((size_t)written != length)
		result = -EIO;
	close(fd);
	return result;
}

static int write_all(const struct sysctl *sysctls, size_t count, bool known, struct problem *problem)
{
	for (size_t i = 0; i < count; i++) {
		int error = write_one(&sysctls[i]);

		if (known && error == -ENOENT) {
			log_info("there is no " SYSCTLS "/%s", sysctls[i].name);
		} else if (error < 0) {
			errno = -error;
			return problem_errno(problem, "write `%s` to " SYSCTLS "/%s", sysctls[i].value, sysctls[i].name);
		}
	}
	return 0;
}

int sysctl_write(const struct sysctl *sysctls, size_t count, struct problem *problem)
{
	return write_all(sysctls, count, false, problem);
}

int sysctl_write_known(const struct sysctl *sysctls, size_t count, struct problem *problem)
{
	return write_all(sysctls, count, true, problem);
}
