/*
 * The upper layer of a container's overlay on a file system of the guest's own: filled before the overlay is mounted,
 * and, if the host has a directory for it, brought back there when the container is paused and when it has ended.
 *
 * On that file system are `upper` and `work`, which the overlay is given, and `aside`. A file `complete` says that all
 * has been filled in: from then on what is in `upper` counts, and nothing is filled in again if another guest gets the
 * file system. Of the host's directories, a file `returned` in the one to make things in says that all has been brought
 * back for good: from then on what is there counts.
 */
#ifndef LIMPID_UPPER_H
#define LIMPID_UPPER_H

#include <stdbool.h>

#include "link.h"
#include "problem.h"
#include "reaper.h"
#include "request.h"

enum upper_work {
	UPPER_NONE,
	UPPER_FILL,
	UPPER_BRING_BACK, /* for now: the container goes on later */
	UPPER_RETURN,     /* for good */
};

struct upper {
	struct reaper *reaper;
	struct link *link;
	int target;           /* the file system's root; -1: there is none */
	int source, aside;    /* of the host; -1: nothing is brought back */
	int index;            /* of the mirror; has no name */
	enum upper_work busy; /* what child does */
	enum upper_work next; /* what it is to do when it has ended */
	int report;           /* what it says of a problem */
	struct child child;
	/* problem is NULL if all went well. Not called for what has been stopped. */
	void (*done)(void *owner, enum upper_work work, const struct problem *problem);
	void *owner;
};

void upper_open(struct upper *upper, struct reaper *reaper, struct link *link,
		void (*done)(void *owner, enum upper_work work, const struct problem *problem), void *owner);
void upper_close(struct upper *upper);

/* The file system has been mounted: fills it. */
void upper_fill(struct upper *upper, const struct upper_request *request);

/* Whether something is to be brought back. */
bool upper_returns(const struct upper *upper);

/* Brings it back, for now or for good. What was begun before is stopped. Nobody may write in the container meanwhile. */
void upper_bring_back(struct upper *upper, bool for_good);

#endif
