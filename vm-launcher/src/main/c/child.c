#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "confine.h"
#include "loop.h"
#include "mounts.h"

#define FIRST_DESCRIPTOR 3
/* Above everything that a descriptor is moved to. */
#define ASIDE 64

/* What went wrong between fork and exec, told to the parent through a pipe that exec closes. */
struct misfortune {
	int error;
	char call[24];
};

static void give_up(int report, const char *call)
{
	struct misfortune misfortune = { .error = errno };

	snprintf(misfortune.call, sizeof misfortune.call, "%s", call);
	if (write(report, &misfortune, sizeof misfortune) < 0)
		_exit(126);
	_exit(127);
}

/* Not by libc, which leaves out the two signals that its threads use, and which can have been ignored as well. */
static int reset_signals(void)
{
	/* The kernel's struct sigaction: no handler is SIG_DFL, and no flag, restorer and mask are what it needs then. */
	static const unsigned long action[4] = { 0 };
	sigset_t none;

	for (int number = 1; number <= SIGRTMAX; number++)
		syscall(SYS_rt_sigaction, number, action, NULL, sizeof(uint64_t));
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

/* First aside, so that none is overwritten before it has been moved; then to its number. */
static int place_descriptors(const struct child_start *start, int *report, int *ruleset)
{
	int aside[CHILD_DESCRIPTORS_MAX];
	int output = fcntl(start->output, F_DUPFD_CLOEXEC, ASIDE);
	int notice = start->notice ? fcntl(start->notice, F_DUPFD_CLOEXEC, ASIDE) : output;
	int null;

	*report = fcntl(*report, F_DUPFD_CLOEXEC, ASIDE);
	*ruleset = start->ruleset < 0 ? -1 : fcntl(start->ruleset, F_DUPFD_CLOEXEC, ASIDE);
	if (output < 0 || notice < 0 || *report < 0 || (start->ruleset >= 0 && *ruleset < 0))
		return -1;
	for (unsigned i = 0; i < start->count; i++)
		if ((aside[i] = fcntl(start->descriptors[i], F_DUPFD_CLOEXEC, ASIDE)) < 0)
			return -1;
	for (unsigned i = 0; i < start->count; i++)
		if (dup2(aside[i], FIRST_DESCRIPTOR + (int)i) < 0)
			return -1;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(notice, STDOUT_FILENO) < 0 ||
	    dup2(output, STDERR_FILENO) < 0)
		return -1;
	return close_range(FIRST_DESCRIPTOR + start->count, ~0u, CLOSE_RANGE_CLOEXEC);
}

/* What it could do beyond its task is taken away. */
static void restrict_child(const struct child_start *start, int report, int ruleset)
{
	/* While it has the capability, and before Landlock refuses every mount. */
	if (mounts_freeze(start->keep_shared) < 0)
		give_up(report, "read-only mounts");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		give_up(report, "no_new_privs");
	if (ruleset >= 0 && ((start->own_proc && confine_allow_own_proc(ruleset) < 0) || confine_self(ruleset) < 0))
		give_up(report, "landlock");
	if (start->powerless && confine_drop_capabilities() < 0)
		give_up(report, "capabilities");
}

static void become(const struct child_start *start, pid_t parent, int report)
{
	static char *const environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL
	};
	int ruleset;

	if (!start->survives && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		give_up(report, "prctl");
	if (getppid() != parent)
		_exit(127);
	if (setsid() < 0)
		give_up(report, "setsid");
	if (place_descriptors(start, &report, &ruleset) < 0)
		give_up(report, "descriptors");
	if (reset_signals() < 0)
		give_up(report, "sigprocmask");
	if (!start->trusted)
		restrict_child(start, report, ruleset);
	else if (chdir("/") < 0)
		give_up(report, "chdir");
	execve(start->argv[0], start->argv, start->trusted ? environ : environment);
	give_up(report, "exec");
}

/* Waits until exec has closed the pipe, or for what went wrong. */
static int await_exec(int report, struct misfortune *misfortune)
{
	ssize_t count;

	do
		count = read(report, misfortune, sizeof *misfortune);
	while (count < 0 && errno == EINTR);
	if (count == 0)
		return 0;
	if (count != (ssize_t)sizeof *misfortune)
		*misfortune = (struct misfortune){ .error = EIO };
	misfortune->call[sizeof misfortune->call - 1] = '\0';
	return -1;
}

int child_start(struct child *child, const struct child_start *start, struct problem *problem)
{
	struct misfortune misfortune;
	pid_t parent = getpid();
	int report[2];

	if (pipe2(report, O_CLOEXEC) < 0)
		return problem_errno(problem, "%s: pipe", child->name);
	child->pid = fork();
	if (child->pid == 0)
		become(start, parent, report[1]);
	close(report[1]);
	if (child->pid < 0) {
		child->pid = 0;
		close(report[0]);
		return problem_errno(problem, "%s: fork", child->name);
	}
	if (await_exec(report[0], &misfortune) < 0) {
		errno = misfortune.error;
		problem_errno(problem, "%s: %s: %s", child->name, start->argv[0], misfortune.call);
		close(report[0]);
		return -1;
	}
	close(report[0]);
	return 0;
}

bool child_reap(struct child *child)
{
	if (child->pid == 0 || child->ended || waitpid(child->pid, &child->status, WNOHANG) != child->pid)
		return false;
	child->ended = true;
	return true;
}

void child_kill(struct child *child)
{
	if (child->pid != 0 && !child->ended)
		kill(child->pid, SIGKILL);
}

void child_wait(struct child *child, unsigned milliseconds)
{
	int64_t deadline = loop_now() + milliseconds;
	sigset_t ends;

	if (child->pid == 0)
		return;
	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	for (;;) {
		int64_t left = deadline - loop_now();
		struct timespec timeout = { .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };

		if (child_reap(child) || child->ended || left <= 0)
			return;
		sigtimedwait(&ends, NULL, &timeout);
	}
}

void child_describe(const struct child *child, char *text, size_t size)
{
	if (!child->ended)
		snprintf(text, size, "%s is still running", child->name);
	else if (WIFSIGNALED(child->status))
		snprintf(text, size, "%s was killed by signal %d (%s)", child->name, WTERMSIG(child->status),
			 strsignal(WTERMSIG(child->status)));
	else
		snprintf(text, size, "%s exited with status %d", child->name, WEXITSTATUS(child->status));
}
