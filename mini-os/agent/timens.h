/* Time namespaces: the clocks of a container may be off from the guest's. crun can't make one together with a pid namespace. */
#ifndef LIMPID_TIMENS_H
#define LIMPID_TIMENS_H

#include <stdbool.h>

#include "problem.h"

struct clock_offset {
	long long seconds, nanoseconds;
};

struct clocks {
	bool apart; /* in a time namespace of its own */
	struct clock_offset monotonic, boottime;
};

/* Puts this process, which has a single thread, into a new time namespace. */
int timens_enter(const struct clocks *clocks, struct problem *problem);

#endif
