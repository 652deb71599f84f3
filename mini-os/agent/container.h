/*
 * The container: from `create` through `start` to the end of its init, which is process 0.
 *
 *     none ── create ──► creating ──► created ── start ──► starting ──► running
 *      ▲                    │            │                    │            │
 *      └──── crun failed ───┘            └────────────────────┴────────────┴──► ended
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

enum container_state {
	CONTAINER_NONE,
	CONTAINER_CREATING,
	CONTAINER_CREATED,
	CONTAINER_STARTING,
	CONTAINER_RUNNING,
	CONTAINER_ENDED, /* init has been reaped; it is told when all is flushed */
};

struct container {
	struct loop *loop;
	struct reaper *reaper;
	struct processes *processes;
	struct execs *execs;
	const struct prepare *prepare; /* has what is to be flushed */
	enum container_state state;
	struct crun crun;

	/* while creating */
	struct outlets outlets;
	struct create_request request;       /* without what points into the host's request */
	struct mount_attributes *attributes; /* request.attribute_count of them */

	struct process *init;
	struct child init_child;
	char cgroup[PATH_MAX]; /* "" if it has none of its own */

	struct freezer freezer;
	struct oom oom;
	struct timer crun_patience; /* with `crun update` */

	/* while ending */
	struct timer patience;
	bool alone; /* the processes of `exec` are not waited for any more */
	struct watch cgroup_events;
	struct timer cgroup_patience;
	bool disks; /* there are some, which are to be flushed too */
	struct child flusher;
	bool flushed;

	/* The answer to each of the requests below: exactly one of result (JSON) and problem. Called once for each. */
	void (*done)(void *owner, const char *result, const struct problem *problem);
	void *owner;
};

void container_open(struct container *container, struct loop *loop, struct reaper *reaper,
		    struct processes *processes, struct execs *execs, const struct prepare *prepare, struct link *link,
		    void (*done)(void *owner, const char *result, const struct problem *problem), void *owner);
void container_close(struct container *container);

/* There are disks of the host: whatever is on its way to them gets there before the end is told. */
void container_flush_disks(struct container *container);

void container_create(struct container *container, const struct create_request *request);
void container_start(struct container *container);
/* 0 if it has been created and has not ended; -1 with the problem filled. what names the request. */
int container_check_up(const struct container *container, const char *what, struct problem *problem);

/* The same if it is not paused. */
int container_check_awake(const struct container *container, struct problem *problem);

/* None of the processes that were started by `exec` is left. */
void container_alone(struct container *container);

void container_kill(struct container *container, const struct kill_request *request);
void container_freeze(struct container *container, bool frozen);
void container_stats(struct container *container);
void container_update(struct container *container, const struct update_request *request);

#endif
