#include "control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUEUE_MAX (4u * 1024u * 1024u)
#define ENDED_MESSAGE "process already finished"

static void link_drop(struct control_link *link)
{
	struct control *control = link->control;

	if (!link->used)
		return;
	link->used = false;
	link->generation++;
	watch_close(control->loop, &link->watch);
	frame_reader_free(&link->reader);
	frame_queue_clear(&link->queue);
	if (control->listener.fd >= 0)
		watch_set(control->loop, &control->listener, EPOLLIN);
	if (link == control->creator) {
		control->creator = NULL;
		control->events->creator_lost(control->owner);
	}
}

static uint32_t wanted_events(const struct control_link *link)
{
	uint32_t events = frame_queue_empty(&link->queue) ? 0 : EPOLLOUT;

	return link->paused || link->last ? events : events | EPOLLIN;
}

/* False: the link has been dropped. */
static bool link_flush(struct control_link *link)
{
	int result = frame_queue_flush(&link->queue, link->watch.fd);

	if (result < 0 || (result == 0 && link->last) ||
	    watch_set(link->control->loop, &link->watch, wanted_events(link)) < 0) {
		link_drop(link);
		return false;
	}
	return true;
}

/* A link that does not take what is for it is dropped, from the loop. */
static void link_put(struct control_link *link, enum frame_kind kind, uint32_t request, const void *payload,
		     size_t length)
{
	if (frame_queue_put(&link->queue, kind, 0, 0, request, payload, length) < 0) {
		frame_queue_clear(&link->queue);
		link->last = true;
	}
	watch_set(link->control->loop, &link->watch, wanted_events(link) | EPOLLOUT);
}

static void link_failure(struct control_link *link, uint32_t request, enum failure_code code,
			 const char *message)
{
	char payload[512];

	link_put(link, FRAME_FAILURE, request, payload,
		 failure_encode(payload, sizeof payload, code, message));
}

static void link_hello(struct control_link *link)
{
	const struct frame_hello own = { FRAME_VERSION_LOWEST, FRAME_VERSION_HIGHEST, AGENT_WINDOW };
	uint8_t payload[FRAME_HELLO_SIZE];

	frame_hello_encode(payload, &own);
	link_put(link, FRAME_HELLO, 0, payload, sizeof payload);
}

static void link_greeted(struct control_link *link, const struct frame *frame)
{
	const struct frame_hello own = { FRAME_VERSION_LOWEST, FRAME_VERSION_HIGHEST, AGENT_WINDOW };
	struct frame_hello hello;
	char message[160];

	frame_hello_decode(frame, &hello);
	link->greeted = true;
	if (link != link->control->creator)
		link_hello(link);
	if (frame_version_choose(&own, &hello) != 0)
		return;
	snprintf(message, sizeof message, "versions %u to %u of the protocol are not spoken here, but %u to %u",
		 hello.lowest, hello.highest, own.lowest, own.highest);
	link_failure(link, 0, FAILURE_INVALID, message);
	link->last = true;
}

static struct control_request *free_request(struct control *control)
{
	for (unsigned i = 0; i < CONTROL_REQUESTS_MAX; i++)
		if (control->requests[i].number == 0)
			return &control->requests[i];
	return NULL;
}

static bool has_room(struct control *control)
{
	return free_request(control) != NULL && agent_backlog(control->agent) < AGENT_BACKLOG_REQUEST;
}

/* There is room. */
static void pass_request(struct control_link *link, const struct frame *frame)
{
	struct control *control = link->control;
	struct control_request *request = free_request(control);

	if (control->process_ended) {
		link_failure(link, frame->request, FAILURE_NO_PROCESS, ENDED_MESSAGE);
		return;
	}
	if (++control->last_number == 0)
		control->last_number = 1;
	*request = (struct control_request){
		.number = control->last_number,
		.answer_to = frame->request,
		.link = link,
		.generation = link->generation,
	};
	agent_send(control->agent, FRAME_REQUEST, 0, 0, request->number, frame->payload, frame->length);
}

/* False: the frame may not come here. */
static bool link_frame(struct control_link *link, const struct frame *frame)
{
	struct control *control = link->control;

	if (!link->greeted) {
		if (frame->kind == FRAME_HELLO)
			link_greeted(link, frame);
		return frame->kind == FRAME_HELLO;
	}
	switch (frame->kind) {
	case FRAME_REQUEST:
		pass_request(link, frame);
		return true;
	case FRAME_COMMIT:
		if (link != control->creator)
			return false;
		control->events->commit(control->owner);
		return true;
	default:
		return false;
	}
}

/* Handles the frames that have been read, as long as there is room for what may be a request. */
static void link_handle(struct control_link *link)
{
	uint32_t generation = link->generation;

	for (;;) {
		enum frame_reader_state state;
		struct frame frame;

		link->paused = !has_room(link->control);
		if (link->paused || link->last)
			break;
		state = frame_reader_next(&link->reader, &frame);
		if (state == FRAME_MORE)
			break;
		if (state == FRAME_INVALID || !link_frame(link, &frame)) {
			link_drop(link);
			return;
		}
		if (link->generation != generation)
			return;
	}
	watch_set(link->control->loop, &link->watch, wanted_events(link));
}

static void link_ready(void *owner, uint32_t events)
{
	struct control_link *link = owner;
	ssize_t count;

	if ((events & EPOLLOUT) && !link_flush(link))
		return;
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
		return;
	if (link->paused || link->last) {
		if (events & (EPOLLHUP | EPOLLERR))
			link_drop(link);
		return;
	}
	count = frame_reader_fill(&link->reader, link->watch.fd);
	if (count > 0)
		link_handle(link);
	else if (count != -EAGAIN && count != -EINTR)
		link_drop(link);
}

