/*
 * `limpid-shim exec`: stands for a process in a running container. `limpid-shim join`: stands for a container in the VM
 * of another, whose init is such a process; it serves what that needs of the host. Both return the exit status.
 */
#ifndef LIMPID_EXEC_H
#define LIMPID_EXEC_H

#include <stdbool.h>

#include "plan.h"

int exec_run(enum plan_kind kind, const char *plan_path, bool *detached);

#endif
