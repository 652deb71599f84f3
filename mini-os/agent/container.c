#include "container.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "log.h"
#include "terminal.h"

#define CGROUP_PATIENCE_MS 5000 /* for killed processes to be gone */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void fail(struct container *container, const struct problem *problem)
{
	container->done(container->owner, NULL, problem);
}

static void fail_state(struct container *container, enum failure_code code, const char *why)
{
	struct problem problem;

	problem_set(&problem, code, "%s", why);
	fail(container, &problem);
}

/* ---- the end */

static void tell_end(struct container *container)
{
	/* The answer to `start` comes before the end of a process that ran only for a moment. */
	if (container->flushed && !crun_busy(&container->crun))
		process_exited(container->processes, container->init);
}

static void flushed(void *owner, int status)
{
	struct container *container = owner;

	if (status != 0)
		log_error("flushing the file systems failed: wait status %d", status);
	container->flushed = true;
	tell_end(container);
}

static int flush_all(const struct prepare *prepare)
{
	int result = 0;

	for (size_t i = 0; i < prepare->sync_count; i++)
		if (syncfs(prepare->sync[i]) < 0)
			result = 1;
	return result;
}

/* In a process of its own: streams and requests go on meanwhile. */
static void flush(struct container *container)
{
	pid_t pid;

	if (container->prepare->sync_count == 0) {
		flushed(container, 0);
		return;
	}
	pid = fork();
	if (pid == 0)
		_exit(flush_all(container->prepare));
	if (pid < 0) {
		flushed(container, flush_all(container->prepare));
		return;
	}
	container->flusher.pid = pid;
	reaper_watch(container->reaper, &container->flusher);
}

static void cgroup_emptied(struct container *container)
{
	timer_stop(container->loop, &container->cgroup_patience);
	watch_stop(container->loop, &container->cgroup_events);
	close_fd(&container->cgroup_events.fd);
	flush(container);
}

static void cgroup_changed(void *owner, uint32_t events)
{
	struct container *container = owner;

	(void)events;
	if (!cgroup_populated(container->cgroup))
		cgroup_emptied(container);
}

static void cgroup_overdue(void *owner)
{
	struct container *container = owner;

	log_error("processes of the container outlive SIGKILL");
	cgroup_emptied(container);
}

/* Init has ended, and with it the container: nothing of it is left running, as with a pid namespace of its own. */
static void init_ended(void *owner, int status)
{
	struct container *container = owner;

	container->state = CONTAINER_ENDED;
	process_reaped(container->init, status);
	if (container->cgroup[0] == '\0') {
		flush(container);
		return;
	}
	container->cgroup_events.fd = cgroup_events(container->cgroup);
	if (container->cgroup_events.fd < 0 ||
	    watch_set(container->loop, &container->cgroup_events, EPOLLPRI | EPOLLET) < 0) {
		cgroup_signal(container->cgroup, SIGKILL);
		cgroup_emptied(container);
		return;
	}
	timer_set(container->loop, &container->cgroup_patience, CGROUP_PATIENCE_MS);
	cgroup_signal(container->cgroup, SIGKILL);
	cgroup_changed(container, 0);
}

/* ---- create */

