/* The container's terminal on the host's side: the caller's own, or a pty whose master is sent away. */
#ifndef LIMPID_TERMINAL_H
#define LIMPID_TERMINAL_H

#include <stdbool.h>
#include <termios.h>

#include "frame.h"
#include "plan.h"

struct terminal {
	enum plan_terminal kind;
	int fd; /* -1: there is none */
	bool raw;
	struct termios saved;
};

/* Looks at standard input, or makes the pty, raw, and sends its master to the plan's socket. */
int terminal_open(struct terminal *terminal, const struct plan *plan, struct problem *problem);

/* Sets an inherited terminal raw until terminal_close. */
int terminal_set_raw(struct terminal *terminal);

/* False: there is no terminal, or it does not know its size. */
bool terminal_size(const struct terminal *terminal, struct frame_resize *size);

/* Restores. Safe in a signal handler. */
void terminal_restore(struct terminal *terminal);

void terminal_close(struct terminal *terminal);

#endif
