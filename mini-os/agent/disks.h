/* `disks`: under which numbers the guest's kernel knows the disks of the host. They may still be on their way. */
#ifndef LIMPID_DISKS_H
#define LIMPID_DISKS_H

#include "loop.h"
#include "request.h"

struct disks {
	struct loop *loop;
	struct timer retry;
	struct disks_request request; /* the one under way */
	int64_t deadline;
	/* Exactly one of result (JSON) and problem. Called once for each begin, perhaps before that returns. */
	void (*done)(void *owner, const char *result, const struct problem *problem);
	void *owner;
};

void disks_open(struct disks *disks, struct loop *loop,
		void (*done)(void *owner, const char *result, const struct problem *problem), void *owner);
void disks_close(struct disks *disks);

void disks_begin(struct disks *disks, const struct disks_request *request);

#endif
