#include "resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where Docker's daemon answers, in the namespaces that it makes. */
#define SERVER 0x7f00000bu /* 127.0.0.11 */
#define SERVER_PORT 53

/* For an answer. Tests have less patience. */
#ifndef LOOKUP_MS
#define LOOKUP_MS 10000u
#endif

/* If more waits to be sent to the agent, answers wait or are dropped: a guest that does not read gets no more. */
#define BACKLOG_MAX (1024u * 1024u)

static bool has_room(const struct resolver *resolver)
{
	return agent_backlog(resolver->agent) < BACKLOG_MAX;
}

static void send_answer(const struct resolver *resolver, enum frame_transport transport, uint32_t number,
			const void *message, size_t size)
{
	agent_send(resolver->agent, FRAME_ANSWER, transport, 0, number, message, size);
}

static void forget_bytes(struct lookup *lookup)
{
	free(lookup->bytes);
	lookup->bytes = NULL;
	lookup->size = lookup->done = 0;
}

static void lookup_free(struct lookup *lookup)
{
	watch_close(lookup->resolver->loop, &lookup->socket);
	timer_stop(lookup->resolver->loop, &lookup->limit);
	forget_bytes(lookup);
	lookup->state = LOOKUP_FREE;
}

/* There will be no answer. */
static void lookup_fail(struct lookup *lookup)
{
	const struct resolver *resolver = lookup->resolver;
	bool udp = lookup->state == LOOKUP_ASKED;

	if (!udp && !has_room(resolver)) {
		watch_close(resolver->loop, &lookup->socket);
		timer_stop(resolver->loop, &lookup->limit);
		forget_bytes(lookup);
		lookup->state = LOOKUP_ANSWERED;
		return;
	}
	if (has_room(resolver))
		send_answer(resolver, udp ? FRAME_UDP : FRAME_TCP, lookup->number, NULL, 0);
	lookup_free(lookup);
}

static void lookup_expired(void *owner)
{
	lookup_fail(owner);
}

static void wait_for(struct lookup *lookup, uint32_t events)
{
	if (watch_set(lookup->resolver->loop, &lookup->socket, events) < 0)
		lookup_fail(lookup);
}

/* ---- UDP */

static void datagram_ready(struct lookup *lookup)
{
	static uint8_t message[FRAME_DNS_MAX];
	ssize_t count = recv(lookup->socket.fd, message, sizeof message, 0);

	if (count < 0) {
		/* Also when nobody listens there, which an ICMP message has told. */
		if (errno != EAGAIN && errno != EINTR)
			lookup_fail(lookup);
		return;
	}
	/* The socket is connected, so it comes from the server, if it answers something else. */
	if ((size_t)count < FRAME_DNS_MIN || memcmp(message, lookup->id, sizeof lookup->id) != 0)
		return;
	if (has_room(lookup->resolver))
		send_answer(lookup->resolver, FRAME_UDP, lookup->number, message, (size_t)count);
	lookup_free(lookup);
}

static bool ask_by_datagram(struct lookup *lookup, const struct frame *frame)
{
	lookup->state = LOOKUP_ASKED;
	memcpy(lookup->id, frame->payload, sizeof lookup->id);
	return send(lookup->socket.fd, frame->payload, frame->length, MSG_NOSIGNAL) == (ssize_t)frame->length;
}

/* ---- TCP */

/* Reads or writes what is left of size bytes. False: not all has been done, or it can't be. */
static bool transfer(struct lookup *lookup, bool sending, uint8_t *bytes, size_t size)
{
	ssize_t count;

	if (sending)
		count = send(lookup->socket.fd, bytes + lookup->done, size - lookup->done, MSG_NOSIGNAL);
	else
		count = recv(lookup->socket.fd, bytes + lookup->done, size - lookup->done, 0);
	if (count > 0) {
		lookup->done += (size_t)count;
		return lookup->done == size;
	}
	if (count == 0 || (errno != EAGAIN && errno != EINTR))
		lookup_fail(lookup);
	return false;
}

static void message_sent(struct lookup *lookup)
{
	forget_bytes(lookup);
	lookup->state = LOOKUP_LENGTH;
	wait_for(lookup, EPOLLIN);
}

static void length_read(struct lookup *lookup)
{
	size_t size = (size_t)lookup->length[0] << 8 | lookup->length[1];

	lookup->state = LOOKUP_MESSAGE;
	lookup->done = 0;
	lookup->size = size;
	lookup->bytes = size < FRAME_DNS_MIN ? NULL : malloc(size);
	if (lookup->bytes == NULL)
		lookup_fail(lookup);
}

