/* Who is told when a process ends: the agent's children, and those that it inherits as their subreaper. */
#ifndef LIMPID_REAPER_H
#define LIMPID_REAPER_H

#include <sys/types.h>

#include "loop.h"

struct child {
	struct child *next;
	pid_t pid; /* 0: not watched, or it has ended */
	void (*ended)(void *owner, int status); /* as waitpid tells it */
	void *owner;
};

struct reaper {
	struct child *children;
	unsigned remembering; /* how many ask for it */
};

void reaper_open(struct reaper *reaper);

/* SIGCHLD has come. */
void reaper_collect(struct reaper *reaper);

/* child->pid, set by the caller, has just been forked: child->ended is never called before this returns. */
void reaper_watch(struct reaper *reaper, struct child *child);

/* It was inherited some time ago. If it has ended while remembering, child->ended is called before this returns. */
void reaper_adopt(struct reaper *reaper, struct child *child);
void reaper_forget(struct reaper *reaper, struct child *child);

/*
 * While the pid of a process that will be inherited is not known yet, strangers are not reaped, so that reaper_adopt
 * finds how they ended and no other process gets their pid. To be ended as often as it was begun, and soon: the
 * zombies wait for it. The last end collects them; whoever is told of that may do anything.
 */
void reaper_remember(struct reaper *reaper, bool remember);

#endif
