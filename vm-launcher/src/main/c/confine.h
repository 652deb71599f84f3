/* Landlock for virtiofsd: the places below `shared` where it may change things; nowhere else. */
#ifndef LIMPID_CONFINE_H
#define LIMPID_CONFINE_H

#include "plan.h"

/* A ruleset as the plan wants it; CONFINE_NONE: the kernel has no Landlock that suffices; -1: problem. */
#define CONFINE_NONE (-2)
int confine_make(const struct plan *plan, struct problem *problem);

/* In the child: from here on the rules hold. Returns 0, or -1 and errno. */
int confine_self(int ruleset);

#endif
