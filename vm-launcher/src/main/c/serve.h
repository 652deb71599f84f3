/* The start of children whose words are kept, virtiofsd among them: what it serves and may do is in the plan. */
#ifndef LIMPID_SERVE_H
#define LIMPID_SERVE_H

#include "child.h"
#include "log.h"
#include "loop.h"
#include "plan.h"
#include "tail.h"

/* Starts a child whose output goes to tail. */
int serve_child(struct child *child, struct tail *tail, struct loop *loop, struct child_start *start,
		struct problem *problem);

/*
 * The plan has a virtiofsd. The working directory must be the container's. It dies with this process; unless socket is
 * given: then it goes on until who has connected to it leaves, and *socket becomes the one on which it listens.
 */
int serve_virtiofsd(struct child *child, struct tail *tail, const struct plan *plan, struct loop *loop,
		    const struct log *log, int *socket, struct problem *problem);

/*
 * Starts passt with one end of a socket, and stores the other one, which is the VM's, in *vm. *ready becomes a descriptor,
 * which does not block, from which something is read as soon as passt serves.
 */
int serve_passt(struct child *child, struct tail *tail, const struct plan *plan, struct loop *loop, int *vm, int *ready,
		struct problem *problem);

#endif
