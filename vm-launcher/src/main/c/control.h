/*
 * The control links: the one on which the container is created, made by connecting to the verb, and those
 * that verbs make later to shim.sock. Their requests go to the agent under numbers of the shim's own.
 */
#ifndef LIMPID_CONTROL_H
#define LIMPID_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "agent.h"
#include "frame.h"
#include "loop.h"

#define CONTROL_LINKS_MAX 32u
#define CONTROL_REQUESTS_MAX 128u

struct control;

struct control_link {
	struct control *control;
	bool used;
	bool greeted;  /* the other end's HELLO has come */
	bool paused;   /* frames that have been read wait for room in the agent link */
	bool last;     /* closed as soon as everything has been written */
	uint32_t generation;
	struct watch watch;
	struct frame_reader reader;
	struct frame_queue queue;
};

/* A request that the agent has not answered yet. Outlives its link. */
struct control_request {
	uint32_t number; /* on the agent link; 0: free */
	uint32_t answer_to;
	struct control_link *link;
	uint32_t generation;
};

struct control_events {
	void (*commit)(void *owner);
	/* The link on which the container is created has gone. */
	void (*creator_lost)(void *owner);
};

struct control {
	struct loop *loop;
	struct agent *agent;
	const struct control_events *events;
	void *owner;
	struct watch listener;
	struct control_link *creator; /* NULL: gone */
	bool process_ended;
	uint32_t last_number;
	struct control_link links[CONTROL_LINKS_MAX];
	struct control_request requests[CONTROL_REQUESTS_MAX];
};

void control_open(struct control *control, struct loop *loop, struct agent *agent,
		  const struct control_events *events, void *owner);

/* Takes over the connected descriptor of the creating verb, and sends HELLO. -errno. */
int control_create(struct control *control, int fd);

/* Takes over the listening descriptor. -errno. */
int control_listen(struct control *control, int fd);

void control_launched(struct control *control, uint32_t hypervisor, uint32_t virtiofsd);
void control_committed(struct control *control);

/* RESULT or FAILURE from the agent. False: it answers nothing that was asked. */
bool control_answer(struct control *control, const struct frame *frame);

/* There may be room in the agent link again. */
void control_resume(struct control *control);

/* The process has ended: requests that come from now on are refused. */
void control_process_ended(struct control *control);

/* Refuses what the agent will not answer any more, because the process has ended. */
void control_refuse_waiting(struct control *control);

/* FAILURE with request 0, for the creating verb alone or for every link. payload is JSON. */
void control_fail(struct control *control, bool all, const void *payload, size_t length);

/* Writes what waits, for at most this long, outside the loop. */
void control_flush(struct control *control, unsigned milliseconds);

void control_close(struct control *control);

#endif
