/*
 * Signals as events of the loop. All are blocked, but for those of this program's own faults while a
 * terminal has to be restored when they strike.
 */
#ifndef LIMPID_SIGNALS_H
#define LIMPID_SIGNALS_H

#include <stdbool.h>

#include "loop.h"
#include "terminal.h"

struct signals {
	struct loop *loop;
	struct watch watch; /* the signalfd */
	struct watch fault; /* the pipe of the fault handler */
	/* from_outside: a process has sent it, not the kernel. */
	void (*came)(void *owner, unsigned number, bool from_outside);
	void *owner;
};

/* Blocks everything, with default actions behind it whatever was inherited. -errno. */
int signals_open(struct signals *signals, struct loop *loop, void (*came)(void *, unsigned, bool), void *owner);

/* From here on a fault restores the terminal. -errno. */
int signals_guard(struct signals *signals, struct terminal *terminal);

void signals_close(struct signals *signals);

#endif
