#include "processors.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"

#define ADDED "add@/devices/system/cpu/cpu"
#define MESSAGE_MAX 8192

static void take(const char *number)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%ld/online", strtol(number, NULL, 10));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1", 1) != 1)
		log_error("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void ready(void *owner, uint32_t events)
{
	struct processors *processors = owner;
	struct sockaddr_nl sender = { 0 };
	socklen_t length = sizeof sender;
	char message[MESSAGE_MAX + 1];
	ssize_t count = recvfrom(processors->watch.fd, message, MESSAGE_MAX, MSG_DONTWAIT, (struct sockaddr *)&sender,
				 &length);

	(void)events;
	/* Others may send too; the kernel has no port. */
	if (count <= 0 || sender.nl_pid != 0)
		return;
	message[count] = '\0';
	if (strncmp(message, ADDED, sizeof ADDED - 1) == 0)
		take(message + sizeof ADDED - 1);
}

void processors_open(struct processors *processors, struct loop *loop)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int error = 0;

	*processors = (struct processors){ .loop = loop, .watch = { .ready = ready, .owner = processors } };
	processors->watch.fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	if (processors->watch.fd < 0 ||
	    bind(processors->watch.fd, (const struct sockaddr *)&address, sizeof address) < 0)
		error = -errno;
	else
		error = watch_set(loop, &processors->watch, EPOLLIN);
	if (error < 0)
		log_error("new processors can't be noticed: %s", strerror(-error));
}

void processors_close(struct processors *processors)
{
	watch_stop(processors->loop, &processors->watch);
	if (processors->watch.fd >= 0)
		close(processors->watch.fd);
	processors->watch.fd = -1;
}
