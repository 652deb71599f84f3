/*
 * Two conduits whose links are tied together, and programs at their sockets: what one writes the other reads, however
 * that is cut into pieces; and what a hostile end may send.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conduit.h"
#include "frame.h"
#include "loop.h"

#define WINDOW_A 3000u
#define WINDOW_B 70000u

/* One of two; what it sends lies in a queue until the other one gets it. */
struct end {
	struct conduit conduit;
	struct end *other;
	struct frame_queue queue;
	struct frame_reader reader;
	int pipe[2]; /* what the queue writes, the reader of the other end reads */
	int program; /* the other end of its socket; -1: closed */
	bool busy, over;
	unsigned sent[256]; /* by kind */
};

static struct loop loop;
static struct end a, b;

static void end_send(void *owner, enum frame_kind kind, uint32_t number, const void *payload, size_t length)
{
	struct end *end = owner;

	assert(number == end->conduit.number && number != 0);
	end->sent[kind]++;
	assert(frame_queue_put(&end->queue, kind, 0, 0, number, payload, length) == 0);
}

static bool end_busy(void *owner)
{
	return ((struct end *)owner)->busy;
}

static void end_over(void *owner, struct conduit *conduit)
{
	struct end *end = owner;

	assert(conduit == &end->conduit && !conduit_is_open(conduit) && !end->over);
	assert(end->sent[FRAME_HANGUP] == 1 && end->sent[FRAME_FINISH] <= 1);
	end->over = true;
}

static const struct conduit_user user = { .send = end_send, .busy = end_busy, .over = end_over };

static void open_end(struct end *end, struct end *other, uint32_t sending, uint32_t receiving)
{
	int pair[2];

	*end = (struct end){ .other = other };
	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
	assert(pipe2(end->pipe, O_NONBLOCK | O_CLOEXEC) == 0);
	frame_queue_init(&end->queue, 1u << 24);
	assert(frame_reader_init(&end->reader, FRAME_FROM_AGENT) == 0);
	conduit_init(&end->conduit, &loop, &user, end);
	conduit_open(&end->conduit, 7, sending, receiving);
	end->program = pair[0];
	conduit_attach(&end->conduit, pair[1]);
}

static void begin(void)
{
	assert(loop_open(&loop) == 0);
	open_end(&a, &b, WINDOW_B, WINDOW_A);
	open_end(&b, &a, WINDOW_A, WINDOW_B);
}

static void close_end(struct end *end)
{
	conduit_close(&end->conduit);
	if (end->program >= 0)
		close(end->program);
	close(end->pipe[0]);
	close(end->pipe[1]);
	frame_queue_clear(&end->queue);
	frame_reader_free(&end->reader);
}

static void finish(void)
{
	close_end(&a);
	close_end(&b);
	loop_close(&loop);
}

/* What one end has sent gets to the other. */
static bool deliver(struct end *end)
{
	bool any = false;
	struct frame frame;

	do {
		while (frame_reader_next(&end->reader, &frame) == FRAME_READY) {
			assert(conduit_is_open(&end->other->conduit));
			assert(conduit_received(&end->other->conduit, &frame) == NULL);
			any = true;
		}
		assert(frame_queue_flush(&end->queue, end->pipe[1]) >= 0);
	} while (frame_reader_fill(&end->reader, end->pipe[0]) > 0);
	return any;
}

static void stop(void *owner)
{
	(void)owner;
	loop.stopped = true;
}

/* Everything that is due now. */
static void settle(void)
{
	struct timer timer = { .expired = stop };

	for (unsigned quiet = 0; quiet < 2;) {
		loop.stopped = false;
		timer_set(&loop, &timer, 0);
		assert(loop_run(&loop) == 0);
		timer_set(&loop, &timer, 1);
		loop.stopped = false;
		assert(loop_run(&loop) == 0);
		quiet = deliver(&a) | deliver(&b) ? 0 : quiet + 1;
	}
}

static uint8_t at(size_t position, unsigned seed)
{
	return (uint8_t)((position * 2654435761u) >> 11 ^ seed);
}

struct flow {
	struct end *from, *to;
	size_t size, written, read;
	unsigned seed;
	bool ended;
};

static bool flow_on(struct flow *flow)
{
	uint8_t bytes[5000];
	size_t size = 1 + (size_t)(rand() % (int)sizeof bytes);
	bool any = false;
	ssize_t count;

	if (flow->written < flow->size) {
		if (size > flow->size - flow->written)
			size = flow->size - flow->written;
		for (size_t i = 0; i < size; i++)
			bytes[i] = at(flow->written + i, flow->seed);
		count = write(flow->from->program, bytes, size);
		if (count > 0) {
			flow->written += (size_t)count;
			any = true;
		}
		if (flow->written == flow->size)
			shutdown(flow->from->program, SHUT_WR);
	}
	if (!flow->ended && rand() % 3 == 0) {
		count = read(flow->to->program, bytes, 1 + (size_t)(rand() % (int)sizeof bytes));
		for (ssize_t i = 0; i < count; i++)
			assert(bytes[i] == at(flow->read + (size_t)i, flow->seed));
		if (count > 0)
			flow->read += (size_t)count;
		if (count == 0)
			flow->ended = true;
		any |= count >= 0;
	}
	return any;
}

