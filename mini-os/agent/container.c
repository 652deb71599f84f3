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
#include "path.h"
#include "stats.h"

#define CGROUP_PATIENCE_MS 5000 /* for killed processes to be gone */

/* The namespaces of container n can be joined by what is in n here; files of containers but the first. */
#define NAMESPACES PATH_BASE "/ns"
#define JOINED PATH_BASE "/joined"

/* A limit below what is in use makes crun wait for the kernel, which frees what it can. Tests have less patience. */
#ifndef CRUN_PATIENCE_MS
#define CRUN_PATIENCE_MS 30000
#endif

static void fail(struct container *container, const struct problem *problem)
{
	container->events->done(container->owner, NULL, problem);
}

static void fail_state(struct container *container, enum failure_code code, const char *why)
{
	struct problem problem;

	problem_set(&problem, code, "%s", why);
	fail(container, &problem);
}

static void succeed(struct container *container, const char *result)
{
	container->events->done(container->owner, result, NULL);
}

/* ---- the namespaces of its init, by a name that others can join them by */

static void name_namespaces(const struct container *container, char link[CRUN_PATH_SIZE])
{
	snprintf(link, CRUN_PATH_SIZE, NAMESPACES "/%u", container->number);
}

static void show_namespaces(const struct container *container, pid_t pid)
{
	char link[CRUN_PATH_SIZE], target[32];

	name_namespaces(container, link);
	snprintf(target, sizeof target, "/proc/%d/ns", pid);
	unlink(link);
	if ((mkdir(NAMESPACES, 0700) < 0 && errno != EEXIST) || symlink(target, link) < 0)
		log_error("%s: %s", link, strerror(errno));
}

static void hide_namespaces(const struct container *container)
{
	char link[CRUN_PATH_SIZE];

	name_namespaces(container, link);
	unlink(link);
}

/* ---- the end */

/* Everything that has been made for it but the process is taken away, and somebody else may join in its place. */
static void vanish(struct container *container)
{
	const struct crun_place *place = &container->place;

	sockets_close(&container->sockets);
	prepare_undo(&container->prepare);
	unlink(place->config);
	rmdir(place->bundle);
	unlink(place->log);
	unlink(place->pid);
	rmdir(place->exec);
	container->state = CONTAINER_NONE;
}

static void deleted(void *owner, const struct problem *problem)
{
	struct container *container = owner;

	timer_stop(container->loop, &container->crun_patience);
	if (problem)
		log_error("container %u: %s", container->number, problem->text);
	container->deleted = true;
	container_look(container);
}

static void crun_overdue(void *owner)
{
	struct container *container = owner;

	log_error("crun %s takes too long", container->crun.verb);
	crun_kill(&container->crun);
}

static void forget(struct container *container)
{
	struct problem problem;

	timer_set(container->loop, &container->crun_patience, CRUN_PATIENCE_MS);
	if (crun_delete(&container->crun, &problem, deleted, container) < 0)
		deleted(container, &problem);
}

void container_look(struct container *container)
{
	struct process *init = container->init;

	/*
	 * The answer to `update` comes before the end of a process that ran only for a moment, and so does the end of all
	 * other processes.
	 */
	if (container->state != CONTAINER_ENDED || !container->flushed || !container->sockets.over || crun_busy(&container->crun) ||
	    !(container->alone || (execs_are_over(&container->execs) && container->others == 0)))
		return;
	if (container->number != 0 && !container->deleted) {
		forget(container);
		return;
	}
	timer_stop(container->loop, &container->patience);
	if (container->number == 0) {
		if (init)
			process_exited(container->processes, init);
		return;
	}
	vanish(container);
	container->init = NULL;
	if (init)
		process_exited(container->processes, init);
	container->events->over(container->owner, container);
}

static void flushed(void *owner, int status)
{
	struct container *container = owner;

	if (status != 0)
		log_error("flushing the file systems failed: wait status %d", status);
	container->flushed = true;
	container_look(container);
}

static int flush_all(const struct container *container)
{
	const struct prepare *prepare = &container->prepare;
	int result = 0;

	for (size_t i = 0; i < prepare->sync_count; i++)
		if (syncfs(prepare->sync[i]) < 0)
			result = 1;
	if (container->disks)
		sync();
	return result;
}

