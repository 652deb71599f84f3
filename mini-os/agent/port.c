#include "port.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"

#define PORT_NAME "dev.limpid.agent"
#define PORTS "/sys/class/virtio-ports"
#define DEVICES "/dev"
#define APPEAR_MS 30000
#define POLL_US 3000
#define LEFT_MAX (1024u * 1024u)

static bool has_name(int ports, const char *entry, const char *name)
{
	char path[300], found[64];
	size_t wanted = strlen(name);
	ssize_t count;
	int fd;

	snprintf(path, sizeof path, "%s/name", entry);
	fd = openat(ports, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	count = read(fd, found, sizeof found);
	close(fd);
	return count >= 0 && ((size_t)count == wanted || ((size_t)count == wanted + 1 && found[wanted] == '\n')) &&
	       memcmp(found, name, wanted) == 0;
}

/* The descriptor of the port, or -errno; -ENOENT: there is none (yet). */
static int find(void)
{
	DIR *ports = opendir(PORTS);
	struct dirent *entry;
	int result = -ENOENT;

	if (ports == NULL)
		return -ENOENT;
	while ((entry = readdir(ports)) != NULL) {
		char path[300];

		if (entry->d_name[0] == '.' || !has_name(dirfd(ports), entry->d_name, PORT_NAME))
			continue;
		snprintf(path, sizeof path, DEVICES "/%s", entry->d_name);
		result = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		if (result < 0)
			result = -errno;
		break;
	}
	closedir(ports);
	return result;
}

int port_open(struct port *port)
{
	int64_t deadline = loop_now() + APPEAR_MS;

	for (;;) {
		port->fd = find();
		if (port->fd >= 0)
			return 0;
		if (port->fd != -ENOENT || loop_now() >= deadline)
			return port->fd;
		/* The name comes a moment after the port, the file perhaps later still. */
		usleep(POLL_US);
	}
}

bool port_attach(struct port *port)
{
	(void)port;
	return true;
}

/* What the host that has gone left behind is not for the next one. */
void port_detach(struct port *port)
{
	char left[4096];

	for (unsigned count = 0; count < LEFT_MAX / sizeof left; count++)
		if (read(port->fd, left, sizeof left) <= 0)
			return;
}
