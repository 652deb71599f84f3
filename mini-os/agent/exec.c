#include "exec.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

/* The ends of strangers wait while crun is under way, which shall not go on for ever: see may_start. */
#define UNDER_WAY_MS 1000

/* A crun that takes longer is stuck in something that the container has made. Tests have less patience. */
#ifndef EXEC_PATIENCE_MS
#define EXEC_PATIENCE_MS 30000
#endif

enum exec_state {
	EXEC_WAITING,  /* for its turn */
	EXEC_STARTING, /* crun is under way */
	EXEC_RUNNING,
};

struct exec {
	struct exec *next;
	struct execs *execs;
	enum exec_state state;
	uint32_t request; /* 0: nobody waits for the answer */
	uint16_t number;
	bool terminal, sized;
	struct winsize size;
	int oom_score;
	struct scheduling scheduling;
	size_t bytes; /* of the text, while it counts */
	struct crun_files files;
	struct outlets outlets;
	struct crun crun;
	struct timer patience; /* with crun */
	bool abandoned; /* the number is not this one's any more */
	struct process *process; /* while running, unless abandoned */
	struct child child;
};

static void start_waiting(struct execs *execs);

static void name_files(struct exec *exec, uint32_t serial)
{
	const char *directory = exec->execs->place->exec;
	struct crun_files *files = &exec->files;

	snprintf(files->process, sizeof files->process, "%s/%u.json", directory, serial);
	snprintf(files->pid, sizeof files->pid, "%s/%u.pid", directory, serial);
	snprintf(files->console, sizeof files->console, "%s/%u.sock", directory, serial);
	snprintf(files->log, sizeof files->log, "%s/%u.log", directory, serial);
}

static void remove_files(struct exec *exec)
{
	unlink(exec->files.process);
	unlink(exec->files.pid);
	unlink(exec->files.log);
}

static void leave(struct exec *exec)
{
	struct execs *execs = exec->execs;
	struct exec **at = &execs->first;

	while (*at != exec)
		at = &(*at)->next;
	*at = exec->next;
	execs->count--;
	execs->bytes -= exec->bytes;
	outlets_close(&exec->outlets);
	remove_files(exec);
	free(exec);
	if (execs->first == NULL)
		execs->over(execs->owner);
}

static void answer(struct exec *exec, const char *result, const struct problem *problem)
{
	uint32_t request = exec->request;

	exec->request = 0;
	if (request != 0)
		exec->execs->done(exec->execs->owner, request, result, problem);
}

static void refuse(struct exec *exec, const struct problem *problem)
{
	answer(exec, NULL, problem);
	leave(exec);
}

static void refuse_ended(struct exec *exec)
{
	struct problem problem;

	problem_set(&problem, FAILURE_NO_PROCESS, "exec: the container has ended");
	refuse(exec, &problem);
}

static void ended(void *owner, int status)
{
	struct exec *exec = owner;

	if (exec->process) {
		process_reaped(exec->process, status);
		process_exited(exec->execs->processes, exec->process);
	}
	leave(exec);
}

/* crun has made the process with this pid: enter it, unless nobody wants it any more. */
static int adopt(struct exec *exec, pid_t pid, struct problem *problem)
{
	struct process_streams streams;

	if (exec->abandoned || exec->execs->ended) {
		kill(pid, SIGKILL);
		if (exec->abandoned)
			return 0;
	}
	if (scheduling_complete(&exec->scheduling, pid, problem) < 0)
		return -1;
	if (outlets_complete(&exec->outlets, problem) < 0)
		return -1;
	streams = outlets_take(&exec->outlets);
	exec->process = process_add(exec->execs->processes, exec->number, pid, exec->terminal, &streams);
	if (exec->process == NULL)
		return problem_set(problem, FAILURE_SYSTEM, "exec: out of memory");
	if (exec->sized)
		process_resize(exec->process, &exec->size);
	return 0;
}

static void run(struct exec *exec, pid_t pid)
{
	struct execs *execs = exec->execs;
	char result[32];

	exec->state = EXEC_RUNNING;
	execs->bytes -= exec->bytes;
	exec->bytes = 0;
	remove_files(exec);
	snprintf(result, sizeof result, "{\"pid\":%d}", pid);
	answer(exec, result, NULL);
	if (exec->process)
		process_begin(exec->process);
	exec->child.pid = pid;
	/* If it has ended already, this says so, and there is no exec any more. */
	reaper_adopt(execs->reaper, &exec->child);
}

static void started(void *owner, const struct problem *refused)
{
	struct exec *exec = owner;
	struct execs *execs = exec->execs;
	struct problem problem;
	pid_t pid;

	execs->starting--;
	timer_stop(execs->loop, &exec->patience);
	pid = crun_pid(exec->files.pid);
	if (refused) {
		/* It has not come to that, as far as is known. */
		if (pid > 0)
			kill(pid, SIGKILL);
	} else {
		if (pid < 0) {
			errno = -pid;
			problem_errno(&problem, "read %s", exec->files.pid);
			refused = &problem;
		} else if (adopt(exec, pid, &problem) < 0) {
			kill(pid, SIGKILL);
			refused = &problem;
		}
	}
	if (refused && execs->ended)
		refuse_ended(exec);
	else if (refused)
		refuse(exec, refused);
	else
		run(exec, pid);
	reaper_remember(execs->reaper, false);
	start_waiting(execs);
}

static void overdue(void *owner)
{
	struct exec *exec = owner;

	log_error("crun exec takes too long");
	crun_kill(&exec->crun);
}

