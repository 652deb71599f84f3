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
#include "stats.h"

#define CGROUP_PATIENCE_MS 5000 /* for killed processes to be gone */

/* A limit below what is in use makes crun wait for the kernel, which frees what it can. Tests have less patience. */
#ifndef UPDATE_PATIENCE_MS
#define UPDATE_PATIENCE_MS 30000
#endif

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
	/*
	 * The answer to `start`, or `update`, comes before the end of a process that ran only for a moment, and so does
	 * the end of all other processes.
	 */
	if (container->flushed && !crun_busy(&container->crun) && (container->alone || execs_are_over(container->execs))) {
		timer_stop(container->loop, &container->patience);
		process_exited(container->processes, container->init);
	}
}

static void flushed(void *owner, int status)
{
	struct container *container = owner;

	if (status != 0)
		log_error("flushing the file systems failed: wait status %d", status);
	container->flushed = true;
	tell_end(container);
}

static int flush_all(const struct container *container)
{
	const struct prepare *prepare = container->prepare;
	int result = 0;

	for (size_t i = 0; i < prepare->sync_count; i++)
		if (syncfs(prepare->sync[i]) < 0)
			result = 1;
	if (container->disks)
		sync();
	return result;
}

/* In a process of its own: streams and requests go on meanwhile. */
static void flush(struct container *container)
{
	pid_t pid;

	if (container->prepare->sync_count == 0 && !container->disks) {
		flushed(container, 0);
		return;
	}
	pid = fork();
	if (pid == 0)
		_exit(flush_all(container));
	if (pid < 0) {
		flushed(container, flush_all(container));
		return;
	}
	container->flusher.pid = pid;
	reaper_watch(container->reaper, &container->flusher);
}

void container_flush_disks(struct container *container)
{
	container->disks = true;
}

void container_alone(struct container *container)
{
	if (container->state == CONTAINER_ENDED && container->init)
		tell_end(container);
}

static void others_overdue(void *owner)
{
	struct container *container = owner;

	log_error("processes started in the container outlive SIGKILL");
	container->alone = true;
	tell_end(container);
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

/* Requests that need a container which is up: those under way are answered, by themselves or here. */
static void end_requests(struct container *container)
{
	if (container->crun_patience.armed)
		crun_kill(&container->crun);
	if (freezer_stop(&container->freezer))
		fail_state(container, FAILURE_STATE, container->freezer.frozen ? "pause: the container has ended"
									       : "resume: the container has ended");
}

/* Init has ended, and with it the container: nothing of it is left running, as with a pid namespace of its own. */
static void init_ended(void *owner, int status)
{
	struct container *container = owner;

	container->state = CONTAINER_ENDED;
	process_reaped(container->init, status);
	/* The host may have to know why before it knows that. */
	oom_look(&container->oom);
	timer_set(container->loop, &container->patience, CGROUP_PATIENCE_MS);
	execs_end(container->execs);
	end_requests(container);
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
	if (mkdir(CRUN_BUNDLE, 0700) < 0 && errno != EEXIST)
		return problem_errno(problem, "mkdir " CRUN_BUNDLE);
	return crun_write(CRUN_CONFIG, text, problem);
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
	struct process_streams streams;
	int error;

	if (scheduling_apply(&container->request.scheduling, pid, problem) < 0 ||
	    attributes_apply(container->attributes, container->request.attribute_count, pid, problem) < 0)
		return -1;
	if (outlets_complete(&container->outlets, problem) < 0)
		return -1;
	streams = outlets_take(&container->outlets);
	container->init = process_add(container->processes, 0, pid, container->request.terminal, &streams);
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
	} else {
		oom_watch(&container->oom, container->cgroup);
	}
	container->init_child.pid = pid;
	return 0;
}

static void forget_request(struct container *container)
{
	outlets_close(&container->outlets);
	free(container->attributes);
	container->attributes = NULL;
}

static void created(void *owner, const struct problem *refused)
{
	struct container *container = owner;
	struct problem problem;
	char result[32];
	pid_t pid;

	if (refused) {
		forget_request(container);
		container->state = CONTAINER_NONE;
		fail(container, refused);
		reaper_remember(container->reaper, false);
		return;
	}
	if (container->request.clocks.apart)
		crun_forget_start();
	pid = crun_pid(CRUN_PID);
	if (pid < 0) {
		errno = -pid;
		problem_errno(&problem, "read " CRUN_PID);
	}
	if (pid < 0 || adopt(container, pid, &problem) < 0) {
		if (pid > 0)
			kill(pid, SIGKILL);
		forget_request(container);
		/* crun has it still: there will be no second attempt */
		container->state = CONTAINER_ENDED;
		fail(container, &problem);
		reaper_remember(container->reaper, false);
		return;
	}
	forget_request(container);
	container->state = CONTAINER_CREATED;
	snprintf(result, sizeof result, "{\"pid\":%d}", pid);
	container->done(container->owner, result, NULL);
	/* If it has ended already, this says so. */
	reaper_watch(container->reaper, &container->init_child);
	reaper_remember(container->reaper, false);
}

