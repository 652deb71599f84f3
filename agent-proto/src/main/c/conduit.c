#include "conduit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void send_frame(const struct conduit *conduit, enum frame_kind kind, const void *payload, size_t length)
{
	conduit->user->send(conduit->owner, kind, conduit->number, payload, length);
}

static void drop_ring(struct conduit *conduit)
{
	free(conduit->ring);
	conduit->ring = NULL;
	conduit->start = conduit->size = 0;
}

static void close_socket(struct conduit *conduit)
{
	if (conduit->watch.fd < 0)
		return;
	watch_stop(conduit->loop, &conduit->watch);
	close(conduit->watch.fd);
	conduit->watch.fd = -1;
}

void conduit_close(struct conduit *conduit)
{
	close_socket(conduit);
	drop_ring(conduit);
	conduit->number = 0;
}

/* This end is closed. The number is free when the other one is too. */
static void hang_up(struct conduit *conduit)
{
	close_socket(conduit);
	drop_ring(conduit);
	if (!conduit->hung_up) {
		conduit->hung_up = true;
		send_frame(conduit, FRAME_HANGUP, NULL, 0);
	}
	if (!conduit->hangup_came)
		return;
	conduit_close(conduit);
	conduit->user->over(conduit->owner, conduit);
}

static void finish(struct conduit *conduit)
{
	if (conduit->finished)
		return;
	conduit->finished = true;
	send_frame(conduit, FRAME_FINISH, NULL, 0);
}

static void give_back(struct conduit *conduit, size_t size)
{
	uint8_t payload[FRAME_CREDIT_SIZE];
	uint32_t credit = credit_receiver_consumed(&conduit->receiving, (uint32_t)size);

	if (credit == 0 || conduit->finish_came || conduit->hangup_came)
		return;
	frame_credit_encode(payload, credit);
	send_frame(conduit, FRAME_GRANT, payload, sizeof payload);
}

/* The other end is not to wait for somebody to read what nobody will. */
static void drop_waiting(struct conduit *conduit)
{
	size_t size = conduit->size;

	drop_ring(conduit);
	if (size > 0)
		give_back(conduit, size);
}

/* Writes as much as the socket takes. How much that was; *broken: it takes no more, ever. */
static size_t write_some(struct conduit *conduit, const uint8_t *bytes, size_t size, bool *broken)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = send(conduit->watch.fd, bytes + done, size - done, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			*broken = errno != EAGAIN;
			break;
		}
		done += (size_t)count;
	}
	if (done > 0)
		give_back(conduit, done);
	return done;
}

static void write_waiting(struct conduit *conduit)
{
	const size_t window = conduit->receiving.window;
	bool broken = false;

	while (conduit->size > 0 && !broken) {
		size_t piece = window - conduit->start;
		size_t done;

		if (piece > conduit->size)
			piece = conduit->size;
		done = write_some(conduit, conduit->ring + conduit->start, piece, &broken);
		conduit->start = (conduit->start + done) % window;
		conduit->size -= done;
		if (done < piece)
			break;
	}
	if (broken)
		conduit->deaf = true;
}

static bool may_read(const struct conduit *conduit)
{
	return !conduit->finished && !conduit->hangup_came && credit_sender_allows(&conduit->sending, 1) > 0 &&
	       !conduit->user->busy(conduit->owner);
}

/* Does what is due, and waits for what is not. */
static void settle(struct conduit *conduit)
{
	bool reads;
	uint32_t events;

	if (conduit->watch.fd < 0)
		return;
	if (!conduit->deaf)
		write_waiting(conduit);
	if (conduit->deaf)
		drop_waiting(conduit);
	if (conduit->finish_came && conduit->size == 0 && !conduit->shut) {
		conduit->shut = true;
		shutdown(conduit->watch.fd, SHUT_WR);
	}
	/* Nothing will go one way or the other; or the one end that is left has nothing more to get. */
	if ((conduit->finished && (conduit->shut || conduit->gone)) ||
	    (conduit->hangup_came && (conduit->shut || !conduit->finish_came))) {
		hang_up(conduit);
		return;
	}
	reads = may_read(conduit);
	events = (reads ? EPOLLIN : 0) | (conduit->size > 0 ? EPOLLOUT : 0);
	/* That it has gone would be said all the time. */
	if (conduit->gone && !reads)
		watch_stop(conduit->loop, &conduit->watch);
	else if (watch_set(conduit->loop, &conduit->watch, events) < 0)
		hang_up(conduit);
}

