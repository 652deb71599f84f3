/*
 * The link to the agent: frames to and from the guest. All that comes from there is hostile; a frame that breaks
 * the protocol ends the link. An exec shim has the container's shim in the agent's place.
 */
#ifndef LIMPID_AGENT_H
#define LIMPID_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "loop.h"

/* The credit that this shim gives to each stream. */
#define AGENT_WINDOW 65536u

/* Below this, what waits to be sent leaves room for a REQUEST of any size and for DATA. */
#define AGENT_BACKLOG_REQUEST (8u * 1024u * 1024u)
#define AGENT_BACKLOG_DATA (128u * 1024u)

struct agent_events {
	void (*greeted)(void *owner);                           /* its HELLO has come */
	void (*received)(void *owner, const struct frame *frame); /* any later frame */
	void (*room)(void *owner);                              /* less waits to be sent than did */
	void (*ended)(void *owner, const char *why);            /* the link is over; nothing comes after this */
};

/* Who is at the other end. */
struct agent_peer {
	const char *name, *link; /* for messages */
	enum frame_direction direction;
};

extern const struct agent_peer agent_in_guest, agent_behind_shim;

struct agent {
	const struct agent_peer *peer;
	uint16_t process; /* whose streams this process relays */
	struct loop *loop;
	const struct agent_events *events;
	void *owner;
	struct watch watch;
	struct timer ending;
	struct frame_reader reader;
	struct frame_queue queue;
	bool greeted;
	uint32_t window; /* what it gives to each stream */
	bool over;
	bool closed; /* over because the other end has closed it */
	char why[200];
};

/* Takes over fd, which must not block, and sends HELLO. -errno. */
int agent_open(struct agent *agent, const struct agent_peer *peer, struct loop *loop, int fd,
	       const struct agent_events *events, void *owner);

/* What is sent before the agent's HELLO has come waits for it. Does nothing when the link is over. */
void agent_send(struct agent *agent, enum frame_kind kind, unsigned stream, unsigned process, uint32_t request,
		const void *payload, size_t length);

/* Bytes that wait to be sent. */
size_t agent_backlog(const struct agent *agent);

/* Reads until there is no more for now, the end, or a bound. True: the end has come. */
bool agent_drain(struct agent *agent);

/* Ends the link because the other end has broken the protocol; `ended` is called from the loop. */
void agent_fail(struct agent *agent, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, with the words for it. */
void agent_broke(struct agent *agent, const char *how);

/* What a FAILURE says, for people to read. */
void agent_quote(const struct frame *frame, char *text, size_t size);

/* No more events. */
void agent_close(struct agent *agent);

#endif
