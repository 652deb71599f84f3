/* What a container has used: the answer to `stats`, from the files of its cgroup and the guest's network. */
#ifndef LIMPID_STATS_H
#define LIMPID_STATS_H

#include "problem.h"

/* More than the bounds of the sections add up to. */
#define STATS_SIZE 32768

#define STATS_NETWORK "/proc/%d/net/dev" /* of a process */

/*
 * Writes the JSON. cgroup: its directory; network: a file like STATS_NETWORK. What is not there is left out. 0, or -1
 * with the problem filled.
 */
int stats_read(const char *cgroup, const char *network, char text[STATS_SIZE], struct problem *problem);

#endif
