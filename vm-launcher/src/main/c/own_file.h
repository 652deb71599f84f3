/* Files whose contents are believed, because nobody else can have written them. */
#ifndef LIMPID_OWN_FILE_H
#define LIMPID_OWN_FILE_H

#include "problem.h"

/*
 * Opens a regular file for reading, whose owner is ours and alone may write it; no symbolic link. The descriptor; -1:
 * a problem that begins with what the file is, and its path.
 */
int own_file_open(const char *what, const char *path, struct problem *problem);

#endif
