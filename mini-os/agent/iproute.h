/* Runs iproute2's `ip`, which does what a text says line by line. */
#ifndef LIMPID_IPROUTE_H
#define LIMPID_IPROUTE_H

#include <stdbool.h>

#include "problem.h"

/*
 * Runs the commands of a text in the caller's network namespace, and waits for their end, but not for long. 0, or -1
 * with the problem filled: the first line that failed, after which nothing more has been done. An empty text costs
 * nothing. v6: for `ip -6`, which is the only way to name a rule of IPv6.
 */
int iproute_run(const char *text, bool v6, struct problem *problem);

/* The same of all lines, whatever becomes of those before; what failed is logged. */
void iproute_try(const char *text, bool v6);

#endif
