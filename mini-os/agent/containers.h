/* The containers of the guest: the one that it was started for, which is 0, and those that have joined it. */
#ifndef LIMPID_CONTAINERS_H
#define LIMPID_CONTAINERS_H

#include "container.h"

struct containers {
	struct loop *loop;
	struct reaper *reaper;
	struct processes *processes;
	struct link *link;
	struct container_events events;
	const struct container_events *above;
	void *owner;
	bool used[CONTAINERS_MAX];
	struct container table[CONTAINERS_MAX];
};

/* events: those of all containers, but for ending and over, which stay here. */
void containers_open(struct containers *containers, struct loop *loop, struct reaper *reaper,
		     struct processes *processes, struct link *link, const struct container_events *events,
		     void *owner);
void containers_close(struct containers *containers);

/* NULL, with the problem filled: nobody has joined with this number, or it is over. what names the request. */
struct container *containers_find(struct containers *containers, unsigned number, const char *what,
				  struct problem *problem);

/* See container_flush_disks: the VM has them, whoever uses them. */
void containers_flush_disks(struct containers *containers);

/* Begins a `join`, or answers it at once. */
void containers_join(struct containers *containers, uint32_t answer_to, uint16_t init_number,
		     struct request *request);

/* True if something has this number among the processes, or will have. */
bool containers_use(const struct containers *containers, uint16_t process);

/* The container whose init is this process; NULL: there is none. */
struct container *containers_of(struct containers *containers, uint16_t process);

/* The link can be used by another host, or is no longer busy. */
void containers_opened(struct containers *containers, uint32_t window);
void containers_resume(struct containers *containers);

/* The host has been replaced by another: what is not of container 0 itself is killed. */
void containers_abandon(struct containers *containers);

#endif
