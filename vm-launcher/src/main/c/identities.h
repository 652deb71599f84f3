/* User namespaces as the kernel wants them to say how the owners of files are mapped. */
#ifndef LIMPID_IDENTITIES_H
#define LIMPID_IDENTITIES_H

#include "problem.h"

/* A descriptor of a user namespace with these maps, in which there is no process; or -1 with the problem filled. */
int user_namespace(const char *users, const char *groups, struct problem *problem);

#endif