/* In a process of its own: streams and requests go on meanwhile. */
static void flush_now(struct container *container)
{
	pid_t pid;

	sockets_end(&container->sockets);
	if (container->prepare.sync_count == 0 && !container->disks) {
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

/* What lies in the guest's own file system gets to the host's before that is flushed. */
static void flush(struct container *container)
{
	if (upper_returns(&container->upper))
		upper_bring_back(&container->upper, true);
	else
		flush_now(container);
}

void container_flush_disks(struct container *container)
{
	container->disks = true;
}

static void others_overdue(void *owner)
{
	struct container *container = owner;

	log_error("processes started in the container, or containers beside it, outlive SIGKILL");
	container->alone = true;
	container_look(container);
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

/* The answer to a `pause` before which something was to be brought back. */
static void answer_pause(struct container *container, const char *result, const struct problem *problem)
{
	bool let_go = container->pausing == BRINGING_LET_GO;

	container->pausing = BRINGING_NOTHING;
	if (let_go)
		container->events->paused(container->owner, container->pause, result, problem);
	else
		container->events->done(container->owner, result, problem);
}

/* Requests that need a container which is up: those under way are answered, by themselves or here. */
static void end_requests(struct container *container)
{
	struct problem problem;

	if (container->crun_patience.armed)
		crun_kill(&container->crun);
	if (container->pausing) {
		problem_set(&problem, FAILURE_STATE, "pause: the container has ended");
		answer_pause(container, NULL, &problem);
	}
	if (freezer_stop(&container->freezer))
		fail_state(container, FAILURE_STATE, container->freezer.frozen ? "pause: the container has ended"
									       : "resume: the container has ended");
}

/* Init has ended, and with it the container: nothing of it is left running, as with a pid namespace of its own. */
static void init_ended(void *owner, int status)
{
	struct container *container = owner;

	container->state = CONTAINER_ENDED;
	hide_namespaces(container);
	if (container->init)
		process_reaped(container->init, status);
	/* The host may have to know why before it knows that. */
	oom_look(&container->oom);
	timer_set(container->loop, &container->patience, CGROUP_PATIENCE_MS);
	container->events->ending(container->owner, container);
	execs_end(&container->execs);
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

static int write_config(const struct crun_place *place, const char *text, struct problem *problem)
{
	if (mkdir(place->bundle, 0700) < 0 && errno != EEXIST)
		return problem_errno(problem, "mkdir %s", place->bundle);
	return crun_write(place->config, text, problem);
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

static void adopt_cgroup(struct container *container, pid_t pid)
{
	int error = cgroup_of(pid, container->cgroup);

	if (error < 0) {
		log_error("the container has no cgroup of its own: %s", strerror(-error));
		container->cgroup[0] = '\0';
	} else if (container->number == 0) {
		/* The event does not say of which container it is: the host takes it for the first. */
		oom_watch(&container->oom, container->cgroup);
	}
}

/* crun has made the process with this pid: enter it. */
static int adopt(struct container *container, pid_t pid, struct problem *problem)
{
	struct process_streams streams;

	if (scheduling_apply(&container->request.scheduling, pid, problem) < 0 ||
	    attributes_apply(container->attributes, container->request.attribute_count, pid, problem) < 0)
		return -1;
	if (outlets_complete(&container->outlets, problem) < 0)
		return -1;
	container->init_child.pid = pid;
	if (container->abandoned) {
		outlets_close(&container->outlets);
		adopt_cgroup(container, pid);
		return 0;
	}
	streams = outlets_take(&container->outlets);
	container->init = process_add(container->processes, container->init_number, pid, container->request.terminal,
				      &streams);
	if (container->init == NULL)
		return problem_set(problem, FAILURE_SYSTEM, "create: out of memory");
	if (container->request.sized)
		process_resize(container->init, &container->request.size);
	if (!container->request.oom_adjusted)
		reset_oom_score(pid);
	adopt_cgroup(container, pid);
	show_namespaces(container, pid);
	return 0;
}

static void forget_request(struct container *container)
{
	outlets_close(&container->outlets);
	free(container->attributes);
	container->attributes = NULL;
}

/* The answer to `create` or `join`. */
static void answer_creation(struct container *container, const char *result, const struct problem *problem)
{
	uint32_t answer_to = container->answer_to;

	container->answer_to = 0;
	if (container->number == 0)
		container->events->done(container->owner, result, problem);
	else if (answer_to != 0)
		container->events->joined(container->owner, answer_to, result, problem);
}

/* There is no container, and nothing is left of the attempt to make one. */
static void give_up(struct container *container, const struct problem *problem)
{
	container->state = CONTAINER_NONE;
	sockets_close(&container->sockets);
	if (container->number != 0)
		vanish(container);
	answer_creation(container, NULL, problem);
	if (container->number != 0)
		container->events->over(container->owner, container);
}

/* crun has made it, and it can't be used. Container 0 is not tried a second time. */
static void give_up_made(struct container *container, pid_t pid, const struct problem *problem)
{
	if (pid > 0)
		kill(pid, SIGKILL);
	container->state = CONTAINER_ENDED;
	sockets_end(&container->sockets);
	answer_creation(container, NULL, problem);
	if (container->number == 0)
		return;
	/* What it takes until nothing is left of it is not waited for, but nobody may join in its place before. */
	container->flushed = true;
	container_look(container);
}

static void created(void *owner, const struct problem *refused)
{
	struct container *container = owner;
	struct problem problem;
	char result[32];
	pid_t pid;

	if (refused) {
		forget_request(container);
		give_up(container, refused);
		reaper_remember(container->reaper, false);
		return;
	}
	if (container->request.clocks.apart)
		crun_forget_start(&container->place);
	pid = crun_pid(container->place.pid);
	if (pid < 0) {
		errno = -pid;
		problem_errno(&problem, "read %s", container->place.pid);
	}
	if (pid < 0 || adopt(container, pid, &problem) < 0) {
		forget_request(container);
		give_up_made(container, pid, &problem);
		reaper_remember(container->reaper, false);
		return;
	}
	forget_request(container);
	container->state = CONTAINER_CREATED;
	sockets_start(&container->sockets, container->init_number, container->processes->window);
	snprintf(result, sizeof result, "{\"pid\":%d}", pid);
	answer_creation(container, result, NULL);
	if (container->init && container->number != 0)
		process_begin(container->init);
	if (container->doomed)
		kill(pid, SIGKILL);
	/* If it has ended already, this says so. */
	reaper_adopt(container->reaper, &container->init_child);
	reaper_remember(container->reaper, false);
}

static int keep_request(struct container *container, const struct create_request *request, struct problem *problem)
{
	container->request = *request;
	container->request.config = NULL;
	container->request.sysctls = NULL;
	container->request.attributes = NULL;
	container->request.sockets = NULL;
	container->attributes = attributes_copy(request->attributes, request->attribute_count);
	return container->attributes ? 0 : problem_set(problem, FAILURE_SYSTEM, "create: out of memory");
}

static void begin_create(struct container *container, const struct create_request *request)
{
	int stdio[3] = { -1, -1, -1 };
	struct problem problem;
	int result;

	result = keep_request(container, request, &problem);
	if (result == 0)
		result = sysctl_write(request->sysctls, request->sysctl_count, &problem);
	if (result == 0)
		result = sockets_open(&container->sockets, request->sockets, request->socket_count, &problem);
	if (result == 0)
		result = write_config(&container->place, request->config, &problem);
	if (result == 0)
		result = outlets_open(&container->outlets, request->terminal ? container->place.console : NULL, stdio,
				      &problem);
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

void container_prepare(struct container *container, struct request *request)
{
	if (container->prepared)
		fail_state(container, FAILURE_STATE, "prepare: done before");
	else
		prepare_begin(&container->prepare, request);
}

void container_create(struct container *container, const struct create_request *request)
{
	if (!container->prepared) {
		fail_state(container, FAILURE_STATE, "create: not prepared");
		return;
	}
	if (container->state != CONTAINER_NONE) {
		fail_state(container, FAILURE_STATE, "create: there is a container already");
		return;
	}
	begin_create(container, request);
}

/* ---- join */

static void mounted(void *owner, const struct problem *problem)
{
	struct container *container = owner;

	if (problem)
		give_up(container, problem);
	else
		begin_create(container, &container->prepare.request->create);
}

static int make_directory(const struct container *container, struct problem *problem)
{
	if (mkdir(JOINED, 0711) < 0 && errno != EEXIST)
		return problem_errno(problem, "mkdir " JOINED);
	if (mkdir(container->directory, 0711) < 0 && errno != EEXIST)
		return problem_errno(problem, "mkdir %s", container->directory);
	return 0;
}

void container_join(struct container *container, uint32_t answer_to, uint16_t init_number, struct request *request)
{
	struct problem problem;

	container->answer_to = answer_to;
	container->init_number = init_number;
	container->state = CONTAINER_MOUNTING;
	if (make_directory(container, &problem) < 0)
		give_up(container, &problem);
	else
		prepare_begin(&container->prepare, request);
}

void container_doom(struct container *container)
{
	struct problem problem;

	container->doomed = true;
	switch (container->state) {
	case CONTAINER_MOUNTING:
		problem_set(&problem, FAILURE_NO_PROCESS, "join: the container whose guest this is has ended");
		prepare_cancel(&container->prepare, &problem);
		break;
	case CONTAINER_CREATED:
	case CONTAINER_RUNNING:
		kill(container->init_child.pid, SIGKILL);
		break;
	default: /* crun says when there is something to kill */
		break;
	}
}

void container_abandon(struct container *container)
{
	container->abandoned = true;
	container->answer_to = 0;
	container->init = NULL;
	container_doom(container);
}

/* ---- start and kill */

void container_start(struct container *container)
{
	struct problem problem;

	if (container->state == CONTAINER_ENDED) {
		fail_state(container, FAILURE_NO_PROCESS, "start: the container has ended");
		return;
	}
	if (container->state != CONTAINER_CREATED) {
		fail_state(container, FAILURE_STATE,
			   container->state < CONTAINER_CREATED ? "start: there is no container"
							      : "start: the container has been started");
		return;
	}
	if (container_check_awake(container, &problem) < 0) {
		fail(container, &problem);
		return;
	}
	if (crun_start(&container->place, &problem) < 0) {
		if (container->init)
			process_kill(container->init, SIGKILL);
		fail(container, &problem);
		return;
	}
	container->state = CONTAINER_RUNNING;
	succeed(container, "{}");
}

void container_kill(struct container *container, const struct kill_request *request)
{
	struct problem problem;
	int error;

	if (container->state < CONTAINER_CREATED) {
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
		error = container->init ? process_kill(container->init, request->signal) : -ESRCH;
	if (error == 0) {
		succeed(container, "{}");
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

	if (problem == NULL && container->freezer.frozen && upper_returns(&container->upper)) {
		container->pausing = BRINGING_BEGUN;
		upper_bring_back(&container->upper, false);
		if (container->pausing) {
			container->pausing = BRINGING_LET_GO;
			container->events->let_go(container->owner, &container->pause);
		}
		return;
	}
	container->events->done(container->owner, problem ? NULL : "{}", problem);
}

/* A container of which the host would see a former state is not paused. */
static void brought_back(struct container *container, const struct problem *problem)
{
	int error;

	if (!container->pausing)
		return;
	error = problem ? cgroup_freeze(container->cgroup, false) : 0;
	if (error < 0)
		log_error("thawing %s: %s", container->cgroup, strerror(-error));
	answer_pause(container, problem ? NULL : "{}", problem);
}

static void upper_done(void *owner, enum upper_work work, const struct problem *problem)
{
	struct container *container = owner;

	if (work == UPPER_FILL)
		prepare_filled(&container->prepare, problem);
	else if (work == UPPER_RETURN)
		flush_now(container);
	else
		brought_back(container, problem);
}

void container_freeze(struct container *container, bool frozen)
{
	const char *what = frozen ? "pause" : "resume";
	struct problem problem;

	if (container_check_up(container, what, &problem) < 0) {
		/* Also if it has ended: what matters to whoever asks is that it is not running. */
		problem.code = FAILURE_STATE;
		fail(container, &problem);
	} else if (container->pausing) {
		problem_set(&problem, FAILURE_STATE, "%s: the container is being paused", what);
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
	snprintf(network, sizeof network, STATS_NETWORK, container->init_child.pid);
	if (stats_read(container->cgroup, network, text, &problem) < 0)
		fail(container, &problem);
	else
		succeed(container, text);
}

static void updated(void *owner, const struct problem *refused)
{
	struct container *container = owner;

	timer_stop(container->loop, &container->crun_patience);
	unlink(container->place.resources);
	if (refused && container->state == CONTAINER_ENDED)
		fail_state(container, FAILURE_NO_PROCESS, "update: the container has ended");
	else if (refused)
		fail(container, refused);
	else
		succeed(container, "{}");
	container_look(container);
}

void container_update(struct container *container, const struct update_request *request)
{
	struct problem problem;

	if (container_check_up(container, "update", &problem) < 0) {
		fail(container, &problem);
		return;
	}
	if (crun_write(container->place.resources, request->resources, &problem) < 0 ||
	    crun_update(&container->crun, &problem, updated, container) < 0) {
		updated(container, &problem);
		return;
	}
	timer_set(container->loop, &container->crun_patience, CRUN_PATIENCE_MS);
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
	if (container->state < CONTAINER_CREATED)
		return problem_set(problem, FAILURE_STATE, "%s: there is no container", what);
	return 0;
}

pid_t container_init(const struct container *container, const char *what, struct problem *problem)
{
	if (container->state < CONTAINER_CREATED)
		return 0;
	return container_check_up(container, what, problem) < 0 ? -1 : container->init_child.pid;
}

static void execs_over(void *owner)
{
	container_look(owner);
}

static void sockets_over(void *owner)
{
	container_look(owner);
}

static void executed(void *owner, uint32_t request, const char *result, const struct problem *problem)
{
	struct container *container = owner;

	container->events->executed(container->owner, request, result, problem);
}

static void prepared(void *owner, const struct problem *problem)
{
	struct container *container = owner;

	if (container->number != 0) {
		mounted(container, problem);
		return;
	}
	container->prepared = problem == NULL;
	container->events->done(container->owner, problem ? NULL : "{}", problem);
}

void container_open(struct container *container, unsigned number, struct loop *loop, struct reaper *reaper,
		    struct processes *processes, struct link *link, const struct container_events *events, void *owner)
{
	char id[sizeof container->place.id];

	*container = (struct container){
		.number = number,
		.loop = loop,
		.reaper = reaper,
		.processes = processes,
		.events = events,
		.owner = owner,
		.init_child = { .ended = init_ended, .owner = container },
		.cgroup_events = { .fd = -1, .ready = cgroup_changed, .owner = container },
		.patience = { .expired = others_overdue, .owner = container },
		.cgroup_patience = { .expired = cgroup_overdue, .owner = container },
		.crun_patience = { .expired = crun_overdue, .owner = container },
		.flusher = { .ended = flushed, .owner = container },
	};
	if (number == 0) {
		snprintf(id, sizeof id, "container");
		snprintf(container->directory, sizeof container->directory, PATH_BASE);
	} else {
		snprintf(id, sizeof id, "container-%u", number);
		snprintf(container->directory, sizeof container->directory, JOINED "/%u", number);
	}
	crun_place(&container->place, id, container->directory);
	outlets_none(&container->outlets);
	crun_open(&container->crun, reaper, &container->place);
	prepare_open(&container->prepare, loop, &container->upper, prepared, container);
	upper_open(&container->upper, reaper, link, upper_done, container);
	execs_open(&container->execs, loop, reaper, processes, &container->place, executed, execs_over, container);
	sockets_init(&container->sockets, loop, link, sockets_over, container);
	oom_open(&container->oom, loop, link);
	freezer_open(&container->freezer, loop, &container->execs, container->cgroup, freezer_done, container);
}

void container_close(struct container *container)
{
	execs_close(&container->execs);
	sockets_close(&container->sockets);
	prepare_close(&container->prepare);
	upper_close(&container->upper);
	forget_request(container);
	freezer_stop(&container->freezer);
	oom_close(&container->oom);
	timer_stop(container->loop, &container->crun_patience);
	timer_stop(container->loop, &container->patience);
	timer_stop(container->loop, &container->cgroup_patience);
	watch_stop(container->loop, &container->cgroup_events);
	close_fd(&container->cgroup_events.fd);
}
