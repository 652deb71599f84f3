/* Tells the host when the kernel has killed something in the container for want of memory. */
#ifndef LIMPID_OOM_H
#define LIMPID_OOM_H

#include <stdint.h>

#include "link.h"
#include "loop.h"

/* The payload of the EVENT. */
#define OOM_EVENT "{\"event\":\"oom\"}"

struct oom {
	struct loop *loop;
	struct link *link;
	struct watch watch; /* of memory.events */
	uint64_t told;      /* how many kills the host knows of */
};

void oom_open(struct oom *oom, struct loop *loop, struct link *link);

/* Watches a cgroup from now on. Problems are logged. */
void oom_watch(struct oom *oom, const char *cgroup);

/* Tells now what has not been told. */
void oom_look(struct oom *oom);

void oom_close(struct oom *oom);

#endif
