/* What becomes of a container's mounts when crun, which has no word for it, has made them. */
#ifndef LIMPID_ATTRIBUTES_H
#define LIMPID_ATTRIBUTES_H

#include <stddef.h>
#include <sys/types.h>

#include "problem.h"

/* Bits of mount_attributes.flags. */
#define ATTRIBUTE_NOSYMFOLLOW 0x01u
#define ATTRIBUTE_PRIVATE 0x02u
#define ATTRIBUTE_SHARED 0x04u
#define ATTRIBUTE_SLAVE 0x08u
#define ATTRIBUTE_UNBINDABLE 0x10u
#define ATTRIBUTE_REC 0x20u
#define ATTRIBUTE_PROPAGATIONS \
	(ATTRIBUTE_PRIVATE | ATTRIBUTE_SHARED | ATTRIBUTE_SLAVE | ATTRIBUTE_UNBINDABLE)

struct mount_attributes {
	const char *target; /* absolute, in the container */
	unsigned flags;
};

/* A copy that holds its texts, to be freed with free; NULL: no memory. */
struct mount_attributes *attributes_copy(const struct mount_attributes *mounts, size_t count);

/* Sets them, in their order, in the mount namespace of a process. */
int attributes_apply(const struct mount_attributes *mounts, size_t count, pid_t pid, struct problem *problem);

#endif
