/* The network namespace that the shim, and so QEMU, lives in. */
#ifndef LIMPID_NETWORK_H
#define LIMPID_NETWORK_H

#include "plan.h"

int network_enter(const struct plan *plan, struct problem *problem);

#endif
