#include "process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

static void process_free(struct process *process)
{
	input_close(&process->input);
	for (unsigned i = 0; i < 2; i++) {
		/* without a word: there may be another host by now, or a process that the host has never heard of */
		process->outputs[i].told_end = true;
		output_close(&process->outputs[i]);
	}
	free(process);
}

static void forget(struct processes *processes, struct process *process)
{
	if (process->exited)
		processes->lingering--;
	processes->table[process->number] = NULL;
	process_free(process);
}

static bool is_told(const struct process *process)
{
	return process->number != 0 && process->told_exited && process->outputs[0].told_end &&
	       process->outputs[1].told_end;
}

static void sweep(void *owner)
{
	struct processes *processes = owner;

	for (unsigned i = 1; i <= FRAME_PROCESS_MAX; i++)
		if (processes->table[i] && is_told(processes->table[i]))
			forget(processes, processes->table[i]);
}

/* Not at once: this may be called by what is to be freed. */
static void sweep_soon(struct process *process)
{
	if (is_told(process))
		timer_set(process->processes->link->loop, &process->processes->sweep, 0);
}

static void output_told_end(void *owner)
{
	sweep_soon(owner);
}

void processes_open(struct processes *processes, struct link *link)
{
	*processes = (struct processes){ .link = link, .window = FRAME_CREDIT_MIN };
	processes->sweep = (struct timer){ .expired = sweep, .owner = processes };
}

void processes_close(struct processes *processes)
{
	if (processes->sweep.armed)
		timer_stop(processes->link->loop, &processes->sweep);
	for (unsigned i = 0; i <= FRAME_PROCESS_MAX; i++) {
		if (processes->table[i])
			process_free(processes->table[i]);
		processes->table[i] = NULL;
	}
}

static int open_output(struct processes *processes, struct process *process, enum frame_stream stream, int fd)
{
	struct output *output = &process->outputs[stream - FRAME_STDOUT];

	if (fd < 0)
		return 0;
	return output_open(output, processes->link, process->number, stream, process->terminal, fd,
			   processes->window);
}

static int open_streams(struct processes *processes, struct process *process, const struct process_streams *streams)
{
	int errors[3] = { 0 };

	if (streams->input >= 0)
		errors[0] = input_open(&process->input, processes->link, process->number, process->terminal,
				       streams->input);
	errors[1] = open_output(processes, process, FRAME_STDOUT, streams->output);
	errors[2] = open_output(processes, process, FRAME_STDERR, streams->error);
	for (unsigned i = 0; i < 3; i++)
		if (errors[i] < 0)
			return errors[i];
	return 0;
}

static void close_streams(const struct process_streams *streams)
{
	const int all[] = { streams->input, streams->output, streams->error };

	for (unsigned i = 0; i < 3; i++)
		if (all[i] >= 0)
			close(all[i]);
}

struct process *process_add(struct processes *processes, uint16_t number, pid_t pid, bool terminal,
			    const struct process_streams *streams)
{
	struct process *process = calloc(1, sizeof *process);

	if (process == NULL) {
		close_streams(streams);
		return NULL;
	}
	process->processes = processes;
	process->number = number;
	process->pid = pid;
	process->terminal = terminal;
	input_none(&process->input);
	output_none(&process->outputs[0]);
	output_none(&process->outputs[1]);
	if (open_streams(processes, process, streams) < 0) {
		process_free(process);
		return NULL;
	}
	for (unsigned i = 0; i < 2; i++) {
		process->outputs[i].ended = output_told_end;
		process->outputs[i].owner = process;
	}
	processes->table[number] = process;
	return process;
}

void process_begin(struct process *process)
{
	if (process->terminal)
		link_send(process->processes->link, FRAME_EOF, FRAME_STDERR, process->number, 0, NULL, 0);
}

