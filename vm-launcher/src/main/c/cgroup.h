/* The host's control groups, as the plan names them: every process of the VM is in them. */
#ifndef LIMPID_CGROUP_H
#define LIMPID_CGROUP_H

#include "plan.h"
#include "problem.h"

/* This process, and with it every child that it will have, moves there. */
int cgroup_enter(const struct plan *plan, struct problem *problem);

/* It gets the plan's OOM score adjustment, if there is one. */
int cgroup_adjust_oom_score(const struct plan *plan, struct problem *problem);

#endif
