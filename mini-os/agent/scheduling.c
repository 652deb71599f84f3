#include "scheduling.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"

#define DEADLINE 6
#define RESET_ON_FORK 0x01u

/* The kernel's struct sched_attr in its first version; its header can't be had beside sched.h. */
struct attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static int set_scheduler(pid_t pid, const struct scheduling *scheduling)
{
	struct attributes attributes = {
		.size = sizeof attributes,
		.policy = scheduling->policy,
		.flags = scheduling->flags,
		.nice = scheduling->nice,
		.priority = scheduling->priority,
		.runtime = scheduling->runtime,
		.deadline = scheduling->deadline,
		.period = scheduling->period,
	};

	return (int)syscall(SYS_sched_setattr, pid, &attributes, 0);
}

static int set_io(pid_t pid, int class, int priority)
{
	return (int)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, IOPRIO_PRIO_VALUE(class, priority));
}

int scheduling_apply(const struct scheduling *scheduling, pid_t pid, struct problem *problem)
{
	if (scheduling->scheduled && set_scheduler(pid, scheduling) < 0)
		return problem_errno(problem, "set the scheduler to policy %u, priority %u", scheduling->policy,
				     scheduling->priority);
	if (scheduling->io && set_io(pid, scheduling->io_class, scheduling->io_priority) < 0)
		return problem_errno(problem, "set the I/O priority to class %d, priority %d", scheduling->io_class,
				     scheduling->io_priority);
	return 0;
}

static bool is_inherited(const struct scheduling *scheduling)
{
	return !scheduling->scheduled || (scheduling->policy != DEADLINE && !(scheduling->flags & RESET_ON_FORK));
}

/* Of a process that makes another one as it is to be. */
static struct scheduling of_parent(const struct scheduling *scheduling)
{
	struct scheduling parent = *scheduling;

	parent.flags &= ~RESET_ON_FORK;
	if (parent.policy == DEADLINE)
		parent.scheduled = false;
	return parent;
}

int scheduling_lend(const struct scheduling *scheduling, struct problem *problem)
{
	const struct scheduling parent = of_parent(scheduling);

	return scheduling_apply(&parent, 0, problem);
}

void scheduling_return(const struct scheduling *scheduling)
{
	static const struct scheduling usual = { .policy = SCHED_OTHER };

	if (scheduling->scheduled && set_scheduler(0, &usual) < 0)
		log_error("the agent's scheduler: %s", strerror(errno));
	if (scheduling->io && set_io(0, IOPRIO_CLASS_NONE, 0) < 0)
		log_error("the agent's I/O priority: %s", strerror(errno));
}

int scheduling_complete(const struct scheduling *scheduling, pid_t pid, struct problem *problem)
{
	if (is_inherited(scheduling) || scheduling_apply(scheduling, pid, problem) == 0 || errno == ESRCH)
		return 0;
	return -1;
}