static int keep_request(struct container *container, const struct create_request *request, struct problem *problem)
{
	container->request = *request;
	container->request.config = NULL;
	container->request.sysctls = NULL;
	container->request.attributes = NULL;
	container->attributes = attributes_copy(request->attributes, request->attribute_count);
	return container->attributes ? 0 : problem_set(problem, FAILURE_SYSTEM, "create: out of memory");
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
	result = keep_request(container, request, &problem);
	if (result == 0)
		result = sysctl_write(request->sysctls, request->sysctl_count, &problem);
	if (result == 0)
		result = write_config(request->config, &problem);
	if (result == 0)
		result = outlets_open(&container->outlets, request->terminal ? CRUN_CONSOLE : NULL, stdio, &problem);
	reaper_remember(container->reaper, true);
	if (result == 0) {
		container->state = CONTAINER_CREATING;
		result = crun_create(&container->crun, request->terminal, stdio, &request->clocks, &problem, created,
				     container);
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
	if (container_check_awake(container, &problem) < 0) {
		fail(container, &problem);
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

/* ---- pause, resume, stats and update */

/* 0 if the container has a cgroup of its own, or -1 after having answered. */
static int need_cgroup(struct container *container, const char *what)
{
	struct problem problem;

	if (container->cgroup[0])
		return 0;
	problem_set(&problem, FAILURE_SYSTEM, "%s: the container has no cgroup of its own", what);
	fail(container, &problem);
	return -1;
}

static void freezer_done(void *owner, const struct problem *problem)
{
	struct container *container = owner;

	container->done(container->owner, problem ? NULL : "{}", problem);
}

void container_freeze(struct container *container, bool frozen)
{
	const char *what = frozen ? "pause" : "resume";
	struct problem problem;

	if (container_check_up(container, what, &problem) < 0) {
		/* Also if it has ended: what matters to whoever asks is that it is not running. */
		problem.code = FAILURE_STATE;
		fail(container, &problem);
	} else if (need_cgroup(container, what) == 0) {
		freezer_begin(&container->freezer, frozen);
	}
}

void container_stats(struct container *container)
{
	struct problem problem;
	char text[STATS_SIZE];
	char network[64];

	if (container_check_up(container, "stats", &problem) < 0) {
		fail(container, &problem);
		return;
	}
	if (need_cgroup(container, "stats") < 0)
		return;
	/* The agent's own, unless the container is in a user namespace, to which its network belongs. */
	snprintf(network, sizeof network, STATS_NETWORK, container->init->pid);
	if (stats_read(container->cgroup, network, text, &problem) < 0)
		fail(container, &problem);
	else
		container->done(container->owner, text, NULL);
}

static void updated(void *owner, const struct problem *refused)
{
	struct container *container = owner;

	timer_stop(container->loop, &container->crun_patience);
	unlink(CRUN_RESOURCES);
	if (refused && container->state == CONTAINER_ENDED)
		fail_state(container, FAILURE_NO_PROCESS, "update: the container has ended");
	else if (refused)
		fail(container, refused);
	else
		container->done(container->owner, "{}", NULL);
	if (container->state == CONTAINER_ENDED)
		tell_end(container);
}

static void update_overdue(void *owner)
{
	struct container *container = owner;

	log_error("crun update takes too long");
	crun_kill(&container->crun);
}

void container_update(struct container *container, const struct update_request *request)
{
	struct problem problem;

	if (container_check_up(container, "update", &problem) < 0) {
		fail(container, &problem);
		return;
	}
	if (crun_write(CRUN_RESOURCES, request->resources, &problem) < 0 ||
	    crun_update(&container->crun, &problem, updated, container) < 0) {
		updated(container, &problem);
		return;
	}
	timer_set(container->loop, &container->crun_patience, UPDATE_PATIENCE_MS);
}

int container_check_awake(const struct container *container, struct problem *problem)
{
	if (container->cgroup[0] && cgroup_freezing(container->cgroup))
		return problem_set(problem, FAILURE_STATE, "container is paused");
	return 0;
}

int container_check_up(const struct container *container, const char *what, struct problem *problem)
{
	if (container->state == CONTAINER_ENDED)
		return problem_set(problem, FAILURE_NO_PROCESS, "%s: the container has ended", what);
	if (container->state == CONTAINER_NONE || container->state == CONTAINER_CREATING)
		return problem_set(problem, FAILURE_STATE, "%s: there is no container", what);
	return 0;
}

void container_open(struct container *container, struct loop *loop, struct reaper *reaper,
		    struct processes *processes, struct execs *execs, const struct prepare *prepare, struct link *link,
		    void (*done)(void *owner, const char *result, const struct problem *problem), void *owner)
{
	*container = (struct container){
		.loop = loop,
		.reaper = reaper,
		.processes = processes,
		.execs = execs,
		.prepare = prepare,
		.init_child = { .ended = init_ended, .owner = container },
		.cgroup_events = { .fd = -1, .ready = cgroup_changed, .owner = container },
		.patience = { .expired = others_overdue, .owner = container },
		.cgroup_patience = { .expired = cgroup_overdue, .owner = container },
		.crun_patience = { .expired = update_overdue, .owner = container },
		.flusher = { .ended = flushed, .owner = container },
		.done = done,
		.owner = owner,
	};
	outlets_none(&container->outlets);
	crun_open(&container->crun, reaper);
	oom_open(&container->oom, loop, link);
	freezer_open(&container->freezer, loop, execs, container->cgroup, freezer_done, container);
}

void container_close(struct container *container)
{
	forget_request(container);
	freezer_stop(&container->freezer);
	oom_close(&container->oom);
	timer_stop(container->loop, &container->crun_patience);
	timer_stop(container->loop, &container->patience);
	timer_stop(container->loop, &container->cgroup_patience);
	watch_stop(container->loop, &container->cgroup_events);
	close_fd(&container->cgroup_events.fd);
}
