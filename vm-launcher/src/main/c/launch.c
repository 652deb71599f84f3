#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "confine.h"
#include "mounts.h"
#include "network.h"
#include "sockets.h"

/* Starts a child whose output goes to tail. */
static int start_child(struct shim *shim, struct child *child, struct tail *tail, struct child_start *start,
		       struct problem *problem)
{
	int output[2];
	int result = -1;
	int error;

	if (pipe2(output, O_CLOEXEC) < 0)
		return problem_errno(problem, "%s: pipe", child->name);
	start->output = output[1];
	if (fcntl(output[0], F_SETFL, O_NONBLOCK) < 0) {
		problem_errno(problem, "%s: pipe", child->name);
		close(output[0]);
	} else if ((error = tail_open(tail, &shim->loop, output[0])) < 0) {
		problem_set(problem, "%s: epoll: %s", child->name, strerror(-error));
	} else {
		result = child_start(child, start, problem);
	}
	close(output[1]);
	return result;
}

static int start_virtiofsd(struct shim *shim, struct problem *problem)
{
	struct child_start start = {
		.argv = shim->plan.virtiofsd,
		.count = 1,
		.ruleset = -1,
		.own_proc = true,
		.keep_shared = shim->plan.share,
	};
	int listener = -1;
	int result = -1;

	if (shim->plan.share && (start.ruleset = confine_virtiofsd(&shim->plan, problem)) == -1)
		return -1;
	if (start.ruleset == CONFINE_NONE)
		log_warning(&shim->log, "the kernel has no Landlock (ABI 2): virtiofsd is not confined by it");
	listener = socket_listen(SOCKET_VIRTIOFSD, true, problem);
	if (listener >= 0) {
		start.descriptors = &listener;
		result = start_child(shim, &shim->virtiofsd, &shim->virtiofsd_tail, &start, problem);
		close(listener);
	}
	if (start.ruleset >= 0)
		close(start.ruleset);
	return result;
}

static int start_hypervisor(struct shim *shim, struct problem *problem)
{
	enum { AGENT, QMP, CONSOLE, DESCRIPTORS };
	int theirs[DESCRIPTORS] = { -1, -1, -1 };
	struct child_start start = {
		.argv = shim->plan.hypervisor,
		.descriptors = theirs,
		.count = DESCRIPTORS,
		.ruleset = -1,
		.powerless = true,
	};
	int agent = -1, console = -1;
	int result = -1;
	int error;

	if (socket_pair(&agent, &theirs[AGENT], problem) < 0 ||
	    (theirs[QMP] = socket_listen(SOCKET_QMP, true, problem)) < 0 ||
	    socket_pair(&console, &theirs[CONSOLE], problem) < 0)
		goto done;
	error = tail_open(&shim->console_tail, &shim->loop, console);
	console = -1;
	if (error == 0) {
		error = agent_open(&shim->agent, &shim->loop, agent, &shim_agent_events, shim);
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
	result = start_child(shim, &shim->hypervisor, &shim->hypervisor_tail, &start, problem);
done:
	if (start.ruleset >= 0)
		close(start.ruleset);
	for (unsigned i = 0; i < DESCRIPTORS; i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	if (agent >= 0)
		close(agent);
	if (console >= 0)
		close(console);
	return result;
}

/* The streams of process 0: the terminal's, or this process's own. */
static int open_channels(struct shim *shim, struct channel channels[3], struct problem *problem)
{
	bool pty = shim->terminal.kind == PLAN_TERMINAL_SOCKET;
	unsigned count = shim->terminal.kind == PLAN_TERMINAL_NONE ? 3 : 2;

	for (unsigned i = 0; i < 3; i++)
		channels[i].fd = -1;
	for (unsigned i = 0; i < count; i++) {
		int error = 0;

		if (pty) {
			channel_adopt(&channels[i], fcntl(shim->terminal.fd, F_DUPFD_CLOEXEC, 3));
			error = channels[i].fd < 0 ? -errno : 0;
		} else {
			error = channel_open(&channels[i], (int)i, i == 0);
		}
		if (error < 0)
			return problem_set(problem, "standard stream %u: %s", i, strerror(-error));
	}
	return 0;
}

/* Nobody shall wait for the end of a stream that is held here without need. */
static int replace_stdio(struct problem *problem)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int result = 0;

	if (null < 0)
		return problem_errno(problem, "/dev/null");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(null, fd) < 0)
			result = problem_errno(problem, "standard stream %d", fd);
	close(null);
	return result;
}