static void start(struct exec *exec)
{
	struct execs *execs = exec->execs;
	int stdio[3] = { -1, -1, -1 };
	struct problem problem;
	int result;

	exec->state = EXEC_STARTING;
	if (execs->starting++ == 0)
		execs->since = loop_now();
	timer_set(execs->loop, &exec->patience, EXEC_PATIENCE_MS);
	reaper_remember(execs->reaper, true);
	result = outlets_open(&exec->outlets, exec->terminal ? exec->files.console : NULL, stdio, &problem);
	if (result == 0)
		result = crun_exec(&exec->crun, &exec->files, exec->terminal, stdio, exec->oom_score, &exec->scheduling,
				   &problem, started, exec);
	for (unsigned i = 0; i < 3; i++)
		close_fd(&stdio[i]);
	if (result < 0)
		started(exec, &problem);
}

static struct exec *next_waiting(const struct execs *execs)
{
	struct exec *exec = execs->first;

	while (exec && exec->state != EXEC_WAITING)
		exec = exec->next;
	return exec;
}

/*
 * As long as any crun is under way, no stranger is reaped. So that this ends from time to time although requests never
 * cease to come, none is begun beside one that has been under way for long.
 */
static bool may_start(const struct execs *execs)
{
	return execs->starting == 0 ||
	       (execs->starting < EXECS_AT_ONCE && loop_now() - execs->since < UNDER_WAY_MS);
}

static void start_waiting(struct execs *execs)
{
	struct exec *exec;

	while (may_start(execs) && (exec = next_waiting(execs)) != NULL)
		start(exec);
}

static struct exec *enter(struct execs *execs, uint32_t request, uint16_t number, const struct exec_request *asked)
{
	struct exec *exec = calloc(1, sizeof *exec);
	struct exec **at = &execs->first;

	if (exec == NULL)
		return NULL;
	*exec = (struct exec){
		.execs = execs,
		.request = request,
		.number = number,
		.terminal = asked->terminal,
		.sized = asked->sized,
		.size = asked->size,
		.oom_score = asked->oom_score,
		.scheduling = asked->scheduling,
		.bytes = strlen(asked->process),
		.patience = { .expired = overdue, .owner = exec },
		.child = { .ended = ended, .owner = exec },
	};
	name_files(exec, ++execs->last_serial);
	outlets_none(&exec->outlets);
	crun_open(&exec->crun, execs->reaper, execs->place);
	while (*at)
		at = &(*at)->next;
	*at = exec;
	execs->count++;
	execs->bytes += exec->bytes;
	return exec;
}

bool execs_use(const struct execs *execs, uint16_t number)
{
	for (const struct exec *exec = execs->first; exec; exec = exec->next)
		if (exec->number == number && !exec->abandoned)
			return true;
	return false;
}

bool execs_are_begun(const struct execs *execs)
{
	return execs->starting == 0 && next_waiting(execs) == NULL;
}

void execs_begin(struct execs *execs, uint32_t request, uint16_t number, const struct exec_request *asked)
{
	struct problem problem;
	struct exec *exec;

	if (execs->count + execs->processes->lingering >= EXECS_MAX ||
	    execs->bytes + strlen(asked->process) > EXECS_BYTES_MAX) {
		problem_set(&problem, FAILURE_BUSY, "exec: too many processes in the container");
		execs->done(execs->owner, request, NULL, &problem);
		return;
	}
	exec = enter(execs, request, number, asked);
	if (exec == NULL) {
		problem_set(&problem, FAILURE_SYSTEM, "exec: out of memory");
		execs->done(execs->owner, request, NULL, &problem);
		return;
	}
	if (mkdir(execs->place->exec, 0700) < 0 && errno != EEXIST) {
		problem_errno(&problem, "mkdir %s", execs->place->exec);
		refuse(exec, &problem);
	} else if (crun_write(exec->files.process, asked->process, &problem) < 0) {
		refuse(exec, &problem);
	} else {
		start_waiting(execs);
	}
}

static void abandon(struct exec *exec)
{
	exec->request = 0;
	exec->abandoned = true;
	exec->process = NULL;
	if (exec->state == EXEC_WAITING)
		leave(exec);
	else if (exec->state == EXEC_RUNNING)
		kill(exec->child.pid, SIGKILL);
}

void execs_abandon(struct execs *execs)
{
	struct exec *next;

	for (struct exec *exec = execs->first; exec; exec = next) {
		next = exec->next;
		abandon(exec);
	}
}

/* crun, if it is under way, finds out by itself. */
static void end(struct exec *exec)
{
	switch (exec->state) {
	case EXEC_WAITING:
		refuse_ended(exec);
		break;
	case EXEC_STARTING:
		break;
	case EXEC_RUNNING:
		kill(exec->child.pid, SIGKILL);
		break;
	}
}

void execs_end(struct execs *execs)
{
	struct exec *next;

	execs->ended = true;
	for (struct exec *exec = execs->first; exec; exec = next) {
		next = exec->next;
		end(exec);
	}
}

void execs_open(struct execs *execs, struct loop *loop, struct reaper *reaper, struct processes *processes,
		const struct crun_place *place,
		void (*done)(void *owner, uint32_t request, const char *result, const struct problem *problem),
		void (*over)(void *owner), void *owner)
{
	*execs = (struct execs){
		.loop = loop,
		.reaper = reaper,
		.processes = processes,
		.place = place,
		.done = done,
		.over = over,
		.owner = owner,
	};
}

void execs_close(struct execs *execs)
{
	while (execs->first) {
		struct exec *exec = execs->first;

		execs->first = exec->next;
		timer_stop(execs->loop, &exec->patience);
		outlets_close(&exec->outlets);
		free(exec);
	}
}
