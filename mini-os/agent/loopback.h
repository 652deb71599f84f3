/* The loopback interface of the network namespace that the agent is in. */
#ifndef LIMPID_LOOPBACK_H
#define LIMPID_LOOPBACK_H

#include "problem.h"

/* Sets it up, unless it is. 0, or -1 with the problem filled. */
int loopback_raise(struct problem *problem);

#endif