static void test_both_ways(void)
{
	for (unsigned round = 0; round < 20; round++) {
		struct flow there = { &a, &b, 1 + (size_t)(rand() % 400000), 0, 0, 1, false };
		struct flow back = { &b, &a, 1 + (size_t)(rand() % 400000), 0, 0, 2, false };

		begin();
		while (!there.ended || !back.ended) {
			flow_on(&there);
			flow_on(&back);
			if (rand() % 4 == 0)
				settle();
			a.busy = rand() % 5 == 0;
			if (!a.busy)
				conduit_resume(&a.conduit);
		}
		assert(there.read == there.size && back.read == back.size);
		a.busy = false;
		conduit_resume(&a.conduit);
		settle();
		assert(a.over && b.over);
		finish();
	}
}

/* A program that does not read has no more than windows and sockets hold waiting for it, and the end is told later. */
static void test_stalled(void)
{
	static uint8_t bytes[1u << 20];
	size_t written = 0, got = 0;
	ssize_t count;

	begin();
	for (unsigned i = 0; i < 50; i++) {
		count = write(a.program, bytes, sizeof bytes);
		written += count > 0 ? (size_t)count : 0;
		settle();
	}
	assert(b.conduit.size <= WINDOW_B && a.conduit.sending.available == 0);
	assert(shutdown(a.program, SHUT_WR) == 0);
	settle();
	assert(a.sent[FRAME_FINISH] == 0 && !a.over);
	while ((count = read(b.program, bytes, sizeof bytes)) != 0) {
		got += count > 0 ? (size_t)count : 0;
		settle();
	}
	assert(got == written);
	assert(write(b.program, "still", 5) == 5);
	settle();
	assert(read(a.program, bytes, sizeof bytes) == 5);
	close(b.program);
	b.program = -1;
	settle();
	assert(read(a.program, bytes, sizeof bytes) == 0 && a.over && b.over);
	finish();
}

/* Whoever closes is noticed by a writer who is not read, with what was written before still read. */
static void test_closed(void)
{
	static uint8_t bytes[1u << 20];
	ssize_t count;
	size_t got = 0;

	begin();
	assert(write(a.program, "last words", 10) == 10);
	close(a.program);
	a.program = -1;
	settle();
	assert(read(b.program, bytes, sizeof bytes) == 10 && read(b.program, bytes, sizeof bytes) == 0);
	assert(send(b.program, "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
	assert(a.over && b.over);
	finish();

	/* The same if it has more to say than the other end takes, and the other one is stuck in saying something. */
	begin();
	for (unsigned i = 0; i < 20; i++) {
		count = write(a.program, bytes, sizeof bytes);
		count = write(b.program, bytes, sizeof bytes);
		settle();
	}
	close(a.program);
	a.program = -1;
	settle();
	/* What it writes now goes nowhere, but does not hold it up. */
	for (unsigned i = 0; i < 20; i++) {
		count = send(b.program, bytes, 100000, MSG_NOSIGNAL);
		settle();
		assert(count > 0 || (count < 0 && (errno == EAGAIN || errno == EPIPE)));
	}
	while ((count = read(b.program, bytes, sizeof bytes)) > 0 || (count < 0 && errno == EAGAIN)) {
		got += count > 0 ? (size_t)count : 0;
		settle();
	}
	assert(got > WINDOW_B && a.over && b.over);
	finish();
}

static void test_abandoned(void)
{
	uint8_t byte;

	begin();
	assert(write(a.program, "x", 1) == 1);
	conduit_abandon(&b.conduit);
	settle();
	assert(a.over && b.over && recv(a.program, &byte, 1, 0) <= 0);
	conduit_abandon(&b.conduit);
	finish();
}

static struct frame make(enum frame_kind kind, const void *payload, uint32_t length)
{
	return (struct frame){ .kind = (uint8_t)kind, .request = 7, .payload = payload, .length = length };
}

static bool refuses(enum frame_kind kind, const void *payload, uint32_t length)
{
	struct frame frame = make(kind, payload, length);

	return conduit_received(&a.conduit, &frame) != NULL;
}

static void test_hostile(void)
{
	static uint8_t bytes[WINDOW_A + 1];
	uint8_t credit[FRAME_CREDIT_SIZE];

	frame_credit_encode(credit, 1);
	begin();
	assert(refuses(FRAME_CHUNK, bytes, WINDOW_A + 1));
	assert(!refuses(FRAME_CHUNK, bytes, WINDOW_A));
	assert(refuses(FRAME_GRANT, credit, sizeof credit));
	assert(refuses(FRAME_CONNECT, credit, sizeof credit));
	assert(!refuses(FRAME_FINISH, NULL, 0));
	assert(refuses(FRAME_FINISH, NULL, 0));
	assert(refuses(FRAME_CHUNK, bytes, 1));
	finish();

	begin();
	a.busy = true; /* so that it does not answer */
	for (unsigned i = 0; i < 2000 && !refuses(FRAME_CHUNK, bytes, 100); i++)
		;
	assert(a.conduit.size <= WINDOW_A);
	assert(!refuses(FRAME_HANGUP, NULL, 0));
	finish();

	/* Without a socket nothing but its window is kept. */
	begin();
	conduit_close(&a.conduit);
	conduit_open(&a.conduit, 7, WINDOW_B, WINDOW_A);
	assert(!refuses(FRAME_CHUNK, bytes, WINDOW_A));
	assert(refuses(FRAME_CHUNK, bytes, 1));
	assert(!refuses(FRAME_FINISH, NULL, 0));
	assert(!refuses(FRAME_HANGUP, NULL, 0));
	assert(conduit_is_open(&a.conduit) && a.sent[FRAME_HANGUP] == 0);
	conduit_abandon(&a.conduit);
	assert(a.over && !conduit_is_open(&a.conduit));
	finish();
}

int main(void)
{
	srand(1);
	test_both_ways();
	test_stalled();
	test_closed();
	test_abandoned();
	test_hostile();
	puts("conduits: ok");
	return 0;
}
