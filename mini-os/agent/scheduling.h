/* How the kernel is to treat a process among the others, as sched_setattr(2) and ioprio_set(2) have it. */
#ifndef LIMPID_SCHEDULING_H
#define LIMPID_SCHEDULING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "problem.h"

struct scheduling {
	bool scheduled; /* the next seven hold */
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period; /* ns */
	bool io;                            /* the next two hold */
	int io_class, io_priority;
};

/* Sets what there is to be set on a process. */
int scheduling_apply(const struct scheduling *scheduling, pid_t pid, struct problem *problem);

/*
 * Sets as much of it on the agent itself as is inherited by the processes that it makes: SCHED_DEADLINE is not, nor that
 * others are not inherited.
 */
int scheduling_lend(const struct scheduling *scheduling, struct problem *problem);

/* The agent is again as it was before that. */
void scheduling_return(const struct scheduling *scheduling);

/* Sets what was not inherited on a process that has been begun, and may have ended. */
int scheduling_complete(const struct scheduling *scheduling, pid_t pid, struct problem *problem);

#endif