/* Until there is room in the agent link, it stays here. */
static void message_read(struct lookup *lookup)
{
	watch_close(lookup->resolver->loop, &lookup->socket);
	timer_stop(lookup->resolver->loop, &lookup->limit);
	lookup->state = LOOKUP_ANSWERED;
	resolver_resume(lookup->resolver);
}

static bool ask_by_connection(struct lookup *lookup, const struct frame *frame)
{
	lookup->state = LOOKUP_SENDING;
	lookup->size = 2 + (size_t)frame->length;
	lookup->bytes = malloc(lookup->size);
	if (lookup->bytes == NULL)
		return false;
	lookup->bytes[0] = (uint8_t)(frame->length >> 8);
	lookup->bytes[1] = (uint8_t)(frame->length & 0xff);
	memcpy(lookup->bytes + 2, frame->payload, frame->length);
	return true;
}

/* ---- both */

static void socket_ready(void *owner, uint32_t events)
{
	struct lookup *lookup = owner;

	(void)events;
	switch (lookup->state) {
	case LOOKUP_ASKED:
		datagram_ready(lookup);
		break;
	case LOOKUP_SENDING:
		if (transfer(lookup, true, lookup->bytes, lookup->size))
			message_sent(lookup);
		break;
	case LOOKUP_LENGTH:
		if (transfer(lookup, false, lookup->length, sizeof lookup->length))
			length_read(lookup);
		break;
	case LOOKUP_MESSAGE:
		if (transfer(lookup, false, lookup->bytes, lookup->size))
			message_read(lookup);
		break;
	case LOOKUP_FREE:
	case LOOKUP_ANSWERED:
		break;
	}
}

static struct lookup *free_lookup(struct resolver *resolver)
{
	for (unsigned i = 0; i < RESOLVER_LOOKUPS_MAX; i++)
		if (resolver->lookups[i].state == LOOKUP_FREE)
			return &resolver->lookups[i];
	return NULL;
}

/* A connected socket, or for TCP one that is being connected; -1. */
static int open_socket(int type)
{
	const struct sockaddr_in server = {
		.sin_family = AF_INET,
		.sin_port = htons(SERVER_PORT),
		.sin_addr.s_addr = htonl(SERVER),
	};
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&server, sizeof server) == 0 || errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

void resolver_ask(struct resolver *resolver, const struct frame *frame)
{
	bool udp = frame->stream == FRAME_UDP;
	struct lookup *lookup = resolver->asks ? free_lookup(resolver) : NULL;

	if (lookup == NULL) {
		if (has_room(resolver))
			send_answer(resolver, frame->stream, frame->request, NULL, 0);
		return;
	}
	lookup->number = frame->request;
	lookup->state = udp ? LOOKUP_ASKED : LOOKUP_SENDING;
	lookup->socket.fd = open_socket(udp ? SOCK_DGRAM : SOCK_STREAM);
	if (lookup->socket.fd < 0 || !(udp ? ask_by_datagram : ask_by_connection)(lookup, frame)) {
		lookup_fail(lookup);
		return;
	}
	timer_set(resolver->loop, &lookup->limit, LOOKUP_MS);
	wait_for(lookup, udp ? EPOLLIN : EPOLLOUT);
}

void resolver_resume(struct resolver *resolver)
{
	for (unsigned i = 0; i < RESOLVER_LOOKUPS_MAX; i++) {
		struct lookup *lookup = &resolver->lookups[i];

		if (lookup->state != LOOKUP_ANSWERED || !has_room(resolver))
			continue;
		send_answer(resolver, FRAME_TCP, lookup->number, lookup->bytes, lookup->size);
		lookup_free(lookup);
	}
}

void resolver_init(struct resolver *resolver, struct loop *loop, struct agent *agent)
{
	*resolver = (struct resolver){ .loop = loop, .agent = agent };
	for (unsigned i = 0; i < RESOLVER_LOOKUPS_MAX; i++) {
		struct lookup *lookup = &resolver->lookups[i];

		lookup->resolver = resolver;
		lookup->socket = (struct watch){ .fd = -1, .ready = socket_ready, .owner = lookup };
		lookup->limit = (struct timer){ .expired = lookup_expired, .owner = lookup };
	}
}

void resolver_open(struct resolver *resolver)
{
	resolver->asks = true;
}

void resolver_close(struct resolver *resolver)
{
	for (unsigned i = 0; i < RESOLVER_LOOKUPS_MAX; i++)
		lookup_free(&resolver->lookups[i]);
}
