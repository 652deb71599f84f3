#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "log.h"

/* A frame of this size is written to the port at once. */
#define CHUNK (FRAME_DATA_MAX - FRAME_HEADER_SIZE)

/*
 * A terminal that no process has open gives EIO, and hangs up as long as that lasts. That is not its end: login,
 * getty and systemd close it and open it again. There is no event for the latter.
 */
#define VACANCY_MS 50
/* What a terminal may still show after its process has ended, if others have it open. */
#define TERMINAL_REST (64u * 1024u)

static void tell_end(struct output *output)
{
	if (output->told_end || !link_is_open(output->link))
		return;
	output->told_end = true;
	link_send(output->link, FRAME_EOF, output->stream, output->process, 0, NULL, 0);
	if (output->ended)
		output->ended(output->owner);
}

void output_close(struct output *output)
{
	if (output->watch.fd >= 0) {
		timer_stop(output->link->loop, &output->vacancy);
		watch_stop(output->link->loop, &output->watch);
		close(output->watch.fd);
		output->watch.fd = -1;
	}
	if (output->link)
		tell_end(output);
}

static bool may_send(const struct output *output)
{
	return link_is_open(output->link) && !link_busy(output->link) && output->credit.available > 0;
}

void output_resume(struct output *output)
{
	struct link *link = output->link;

	if (output->watch.fd < 0)
		return;
	if (!may_send(output)) {
		/* not even for hang-up, which would be reported all the time */
		watch_stop(link->loop, &output->watch);
	} else if (watch_set(link->loop, &output->watch, EPOLLIN) < 0) {
		log_error("process %u: stream %d can't be watched", output->process, output->stream);
		output_close(output);
	} else if (output->ending && output->terminal) {
		timer_set(link->loop, &output->vacancy, VACANCY_MS);
	}
}

static size_t most_to_read(const struct output *output, size_t size)
{
	if (output->ending && output->rest < size)
		size = output->rest;
	return credit_sender_allows(&output->credit, size);
}

static void output_ready(void *owner, uint32_t events)
{
	struct output *output = owner;
	uint8_t chunk[CHUNK];
	ssize_t count;

	(void)events;
	/* The host may have gone meanwhile: what is read now would be lost. */
	if (!may_send(output)) {
		output_resume(output);
		return;
	}
	count = read(output->watch.fd, chunk, most_to_read(output, sizeof chunk));
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count < 0 && errno == EIO && output->terminal && !output->process_ended) {
		watch_stop(output->link->loop, &output->watch);
		timer_set(output->link->loop, &output->vacancy, VACANCY_MS);
		return;
	}
	if (count <= 0) {
		output_close(output);
		return;
	}
	credit_sender_take(&output->credit, (uint32_t)count);
	link_send(output->link, FRAME_DATA, output->stream, output->process, 0, chunk, (size_t)count);
	if (output->ending && (output->rest -= (size_t)count) == 0)
		output_close(output);
	else
		output_resume(output);
}

static bool is_readable(const struct output *output)
{
	struct pollfd poll_for = { .fd = output->watch.fd, .events = POLLIN };

	return poll(&poll_for, 1, 0) > 0;
}

static void output_look_again(void *owner)
{
	struct output *output = owner;

	if (output->ending && may_send(output) && !is_readable(output))
		output_close(output);
	else
		output_resume(output);
}

void output_process_ended(struct output *output)
{
	output->process_ended = true;
	if (output->vacancy.armed) {
		timer_stop(output->link->loop, &output->vacancy);
		output_resume(output);
	}
}

void output_process_ended_alone(struct output *output)
{
	int waiting = 0;

	output->process_ended = true;
	if (output->watch.fd < 0)
		return;
	output->ending = true;
	if (output->terminal)
		output->rest = TERMINAL_REST;
	else if (ioctl(output->watch.fd, FIONREAD, &waiting) == 0)
		output->rest = (size_t)waiting;
	if (output->rest == 0) {
		output_close(output);
	} else {
		timer_stop(output->link->loop, &output->vacancy);
		output_resume(output);
	}
}

void output_none(struct output *output)
{
	*output = (struct output){ .watch = { .fd = -1 }, .told_end = true };
}

int output_open(struct output *output, struct link *link, uint16_t process, enum frame_stream stream,
		bool terminal, int fd, uint32_t window)
{
	*output = (struct output){ .link = link, .process = process, .stream = stream, .terminal = terminal };
	output->watch = (struct watch){ .fd = fd, .ready = output_ready, .owner = output };
	output->vacancy = (struct timer){ .expired = output_look_again, .owner = output };
	credit_sender_init(&output->credit, window);
	output_resume(output);
	return 0;
}

void output_opened(struct output *output, uint32_t window)
{
	if (output->link == NULL)
		return;
	output->told_end = false;
	credit_sender_init(&output->credit, window);
	if (output->watch.fd < 0)
		tell_end(output);
	output_resume(output);
}

