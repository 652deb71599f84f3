#include "exec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cgroup.h"
#include "child.h"
#include "conduits.h"
#include "control.h"
#include "exit_file.h"
#include "mounts.h"
#include "network.h"
#include "serve.h"
#include "shim.h"
#include "sockets.h"
#include "workload.h"

/* For what still has to be written at the very end. */
#define FAREWELL_MS 1000u
/* After the container's shim has given up, for the rest of what it has to say. */
#define PARTING_MS 1000u

/* How long to wait for the process's own end when virtiofsd has ended, which may be a consequence of it. */
#define CAUSE_MS 500u

/*
 * One link leads to the verb, the creator's of control; the other to the container's shim, which is here in the place
 * of the agent.
 */
struct exec {
	enum plan_kind kind;
	struct plan plan;
	struct loop loop;
	struct signals signals;
	struct log log;
	struct control control;
	struct agent agent;
	struct workload workload;
	struct conduits conduits;   /* of a container */
	struct child virtiofsd;     /* of a container; a process needs none */
	int served;                 /* the socket on which it listens, or -1 */
	struct tail virtiofsd_tail;
	struct timer parting;
	bool attached;
	bool running; /* RESULT has come */
	bool given_up; /* the container's shim has */
	bool exited;  /* EXITED has come; what comes of it waits for COMMIT */
	struct frame_exited how;
	char why[2048]; /* what is wrong, if the process's own end is not told soon */
	bool ending;
	int status;
};

static void end(struct exec *exec, int status)
{
	exec->ending = true;
	exec->status = status;
	exec->loop.stopped = true;
	/* A virtiofsd that QEMU has not connected to ends with this. */
	if (exec->served >= 0)
		shutdown(exec->served, SHUT_RDWR);
	if (exec->kind == PLAN_JOIN)
		unlink(SOCKET_VIRTIOFSD);
	control_flush(&exec->control, FAREWELL_MS);
}

/* Verbs that come later ask how a container has ended. */
static void note_end(struct exec *exec, const char *text)
{
	if (exec->kind == PLAN_JOIN && exit_file_write(text) < 0)
		log_error(&exec->log, "the file exit can't be written");
}

/* The verb, if it is still there, is told why there is no process. */
static void fail(struct exec *exec, enum failure_code code, const char *message, int status)
{
	char payload[2 * PROBLEM_TEXT_SIZE];

	if (exec->ending)
		return;
	control_fail(&exec->control, false, payload, failure_encode(payload, sizeof payload, code, message));
	end(exec, status);
}

/* The way to the process is gone, and so is the process. */
static void died(struct exec *exec, const char *why)
{
	char text[2 * PROBLEM_TEXT_SIZE];

	if (exec->ending)
		return;
	if (!exec->workload.committed) {
		fail(exec, FAILURE_VM, why, STATUS_VM_DIED);
		return;
	}
	snprintf(text, sizeof text, "vm-died\n%s\n", why);
	note_end(exec, text);
	log_error(&exec->log, why);
	workload_flush(&exec->workload, FAREWELL_MS);
	end(exec, STATUS_VM_DIED);
}

static void finished(void *owner)
{
	struct exec *exec = owner;

	if (!exec->ending)
		end(exec, exec->workload.status);
}

static const struct workload_events workload_events = { .finished = finished };

/* The end of a process, of which the caller knows only when the verb has committed itself. */
static void tell_exited(struct exec *exec)
{
	if (!exec->workload.committed || !exec->exited || exec->workload.exited)
		return;
	workload_exited(&exec->workload, &exec->how);
	if (exec->agent.over)
		workload_cut(&exec->workload);
}

/* ---- the container's shim */

/* FAILURE about the link as a whole. More may come of the streams, but only while it is being said. */
static void gave_up(struct exec *exec, const struct frame *frame)
{
	if (exec->exited || exec->given_up)
		return;
	exec->given_up = true;
	if (!exec->workload.committed) {
		control_fail(&exec->control, false, frame->payload, frame->length);
		end(exec, exec->attached ? STATUS_VM_DIED : STATUS_LAUNCH_FAILED);
		return;
	}
	snprintf(exec->why, sizeof exec->why, "the container's shim gave up: ");
	agent_quote(frame, exec->why + strlen(exec->why), sizeof exec->why - strlen(exec->why));
	timer_set(&exec->loop, &exec->parting, PARTING_MS);
}

static void parting_expired(void *owner)
{
	struct exec *exec = owner;

	died(exec, exec->why);
}

static void answered(struct exec *exec, const struct frame *frame)
{
	if (!control_answer(&exec->control, frame))
		agent_broke(&exec->agent, "an answer to no request");
	else if (frame->kind == FRAME_RESULT)
		exec->running = true;
}

