#include "refresh.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A change seldom comes alone. Waits for so long until no more has come, but not for ever. */
#define QUIET_MS 100u
#define LATEST_MS 1000u
/* For the program. Tests have less patience. */
#ifndef REFRESH_MS
#define REFRESH_MS 60000u
#endif
/*
 * After a run that has failed, and twice as long after each one more: what it has undone is a change too, so that a guest
 * that refuses everything would have one run follow the other for ever.
 */
#ifndef PAUSE_MS
#define PAUSE_MS 1000u
#endif
#define LONGEST_PAUSE_MS 60000u

/* Links that Limpid makes itself begin with this. */
#define OWN_LINKS "limpid"

/* What the kernel puts into one datagram is shorter; if it were not, that would be a change too. */
#define MESSAGES_SIZE 32768u

static const unsigned groups[] = {
	RTNLGRP_LINK,	     RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
	RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,	 RTNLGRP_IPV6_RULE,
};

static bool is_running(const struct refresh *refresh)
{
	return refresh->program.pid != 0 && !refresh->program.ended;
}

static void failed(const struct refresh *refresh, const char *why)
{
	char text[PROBLEM_TEXT_SIZE + 64];

	snprintf(text, sizeof text, "the network has changed, but the VM's may not have: %s", why);
	log_error(refresh->log, text);
}

/* ---- the program */

static void run_ended(struct refresh *refresh, bool well)
{
	unsigned doubled = 2 * refresh->pause;

	refresh->pause = well ? 0 : doubled == 0 ? PAUSE_MS : doubled < LONGEST_PAUSE_MS ? doubled : LONGEST_PAUSE_MS;
	refresh->next = loop_now() + refresh->pause;
}

static void start_program(struct refresh *refresh)
{
	struct child_start start = { .argv = refresh->argv, .ruleset = -1, .trusted = true };
	struct problem problem;

	refresh->again = refresh->told = false;
	refresh->program = (struct child){ .name = "refresh" };
	start.output = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (start.output < 0) {
		problem_errno(&problem, "/dev/null");
		failed(refresh, problem.text);
		run_ended(refresh, false);
		return;
	}
	if (child_start(&refresh->program, &start, &problem) < 0) {
		failed(refresh, problem.text);
		refresh->told = true;
	}
	close(start.output);
	if (is_running(refresh))
		timer_set(refresh->loop, &refresh->limit, REFRESH_MS);
	else
		run_ended(refresh, false);
}

static void changed(struct refresh *refresh)
{
	int64_t now = loop_now();
	int64_t due;

	if (refresh->over)
		return;
	if (is_running(refresh)) {
		refresh->again = true;
		return;
	}
	if (!refresh->quiet.armed)
		refresh->since = now;
	due = now + QUIET_MS < refresh->since + LATEST_MS ? now + QUIET_MS : refresh->since + LATEST_MS;
	if (due < refresh->next)
		due = refresh->next;
	timer_set(refresh->loop, &refresh->quiet, due < now ? 0 : (unsigned)(due - now));
}

static void quiet_expired(void *owner)
{
	start_program(owner);
}

/* With what it has started: it is the leader of a process group, which lasts until it is reaped. */
static void kill_program(const struct refresh *refresh)
{
	if (is_running(refresh))
		kill(-refresh->program.pid, SIGKILL);
}

static void limit_expired(void *owner)
{
	struct refresh *refresh = owner;
	char text[64];

	/* It may have ended without this process having been told. */
	refresh_child_ended(refresh);
	if (!is_running(refresh))
		return;
	if (!refresh->told) {
		snprintf(text, sizeof text, "refresh has not ended within %u ms", REFRESH_MS);
		failed(refresh, text);
	}
	refresh->told = true;
	kill_program(refresh);
	timer_set(refresh->loop, &refresh->limit, REFRESH_MS);
}

