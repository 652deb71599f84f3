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

/*
 * Opens what is at a path of the host, from `at` if it is relative, in which whoever wrote the plan has seen no symbolic
 * link. One that has come since, in whatever component, leads elsewhere and is not followed: ELOOP.
 */
int mounts_open_plain(int at, const char *path, unsigned long long flags);

int mounts_make(const struct plan *plan, struct problem *problem);

/*
 * In a child that will have no say in mounts: puts it into a namespace of its own in which every mount is
 * read-only, but for those of `shared` if they are to be kept. Landlock knows nothing of modes, owners and
 * attributes, and root's files are root's without any capability. Returns 0, or -1 and errno.
 */
int mounts_freeze(bool keep_shared);

/*
 * Who enters this mount namespace, as podman does to copy files, finds the plan's root at / from now on. Only when all that is
 * confined has been started: what changes its root, as passt does, takes what lies uppermost away, and would have the host's back.
 */
int mounts_cover_root(const struct plan *plan, struct problem *problem);

#endif
