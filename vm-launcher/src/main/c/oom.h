/*
 * What the guest's kernel does to a workload that wants more memory than it may have, the host's engines look for in
 * the container's control group on the host: containerd, conmon and others watch that for a process that is killed
 * there. So one is: a child made for it, in a moment in which the group has no memory to spare and the VM stands
 * still. Shims of processes that were started later are in the group too: they are small, and go on.
 */
#ifndef LIMPID_OOM_H
#define LIMPID_OOM_H

#include <stdbool.h>
#include <stdint.h>

#include "child.h"
#include "log.h"
#include "loop.h"
#include "plan.h"

/* The payload of the agent's EVENT. */
#define OOM_EVENT "{\"event\":\"oom\"}"

#define OOM_CHILDREN 2u

#define OOM_NUMBER_SIZE 32

/* A value that is changed for a while, as text. */
struct oom_value {
	int directory; /* AT_FDCWD: path is absolute */
	char path[64];
	char before[OOM_NUMBER_SIZE], now[OOM_NUMBER_SIZE];
	bool done;
};

struct oom {
	struct loop *loop;
	const struct log *log;
	const struct child *children[OOM_CHILDREN]; /* the VM's: they stand still meanwhile */
	int group;                                  /* the directory of the memory controller's group; -1: none */
	bool second;                                /* it is of version 2 */
	struct child reclaimer;                     /* takes pages of files from the group, before the moment */
	struct oom_value swap;                      /* for the reclaimer */
	struct timer again;                         /* of the next, or of the end of the reclaimer's patience */
	unsigned reported;
	unsigned failed; /* times in a row that one could not be shown */
	bool pending;
};

void oom_init(struct oom *oom, struct loop *loop, const struct log *log, const struct child *hypervisor,
	      const struct child *virtiofsd);

/* Finds the group among those of the plan. */
void oom_open(struct oom *oom, const struct plan *plan);

/* The guest says that it has happened: reports it, now or, where there have been others, later. */
void oom_happened(struct oom *oom);

/* A child of this process has ended: it may be one of those made here. */
void oom_child_ended(struct oom *oom);

/* The end is near: reports what has not been, and gives whoever watches the time to see it. */
void oom_settle(struct oom *oom);

void oom_close(struct oom *oom);

#endif
