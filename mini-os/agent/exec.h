/* Processes in the container beside its init: from `exec` to the end of each. Several are begun at the same time. */
#ifndef LIMPID_EXEC_H
#define LIMPID_EXEC_H

#include "crun.h"
#include "outlets.h"
#include "process.h"
#include "request.h"

#define EXECS_MAX 256        /* begun or running */
#define EXECS_AT_ONCE 8      /* invocations of crun */
#define EXECS_BYTES_MAX (16u * 1024u * 1024u) /* of the texts of those that are not running yet */

struct exec;

struct execs {
	struct loop *loop;
	struct reaper *reaper;
	struct processes *processes;
	const struct crun_place *place; /* the container's */
	struct exec *first; /* in the order in which they were asked for */
	unsigned count, starting;
	size_t bytes;
	uint32_t last_serial;
	int64_t since; /* when, with nothing under way, the first of those under way was begun */
	bool ended;    /* the container has */
	/* The answer to one of them: exactly one of result (JSON) and problem. */
	void (*done)(void *owner, uint32_t request, const char *result, const struct problem *problem);
	/* None is left. */
	void (*over)(void *owner);
	void *owner;
};

void execs_open(struct execs *execs, struct loop *loop, struct reaper *reaper, struct processes *processes,
		const struct crun_place *place,
		void (*done)(void *owner, uint32_t request, const char *result, const struct problem *problem),
		void (*over)(void *owner), void *owner);
void execs_close(struct execs *execs);

/* True if one of them has this number, also if it has not been begun yet. */
bool execs_use(const struct execs *execs, uint16_t number);

/* The container is there, and nobody has the number. Answered at once, or later. */
void execs_begin(struct execs *execs, uint32_t request, uint16_t number, const struct exec_request *exec);

/* The host that asked has gone: nobody waits for answers, and the processes are killed. */
void execs_abandon(struct execs *execs);

/* The container has ended: what is left is killed. */
void execs_end(struct execs *execs);

/* None waits for its turn or for crun. */
bool execs_are_begun(const struct execs *execs);

static inline bool execs_are_over(const struct execs *execs)
{
	return execs->first == NULL;
}

#endif
