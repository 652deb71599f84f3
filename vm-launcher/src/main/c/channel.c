#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define FILE_PIECE 65536u

/*
 * A pipe or terminal can be opened anew, which gives flags of our own. Not a FIFO with a name, for reading:
 * an open file that came after the last writer had gone would never be told of its end. And not the master
 * of a pty: opening that makes another pty.
 */
static bool can_reopen(int fd, const struct stat *status, bool reading)
{
	struct statfs filesystem;
	unsigned number;

	if (S_ISFIFO(status->st_mode))
		return !reading || (fstatfs(fd, &filesystem) == 0 && filesystem.f_type == PIPEFS_MAGIC);
	return S_ISCHR(status->st_mode) && isatty(fd) && ioctl(fd, TIOCGPTN, &number) < 0;
}

static int reopen(int fd, bool reading)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, (reading ? O_RDONLY : O_WRONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int channel_open(struct channel *channel, int fd, bool reading)
{
	struct stat status;

	*channel = (struct channel){ .fd = -1, .piece = FILE_PIECE };
	if (fstat(fd, &status) < 0)
		return -errno;
	if (can_reopen(fd, &status, reading)) {
		channel->kind = CHANNEL_NONBLOCKING;
		channel->fd = reopen(fd, reading);
		if (channel->fd >= 0)
			return 0;
	}
	channel->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (channel->fd < 0)
		return -errno;
	if (S_ISSOCK(status.st_mode)) {
		channel->kind = CHANNEL_SOCKET;
	} else if (S_ISREG(status.st_mode)) {
		channel->kind = CHANNEL_FILE;
	} else {
		channel->kind = CHANNEL_GUARDED;
		/* A pipe that polls writable has a free page; of a terminal no more is known than one byte. */
		channel->piece = S_ISFIFO(status.st_mode) ? PIPE_BUF : isatty(fd) ? 1 : FILE_PIECE;
	}
	return 0;
}

void channel_adopt(struct channel *channel, int fd)
{
	*channel = (struct channel){ .fd = fd, .kind = CHANNEL_NONBLOCKING, .piece = FILE_PIECE };
}

static bool is_ready(const struct channel *channel, short events)
{
	struct pollfd poll_for = { .fd = channel->fd, .events = events };

	return channel->kind != CHANNEL_GUARDED || poll(&poll_for, 1, 0) > 0;
}

ssize_t channel_read(const struct channel *channel, void *buffer, size_t size)
{
	ssize_t count;

	if (!is_ready(channel, POLLIN))
		return -EAGAIN;
	if (channel->kind == CHANNEL_SOCKET)
		count = recv(channel->fd, buffer, size, MSG_DONTWAIT);
	else
		count = read(channel->fd, buffer, size);
	return count < 0 ? -errno : count;
}

ssize_t channel_write(const struct channel *channel, const void *bytes, size_t size)
{
	ssize_t count;

	if (!is_ready(channel, POLLOUT))
		return -EAGAIN;
	if (size > channel->piece)
		size = channel->piece;
	if (channel->kind == CHANNEL_SOCKET)
		count = send(channel->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		count = write(channel->fd, bytes, size);
	return count < 0 ? -errno : count;
}
