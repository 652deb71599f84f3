#include "parent.h"

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "loop.h"

int parent_open(void)
{
	pid_t pid = getppid();
	int fd;

	if (pid <= 0)
		return -1;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	/* It may have ended, and its pid become another's, before the descriptor was there. */
	if (fd >= 0 && getppid() != pid) {
		close(fd);
		return -1;
	}
	return fd;
}

void parent_await(int parent, unsigned milliseconds)
{
	int64_t deadline = loop_now() + milliseconds;
	struct pollfd ended = { .fd = parent, .events = POLLIN };
	int64_t left;

	if (parent < 0)
		return;
	while ((left = deadline - loop_now()) > 0 && poll(&ended, 1, (int)left) < 0 && errno == EINTR)
		;
	close(parent);
}
