/* The container's terminal on the host's side: the caller's own, or a pty whose master is sent away. */
#ifndef LIMPID_TERMINAL_H
#define LIMPID_TERMINAL_H

#include <stdbool.h>
#include <termios.h>

#include "frame.h"
#include "plan.h"

struct terminal {
	enum plan_terminal kind;
	int fd;           /* -1: there is none */
	int master;       /* of a pty, until it is sent away; -1: there is none, or it has been */
	const char *path; /* to which it is sent; the plan's */
	bool raw;
	struct termios saved;
};

/* Looks whether the plan's socket, if it names one, can be reached. Who listens there learns nothing of it. */
int terminal_look(const struct plan *plan, struct problem *problem);

/* Looks at standard input, or makes the pty, raw. */
int terminal_open(struct terminal *terminal, const struct plan *plan, struct problem *problem);

/* Sends the master of a pty to the plan's socket, once. Nothing if there is none. */
int terminal_send(struct terminal *terminal, struct problem *problem);

/* Sets an inherited terminal raw until terminal_close. */
int terminal_set_raw(struct terminal *terminal);

/* False: there is no terminal, or it does not know its size. */
bool terminal_size(const struct terminal *terminal, struct frame_resize *size);

/* Restores. Safe in a signal handler. */
void terminal_restore(struct terminal *terminal);

void terminal_close(struct terminal *terminal);

#endif
