/*
 * A container: from `create` through `start` to the end of its init. That of container 0, for which the guest was
 * started, is process 0; others begin with `join` and end with everything that was made for them taken away.
 *
 *                    none ── create ──► creating ──► created ── start ──► starting ──► running
 *                     ▲ │                  ▲ │            │                    │            │
 *                     │ └─join─► mounting ─┘ │            └────────────────────┴────────────┴──► ended
 *                     └───── failed ───┴─────┘
 */
#ifndef LIMPID_CONTAINER_H
#define LIMPID_CONTAINER_H

#include <limits.h>

#include "crun.h"
#include "exec.h"
#include "freezer.h"
#include "oom.h"
#include "outlets.h"
#include "prepare.h"
#include "process.h"
#include "upper.h"
#include "sockets.h"

enum container_state {
	CONTAINER_NONE,
	CONTAINER_MOUNTING,
	CONTAINER_CREATING,
	CONTAINER_CREATED,
	CONTAINER_RUNNING,
	CONTAINER_ENDED, /* init has been reaped; it is told when all is flushed */
};

/* What a container has written is brought back when it has been frozen, before its `pause` is answered. */
enum bringing_back {
	BRINGING_NOTHING,
	BRINGING_BEGUN,  /* others wait */
	BRINGING_LET_GO, /* they don't */
};

struct container;

/* What a container tells those who know them all. */
struct container_events {
	/* The answer to a request: exactly one of result (JSON) and problem. Once for each of the functions below. */
	void (*done)(void *owner, const char *result, const struct problem *problem);
	/* The same for `join`, which others don't wait for. */
	void (*joined)(void *owner, uint32_t request, const char *result, const struct problem *problem);
	/* The answer to an `exec`, in the same way. */
	void (*executed)(void *owner, uint32_t request, const char *result, const struct problem *problem);
	/* Others need not wait any more for the `pause` that is carried out: its number, and the next ones are. */
	void (*let_go)(void *owner, uint32_t *request);
	/* The answer to it then, in the same way. */
	void (*paused)(void *owner, uint32_t request, const char *result, const struct problem *problem);
	/* Its init has ended, and it will be over soon. */
	void (*ending)(void *owner, struct container *container);
	/* Nothing of it is left. Not of container 0, with which the guest ends. */
	void (*over)(void *owner, struct container *container);
};

struct container {
	struct loop *loop;
	struct reaper *reaper;
	struct processes *processes;
	const struct container_events *events;
	void *owner;
	unsigned number;
	uint16_t init_number; /* the process that its init is */
	char directory[CRUN_PATH_SIZE];
	struct crun_place place;
	enum container_state state;
	struct crun crun;
	struct prepare prepare; /* has what is to be flushed */
	struct upper upper;
	struct execs execs;

	/* while creating */
	struct outlets outlets;
	struct create_request request;       /* without what points into the host's request */
	struct mount_attributes *attributes; /* request.attribute_count of them */
	uint32_t answer_to;                  /* the `join` */
	bool doomed;                         /* it is to end as soon as there is something to kill */
	bool abandoned;                      /* the host that wanted it has gone */
	bool prepared;                       /* `prepare` has been done */

	struct process *init; /* NULL: nobody is to be told of it */
	struct child init_child;
	char cgroup[PATH_MAX]; /* "" if it has none of its own */

	struct sockets sockets; /* of the host, that it can connect to */

	struct freezer freezer;
	enum bringing_back pausing;
	uint32_t pause; /* the request to be answered if others don't wait; 0: the host that asked has gone */
	struct oom oom;
	struct timer crun_patience; /* with `crun update` and `crun delete` */

	/* while ending */
	struct timer patience;
	unsigned others; /* containers that have to end before this one */
	bool alone;      /* others, and the processes of `exec`, are not waited for any more */
	struct watch cgroup_events;
	struct timer cgroup_patience;
	bool disks; /* there are some, which are to be flushed too */
	struct child flusher;
	bool flushed;
	bool deleted; /* crun has forgotten it */
};

void container_open(struct container *container, unsigned number, struct loop *loop, struct reaper *reaper,
		    struct processes *processes, struct link *link, const struct container_events *events, void *owner);
void container_close(struct container *container);

/* There are disks of the host: whatever is on its way to them gets there before the end is told. */
void container_flush_disks(struct container *container);

/* Of container 0. Takes the request's contents. */
void container_prepare(struct container *container, struct request *request);
void container_create(struct container *container, const struct create_request *request);

/* Of any other, whose init gets this number among the processes. Takes the request's contents. */
void container_join(struct container *container, uint32_t answer_to, uint16_t init_number, struct request *request);


void container_start(struct container *container);
/* 0 if it has been created and has not ended; -1 with the problem filled. what names the request. */
int container_check_up(const struct container *container, const char *what, struct problem *problem);

/* The same if it is not paused. */
int container_check_awake(const struct container *container, struct problem *problem);

/* Its init, or 0 as long as there is none; -1 with the problem filled: it has ended. what names the request. */
pid_t container_init(const struct container *container, const char *what, struct problem *problem);

/* What it waits for at its end may be over. */
void container_look(struct container *container);

/* It is killed, however far it has come. */
void container_doom(struct container *container);

/* The host that knew it has gone: nobody is told of its end. */
void container_abandon(struct container *container);

void container_kill(struct container *container, const struct kill_request *request);
void container_freeze(struct container *container, bool frozen);
void container_stats(struct container *container);
void container_update(struct container *container, const struct update_request *request);

#endif
