#include "containers.h"

static struct container *first(struct containers *containers)
{
	return &containers->table[0];
}

static void done(void *owner, const char *result, const struct problem *problem)
{
	struct containers *containers = owner;

	containers->above->done(containers->owner, result, problem);
}

static void joined(void *owner, uint32_t request, const char *result, const struct problem *problem)
{
	struct containers *containers = owner;

	containers->above->joined(containers->owner, request, result, problem);
}

static void executed(void *owner, uint32_t request, const char *result, const struct problem *problem)
{
	struct containers *containers = owner;

	containers->above->executed(containers->owner, request, result, problem);
}

static void let_go(void *owner, uint32_t *request)
{
	struct containers *containers = owner;

	containers->above->let_go(containers->owner, request);
}

static void paused(void *owner, uint32_t request, const char *result, const struct problem *problem)
{
	struct containers *containers = owner;

	containers->above->paused(containers->owner, request, result, problem);
}

/* With the first one, the guest comes to its end. */
static void ending(void *owner, struct container *container)
{
	struct containers *containers = owner;

	for (unsigned i = 1; container->number == 0 && i < CONTAINERS_MAX; i++)
		if (containers->used[i])
			container_doom(&containers->table[i]);
}

static void over(void *owner, struct container *container)
{
	struct containers *containers = owner;

	containers->used[container->number] = false;
	container_close(container);
	first(containers)->others--;
	container_look(first(containers));
}

void containers_open(struct containers *containers, struct loop *loop, struct reaper *reaper,
		     struct processes *processes, struct link *link, const struct container_events *events,
		     void *owner)
{
	*containers = (struct containers){
		.loop = loop,
		.reaper = reaper,
		.processes = processes,
		.link = link,
		.events = {
			.done = done,
			.joined = joined,
			.executed = executed,
			.let_go = let_go,
			.paused = paused,
			.ending = ending,
			.over = over,
		},
		.above = events,
		.owner = owner,
		.used = { true },
	};
	container_open(first(containers), 0, loop, reaper, processes, link, &containers->events, containers);
}

void containers_close(struct containers *containers)
{
	for (unsigned i = 0; i < CONTAINERS_MAX; i++)
		if (containers->used[i])
			container_close(&containers->table[i]);
}

struct container *containers_find(struct containers *containers, unsigned number, const char *what,
				  struct problem *problem)
{
	if (containers->used[number])
		return &containers->table[number];
	problem_set(problem, FAILURE_NO_PROCESS, "%s: there is no container %u", what, number);
	return NULL;
}

void containers_flush_disks(struct containers *containers)
{
	container_flush_disks(first(containers));
}

void containers_join(struct containers *containers, uint32_t answer_to, uint16_t init_number,
		     struct request *request)
{
	struct container *container = &containers->table[request->container];
	struct problem problem;

	if (containers->used[request->container]) {
		problem_set(&problem, FAILURE_STATE, "join: container %u is there already", request->container);
		joined(containers, answer_to, NULL, &problem);
	} else if (container_check_up(first(containers), "join", &problem) < 0) {
		joined(containers, answer_to, NULL, &problem);
	} else {
		containers->used[request->container] = true;
		first(containers)->others++;
		container_open(container, request->container, containers->loop, containers->reaper,
			       containers->processes, containers->link, &containers->events, containers);
		container_join(container, answer_to, init_number, request);
	}
}

bool containers_use(const struct containers *containers, uint16_t process)
{
	if (processes_find(containers->processes, process))
		return true;
	for (unsigned i = 0; i < CONTAINERS_MAX; i++) {
		const struct container *container = &containers->table[i];

		if (containers->used[i] &&
		    ((i != 0 && container->init_number == process) || execs_use(&container->execs, process)))
			return true;
	}
	return false;
}

struct container *containers_of(struct containers *containers, uint16_t process)
{
	for (unsigned i = 0; i < CONTAINERS_MAX; i++)
		if (containers->used[i] && containers->table[i].init_number == process)
			return &containers->table[i];
	return NULL;
}

void containers_opened(struct containers *containers, uint32_t window)
{
	for (unsigned i = 0; i < CONTAINERS_MAX; i++)
		if (containers->used[i])
			sockets_opened(&containers->table[i].sockets, window);
}

void containers_resume(struct containers *containers)
{
	for (unsigned i = 0; i < CONTAINERS_MAX; i++)
		if (containers->used[i])
			sockets_resume(&containers->table[i].sockets);
}

void containers_abandon(struct containers *containers)
{
	for (unsigned i = 0; i < CONTAINERS_MAX; i++) {
		if (!containers->used[i])
			continue;
		execs_abandon(&containers->table[i].execs);
		containers->table[i].pause = 0;
		/* It may have been over with that. */
		if (i != 0 && containers->used[i])
			container_abandon(&containers->table[i]);
	}
}
