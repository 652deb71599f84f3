#include "resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "log.h"
#include "outlets.h"

#define ADDRESS "127.0.0.11"
#define PORT 53
/* The host gives up after 10 seconds. Tests have less patience. */
#ifndef RESOLVER_PATIENCE_MS
#define RESOLVER_PATIENCE_MS 12000
#endif
#define BACKLOG 16
#define DATAGRAMS_AT_ONCE 16
#define BIND_ATTEMPTS 16
#define PREFIX 2 /* bytes that tell the length of a message, by TCP */
#define OWN_NAMESPACE "/proc/self/ns/net"

/* ---- questions */

static struct lookup *find(struct resolver *resolver, uint32_t number)
{
	for (size_t i = 0; i < RESOLVER_LOOKUPS; i++)
		if (resolver->lookups[i].number == number)
			return &resolver->lookups[i];
	return NULL;
}

static void forget(struct lookup *lookup)
{
	timer_stop(lookup->resolver->loop, &lookup->patience);
	lookup->number = 0;
	lookup->connection = NULL;
}

/* Asks the host, if it can be asked now; else NULL. */
static struct lookup *ask(struct resolver *resolver, enum frame_transport transport, const uint8_t *message,
			  size_t length)
{
	struct lookup *lookup = find(resolver, 0);

	if (lookup == NULL || !link_is_open(resolver->link) || link_busy(resolver->link))
		return NULL;
	do
		resolver->number++;
	while (resolver->number == 0 || find(resolver, resolver->number));
	lookup->number = resolver->number;
	lookup->transport = transport;
	timer_set(resolver->loop, &lookup->patience, RESOLVER_PATIENCE_MS);
	link_send(resolver->link, FRAME_LOOKUP, transport, 0, lookup->number, message, length);
	return lookup;
}

/* ---- by TCP */

static void watch_connection(struct connection *connection, uint32_t events)
{
	int error = watch_set(connection->resolver->loop, &connection->watch, events);

	/* It ends when its time is over. */
	if (error < 0)
		log_error("resolver: watching a connection: %s", strerror(-error));
}

static void enter_state(struct connection *connection, enum connection_state state, uint32_t events)
{
	connection->state = state;
	timer_set(connection->resolver->loop, &connection->patience, RESOLVER_PATIENCE_MS);
	watch_connection(connection, events);
}

static void watch_listener(struct resolver *resolver)
{
	bool room = false;

	if (resolver->listener.fd < 0)
		return;
	for (size_t i = 0; i < RESOLVER_CONNECTIONS; i++)
		room |= resolver->connections[i].watch.fd < 0;
	watch_set(resolver->loop, &resolver->listener, room ? EPOLLIN : 0);
}

/* What the host has been asked for it stays under way, and counts, until it is answered. */
static void end_connection(struct connection *connection)
{
	struct resolver *resolver = connection->resolver;

	for (size_t i = 0; i < RESOLVER_LOOKUPS; i++)
		if (resolver->lookups[i].connection == connection)
			resolver->lookups[i].connection = NULL;
	timer_stop(resolver->loop, &connection->patience);
	watch_stop(resolver->loop, &connection->watch);
	close_fd(&connection->watch.fd);
	free(connection->message);
	connection->message = NULL;
	watch_listener(resolver);
}

static void ask_for(struct connection *connection)
{
	struct lookup *lookup = ask(connection->resolver, FRAME_TCP, connection->message + PREFIX, connection->size - PREFIX);

	if (lookup)
		lookup->connection = connection;
	enter_state(connection, lookup ? CONNECTION_ASKING : CONNECTION_QUEUED, 0);
}

static void read_next(struct connection *connection)
{
	connection->done = 0;
	connection->size = PREFIX;
	enter_state(connection, CONNECTION_READING, EPOLLIN);
}

/* The length, or then the message, is complete. False: it is no message. */
static bool read_part(struct connection *connection)
{
	if (connection->size > PREFIX) {
		ask_for(connection);
		return true;
	}
	connection->size = PREFIX + (size_t)(connection->message[0] << 8 | connection->message[1]);
	return connection->size >= PREFIX + FRAME_DNS_MIN;
}

static void read_message(struct connection *connection)
{
	while (connection->state == CONNECTION_READING) {
		ssize_t count = read(connection->watch.fd, connection->message + connection->done,
				     connection->size - connection->done);

		if (count < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (count <= 0) {
			end_connection(connection);
			return;
		}
		connection->done += (size_t)count;
		if (connection->done == connection->size && !read_part(connection)) {
			end_connection(connection);
			return;
		}
	}
}

static void write_message(struct connection *connection)
{
	while (connection->done < connection->size) {
		ssize_t count = send(connection->watch.fd, connection->message + connection->done,
				     connection->size - connection->done, MSG_NOSIGNAL);

		if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
			watch_connection(connection, EPOLLOUT);
			return;
		}
		if (count < 0) {
			end_connection(connection);
			return;
		}
		connection->done += (size_t)count;
	}
	read_next(connection);
}

