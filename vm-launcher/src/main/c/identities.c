#include "identities.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that does nothing in a user namespace of its own. */
static pid_t start_process(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static int open_of(pid_t pid, const char *name, int flags)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	return open(path, flags | O_CLOEXEC);
}

/* In one write, as the kernel wants it. */
static int write_map(pid_t pid, const char *name, const char *map)
{
	int fd = open_of(pid, name, O_WRONLY);
	size_t length = strlen(map);
	int result = -1;
	int error;

	if (fd < 0)
		return -1;
	errno = EIO;
	if (write(fd, map, length) == (ssize_t)length)
		result = 0;
	error = errno;
	close(fd);
	errno = error;
	return result;
}

int user_namespace(const char *users, const char *groups, struct problem *problem)
{
	pid_t pid = start_process();
	int fd = -1;

	if (pid < 0)
		return problem_errno(problem, "bind: a user namespace can't be made");
	if (write_map(pid, "uid_map", users) < 0)
		problem_errno(problem, "bind: the mapping of users");
	else if (write_map(pid, "gid_map", groups) < 0)
		problem_errno(problem, "bind: the mapping of groups");
	else if ((fd = open_of(pid, "ns/user", O_RDONLY)) < 0)
		problem_errno(problem, "bind: the user namespace");
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return fd;
}
