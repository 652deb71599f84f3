#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int write_file(const char *path, const char *text, struct problem *problem)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t count;

	if (fd < 0)
		return problem_errno(problem, "%s", path);
	count = write(fd, text, strlen(text));
	if (count < 0)
		problem_errno(problem, "%s", path);
	close(fd);
	return count < 0 ? -1 : 0;
}

int cgroup_enter(const struct plan *plan, struct problem *problem)
{
	char path[PATH_MAX + sizeof "/cgroup.procs"];

	for (size_t i = 0; i < plan->cgroup_count; i++) {
		snprintf(path, sizeof path, "%s/cgroup.procs", plan->cgroups[i]);
		if (write_file(path, "0", problem) < 0)
			return -1;
	}
	return 0;
}

int cgroup_adjust_oom_score(const struct plan *plan, struct problem *problem)
{
	char score[16];

	if (!plan->oom_adjusted)
		return 0;
	snprintf(score, sizeof score, "%d", plan->oom_score_adj);
	return write_file("/proc/self/oom_score_adj", score, problem);
}