static void connection_ready(void *owner, uint32_t events)
{
	struct connection *connection = owner;

	if (connection->state == CONNECTION_READING)
		read_message(connection);
	else if (events & (EPOLLHUP | EPOLLERR))
		end_connection(connection);
	else if (connection->state == CONNECTION_WRITING)
		write_message(connection);
}

static void connection_overdue(void *owner)
{
	end_connection(owner);
}

static void answer_connection(struct connection *connection, const uint8_t *message, size_t length)
{
	if (length == 0) {
		end_connection(connection);
		return;
	}
	connection->message[0] = (uint8_t)(length >> 8);
	connection->message[1] = (uint8_t)length;
	memcpy(connection->message + PREFIX, message, length);
	connection->done = 0;
	connection->size = PREFIX + length;
	enter_state(connection, CONNECTION_WRITING, 0);
	write_message(connection);
}

static struct connection *free_connection(struct resolver *resolver)
{
	for (size_t i = 0; i < RESOLVER_CONNECTIONS; i++)
		if (resolver->connections[i].watch.fd < 0)
			return &resolver->connections[i];
	return NULL;
}

static void listener_ready(void *owner, uint32_t events)
{
	struct resolver *resolver = owner;
	struct connection *connection = free_connection(resolver);
	int fd;

	(void)events;
	if (connection) {
		fd = accept4(resolver->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		connection->watch.fd = fd;
		connection->message = malloc(PREFIX + FRAME_DNS_MAX);
		if (connection->message)
			read_next(connection);
		else
			end_connection(connection);
	}
	watch_listener(resolver);
}

/* Those who wait, as far as the host can be asked now. */
static void ask_for_all(struct resolver *resolver)
{
	for (size_t i = 0; i < RESOLVER_CONNECTIONS; i++) {
		struct connection *connection = &resolver->connections[i];

		if (connection->watch.fd < 0 || connection->state != CONNECTION_QUEUED)
			continue;
		if (find(resolver, 0) == NULL || !link_is_open(resolver->link) || link_busy(resolver->link))
			return;
		ask_for(connection);
	}
}

/* ---- by UDP */

/* What can't be asked is lost, as datagrams may be: whoever waits for an answer asks again. */
static void datagrams_ready(void *owner, uint32_t events)
{
	struct resolver *resolver = owner;

	(void)events;
	for (unsigned i = 0; i < DATAGRAMS_AT_ONCE; i++) {
		struct sockaddr_in client = { 0 };
		socklen_t size = sizeof client;
		ssize_t count = recvfrom(resolver->datagrams.fd, resolver->datagram, sizeof resolver->datagram, 0,
					 (struct sockaddr *)&client, &size);
		struct lookup *lookup;

		if (count < 0)
			return;
		if ((size_t)count < FRAME_DNS_MIN)
			continue;
		lookup = ask(resolver, FRAME_UDP, resolver->datagram, (size_t)count);
		if (lookup)
			lookup->client = client;
	}
}

static void answer_client(struct resolver *resolver, const struct lookup *lookup, const struct frame *frame)
{
	if (frame->length > 0)
		sendto(resolver->datagrams.fd, frame->payload, frame->length, MSG_DONTWAIT | MSG_NOSIGNAL,
		       (const struct sockaddr *)&lookup->client, sizeof lookup->client);
}

/* ---- the host */

static void lookup_overdue(void *owner)
{
	struct lookup *lookup = owner;
	struct resolver *resolver = lookup->resolver;

	if (lookup->connection)
		end_connection(lookup->connection);
	forget(lookup);
	ask_for_all(resolver);
}

void resolver_answer(struct resolver *resolver, const struct frame *frame)
{
	struct lookup *lookup = find(resolver, frame->request);

	if (lookup == NULL || lookup->transport != frame->stream)
		return;
	if (lookup->transport == FRAME_UDP)
		answer_client(resolver, lookup, frame);
	else if (lookup->connection)
		answer_connection(lookup->connection, frame->payload, frame->length);
	forget(lookup);
	ask_for_all(resolver);
}

void resolver_resume(struct resolver *resolver)
{
	ask_for_all(resolver);
}

/* Another host owes no answer to what the former one was asked. */
static void forget_all(struct resolver *resolver)
{
	for (size_t i = 0; i < RESOLVER_LOOKUPS; i++) {
		struct lookup *lookup = &resolver->lookups[i];

		if (lookup->connection)
			end_connection(lookup->connection);
		forget(lookup);
	}
}

void resolver_opened(struct resolver *resolver)
{
	forget_all(resolver);
	ask_for_all(resolver);
}

/* ---- where it is */

static void leave(struct resolver *resolver)
{
	redirect_close(&resolver->redirect);
	watch_stop(resolver->loop, &resolver->datagrams);
	watch_stop(resolver->loop, &resolver->listener);
	close_fd(&resolver->datagrams.fd);
	close_fd(&resolver->listener.fd);
	forget_all(resolver);
	for (size_t i = 0; i < RESOLVER_CONNECTIONS; i++)
		if (resolver->connections[i].watch.fd >= 0)
			end_connection(&resolver->connections[i]);
	resolver->namespace = 0;
}

/* A socket at the address, which need not be there yet; port 0: any that is free. A descriptor or -errno. */
static int open_socket(int type, in_port_t port)
{
	const int yes = 1;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = port };
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	inet_pton(AF_INET, ADDRESS, &address.sin_addr);
	if (setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &yes, sizeof yes) == 0 &&
	    bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

/* Both at one port. 0 or -errno. */
static int open_sockets(struct resolver *resolver, in_port_t *port)
{
	int error = -EADDRINUSE;

	for (unsigned i = 0; i < BIND_ATTEMPTS && error == -EADDRINUSE; i++) {
		struct sockaddr_in address = { 0 };
		socklen_t size = sizeof address;

		resolver->datagrams.fd = open_socket(SOCK_DGRAM, 0);
		if (resolver->datagrams.fd < 0)
			return resolver->datagrams.fd;
		getsockname(resolver->datagrams.fd, (struct sockaddr *)&address, &size);
		*port = address.sin_port;
		resolver->listener.fd = open_socket(SOCK_STREAM, *port);
		error = resolver->listener.fd < 0 ? resolver->listener.fd : 0;
		if (error < 0)
			close_fd(&resolver->datagrams.fd);
	}
	if (error == 0 && listen(resolver->listener.fd, BACKLOG) < 0)
		error = -errno;
	return error;
}

/* A socket stays in the network namespace in which it was made. */
static int open_sockets_in(struct resolver *resolver, int namespace, in_port_t *port)
{
	int own = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
	int result = own < 0 ? -errno : 0;

	if (result == 0 && setns(namespace, CLONE_NEWNET) < 0)
		result = -errno;
	if (result == 0) {
		result = open_sockets(resolver, port);
		if (setns(own, CLONE_NEWNET) < 0) {
			log_error("the agent's own network namespace: %s", strerror(errno));
			resolver->loop->stopped = true;
		}
	}
	close_fd(&own);
	return result;
}

static int enter(struct resolver *resolver, int namespace)
{
	char cgroup[PATH_MAX];
	uint64_t cookie = 0;
	socklen_t size = sizeof cookie;
	in_port_t port = 0;
	int error = open_sockets_in(resolver, namespace, &port);

	if (error == 0 && getsockopt(resolver->datagrams.fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) < 0)
		error = -errno;
	if (error == 0)
		error = cgroup_of_all(cgroup);
	if (error == 0)
		error = redirect_open(&resolver->redirect, cgroup, cookie, inet_addr(ADDRESS), PORT, ntohs(port));
	if (error == 0)
		error = watch_set(resolver->loop, &resolver->datagrams, EPOLLIN);
	if (error == 0)
		error = watch_set(resolver->loop, &resolver->listener, EPOLLIN);
	return error;
}

int resolver_serve(struct resolver *resolver, pid_t pid, struct problem *problem)
{
	char path[64];
	struct stat status;
	int namespace, error = 0;

	snprintf(path, sizeof path, "/proc/%d/ns/net", pid != 0 ? pid : getpid());
	namespace = open(path, O_RDONLY | O_CLOEXEC);
	if (namespace < 0 || fstat(namespace, &status) < 0) {
		problem_errno(problem, "resolver: open %s", path);
		close_fd(&namespace);
		return -1;
	}
	if (status.st_ino != resolver->namespace) {
		leave(resolver);
		error = enter(resolver, namespace);
		if (error == 0)
			resolver->namespace = status.st_ino;
		else
			leave(resolver);
	}
	close(namespace);
	if (error == 0)
		return 0;
	errno = -error;
	return problem_errno(problem, "resolver at " ADDRESS);
}

void resolver_open(struct resolver *resolver, struct loop *loop, struct link *link)
{
	*resolver = (struct resolver){ .loop = loop, .link = link };
	redirect_none(&resolver->redirect);
	resolver->datagrams = (struct watch){ .fd = -1, .ready = datagrams_ready, .owner = resolver };
	resolver->listener = (struct watch){ .fd = -1, .ready = listener_ready, .owner = resolver };
	for (size_t i = 0; i < RESOLVER_LOOKUPS; i++) {
		struct lookup *lookup = &resolver->lookups[i];

		lookup->resolver = resolver;
		lookup->patience = (struct timer){ .expired = lookup_overdue, .owner = lookup };
	}
	for (size_t i = 0; i < RESOLVER_CONNECTIONS; i++) {
		struct connection *connection = &resolver->connections[i];

		connection->resolver = resolver;
		connection->watch = (struct watch){ .fd = -1, .ready = connection_ready, .owner = connection };
		connection->patience = (struct timer){ .expired = connection_overdue, .owner = connection };
	}
}

void resolver_close(struct resolver *resolver)
{
	leave(resolver);
}
