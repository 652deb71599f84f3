/*
 * The control links: the one on which the container (or a process in it) is created, made by connecting to the verb,
 * and those that verbs and exec shims make later to shim.sock. Their requests go to the agent under numbers of the
 * shim's own. An exec shim attaches its link to a process: frames of that pass between it and the agent.
 */
#ifndef LIMPID_CONTROL_H
#define LIMPID_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "agent.h"
#include "frame.h"
#include "loop.h"
#include "peers.h"
#include "route.h"

#define CONTROL_VERBS_MAX 32u     /* links that are not attached */
#define CONTROL_ATTACHED_MAX 256u /* processes, also those whose link has gone */
#define CONTROL_LINKS_MAX (CONTROL_VERBS_MAX + CONTROL_ATTACHED_MAX)
#define CONTROL_REQUESTS_MAX 128u

struct control;

struct control_link {
	struct control *control;
	bool used;
	bool greeted;  /* the other end's HELLO has come */
	bool paused;   /* frames that have been read wait for room in the agent link */
	bool last;     /* closed as soon as everything has been written */
	uint32_t generation;
	uint32_t window;     /* the credit in its HELLO */
	uint32_t own_window; /* that in the HELLO sent to it */
	struct route *route; /* NULL: not attached */
	uint32_t root_run;   /* it waits for the end of this run of what refreshes the root filesystem; 0: it does not */
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
	struct route *route; /* the process that is asked for, or NULL */
};

struct control_events {
	void (*commit)(void *owner);
	/* Watches the network. NULL, or why it can't. May be NULL where nothing is to be watched. */
	const char *(*watch)(void *owner, enum failure_code *code);
	/* See merged_ask. May be NULL where there is nothing to be refreshed. */
	uint32_t (*refresh_root)(void *owner);
	/* The link on which the container is created has gone. */
	void (*creator_lost)(void *owner);
	/* An attached link has gone. May be NULL where none can be. */
	void (*detached)(void *owner);
};

struct control {
	struct loop *loop;
	struct agent *agent;
	const struct control_events *events;
	void *owner;
	struct watch listener;
	struct control_link *creator; /* NULL: gone */
	bool process_ended;
	bool committed;
	uint32_t last_number;
	uint16_t last_process;
	unsigned turn;     /* which link is the first to be resumed */
	unsigned progress; /* changes whenever an attached link has taken something */
	struct control_link links[CONTROL_LINKS_MAX];
	struct control_request requests[CONTROL_REQUESTS_MAX];
	struct route routes[CONTROL_ATTACHED_MAX];
	struct route *by_number[FRAME_PROCESS_MAX + 1];
	struct peers peers;
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

/* All runs up to this one have ended. */
void control_root_refreshed(struct control *control, uint32_t run);

/* A frame of a process other than 0 from the agent. */
void control_route(struct control *control, const struct frame *frame);

/* True: there are attached links that have not been given everything. See workload_events.others. */
bool control_attached(const struct control *control, unsigned *progress, bool *waiting);

/* Nothing more will come from the agent: attached links end when they have been given what there is. */
void control_cut(struct control *control);

/* There may be room in the agent link again. */
void control_resume(struct control *control);

/* Process 0 has ended: requests that come from now on are refused. */
void control_process_ended(struct control *control);

/* Refuses what the agent will not answer any more, because the process has ended. */
void control_refuse_waiting(struct control *control);

/* FAILURE with request 0, for the creating verb alone or for every link. payload is JSON. */
void control_fail(struct control *control, bool all, const void *payload, size_t length);

/* Writes what waits, for at most this long, outside the loop. */
void control_flush(struct control *control, unsigned milliseconds);

void control_close(struct control *control);

#endif