const char *output_credit(struct output *output, uint32_t bytes)
{
	if (output->link == NULL)
		return NULL;
	if (!credit_sender_grant(&output->credit, bytes))
		return "more than the window";
	output_resume(output);
	return NULL;
}

void input_close(struct input *input)
{
	if (input->watch.fd >= 0) {
		timer_stop(input->link->loop, &input->vacancy);
		watch_stop(input->link->loop, &input->watch);
		close(input->watch.fd);
		input->watch.fd = -1;
	}
	free(input->ring);
	input->ring = NULL;
	input->start = input->size = 0;
}

/* Nobody reads what is written. */
static void input_gone(struct input *input)
{
	input_close(input);
	if (input->told_gone || !link_is_open(input->link))
		return;
	input->told_gone = true;
	link_send(input->link, FRAME_CLOSED, FRAME_STDIN, input->process, 0, NULL, 0);
}

static void give_back(struct input *input, uint32_t bytes)
{
	uint8_t payload[FRAME_CREDIT_SIZE];
	uint32_t credit = credit_receiver_consumed(&input->credit, bytes);

	if (credit == 0 || input->ended)
		return;
	frame_credit_encode(payload, credit);
	link_send(input->link, FRAME_CREDIT, FRAME_STDIN, input->process, 0, payload, sizeof payload);
}

/* Writes from the ring until it is empty or the descriptor is full: 0. -errno: it takes nothing any more. */
static int write_ring(struct input *input)
{
	while (input->size > 0) {
		size_t piece = LINK_WINDOW - input->start;
		ssize_t count;

		if (piece > input->size)
			piece = input->size;
		count = write(input->watch.fd, input->ring + input->start, piece);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return errno == EAGAIN ? 0 : -errno;
		input->start = (input->start + (size_t)count) % LINK_WINDOW;
		input->size -= (size_t)count;
		give_back(input, (uint32_t)count);
	}
	return 0;
}

static void input_pump(struct input *input)
{
	struct loop *loop = input->link->loop;
	int error = write_ring(input);

	if (error == -EIO && input->terminal) {
		watch_stop(loop, &input->watch);
		timer_set(loop, &input->vacancy, VACANCY_MS);
		return;
	}
	if (error < 0) {
		input_gone(input);
		return;
	}
	if (input->size > 0)
		error = watch_set(loop, &input->watch, EPOLLOUT);
	else if (input->terminal)
		watch_stop(loop, &input->watch);
	else if (input->ended)
		input_close(input);
	else
		error = watch_set(loop, &input->watch, 0); /* says when the last reader has gone */
	if (error < 0) {
		log_error("process %u: stdin can't be watched: %s", input->process, strerror(-error));
		input_gone(input);
	}
}

static void input_ready(void *owner, uint32_t events)
{
	struct input *input = owner;

	if ((events & EPOLLERR) && !input->terminal)
		input_gone(input);
	else
		input_pump(input);
}

static void input_look_again(void *owner)
{
	input_pump(owner);
}

void input_none(struct input *input)
{
	*input = (struct input){ .watch = { .fd = -1 } };
}

int input_open(struct input *input, struct link *link, uint16_t process, bool terminal, int fd)
{
	*input = (struct input){ .link = link, .process = process, .terminal = terminal };
	input->watch = (struct watch){ .fd = fd, .ready = input_ready, .owner = input };
	input->vacancy = (struct timer){ .expired = input_look_again, .owner = input };
	credit_receiver_init(&input->credit, LINK_WINDOW);
	input->ring = malloc(LINK_WINDOW);
	if (input->ring == NULL) {
		input_close(input);
		return -ENOMEM;
	}
	input_pump(input);
	return 0;
}

void input_opened(struct input *input)
{
	if (input->link == NULL)
		return;
	input->ended = input->told_gone = false;
	input->start = input->size = 0;
	credit_receiver_init(&input->credit, LINK_WINDOW);
	if (input->watch.fd >= 0)
		input_pump(input);
}

static void keep(struct input *input, const uint8_t *data, size_t length)
{
	size_t end = (input->start + input->size) % LINK_WINDOW;
	size_t first = LINK_WINDOW - end;

	if (first > length)
		first = length;
	memcpy(input->ring + end, data, first);
	memcpy(input->ring, data + first, length - first);
	input->size += length;
}

const char *input_data(struct input *input, const uint8_t *data, uint32_t length)
{
	if (input->link == NULL)
		return NULL;
	if (input->ended)
		return "after EOF";
	if (!credit_receiver_received(&input->credit, length))
		return "more than the credit";
	if (input->watch.fd < 0) {
		input_gone(input);
		return NULL;
	}
	/* The credit says that it fits. */
	keep(input, data, length);
	input_pump(input);
	return NULL;
}

const char *input_eof(struct input *input)
{
	if (input->link == NULL)
		return NULL;
	if (input->ended)
		return "twice";
	input->ended = true;
	if (input->watch.fd >= 0)
		input_pump(input);
	return NULL;
}
