/* Processors that the host plugs in while the guest runs: the kernel knows of them, and leaves it to others to use them. */
#ifndef LIMPID_PROCESSORS_H
#define LIMPID_PROCESSORS_H

#include "loop.h"

struct processors {
	struct loop *loop;
	struct watch watch; /* of what the kernel tells of devices */
};

/* Takes new processors from now on. Problems are logged: the guest goes on with those it has. */
void processors_open(struct processors *processors, struct loop *loop);

void processors_close(struct processors *processors);

#endif
