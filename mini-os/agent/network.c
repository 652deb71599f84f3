#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "iproute.h"
#include "log.h"

#define OWN_NAMESPACE "/proc/self/ns/net"
/* Tests have less patience. */
#ifndef NIC_APPEAR_MS
#define NIC_APPEAR_MS 10000
#endif
#define NIC_RETRY_NS 3000000
/* More than all that the child waits for by itself: five texts, and the devices. */
#define PATIENCE_MS 70000

/* The child's view of where everything is. */
struct stage {
	const struct network_request *request;
	int own;       /* the network namespace of the agent, in which devices appear */
	int other;     /* that of the container; -1: the same */
	int in_own;    /* a socket of own, if there is another */
	int appeared;  /* what is behind the bridge, with the names in own … */
	int settled;   /* … and in other */
	struct place {
		bool found;
		bool moving; /* it is still in own, and shall be in other */
		char name[IFNAMSIZ];
	} places[NIC_SLOT_MAX];
};

/* The name of a device until all are rid of their former ones: that of one may be what another shall have. */
static void passing_name(unsigned slot, char name[IFNAMSIZ])
{
	snprintf(name, IFNAMSIZ, "limpid%u", slot);
}

static int enter(int namespace, struct problem *problem)
{
	return setns(namespace, CLONE_NEWNET) < 0 ? problem_errno(problem, "enter a network namespace") : 0;
}

/* ---- the devices */

static int open_directories(struct stage *stage, struct problem *problem)
{
	/* Neither is there as long as there is no bridge. */
	if (stage->settled < 0)
		stage->settled = nic_directory();
	if (stage->other < 0) {
		stage->appeared = stage->settled;
	} else if (stage->appeared < 0) {
		if (enter(stage->own, problem) < 0)
			return -1;
		stage->appeared = nic_directory();
		return enter(stage->other, problem);
	}
	return 0;
}

/* /sys shows a device some time before the kernel knows it by its name. */
static bool find(struct stage *stage, size_t index)
{
	unsigned slot = stage->request->nics[index].slot;
	struct place *place = &stage->places[index];

	if (place->found)
		return true;
	if (stage->settled >= 0 && nic_find(stage->settled, slot, place->name) == 0 && if_nametoindex(place->name) != 0) {
		place->found = true;
	} else if (stage->other >= 0 && stage->appeared >= 0 && nic_find(stage->appeared, slot, place->name) == 0 &&
		   nic_is_there(stage->in_own, place->name)) {
		place->found = true;
		place->moving = true;
	}
	return place->found;
}

static int await_nics(struct stage *stage, struct problem *problem)
{
	int64_t deadline = loop_now() + NIC_APPEAR_MS;
	size_t found = 0;

	for (;;) {
		if (open_directories(stage, problem) < 0)
			return -1;
		while (found < stage->request->nic_count && find(stage, found))
			found++;
		if (found == stage->request->nic_count)
			return 0;
		if (loop_now() >= deadline)
			return problem_set(problem, FAILURE_SYSTEM, "nics: there is no network device in slot %u",
					   stage->request->nics[found].slot);
		nanosleep(&(struct timespec){ .tv_nsec = NIC_RETRY_NS }, NULL);
	}
}

static int rename_nic(struct place *place, const char *to, struct problem *problem)
{
	int error = nic_rename(place->name, to);

	if (error < 0) {
		errno = -error;
		return problem_errno(problem, "nics: rename %s to %s", place->name, to);
	}
	snprintf(place->name, sizeof place->name, "%s", to);
	return 0;
}

static int move_nic(struct stage *stage, const struct place *place, struct problem *problem)
{
	int error = nic_move(place->name, stage->other);

	if (error < 0) {
		errno = -error;
		return problem_errno(problem, "nics: move %s to the container's network namespace", place->name);
	}
	return 0;
}

static int free_name(struct stage *stage, size_t index, struct problem *problem)
{
	const struct nic_request *nic = &stage->request->nics[index];
	struct place *place = &stage->places[index];
	char name[IFNAMSIZ];
	int result;

	if (!place->moving && strcmp(place->name, nic->name) == 0)
		return 0;
	passing_name(nic->slot, name);
	if (!place->moving)
		return rename_nic(place, name, problem);
	result = enter(stage->own, problem);
	if (result == 0)
		result = rename_nic(place, name, problem);
	if (result == 0)
		result = move_nic(stage, place, problem);
	return enter(stage->other, problem) < 0 ? -1 : result;
}

static int settle_nics(struct stage *stage, struct problem *problem)
{
	if (stage->request->nic_count == 0)
		return 0;
	if (await_nics(stage, problem) < 0)
		return -1;
	for (size_t i = 0; i < stage->request->nic_count; i++)
		if (free_name(stage, i, problem) < 0)
			return -1;
	for (size_t i = 0; i < stage->request->nic_count; i++)
		if (strcmp(stage->places[i].name, stage->request->nics[i].name) != 0 &&
		    rename_nic(&stage->places[i], stage->request->nics[i].name, problem) < 0)
			return -1;
	return 0;
}

