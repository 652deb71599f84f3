#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exit_file.h"
#include "sockets.h"

/* How long to wait for the cause when an effect of it was seen first. */
#define CAUSE_MS 500u

/* How long passt may take to serve: less than the verb waits for the answer to COMMIT. */
#ifndef PASST_MS
#define PASST_MS 20000u
#endif

static void cause_missing(void *owner)
{
	struct shim *shim = owner;

	shim_vm_died(shim, shim->why);
}

/* Something has ended that ends only with the VM: its cause, another process's death, may be about to show. */
static void await_cause(struct shim *shim, const char *why)
{
	if (shim->cause.armed)
		return;
	snprintf(shim->why, sizeof shim->why, "%s", why);
	timer_set(&shim->loop, &shim->cause, CAUSE_MS);
}

static void finished(void *owner)
{
	struct shim *shim = owner;

	if (shim->ending)
		return;
	control_refuse_waiting(&shim->control);
	shim_end(shim, shim->workload.status);
}

/* Those who have attached to other processes, which have all ended when this one has. */
static bool others(void *owner, unsigned *progress, bool *waiting)
{
	struct shim *shim = owner;

	return control_attached(&shim->control, progress, waiting);
}

static const struct workload_events workload_events = {
	.finished = finished,
	.others = others,
};

static void carry_out_commit(struct shim *shim)
{
	struct problem problem;

	shim->commit_waits = false;
	timer_stop(&shim->loop, &shim->passt_limit);
	if (workload_hand_over(&shim->workload, &problem) < 0) {
		shim_abort_launch(shim, problem.text);
		return;
	}
	workload_commit(&shim->workload);
	control_committed(&shim->control);
}

static void process_exited(struct shim *shim, const struct frame *frame)
{
	struct frame_exited exited;
	char text[64];

	if (shim->workload.exited) {
		agent_broke(&shim->agent, "EXITED twice");
		return;
	}
	frame_exited_decode(frame, &exited);
	/* There was a container, which needs no network any more. */
	if (shim->commit_waits)
		carry_out_commit(shim);
	if (shim->ending)
		return;
	/* Whoever learns of the end must know of that before, and see all that has been written. */
	oom_settle(&shim->oom);
	merged_finish(&shim->merged);
	timer_stop(&shim->loop, &shim->cause);
	if (exited.signal)
		snprintf(text, sizeof text, "signaled %u\n", exited.signal);
	else
		snprintf(text, sizeof text, "exited %u\n", exited.status);
	if (exit_file_write(text) < 0)
		log_error(&shim->log, "the file exit can't be written");
	refresh_stop(&shim->refresh);
	conduits_end(&shim->conduits);
	control_process_ended(&shim->control);
	workload_exited(&shim->workload, &exited);
}

static void agent_greeted(void *owner)
{
	struct shim *shim = owner;

	workload_resume(&shim->workload);
}

static void agent_room(void *owner)
{
	struct shim *shim = owner;

	workload_resume(&shim->workload);
	control_resume(&shim->control);
	resolver_resume(&shim->resolver);
	conduits_resume(&shim->conduits);
}

/* FAILURE about the link as a whole. */
static void agent_gave_up(struct shim *shim, const struct frame *frame)
{
	char text[150];

	agent_quote(frame, text, sizeof text);
	agent_fail(&shim->agent, "the agent gave up: %s", text);
}

/* Once: a guest may say it as often as it likes. */
static void layer_kept(struct shim *shim, const struct frame *frame)
{
	char text[1024], quoted[900];

	if (shim->kept || shim->plan.file == NULL)
		return;
	shim->kept = true;
	agent_quote(frame, quoted, sizeof quoted);
	snprintf(text, sizeof text, "not everything that the container has written could be brought back: the agent tells: %s",
		 quoted);
	log_error(&shim->log, text);
}

/* Of others nobody wants to know. */
static void event(struct shim *shim, const struct frame *frame)
{
	static const char oom[] = OOM_EVENT;
	static const char kept[] = KEPT_EVENT_BEGIN;

	if (frame->length >= sizeof kept - 1 && memcmp(frame->payload, kept, sizeof kept - 1) == 0)
		layer_kept(shim, frame);

	if (frame->length == sizeof oom - 1 && memcmp(frame->payload, oom, sizeof oom - 1) == 0 &&
	    !shim->workload.exited)
		oom_happened(&shim->oom);
}

