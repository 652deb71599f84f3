/* What may pass between an exec shim and the agent: each rule, then anything in any order. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "route.h"

#define NUMBER 7u
#define INPUT_WINDOW 3000u
#define OUTPUT_WINDOW 2000u

static struct route route;

static struct frame make(enum frame_kind kind, unsigned stream, uint32_t length)
{
	static uint8_t payload[FRAME_DATA_MAX];

	return (struct frame){
		.kind = (uint8_t)kind, .stream = (uint8_t)stream, .process = NUMBER, .length = length, .payload = payload,
	};
}

static enum route_verdict link_sends(enum frame_kind kind, unsigned stream, uint32_t length)
{
	struct frame frame = make(kind, stream, length);

	return route_from_link(&route, &frame);
}

static enum route_verdict guest_sends(enum frame_kind kind, unsigned stream, uint32_t length)
{
	struct frame frame = make(kind, stream, length);

	return route_from_guest(&route, &frame);
}

static struct frame make_credit(unsigned stream, uint32_t bytes)
{
	static uint8_t payload[FRAME_CREDIT_SIZE];
	struct frame frame = make(FRAME_CREDIT, stream, sizeof payload);

	frame_credit_encode(payload, bytes);
	frame.payload = payload;
	return frame;
}

static enum route_verdict link_grants(unsigned stream, uint32_t bytes)
{
	struct frame frame = make_credit(stream, bytes);

	return route_from_link(&route, &frame);
}

static enum route_verdict guest_grants(uint32_t bytes)
{
	struct frame frame = make_credit(FRAME_STDIN, bytes);

	return route_from_guest(&route, &frame);
}

static void begin(enum route_state state)
{
	route = (struct route){ .state = state, .process = NUMBER };
	if (state == ROUTE_RUNNING)
		route_run(&route, INPUT_WINDOW, OUTPUT_WINDOW);
}

static void test_before_it_runs(void)
{
	for (enum route_state state = ROUTE_ATTACHED; state <= ROUTE_ASKED; state++) {
		begin(state);
		assert(link_sends(FRAME_DATA, FRAME_STDIN, 9999) == ROUTE_DROP);
		assert(link_sends(FRAME_EOF, FRAME_STDIN, 0) == ROUTE_DROP);
		assert(link_sends(FRAME_SIGNAL, 0, 4) == ROUTE_DROP);
		assert(link_grants(FRAME_STDOUT, 1) == ROUTE_DROP);
		assert(link_sends(FRAME_CLOSED, FRAME_STDERR, 0) == ROUTE_DROP);
		assert(guest_sends(FRAME_EXITED, 0, 8) == ROUTE_WRONG);
		assert(guest_sends(FRAME_EOF, FRAME_STDOUT, 0) == ROUTE_WRONG);
		assert(!route_is_over(&route));
	}
}

static void test_input(void)
{
	begin(ROUTE_RUNNING);
	assert(link_sends(FRAME_DATA, FRAME_STDIN, 2000) == ROUTE_PASS);
	assert(link_sends(FRAME_DATA, FRAME_STDIN, 1001) == ROUTE_WRONG);
	assert(link_sends(FRAME_DATA, FRAME_STDIN, 1000) == ROUTE_PASS);
	assert(guest_grants(3000) == ROUTE_PASS);
	assert(guest_grants(1) == ROUTE_WRONG);
	assert(guest_sends(FRAME_CLOSED, FRAME_STDIN, 0) == ROUTE_PASS);
	assert(guest_sends(FRAME_CLOSED, FRAME_STDIN, 0) == ROUTE_DROP);
	assert(link_sends(FRAME_EOF, FRAME_STDIN, 0) == ROUTE_PASS);
	assert(link_sends(FRAME_EOF, FRAME_STDIN, 0) == ROUTE_WRONG);
	assert(link_sends(FRAME_DATA, FRAME_STDIN, 1) == ROUTE_WRONG);
}

static void test_outputs(void)
{
	begin(ROUTE_RUNNING);
	for (unsigned stream = FRAME_STDOUT; stream <= FRAME_STDERR; stream++) {
		assert(guest_sends(FRAME_DATA, stream, 2000) == ROUTE_PASS);
		assert(guest_sends(FRAME_DATA, stream, 1) == ROUTE_WRONG);
		assert(link_grants(stream, 2001) == ROUTE_WRONG);
		assert(link_grants(stream, 2000) == ROUTE_PASS);
		assert(link_sends(FRAME_CLOSED, stream, 0) == ROUTE_PASS);
		assert(link_sends(FRAME_CLOSED, stream, 0) == ROUTE_DROP);
		assert(!route_is_over(&route));
		assert(guest_sends(FRAME_EOF, stream, 0) == ROUTE_PASS);
		assert(guest_sends(FRAME_EOF, stream, 0) == ROUTE_WRONG);
		assert(guest_sends(FRAME_DATA, stream, 1) == ROUTE_WRONG);
		assert(link_sends(FRAME_CLOSED, stream, 0) == ROUTE_DROP);
	}
	assert(!route_is_over(&route));
	assert(guest_sends(FRAME_EXITED, 0, 8) == ROUTE_PASS);
	assert(guest_sends(FRAME_EXITED, 0, 8) == ROUTE_WRONG);
	assert(route_is_over(&route));
}

static void test_after_its_end(void)
{
	begin(ROUTE_RUNNING);
	assert(guest_sends(FRAME_DATA, FRAME_STDOUT, 1500) == ROUTE_PASS);
	assert(guest_sends(FRAME_EXITED, 0, 8) == ROUTE_PASS);
	assert(link_sends(FRAME_DATA, FRAME_STDIN, 10) == ROUTE_DROP);
	assert(link_sends(FRAME_SIGNAL, 0, 4) == ROUTE_DROP && link_sends(FRAME_RESIZE, 0, 8) == ROUTE_DROP);
	/* what is in the pipes */
	assert(link_grants(FRAME_STDOUT, 1500) == ROUTE_PASS);
	assert(guest_sends(FRAME_DATA, FRAME_STDOUT, 2000) == ROUTE_PASS);
	assert(guest_sends(FRAME_EOF, FRAME_STDOUT, 0) == ROUTE_PASS);
	assert(link_grants(FRAME_STDOUT, 2000) == ROUTE_DROP);
	assert(!route_is_over(&route));
	assert(guest_sends(FRAME_EOF, FRAME_STDERR, 0) == ROUTE_PASS);
	assert(route_is_over(&route));
}

