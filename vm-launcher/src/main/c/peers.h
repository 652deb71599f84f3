/*
 * The exec shims that have attached to processes. A caller expects that the first process of a container is the last to
 * end and to be reaped, as the kernel sees to in a pid namespace: so its shim waits for the others.
 */
#ifndef LIMPID_PEERS_H
#define LIMPID_PEERS_H

#include <sys/types.h>

#include "loop.h"

/* More than can be attached: some whose process has ended are still there. */
#define PEERS_MAX 512u

struct peer {
	struct peers *peers;
	pid_t pid;
	struct watch watch; /* a pidfd; closed as soon as the process has ended */
};

struct peers {
	struct loop *loop;
	struct peer all[PEERS_MAX];
};

void peers_open(struct peers *peers, struct loop *loop);

/* Whoever has connected this socket, once. Of more than there is room for none is remembered. */
void peers_add(struct peers *peers, int socket);

/* Waits until all have ended and been reaped, but no longer than this, and forgets them. */
void peers_close(struct peers *peers, unsigned milliseconds);

#endif
