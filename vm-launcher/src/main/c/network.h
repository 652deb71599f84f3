/* The network namespace that the shim, and so QEMU, lives in. */
#ifndef LIMPID_NETWORK_H
#define LIMPID_NETWORK_H

#include "plan.h"

/* 1: it is another one than before; 0: it is the same, the host's; or -1. A path can lead to the host's too. */
int network_enter(const struct plan *plan, struct problem *problem);

#endif
