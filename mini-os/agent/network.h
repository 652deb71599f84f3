/* `network`: sets up the network of process 0's container. A process of its own does it, while streams go on. */
#ifndef LIMPID_NETWORK_H
#define LIMPID_NETWORK_H

#include "reaper.h"
#include "request.h"

struct network {
	struct loop *loop;
	struct reaper *reaper;
	struct child child;
	struct timer patience;
	int report; /* the read end of what the child says */
	/* The answer: exactly one of result (JSON) and problem. */
	void (*done)(void *owner, const char *result, const struct problem *problem);
	void *owner;
};

void network_open(struct network *network, struct loop *loop, struct reaper *reaper,
		  void (*done)(void *owner, const char *result, const struct problem *problem), void *owner);
void network_close(struct network *network);

/*
 * Begins it, and has read the request when it returns. init: a process whose network namespace it is about; 0: the
 * agent's own.
 */
void network_begin(struct network *network, const struct network_request *request, pid_t init);

#endif
