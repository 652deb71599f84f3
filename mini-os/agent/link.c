#include "link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "log.h"

#define QUEUE_LIMIT (8u * 1024u * 1024u) /* a host that lets this much wait does not read */
#define BUSY_ABOVE (256u * 1024u)
#define BUSY_BELOW (64u * 1024u)

static void watch_port(struct link *link, uint32_t events)
{
	int error = watch_set(link->loop, &link->watch, events);

	if (error < 0) {
		log_error("watching the port: %s", strerror(-error));
		link->loop->stopped = true;
	}
}

static void reset(struct link *link)
{
	frame_reader_reset(&link->reader);
	frame_queue_clear(&link->queue);
	link->was_busy = false;
}

/* A hang-up lasts until a host comes, and must not be reported all the time: hence edge-triggered. */
static void wait_for_host(struct link *link)
{
	reset(link);
	watch_stop(link->loop, &link->watch);
	port_detach(&link->port);
	link->watch.fd = link->port.fd;
	link->state = LINK_WAITING;
	watch_port(link, EPOLLIN | EPOLLET);
}

static void break_link(struct link *link, const char *what, const char *why)
{
	log_error("the host broke the protocol: %s: %s", what, why);
	/* Not the reader: the frame in hand lives there. */
	frame_queue_clear(&link->queue);
	link->state = LINK_BROKEN;
	watch_port(link, 0);
}

static void watch_for_traffic(struct link *link)
{
	uint32_t events = link->state == LINK_REFUSED ? 0 : EPOLLIN;

	if (!frame_queue_empty(&link->queue))
		events |= EPOLLOUT;
	watch_port(link, events);
}

static void flush(struct link *link)
{
	int result = frame_queue_flush(&link->queue, link->port.fd);

	/* The host has gone, and reading will say so too. */
	if (result < 0)
		frame_queue_clear(&link->queue);
	watch_for_traffic(link);
}

static void queued(struct link *link, int result)
{
	if (result < 0) {
		break_link(link, "writing", result == -ENOBUFS ? "it does not read" : strerror(-result));
		return;
	}
	/* If something waits already, the port is full. */
	if ((link->watch.events & EPOLLOUT) == 0)
		flush(link);
}

void link_send(struct link *link, enum frame_kind kind, unsigned stream, unsigned process, uint32_t request,
	       const void *payload, size_t length)
{
	if (link->state == LINK_OPEN)
		queued(link, frame_queue_put(&link->queue, kind, stream, process, request, payload, length));
}

void link_failure(struct link *link, uint32_t request, const struct problem *problem)
{
	if (link->state == LINK_OPEN)
		queued(link, frame_queue_failure(&link->queue, request, problem->code, problem->text));
}

bool link_busy(struct link *link)
{
	if (link->queue.bytes > BUSY_ABOVE)
		link->was_busy = true;
	return link->was_busy;
}

static void greet(struct link *link, const struct frame *frame)
{
	static const struct frame_hello own = {
		.lowest = FRAME_VERSION_LOWEST,
		.highest = FRAME_VERSION_HIGHEST,
		.credit = LINK_WINDOW,
	};
	struct frame_hello peer;
	uint8_t payload[FRAME_HELLO_SIZE];

	frame_hello_decode(frame, &peer);
	frame_hello_encode(payload, &own);
	/* What was being written to the host before is not finished: it has a new end. */
	frame_queue_clear(&link->queue);
	link->was_busy = false;
	link->state = LINK_OPEN;
	link_send(link, FRAME_HELLO, 0, 0, 0, payload, sizeof payload);
	if (frame_version_choose(&own, &peer) == 0) {
		struct problem problem;

		problem_set(&problem, FAILURE_INVALID,
			    "the agent speaks protocol versions %u to %u, the host %u to %u",
			    own.lowest, own.highest, peer.lowest, peer.highest);
		log_error("%s", problem.text);
		link_failure(link, 0, &problem);
		link->state = LINK_REFUSED;
		flush(link);
		return;
	}
	link->user.opened(link->user.owner, peer.credit);
}

static void received(struct link *link, const struct frame *frame)
{
	const char *name = frame_kind_name(frame->kind);
	const char *wrong;

	if (frame->kind == FRAME_HELLO) {
		greet(link, frame);
		return;
	}
	if (link->state != LINK_OPEN) {
		break_link(link, name, "before HELLO");
		return;
	}
	wrong = link->user.received(link->user.owner, frame);
	if (wrong)
		break_link(link, name, wrong);
}

static void handle_frames(struct link *link)
{
	struct frame frame;

	while (link->state == LINK_FRESH || link->state == LINK_OPEN) {
		switch (frame_reader_next(&link->reader, &frame)) {
		case FRAME_READY:
			received(link, &frame);
			break;
		case FRAME_MORE:
			return;
		case FRAME_INVALID:
			break_link(link, "a frame's",
				   link->reader.error == FRAME_VALID ? "memory" : frame_error_name(link->reader.error));
			return;
		}
	}
}

static void read_port(struct link *link)
{
	ssize_t count = frame_reader_fill(&link->reader, link->port.fd);

	if (count == -EAGAIN || count == -EINTR)
		return;
	if (count > 0) {
		if (link->state == LINK_WAITING) {
			link->state = LINK_FRESH;
			watch_for_traffic(link);
		}
		handle_frames(link);
	} else if (link->state != LINK_WAITING) {
		if (count < 0)
			log_error("reading the port: %s", strerror((int)-count));
		wait_for_host(link);
	}
}

static void attach(struct link *link)
{
	int before = link->port.fd;

	if (!port_attach(&link->port))
		return;
	if (link->port.fd != before) {
		watch_stop(link->loop, &link->watch);
		link->watch.fd = link->port.fd;
		watch_port(link, EPOLLIN | EPOLLET);
	}
	read_port(link);
}

static void resume(struct link *link)
{
	if (!link->was_busy || link->queue.bytes > BUSY_BELOW)
		return;
	link->was_busy = false;
	link->user.resumed(link->user.owner);
}

static void ready(void *owner, uint32_t events)
{
	struct link *link = owner;

	switch (link->state) {
	case LINK_WAITING:
		attach(link);
		break;
	case LINK_FRESH:
	case LINK_OPEN:
		if (events & EPOLLOUT) {
			flush(link);
			resume(link);
		}
		if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			read_port(link);
		break;
	case LINK_REFUSED:
	case LINK_BROKEN:
		if (events & (EPOLLHUP | EPOLLERR))
			wait_for_host(link);
		else if (events & EPOLLOUT)
			flush(link);
		break;
	}
}

int link_open(struct link *link, struct loop *loop, const struct link_user *user)
{
	int error;

	*link = (struct link){ .loop = loop, .user = *user, .state = LINK_WAITING };
	error = frame_reader_init(&link->reader, FRAME_TO_AGENT);
	if (error < 0)
		return error;
	frame_queue_init(&link->queue, QUEUE_LIMIT);
	error = port_open(&link->port);
	if (error < 0) {
		frame_reader_free(&link->reader);
		return error;
	}
	link->watch = (struct watch){ .fd = link->port.fd, .ready = ready, .owner = link };
	watch_port(link, EPOLLIN | EPOLLET);
	return 0;
}

void link_close(struct link *link)
{
	watch_stop(link->loop, &link->watch);
	frame_reader_free(&link->reader);
	frame_queue_clear(&link->queue);
}
