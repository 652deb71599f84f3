/*
 * A standard stream of this process, read and written without ever blocking and without changing the flags
 * of an open file that others (the caller, its terminal) share.
 */
#ifndef LIMPID_CHANNEL_H
#define LIMPID_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum channel_kind {
	CHANNEL_NONBLOCKING, /* an open file of our own, with O_NONBLOCK */
	CHANNEL_SOCKET,      /* shared, but a call can be told not to block */
	CHANNEL_FILE,        /* shared; never blocks */
	CHANNEL_GUARDED,     /* shared; asked by poll before each call, and written in small pieces */
};

struct channel {
	int fd; /* -1: closed */
	enum channel_kind kind;
	size_t piece; /* most bytes in one write */
};

/* Makes a channel of what fd stands for; fd itself stays as it is and can be replaced. -errno. */
int channel_open(struct channel *channel, int fd, bool reading);

/* A channel of a descriptor that is our own and does not block. */
void channel_adopt(struct channel *channel, int fd);

/* Like read(2) and write(2), but -errno; -EAGAIN if it would block. */
ssize_t channel_read(const struct channel *channel, void *buffer, size_t size);
ssize_t channel_write(const struct channel *channel, const void *bytes, size_t size);

#endif
