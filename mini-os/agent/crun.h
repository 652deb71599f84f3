/* Runs crun, one verb at a time. */
#ifndef LIMPID_CRUN_H
#define LIMPID_CRUN_H

#include "problem.h"
#include "reaper.h"

/* All below PATH_BASE. */
#define CRUN_ROOT "/run/limpid/crun"
#define CRUN_BUNDLE "/run/limpid/bundle"
#define CRUN_CONFIG CRUN_BUNDLE "/config.json"
#define CRUN_LOG "/run/limpid/crun.log"
#define CRUN_PID "/run/limpid/crun.pid"
#define CRUN_CONSOLE "/run/limpid/console.sock"

struct crun {
	struct reaper *reaper;
	struct child child;
	const char *verb; /* the one under way, or NULL */
	/* problem: NULL, or FAILURE_RUNTIME with crun's own message. */
	void (*done)(void *owner, const struct problem *problem);
	void *owner;
};

void crun_open(struct crun *crun, struct reaper *reaper);

/*
 * Begins `crun … create`. stdio: what the process gets as its standard streams, -1 for /dev/null. Returns 0, after
 * which done is called, or -1 with the problem filled.
 */
int crun_create(struct crun *crun, bool terminal, const int stdio[3], struct problem *problem,
		void (*done)(void *owner, const struct problem *problem), void *owner);

/* Begins `crun … start`, in the same way. */
int crun_start(struct crun *crun, struct problem *problem,
	       void (*done)(void *owner, const struct problem *problem), void *owner);

static inline bool crun_busy(const struct crun *crun)
{
	return crun->verb != NULL;
}

/* The pid that `create` has left behind, or -errno. */
pid_t crun_pid(void);

#endif
