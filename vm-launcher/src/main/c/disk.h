/* Block devices of the host that the hypervisor gets, opened: it could not open them itself. */
#ifndef LIMPID_DISK_H
#define LIMPID_DISK_H

#include "plan.h"

/*
 * Opens the device, for writing only if nobody else has claimed it, be it by a mount. The descriptor; -1: problem.
 */
int disk_open(const struct plan_disk *disk, struct problem *problem);

#endif
