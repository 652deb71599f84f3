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

/* The one carried out is answered later, by itself: the next need not wait for it. Its number. */
static uint32_t let_go(struct agent *agent)
{
	uint32_t number = agent->number;

	agent->busy = false;
	agent->number = 0;
	return number;
}

static void begin_exec(struct agent *agent, struct container *container, uint16_t process,
		       const struct exec_request *exec)
{
	struct problem problem;

	if (container_check_up(container, "exec", &problem) < 0 || container_check_awake(container, &problem) < 0)
		answer(agent, NULL, &problem);
	else
		execs_begin(&container->execs, let_go(agent), process, exec);
}

static void begin_network(struct agent *agent, const struct container *container,
			  const struct network_request *request)
{
	struct problem problem;
	pid_t init = container_init(container, "network", &problem);

	if (init < 0) {
		answer(agent, NULL, &problem);
	} else {
		agent->resolving |= request->resolver;
		network_begin(&agent->network, request, init);
	}
}

static void carry_out_in(struct agent *agent, struct container *container, uint16_t process, struct request *request)
{
	switch (request->method) {
	case METHOD_PREPARE:
		container_prepare(container, request);
		return;
	case METHOD_DISKS:
		disks_begin(&agent->disks, &request->disks);
		return;
	case METHOD_CREATE:
		container_create(container, &request->create);
		return;
	case METHOD_JOIN:
		containers_join(&agent->containers, let_go(agent), process, request);
		return;
	case METHOD_START:
		container_start(container);
		return;
	case METHOD_KILL:
		container_kill(container, &request->kill);
		return;
	case METHOD_EXEC:
		begin_exec(agent, container, process, &request->exec);
		return;
	case METHOD_PAUSE:
		container_freeze(container, true);
		return;
	case METHOD_RESUME:
		container_freeze(container, false);
		return;
	case METHOD_STATS:
		container_stats(container);
		return;
	case METHOD_PING:
		answer(agent, "{}", NULL);
		return;
	case METHOD_UPDATE:
		container_update(container, &request->update);
		return;
	case METHOD_NETWORK:
		begin_network(agent, container, &request->network);
		return;
	}
}

static void carry_out(struct agent *agent, uint16_t process, struct request *request)
{
	/* Only these make a process with a number of its own. */
	bool makes = request->method == METHOD_EXEC || request->method == METHOD_JOIN;
	struct container *container = NULL;
	struct problem problem;

	if (makes != (process != 0))
		problem_set(&problem, FAILURE_INVALID, "process %u: not a number for this method", process);
	else if (makes && containers_use(&agent->containers, process))
		problem_set(&problem, FAILURE_STATE, "%s: process %u is in use", request_method(request), process);
	else if (request->method == METHOD_JOIN)
		container = containers_find(&agent->containers, 0, "join", &problem);
	else
		container = containers_find(&agent->containers, request->container, request_method(request), &problem);
	if (container)
		carry_out_in(agent, container, process, request);
	else
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

static void disks_done(void *owner, const char *result, const struct problem *problem)
{
	struct agent *agent = owner;

	if (problem == NULL)
		containers_flush_disks(&agent->containers);
	answer(agent, result, problem);
	turn(agent);
}

/* The resolver is wherever the container is at this moment. */
static int serve(struct agent *agent, struct problem *problem)
{
	struct container *container = containers_find(&agent->containers, 0, "network", problem);
	pid_t init = container ? container_init(container, "network", problem) : -1;

	return init < 0 ? -1 : resolver_serve(&agent->resolver, init, problem);
}

static void network_done(void *owner, const char *result, const struct problem *problem)
{
	struct agent *agent = owner;
	struct problem refused;

	if (problem == NULL && agent->resolving && serve(agent, &refused) < 0)
		problem = &refused;
	answer(agent, result, problem);
	turn(agent);
}

static void container_done(void *owner, const char *result, const struct problem *problem)
{
	struct agent *agent = owner;

	answer(agent, result, problem);
	turn(agent);
}

/* Of a request that others have not waited for. */
static void begun(void *owner, uint32_t request, const char *result, const struct problem *problem)
{
	struct agent *agent = owner;

	if (request == 0)
		return;
	if (problem)
		link_failure(&agent->link, request, problem);
	else
		link_send(&agent->link, FRAME_RESULT, 0, 0, request, result, strlen(result));
}

static void pause_goes_on(void *owner, uint32_t *request)
{
	struct agent *agent = owner;

	*request = let_go(agent);
	turn(agent);
}

static const struct container_events container_events = {
	.done = container_done,
	.joined = begun,
	.executed = begun,
	.let_go = pause_goes_on,
	.paused = begun,
};

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
	containers_abandon(&agent->containers);
	processes_opened(&agent->processes, window);
	resolver_opened(&agent->resolver);
	containers_opened(&agent->containers, window);
}

static const char *connection_frame(struct agent *agent, const struct frame *frame)
{
	struct container *container = containers_of(&agent->containers, frame->process);

	return container ? sockets_received(&container->sockets, frame) : NULL;
}

static const char *link_received(void *owner, const struct frame *frame)
{
	struct agent *agent = owner;

	if (frame->kind == FRAME_REQUEST)
		add_request(agent, frame);
	else if (frame->kind == FRAME_ANSWER)
		resolver_answer(&agent->resolver, frame);
	else if (frame_is_of_connection(frame))
		return connection_frame(agent, frame);
	else
		return processes_frame(&agent->processes, frame);
	return NULL;
}

static void link_resumed(void *owner)
{
	struct agent *agent = owner;

	processes_resume(&agent->processes);
	resolver_resume(&agent->resolver);
	containers_resume(&agent->containers);
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
	disks_open(&agent->disks, &agent->loop, disks_done, agent);
	resolver_open(&agent->resolver, &agent->loop, &agent->link);
	network_open(&agent->network, &agent->loop, &agent->reaper, network_done, agent);
	containers_open(&agent->containers, &agent->loop, &agent->reaper, &agent->processes, &agent->link,
			&container_events, agent);
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
	containers_close(&agent->containers);
	network_close(&agent->network);
	resolver_close(&agent->resolver);
	disks_close(&agent->disks);
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