static void agent_received(void *owner, const struct frame *frame)
{
	struct shim *shim = owner;

	if (frame->process != 0) {
		control_route(&shim->control, frame);
		return;
	}
	if (frame_is_of_connection(frame)) {
		conduits_received(&shim->conduits, frame);
		return;
	}
	switch (frame->kind) {
	case FRAME_RESULT:
	case FRAME_FAILURE:
		if (frame->request == 0)
			agent_gave_up(shim, frame);
		else if (!control_answer(&shim->control, frame))
			agent_broke(&shim->agent, "an answer to no request");
		break;
	case FRAME_EXITED:
		process_exited(shim, frame);
		break;
	case FRAME_EVENT:
		event(shim, frame);
		break;
	case FRAME_LOOKUP:
		resolver_ask(&shim->resolver, frame);
		break;
	default:
		workload_received(&shim->workload, frame);
		break;
	}
}

/* What was to come from it will not. */
static void agent_is_gone(struct shim *shim)
{
	workload_cut(&shim->workload);
	control_cut(&shim->control);
}

static void agent_ended(void *owner, const char *why)
{
	struct shim *shim = owner;

	if (shim->workload.exited)
		agent_is_gone(shim);
	else if (shim->hypervisor.ended)
		shim_vm_died(shim, "");
	else if (shim->agent.closed)
		await_cause(shim, why);
	else
		shim_vm_died(shim, why);
}

const struct agent_events shim_agent_events = {
	.greeted = agent_greeted,
	.received = agent_received,
	.room = agent_room,
	.ended = agent_ended,
};

/* Who is told that there is a container may rely on its ports, of which passt may not have got one. */
static void committed(void *owner)
{
	struct shim *shim = owner;

	if (!shim->workload.exited && (shim->passt_ready.fd >= 0 || shim->passt_cause.armed)) {
		shim->commit_waits = true;
		timer_set(&shim->loop, &shim->passt_limit, PASST_MS);
	} else {
		carry_out_commit(shim);
	}
}

static void passt_overdue(void *owner)
{
	struct shim *shim = owner;

	if (!shim->ending)
		shim_passt_lost(shim, "passt takes too long to serve");
}

/* If it ends instead, that comes as a signal. */
static void passt_serves(void *owner, uint32_t events)
{
	struct shim *shim = owner;
	char pid[32];
	ssize_t count = read(shim->passt_ready.fd, pid, sizeof pid);

	(void)events;
	if (count > 0) {
		watch_close(&shim->loop, &shim->passt_ready);
		if (shim->commit_waits)
			carry_out_commit(shim);
	} else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
		watch_stop(&shim->loop, &shim->passt_ready);
	}
}

static const char *watch_network(void *owner, enum failure_code *code)
{
	static struct problem problem;
	struct shim *shim = owner;

	if (shim->plan.refresh == NULL) {
		*code = FAILURE_STATE;
		return "the plan names no program that refreshes the network";
	}
	if (refresh_watch(&shim->refresh, shim->plan.refresh, &problem) == 0)
		return NULL;
	*code = FAILURE_SYSTEM;
	return problem.text;
}

static uint32_t refresh_root(void *owner)
{
	struct shim *shim = owner;

	return merged_ask(&shim->merged);
}

static void root_refreshed(void *owner, uint32_t run)
{
	struct shim *shim = owner;

	control_root_refreshed(&shim->control, run);
}

static void creator_lost(void *owner)
{
	struct shim *shim = owner;

	if (!shim->workload.committed)
		shim_abort_launch(shim, NULL);
}

static void detached(void *owner)
{
	struct shim *shim = owner;

	workload_look(&shim->workload);
}

static const struct control_events control_events = {
	.commit = committed,
	.watch = watch_network,
	.refresh_root = refresh_root,
	.creator_lost = creator_lost,
	.detached = detached,
};

/* Unless QEMU has ended, of which that would be an effect. */
static void passt_cause_missing(void *owner)
{
	struct shim *shim = owner;
	char how[128];

	child_describe(&shim->passt, how, sizeof how);
	if (!shim->ending && !shim->workload.exited)
		shim_passt_lost(shim, how);
}

/* What a dead hypervisor has left in the agent link comes first: EXITED may be in it. */
static void child_ended(struct shim *shim)
{
	child_reap(&shim->hypervisor);
	child_reap(&shim->virtiofsd);
	if (child_reap(&shim->passt))
		timer_set(&shim->loop, &shim->passt_cause, CAUSE_MS);
	if (shim->ending)
		return;
	oom_child_ended(&shim->oom);
	refresh_child_ended(&shim->refresh);
	merged_child_ended(&shim->merged);
	if (shim->hypervisor.ended) {
		agent_drain(&shim->agent);
		if (shim->workload.exited)
			agent_is_gone(shim);
		else
			shim_vm_died(shim, shim->agent.over && !shim->agent.closed ? shim->agent.why : "");
	} else if (shim->virtiofsd.ended && !shim->workload.exited) {
		await_cause(shim, "");
	}
}