static void process_frame(struct exec *exec, const struct frame *frame)
{
	char text[64];

	if (!exec->attached || frame->process != exec->agent.process) {
		agent_broke(&exec->agent, "a frame of another process");
	} else if (frame_is_of_connection(frame)) {
		conduits_received(&exec->conduits, frame);
	} else if (frame->kind != FRAME_EXITED) {
		workload_received(&exec->workload, frame);
	} else if (exec->exited) {
		agent_broke(&exec->agent, "EXITED twice");
	} else {
		exec->exited = true;
		conduits_end(&exec->conduits);
		frame_exited_decode(frame, &exec->how);
		timer_stop(&exec->loop, &exec->parting);
		if (exec->how.signal)
			snprintf(text, sizeof text, "signaled %u\n", exec->how.signal);
		else
			snprintf(text, sizeof text, "exited %u\n", exec->how.status);
		note_end(exec, text);
		tell_exited(exec);
	}
}

static void received(void *owner, const struct frame *frame)
{
	struct exec *exec = owner;

	switch (frame->kind) {
	case FRAME_ATTACHED:
		if (exec->attached)
			agent_broke(&exec->agent, "ATTACHED twice");
		exec->attached = true;
		exec->agent.process = frame->process;
		break;
	case FRAME_RESULT:
	case FRAME_FAILURE:
		if (frame->request == 0)
			gave_up(exec, frame);
		else
			answered(exec, frame);
		break;
	case FRAME_DATA:
	case FRAME_EOF:
	case FRAME_CREDIT:
	case FRAME_CLOSED:
	case FRAME_EXITED:
	case FRAME_CONNECT:
	case FRAME_CHUNK:
	case FRAME_GRANT:
	case FRAME_FINISH:
	case FRAME_HANGUP:
		process_frame(exec, frame);
		break;
	default: /* not for an exec shim */
		break;
	}
}

static void greeted(void *owner)
{
	struct exec *exec = owner;

	workload_resume(&exec->workload);
}

static void room(void *owner)
{
	struct exec *exec = owner;

	workload_resume(&exec->workload);
	control_resume(&exec->control);
	conduits_resume(&exec->conduits);
}

static void link_ended(void *owner, const char *why)
{
	struct exec *exec = owner;

	if (exec->workload.exited)
		workload_cut(&exec->workload);
	else if (!exec->exited)
		died(exec, exec->why[0] ? exec->why : why);
}

static const struct agent_events agent_events = {
	.greeted = greeted,
	.received = received,
	.room = room,
	.ended = link_ended,
};

/* ---- the verb */

static void committed(void *owner)
{
	struct exec *exec = owner;
	struct problem problem;

	if (!exec->running) {
		fail(exec, FAILURE_STATE, "COMMIT without a process", STATUS_LAUNCH_FAILED);
		return;
	}
	if (workload_hand_over(&exec->workload, &problem) < 0) {
		fail(exec, FAILURE_LAUNCH, problem.text, STATUS_LAUNCH_FAILED);
		return;
	}
	control_committed(&exec->control);
	workload_commit(&exec->workload);
	output_release(&exec->workload.outputs[0]);
	output_release(&exec->workload.outputs[1]);
	tell_exited(exec);
}

/* The process ends with the link to the container's shim. */
static void creator_lost(void *owner)
{
	struct exec *exec = owner;

	if (!exec->workload.committed && !exec->ending)
		end(exec, STATUS_LAUNCH_FAILED);
}

static const struct control_events control_events = {
	.commit = committed,
	.creator_lost = creator_lost,
};

/* Nothing serves the container's files any more. */
static void virtiofsd_ended(struct exec *exec)
{
	char how[128];

	if (!child_reap(&exec->virtiofsd) || exec->ending || exec->exited || exec->why[0])
		return;
	tail_drain(&exec->virtiofsd_tail);
	child_describe(&exec->virtiofsd, how, sizeof how);
	snprintf(exec->why, sizeof exec->why, "%s", how);
	tail_print(&exec->virtiofsd_tail, "virtiofsd's last lines:", exec->why, sizeof exec->why);
	timer_set(&exec->loop, &exec->parting, CAUSE_MS);
}

static void signal_came(void *owner, unsigned number, bool from_outside)
{
	struct exec *exec = owner;
	char message[64];

	if (number == SIGCHLD) {
		virtiofsd_ended(exec);
		return;
	}
	if (exec->workload.committed || !from_outside || !workload_signal_ends_launch(number)) {
		workload_signal(&exec->workload, number, from_outside);
		return;
	}
	snprintf(message, sizeof message, "ended by signal %u (%s)", number, strsignal((int)number));
	fail(exec, FAILURE_LAUNCH, message, STATUS_LAUNCH_FAILED);
}

/* ---- the beginning */

static int prepare(struct exec *exec, const char *plan_path, struct problem *problem)
{
	int error, fd;

	if (plan_read(&exec->plan, exec->kind, plan_path, problem) < 0)
		return -1;
	if (chdir(exec->plan.directory) < 0)
		return problem_errno(problem, "%s", exec->plan.directory);
	error = loop_open(&exec->loop);
	if (error == 0)
		error = signals_open(&exec->signals, &exec->loop, signal_came, exec);
	if (error < 0)
		return problem_set(problem, "epoll: %s", strerror(-error));
	control_open(&exec->control, &exec->loop, &exec->agent, &control_events, exec);
	fd = socket_connect_nonblocking(exec->plan.verb, problem);
	if (fd < 0)
		return -1;
	error = control_create(&exec->control, fd);
	if (error == 0)
		return 0;
	close(fd);
	return problem_set(problem, "%s: %s", exec->plan.verb, strerror(-error));
}

