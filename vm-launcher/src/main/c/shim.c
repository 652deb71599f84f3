#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exit_file.h"
#include "sockets.h"

/* After EXITED, for streams that nobody reads. Tests have less patience. */
#ifndef DRAIN_MS
#define DRAIN_MS 10000u
#endif
/* So many looks in all may find that nobody reads, although something has moved: see drain_expired. */
#define UNREAD_MAX 2u
/* How long to wait for the cause when an effect of it was seen first. */
#define CAUSE_MS 500u

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

/* The guest sends nothing any more. */
static void cut_streams(struct shim *shim)
{
	output_cut(&shim->outputs[0]);
	output_cut(&shim->outputs[1]);
}

void shim_stream_done(void *owner)
{
	struct shim *shim = owner;

	if (shim->exited && output_is_done(&shim->outputs[0]) && output_is_done(&shim->outputs[1]))
		timer_set(&shim->loop, &shim->finish, 0);
}

static void finish(void *owner)
{
	struct shim *shim = owner;

	if (shim->ending)
		return;
	control_refuse_waiting(&shim->control);
	shim_end(shim, shim->status);
}

/* Looks whether something waits to be written of which some has been written since the last look. */
static bool is_being_read(const struct output *output, unsigned *before)
{
	bool moved = output->progress != *before;

	*before = output->progress;
	return moved && output->size > 0;
}

static void look_again(struct shim *shim)
{
	timer_set(&shim->loop, &shim->drain, DRAIN_MS);
}

/*
 * Who reads the streams may take his time. The guest may not, which has only to send what its pipes held, and
 * could go on for ever; but a look may come in the moment when all of it has just been written.
 */
static void drain_expired(void *owner)
{
	struct shim *shim = owner;
	const unsigned before = shim->drained[0] + shim->drained[1];
	bool read = false;

	for (unsigned i = 0; i < 2; i++)
		read |= is_being_read(&shim->outputs[i], &shim->drained[i]);
	if (!read)
		shim->unread++;
	if (shim->drained[0] + shim->drained[1] == before || shim->unread == UNREAD_MAX)
		finish(shim);
	else
		look_again(shim);
}

static void process_exited(struct shim *shim, const struct frame *frame)
{
	struct frame_exited exited;
	char text[64];

	if (shim->exited) {
		agent_fail(&shim->agent, "the agent broke the protocol: EXITED twice");
		return;
	}
	frame_exited_decode(frame, &exited);
	shim->exited = true;
	shim->status = (int)(exited.signal ? STATUS_SIGNAL + exited.signal : exited.status);
	timer_stop(&shim->loop, &shim->cause);
	if (exited.signal)
		snprintf(text, sizeof text, "signaled %u\n", exited.signal);
	else
		snprintf(text, sizeof text, "exited %u\n", exited.status);
	if (exit_file_write(text) < 0)
		log_error(&shim->log, "the file exit can't be written");
	control_process_ended(&shim->control);
	input_close(&shim->input);
	for (unsigned i = 0; i < 2; i++)
		shim->drained[i] = shim->outputs[i].progress;
	look_again(shim);
	shim_stream_done(shim);
}

static void flush_signals(struct shim *shim)
{
	for (unsigned number = 1; number <= FRAME_SIGNAL_MAX && shim->signals_pending; number++) {
		uint64_t bit = UINT64_C(1) << (number - 1);
		uint8_t payload[FRAME_SIGNAL_SIZE];

		if ((shim->signals_pending & bit) == 0)
			continue;
		if (agent_backlog(&shim->agent) >= AGENT_BACKLOG_DATA)
			return;
		shim->signals_pending &= ~bit;
		frame_signal_encode(payload, number);
		agent_send(&shim->agent, FRAME_SIGNAL, 0, 0, 0, payload, sizeof payload);
	}
}

static void flush_resize(struct shim *shim)
{
	uint8_t payload[FRAME_RESIZE_SIZE];
	struct frame_resize size;

	if (!shim->resize_pending || agent_backlog(&shim->agent) >= AGENT_BACKLOG_DATA)
		return;
	shim->resize_pending = false;
	if (!terminal_size(&shim->terminal, &size))
		return;
	frame_resize_encode(payload, &size);
	agent_send(&shim->agent, FRAME_RESIZE, 0, 0, 0, payload, sizeof payload);
}

/* What waits for room in the agent link. The process exists, and is this shim's, from COMMIT on. */
static void send_pending(struct shim *shim)
{
	if (!shim->committed || !shim->agent.greeted || shim->exited)
		return;
	flush_signals(shim);
	flush_resize(shim);
	input_start(&shim->input);
	input_resume(&shim->input);
}

static void agent_greeted(void *owner)
{
	send_pending(owner);
}

static void agent_room(void *owner)
{
	struct shim *shim = owner;

	send_pending(shim);
	control_resume(&shim->control);
}

/* FAILURE about the link as a whole. */
static void agent_gave_up(struct shim *shim, const struct frame *frame)
{
	char text[150];
	size_t length = frame->length < sizeof text - 1 ? frame->length : sizeof text - 1;

	for (size_t i = 0; i < length; i++)
		text[i] = frame->payload[i] >= 0x20 && frame->payload[i] < 0x7f ? (char)frame->payload[i] : '?';
	text[length] = '\0';
	agent_fail(&shim->agent, "the agent gave up: %s", text);
}

