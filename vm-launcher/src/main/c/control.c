#include "control.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* What windows allow: those of a process, and of the connections of a container that has joined. */
#define QUEUE_MAX (20u * 1024u * 1024u)
#define ENDED_MESSAGE "process already finished"
/* For exec shims to end, and their verbs before them. Tests have less patience. */
#ifndef PEERS_MS
#define PEERS_MS 5000u
#endif

static void route_free(struct control *control, struct route *route)
{
	control->by_number[route->process] = NULL;
	*route = (struct route){ .state = ROUTE_FREE };
}

static void send_of(struct control *control, const struct route *route, enum frame_kind kind, unsigned stream,
		    const void *payload, size_t length)
{
	agent_send(control->agent, kind, stream, route->process, 0, payload, length);
}

/* The process dies with its link. What still comes is dropped, and the number kept until the last of it. */
static void route_kill(struct control *control, struct route *route)
{
	uint8_t payload[FRAME_SIGNAL_SIZE];

	if (!route->exited) {
		frame_signal_encode(payload, SIGKILL);
		send_of(control, route, FRAME_SIGNAL, 0, payload, sizeof payload);
		if (!route->input_ended)
			send_of(control, route, FRAME_EOF, FRAME_STDIN, NULL, 0);
		route->input_ended = true;
	}
	for (unsigned i = 0; i < 2; i++) {
		struct route_output *output = &route->outputs[i];

		if (!output->ended && !output->closed)
			send_of(control, route, FRAME_CLOSED, FRAME_STDOUT + i, NULL, 0);
		output->closed = true;
	}
}

static void route_lost(struct control *control, struct route *route)
{
	route->link = NULL;
	if (route->state == ROUTE_ATTACHED || route_is_over(route))
		route_free(control, route);
	else if (route->state == ROUTE_RUNNING)
		route_kill(control, route);
	if (control->events->detached)
		control->events->detached(control->owner);
}

static void link_drop(struct control_link *link)
{
	struct control *control = link->control;
	struct route *route = link->route;

	if (!link->used)
		return;
	link->used = false;
	link->route = NULL;
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
	if (route)
		route_lost(control, route);
}

static uint32_t wanted_events(const struct control_link *link)
{
	uint32_t events = frame_queue_empty(&link->queue) ? 0 : EPOLLOUT;

	return link->paused || link->last ? events : events | EPOLLIN;
}

/* False: the link has been dropped. */
static bool link_flush(struct control_link *link)
{
	size_t before = link->queue.bytes;
	int result = frame_queue_flush(&link->queue, link->watch.fd);

	if (link->route && link->queue.bytes != before)
		link->control->progress++;
	if (result < 0 || (result == 0 && link->last) ||
	    watch_set(link->control->loop, &link->watch, wanted_events(link)) < 0) {
		link_drop(link);
		return false;
	}
	return true;
}

/* A link that does not take what is for it is dropped, from the loop. */
static void link_add(struct control_link *link, const struct frame *frame)
{
	if (frame_queue_add(&link->queue, frame) < 0) {
		frame_queue_clear(&link->queue);
		link->last = true;
	}
	watch_set(link->control->loop, &link->watch, wanted_events(link) | EPOLLOUT);
}

static void link_put(struct control_link *link, enum frame_kind kind, uint32_t request, const void *payload,
		     size_t length)
{
	const struct frame frame = {
		.length = (uint32_t)length,
		.kind = (uint8_t)kind,
		.request = request,
		.payload = payload,
	};

	link_add(link, &frame);
}

/* Nothing more is for it. */
static void link_finish(struct control_link *link)
{
	link->last = true;
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
	const struct agent *agent = link->control->agent;
	struct frame_hello own = { FRAME_VERSION_LOWEST, FRAME_VERSION_HIGHEST, AGENT_WINDOW };
	uint8_t payload[FRAME_HELLO_SIZE];

	/* Who attaches sends to the agent, not to this process. */
	if (agent->greeted)
		own.credit = agent->window;
	link->own_window = own.credit;
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
	link->window = hello.credit;
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

/* What is attached sends DATA, of which others have some too. */
static bool has_room(const struct control_link *link)
{
	struct control *control = link->control;

	return free_request(control) != NULL &&
	       agent_backlog(control->agent) < (link->route ? AGENT_BACKLOG_DATA : AGENT_BACKLOG_REQUEST);
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
		.route = link->route,
	};
	if (link->route)
		link->route->state = ROUTE_ASKED;
	agent_send(control->agent, FRAME_REQUEST, 0, link->route ? link->route->process : 0, request->number,
		   frame->payload, frame->length);
}

