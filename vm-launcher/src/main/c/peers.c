#include "peers.h"

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* For a parent to reap its child, if it ever does. */
#define REAPED_MS 500u

static void ended(void *owner, uint32_t events)
{
	struct peer *peer = owner;

	(void)events;
	watch_close(peer->peers->loop, &peer->watch);
}

void peers_open(struct peers *peers, struct loop *loop)
{
	peers->loop = loop;
	for (unsigned i = 0; i < PEERS_MAX; i++) {
		struct peer *peer = &peers->all[i];

		*peer = (struct peer){ .peers = peers, .watch = { .fd = -1, .ready = ended, .owner = peer } };
	}
}

/* NULL: it is known, or there is no room. */
static struct peer *new_peer(struct peers *peers, pid_t pid)
{
	struct peer *free = NULL;

	for (unsigned i = 0; i < PEERS_MAX; i++) {
		struct peer *peer = &peers->all[i];

		if (peer->watch.fd < 0)
			free = peer;
		else if (peer->pid == pid)
			return NULL;
	}
	return free;
}

void peers_add(struct peers *peers, int socket)
{
	struct peer *peer;
	struct ucred who;
	socklen_t size = sizeof who;

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 || who.pid <= 0)
		return;
	peer = new_peer(peers, who.pid);
	if (peer == NULL)
		return;
	peer->pid = who.pid;
	peer->watch.fd = (int)syscall(SYS_pidfd_open, who.pid, 0);
	if (peer->watch.fd >= 0 && watch_set(peers->loop, &peer->watch, EPOLLIN) < 0)
		watch_close(peers->loop, &peer->watch);
}

static bool has_ended(int pidfd, int64_t deadline)
{
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	int64_t left = deadline - loop_now();

	return poll(&ended, 1, left > 0 ? (int)left : 0) > 0;
}

/* Nothing tells of that; but it is a matter of an instant. */
static void await_reaped(int pidfd, int64_t deadline)
{
	while (syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) == 0 && loop_now() < deadline)
		poll(NULL, 0, 1);
}

void peers_close(struct peers *peers, unsigned milliseconds)
{
	int64_t deadline = loop_now() + milliseconds;

	if (peers->loop == NULL)
		return;
	for (unsigned i = 0; i < PEERS_MAX; i++) {
		struct watch *watch = &peers->all[i].watch;

		if (watch->fd < 0)
			continue;
		if (has_ended(watch->fd, deadline))
			await_reaped(watch->fd, loop_now() + REAPED_MS);
		watch_close(peers->loop, watch);
	}
}
