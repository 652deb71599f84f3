#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WAITING_MAX 16
#define CONNECT_SECONDS 5

static int address_of(const char *path, struct sockaddr_un *address, struct problem *problem)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address->sun_path)
		return problem_set(problem, "%s: too long for the address of a socket", path);
	memcpy(address->sun_path, path, strlen(path));
	return 0;
}

int socket_listen(const char *name, bool blocking, struct problem *problem)
{
	struct sockaddr_un address;
	int fd;

	if (address_of(name, &address, problem) < 0)
		return -1;
	if (unlink(name) < 0 && errno != ENOENT)
		return problem_errno(problem, "%s", name);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, WAITING_MAX) < 0) {
		problem_errno(problem, "%s", name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/* The socket itself, opened, has a name that is short enough. */
static void address_of_descriptor(int fd, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d", fd);
}

/* -errno. */
static int connect_to(const char *path, int type)
{
	struct timeval patience = { .tv_sec = CONNECT_SECONDS };
	struct sockaddr_un address;
	int place = open(path, O_PATH | O_CLOEXEC);
	int fd = place < 0 ? -1 : socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	int error = 0;

	if (place >= 0)
		address_of_descriptor(place, &address);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		error = errno;
	if (place >= 0)
		close(place);
	if (error == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -error;
}

int socket_connect(const char *path, struct problem *problem)
{
	int fd = connect_to(path, SOCK_STREAM);

	if (fd >= 0)
		return fd;
	errno = -fd;
	return problem_errno(problem, "%s", path);
}

/* The kernel looks for the server before it looks at the type, and a server of streams does not notice. */
int socket_look(const char *path, struct problem *problem)
{
	int fd = connect_to(path, SOCK_DGRAM);

	if (fd == -EPROTOTYPE)
		return 0;
	if (fd >= 0)
		close(fd);
	errno = fd < 0 ? -fd : EPROTOTYPE;
	return problem_errno(problem, "%s", path);
}

int socket_connect_nonblocking(const char *path, struct problem *problem)
{
	int fd = socket_connect(path, problem);

	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		return fd;
	problem_errno(problem, "%s", path);
	close(fd);
	return -1;
}

void sockets_remove(void)
{
	unlink(SOCKET_SHIM);
	unlink(SOCKET_QMP);
	unlink(SOCKET_VIRTIOFSD);
}

int socket_pair(int *ours, int *theirs, struct problem *problem)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ||
	    fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
		return problem_errno(problem, "socketpair");
	*ours = ends[0];
	*theirs = ends[1];
	return 0;
}