/* ---- the child */

/* Goes to where the container is. */
static int set_stage(struct stage *stage, pid_t init, struct problem *problem)
{
	struct stat own, other;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/ns/net", init);
	stage->own = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
	if (stage->own < 0 || fstat(stage->own, &own) < 0)
		return problem_errno(problem, "open " OWN_NAMESPACE);
	if (init == 0)
		return 0;
	stage->other = open(path, O_RDONLY | O_CLOEXEC);
	if (stage->other < 0 || fstat(stage->other, &other) < 0)
		return problem_errno(problem, "open %s", path);
	if (own.st_ino != other.st_ino) {
		stage->in_own = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		return stage->in_own < 0 ? problem_errno(problem, "socket") : enter(stage->other, problem);
	}
	close(stage->other);
	stage->other = -1;
	return 0;
}

static int set_up(const struct network_request *request, pid_t init, struct problem *problem)
{
	struct stage stage = { .request = request, .own = -1, .other = -1, .in_own = -1, .appeared = -1, .settled = -1 };

	if (set_stage(&stage, init, problem) < 0)
		return -1;
	iproute_try(request->undo6, true);
	iproute_try(request->undo, false);
	if (settle_nics(&stage, problem) < 0 || iproute_run(request->links, false, problem) < 0 ||
	    sysctl_write_known(request->sysctls, request->sysctl_count, problem) < 0 ||
	    iproute_run(request->configuration, false, problem) < 0)
		return -1;
	return iproute_run(request->configuration6, true, problem);
}

/* Its end closes what it has opened. */
static _Noreturn void be_child(const struct network_request *request, pid_t init, int report)
{
	struct problem problem;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (set_up(request, init, &problem) == 0)
		_exit(0);
	/* Less than a pipe holds, and so in one piece. */
	if (write(report, problem.text, strlen(problem.text)) < 0)
		log_error("network: %s", problem.text);
	_exit(1);
}

/* ---- the agent */

static void end(struct network *network, const struct problem *problem)
{
	timer_stop(network->loop, &network->patience);
	if (network->report >= 0)
		close(network->report);
	network->report = -1;
	network->done(network->owner, problem ? NULL : "{}", problem);
}

static void ended(void *owner, int status)
{
	struct network *network = owner;
	struct problem problem;
	ssize_t count;

	if (status == 0) {
		end(network, NULL);
		return;
	}
	problem_set(&problem, FAILURE_SYSTEM, "network: takes too long");
	count = read(network->report, problem.text, sizeof problem.text - 1);
	if (count > 0)
		problem.text[count] = '\0';
	else if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		problem_set(&problem, FAILURE_SYSTEM, "network: wait status %d", status);
	end(network, &problem);
}

static void overdue(void *owner)
{
	struct network *network = owner;

	kill(network->child.pid, SIGKILL);
}

void network_open(struct network *network, struct loop *loop, struct reaper *reaper,
		  void (*done)(void *owner, const char *result, const struct problem *problem), void *owner)
{
	*network = (struct network){
		.loop = loop,
		.reaper = reaper,
		.child = { .ended = ended, .owner = network },
		.patience = { .expired = overdue, .owner = network },
		.report = -1,
		.done = done,
		.owner = owner,
	};
}

void network_close(struct network *network)
{
	timer_stop(network->loop, &network->patience);
	if (network->child.pid != 0)
		kill(network->child.pid, SIGKILL);
	reaper_forget(network->reaper, &network->child);
	if (network->report >= 0)
		close(network->report);
	network->report = -1;
}

/* True if there is nothing that a process would be needed for. */
static bool is_empty(const struct network_request *request)
{
	return request->nic_count == 0 && request->sysctl_count == 0 && request->undo6[0] == '\0' &&
	       request->undo[0] == '\0' && request->links[0] == '\0' && request->configuration[0] == '\0' &&
	       request->configuration6[0] == '\0';
}

void network_begin(struct network *network, const struct network_request *request, pid_t init)
{
	int report[2] = { -1, -1 };
	struct problem problem;
	pid_t pid;

	if (is_empty(request)) {
		end(network, NULL);
		return;
	}
	if (pipe2(report, O_CLOEXEC | O_NONBLOCK) < 0) {
		problem_errno(&problem, "network: pipe");
		end(network, &problem);
		return;
	}
	pid = fork();
	if (pid == 0)
		be_child(request, init, report[1]);
	if (pid < 0)
		problem_errno(&problem, "network: fork");
	close(report[1]);
	network->report = report[0];
	if (pid < 0) {
		end(network, &problem);
		return;
	}
	network->child.pid = pid;
	timer_set(network->loop, &network->patience, PATIENCE_MS);
	reaper_watch(network->reaper, &network->child);
}
