/*
 * A process that an exec shim has attached to, between its control link and the agent: what each side may send of it.
 * Nothing is kept of what passes but counts, and so each side answers for itself.
 */
#ifndef LIMPID_ROUTE_H
#define LIMPID_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

enum route_state {
	ROUTE_FREE,
	ROUTE_ATTACHED, /* there is no process yet, and none is asked for */
	ROUTE_ASKED,    /* the agent has the REQUEST */
	ROUTE_RUNNING,  /* RESULT has come; until the last frame has */
};

struct route_output {
	struct credit_sender credit; /* the guest's */
	bool ended;                  /* EOF has come */
	bool closed;                 /* CLOSED was sent */
};

struct route {
	enum route_state state;
	uint16_t process;
	void *link; /* the exec shim's; NULL: it has gone */
	struct credit_sender input; /* the exec shim's */
	bool input_ended;  /* EOF was sent */
	bool input_closed; /* CLOSED has come */
	struct route_output outputs[2];
	bool exited;
};

enum route_verdict {
	ROUTE_PASS,
	ROUTE_DROP,
	ROUTE_WRONG, /* its sender has broken the protocol */
};

/* RESULT has come. The windows: what the agent gives to each stream, and what it has been given. */
void route_run(struct route *route, uint32_t input_window, uint32_t output_window);

/* A frame that names a process. What is of a connection its ends judge themselves. */
enum route_verdict route_from_link(struct route *route, const struct frame *frame);
enum route_verdict route_from_guest(struct route *route, const struct frame *frame);

/* No more frames will come from the guest. */
bool route_is_over(const struct route *route);

#endif
