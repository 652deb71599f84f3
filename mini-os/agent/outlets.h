/*
 * The standard streams of a process that crun is about to make: pipes, or a socket on which crun hands over the
 * terminal.
 */
#ifndef LIMPID_OUTLETS_H
#define LIMPID_OUTLETS_H

#include "problem.h"
#include "process.h"

struct outlets {
	struct process_streams streams; /* the agent's ends */
	int listener;                   /* for the terminal, or -1 */
	const char *console;            /* where it listens */
};

void outlets_none(struct outlets *outlets);

/*
 * Pipes, whose other ends go to stdio (the caller's to close, whatever this returns), or a socket at the path
 * console if that is not NULL.
 */
int outlets_open(struct outlets *outlets, const char *console, int stdio[3], struct problem *problem);

/* crun has succeeded: what it was to hand over is there. */
int outlets_complete(struct outlets *outlets, struct problem *problem);

/* Gives the streams away. */
struct process_streams outlets_take(struct outlets *outlets);

void outlets_close(struct outlets *outlets);

/* Closes a descriptor that is one. */
void close_fd(int *fd);

#endif