void refresh_child_ended(struct refresh *refresh)
{
	char how[128];

	if (!child_reap(&refresh->program))
		return;
	timer_stop(refresh->loop, &refresh->limit);
	run_ended(refresh, refresh->program.status == 0);
	if (refresh->program.status != 0 && !refresh->told && !refresh->over) {
		child_describe(&refresh->program, how, sizeof how);
		failed(refresh, how);
	}
	if (refresh->again)
		changed(refresh);
}

/* ---- the socket */

static bool is_own_link(const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);
	const struct rtattr *attribute;
	int size;

	if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_LENGTH(sizeof *link))
		return false;
	size = (int)(message->nlmsg_len - NLMSG_LENGTH(sizeof *link));
	for (attribute = IFLA_RTA(link); RTA_OK(attribute, size); attribute = RTA_NEXT(attribute, size))
		if (attribute->rta_type == IFLA_IFNAME)
			return RTA_PAYLOAD(attribute) >= sizeof OWN_LINKS &&
			       memcmp(RTA_DATA(attribute), OWN_LINKS, sizeof OWN_LINKS - 1) == 0;
	return false;
}

static bool tells_of_a_change(const struct nlmsghdr *message, int size)
{
	for (; NLMSG_OK(message, size); message = NLMSG_NEXT(message, size))
		if (!is_own_link(message))
			return true;
	return false;
}

static void socket_ready(void *owner, uint32_t events)
{
	static _Alignas(struct nlmsghdr) char messages[MESSAGES_SIZE];
	struct refresh *refresh = owner;
	struct sockaddr_nl from = { 0 };
	struct iovec room = { .iov_base = messages, .iov_len = sizeof messages };
	struct msghdr header = {
		.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &room, .msg_iovlen = 1
	};
	ssize_t count = recvmsg(refresh->socket.fd, &header, 0);
	char text[128];

	(void)events;
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count < 0 && errno != ENOBUFS) {
		snprintf(text, sizeof text, "the network is not watched any more: %s", strerror(errno));
		log_error(refresh->log, text);
		watch_close(refresh->loop, &refresh->socket);
		return;
	}
	/* ENOBUFS: there were more messages than were kept. */
	if (count < 0 || (header.msg_flags & MSG_TRUNC))
		changed(refresh);
	else if (from.nl_pid == 0 && tells_of_a_change((const struct nlmsghdr *)messages, (int)count))
		changed(refresh);
}

static int open_socket(struct problem *problem)
{
	struct sockaddr_nl own = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return problem_errno(problem, "watching the network");
	if (bind(fd, (const struct sockaddr *)&own, sizeof own) < 0)
		goto failed;
	for (unsigned i = 0; i < sizeof groups / sizeof groups[0]; i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof groups[i]) < 0)
			goto failed;
	return fd;
failed:
	problem_errno(problem, "watching the network");
	close(fd);
	return -1;
}

int refresh_watch(struct refresh *refresh, char *const *argv, struct problem *problem)
{
	int error;

	refresh->argv = argv;
	/* One that is open has missed nothing. */
	if (refresh->socket.fd >= 0)
		return 0;
	refresh->socket.fd = open_socket(problem);
	if (refresh->socket.fd < 0)
		return -1;
	error = watch_set(refresh->loop, &refresh->socket, EPOLLIN);
	if (error == 0)
		return 0;
	watch_close(refresh->loop, &refresh->socket);
	return problem_set(problem, "watching the network: %s", strerror(-error));
}

/* ---- opening and closing */

void refresh_init(struct refresh *refresh, struct loop *loop, const struct log *log)
{
	*refresh = (struct refresh){
		.loop = loop,
		.log = log,
		.socket = { .fd = -1, .ready = socket_ready, .owner = refresh },
		.quiet = { .expired = quiet_expired, .owner = refresh },
		.limit = { .expired = limit_expired, .owner = refresh },
	};
}

void refresh_stop(struct refresh *refresh)
{
	refresh->over = true;
	watch_close(refresh->loop, &refresh->socket);
	timer_stop(refresh->loop, &refresh->quiet);
	timer_stop(refresh->loop, &refresh->limit);
	kill_program(refresh);
}