/* A route with a number that is not in use and has not been for as long as possible; NULL: there is none. */
static struct route *route_new(struct control *control, struct control_link *link)
{
	struct route *route = control->routes;
	unsigned number = control->last_process;

	while (route->state != ROUTE_FREE)
		if (++route == control->routes + CONTROL_ATTACHED_MAX)
			return NULL;
	do
		number = number % FRAME_PROCESS_MAX + 1;
	while (control->by_number[number]);
	control->last_process = (uint16_t)number;
	control->by_number[number] = route;
	*route = (struct route){ .state = ROUTE_ATTACHED, .process = (uint16_t)number, .link = link };
	return route;
}

/* What has no number of its own ends the link if it can't be done. */
static void refuse(struct control_link *link, enum failure_code code, const char *message)
{
	link_failure(link, 0, code, message);
	link_finish(link);
}

static void attach(struct control_link *link)
{
	struct control *control = link->control;
	struct frame frame = { .kind = FRAME_ATTACHED };

	if (control->process_ended) {
		refuse(link, FAILURE_NO_PROCESS, "the container has ended");
	} else if (!control->committed || !control->agent->greeted || link->own_window != control->agent->window) {
		refuse(link, FAILURE_STATE, "the container is not created yet");
	} else if (link->window != AGENT_WINDOW) {
		refuse(link, FAILURE_INVALID, "the credit is not that of the container's shim");
	} else if ((link->route = route_new(control, link)) == NULL) {
		refuse(link, FAILURE_BUSY, "too many processes in the container");
	} else {
		frame.process = link->route->process;
		peers_add(&control->peers, link->watch.fd);
		link_add(link, &frame);
		if (control->listener.fd >= 0)
			watch_set(control->loop, &control->listener, EPOLLIN);
	}
}

static void watch_network(struct control_link *link)
{
	struct control *control = link->control;
	enum failure_code code = FAILURE_STATE;
	const char *why = "the network of a VM is watched by the shim of its first container";

	if (control->process_ended) {
		code = FAILURE_NO_PROCESS;
		why = ENDED_MESSAGE;
	} else if (control->events->watch) {
		why = control->events->watch(control->owner, &code);
	}
	if (why)
		refuse(link, code, why);
	else
		link_put(link, FRAME_WATCHING, 0, NULL, 0);
}

static void refresh_root(struct control_link *link)
{
	struct control *control = link->control;

	link->root_run = control->events->refresh_root ? control->events->refresh_root(control->owner) : 0;
	if (link->root_run == 0)
		link_put(link, FRAME_ROOT_REFRESHED, 0, NULL, 0);
}

/* A frame of the process that the link is attached to. */
static bool link_route(struct control_link *link, const struct frame *frame)
{
	enum route_verdict verdict = route_from_link(link->route, frame);

	if (verdict == ROUTE_PASS)
		agent_send(link->control->agent, frame->kind, frame->stream, frame->process, frame->request,
			   frame->payload, frame->length);
	return verdict != ROUTE_WRONG;
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
		if (frame->process != 0 && (link->route == NULL || link->route->process != frame->process))
			return false;
		if (link->route && link->route->state != ROUTE_ATTACHED)
			return false;
		pass_request(link, frame);
		return true;
	case FRAME_ATTACH:
		if (link == control->creator || link->route)
			return false;
		attach(link);
		return true;
	case FRAME_WATCH:
		if (link->route)
			return false;
		watch_network(link);
		return true;
	case FRAME_REFRESH_ROOT:
		if (link->route || link->root_run != 0)
			return false;
		refresh_root(link);
		return true;
	case FRAME_COMMIT:
		if (link != control->creator)
			return false;
		control->events->commit(control->owner);
		return true;
	default:
		return link->route && link_route(link, frame);
	}
}

