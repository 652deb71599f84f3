#include "relay.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void output_discard(struct output *output)
{
	watch_close(output->agent->loop, &output->watch);
	output->channel.fd = -1;
	free(output->ring);
	output->ring = NULL;
	output->start = output->size = 0;
}

bool output_is_done(const struct output *output)
{
	return output->ended && output->size == 0;
}

static void output_check_done(struct output *output)
{
	if (output_is_done(output) && output->done)
		output->done(output->owner);
}

void output_abandon(struct output *output)
{
	if (output->gone)
		return;
	output->gone = true;
	output_discard(output);
	if (!output->ended)
		agent_send(output->agent, FRAME_CLOSED, output->stream, output->agent->process, 0, NULL, 0);
	output_check_done(output);
}

static void output_give_back(struct output *output, size_t bytes)
{
	uint8_t payload[FRAME_CREDIT_SIZE];
	uint32_t credit = credit_receiver_consumed(&output->credit, (uint32_t)bytes);

	if (credit == 0 || output->ended)
		return;
	frame_credit_encode(payload, credit);
	agent_send(output->agent, FRAME_CREDIT, output->stream, output->agent->process, 0, payload, sizeof payload);
}

/* Writes until the ring is empty or the channel full. False: the channel takes no more, ever. */
static bool output_write(struct output *output)
{
	while (output->size > 0) {
		size_t piece = AGENT_WINDOW - output->start;
		ssize_t count;

		if (piece > output->size)
			piece = output->size;
		count = channel_write(&output->channel, output->ring + output->start, piece);
		if (count == -EINTR)
			continue;
		if (count < 0)
			return count == -EAGAIN;
		output->start = (output->start + (size_t)count) % AGENT_WINDOW;
		output->size -= (size_t)count;
		output->progress++;
		output_give_back(output, (size_t)count);
	}
	return true;
}

/* A channel on which nothing waits is not watched: that its reader has gone is noticed by the next write. */
static void output_pump(struct output *output)
{
	int error = 0;

	if (output->gone || output->held || output->ring == NULL)
		return;
	if (!output_write(output)) {
		output_abandon(output);
		return;
	}
	if (output->size > 0)
		error = watch_set(output->agent->loop, &output->watch, EPOLLOUT);
	else
		watch_stop(output->agent->loop, &output->watch);
	if (error < 0) {
		output_abandon(output);
	} else if (output_is_done(output)) {
		output_discard(output);
		output_check_done(output);
	}
}

static void output_ready(void *owner, uint32_t events)
{
	(void)events;
	output_pump(owner);
}

int output_open(struct output *output, struct agent *agent, enum frame_stream stream, struct channel channel)
{
	*output = (struct output){ .agent = agent, .stream = stream, .channel = channel };
	output->watch = (struct watch){ .fd = channel.fd, .ready = output_ready, .owner = output };
	credit_receiver_init(&output->credit, AGENT_WINDOW);
	if (channel.fd < 0) {
		output->gone = true;
		return 0;
	}
	output->ring = malloc(AGENT_WINDOW);
	return output->ring ? 0 : -ENOMEM;
}

void output_received(struct output *output, const struct frame *frame)
{
	size_t end, first;

	if (output->ended) {
		agent_broke(output->agent, "DATA after EOF");
		return;
	}
	if (!credit_receiver_received(&output->credit, frame->length)) {
		agent_broke(output->agent, "more DATA than it had credit for");
		return;
	}
	if (output->gone)
		return;
	/* The credit has made sure that it fits. */
	end = (output->start + output->size) % AGENT_WINDOW;
	first = AGENT_WINDOW - end < frame->length ? AGENT_WINDOW - end : frame->length;
	memcpy(output->ring + end, frame->payload, first);
	memcpy(output->ring, frame->payload + first, frame->length - first);
	output->size += frame->length;
	output_pump(output);
}

void output_end(struct output *output)
{
	if (output->ended) {
		agent_broke(output->agent, "EOF twice");
		return;
	}
	output_cut(output);
}

void output_cut(struct output *output)
{
	if (output->ended)
		return;
	output->ended = true;
	if (output->gone)
		output_check_done(output);
	else
		output_pump(output);
}

void output_release(struct output *output)
{
	output->held = false;
	output_pump(output);
}

void output_flush(struct output *output, unsigned milliseconds)
{
	int64_t deadline = loop_now() + milliseconds;

	while (output->agent && !output->gone && output->size > 0 && output_write(output) && output->size > 0) {
		struct pollfd poll_for = { .fd = output->channel.fd, .events = POLLOUT };
		int64_t left = deadline - loop_now();

		if (left <= 0 || poll(&poll_for, 1, (int)left) <= 0)
			break;
	}
}

void output_close(struct output *output)
{
	if (output->agent == NULL)
		return;
	output->gone = true;
	output_discard(output);
}

void input_close(struct input *input)
{
	if (input->agent == NULL)
		return;
	watch_close(input->agent->loop, &input->watch);
	input->channel.fd = -1;
	input->ended = true;
}

void input_end(struct input *input)
{
	if (input->ended)
		return;
	input_close(input);
	agent_send(input->agent, FRAME_EOF, FRAME_STDIN, input->agent->process, 0, NULL, 0);
}

static bool input_is_hung_up(const struct input *input)
{
	struct pollfd poll_for = { .fd = input->channel.fd };

	return isatty(input->channel.fd) && poll(&poll_for, 1, 0) > 0 && (poll_for.revents & POLLHUP);
}

static void input_ready(void *owner, uint32_t events)
{
	struct input *input = owner;
	char chunk[FRAME_DATA_MAX];
	uint32_t allowed = credit_sender_allows(&input->credit, sizeof chunk);
	ssize_t count;

	(void)events;
	if (allowed == 0 || agent_backlog(input->agent) >= AGENT_BACKLOG_DATA) {
		watch_stop(input->agent->loop, &input->watch);
		return;
	}
	count = channel_read(&input->channel, chunk, allowed);
	if (count == -EAGAIN || count == -EINTR)
		return;
	if (count <= 0) {
		bool hung_up = input_is_hung_up(input);

		input_end(input);
		if (hung_up)
			input->hung_up(input->owner);
		return;
	}
	credit_sender_take(&input->credit, (uint32_t)count);
	agent_send(input->agent, FRAME_DATA, FRAME_STDIN, input->agent->process, 0, chunk, (size_t)count);
	input_resume(input);
}

void input_resume(struct input *input)
{
	bool wanted = credit_sender_allows(&input->credit, 1) > 0 &&
		      agent_backlog(input->agent) < AGENT_BACKLOG_DATA;

	if (!input->started || input->ended)
		return;
	/* Not even for hang-up while nothing may be read: that is reported after the data. */
	if (!wanted)
		watch_stop(input->agent->loop, &input->watch);
	else if (watch_set(input->agent->loop, &input->watch, EPOLLIN) < 0)
		input_end(input);
}

void input_open(struct input *input, struct agent *agent, struct channel channel)
{
	*input = (struct input){ .agent = agent, .channel = channel };
	input->watch = (struct watch){ .fd = channel.fd, .ready = input_ready, .owner = input };
}

void input_start(struct input *input)
{
	if (input->started)
		return;
	input->started = true;
	credit_sender_init(&input->credit, input->agent->window);
	if (input->channel.fd < 0)
		input_end(input);
	else
		input_resume(input);
}

void input_credit(struct input *input, uint32_t bytes)
{
	if (!input->started || !credit_sender_grant(&input->credit, bytes))
		agent_broke(input->agent, "CREDIT beyond its window");
	else
		input_resume(input);
}
