/* The programs that the shim starts. They die with it. */
#ifndef LIMPID_CHILD_H
#define LIMPID_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "problem.h"

struct child {
	const char *name; /* for messages */
	pid_t pid;        /* 0: there is none */
	bool ended;
	int status; /* as of waitpid, once it has ended */
};

struct child_start {
	char *const *argv;
	const int *descriptors; /* they become 3, 4, … */
	unsigned count;
	int output;  /* becomes standard output and error */
	int notice;  /* becomes standard output instead; 0: the output does */
	int ruleset; /* of Landlock, or negative */
	bool own_proc;    /* the ruleset is to let it read its own entry in /proc */
	bool keep_shared; /* it may change things in `shared`; every other mount is read-only to it */
	bool powerless;   /* it is to have no capabilities */
	bool survives;    /* it does not die with this process */
	bool trusted;     /* it does what this process may, with its environment, and works in the root */
};

#define CHILD_DESCRIPTORS_MAX 23u

/*
 * Starts a program in a session of its own, with this process's death as its own (unless it survives), in the same working
 * directory, with no descriptors but /dev/null, the output and those given. No program that it may run
 * gives it privileges that it has not, unless it is trusted.
 */
int child_start(struct child *child, const struct child_start *start, struct problem *problem);

/* Looks whether it has ended. True: it has, and this had not been known. */
bool child_reap(struct child *child);

/* SIGKILL, unless it has ended. */
void child_kill(struct child *child);

/* Waits for the end, at most this long. SIGCHLD must be blocked. */
void child_wait(struct child *child, unsigned milliseconds);

/* "QEMU was killed by signal 9 (Killed)" */
void child_describe(const struct child *child, char *text, size_t size);

#endif
