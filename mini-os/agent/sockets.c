#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "path.h"

#define BACKLOG 4096
#define PAUSE_MS 100
/* A server of the host that reads nothing must not hold up the end of its clients for long. */
#define PATIENCE_MS 2000

static void look(struct sockets *sockets);

/* ---- connections */

static void connection_send(void *owner, enum frame_kind kind, uint32_t number, const void *payload, size_t length)
{
	struct sockets *sockets = owner;

	link_send(sockets->link, kind, 0, sockets->process, number, payload, length);
}

static bool connection_busy(void *owner)
{
	struct sockets *sockets = owner;

	return !link_is_open(sockets->link) || link_busy(sockets->link);
}

static void watch_doors(struct sockets *sockets, bool open)
{
	for (size_t i = 0; i < sockets->count; i++)
		if (sockets->doors[i].watch.fd >= 0 &&
		    watch_set(sockets->loop, &sockets->doors[i].watch, open ? EPOLLIN : 0) < 0)
			log_error("a socket can't be watched");
}

static void connection_over(void *owner, struct conduit *conduit)
{
	struct sockets *sockets = owner;

	(void)conduit;
	if (sockets->listening && !sockets->pause.armed)
		watch_doors(sockets, true);
	look(sockets);
}

static const struct conduit_user user = {
	.send = connection_send,
	.busy = connection_busy,
	.over = connection_over,
};

static struct conduit *find(struct sockets *sockets, uint32_t number)
{
	if (sockets->conduits)
		for (size_t i = 0; i < SOCKETS_CONNECTIONS; i++)
			if (sockets->conduits[i].number == number)
				return &sockets->conduits[i];
	return NULL;
}

static void door_ready(void *owner, uint32_t events)
{
	struct door *door = owner;
	struct sockets *sockets = door->sockets;
	struct conduit *conduit = find(sockets, 0);
	uint8_t payload[FRAME_CONNECT_SIZE];
	int fd;

	(void)events;
	if (conduit == NULL || !link_is_open(sockets->link)) {
		watch_doors(sockets, false);
		return;
	}
	fd = accept4(door->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return;
		log_error("accept on %s: %s", door->name, strerror(errno));
		watch_doors(sockets, false);
		timer_set(sockets->loop, &sockets->pause, PAUSE_MS);
		return;
	}
	do
		sockets->number++;
	while (sockets->number == 0 || find(sockets, sockets->number));
	conduit_open(conduit, sockets->number, sockets->window, LINK_WINDOW);
	frame_connect_encode(payload, (uint32_t)(door - sockets->doors));
	connection_send(sockets, FRAME_CONNECT, conduit->number, payload, sizeof payload);
	conduit_attach(conduit, fd);
	look(sockets);
}

static void pause_over(void *owner)
{
	struct sockets *sockets = owner;

	watch_doors(sockets, true);
}

const char *sockets_received(struct sockets *sockets, const struct frame *frame)
{
	struct conduit *conduit = find(sockets, frame->request);

	return conduit ? conduit_received(conduit, frame) : NULL;
}

void sockets_opened(struct sockets *sockets, uint32_t window)
{
	sockets->window = window;
	for (size_t i = 0; sockets->conduits && i < SOCKETS_CONNECTIONS; i++)
		conduit_close(&sockets->conduits[i]);
	if (sockets->listening)
		watch_doors(sockets, true);
	look(sockets);
}

/* The first after the last one that has made the link busy is the first the next time. */
void sockets_resume(struct sockets *sockets)
{
	const unsigned first = sockets->turn;

	for (unsigned i = 0; sockets->conduits && i < SOCKETS_CONNECTIONS && !connection_busy(sockets); i++) {
		unsigned at = (first + i) % SOCKETS_CONNECTIONS;

		sockets->turn = at + 1;
		conduit_resume(&sockets->conduits[at]);
	}
}

/* ---- places */

static void close_door(struct door *door)
{
	watch_stop(door->sockets->loop, &door->watch);
	if (door->watch.fd >= 0)
		close(door->watch.fd);
	door->watch.fd = -1;
	if (door->name && door->directory >= 0)
		unlinkat(door->directory, door->name, 0);
	if (door->directory >= 0)
		close(door->directory);
	door->directory = -1;
	free(door->name);
	door->name = NULL;
}

