/*
 * The shim's own mount namespace, a slave of the host's, and in it the directory `shared` that virtiofsd
 * serves: a small tmpfs with the binds and the upper directory of the plan, read-only in itself.
 * Nothing of it is seen by the host, and it is gone with the last process of the namespace.
 * The working directory must be the container's.
 */
#ifndef LIMPID_MOUNTS_H
#define LIMPID_MOUNTS_H

#include "plan.h"

#define MOUNTS_SHARED "shared"

int mounts_make(const struct plan *plan, struct problem *problem);

#endif
