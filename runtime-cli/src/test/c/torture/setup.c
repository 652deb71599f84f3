#include "setup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"

long setup_must(const char *what, long result)
{
	if (result >= 0)
		return result;
	say("cannot go on: %s: %s", what, errno_name(errno));
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	_exit(1);
}

void make_directory(const char *path, mode_t mode)
{
	MUST(mkdir(path, mode));
	MUST(chmod(path, mode));
}

static void write_all(int fd, const char *bytes, size_t size, off_t offset)
{
	while (size > 0) {
		ssize_t count = MUST(pwrite(fd, bytes, size, offset));

		bytes += count;
		offset += count;
		size -= (size_t)count;
	}
}

void make_file(const char *path, const char *text)
{
	int fd = (int)MUST(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));

	write_all(fd, text, strlen(text), 0);
	MUST(fchmod(fd, 0644));
	MUST(close(fd));
}

void make_pattern(const char *path, size_t size)
{
	static char block[4096];

	make_file(path, "");
	for (size_t at = 0; at < size; at += sizeof block) {
		int fd = open_file(path, O_WRONLY);

		memset(block, 'a' + (int)(at / sizeof block % 26), sizeof block);
		write_all(fd, block, size - at < sizeof block ? size - at : sizeof block, (off_t)at);
		MUST(close(fd));
	}
}

void write_at(const char *path, off_t offset, const char *text)
{
	int fd = open_file(path, O_WRONLY);

	write_all(fd, text, strlen(text), offset);
	MUST(close(fd));
}

int open_file(const char *path, int flags)
{
	return (int)MUST(open(path, flags | O_CLOEXEC));
}

void copy_up(const char *path)
{
	MUST(close(open_file(path, O_WRONLY | O_NONBLOCK)));
}

void become(uid_t user, gid_t group)
{
	MUST(setgroups(0, NULL));
	MUST(setresgid(group, group, group));
	MUST(setresuid(user, user, user));
}

pid_t spawn(void (*part)(void *), void *argument)
{
	pid_t child = (pid_t)MUST(fork());

	if (child == 0) {
		part(argument);
		_exit(0);
	}
	return child;
}

void await(pid_t child)
{
	int status;

	MUST(waitpid(child, &status, 0));
	if (WIFSIGNALED(status))
		say("killed by %d", WTERMSIG(status));
}

struct other_user {
	uid_t user;
	gid_t group;
	void (*part)(void);
};

static void run_as(void *argument)
{
	const struct other_user *other = argument;

	become(other->user, other->group);
	other->part();
}

void as_user(uid_t user, gid_t group, void (*part)(void))
{
	struct other_user other = { user, group, part };

	await(spawn(run_as, &other));
}

void pipe_make(struct signal_pipe *pipe)
{
	MUST(pipe2(pipe->ends, O_CLOEXEC));
}

void pipe_signal(struct signal_pipe *pipe)
{
	MUST(write(pipe->ends[1], "!", 1));
}

void pipe_await(struct signal_pipe *pipe)
{
	char byte;

	MUST(read(pipe->ends[0], &byte, 1));
}

bool pipe_awaited(struct signal_pipe *pipe, int milliseconds)
{
	struct pollfd poll_fd = { pipe->ends[0], POLLIN, 0 };

	if (MUST(poll(&poll_fd, 1, milliseconds)) == 0)
		return false;
	pipe_await(pipe);
	return true;
}
