#include "own_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int check(int fd, const char *what, const char *path, struct problem *problem)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return problem_errno(problem, "%s: %s", what, path);
	if (!S_ISREG(status.st_mode))
		return problem_set(problem, "%s: %s: not a regular file", what, path);
	if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)))
		return problem_set(problem, "%s: %s: others may have written it", what, path);
	return 0;
}

int own_file_open(const char *what, const char *path, struct problem *problem)
{
	/* A FIFO must not hold us up before it can be refused. */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return problem_errno(problem, "%s: %s", what, path);
	if (check(fd, what, path, problem) == 0)
		return fd;
	close(fd);
	return -1;
}
