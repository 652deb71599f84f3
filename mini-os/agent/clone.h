/* What makes a clone of a template a machine of its own, once its random generator is. */
#ifndef LIMPID_CLONE_H
#define LIMPID_CLONE_H

#include "problem.h"

#define MACHINE_ID_SIZE 33 /* 32 digits, as machine-id(5) has them, and a line's end */

/* The text of a machine id from 16 random bytes: that of a version 4 UUID (RFC 9562). */
void clone_machine_id(unsigned char bytes[16], char text[MACHINE_ID_SIZE]);

/*
 * Has the kernel find the devices that the template did not have, and gives the guest a machine id that no sibling has.
 * 0, or -1 with the problem filled.
 */
int clone_settle(struct problem *problem);

#endif
