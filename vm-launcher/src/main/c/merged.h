/*
 * The engine's own mount of the overlay whose upper directory the guest writes to. The host's kernel keeps the names
 * that it has looked up there, and does not learn what the guest makes of them: so they are dropped, by a remount that
 * changes nothing, a moment after something has changed in the upper directory, and when somebody asks for it. At the same times the directory in which
 * that lies gets its mode and owner back.
 */
#ifndef LIMPID_MERGED_H
#define LIMPID_MERGED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "child.h"
#include "guard.h"
#include "log.h"
#include "loop.h"
#include "plan.h"
#include "problem.h"

struct merged {
	struct loop *loop;
	const struct log *log;
	/* All runs up to this one have ended. */
	void (*refreshed)(void *owner, uint32_t run);
	void *owner;
	const char *path; /* the mount point; NULL: there is nothing to do */
	const char *parent, *upper; /* NULL: nothing is to be watched */
	unsigned device_major, device_minor; /* of what is mounted there */
	struct guard guard; /* of parent, in which the upper directory is */
	struct watch changes;
	struct child run;       /* what looks for directories and remounts: it may have to wait for others */
	struct timer next;      /* a run is due */
	struct timer limit;     /* it has not ended */
	struct timer fallback;  /* for what is not watched */
	int64_t earliest;       /* no run because of a change before that */
	uint32_t started;       /* runs */
	bool walk;              /* directories may have come */
	bool changed;           /* since a run was started */
	bool asked;             /* the same, and somebody waits for it */
	bool told;              /* that it fails */
	bool stuck;             /* a run takes too long */
	bool over;
};

void merged_init(struct merged *merged, struct loop *loop, const struct log *log,
		 void (*refreshed)(void *owner, uint32_t run), void *owner);

/* Remembers what is mounted, and watches the upper directory from now on. Without `merged` in the plan: nothing. */
int merged_open(struct merged *merged, const struct plan *plan, struct problem *problem);

/* Something of what was seen is to be dropped now. The run whose end is the end of that; 0: there is nothing to do. */
uint32_t merged_ask(struct merged *merged);

/* SIGCHLD has come. */
void merged_child_ended(struct merged *merged);

/* The workload has ended: once more, for at most a second, and then never again. */
void merged_finish(struct merged *merged);

/* Puts back what the guest has changed of the directory that holds the upper one. */
void merged_restore(const struct merged *merged);

void merged_close(struct merged *merged);

#endif