static int open_streams(struct shim *shim, struct problem *problem)
{
	struct channel channels[3];
	int error;

	if (open_channels(shim, channels, problem) < 0 || replace_stdio(problem) < 0)
		return -1;
	input_open(&shim->input, &shim->agent, channels[FRAME_STDIN]);
	shim->input.hung_up = shim_terminal_hung_up;
	shim->input.owner = shim;
	for (unsigned i = 0; i < 2; i++) {
		struct output *output = &shim->outputs[i];

		error = output_open(output, &shim->agent, FRAME_STDOUT + i, channels[FRAME_STDOUT + i]);
		if (error < 0)
			return problem_set(problem, "standard stream %u: %s", i + 1, strerror(-error));
		output->done = shim_stream_done;
		output->owner = shim;
	}
	/* A terminal has but one. */
	if (shim->terminal.kind != PLAN_TERMINAL_NONE)
		output_cut(&shim->outputs[1]);
	return 0;
}

/*
 * The leader of a process group can't make a session. So it joins another group for a moment: that of a child,
 * as the parent's may lie outside of the pid namespace.
 */
static int leave_group(void)
{
	int gate[2];
	pid_t child;
	int result;
	char byte;

	if (pipe2(gate, O_CLOEXEC) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		close(gate[1]);
		/* Until the other end is closed, or its holder is dead. */
		while (read(gate[0], &byte, 1) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	close(gate[0]);
	result = child < 0 || setpgid(child, child) < 0 || setpgid(0, child) < 0 ? -1 : 0;
	close(gate[1]);
	if (child > 0)
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	return result;
}

/*
 * A session of its own, so that the keyboard signals of the caller's terminal don't come here, and a pty can
 * become the controlling terminal.
 */
static int leave_session(struct problem *problem)
{
	if (setsid() >= 0 || getsid(0) == getpid())
		return 0;
	if (leave_group() < 0 || setsid() < 0)
		return problem_errno(problem, "setsid");
	return 0;
}

static int open_terminal(struct shim *shim, struct problem *problem)
{
	int error;

	if (terminal_open(&shim->terminal, &shim->plan, problem) < 0)
		return -1;
	if (shim->terminal.kind != PLAN_TERMINAL_INHERIT)
		return 0;
	error = signals_guard(&shim->signals, &shim->terminal);
	return error < 0 ? problem_set(problem, "signals: %s", strerror(-error)) : 0;
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

	if (log_open(&shim->log, plan->log_path, plan->log_json, problem) < 0)
		return -1;
	if (plan->terminal != PLAN_TERMINAL_INHERIT && leave_session(problem) < 0)
		return -1;
	if (network_enter(plan, problem) < 0)
		return -1;
	if (plan->share && mounts_make(plan, problem) < 0)
		return -1;
	if (listen_for_verbs(shim, problem) < 0)
		return -1;
	if (plan->virtiofsd && start_virtiofsd(shim, problem) < 0)
		return -1;
	if (start_hypervisor(shim, problem) < 0)
		return -1;
	if (open_terminal(shim, problem) < 0 || open_streams(shim, problem) < 0)
		return -1;
	control_launched(&shim->control, (uint32_t)shim->hypervisor.pid, (uint32_t)shim->virtiofsd.pid);
	return 0;
}
