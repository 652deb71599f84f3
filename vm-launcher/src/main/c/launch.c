#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "confine.h"
#include "disk.h"
#include "mounts.h"
#include "network.h"
#include "serve.h"
#include "sockets.h"

static int start_hypervisor(struct shim *shim, struct problem *problem)
{
	enum { AGENT, QMP, CONSOLE, DISKS };
	_Static_assert(DISKS + PLAN_DISKS_MAX + 2 <= CHILD_DESCRIPTORS_MAX, "one without a descriptor");
	const unsigned file = DISKS + (unsigned)shim->plan.disk_count; /* these two if there are any */
	const unsigned passt = shim->plan.file ? file + 1 : file;
	int theirs[DISKS + PLAN_DISKS_MAX + 2];
	struct child_start start = {
		.argv = shim->plan.hypervisor,
		.descriptors = theirs,
		.count = shim->plan.passt ? passt + 1 : passt,
		.ruleset = -1,
		.powerless = true,
	};
	int agent = -1, console = -1;
	int result = -1;
	int error;

	for (unsigned i = 0; i < start.count; i++)
		theirs[i] = -1;
	for (unsigned i = DISKS; i < file; i++)
		if ((theirs[i] = disk_open(&shim->plan.disks[i - DISKS], problem)) < 0)
			goto done;
	if (shim->plan.file && (theirs[file] = disk_open_file(shim->plan.file, problem)) < 0)
		goto done;
	if (shim->plan.passt && serve_passt(&shim->passt, &shim->passt_tail, &shim->plan, &shim->loop, &theirs[passt],
					    problem) < 0)
		goto done;
	if (socket_pair(&agent, &theirs[AGENT], problem) < 0 ||
	    (theirs[QMP] = socket_listen(SOCKET_QMP, true, problem)) < 0 ||
	    socket_pair(&console, &theirs[CONSOLE], problem) < 0)
		goto done;
	error = tail_open(&shim->console_tail, &shim->loop, console);
	console = -1;
	if (error == 0) {
		error = agent_open(&shim->agent, &agent_in_guest, &shim->loop, agent, &shim_agent_events, shim);
		agent = -1;
	}
	if (error < 0) {
		problem_set(problem, "agent link: %s", strerror(-error));
		goto done;
	}
	start.ruleset = confine_hypervisor(problem);
	if (start.ruleset == -1)
		goto done;
	if (start.ruleset == CONFINE_NONE)
		log_warning(&shim->log, "the kernel has no Landlock (ABI 2): QEMU is not confined by it");
	result = serve_child(&shim->hypervisor, &shim->hypervisor_tail, &shim->loop, &start, problem);
done:
	if (start.ruleset >= 0)
		close(start.ruleset);
	for (unsigned i = 0; i < start.count; i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	if (agent >= 0)
		close(agent);
	if (console >= 0)
		close(console);
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
