#include "timens.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define OFFSETS "/proc/self/timens_offsets"
#define OF_CHILDREN "/proc/self/ns/time_for_children"

/* They can be set until somebody is in the namespace. */
static int set_offsets(const struct clocks *clocks, struct problem *problem)
{
	char text[160];
	int length = snprintf(text, sizeof text, "monotonic %lld %lld\nboottime %lld %lld\n", clocks->monotonic.seconds,
			      clocks->monotonic.nanoseconds, clocks->boottime.seconds, clocks->boottime.nanoseconds);
	int fd = open(OFFSETS, O_WRONLY | O_CLOEXEC);
	int result = 0;

	if (fd < 0)
		return problem_errno(problem, "open " OFFSETS);
	if (write(fd, text, (size_t)length) != length)
		result = problem_errno(problem, "set the clocks off by %lld and %lld seconds", clocks->monotonic.seconds,
				       clocks->boottime.seconds);
	close(fd);
	return result;
}

int timens_enter(const struct clocks *clocks, struct problem *problem)
{
	int fd = -1;
	int result = -1;

	if (unshare(CLONE_NEWTIME) < 0)
		return problem_errno(problem, "make a time namespace");
	if (set_offsets(clocks, problem) < 0)
		return -1;
	fd = open(OF_CHILDREN, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
		problem_errno(problem, "enter a time namespace");
	else
		result = 0;
	if (fd >= 0)
		close(fd);
	return result;
}
