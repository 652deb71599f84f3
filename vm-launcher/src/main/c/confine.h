/*
 * What virtiofsd and the hypervisor may do although they are started by root: Landlock, and no
 * capabilities. The working directory must be the container's.
 */
#ifndef LIMPID_CONFINE_H
#define LIMPID_CONFINE_H

#include "plan.h"

/* Instead of a ruleset: the kernel has no Landlock that suffices. */
#define CONFINE_NONE (-2)

/*
 * A ruleset that lets virtiofsd read and change what the plan says of `shared`, and read what it takes to
 * start. CONFINE_NONE: see there, and the plan can do without; -1: problem.
 */
int confine_virtiofsd(const struct plan *plan, struct problem *problem);

/*
 * A ruleset that lets the hypervisor change no file, and open only its devices for writing. In the same way. Landlock
 * does not look at memfds: it can open its memory again.
 */
int confine_hypervisor(struct problem *problem);

/*
 * In the child, which has its own entry in /proc only now: it may read that, with a ruleset for virtiofsd.
 * Returns 0, or -1 and errno.
 */
int confine_allow_own_proc(int ruleset);

/* In the child, which gains no privileges any more: from here on the rules hold. Returns 0, or -1 and errno. */
int confine_self(int ruleset);

/* In the child: neither it nor what it becomes has a capability any more. Returns 0, or -1 and errno. */
int confine_drop_capabilities(void);

#endif
