/* What of the host the hypervisor gets for disks, opened: it could not open them itself. */
#ifndef LIMPID_DISK_H
#define LIMPID_DISK_H

#include "plan.h"

/*
 * Opens the device, for writing only if nobody else has claimed it, be it by a mount. The descriptor; -1: problem.
 */
int disk_open(const struct plan_disk *disk, struct problem *problem);

/*
 * Opens a regular file of our own for a disk, for writing, and locks it: the lock is held as long as anybody has what
 * the descriptor stands for. The descriptor; -1: problem.
 */
int disk_open_file(const char *path, struct problem *problem);

#endif
