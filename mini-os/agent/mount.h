/* One mount of a `prepare`. */
#ifndef LIMPID_MOUNT_H
#define LIMPID_MOUNT_H

#include "request.h"

enum mount_result {
	MOUNT_DONE,
	MOUNT_LATER, /* the device of a layer or tag is not there, or not usable, yet */
	MOUNT_FAILED,
};

enum mount_result mount_do(const struct mount_request *request, struct problem *problem);

/* Takes away the topmost mount on a target. */
void mount_undo(const struct mount_request *request);

#endif
