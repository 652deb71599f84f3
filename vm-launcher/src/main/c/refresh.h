/*
 * The network of this process's namespace, watched: when it has changed, the plan's program is run, which brings the
 * VM's up to date. What has changed is for that program to find out.
 */
#ifndef LIMPID_REFRESH_H
#define LIMPID_REFRESH_H

#include <stdbool.h>
#include <stdint.h>

#include "child.h"
#include "log.h"
#include "loop.h"
#include "problem.h"

struct refresh {
	struct loop *loop;
	const struct log *log;
	char *const *argv;
	struct watch socket; /* of the kernel's routing messages */
	struct timer quiet;  /* changes wait for there to be no more of them */
	struct timer limit;  /* of the program's time */
	int64_t since;       /* when the first of these changes came */
	int64_t next;        /* when the program may be run again */
	unsigned pause;      /* after the last run, in milliseconds; 0: that one has not failed */
	struct child program;
	bool again; /* something has changed since the program was started */
	bool told;  /* the log says why this run has failed */
	bool over;
};

void refresh_init(struct refresh *refresh, struct loop *loop, const struct log *log);

/* Whatever changes from now on is noticed; argv, which ends with NULL, is then run. May be called again. */
int refresh_watch(struct refresh *refresh, char *const *argv, struct problem *problem);

/* To be called when a child of this process has ended. */
void refresh_child_ended(struct refresh *refresh);

/* Nothing more is run, and what runs is killed. */
void refresh_stop(struct refresh *refresh);

#endif
