#include "agent.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "log.h"
#include "request.h"

static void answer(struct agent *agent, const char *result, const struct problem *problem)
{
	uint32_t number = agent->number;

	agent->busy = false;
	agent->number = 0;
	if (number == 0)
		return;
	if (problem)
		link_failure(&agent->link, number, problem);
	else
		link_send(&agent->link, FRAME_RESULT, 0, 0, number, result, strlen(result));
}

/* Answered later, by itself: the next request need not wait for it. */
static void begin_exec(struct agent *agent, uint16_t process, const struct exec_request *exec)
{
	uint32_t number = agent->number;
	struct problem problem;

	if (container_check_up(&agent->container, "exec", &problem) < 0 ||
	    container_check_awake(&agent->container, &problem) < 0) {
		answer(agent, NULL, &problem);
		return;
	}
	agent->busy = false;
	agent->number = 0;
	execs_begin(&agent->execs, number, process, exec);
}

static void carry_out(struct agent *agent, uint16_t process, struct request *request)
{
	struct problem problem;

	if ((request->method == METHOD_EXEC) != (process != 0)) {
		problem_set(&problem, FAILURE_INVALID, "process %u: not a number for this method", process);
		answer(agent, NULL, &problem);
		return;
	}
	switch (request->method) {
	case METHOD_PREPARE:
		if (!agent->prepared) {
			prepare_begin(&agent->prepare, request);
			return;
		}
		problem_set(&problem, FAILURE_STATE, "prepare: done before");
		break;
	case METHOD_DISKS:
		disks_begin(&agent->disks, &request->disks);
		return;
	case METHOD_CREATE:
		if (agent->prepared) {
			container_create(&agent->container, &request->create);
			return;
		}
		problem_set(&problem, FAILURE_STATE, "create: not prepared");
		break;
	case METHOD_START:
		container_start(&agent->container);
		return;
	case METHOD_KILL:
		container_kill(&agent->container, &request->kill);
		return;
	case METHOD_EXEC:
		begin_exec(agent, process, &request->exec);
		return;
	case METHOD_PAUSE:
		container_freeze(&agent->container, true);
		return;
	case METHOD_RESUME:
		container_freeze(&agent->container, false);
		return;
	case METHOD_STATS:
		container_stats(&agent->container);
		return;
	case METHOD_UPDATE:
		container_update(&agent->container, &request->update);
		return;
	}
	answer(agent, NULL, &problem);
}

static struct waiting *take_waiting(struct agent *agent)
{
	struct waiting *waiting = agent->first;

	if (waiting == NULL)
		return NULL;
	agent->first = waiting->next;
	if (agent->first == NULL)
		agent->last = NULL;
	agent->waiting_count--;
	agent->waiting_bytes -= waiting->length;
	return waiting;
}

/* Carries out what waits, until something takes its time. */
static void turn(struct agent *agent)
{
	if (agent->turning)
		return;
	agent->turning = true;
	while (!agent->busy && agent->first) {
		struct waiting *waiting = take_waiting(agent);
		struct request request;
		struct problem problem;

		agent->busy = true;
		agent->number = waiting->number;
		if (request_parse(&request, waiting->text, waiting->length, &problem) < 0)
			answer(agent, NULL, &problem);
		else
			carry_out(agent, waiting->process, &request);
		request_free(&request);
		free(waiting);
	}
	agent->turning = false;
}

static void prepared(void *owner, const struct problem *problem)
{
	struct agent *agent = owner;

	agent->prepared = problem == NULL;
	answer(agent, "{}", problem);
	turn(agent);
}

static void disks_done(void *owner, const char *result, const struct problem *problem)
{
	struct agent *agent = owner;

	if (problem == NULL)
		container_flush_disks(&agent->container);
	answer(agent, result, problem);
	turn(agent);
}

static void container_done(void *owner, const char *result, const struct problem *problem)
{
	struct agent *agent = owner;

	answer(agent, result, problem);
	turn(agent);
}

static void exec_done(void *owner, uint32_t request, const char *result, const struct problem *problem)
{
	struct agent *agent = owner;

	if (problem)
		link_failure(&agent->link, request, problem);
	else
		link_send(&agent->link, FRAME_RESULT, 0, 0, request, result, strlen(result));
}

