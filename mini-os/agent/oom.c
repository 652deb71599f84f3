#include "oom.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "log.h"

static void changed(void *owner, uint32_t events)
{
	(void)events;
	oom_look(owner);
}

void oom_open(struct oom *oom, struct loop *loop, struct link *link)
{
	*oom = (struct oom){
		.loop = loop,
		.link = link,
		.watch = { .fd = -1, .ready = changed, .owner = oom },
	};
}

void oom_watch(struct oom *oom, const char *cgroup)
{
	int error;

	oom->watch.fd = cgroup_memory_events(cgroup);
	error = oom->watch.fd < 0 ? oom->watch.fd : watch_set(oom->loop, &oom->watch, EPOLLPRI | EPOLLET);
	if (error < 0)
		log_error("%s/memory.events: %s", cgroup, strerror(-error));
}

void oom_look(struct oom *oom)
{
	uint64_t kills;

	if (oom->watch.fd < 0 || !link_is_open(oom->link) || cgroup_oom_kills(oom->watch.fd, &kills) < 0)
		return;
	if (kills > oom->told)
		link_send(oom->link, FRAME_EVENT, 0, 0, 0, OOM_EVENT, strlen(OOM_EVENT));
	oom->told = kills;
}

void oom_close(struct oom *oom)
{
	watch_stop(oom->loop, &oom->watch);
	if (oom->watch.fd >= 0)
		close(oom->watch.fd);
	oom->watch.fd = -1;
}