static void agent_received(void *owner, const struct frame *frame)
{
	struct shim *shim = owner;

	if (frame->process != 0) {
		agent_fail(&shim->agent, "the agent broke the protocol: %s of process %u, which there is not",
			   frame_kind_name(frame->kind), frame->process);
		return;
	}
	switch (frame->kind) {
	case FRAME_RESULT:
	case FRAME_FAILURE:
		if (frame->request == 0)
			agent_gave_up(shim, frame);
		else if (!control_answer(&shim->control, frame))
			agent_fail(&shim->agent, "the agent broke the protocol: an answer to no request");
		break;
	case FRAME_DATA:
		output_received(&shim->outputs[frame->stream - FRAME_STDOUT], frame);
		break;
	case FRAME_EOF:
		output_end(&shim->outputs[frame->stream - FRAME_STDOUT]);
		break;
	case FRAME_CREDIT:
		input_credit(&shim->input, frame_credit_decode(frame));
		break;
	case FRAME_CLOSED:
		input_end(&shim->input);
		break;
	case FRAME_EXITED:
		process_exited(shim, frame);
		break;
	default: /* EVENT: nobody has asked for any */
		break;
	}
}

static void agent_ended(void *owner, const char *why)
{
	struct shim *shim = owner;

	if (shim->exited)
		cut_streams(shim);
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

static void committed(void *owner)
{
	struct shim *shim = owner;

	if (!shim->committed) {
		shim->committed = true;
		shim->resize_pending = true;
		if (terminal_set_raw(&shim->terminal) < 0)
			log_error(&shim->log, "the terminal can't be set raw");
		send_pending(shim);
	}
	control_committed(&shim->control);
}

static void creator_lost(void *owner)
{
	struct shim *shim = owner;

	if (!shim->committed)
		shim_abort_launch(shim, NULL);
}

static const struct control_events control_events = {
	.commit = committed,
	.creator_lost = creator_lost,
};

void shim_terminal_hung_up(void *owner)
{
	struct shim *shim = owner;

	input_end(&shim->input);
	output_abandon(&shim->outputs[0]);
}

/* What a dead hypervisor has left in the agent link comes first: EXITED may be in it. */
static void child_ended(struct shim *shim)
{
	child_reap(&shim->hypervisor);
	child_reap(&shim->virtiofsd);
	if (shim->ending)
		return;
	if (shim->hypervisor.ended) {
		agent_drain(&shim->agent);
		if (shim->exited)
			cut_streams(shim);
		else
			shim_vm_died(shim, shim->agent.over && !shim->agent.closed ? shim->agent.why : "");
	} else if (shim->virtiofsd.ended && !shim->exited) {
		await_cause(shim, "");
	}
}

static bool ends_launch(unsigned number)
{
	switch (number) {
	case SIGCONT:
	case SIGURG:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return false;
	default:
		return true;
	}
}

static void signal_came(void *owner, unsigned number, bool from_outside)
{
	struct shim *shim = owner;
	char message[64];

	if (number == SIGCHLD) {
		child_ended(shim);
	} else if (number == SIGWINCH) {
		shim->resize_pending = true;
		send_pending(shim);
	} else if (!from_outside) {
		if (number == SIGHUP && shim->terminal.fd >= 0 && shim->committed)
			shim_terminal_hung_up(shim);
	} else if (shim->committed) {
		shim->signals_pending |= UINT64_C(1) << (number - 1);
		send_pending(shim);
	} else if (ends_launch(number)) {
		snprintf(message, sizeof message, "ended by signal %u (%s)", number, strsignal((int)number));
		shim_abort_launch(shim, message);
	}
}

/* The link to the verb, which hears of everything that comes after. */
static int connect_to_verb(struct shim *shim, struct problem *problem)
{
	int fd = socket_connect(SOCKET_CREATE, problem);
	int error;

	if (fd < 0)
		return -1;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		problem_errno(problem, SOCKET_CREATE);
		close(fd);
		return -1;
	}
	error = control_create(&shim->control, fd);
	if (error < 0) {
		close(fd);
		return problem_set(problem, SOCKET_CREATE ": %s", strerror(-error));
	}
	return 0;
}

static int prepare(struct shim *shim, const char *plan_path, struct problem *problem)
{
	int error;

	if (plan_read(&shim->plan, plan_path, problem) < 0)
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
		.terminal.fd = -1,
		.virtiofsd.name = "virtiofsd",
		.hypervisor.name = "QEMU",
		.agent.watch.fd = -1,
		.virtiofsd_tail.watch.fd = -1,
		.hypervisor_tail.watch.fd = -1,
		.console_tail.watch.fd = -1,
		.drain = { .expired = drain_expired, .owner = shim },
		.finish = { .expired = finish, .owner = shim },
		.cause = { .expired = cause_missing, .owner = shim },
		.status = STATUS_LAUNCH_FAILED,
	};
}

static void clean_up(struct shim *shim)
{
	shim->ending = true;
	terminal_close(&shim->terminal);
	input_close(&shim->input);
	output_close(&shim->outputs[0]);
	output_close(&shim->outputs[1]);
	control_close(&shim->control);
	agent_close(&shim->agent);
	tail_close(&shim->virtiofsd_tail);
	tail_close(&shim->hypervisor_tail);
	tail_close(&shim->console_tail);
	signals_close(&shim->signals);
	loop_close(&shim->loop);
	if (shim->log.fd >= 0)
		close(shim->log.fd);
	plan_free(&shim->plan);
}

int shim_run(const char *plan_path)
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
	clean_up(&shim);
	return shim.status;
}