static void signal_came(void *owner, unsigned number, bool from_outside)
{
	struct shim *shim = owner;
	char message[64];

	if (number == SIGCHLD) {
		child_ended(shim);
	} else if (shim->workload.committed || !from_outside || !workload_signal_ends_launch(number)) {
		workload_signal(&shim->workload, number, from_outside);
	} else {
		snprintf(message, sizeof message, "ended by signal %u (%s)", number, strsignal((int)number));
		shim_abort_launch(shim, message);
	}
}

/* The link to the verb, which hears of everything that comes after. */
static int connect_to_verb(struct shim *shim, struct problem *problem)
{
	const char *name = shim->plan.verb;
	int fd = socket_connect_nonblocking(name, problem);
	int error;

	if (fd < 0)
		return -1;
	error = control_create(&shim->control, fd);
	if (error < 0) {
		close(fd);
		return problem_set(problem, "%s: %s", name, strerror(-error));
	}
	return 0;
}

static int prepare(struct shim *shim, const char *plan_path, struct problem *problem)
{
	int error;

	if (plan_read(&shim->plan, PLAN_RUN, plan_path, problem) < 0)
		return -1;
	if (chdir(shim->plan.directory) < 0)
		return problem_errno(problem, "%s", shim->plan.directory);
	error = loop_open(&shim->loop);
	if (error == 0)
		error = signals_open(&shim->signals, &shim->loop, signal_came, shim);
	if (error < 0)
		return problem_set(problem, "epoll: %s", strerror(-error));
	control_open(&shim->control, &shim->loop, &shim->agent, &control_events, shim);
	return connect_to_verb(shim, problem);
}

static void init(struct shim *shim)
{
	*shim = (struct shim){
		.loop.epoll = -1,
		.log.fd = -1,
		.virtiofsd.name = "virtiofsd",
		.passt.name = "passt",
		.hypervisor.name = "QEMU",
		.agent.watch.fd = -1,
		.virtiofsd_tail.watch.fd = -1,
		.passt_tail.watch.fd = -1,
		.hypervisor_tail.watch.fd = -1,
		.console_tail.watch.fd = -1,
		.cause = { .expired = cause_missing, .owner = shim },
		.passt_limit = { .expired = passt_overdue, .owner = shim },
		.passt_ready = { .fd = -1, .ready = passt_serves, .owner = shim },
		.passt_cause = { .expired = passt_cause_missing, .owner = shim },
		.status = STATUS_LAUNCH_FAILED,
	};
	oom_init(&shim->oom, &shim->loop, &shim->log, &shim->hypervisor, &shim->virtiofsd);
	conduits_init(&shim->conduits, &shim->loop, &shim->agent);
	resolver_init(&shim->resolver, &shim->loop, &shim->agent);
	refresh_init(&shim->refresh, &shim->loop, &shim->log);
	merged_init(&shim->merged, &shim->loop, &shim->log, root_refreshed, shim);
	workload_init(&shim->workload, &shim->loop, &shim->agent, &shim->log, &workload_events, shim);
}

static void clean_up(struct shim *shim)
{
	shim->ending = true;
	workload_close(&shim->workload);
	control_close(&shim->control);
	resolver_close(&shim->resolver);
	conduits_end(&shim->conduits);
	agent_close(&shim->agent);
	oom_close(&shim->oom);
	merged_close(&shim->merged);
	tail_close(&shim->virtiofsd_tail);
	tail_close(&shim->passt_tail);
	watch_close(&shim->loop, &shim->passt_ready);
	tail_close(&shim->hypervisor_tail);
	tail_close(&shim->console_tail);
	signals_close(&shim->signals);
	loop_close(&shim->loop);
	if (shim->log.fd >= 0)
		close(shim->log.fd);
	plan_free(&shim->plan);
}

int shim_run(const char *plan_path, bool *detached)
{
	static struct shim shim;
	struct problem problem;
	int error;

	init(&shim);
	if (prepare(&shim, plan_path, &problem) < 0) {
		fprintf(stderr, "limpid-shim: %s\n", problem.text);
	} else if (shim_launch(&shim, &problem) < 0) {
		shim_abort_launch(&shim, problem.text);
	} else {
		error = loop_run(&shim.loop);
		if (error < 0)
			shim_vm_died(&shim, strerror(-error));
	}
	*detached = shim.plan.detached;
	clean_up(&shim);
	return shim.status;
}
