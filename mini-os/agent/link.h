/*
 * The agent link: frames over the port, the version exchange, and what becomes of both when the host breaks the
 * protocol, goes, or is replaced by another.
 */
#ifndef LIMPID_LINK_H
#define LIMPID_LINK_H

#include "frame.h"
#include "loop.h"
#include "port.h"
#include "problem.h"

/* Credit that the agent gives to each stream that it receives. */
#define LINK_WINDOW (128u * 1024u)

enum link_state {
	LINK_WAITING, /* for a host; a lasting hang-up is not an event */
	LINK_FRESH,   /* a host is there, its HELLO is not */
	LINK_OPEN,
	LINK_REFUSED, /* no common version: what is queued is still written */
	LINK_BROKEN,  /* the host broke the protocol: nothing is read or written until it has gone */
};

struct link_user {
	/* A HELLO has come and been answered: everything about streams and requests begins anew. */
	void (*opened)(void *owner, uint32_t window);
	/* Any other frame. Returns NULL, or how the host has broken the protocol. */
	const char *(*received)(void *owner, const struct frame *frame);
	/* The link was busy and no longer is. */
	void (*resumed)(void *owner);
	void *owner;
};

struct link {
	struct loop *loop;
	struct port port;
	struct watch watch;
	struct frame_reader reader;
	struct frame_queue queue;
	enum link_state state;
	bool was_busy;
	struct link_user user;
};

int link_open(struct link *link, struct loop *loop, const struct link_user *user);
void link_close(struct link *link);

/* Queues a frame and writes what the port takes. Dropped if the link is not open. */
void link_send(struct link *link, enum frame_kind kind, unsigned stream, unsigned process, uint32_t request,
	       const void *payload, size_t length);
void link_failure(struct link *link, uint32_t request, const struct problem *problem);

static inline bool link_is_open(const struct link *link)
{
	return link->state == LINK_OPEN;
}

/* Enough waits to be written: sources should not be read. user.resumed is called when that is over. */
bool link_busy(struct link *link);

#endif
