/*
 * The UNIX sockets in the container's directory. They are named relatively to the working directory,
 * because an address holds 107 bytes and the directory's path may be longer.
 */
#ifndef LIMPID_SOCKETS_H
#define LIMPID_SOCKETS_H

#include <stdbool.h>

#include "problem.h"

#define SOCKET_CREATE "create.sock"
#define SOCKET_SHIM "shim.sock"
#define SOCKET_QMP "qmp.sock"
#define SOCKET_VIRTIOFSD "virtiofsd.sock"

/* Makes a listening socket at name, in the place of one that is there. */
int socket_listen(const char *name, bool blocking, struct problem *problem);

/* Connects, within a few seconds. The path may be longer than an address. */
int socket_connect(const char *path, struct problem *problem);

/*
 * Looks whether somebody has a socket at path to which socket_connect may connect, of which he learns nothing: 0. What
 * is wrong otherwise is said in the same words.
 */
int socket_look(const char *path, struct problem *problem);

/* The same as socket_connect; the descriptor does not block from then on. */
int socket_connect_nonblocking(const char *path, struct problem *problem);

/* Removes what socket_listen makes of the names above. */
void sockets_remove(void);

/* Both ends close on exec; ours does not block, the other does. */
int socket_pair(int *ours, int *theirs, struct problem *problem);

#endif