static void execs_over(void *owner)
{
	struct agent *agent = owner;

	container_alone(&agent->container);
}

static void add_request(struct agent *agent, const struct frame *frame)
{
	struct waiting *waiting = NULL;
	struct problem problem;

	if (agent->waiting_count < WAITING_MAX && agent->waiting_bytes + frame->length <= WAITING_BYTES_MAX)
		waiting = malloc(sizeof *waiting + frame->length);
	if (waiting == NULL) {
		problem_set(&problem, FAILURE_SYSTEM, "too many requests wait for their turn");
		link_failure(&agent->link, frame->request, &problem);
		return;
	}
	*waiting = (struct waiting){ .number = frame->request, .process = frame->process, .length = frame->length };
	memcpy(waiting->text, frame->payload, frame->length);
	if (agent->last)
		agent->last->next = waiting;
	else
		agent->first = waiting;
	agent->last = waiting;
	agent->waiting_count++;
	agent->waiting_bytes += waiting->length;
	turn(agent);
}

static void drop_requests(struct agent *agent)
{
	struct waiting *waiting;

	while ((waiting = take_waiting(agent)) != NULL)
		free(waiting);
	agent->number = 0;
}

static void link_opened(void *owner, uint32_t window)
{
	struct agent *agent = owner;

	drop_requests(agent);
	execs_abandon(&agent->execs);
	processes_opened(&agent->processes, window);
}

static const char *link_received(void *owner, const struct frame *frame)
{
	struct agent *agent = owner;

	if (frame->kind != FRAME_REQUEST)
		return processes_frame(&agent->processes, frame);
	add_request(agent, frame);
	return NULL;
}

static void link_resumed(void *owner)
{
	struct agent *agent = owner;

	processes_resume(&agent->processes);
}

static void signalled(void *owner, uint32_t events)
{
	struct agent *agent = owner;
	struct signalfd_siginfo info;

	(void)events;
	if (read(agent->signals.fd, &info, sizeof info) != (ssize_t)sizeof info)
		return;
	if (info.ssi_signo == SIGCHLD)
		reaper_collect(&agent->reaper);
	else
		agent->loop.stopped = true;
}

int agent_open(struct agent *agent, int signals)
{
	const struct link_user user = {
		.opened = link_opened,
		.received = link_received,
		.resumed = link_resumed,
		.owner = agent,
	};
	int error;

	*agent = (struct agent){ .signals = { .fd = signals, .ready = signalled, .owner = agent } };
	error = loop_open(&agent->loop);
	if (error < 0) {
		log_error("epoll: %s", strerror(-error));
		return error;
	}
	processors_open(&agent->cpus, &agent->loop);
	reaper_open(&agent->reaper);
	processes_open(&agent->processes, &agent->link);
	prepare_open(&agent->prepare, &agent->loop, prepared, agent);
	disks_open(&agent->disks, &agent->loop, disks_done, agent);
	execs_open(&agent->execs, &agent->loop, &agent->reaper, &agent->processes, exec_done, execs_over, agent);
	container_open(&agent->container, &agent->loop, &agent->reaper, &agent->processes, &agent->execs,
		       &agent->prepare, &agent->link, container_done, agent);
	error = watch_set(&agent->loop, &agent->signals, EPOLLIN);
	if (error < 0) {
		log_error("watching signals: %s", strerror(-error));
	} else {
		error = link_open(&agent->link, &agent->loop, &user);
		if (error < 0)
			log_error("the host's port: %s", strerror(-error));
	}
	if (error < 0)
		loop_close(&agent->loop);
	return error;
}

void agent_close(struct agent *agent)
{
	processes_close(&agent->processes);
	execs_close(&agent->execs);
	container_close(&agent->container);
	disks_close(&agent->disks);
	prepare_close(&agent->prepare);
	drop_requests(agent);
	link_close(&agent->link);
	processors_close(&agent->cpus);
	watch_stop(&agent->loop, &agent->signals);
	loop_close(&agent->loop);
}

int agent_run(struct agent *agent)
{
	int error = loop_run(&agent->loop);

	if (error < 0)
		log_error("epoll_wait: %s", strerror(-error));
	return error;
}
