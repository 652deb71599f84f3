/* Parameters of the kernel as a whole: those of a container's namespaces are crun's to set. */
#ifndef LIMPID_SYSCTL_H
#define LIMPID_SYSCTL_H

#include <stdbool.h>
#include <stddef.h>

#include "problem.h"

#define SYSCTL_NAME_MAX 255

struct sysctl {
	const char *name; /* sysctl_valid */
	const char *value;
};

/* Whether it leads below /proc/sys: components of letters, digits and _-.: alone, none of them of dots alone. */
bool sysctl_valid(const char *name);

/* Writes them in their order, up to the first that can't be written. */
int sysctl_write(const struct sysctl *sysctls, size_t count, struct problem *problem);

/* The same, but those that this kernel does not have are only logged. */
int sysctl_write_known(const struct sysctl *sysctls, size_t count, struct problem *problem);

#endif