/* NULL: there is no room, or no memory. fd is taken over only on success. */
static struct control_link *link_open(struct control *control, int fd)
{
	for (unsigned i = 0; i < CONTROL_LINKS_MAX; i++) {
		struct control_link *link = &control->links[i];
		uint32_t generation = link->generation;

		if (link->used)
			continue;
		*link = (struct control_link){ .control = control, .generation = generation };
		link->watch = (struct watch){ .fd = fd, .ready = link_ready, .owner = link };
		frame_queue_init(&link->queue, QUEUE_MAX);
		if (frame_reader_init(&link->reader, FRAME_TO_SHIM) < 0)
			return NULL;
		if (watch_set(control->loop, &link->watch, EPOLLIN) < 0) {
			frame_reader_free(&link->reader);
			return NULL;
		}
		link->used = true;
		return link;
	}
	return NULL;
}

static bool is_full(const struct control *control)
{
	for (unsigned i = 0; i < CONTROL_LINKS_MAX; i++)
		if (!control->links[i].used)
			return false;
	return true;
}

static void listener_ready(void *owner, uint32_t events)
{
	struct control *control = owner;
	int fd;

	(void)events;
	if (is_full(control)) {
		watch_stop(control->loop, &control->listener);
		return;
	}
	fd = accept4(control->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0 && link_open(control, fd) == NULL)
		close(fd);
}

void control_open(struct control *control, struct loop *loop, struct agent *agent,
		  const struct control_events *events, void *owner)
{
	*control = (struct control){ .loop = loop, .agent = agent, .events = events, .owner = owner };
	control->listener = (struct watch){ .fd = -1, .ready = listener_ready, .owner = control };
}

int control_create(struct control *control, int fd)
{
	control->creator = link_open(control, fd);
	if (control->creator == NULL)
		return -ENOMEM;
	link_hello(control->creator);
	return 0;
}

int control_listen(struct control *control, int fd)
{
	control->listener.fd = fd;
	return watch_set(control->loop, &control->listener, EPOLLIN);
}

void control_launched(struct control *control, uint32_t hypervisor, uint32_t virtiofsd)
{
	const struct frame_launched launched = { hypervisor, virtiofsd };
	uint8_t payload[FRAME_LAUNCHED_SIZE];

	if (control->creator == NULL)
		return;
	frame_launched_encode(payload, &launched);
	link_put(control->creator, FRAME_LAUNCHED, 0, payload, sizeof payload);
}

void control_committed(struct control *control)
{
	if (control->creator)
		link_put(control->creator, FRAME_COMMITTED, 0, NULL, 0);
}

bool control_answer(struct control *control, const struct frame *frame)
{
	for (unsigned i = 0; i < CONTROL_REQUESTS_MAX; i++) {
		struct control_request *request = &control->requests[i];

		if (frame->request == 0 || request->number != frame->request)
			continue;
		request->number = 0;
		if (request->link->generation == request->generation)
			link_put(request->link, frame->kind, request->answer_to, frame->payload, frame->length);
		control_resume(control);
		return true;
	}
	return false;
}

void control_resume(struct control *control)
{
	for (unsigned i = 0; i < CONTROL_LINKS_MAX && has_room(control); i++)
		if (control->links[i].used && control->links[i].paused)
			link_handle(&control->links[i]);
}

void control_process_ended(struct control *control)
{
	control->process_ended = true;
}

void control_refuse_waiting(struct control *control)
{
	control->process_ended = true;
	for (unsigned i = 0; i < CONTROL_REQUESTS_MAX; i++) {
		struct control_request *request = &control->requests[i];

		if (request->number != 0 && request->link->generation == request->generation)
			link_failure(request->link, request->answer_to, FAILURE_NO_PROCESS, ENDED_MESSAGE);
		request->number = 0;
	}
	control_resume(control);
}

void control_fail(struct control *control, bool all, const void *payload, size_t length)
{
	for (unsigned i = 0; i < CONTROL_LINKS_MAX; i++) {
		struct control_link *link = &control->links[i];

		if (!link->used || (link != control->creator && !(all && link->greeted)))
			continue;
		link_put(link, FRAME_FAILURE, 0, payload, length);
		link->last = true;
	}
}

/* Until fd is ready or the deadline has passed; false then. */
static bool await(int fd, short events, int64_t deadline)
{
	struct pollfd poll_for = { .fd = fd, .events = events };
	int64_t left = deadline - loop_now();

	return left > 0 && poll(&poll_for, 1, (int)left) > 0;
}

void control_flush(struct control *control, unsigned milliseconds)
{
	int64_t deadline = loop_now() + milliseconds;
	struct control_link *creator = control->creator;

	for (unsigned i = 0; i < CONTROL_LINKS_MAX; i++) {
		struct control_link *link = &control->links[i];

		while (link->used && frame_queue_flush(&link->queue, link->watch.fd) > 0)
			if (!await(link->watch.fd, POLLOUT, deadline))
				break;
	}
	/* A verb that is about to send its HELLO shall not find the link closed before it has read why. */
	if (creator && !creator->greeted && await(creator->watch.fd, POLLIN, deadline))
		frame_reader_fill(&creator->reader, creator->watch.fd);
}

void control_close(struct control *control)
{
	if (control->loop == NULL)
		return;
	watch_close(control->loop, &control->listener);
	control->creator = NULL;
	for (unsigned i = 0; i < CONTROL_LINKS_MAX; i++)
		link_drop(&control->links[i]);
}
