#include "network.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int raise_loopback(struct problem *problem)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result = 0;

	if (fd < 0)
		return problem_errno(problem, "network: a socket can't be made");
	request.ifr_flags = IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		result = problem_errno(problem, "network: the loopback interface can't be brought up");
	close(fd);
	return result;
}

static int join(const char *path, struct problem *problem)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int result = 0;

	if (fd < 0)
		return problem_errno(problem, "network: %s", path);
	if (setns(fd, CLONE_NEWNET) < 0)
		result = problem_errno(problem, "network: %s can't be entered", path);
	close(fd);
	return result;
}

int network_enter(const struct plan *plan, struct problem *problem)
{
	switch (plan->network) {
	case PLAN_NETWORK_NEW:
		if (unshare(CLONE_NEWNET) < 0)
			return problem_errno(problem, "network: a namespace can't be made");
		return raise_loopback(problem);
	case PLAN_NETWORK_JOIN:
		return join(plan->network_path, problem);
	default:
		return 0;
	}
}
