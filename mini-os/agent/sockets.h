/*
 * The sockets of the host that a container can connect to: each has a place in the guest where the agent listens, and a
 * connection there becomes one that the host is asked for (CONNECT).
 */
#ifndef LIMPID_SOCKETS_H
#define LIMPID_SOCKETS_H

#include <stdbool.h>
#include <sys/types.h>

#include "conduit.h"
#include "frame.h"
#include "link.h"
#include "loop.h"
#include "problem.h"

#define SOCKETS_MAX FRAME_SOCKETS_MAX
#define SOCKETS_CONNECTIONS 256 /* further ones wait until they are accepted */

struct socket_request {
	const char *path; /* path_valid */
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

/* A place where the agent listens. */
struct door {
	struct sockets *sockets;
	struct watch watch;
	int directory; /* that it is in, or -1 */
	char *name;    /* in it; NULL: it has been taken away */
};

struct sockets {
	struct loop *loop;
	struct link *link;
	uint16_t process; /* the init of the container that they are of */
	uint32_t window;  /* the host's, for each connection */
	bool listening;
	bool ending;
	bool over;
	uint32_t number;           /* the last one given */
	struct conduit *conduits;  /* SOCKETS_CONNECTIONS; NULL: there are no doors */
	unsigned turn;             /* which one is the first to be resumed */
	struct timer pause;        /* nothing could be accepted */
	struct timer patience;     /* with what is under way at the end */
	void (*done)(void *owner); /* it is over, after sockets_end */
	void *owner;
	size_t count;
	struct door doors[SOCKETS_MAX];
};

void sockets_init(struct sockets *sockets, struct loop *loop, struct link *link, void (*done)(void *owner), void *owner);

/* Makes the places. -1 with the problem filled: nothing is left of them. */
int sockets_open(struct sockets *sockets, const struct socket_request *requests, size_t count,
		 struct problem *problem);

/* From now on they can be connected to. window: the host's, as in processes_opened. */
void sockets_start(struct sockets *sockets, uint16_t process, uint32_t window);

/* A frame of a connection. NULL, or how the host has broken the protocol. */
const char *sockets_received(struct sockets *sockets, const struct frame *frame);

/* Another host has come, which knows of no connection; or the link is no longer busy. */
void sockets_opened(struct sockets *sockets, uint32_t window);
void sockets_resume(struct sockets *sockets);

/*
 * All programs of the container have ended. What they have sent still gets to the host, for as long as that takes it
 * without a long pause; then done is called, perhaps before this returns.
 */
void sockets_end(struct sockets *sockets);

/* Everything is taken away, without a word to the host. */
void sockets_close(struct sockets *sockets);

#endif
