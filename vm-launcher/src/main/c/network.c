#include "network.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWN_NAMESPACE "/proc/self/ns/net"

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
	struct stat before, after;
	int result;

	if (fd < 0)
		return problem_errno(problem, "network: %s", path);
	if (stat(OWN_NAMESPACE, &before) < 0 || fstat(fd, &after) < 0)
		result = problem_errno(problem, "network: " OWN_NAMESPACE);
	else if (setns(fd, CLONE_NEWNET) < 0)
		result = problem_errno(problem, "network: %s can't be entered", path);
	else
		result = before.st_ino != after.st_ino;
	close(fd);
	return result;
}

int network_enter(const struct plan *plan, struct problem *problem)
{
	switch (plan->network) {
	case PLAN_NETWORK_NEW:
		if (unshare(CLONE_NEWNET) < 0)
			return problem_errno(problem, "network: a namespace can't be made");
		return raise_loopback(problem) < 0 ? -1 : 1;
	case PLAN_NETWORK_JOIN:
		return join(plan->network_path, problem);
	default:
		return 0;
	}
}
