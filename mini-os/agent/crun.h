/* Runs crun, one verb at a time for each struct crun. */
#ifndef LIMPID_CRUN_H
#define LIMPID_CRUN_H

#include "problem.h"
#include "reaper.h"
#include "scheduling.h"
#include "timens.h"

#define CRUN_PATH_SIZE 64
#define CRUN_FILE_SIZE (CRUN_PATH_SIZE + 16)

/* crun's name for a container, and the files that are needed for it; all below PATH_BASE. */
struct crun_place {
	char id[24];
	char bundle[CRUN_PATH_SIZE];
	char config[CRUN_PATH_SIZE]; /* in the bundle */
	char log[CRUN_PATH_SIZE];
	char pid[CRUN_PATH_SIZE];
	char console[CRUN_PATH_SIZE];
	char resources[CRUN_PATH_SIZE];
	char exec[CRUN_PATH_SIZE];   /* a directory */
	char status[CRUN_PATH_SIZE]; /* crun's own */
	char fifo[CRUN_PATH_SIZE];   /* crun's own: from this the init that it has made reads a byte before it goes on */
};

/* directory: PATH_BASE, or one below it. */
void crun_place(struct crun_place *place, const char *id, const char *directory);

/* What `exec` works with, each invocation with its own. */
struct crun_files {
	char process[CRUN_FILE_SIZE];
	char pid[CRUN_FILE_SIZE];
	char console[CRUN_FILE_SIZE];
	char log[CRUN_FILE_SIZE];
};

struct crun {
	struct reaper *reaper;
	const struct crun_place *place;
	struct child child;
	const char *log;
	const char *verb; /* the one under way, or NULL */
	/* problem: NULL, or FAILURE_RUNTIME with crun's own message. */
	void (*done)(void *owner, const struct problem *problem);
	void *owner;
};

void crun_open(struct crun *crun, struct reaper *reaper, const struct crun_place *place);

/*
 * Begins `crun … create`. stdio: what the process gets as its standard streams, -1 for /dev/null; clocks: it has them
 * by being made in their namespace. Returns 0, after which done is called, or -1 with the problem filled.
 */
int crun_create(struct crun *crun, bool terminal, const int stdio[3], const struct clocks *clocks,
		struct problem *problem, void (*done)(void *owner, const struct problem *problem), void *owner);

/*
 * By when the container's init was started, crun knows it again. For one that it has made in another time namespace that
 * is another time for the next crun, and has to be forgotten. Its pid is not another's before the agent has reaped it.
 */
void crun_forget_start(const struct crun_place *place);

/*
 * Does what `crun start` is there for: has the init that waits go on. crun itself would read the container's configuration
 * and state for it, of which the agent knows everything. FAILURE_NO_PROCESS: there is no init any more.
 */
int crun_start(const struct crun_place *place, struct problem *problem);

/*
 * Begins `crun … exec`, in the same way; the process is there when it has succeeded. The OOM score adjustment, and
 * of the scheduling what can be, are inherited by what it makes.
 */
int crun_exec(struct crun *crun, const struct crun_files *files, bool terminal, const int stdio[3], int oom_score,
	      const struct scheduling *scheduling, struct problem *problem,
	      void (*done)(void *owner, const struct problem *problem), void *owner);

/* Begins `crun … update` with what is in the place's file for it, in the same way. */
int crun_update(struct crun *crun, struct problem *problem,
		void (*done)(void *owner, const struct problem *problem), void *owner);

/* Begins `crun … delete` of a container of which nothing runs any more, in the same way. */
int crun_delete(struct crun *crun, struct problem *problem,
		void (*done)(void *owner, const struct problem *problem), void *owner);

/* Does not wait for its end, which is told as any other. */
void crun_kill(struct crun *crun);

static inline bool crun_busy(const struct crun *crun)
{
	return crun->verb != NULL;
}

/* The pid that `create` or `exec` has left behind in a file, or -errno. */
pid_t crun_pid(const char *path);

/* Makes a file for crun, in the place of one that is there. */
int crun_write(const char *path, const char *text, struct problem *problem);

#endif
