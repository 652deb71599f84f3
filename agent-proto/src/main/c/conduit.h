/*
 * One end of a connection to a socket of the host that is relayed over a link (docs/protocol.md, "Sockets of the host"):
 * a connected stream socket here, the frames of its number there. The shim has the end that the host's server knows,
 * the agent the one that the program in the guest does.
 *
 * loop.h is the one of whoever uses this.
 */
#ifndef LIMPID_CONDUIT_H
#define LIMPID_CONDUIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "loop.h"

struct conduit;

struct conduit_user {
	void (*send)(void *owner, enum frame_kind kind, uint32_t number, const void *payload, size_t length);
	/* So much waits on the link that sockets should not be read. conduit_resume is due when that is over. */
	bool (*busy)(void *owner);
	/* Both ends have hung up: the number is free, and so is the conduit. May be called within any function here. */
	void (*over)(void *owner, struct conduit *conduit);
};

struct conduit {
	struct loop *loop;
	const struct conduit_user *user;
	void *owner;
	uint32_t number;    /* 0: there is no connection */
	struct watch watch; /* fd -1: there is no socket yet, or none any more */
	struct credit_sender sending;
	struct credit_receiver receiving;
	uint8_t *ring; /* receiving.window bytes; NULL: nothing has had to wait so far */
	size_t start, size;
	bool finished;    /* FINISH was sent */
	bool finish_came;
	bool shut;        /* the socket has been told of that */
	bool deaf;        /* the socket takes no more: what comes is dropped */
	bool gone;        /* its other end has closed it, and will not read either */
	bool hung_up;     /* HANGUP was sent, and the socket is closed */
	bool hangup_came;
};

void conduit_init(struct conduit *conduit, struct loop *loop, const struct conduit_user *user, void *owner);

/* A connection begins. The windows: what the link's other end takes, and what it has been promised. */
void conduit_open(struct conduit *conduit, uint32_t number, uint32_t sending, uint32_t receiving);

/* Gives it its socket, which does not block, if it still wants one; else that is closed. */
void conduit_attach(struct conduit *conduit, int fd);

/* CHUNK, GRANT, FINISH or HANGUP has come. NULL, or how its sender has broken the protocol. */
const char *conduit_received(struct conduit *conduit, const struct frame *frame);

/* The link is no longer busy. */
void conduit_resume(struct conduit *conduit);

/* There is, or will be, no socket: hangs up. */
void conduit_abandon(struct conduit *conduit);

/* Forgets the connection without a word. */
void conduit_close(struct conduit *conduit);

static inline bool conduit_is_open(const struct conduit *conduit)
{
	return conduit->number != 0;
}

#endif