static void read_socket(struct conduit *conduit)
{
	/* With its header it fits into what a link reads or writes at once. */
	uint8_t chunk[FRAME_DATA_MAX - FRAME_HEADER_SIZE];
	ssize_t count;

	if (!may_read(conduit))
		return;
	count = recv(conduit->watch.fd, chunk, credit_sender_allows(&conduit->sending, sizeof chunk), MSG_DONTWAIT);
	if (count > 0) {
		credit_sender_take(&conduit->sending, (uint32_t)count);
		send_frame(conduit, FRAME_CHUNK, chunk, (size_t)count);
	} else if (count == 0) {
		finish(conduit);
	} else if (errno != EAGAIN && errno != EINTR) {
		/* ECONNRESET: it was closed before all was read that had been written to it. */
		conduit->gone = conduit->deaf = true;
		finish(conduit);
	}
}

static void ready(void *owner, uint32_t events)
{
	struct conduit *conduit = owner;

	if (events & (EPOLLHUP | EPOLLERR))
		conduit->gone = conduit->deaf = true;
	read_socket(conduit);
	settle(conduit);
}

void conduit_init(struct conduit *conduit, struct loop *loop, const struct conduit_user *user, void *owner)
{
	*conduit = (struct conduit){ .loop = loop, .user = user, .owner = owner };
	conduit->watch = (struct watch){ .fd = -1, .ready = ready, .owner = conduit };
}

void conduit_open(struct conduit *conduit, uint32_t number, uint32_t sending, uint32_t receiving)
{
	conduit_init(conduit, conduit->loop, conduit->user, conduit->owner);
	conduit->number = number;
	credit_sender_init(&conduit->sending, sending);
	credit_receiver_init(&conduit->receiving, receiving);
}

void conduit_attach(struct conduit *conduit, int fd)
{
	if (conduit->number == 0 || conduit->hung_up) {
		close(fd);
		return;
	}
	conduit->watch.fd = fd;
	settle(conduit);
}

/* Keeps what the socket does not take now. The credit says that it fits. False: there is no memory. */
static bool keep(struct conduit *conduit, const uint8_t *bytes, size_t size)
{
	const size_t window = conduit->receiving.window;
	size_t end, first;

	if (conduit->ring == NULL && (conduit->ring = malloc(window)) == NULL)
		return false;
	end = (conduit->start + conduit->size) % window;
	first = window - end < size ? window - end : size;
	memcpy(conduit->ring + end, bytes, first);
	memcpy(conduit->ring, bytes + first, size - first);
	conduit->size += size;
	return true;
}

static const char *chunk_came(struct conduit *conduit, const struct frame *frame)
{
	size_t done = 0;
	bool broken = false;

	if (conduit->finish_came)
		return "after FINISH";
	if (!credit_receiver_received(&conduit->receiving, frame->length))
		return "more than the credit";
	if (conduit->hung_up)
		return NULL;
	if (conduit->deaf) {
		give_back(conduit, frame->length);
		return NULL;
	}
	if (conduit->watch.fd >= 0 && conduit->size == 0)
		done = write_some(conduit, frame->payload, frame->length, &broken);
	if (done < frame->length && !keep(conduit, frame->payload + done, frame->length - done))
		hang_up(conduit);
	else
		settle(conduit);
	return NULL;
}

static const char *finish_came(struct conduit *conduit)
{
	if (conduit->finish_came)
		return "twice";
	conduit->finish_came = true;
	settle(conduit);
	return NULL;
}

static const char *hangup_came(struct conduit *conduit)
{
	conduit->hangup_came = true;
	/* Without FINISH, what waits is not all that was meant: a socket that is still to come is not needed. */
	if (conduit->hung_up || (conduit->watch.fd < 0 && !conduit->finish_came))
		hang_up(conduit);
	else
		settle(conduit);
	return NULL;
}

const char *conduit_received(struct conduit *conduit, const struct frame *frame)
{
	if (conduit->hangup_came)
		return "after HANGUP";
	switch (frame->kind) {
	case FRAME_CHUNK:
		return chunk_came(conduit, frame);
	case FRAME_GRANT:
		if (!credit_sender_grant(&conduit->sending, frame_credit_decode(frame)))
			return "more than the window";
		settle(conduit);
		return NULL;
	case FRAME_FINISH:
		return finish_came(conduit);
	case FRAME_HANGUP:
		return hangup_came(conduit);
	default:
		return "not of an open connection";
	}
}

void conduit_resume(struct conduit *conduit)
{
	if (conduit->number != 0)
		settle(conduit);
}

void conduit_abandon(struct conduit *conduit)
{
	if (conduit->number != 0 && !conduit->hung_up)
		hang_up(conduit);
}
