/*
 * The shim's own mount namespace, a slave of the host's, and in it the directory `shared` that virtiofsd
 * serves: a small tmpfs with the binds and the upper directory of the plan, read-only in itself.
 * Nothing of it is seen by the host, and it is gone with the last process of the namespace.
 * The working directory must be the container's.
 */
#ifndef LIMPID_MOUNTS_H
#define LIMPID_MOUNTS_H

#include <stdbool.h>

#include "plan.h"

#define MOUNTS_SHARED "shared"

int mounts_make(const struct plan *plan, struct problem *problem);

/*
 * In a child that will have no say in mounts: puts it into a namespace of its own in which every mount is
 * read-only, but for those of `shared` if they are to be kept. Landlock knows nothing of modes, owners and
 * attributes, and root's files are root's without any capability. Returns 0, or -1 and errno.
 */
int mounts_freeze(bool keep_shared);

#endif
