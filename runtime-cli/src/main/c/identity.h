#ifndef LIMPID_IDENTITY_H
#define LIMPID_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Writes what must be the same of two processes if one shall do a verb for the other: the installation, file by file that tells
 * whether it has been replaced; the root directory; the namespaces. False if it can't be told, or is longer.
 */
bool identity_write(char *text, size_t size);

#endif
