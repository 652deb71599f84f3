#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confine.h"
#include "sockets.h"

int serve_child(struct child *child, struct tail *tail, struct loop *loop, struct child_start *start,
		struct problem *problem)
{
	int output[2];
	int result = -1;
	int error;

	if (pipe2(output, O_CLOEXEC) < 0)
		return problem_errno(problem, "%s: pipe", child->name);
	start->output = output[1];
	if (fcntl(output[0], F_SETFL, O_NONBLOCK) < 0) {
		problem_errno(problem, "%s: pipe", child->name);
		close(output[0]);
	} else if ((error = tail_open(tail, loop, output[0])) < 0) {
		problem_set(problem, "%s: epoll: %s", child->name, strerror(-error));
	} else {
		result = child_start(child, start, problem);
	}
	close(output[1]);
	return result;
}

int serve_virtiofsd(struct child *child, struct tail *tail, const struct plan *plan, struct loop *loop,
		    const struct log *log, int *socket, struct problem *problem)
{
	struct child_start start = {
		.argv = plan->virtiofsd,
		.count = 1,
		.ruleset = -1,
		.own_proc = true,
		.keep_shared = plan->share,
		.survives = socket != NULL,
	};
	int listener = -1;
	int result = -1;

	if (plan->share && (start.ruleset = confine_virtiofsd(plan, problem)) == -1)
		return -1;
	if (start.ruleset == CONFINE_NONE)
		log_warning(log, "the kernel has no Landlock (ABI 2): virtiofsd is not confined by it");
	listener = socket_listen(SOCKET_VIRTIOFSD, true, problem);
	if (listener >= 0) {
		start.descriptors = &listener;
		result = serve_child(child, tail, loop, &start, problem);
		if (result == 0 && socket)
			*socket = listener;
		else
			close(listener);
	}
	if (start.ruleset >= 0)
		close(start.ruleset);
	return result;
}

/*
 * A pipe whose writing end who is not root may open by its name in /proc: passt writes its pid to a file of a given name when
 * it is somebody else already. -1 with a problem.
 */
static int notice_pipe(int pipe_ends[2], struct problem *problem)
{
	if (pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return problem_errno(problem, "passt: pipe");
	if (fchmod(pipe_ends[1], S_IWUSR | S_IWGRP | S_IWOTH) < 0) {
		problem_errno(problem, "passt: pipe");
		close(pipe_ends[0]);
		close(pipe_ends[1]);
		return -1;
	}
	return 0;
}

int serve_passt(struct child *child, struct tail *tail, const struct plan *plan, struct loop *loop, int *vm, int *ready,
		struct problem *problem)
{
	/* It makes namespaces and mounts, and gives up its capabilities itself, so that Landlock would be in its way. */
	struct child_start start = { .argv = plan->passt, .count = 1, .ruleset = -1 };
	int theirs = -1;
	int notice[2];
	int result;

	if (notice_pipe(notice, problem) < 0)
		return -1;
	result = socket_pair(vm, &theirs, problem);
	if (result == 0) {
		start.descriptors = &theirs;
		start.notice = notice[1];
		result = serve_child(child, tail, loop, &start, problem);
		close(theirs);
		if (result < 0) {
			close(*vm);
			*vm = -1;
		}
	}
	close(notice[1]);
	if (result < 0)
		close(notice[0]);
	else
		*ready = notice[0];
	return result;
}