static int write_config(const char *text, struct problem *problem)
{
	size_t length = strlen(text), at = 0;
	int fd;

	if (mkdir(CRUN_BUNDLE, 0700) < 0 && errno != EEXIST)
		return problem_errno(problem, "mkdir " CRUN_BUNDLE);
	unlink(CRUN_CONFIG);
	fd = open(CRUN_CONFIG, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return problem_errno(problem, "open " CRUN_CONFIG);
	while (at < length) {
		ssize_t count = write(fd, text + at, length - at);

		if (count < 0) {
			problem_errno(problem, "write " CRUN_CONFIG);
			close(fd);
			return -1;
		}
		at += (size_t)count;
	}
	close(fd);
	return 0;
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

static void close_all(struct container *container)
{
	close_fd(&container->streams.input);
	close_fd(&container->streams.output);
	close_fd(&container->streams.error);
	close_fd(&container->listener);
}

static int open_all(struct container *container, int stdio[3], struct problem *problem)
{
	struct process_streams *streams = &container->streams;

	if (container->request.terminal) {
		container->listener = terminal_listen(CRUN_CONSOLE);
		if (container->listener < 0) {
			errno = -container->listener;
			return problem_errno(problem, "listen on " CRUN_CONSOLE);
		}
	} else if (make_pipe(&streams->input, &stdio[0], false) < 0 ||
		   make_pipe(&streams->output, &stdio[1], true) < 0 ||
		   make_pipe(&streams->error, &stdio[2], true) < 0) {
		return problem_errno(problem, "pipe");
	}
	return 0;
}

static int take_terminal(struct container *container, struct problem *problem)
{
	struct process_streams *streams = &container->streams;

	streams->output = terminal_receive(container->listener);
	if (streams->output < 0) {
		errno = -streams->output;
		return problem_errno(problem, "receive the terminal from crun");
	}
	streams->input = fcntl(streams->output, F_DUPFD_CLOEXEC, 3);
	if (streams->input < 0)
		return problem_errno(problem, "duplicate the terminal");
	close_fd(&container->listener);
	unlink(CRUN_CONSOLE);
	return 0;
}

/* The agent is better protected from the lack of memory than its container shall be. */
static void reset_oom_score(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/proc/%d/oom_score_adj", pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		log_error("%s: %s", path, strerror(errno));
	close_fd(&fd);
}

/* crun has made the process with this pid: enter it. */
static int adopt(struct container *container, pid_t pid, struct problem *problem)
{
	int error;

	if (container->request.terminal && take_terminal(container, problem) < 0)
		return -1;
	container->init = process_add(container->processes, 0, pid, container->request.terminal, &container->streams);
	container->streams = (struct process_streams){ -1, -1, -1 };
	if (container->init == NULL)
		return problem_set(problem, FAILURE_SYSTEM, "create: out of memory");
	if (container->request.sized)
		process_resize(container->init, &container->request.size);
	if (!container->request.oom_adjusted)
		reset_oom_score(pid);
	error = cgroup_of(pid, container->cgroup);
	if (error < 0) {
		log_error("the container has no cgroup of its own: %s", strerror(-error));
		container->cgroup[0] = '\0';
	}
	container->init_child.pid = pid;
	return 0;
}

static void created(void *owner, const struct problem *refused)
{
	struct container *container = owner;
	struct problem problem;
	char result[32];
	pid_t pid;

	if (refused) {
		close_all(container);
		reaper_remember(container->reaper, false);
		container->state = CONTAINER_NONE;
		fail(container, refused);
		return;
	}
	pid = crun_pid();
	if (pid < 0) {
		errno = -pid;
		problem_errno(&problem, "read " CRUN_PID);
	}
	if (pid < 0 || adopt(container, pid, &problem) < 0) {
		if (pid > 0)
			kill(pid, SIGKILL);
		close_all(container);
		reaper_remember(container->reaper, false);
		/* crun has it still: there will be no second attempt */
		container->state = CONTAINER_ENDED;
		fail(container, &problem);
		return;
	}
	container->state = CONTAINER_CREATED;
	snprintf(result, sizeof result, "{\"pid\":%d}", pid);
	container->done(container->owner, result, NULL);
	/* If it has ended already, this says so. */
	reaper_watch(container->reaper, &container->init_child);
	reaper_remember(container->reaper, false);
}

void container_create(struct container *container, const struct create_request *request)
{
	int stdio[3] = { -1, -1, -1 };
	struct problem problem;
	int result;

	if (container->state != CONTAINER_NONE) {
		fail_state(container, FAILURE_STATE, "create: there is a container already");
		return;
	}
	container->request = *request;
	container->request.config = NULL;
	result = write_config(request->config, &problem);
	if (result == 0)
		result = open_all(container, stdio, &problem);
	if (result == 0) {
		reaper_remember(container->reaper, true);
		container->state = CONTAINER_CREATING;
		result = crun_create(&container->crun, request->terminal, stdio, &problem, created, container);
	}
	for (unsigned i = 0; i < 3; i++)
		close_fd(&stdio[i]);
	if (result < 0)
		created(container, &problem);
}

/* ---- start and kill */

static void started(void *owner, const struct problem *refused)
{
	struct container *container = owner;

	if (refused)
		process_kill(container->init, SIGKILL);
	else if (container->state == CONTAINER_STARTING)
		container->state = CONTAINER_RUNNING;
	if (refused)
		fail(container, refused);
	else
		container->done(container->owner, "{}", NULL);
	if (container->state == CONTAINER_ENDED)
		tell_end(container);
}

void container_start(struct container *container)
{
	struct problem problem;

	if (container->state == CONTAINER_ENDED) {
		fail_state(container, FAILURE_NO_PROCESS, "start: the container has ended");
		return;
	}
	if (container->state != CONTAINER_CREATED) {
		fail_state(container, FAILURE_STATE,
			   container->state == CONTAINER_NONE ? "start: there is no container"
							      : "start: the container has been started");
		return;
	}
	container->state = CONTAINER_STARTING;
	if (crun_start(&container->crun, &problem, started, container) < 0)
		started(container, &problem);
}

void container_kill(struct container *container, const struct kill_request *request)
{
	struct problem problem;
	int error;

	if (container->state == CONTAINER_NONE) {
		fail_state(container, FAILURE_STATE, "kill: there is no container");
		return;
	}
	if (container->state == CONTAINER_ENDED) {
		fail_state(container, FAILURE_NO_PROCESS, "kill: the container has ended");
		return;
	}
	if (request->all && container->cgroup[0])
		error = cgroup_signal(container->cgroup, request->signal);
	else
		error = process_kill(container->init, request->signal);
	if (error == 0) {
		container->done(container->owner, "{}", NULL);
		return;
	}
	errno = -error;
	problem_errno(&problem, "kill with signal %d", request->signal);
	fail(container, &problem);
}

void container_open(struct container *container, struct loop *loop, struct reaper *reaper,
		    struct processes *processes, const struct prepare *prepare,
		    void (*done)(void *owner, const char *result, const struct problem *problem), void *owner)
{
	*container = (struct container){
		.loop = loop,
		.reaper = reaper,
		.processes = processes,
		.prepare = prepare,
		.streams = { -1, -1, -1 },
		.listener = -1,
		.init_child = { .ended = init_ended, .owner = container },
		.cgroup_events = { .fd = -1, .ready = cgroup_changed, .owner = container },
		.cgroup_patience = { .expired = cgroup_overdue, .owner = container },
		.flusher = { .ended = flushed, .owner = container },
		.done = done,
		.owner = owner,
	};
	crun_open(&container->crun, reaper);
}

void container_close(struct container *container)
{
	close_all(container);
	timer_stop(container->loop, &container->cgroup_patience);
	watch_stop(container->loop, &container->cgroup_events);
	close_fd(&container->cgroup_events.fd);
}
