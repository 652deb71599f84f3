#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"

/* After EXITED, for streams that nobody reads. Tests have less patience. */
#ifndef DRAIN_MS
#define DRAIN_MS 10000u
#endif
/* So many looks in all may find that nobody reads, although something has moved: see drain_expired. */
#define UNREAD_MAX 2u

/* ---- the end */

static bool others_wait(struct workload *workload, unsigned *progress, bool *waiting)
{
	*progress = workload->drained[2];
	*waiting = false;
	return workload->events->others && workload->events->others(workload->owner, progress, waiting);
}

void workload_look(struct workload *workload)
{
	unsigned progress;
	bool waiting;

	if (workload->exited && output_is_done(&workload->outputs[0]) && output_is_done(&workload->outputs[1]) &&
	    !others_wait(workload, &progress, &waiting))
		timer_set(workload->loop, &workload->finish, 0);
}

static void stream_done(void *owner)
{
	workload_look(owner);
}

static void finish(void *owner)
{
	struct workload *workload = owner;

	workload->events->finished(workload->owner);
}

/* Looks whether something waits to be taken of which some has been taken since the last look. */
static bool is_being_read(unsigned progress, bool waiting, unsigned *before)
{
	bool moved = progress != *before;

	*before = progress;
	return moved && waiting;
}

static void look_again(struct workload *workload)
{
	timer_set(workload->loop, &workload->drain, DRAIN_MS);
}

/*
 * Who reads the streams may take his time. The guest may not, which has only to send what its pipes held, and
 * could go on for ever; but a look may come in the moment when all of it has just been written.
 */
static void drain_expired(void *owner)
{
	struct workload *workload = owner;
	unsigned *drained = workload->drained;
	const unsigned before = drained[0] + drained[1] + drained[2];
	unsigned progress;
	bool waiting, read = false;

	for (unsigned i = 0; i < 2; i++)
		read |= is_being_read(workload->outputs[i].progress, workload->outputs[i].size > 0, &drained[i]);
	others_wait(workload, &progress, &waiting);
	read |= is_being_read(progress, waiting, &drained[2]);
	if (!read)
		workload->unread++;
	if (drained[0] + drained[1] + drained[2] == before || workload->unread == UNREAD_MAX)
		finish(workload);
	else
		look_again(workload);
}

void workload_exited(struct workload *workload, const struct frame_exited *exited)
{
	bool waiting;

	workload->exited = true;
	workload->status = (int)(exited->signal ? STATUS_SIGNAL + exited->signal : exited->status);
	input_close(&workload->input);
	for (unsigned i = 0; i < 2; i++)
		workload->drained[i] = workload->outputs[i].progress;
	others_wait(workload, &workload->drained[2], &waiting);
	look_again(workload);
	workload_look(workload);
}

void workload_cut(struct workload *workload)
{
	output_cut(&workload->outputs[0]);
	output_cut(&workload->outputs[1]);
}

void workload_flush(struct workload *workload, unsigned milliseconds)
{
	output_flush(&workload->outputs[0], milliseconds);
	output_flush(&workload->outputs[1], milliseconds);
}

/* ---- signals and sizes */

static void flush_signals(struct workload *workload)
{
	struct agent *agent = workload->agent;

	for (unsigned number = 1; number <= FRAME_SIGNAL_MAX && workload->signals_pending; number++) {
		uint64_t bit = UINT64_C(1) << (number - 1);
		uint8_t payload[FRAME_SIGNAL_SIZE];

		if ((workload->signals_pending & bit) == 0)
			continue;
		if (agent_backlog(agent) >= AGENT_BACKLOG_DATA)
			return;
		workload->signals_pending &= ~bit;
		frame_signal_encode(payload, number);
		agent_send(agent, FRAME_SIGNAL, 0, agent->process, 0, payload, sizeof payload);
	}
}

static void flush_resize(struct workload *workload)
{
	struct agent *agent = workload->agent;
	uint8_t payload[FRAME_RESIZE_SIZE];
	struct frame_resize size;

	if (!workload->resize_pending || agent_backlog(agent) >= AGENT_BACKLOG_DATA)
		return;
	workload->resize_pending = false;
	if (!terminal_size(&workload->terminal, &size))
		return;
	frame_resize_encode(payload, &size);
	agent_send(agent, FRAME_RESIZE, 0, agent->process, 0, payload, sizeof payload);
}

void workload_resume(struct workload *workload)
{
	if (!workload->committed || !workload->agent->greeted || workload->exited)
		return;
	flush_signals(workload);
	flush_resize(workload);
	input_start(&workload->input);
	input_resume(&workload->input);
}

int workload_hand_over(struct workload *workload, struct problem *problem)
{
	return terminal_send(&workload->terminal, problem);
}

