/*
 * The host's stream sockets that the plan names, and the connections to them that programs in the container have asked
 * for (CONNECT). The guest names a socket by its number in the plan, and nothing else.
 */
#ifndef LIMPID_CONDUITS_H
#define LIMPID_CONDUITS_H

#include <stdbool.h>

#include "agent.h"
#include "conduit.h"
#include "frame.h"
#include "loop.h"
#include "plan.h"

#define CONDUITS_MAX 256u /* connections at a time; the guest has no more */

/* A connection, and how it comes about. */
struct line {
	struct conduits *conduits;
	struct conduit conduit;
	const char *path;
	struct timer retry; /* so many wait to be accepted by the server that no more can */
	unsigned delay;
};

struct conduits {
	struct loop *loop;
	struct agent *agent;
	const char *const *paths;
	size_t count;
	bool ended;
	unsigned turn; /* which line is the first to be resumed */
	struct line lines[CONDUITS_MAX];
};

void conduits_init(struct conduits *conduits, struct loop *loop, struct agent *agent);

/* Judges the plan's sockets, from which on they can be connected to. -1 with the problem filled: one is of no use. */
int conduits_open(struct conduits *conduits, const struct plan *plan, struct problem *problem);

/* A frame of a connection. What is wrong with it ends the link. */
void conduits_received(struct conduits *conduits, const struct frame *frame);

/* There may be room in the link again. */
void conduits_resume(struct conduits *conduits);

/* The container has ended: connections are closed, and what comes of them is dropped. */
void conduits_end(struct conduits *conduits);

#endif