static void test_what_may_not_come(void)
{
	struct frame frame = make(FRAME_SIGNAL, 0, 4);

	begin(ROUTE_RUNNING);
	assert(route_from_link(&route, &frame) == ROUTE_PASS);
	frame.process = NUMBER + 1;
	assert(route_from_link(&route, &frame) == ROUTE_WRONG);
	frame.process = 0;
	assert(route_from_link(&route, &frame) == ROUTE_WRONG);
	assert(link_sends(FRAME_COMMIT, 0, 0) == ROUTE_WRONG);
	assert(link_sends(FRAME_HELLO, 0, 12) == ROUTE_WRONG);
	assert(guest_sends(FRAME_EVENT, 0, 2) == ROUTE_WRONG);
}

/* What passes stays within the windows, whatever is sent. */
static void test_anything(void)
{
	srand(1);
	for (unsigned round = 0; round < 20000; round++) {
		uint64_t sent[3] = { 0 }, room[3] = { INPUT_WINDOW, OUTPUT_WINDOW, OUTPUT_WINDOW };
		unsigned ends[3] = { 0 }, exits = 0;

		begin(ROUTE_RUNNING);
		for (unsigned step = (unsigned)rand() % 60; step > 0; step--) {
			unsigned stream = FRAME_STDOUT + (unsigned)rand() % 2;
			uint32_t size = 1 + (uint32_t)rand() % 1500;

			switch (rand() % 8) {
			case 0:
				if (link_sends(FRAME_DATA, FRAME_STDIN, size) == ROUTE_PASS)
					sent[FRAME_STDIN] += size;
				break;
			case 1:
				if (guest_grants(size) == ROUTE_PASS)
					room[FRAME_STDIN] += size;
				break;
			case 2:
			case 3:
				if (guest_sends(FRAME_DATA, stream, size) == ROUTE_PASS)
					sent[stream] += size;
				break;
			case 4:
				if (link_grants(stream, size) != ROUTE_WRONG)
					room[stream] += size;
				break;
			case 5:
				if (rand() % 10 == 0)
					ends[FRAME_STDIN] += link_sends(FRAME_EOF, FRAME_STDIN, 0) == ROUTE_PASS;
				break;
			case 6:
				if (rand() % 10 == 0)
					ends[stream] += guest_sends(FRAME_EOF, stream, 0) == ROUTE_PASS;
				break;
			default:
				if (rand() % 10 == 0)
					exits += guest_sends(FRAME_EXITED, 0, 8) == ROUTE_PASS;
				break;
			}
			for (unsigned i = 0; i < 3; i++)
				assert(sent[i] <= room[i] && ends[i] <= 1);
			assert(exits <= 1);
			assert(route_is_over(&route) == (exits && ends[FRAME_STDOUT] && ends[FRAME_STDERR]));
		}
	}
}

int main(void)
{
	test_before_it_runs();
	test_input();
	test_outputs();
	test_after_its_end();
	test_what_may_not_come();
	test_anything();
	puts("test_route: ok");
	return 0;
}
