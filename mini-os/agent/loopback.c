#include "loopback.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int loopback_raise(struct problem *problem)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result = 0;

	if (fd < 0)
		return problem_errno(problem, "socket for the loopback interface");
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0) {
		result = problem_errno(problem, "flags of the loopback interface");
	} else if (!(request.ifr_flags & IFF_UP)) {
		request.ifr_flags |= IFF_UP;
		if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
			result = problem_errno(problem, "loopback interface up");
	}
	close(fd);
	return result;
}
