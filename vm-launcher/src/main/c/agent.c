#include "agent.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define QUEUE_MAX (20u * 1024u * 1024u)
/* What a dead hypervisor can have left in its socket, with room to spare. */
#define DRAIN_READS 4096u

const struct agent_peer agent_in_guest = { "the agent", "the agent link", FRAME_FROM_AGENT };
const struct agent_peer agent_behind_shim = {
	"the container's shim", "the link to the container's shim", FRAME_FROM_SHIM
};

static void watch_for(struct agent *agent, uint32_t events)
{
	int error;

	if (agent->over)
		return;
	error = watch_set(agent->loop, &agent->watch, events);
	if (error < 0)
		agent_fail(agent, "%s can't be watched: %s", agent->peer->link, strerror(-error));
}

void agent_fail(struct agent *agent, const char *format, ...)
{
	va_list arguments;

	if (agent->over)
		return;
	agent->over = true;
	va_start(arguments, format);
	vsnprintf(agent->why, sizeof agent->why, format, arguments);
	va_end(arguments);
	watch_stop(agent->loop, &agent->watch);
	timer_set(agent->loop, &agent->ending, 0);
}

void agent_broke(struct agent *agent, const char *how)
{
	agent_fail(agent, "%s broke the protocol: %s", agent->peer->name, how);
}

void agent_quote(const struct frame *frame, char *text, size_t size)
{
	size_t length = frame->length < size - 1 ? frame->length : size - 1;

	for (size_t i = 0; i < length; i++)
		text[i] = frame->payload[i] >= 0x20 && frame->payload[i] < 0x7f ? (char)frame->payload[i] : '?';
	text[length] = '\0';
}

static void flush(struct agent *agent)
{
	size_t before = agent->queue.bytes;
	int result;

	if (agent->over || !agent->greeted)
		return;
	result = frame_queue_flush(&agent->queue, agent->watch.fd);
	if (result < 0 && result != -EPIPE && result != -ECONNRESET) {
		agent_fail(agent, "%s: %s", agent->peer->link, strerror(-result));
		return;
	}
	/* When the other end has gone, what it has left to read comes first. */
	if (result < 0)
		frame_queue_clear(&agent->queue);
	watch_for(agent, result > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
	if (agent->queue.bytes < before)
		agent->events->room(agent->owner);
}

static void greet(struct agent *agent, const struct frame *frame)
{
	const struct frame_hello own = { FRAME_VERSION_LOWEST, FRAME_VERSION_HIGHEST, AGENT_WINDOW };
	struct frame_hello hello;

	if (frame->kind != FRAME_HELLO) {
		agent_fail(agent, "%s began with %s", agent->peer->name, frame_kind_name(frame->kind));
		return;
	}
	frame_hello_decode(frame, &hello);
	if (frame_version_choose(&own, &hello) == 0) {
		agent_fail(agent, "%s speaks versions %u to %u of the protocol, not %u to %u", agent->peer->name,
			   hello.lowest, hello.highest, own.lowest, own.highest);
		return;
	}
	agent->window = hello.credit;
	agent->greeted = true;
	flush(agent);
	agent->events->greeted(agent->owner);
}

/* All complete frames of what has been read. */
static void handle(struct agent *agent)
{
	enum frame_reader_state state = FRAME_MORE;
	struct frame frame;

	while (!agent->over && (state = frame_reader_next(&agent->reader, &frame)) == FRAME_READY) {
		if (!agent->greeted)
			greet(agent, &frame);
		else if (frame.kind == FRAME_HELLO)
			agent_broke(agent, "HELLO again");
		else
			agent->events->received(agent->owner, &frame);
	}
	if (!agent->over && state == FRAME_INVALID)
		agent_broke(agent, agent->reader.error == FRAME_VALID ? "out of memory" :
									frame_error_name(agent->reader.error));
}

/* One read. False: there is no more for now, or never. */
static bool take(struct agent *agent)
{
	ssize_t count;

	if (agent->over)
		return false;
	count = frame_reader_fill(&agent->reader, agent->watch.fd);
	if (count > 0)
		handle(agent);
	if (count == 0 || count == -ECONNRESET) {
		agent->closed = true;
		agent_fail(agent, "%s was closed", agent->peer->link);
	} else if (count < 0 && count != -EAGAIN && count != -EINTR) {
		agent_fail(agent, "%s: %s", agent->peer->link, strerror((int)-count));
	}
	return count > 0;
}

static void ready(void *owner, uint32_t events)
{
	struct agent *agent = owner;

	if (events & EPOLLOUT)
		flush(agent);
	if (events & ~(uint32_t)EPOLLOUT)
		take(agent);
}

static void ending(void *owner)
{
	struct agent *agent = owner;

	agent->events->ended(agent->owner, agent->why);
}

int agent_open(struct agent *agent, const struct agent_peer *peer, struct loop *loop, int fd,
	       const struct agent_events *events, void *owner)
{
	const struct frame_hello own = { FRAME_VERSION_LOWEST, FRAME_VERSION_HIGHEST, AGENT_WINDOW };
	uint8_t payload[FRAME_HELLO_SIZE];
	int error;

	*agent = (struct agent){ .peer = peer, .loop = loop, .events = events, .owner = owner };
	agent->watch = (struct watch){ .fd = fd, .ready = ready, .owner = agent };
	agent->ending = (struct timer){ .expired = ending, .owner = agent };
	frame_queue_init(&agent->queue, QUEUE_MAX);
	error = frame_reader_init(&agent->reader, peer->direction);
	if (error < 0)
		return error;
	frame_hello_encode(payload, &own);
	error = frame_queue_put(&agent->queue, FRAME_HELLO, 0, 0, 0, payload, sizeof payload);
	if (error < 0)
		return error;
	/* It fits into a fresh socket. */
	error = frame_queue_flush(&agent->queue, fd);
	if (error < 0)
		return error;
	return watch_set(loop, &agent->watch, EPOLLIN);
}

void agent_send(struct agent *agent, enum frame_kind kind, unsigned stream, unsigned process, uint32_t request,
		const void *payload, size_t length)
{
	int error;

	if (agent->over)
		return;
	error = frame_queue_put(&agent->queue, kind, stream, process, request, payload, length);
	if (error == -ENOBUFS)
		agent_fail(agent, "%s does not read", agent->peer->name);
	else if (error < 0)
		agent_fail(agent, "%s: %s", agent->peer->link, strerror(-error));
	else if (agent->greeted)
		watch_for(agent, EPOLLIN | EPOLLOUT);
}

size_t agent_backlog(const struct agent *agent)
{
	return agent->queue.bytes;
}

bool agent_drain(struct agent *agent)
{
	for (unsigned i = 0; i < DRAIN_READS && take(agent); i++)
		;
	return agent->over;
}

void agent_close(struct agent *agent)
{
	agent->over = true;
	if (agent->loop == NULL)
		return;
	timer_stop(agent->loop, &agent->ending);
	watch_close(agent->loop, &agent->watch);
	frame_reader_free(&agent->reader);
	frame_queue_clear(&agent->queue);
}
