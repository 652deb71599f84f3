#include "shim.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "confine.h"
#include "disk.h"
#include "memory.h"
#include "mounts.h"
#include "network.h"
#include "own_file.h"
#include "serve.h"
#include "sockets.h"

/* What the hypervisor gets, in the order of docs/shim.md. */
struct handover {
	int descriptors[CHILD_DESCRIPTORS_MAX];
	unsigned count;
	int memory;   /* one of them, if there is a template */
	int template; /* what is to be copied into it, or -1 */
};

/* Agent, QMP and console; file, passt, memory and state. */
_Static_assert(3 + PLAN_DISKS_MAX + 4 <= CHILD_DESCRIPTORS_MAX, "one without a descriptor");

/* Takes over what has just been opened; -1: it has not been, and there is a problem. */
static int hand(struct handover *handover, int fd)
{
	if (fd < 0)
		return -1;
	handover->descriptors[handover->count++] = fd;
	return 0;
}

static int hand_agent(struct handover *handover, struct shim *shim, struct problem *problem)
{
	int ours, theirs;
	int error;

	if (socket_pair(&ours, &theirs, problem) < 0)
		return -1;
	hand(handover, theirs);
	error = agent_open(&shim->agent, &agent_in_guest, &shim->loop, ours, &shim_agent_events, shim);
	return error < 0 ? problem_set(problem, "agent link: %s", strerror(-error)) : 0;
}

static int hand_console(struct handover *handover, struct shim *shim, struct problem *problem)
{
	int ours, theirs;
	int error;

	if (socket_pair(&ours, &theirs, problem) < 0)
		return -1;
	hand(handover, theirs);
	error = tail_open(&shim->console_tail, &shim->loop, ours);
	return error < 0 ? problem_set(problem, "console: %s", strerror(-error)) : 0;
}

static int hand_passt(struct handover *handover, struct shim *shim, struct problem *problem)
{
	int vm, ready;
	int error;

	if (serve_passt(&shim->passt, &shim->passt_tail, &shim->plan, &shim->loop, &vm, &ready, problem) < 0)
		return -1;
	shim->passt_ready.fd = ready;
	if (hand(handover, vm) < 0)
		return -1;
	error = watch_set(&shim->loop, &shim->passt_ready, EPOLLIN);
	return error < 0 ? problem_set(problem, "passt: epoll: %s", strerror(-error)) : 0;
}

/*
 * The files of a template are opened at once: it may be replaced while its memory is copied, and one's memory is of no
 * use with another's state.
 */
static int hand_memory(struct handover *handover, const struct plan *plan, struct problem *problem)
{
	int state = -1;

	if (plan->memory.path) {
		handover->template = own_file_open("memory", plan->memory.path, problem);
		if (handover->template < 0)
			return -1;
	}
	if (plan->state) {
		state = own_file_open("state", plan->state, problem);
		if (state < 0)
			return -1;
	}
	handover->memory = memory_make(&plan->memory, handover->template, problem);
	if (hand(handover, handover->memory) < 0) {
		if (state >= 0)
			close(state);
		return -1;
	}
	if (state >= 0)
		hand(handover, state);
	return 0;
}

static int hand_all(struct handover *handover, struct shim *shim, struct problem *problem)
{
	const struct plan *plan = &shim->plan;

	if (hand_agent(handover, shim, problem) < 0)
		return -1;
	if (hand(handover, socket_listen(SOCKET_QMP, true, problem)) < 0)
		return -1;
	if (hand_console(handover, shim, problem) < 0)
		return -1;
	for (size_t i = 0; i < plan->disk_count; i++)
		if (hand(handover, disk_open(&plan->disks[i], problem)) < 0)
			return -1;
	if (plan->file && hand(handover, disk_open_file(plan->file, problem)) < 0)
		return -1;
	if (plan->passt && hand_passt(handover, shim, problem) < 0)
		return -1;
	return plan->memory.size > 0 ? hand_memory(handover, plan, problem) : 0;
}

static int start_hypervisor(struct shim *shim, struct problem *problem)
{
	const struct plan *plan = &shim->plan;
	struct handover handover = { .count = 0, .template = -1 };
	struct child_start start = {
		.argv = plan->hypervisor,
		.descriptors = handover.descriptors,
		.ruleset = -1,
		.powerless = true,
	};
	int result = -1;

	if (hand_all(&handover, shim, problem) < 0)
		goto done;
	start.count = handover.count;
	start.ruleset = confine_hypervisor(problem);
	if (start.ruleset == -1)
		goto done;
	if (start.ruleset == CONFINE_NONE)
		log_warning(&shim->log, "the kernel has no Landlock (ABI 2): QEMU is not confined by it");
	result = serve_child(&shim->hypervisor, &shim->hypervisor_tail, &shim->loop, &start, problem);
	/* While it starts: it looks at nothing of its memory before the verb tells it to. */
	if (result == 0 && handover.template >= 0)
		result = memory_fill(handover.memory, &plan->memory, handover.template, problem);
done:
	if (start.ruleset >= 0)
		close(start.ruleset);
	if (handover.template >= 0)
		close(handover.template);
	for (unsigned i = 0; i < handover.count; i++)
		close(handover.descriptors[i]);
	return result;
}

static int listen_for_verbs(struct shim *shim, struct problem *problem)
{
	int fd = socket_listen(SOCKET_SHIM, false, problem);
	int error;

	if (fd < 0)
		return -1;
	error = control_listen(&shim->control, fd);
	return error < 0 ? problem_set(problem, SOCKET_SHIM ": %s", strerror(-error)) : 0;
}

int shim_launch(struct shim *shim, struct problem *problem)
{
	const struct plan *plan = &shim->plan;
	int entered;

	if (log_open(&shim->log, plan->log_path, plan->log_json, problem) < 0)
		return -1;
	if (terminal_look(plan, problem) < 0)
		return -1;
	if (workload_leave_session(plan, problem) < 0)
		return -1;
	if (cgroup_enter(plan, problem) < 0)
		return -1;
	oom_open(&shim->oom, plan);
	/* In the guest it holds in any case. */
	if (cgroup_adjust_oom_score(plan, problem) < 0)
		log_warning(&shim->log, problem->text);
	entered = network_enter(plan, problem);
	if (entered < 0)
		return -1;
	if (entered > 0)
		resolver_open(&shim->resolver);
	if (plan->share && mounts_make(plan, problem) < 0)
		return -1;
	if (conduits_open(&shim->conduits, plan, problem) < 0)
		return -1;
	if (listen_for_verbs(shim, problem) < 0)
		return -1;
	if (plan->virtiofsd &&
	    serve_virtiofsd(&shim->virtiofsd, &shim->virtiofsd_tail, plan, &shim->loop, &shim->log, NULL,
			    problem) < 0)
		return -1;
	if (start_hypervisor(shim, problem) < 0)
		return -1;
	if (mounts_cover_root(plan, problem) < 0)
		return -1;
	if (merged_open(&shim->merged, plan, problem) < 0)
		return -1;
	if (workload_open(&shim->workload, plan, &shim->signals, true, problem) < 0)
		return -1;
	control_launched(&shim->control, (uint32_t)shim->hypervisor.pid, (uint32_t)shim->virtiofsd.pid);
	return 0;
}