void workload_commit(struct workload *workload)
{
	if (workload->committed)
		return;
	workload->committed = true;
	workload->resize_pending = true;
	if (terminal_set_raw(&workload->terminal) < 0)
		log_error(workload->log, "the terminal can't be set raw");
	workload_resume(workload);
}

/* The other end of the terminal has gone: so has the workload's. */
static void hung_up(void *owner)
{
	struct workload *workload = owner;

	input_end(&workload->input);
	output_abandon(&workload->outputs[0]);
}

void workload_signal(struct workload *workload, unsigned number, bool from_outside)
{
	if (number == SIGWINCH) {
		workload->resize_pending = true;
		workload_resume(workload);
	} else if (!workload->committed) {
		return;
	} else if (from_outside) {
		workload->signals_pending |= UINT64_C(1) << (number - 1);
		workload_resume(workload);
	} else if (number == SIGHUP && workload->terminal.fd >= 0) {
		hung_up(workload);
	}
}

bool workload_signal_ends_launch(unsigned number)
{
	switch (number) {
	case SIGCHLD:
	case SIGWINCH:
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

/* ---- streams */

void workload_received(struct workload *workload, const struct frame *frame)
{
	switch (frame->kind) {
	case FRAME_DATA:
		output_received(&workload->outputs[frame->stream - FRAME_STDOUT], frame);
		break;
	case FRAME_EOF:
		output_end(&workload->outputs[frame->stream - FRAME_STDOUT]);
		break;
	case FRAME_CREDIT:
		input_credit(&workload->input, frame_credit_decode(frame));
		break;
	case FRAME_CLOSED:
		input_end(&workload->input);
		break;
	default:
		break;
	}
}

/* The terminal's, or this process's own. */
static int open_channels(const struct terminal *terminal, struct channel channels[3], struct problem *problem)
{
	bool pty = terminal->kind == PLAN_TERMINAL_SOCKET;
	unsigned count = terminal->kind == PLAN_TERMINAL_NONE ? 3 : 2;

	for (unsigned i = 0; i < 3; i++)
		channels[i].fd = -1;
	for (unsigned i = 0; i < count; i++) {
		int error = 0;

		if (pty) {
			channel_adopt(&channels[i], fcntl(terminal->fd, F_DUPFD_CLOEXEC, 3));
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

static int open_streams(struct workload *workload, struct problem *problem)
{
	struct channel channels[3];

	if (open_channels(&workload->terminal, channels, problem) < 0 || replace_stdio(problem) < 0)
		return -1;
	input_open(&workload->input, workload->agent, channels[FRAME_STDIN]);
	workload->input.hung_up = hung_up;
	workload->input.owner = workload;
	for (unsigned i = 0; i < 2; i++) {
		struct output *output = &workload->outputs[i];
		int error = output_open(output, workload->agent, FRAME_STDOUT + i, channels[FRAME_STDOUT + i]);

		if (error < 0)
			return problem_set(problem, "standard stream %u: %s", i + 1, strerror(-error));
		output->done = stream_done;
		output->owner = workload;
	}
	return 0;
}

/* ---- opening and closing */

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
int workload_leave_session(const struct plan *plan, struct problem *problem)
{
	if (plan->terminal == PLAN_TERMINAL_INHERIT || setsid() >= 0 || getsid(0) == getpid())
		return 0;
	if (leave_group() < 0 || setsid() < 0)
		return problem_errno(problem, "setsid");
	return 0;
}

int workload_open(struct workload *workload, const struct plan *plan, struct signals *signals, bool one_output,
		  struct problem *problem)
{
	int error = 0;

	if (terminal_open(&workload->terminal, plan, problem) < 0)
		return -1;
	if (workload->terminal.kind == PLAN_TERMINAL_INHERIT)
		error = signals_guard(signals, &workload->terminal);
	if (error < 0)
		return problem_set(problem, "signals: %s", strerror(-error));
	if (open_streams(workload, problem) < 0)
		return -1;
	if (one_output && workload->terminal.kind != PLAN_TERMINAL_NONE)
		output_cut(&workload->outputs[1]);
	return 0;
}

void workload_init(struct workload *workload, struct loop *loop, struct agent *agent, struct log *log,
		   const struct workload_events *events, void *owner)
{
	*workload = (struct workload){
		.loop = loop,
		.agent = agent,
		.log = log,
		.events = events,
		.owner = owner,
		.terminal = { .fd = -1, .master = -1 },
		.drain = { .expired = drain_expired, .owner = workload },
		.finish = { .expired = finish, .owner = workload },
	};
}

void workload_close(struct workload *workload)
{
	terminal_close(&workload->terminal);
	input_close(&workload->input);
	output_close(&workload->outputs[0]);
	output_close(&workload->outputs[1]);
}
