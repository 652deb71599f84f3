/*
 * `prepare`: what makes a fresh (or cloned) guest fit for its container; and the mounts of `join`. Both are carried out
 * in steps, because devices may still be on their way.
 */
#ifndef LIMPID_PREPARE_H
#define LIMPID_PREPARE_H

#include <stdbool.h>

#include "loop.h"
#include "request.h"
#include "upper.h"

struct prepare {
	struct loop *loop;
	struct timer retry;
	struct request *request; /* the one under way; that of a `join` is kept, for prepare_undo */
	bool busy;
	size_t next;             /* of its mounts */
	struct upper *upper;     /* filled as soon as what it lies on is mounted */
	int64_t deadline;        /* for the device of that mount */
	int sync[SYNC_MAX];      /* descriptors of the mount points to flush at the end */
	size_t sync_count;
	/* problem is NULL if all went well. Called once for each begin, perhaps before that returns. */
	void (*done)(void *owner, const struct problem *problem);
	void *owner;
};

void prepare_open(struct prepare *prepare, struct loop *loop, struct upper *upper,
		  void (*done)(void *owner, const struct problem *problem), void *owner);
void prepare_close(struct prepare *prepare);

/* Takes the request's contents. If it fails, what it has mounted is unmounted. */
void prepare_begin(struct prepare *prepare, struct request *request);

/* Gives up a `join` whose mounts are under way: it fails at once. Nothing happens if there is none. */
void prepare_cancel(struct prepare *prepare, const struct problem *problem);

/* The upper layer has been filled, or could not be: problem. */
void prepare_filled(struct prepare *prepare, const struct problem *problem);

/* Takes away what was mounted for a `join`. */
void prepare_undo(struct prepare *prepare);

#endif