static int connect_to_shim(struct exec *exec, struct problem *problem)
{
	char path[PATH_MAX + sizeof SOCKET_SHIM];
	int fd, error;

	/* Its own working directory is the container's. */
	snprintf(path, sizeof path, "%s/" SOCKET_SHIM, exec->kind == PLAN_JOIN ? exec->plan.sandbox : ".");
	fd = socket_connect_nonblocking(path, problem);
	if (fd < 0)
		return -1;
	error = agent_open(&exec->agent, &agent_behind_shim, &exec->loop, fd, &agent_events, exec);
	if (error < 0)
		return problem_set(problem, SOCKET_SHIM ": %s", strerror(-error));
	agent_send(&exec->agent, FRAME_ATTACH, 0, 0, 0, NULL, 0);
	return 0;
}

/* What the container needs of the host. */
static int serve(struct exec *exec, struct problem *problem)
{
	const struct plan *plan = &exec->plan;

	if (terminal_look(plan, problem) < 0)
		return -1;
	/* In the guest it holds in any case. */
	if (cgroup_adjust_oom_score(plan, problem) < 0)
		log_warning(&exec->log, problem->text);
	if (network_enter(plan, problem) < 0)
		return -1;
	if (plan->share && mounts_make(plan, problem) < 0)
		return -1;
	if (conduits_open(&exec->conduits, plan, problem) < 0)
		return -1;
	/*
	 * It is not to end before QEMU has let go of it: a guest waits for ever for what a virtiofsd owes it that has
	 * gone, and with it would all other containers there.
	 */
	if (serve_virtiofsd(&exec->virtiofsd, &exec->virtiofsd_tail, plan, &exec->loop, &exec->log, &exec->served,
			    problem) < 0)
		return -1;
	return mounts_cover_root(plan, problem);
}

static int launch(struct exec *exec, struct problem *problem)
{
	const struct plan *plan = &exec->plan;

	if (log_open(&exec->log, plan->log_path, plan->log_json, problem) < 0)
		return -1;
	if (workload_leave_session(plan, problem) < 0)
		return -1;
	if (cgroup_enter(plan, problem) < 0)
		return -1;
	if (exec->kind == PLAN_JOIN && serve(exec, problem) < 0)
		return -1;
	if (workload_open(&exec->workload, plan, &exec->signals, false, problem) < 0)
		return -1;
	/* A process, unlike a container, runs before COMMIT, and may ask for the size of its terminal. */
	if (exec->kind == PLAN_EXEC && workload_hand_over(&exec->workload, problem) < 0)
		return -1;
	exec->workload.outputs[0].held = exec->workload.outputs[1].held = true;
	if (connect_to_shim(exec, problem) < 0)
		return -1;
	if (exec->kind == PLAN_JOIN)
		control_launched(&exec->control, 0, (uint32_t)exec->virtiofsd.pid);
	return 0;
}

static void init(struct exec *exec, enum plan_kind kind)
{
	*exec = (struct exec){
		.kind = kind,
		.virtiofsd.name = "virtiofsd",
		.virtiofsd_tail.watch.fd = -1,
		.served = -1,
		.loop.epoll = -1,
		.log.fd = -1,
		.agent.watch.fd = -1,
		.parting = { .expired = parting_expired, .owner = exec },
		.status = STATUS_LAUNCH_FAILED,
	};
	conduits_init(&exec->conduits, &exec->loop, &exec->agent);
	workload_init(&exec->workload, &exec->loop, &exec->agent, &exec->log, &workload_events, exec);
}

static void clean_up(struct exec *exec)
{
	exec->ending = true;
	workload_close(&exec->workload);
	control_close(&exec->control);
	conduits_end(&exec->conduits);
	agent_close(&exec->agent);
	tail_close(&exec->virtiofsd_tail);
	if (exec->served >= 0)
		close(exec->served);
	signals_close(&exec->signals);
	loop_close(&exec->loop);
	if (exec->log.fd >= 0)
		close(exec->log.fd);
	plan_free(&exec->plan);
}

int exec_run(enum plan_kind kind, const char *plan_path, bool *detached)
{
	static struct exec exec;
	struct problem problem;
	int error;

	init(&exec, kind);
	if (prepare(&exec, plan_path, &problem) < 0) {
		fprintf(stderr, "limpid-shim: %s\n", problem.text);
	} else if (launch(&exec, &problem) < 0) {
		fail(&exec, FAILURE_LAUNCH, problem.text, STATUS_LAUNCH_FAILED);
	} else {
		error = loop_run(&exec.loop);
		if (error < 0)
			died(&exec, strerror(-error));
	}
	*detached = exec.plan.detached;
	clean_up(&exec);
	return exec.status;
}
