#include "outlets.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "terminal.h"

static const struct process_streams nothing = { -1, -1, -1 };

void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void outlets_none(struct outlets *outlets)
{
	*outlets = (struct outlets){ .streams = nothing, .listener = -1 };
}

/* The workload's end is a blocking one, the agent's is not. */
static int make_pipe(int *agents, int *workloads, bool agent_reads)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	*agents = ends[agent_reads ? 0 : 1];
	*workloads = ends[agent_reads ? 1 : 0];
	return fcntl(*agents, F_SETFL, O_NONBLOCK);
}

int outlets_open(struct outlets *outlets, const char *console, int stdio[3], struct problem *problem)
{
	struct process_streams *streams = &outlets->streams;

	outlets_none(outlets);
	if (console) {
		outlets->console = console;
		outlets->listener = terminal_listen(console);
		if (outlets->listener < 0) {
			errno = -outlets->listener;
			outlets->listener = -1;
			return problem_errno(problem, "listen on %s", console);
		}
	} else if (make_pipe(&streams->input, &stdio[0], false) < 0 ||
		   make_pipe(&streams->output, &stdio[1], true) < 0 ||
		   make_pipe(&streams->error, &stdio[2], true) < 0) {
		return problem_errno(problem, "pipe");
	}
	return 0;
}

int outlets_complete(struct outlets *outlets, struct problem *problem)
{
	struct process_streams *streams = &outlets->streams;

	if (outlets->listener < 0)
		return 0;
	streams->output = terminal_receive(outlets->listener);
	if (streams->output < 0) {
		errno = -streams->output;
		streams->output = -1;
		return problem_errno(problem, "receive the terminal from crun");
	}
	streams->input = fcntl(streams->output, F_DUPFD_CLOEXEC, 3);
	if (streams->input < 0)
		return problem_errno(problem, "duplicate the terminal");
	return 0;
}

struct process_streams outlets_take(struct outlets *outlets)
{
	struct process_streams streams = outlets->streams;

	outlets->streams = nothing;
	outlets_close(outlets);
	return streams;
}

void outlets_close(struct outlets *outlets)
{
	close_fd(&outlets->streams.input);
	close_fd(&outlets->streams.output);
	close_fd(&outlets->streams.error);
	if (outlets->listener >= 0)
		unlink(outlets->console);
	close_fd(&outlets->listener);
}
