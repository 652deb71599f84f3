/* In place of port.c: a UNIX socket that the agent listens on, one host at a time. */
#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET "/run/port.sock"

static int listener = -1;

int port_open(struct port *port)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET };

	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
	    listen(listener, 4) < 0)
		return -errno;
	port->fd = listener;
	return 0;
}

bool port_attach(struct port *port)
{
	int fd;

	if (port->fd != listener)
		return true;
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return false;
	port->fd = fd;
	return true;
}

void port_detach(struct port *port)
{
	if (port->fd != listener)
		close(port->fd);
	port->fd = listener;
}
