#include "iproute.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"

#define IP "/usr/bin/ip"
/* Tests have less patience. */
#ifndef IP_PATIENCE_MS
#define IP_PATIENCE_MS 10000
#endif
#define SAID_SIZE 1024 /* as much as is kept of what it says */
#define LINE_SHOWN 256
#define FAILED_LINE "Command failed -:"

/* How a run has ended. */
struct outcome {
	char said[SAID_SIZE]; /* on standard error, the end of it */
	size_t length;
	size_t read; /* how much of the text it has read: a whole number of lines, as a C library does it at exit */
	int status;  /* as waitpid tells it */
	bool overdue;
};

/* A text as a file to be read, which takes no one to write it meanwhile. A descriptor or -errno. */
static int text_file(const char *text)
{
	size_t length = strlen(text), at = 0;
	int fd = memfd_create("ip", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (at < length) {
		ssize_t count = write(fd, text + at, length - at);

		if (count < 0) {
			int error = errno;

			close(fd);
			return -error;
		}
		at += (size_t)count;
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* In the child. */
static void become_ip(bool force, bool v6, int input, int error)
{
	const char *argv[6] = { IP };
	size_t count = 1;
	static char *const environment[] = { "PATH=/usr/sbin:/usr/bin", "LC_ALL=C", NULL };
	int output = open("/dev/null", O_WRONLY | O_CLOEXEC);
	sigset_t none;

	/* Whoever waits for it may be killed. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (output < 0 || dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    dup2(error, STDERR_FILENO) < 0)
		_exit(127);
	if (v6)
		argv[count++] = "-6";
	if (force)
		argv[count++] = "-force";
	argv[count++] = "-batch";
	argv[count] = "-";
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(IP, (char *const *)argv, environment);
	dprintf(STDERR_FILENO, "exec " IP ": %s\n", strerror(errno));
	_exit(127);
}

/* Of what is too long, the end remains. */
static void keep(struct outcome *outcome, const char *text, size_t size)
{
	size_t room = sizeof outcome->said - 1, drop;

	if (size > room) {
		text += size - room;
		size = room;
	}
	drop = outcome->length + size > room ? outcome->length + size - room : 0;
	memmove(outcome->said, outcome->said + drop, outcome->length - drop);
	outcome->length -= drop;
	memcpy(outcome->said + outcome->length, text, size);
	outcome->length += size;
	outcome->said[outcome->length] = '\0';
}

/* Reads what it says until it has ended, or is overdue. */
static void listen_to(int fd, struct outcome *outcome)
{
	int64_t deadline = loop_now() + IP_PATIENCE_MS;
	char piece[4096];

	for (;;) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - loop_now();
		ssize_t count;

		if (left <= 0) {
			outcome->overdue = true;
			return;
		}
		if (poll(&poll_fd, 1, (int)left) <= 0)
			continue;
		count = read(fd, piece, sizeof piece);
		if (count <= 0)
			return;
		keep(outcome, piece, (size_t)count);
	}
}

static int run(const char *text, bool force, bool v6, struct outcome *outcome, struct problem *problem)
{
	int pipe_ends[2] = { -1, -1 };
	int input = text_file(text);
	int result = -1;
	pid_t pid = -1;

	*outcome = (struct outcome){ .length = 0 };
	if (input < 0) {
		errno = -input;
		return problem_errno(problem, "a file for ip");
	}
	if (pipe2(pipe_ends, O_CLOEXEC) < 0) {
		problem_errno(problem, "a pipe for ip");
	} else {
		pid = fork();
		if (pid == 0)
			become_ip(force, v6, input, pipe_ends[1]);
		if (pid < 0)
			problem_errno(problem, "fork for ip");
		close(pipe_ends[1]);
	}
	if (pid > 0) {
		listen_to(pipe_ends[0], outcome);
		if (outcome->overdue)
			kill(pid, SIGKILL);
		while (waitpid(pid, &outcome->status, 0) < 0 && errno == EINTR)
			;
		/* The descriptor is the same as ip's. */
		outcome->read = (size_t)lseek(input, 0, SEEK_CUR);
		result = 0;
	}
	if (pipe_ends[0] >= 0)
		close(pipe_ends[0]);
	close(input);
	return result;
}

/* The line that ends where ip has stopped to read, which is where it failed. */
static void copy_line(const char *text, size_t end, char line[LINE_SHOWN])
{
	size_t start;

	while (end > 0 && text[end - 1] == '\n')
		end--;
	start = end;
	while (start > 0 && text[start - 1] != '\n')
		start--;
	snprintf(line, LINE_SHOWN, "%.*s", (int)(end - start), text + start);
}

/* Several lines become one. */
static void join_lines(char *said)
{
	size_t length = strlen(said);

	while (length > 0 && said[length - 1] == '\n')
		said[--length] = '\0';
	for (; *said; said++)
		if (*said == '\n')
			*said = ' ';
}

/* ip ends at the first line that fails, with the number of it or, if it does not understand it, without. */
static void describe(const char *text, struct outcome *outcome, struct problem *problem)
{
	char *number = strstr(outcome->said, FAILED_LINE);
	char line[LINE_SHOWN];

	if (number)
		*number = '\0';
	join_lines(outcome->said);
	copy_line(text, outcome->read, line);
	if (WIFSIGNALED(outcome->status))
		problem_set(problem, FAILURE_SYSTEM, "ip: killed by signal %d: `%s`", WTERMSIG(outcome->status), line);
	else
		problem_set(problem, FAILURE_SYSTEM, "ip: %s: `%s`", outcome->said, line);
}

int iproute_run(const char *text, bool v6, struct problem *problem)
{
	struct outcome outcome;

	if (text[0] == '\0')
		return 0;
	if (run(text, false, v6, &outcome, problem) < 0)
		return -1;
	if (outcome.overdue)
		return problem_set(problem, FAILURE_SYSTEM, "ip: takes longer than %d ms", IP_PATIENCE_MS);
	if (outcome.status == 0)
		return 0;
	describe(text, &outcome, problem);
	return -1;
}

void iproute_try(const char *text, bool v6)
{
	struct outcome outcome;
	struct problem problem;

	if (text[0] == '\0')
		return;
	if (run(text, true, v6, &outcome, &problem) < 0) {
		log_error("undo: %s", problem.text);
	} else if (outcome.overdue) {
		log_error("undo: ip takes longer than %d ms", IP_PATIENCE_MS);
	} else if (outcome.status != 0) {
		join_lines(outcome.said);
		log_info("undo: ip: %s", outcome.said);
	}
}
