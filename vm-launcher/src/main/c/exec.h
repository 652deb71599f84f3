/* `limpid-shim exec`: stands for a process in a running container. Returns the exit status. */
#ifndef LIMPID_EXEC_H
#define LIMPID_EXEC_H

#include <stdbool.h>

int exec_run(const char *plan_path, bool *detached);

#endif