/* Handles the frames that have been read, as long as there is room for what may be a request. */
static void link_handle(struct control_link *link)
{
	uint32_t generation = link->generation;

	for (;;) {
		enum frame_reader_state state;
		struct frame frame;

		link->paused = !has_room(link);
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
	unsigned verbs = 0;

	for (unsigned i = 0; i < CONTROL_LINKS_MAX; i++)
		verbs += control->links[i].used && control->links[i].route == NULL;
	return verbs >= CONTROL_VERBS_MAX;
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
	peers_open(&control->peers, loop);
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
	control->committed = true;
	if (control->creator)
		link_put(control->creator, FRAME_COMMITTED, 0, NULL, 0);
}

void control_root_refreshed(struct control *control, uint32_t run)
{
	for (unsigned i = 0; i < CONTROL_LINKS_MAX; i++) {
		struct control_link *link = &control->links[i];

		if (!link->used || link->root_run == 0 || link->root_run > run)
			continue;
		link->root_run = 0;
		link_put(link, FRAME_ROOT_REFRESHED, 0, NULL, 0);
	}
}

/* Whether there is a process now. */
static void route_answered(struct control *control, struct route *route, bool runs)
{
	if (runs) {
		route_run(route, control->agent->window, AGENT_WINDOW);
		if (route->link == NULL)
			route_kill(control, route);
	} else {
		route->state = ROUTE_ATTACHED;
		if (route->link == NULL)
			route_free(control, route);
	}
}

bool control_answer(struct control *control, const struct frame *frame)
{
	for (unsigned i = 0; i < CONTROL_REQUESTS_MAX; i++) {
		struct control_request *request = &control->requests[i];

		if (frame->request == 0 || request->number != frame->request)
			continue;
		request->number = 0;
		if (request->route)
			route_answered(control, request->route, frame->kind == FRAME_RESULT);
		if (request->link->generation == request->generation)
			link_put(request->link, frame->kind, request->answer_to, frame->payload, frame->length);
		control_resume(control);
		return true;
	}
	return false;
}

void control_route(struct control *control, const struct frame *frame)
{
	struct route *route = control->by_number[frame->process];
	enum route_verdict verdict = route ? route_from_guest(route, frame) : ROUTE_WRONG;
	struct control_link *link;

	if (verdict == ROUTE_WRONG) {
		agent_fail(control->agent, "the agent broke the protocol: %s of process %u, which may not come",
			   frame_kind_name(frame->kind), frame->process);
		return;
	}
	link = route->link;
	if (link && verdict == ROUTE_PASS)
		link_add(link, frame);
	if (!route_is_over(route))
		return;
	if (link)
		link_finish(link);
	else
		route_free(control, route);
}

bool control_attached(const struct control *control, unsigned *progress, bool *waiting)
{
	bool found = false;

	*progress = control->progress;
	*waiting = false;
	for (unsigned i = 0; i < CONTROL_LINKS_MAX; i++) {
		const struct control_link *link = &control->links[i];

		if (!link->used || link->route == NULL)
			continue;
		found = true;
		*waiting |= !frame_queue_empty(&link->queue);
	}
	return found;
}

void control_cut(struct control *control)
{
	for (unsigned i = 0; i < CONTROL_LINKS_MAX; i++)
		if (control->links[i].used && control->links[i].route)
			link_finish(&control->links[i]);
}

/* The first after the last one that was served is the first now. */
void control_resume(struct control *control)
{
	const unsigned first = control->turn;

	for (unsigned i = 0; i < CONTROL_LINKS_MAX; i++) {
		unsigned at = (first + i) % CONTROL_LINKS_MAX;
		struct control_link *link = &control->links[at];

		if (!link->used || !link->paused || !has_room(link))
			continue;
		control->turn = at + 1;
		link_handle(link);
	}
}

void control_process_ended(struct control *control)
{
	control->process_ended = true;
	/* Who has not asked for a process yet need not wait for one. */
	for (unsigned i = 0; i < CONTROL_LINKS_MAX; i++) {
		struct control_link *link = &control->links[i];

		if (link->used && link->route && link->route->state == ROUTE_ATTACHED)
			refuse(link, FAILURE_NO_PROCESS, "the container has ended");
	}
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
	/* Those that are held up by their link end now. */
	peers_close(&control->peers, PEERS_MS);
}
