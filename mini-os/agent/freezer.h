/* `pause` and `resume`: the container's cgroup is frozen and thawed, one request at a time. */
#ifndef LIMPID_FREEZER_H
#define LIMPID_FREEZER_H

#include <stdbool.h>

#include "exec.h"
#include "loop.h"
#include "problem.h"

struct freezer {
	struct loop *loop;
	const struct execs *execs;
	const char *cgroup; /* its directory, the owner's */
	bool busy;          /* a request is under way */
	bool frozen;        /* what it is to come to */
	bool asked;         /* the kernel has been */
	struct timer timer; /* it is looked at again */
	int64_t deadline;
	/* problem: NULL if it has come to that. Called once for each request, perhaps before freezer_begin returns. */
	void (*done)(void *owner, const struct problem *problem);
	void *owner;
};

void freezer_open(struct freezer *freezer, struct loop *loop, const struct execs *execs, const char *cgroup,
		  void (*done)(void *owner, const struct problem *problem), void *owner);

void freezer_begin(struct freezer *freezer, bool frozen);

/* The container has ended: done is not called any more. Returns true if a request was under way. */
bool freezer_stop(struct freezer *freezer);

#endif
