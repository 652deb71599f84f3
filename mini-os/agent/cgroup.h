/*
 * cgroup v2. The agent's unit is delegated to it: the agent moves into a child of the unit's cgroup, and crun makes
 * the container's beside it.
 */
#ifndef LIMPID_CGROUP_H
#define LIMPID_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_ROOT "/sys/fs/cgroup"

/* Moves the agent to a child `agent` of its cgroup and hands on the controllers. Problems are logged. */
void cgroup_delegate(void);

/* The directory of the cgroup below which the agent and all containers have theirs. 0 or -errno. */
int cgroup_of_all(char directory[PATH_MAX]);

/* The directory of a process's cgroup. 0 or -errno; -EBUSY if the agent is in it or below it. */
int cgroup_of(pid_t pid, char directory[PATH_MAX]);

/* Sends a signal to every process in a cgroup and below it. 0 or -errno. */
int cgroup_signal(const char *directory, int signal);

/* True if there is a process in a cgroup or below it; false also if the cgroup is gone. */
bool cgroup_populated(const char *directory);

/* Asks for a cgroup, and what is below it, to be frozen or thawed. 0 or -errno. */
int cgroup_freeze(const char *directory, bool frozen);

/* True if that has been asked for; and if everything stands still. */
bool cgroup_freezing(const char *directory);
bool cgroup_frozen(const char *directory);

/* A descriptor that reports EPOLLPRI when cgroup_populated may have changed, or -errno. */
int cgroup_events(const char *directory);

/* A descriptor that reports EPOLLPRI when cgroup_oom_kills, which reads it, may have changed; or -errno. */
int cgroup_memory_events(const char *directory);

/* How many processes have been killed for want of memory in a cgroup or below it. 0 or -errno. */
int cgroup_oom_kills(int memory_events, uint64_t *kills);

#endif
