#include "conduits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "mounts.h"

#define RETRY_MS 5u
#define RETRY_MOST_MS 100u

static void line_send(void *owner, enum frame_kind kind, uint32_t number, const void *payload, size_t length)
{
	const struct line *line = owner;
	struct agent *agent = line->conduits->agent;

	agent_send(agent, kind, 0, agent->process, number, payload, length);
}

static bool line_busy(void *owner)
{
	const struct line *line = owner;

	return agent_backlog(line->conduits->agent) >= AGENT_BACKLOG_DATA;
}

static void line_over(void *owner, struct conduit *conduit)
{
	struct line *line = owner;

	(void)conduit;
	timer_stop(line->conduits->loop, &line->retry);
}

static const struct conduit_user user = { .send = line_send, .busy = line_busy, .over = line_over };

/* ---- the host's side */

/* What is at the path now, if it is a socket: a server that has been started anew has made another one. -errno. */
static int open_path(const char *path)
{
	int fd = mounts_open_plain(AT_FDCWD, path, O_PATH);
	struct stat status;
	int error = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		error = -errno;
	else if (!S_ISSOCK(status.st_mode))
		error = -ENOTSOCK;
	if (error == 0)
		return fd;
	close(fd);
	return error;
}

/* A connected socket that does not block. -errno; -EAGAIN if too many wait to be accepted. */
static int connect_to(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int at = open_path(path);
	int fd, error = 0;

	if (at < 0)
		return at;
	/* A path may be longer than an address, and this one leads to what has been looked at. */
	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", at);
	fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		error = -errno;
	close(at);
	if (error == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return error;
}

static void try_to_connect(void *owner)
{
	struct line *line = owner;
	int fd = connect_to(line->path, SOCK_STREAM);

	if (fd >= 0) {
		conduit_attach(&line->conduit, fd);
	} else if (fd == -EAGAIN) {
		timer_set(line->conduits->loop, &line->retry, line->delay);
		line->delay = 2 * line->delay < RETRY_MOST_MS ? 2 * line->delay : RETRY_MOST_MS;
	} else {
		/* Nobody listens there now: the program finds its connection closed. */
		conduit_abandon(&line->conduit);
	}
}

/*
 * Of what type a socket is, only connecting tells. Servers of streams do not notice these attempts, and those of
 * datagrams neither.
 */
static int judge(const char *path, struct problem *problem)
{
	static const struct {
		int type;
		const char *name;
	} others[] = {
		{ SOCK_DGRAM, "SOCK_DGRAM" },
		{ SOCK_SEQPACKET, "SOCK_SEQPACKET" },
	};

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		int fd = connect_to(path, others[i].type);

		if (fd >= 0) {
			close(fd);
			return problem_set(problem, "socket: %s: is of the type %s; only SOCK_STREAM can be had in a VM",
					   path, others[i].name);
		}
		if (fd == -ELOOP)
			return problem_set(problem, "socket: %s: a symbolic link is on the way", path);
		/* Nobody need be listening yet. */
		if (fd != -EPROTOTYPE && fd != -ECONNREFUSED && fd != -EAGAIN) {
			errno = -fd;
			return problem_errno(problem, "socket: %s", path);
		}
	}
	return 0;
}

/* ---- the guest's side */

static struct line *find(struct conduits *conduits, uint32_t number)
{
	for (unsigned i = 0; i < CONDUITS_MAX; i++)
		if (conduits->lines[i].conduit.number == number)
			return &conduits->lines[i];
	return NULL;
}

static const char *connect_line(struct conduits *conduits, const struct frame *frame)
{
	uint32_t socket = frame_connect_decode(frame);
	struct line *line;

	if (socket >= conduits->count)
		return "CONNECT to a socket that there is not";
	if (find(conduits, frame->request))
		return "CONNECT with a number in use";
	line = find(conduits, 0);
	if (line == NULL)
		return "too many connections";
	conduit_open(&line->conduit, frame->request, conduits->agent->window, AGENT_WINDOW);
	line->path = conduits->paths[socket];
	line->delay = RETRY_MS;
	try_to_connect(line);
	return NULL;
}

void conduits_received(struct conduits *conduits, const struct frame *frame)
{
	struct line *line;
	const char *wrong;

	if (conduits->ended)
		return;
	if (frame->kind == FRAME_CONNECT) {
		wrong = connect_line(conduits, frame);
	} else {
		line = find(conduits, frame->request);
		wrong = line ? conduit_received(&line->conduit, frame) : "a frame of no connection";
	}
	if (wrong)
		agent_fail(conduits->agent, "%s broke the protocol: %s: %s", conduits->agent->peer->name,
			   frame_kind_name(frame->kind), wrong);
}

/* The first after the last one that has made the link busy is the first the next time. */
void conduits_resume(struct conduits *conduits)
{
	const unsigned first = conduits->turn;

	for (unsigned i = 0; i < CONDUITS_MAX; i++) {
		unsigned at = (first + i) % CONDUITS_MAX;

		if (agent_backlog(conduits->agent) >= AGENT_BACKLOG_DATA)
			return;
		conduits->turn = at + 1;
		conduit_resume(&conduits->lines[at].conduit);
	}
}

void conduits_init(struct conduits *conduits, struct loop *loop, struct agent *agent)
{
	*conduits = (struct conduits){ .loop = loop, .agent = agent };
	for (unsigned i = 0; i < CONDUITS_MAX; i++) {
		struct line *line = &conduits->lines[i];

		line->conduits = conduits;
		line->retry = (struct timer){ .expired = try_to_connect, .owner = line };
		conduit_init(&line->conduit, loop, &user, line);
	}
}

int conduits_open(struct conduits *conduits, const struct plan *plan, struct problem *problem)
{
	for (size_t i = 0; i < plan->socket_count; i++)
		if (judge(plan->sockets[i], problem) < 0)
			return -1;
	conduits->paths = plan->sockets;
	conduits->count = plan->socket_count;
	return 0;
}

void conduits_end(struct conduits *conduits)
{
	conduits->ended = true;
	for (unsigned i = 0; i < CONDUITS_MAX; i++) {
		timer_stop(conduits->loop, &conduits->lines[i].retry);
		conduit_close(&conduits->lines[i].conduit);
	}
}