void process_reaped(struct process *process, int status)
{
	process->pid = 0;
	if (WIFSIGNALED(status))
		process->how = (struct frame_exited){ .signal = (uint32_t)WTERMSIG(status) };
	else
		process->how = (struct frame_exited){ .status = (uint32_t)WEXITSTATUS(status) };
	input_close(&process->input);
	for (unsigned i = 0; i < 2; i++) {
		if (process->number == 0)
			output_process_ended(&process->outputs[i]);
		else
			output_process_ended_alone(&process->outputs[i]);
	}
}

static void tell_exited(struct processes *processes, struct process *process)
{
	uint8_t payload[FRAME_EXITED_SIZE];

	if (!process->exited || process->told_exited || !link_is_open(processes->link))
		return;
	process->told_exited = true;
	frame_exited_encode(payload, &process->how);
	link_send(processes->link, FRAME_EXITED, 0, process->number, 0, payload, sizeof payload);
	sweep_soon(process);
}

void process_exited(struct processes *processes, struct process *process)
{
	process->exited = true;
	if (process->number != 0)
		processes->lingering++;
	tell_exited(processes, process);
}

int process_kill(struct process *process, int signal)
{
	/* Nobody but the agent reaps it, so that the number is its own for as long as it is kept here. */
	if (process->pid == 0)
		return -ESRCH;
	return kill(process->pid, signal) < 0 ? -errno : 0;
}

void process_resize(struct process *process, const struct winsize *size)
{
	int fd = process->outputs[0].watch.fd;

	if (process->terminal && fd >= 0 && ioctl(fd, TIOCSWINSZ, size) < 0)
		log_error("process %u: size of the terminal: %s", process->number, strerror(errno));
}

static void resize(struct process *process, const struct frame *frame)
{
	struct frame_resize resize;
	struct winsize size;

	frame_resize_decode(frame, &resize);
	size = (struct winsize){
		.ws_row = resize.rows,
		.ws_col = resize.columns,
		.ws_xpixel = resize.x_pixels,
		.ws_ypixel = resize.y_pixels,
	};
	process_resize(process, &size);
}

static void close_output(struct process *process, unsigned stream)
{
	/* The input of a terminal is another descriptor of the same: to hang up, both must go. */
	if (process->terminal)
		input_close(&process->input);
	output_close(&process->outputs[stream - FRAME_STDOUT]);
}

const char *processes_frame(struct processes *processes, const struct frame *frame)
{
	struct process *process = processes_find(processes, frame->process);

	if (process == NULL)
		return NULL;
	switch (frame->kind) {
	case FRAME_CREDIT:
		return output_credit(&process->outputs[frame->stream - FRAME_STDOUT], frame_credit_decode(frame));
	case FRAME_CLOSED:
		close_output(process, frame->stream);
		return NULL;
	default:
		break;
	}
	if (process->pid == 0)
		return NULL;
	switch (frame->kind) {
	case FRAME_DATA:
		return input_data(&process->input, frame->payload, frame->length);
	case FRAME_EOF:
		return input_eof(&process->input);
	case FRAME_SIGNAL:
		process_kill(process, (int)frame_signal_decode(frame));
		return NULL;
	case FRAME_RESIZE:
		resize(process, frame);
		return NULL;
	default:
		return "not a frame of a process";
	}
}

void processes_opened(struct processes *processes, uint32_t window)
{
	processes->window = window;
	for (unsigned i = 0; i <= FRAME_PROCESS_MAX; i++) {
		struct process *process = processes->table[i];

		if (process == NULL)
			continue;
		if (i != 0) {
			forget(processes, process);
			continue;
		}
		process->told_exited = false;
		input_opened(&process->input);
		output_opened(&process->outputs[0], window);
		output_opened(&process->outputs[1], window);
		tell_exited(processes, process);
	}
}

void processes_resume(struct processes *processes)
{
	for (unsigned i = 0; i <= FRAME_PROCESS_MAX; i++) {
		struct process *process = processes->table[i];

		if (process == NULL)
			continue;
		output_resume(&process->outputs[0]);
		output_resume(&process->outputs[1]);
	}
}
