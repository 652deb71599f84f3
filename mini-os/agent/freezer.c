#include "freezer.h"

#include <errno.h>
#include <string.h>

#include "cgroup.h"
#include "log.h"

/* Processes freeze at once, unless they are stuck in the kernel. Tests have less patience. */
#ifndef FREEZE_PATIENCE_MS
#define FREEZE_PATIENCE_MS 10000
#endif
#define LOOK_AGAIN_MS 5

static const char *verb(const struct freezer *freezer)
{
	return freezer->frozen ? "pause" : "resume";
}

static void finish(struct freezer *freezer, const struct problem *problem)
{
	timer_stop(freezer->loop, &freezer->timer);
	freezer->busy = false;
	freezer->done(freezer->owner, problem);
}

static void give_up(struct freezer *freezer)
{
	struct problem problem;
	int error;

	if (!freezer->asked) {
		problem_set(&problem, FAILURE_SYSTEM, "pause: processes are still being begun");
	} else {
		problem_set(&problem, FAILURE_SYSTEM, "%s: not everything in %s %s in time", verb(freezer),
			    freezer->cgroup, freezer->frozen ? "froze" : "thawed");
		error = freezer->frozen ? cgroup_freeze(freezer->cgroup, false) : 0;
		if (error < 0)
			log_error("thawing %s: %s", freezer->cgroup, strerror(-error));
	}
	finish(freezer, &problem);
}

/* False if the kernel refuses, and the request has been answered. */
static bool ask_kernel(struct freezer *freezer)
{
	int error = cgroup_freeze(freezer->cgroup, freezer->frozen);
	struct problem problem;

	if (error < 0) {
		errno = -error;
		problem_errno(&problem, "%s: write %s/cgroup.freeze", verb(freezer), freezer->cgroup);
		finish(freezer, &problem);
		return false;
	}
	freezer->asked = true;
	return true;
}

static void look(void *owner)
{
	struct freezer *freezer = owner;

	/*
	 * crun joins the container's cgroup before the program of an `exec` is begun: frozen half-way, neither it nor
	 * the request would come to an end.
	 */
	if (!freezer->asked && (!freezer->frozen || execs_are_begun(freezer->execs)) && !ask_kernel(freezer))
		return;
	if (freezer->asked && cgroup_frozen(freezer->cgroup) == freezer->frozen)
		finish(freezer, NULL);
	else if (loop_now() >= freezer->deadline)
		give_up(freezer);
	else
		timer_set(freezer->loop, &freezer->timer, LOOK_AGAIN_MS);
}

void freezer_open(struct freezer *freezer, struct loop *loop, const struct execs *execs, const char *cgroup,
		  void (*done)(void *owner, const struct problem *problem), void *owner)
{
	*freezer = (struct freezer){
		.loop = loop,
		.execs = execs,
		.cgroup = cgroup,
		.timer = { .expired = look, .owner = freezer },
		.done = done,
		.owner = owner,
	};
}

void freezer_begin(struct freezer *freezer, bool frozen)
{
	freezer->busy = true;
	freezer->frozen = frozen;
	freezer->asked = false;
	freezer->deadline = loop_now() + FREEZE_PATIENCE_MS;
	look(freezer);
}

bool freezer_stop(struct freezer *freezer)
{
	bool busy = freezer->busy;

	timer_stop(freezer->loop, &freezer->timer);
	freezer->busy = false;
	return busy;
}
