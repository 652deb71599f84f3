/*
 * Paths in the guest that the host names. All lie below one directory, and none of their components is ever
 * followed as a symbolic link: parts of them are the workload's.
 */
#ifndef LIMPID_PATH_H
#define LIMPID_PATH_H

#include <stdbool.h>

#define PATH_BASE "/run/limpid"

/* Absolute, below PATH_BASE, without empty components, `.` and `..`. */
bool path_valid(const char *path);

/* Opens a valid path (flags as open's; O_CLOEXEC is added). The descriptor or -errno. */
int path_open(const char *path, int flags);

/* Makes what is missing of a directory, or of a file, and opens it with O_PATH. The descriptor or -errno. */
int path_make(const char *path, bool directory);

#endif