/* Listens at the name in the directory, which nobody but the agent can change. 0 or -errno. */
static int listen_at(struct door *door, const struct socket_request *request)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int size = snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", door->directory, door->name);

	if (size < 0 || (size_t)size >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	door->watch.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (door->watch.fd < 0)
		return -errno;
	if (unlinkat(door->directory, door->name, 0) < 0 && errno != ENOENT)
		return -errno;
	if (bind(door->watch.fd, (struct sockaddr *)&address, sizeof address) < 0 ||
	    fchownat(door->directory, door->name, request->uid, request->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(door->directory, door->name, request->mode, 0) < 0 || listen(door->watch.fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

static int open_door(struct door *door, const struct socket_request *request)
{
	const char *slash = strrchr(request->path, '/');
	char *parent = strndup(request->path, (size_t)(slash - request->path));
	int error = -ENOMEM;

	door->name = strdup(slash + 1);
	if (parent && door->name) {
		/* The base itself is no path below it, but what is in there is the agent's own. */
		door->directory = path_valid(parent) ? path_make(parent, true) : -EINVAL;
		error = door->directory < 0 ? door->directory : listen_at(door, request);
	}
	free(parent);
	return error;
}

int sockets_open(struct sockets *sockets, const struct socket_request *requests, size_t count,
		 struct problem *problem)
{
	sockets->over = sockets->ending = false;
	if (count == 0)
		return 0;
	sockets->conduits = calloc(SOCKETS_CONNECTIONS, sizeof *sockets->conduits);
	if (sockets->conduits == NULL)
		return problem_set(problem, FAILURE_SYSTEM, "sockets: out of memory");
	for (size_t i = 0; i < SOCKETS_CONNECTIONS; i++)
		conduit_init(&sockets->conduits[i], sockets->loop, &user, sockets);
	for (size_t i = 0; i < count; i++) {
		struct door *door = &sockets->doors[i];
		int error;

		*door = (struct door){ .sockets = sockets, .directory = -1 };
		door->watch = (struct watch){ .fd = -1, .ready = door_ready, .owner = door };
		sockets->count++;
		error = open_door(door, &requests[i]);
		if (error < 0) {
			sockets_close(sockets);
			errno = -error;
			return problem_errno(problem, "listen at %s", requests[i].path);
		}
	}
	return 0;
}

void sockets_start(struct sockets *sockets, uint16_t process, uint32_t window)
{
	sockets->process = process;
	sockets->window = window;
	sockets->listening = true;
	watch_doors(sockets, true);
}

/* ---- the end */

static bool has_callers(const struct door *door)
{
	struct pollfd poll_for = { .fd = door->watch.fd, .events = POLLIN };

	return poll(&poll_for, 1, 0) > 0;
}

static void finish(struct sockets *sockets)
{
	sockets_close(sockets);
	sockets->over = true;
	sockets->done(sockets->owner);
}

/* At the end: is all done? */
static void look(struct sockets *sockets)
{
	bool waiting = false;

	if (!sockets->ending || sockets->over)
		return;
	for (size_t i = 0; i < sockets->count; i++) {
		if (sockets->doors[i].watch.fd < 0)
			continue;
		if (has_callers(&sockets->doors[i]))
			waiting = true;
		else
			close_door(&sockets->doors[i]);
	}
	for (size_t i = 0; sockets->conduits && !waiting && i < SOCKETS_CONNECTIONS; i++)
		waiting = conduit_is_open(&sockets->conduits[i]);
	if (!waiting)
		finish(sockets);
}

static void overdue(void *owner)
{
	struct sockets *sockets = owner;

	log_error("the host's servers have not read what the container has sent them");
	finish(sockets);
}

void sockets_end(struct sockets *sockets)
{
	if (sockets->ending)
		return;
	sockets->ending = true;
	timer_set(sockets->loop, &sockets->patience, PATIENCE_MS);
	look(sockets);
}

void sockets_close(struct sockets *sockets)
{
	timer_stop(sockets->loop, &sockets->pause);
	timer_stop(sockets->loop, &sockets->patience);
	sockets->listening = false;
	for (size_t i = 0; i < sockets->count; i++)
		close_door(&sockets->doors[i]);
	sockets->count = 0;
	for (size_t i = 0; sockets->conduits && i < SOCKETS_CONNECTIONS; i++)
		conduit_close(&sockets->conduits[i]);
	free(sockets->conduits);
	sockets->conduits = NULL;
}

void sockets_init(struct sockets *sockets, struct loop *loop, struct link *link, void (*done)(void *owner), void *owner)
{
	*sockets = (struct sockets){ .loop = loop, .link = link, .done = done, .owner = owner };
	sockets->pause = (struct timer){ .expired = pause_over, .owner = sockets };
	sockets->patience = (struct timer){ .expired = overdue, .owner = sockets };
}
