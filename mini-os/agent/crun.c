#include "crun.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

#define CRUN "/usr/bin/crun"
#define CRUN_ROOT "/run/limpid/crun"
#define ARGUMENTS_MAX 16
#define MESSAGE_READ 4096
#define STATUS_READ 16384 /* the member is among the first */

static char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	NULL,
};

/* The last line that crun has logged, which is its error; what came before are warnings. */
static void last_line(char *text)
{
	size_t length = strlen(text);
	char *line;

	while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == ' '))
		text[--length] = '\0';
	line = strrchr(text, '\n');
	if (line)
		memmove(text, line + 1, strlen(line + 1) + 1);
}

/* crun's message, or "" if there is none. */
static void read_message(const char *log, char text[MESSAGE_READ])
{
	int fd = open(log, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	off_t size;
	ssize_t count;

	text[0] = '\0';
	if (fd < 0)
		return;
	/* of a long log, its end */
	size = lseek(fd, 0, SEEK_END);
	count = pread(fd, text, MESSAGE_READ - 1, size < MESSAGE_READ ? 0 : size - (MESSAGE_READ - 1));
	close(fd);
	text[count > 0 ? count : 0] = '\0';
	last_line(text);
}

static void describe(const struct crun *crun, int status, struct problem *problem)
{
	char message[MESSAGE_READ];

	read_message(crun->log, message);
	if (message[0])
		problem_set(problem, FAILURE_RUNTIME, "%s", message);
	else if (WIFSIGNALED(status))
		problem_set(problem, FAILURE_RUNTIME, "crun %s: killed by signal %d", crun->verb, WTERMSIG(status));
	else
		problem_set(problem, FAILURE_RUNTIME, "crun %s: exit status %d", crun->verb, WEXITSTATUS(status));
}

static void ended(void *owner, int status)
{
	struct crun *crun = owner;
	struct problem problem;
	bool failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;

	if (failed)
		describe(crun, status, &problem);
	crun->verb = NULL;
	crun->done(crun->owner, failed ? &problem : NULL);
}

void crun_place(struct crun_place *place, const char *id, const char *directory)
{
	snprintf(place->id, sizeof place->id, "%s", id);
	snprintf(place->bundle, sizeof place->bundle, "%s/bundle", directory);
	snprintf(place->config, sizeof place->config, "%s/bundle/config.json", directory);
	snprintf(place->log, sizeof place->log, "%s/crun.log", directory);
	snprintf(place->pid, sizeof place->pid, "%s/crun.pid", directory);
	snprintf(place->console, sizeof place->console, "%s/console.sock", directory);
	snprintf(place->resources, sizeof place->resources, "%s/crun.resources", directory);
	snprintf(place->exec, sizeof place->exec, "%s/exec", directory);
	snprintf(place->status, sizeof place->status, CRUN_ROOT "/%s/status", id);
	snprintf(place->fifo, sizeof place->fifo, CRUN_ROOT "/%s/exec.fifo", id);
}

void crun_open(struct crun *crun, struct reaper *reaper, const struct crun_place *place)
{
	*crun = (struct crun){
		.reaper = reaper,
		.place = place,
		.child = { .ended = ended, .owner = crun },
		.log = place->log,
	};
}

static int redirect(posix_spawn_file_actions_t *actions, const int stdio[3])
{
	int error = 0;

	for (int i = 0; i < 3 && error == 0; i++) {
		if (stdio[i] >= 0)
			error = posix_spawn_file_actions_adddup2(actions, stdio[i], i);
		else
			error = posix_spawn_file_actions_addopen(actions, i, "/dev/null", O_RDWR, 0);
	}
	return error;
}

/* The agent blocks signals and ignores SIGPIPE; crun and the workload shall not. */
static int reset_signals(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	error = posix_spawnattr_setsigmask(attributes, &none);
	if (error == 0)
		error = posix_spawnattr_setsigdefault(attributes, &all);
	if (error == 0)
		error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return error;
}

/* Returns an errno. */
static int spawn(const char *const *arguments, const int stdio[3], pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error = posix_spawn_file_actions_init(&actions);

	if (error != 0)
		return error;
	error = posix_spawnattr_init(&attributes);
	if (error == 0) {
		error = redirect(&actions, stdio);
		if (error == 0)
			error = reset_signals(&attributes);
		if (error == 0)
			error = posix_spawn(pid, CRUN, &actions, &attributes, (char *const *)arguments, environment);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* In the child: what spawn does, after having gone to where the clocks are others. Its reason is found in the log. */
static void become_crun(const char *const *arguments, const int stdio[3], const struct clocks *clocks, const char *log)
{
	struct problem problem, lost;
	sigset_t none;

	if (timens_enter(clocks, &problem) < 0) {
		crun_write(log, problem.text, &lost);
		_exit(1);
	}
	for (int i = 0; i < 3; i++) {
		int fd = stdio[i] >= 0 ? stdio[i] : open("/dev/null", O_RDWR | O_CLOEXEC);

		if (fd < 0 || dup2(fd, i) < 0)
			_exit(1);
	}
	for (int signal_number = 1; signal_number < NSIG; signal_number++)
		signal(signal_number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(CRUN, (char *const *)arguments, environment);
	_exit(1);
}

/* Returns an errno. */
static int fork_apart(const char *const *arguments, const int stdio[3], const struct clocks *clocks, const char *log,
		      pid_t *pid)
{
	*pid = fork();
	if (*pid == 0)
		become_crun(arguments, stdio, clocks, log);
	return *pid < 0 ? errno : 0;
}

/* verb: the arguments after the global ones, NULL at the end. */
static int begin(struct crun *crun, const char *const *verb, const int stdio[3], const struct clocks *clocks,
		 struct problem *problem)
{
	const char *arguments[ARGUMENTS_MAX] = {
		CRUN, "--cgroup-manager=cgroupfs", "--root=" CRUN_ROOT, "--log-format=text", "--log", crun->log,
	};
	size_t count = 6;
	int error;

	for (size_t i = 0; verb[i] && count < ARGUMENTS_MAX - 1; i++)
		arguments[count++] = verb[i];
	unlink(crun->log);
	error = clocks && clocks->apart ? fork_apart(arguments, stdio, clocks, crun->log, &crun->child.pid)
					: spawn(arguments, stdio, &crun->child.pid);
	if (error != 0) {
		crun->child.pid = 0;
		errno = error;
		return problem_errno(problem, "start " CRUN);
	}
	crun->verb = verb[0];
	reaper_watch(crun->reaper, &crun->child);
	return 0;
}

int crun_create(struct crun *crun, bool terminal, const int stdio[3], const struct clocks *clocks,
		struct problem *problem, void (*done)(void *owner, const struct problem *problem), void *owner)
{
	const struct crun_place *place = crun->place;
	const char *arguments[] = {
		"create", "--bundle", place->bundle, "--pid-file", place->pid, place->id, NULL, NULL, NULL,
	};

	if (terminal) {
		arguments[5] = "--console-socket";
		arguments[6] = place->console;
		arguments[7] = place->id;
	}
	crun->done = done;
	crun->owner = owner;
	unlink(place->pid);
	return begin(crun, arguments, stdio, clocks, problem);
}

/* 0 is none for crun. In its place, so that whoever reads it at this moment finds the old one or the new one. */
void crun_forget_start(const struct crun_place *place)
{
	static const char member[] = "\"process-start-time\":";
	int fd = open(place->status, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	char text[STATUS_READ + 1], *at;
	size_t digits;
	ssize_t count;

	if (fd < 0) {
		log_error("open %s: %s", place->status, strerror(errno));
		return;
	}
	count = read(fd, text, STATUS_READ);
	text[count > 0 ? count : 0] = '\0';
	at = strstr(text, member);
	if (at) {
		at += strlen(member);
		at += strspn(at, " ");
		digits = strspn(at, "0123456789");
		memset(at, ' ', digits);
		at[0] = '0';
		if (digits == 0 || pwrite(fd, at, digits, at - text) != (ssize_t)digits)
			at = NULL;
	}
	if (at == NULL)
		log_error("%s: no start can be forgotten", place->status);
	close(fd);
}

int crun_start(const struct crun_place *place, struct problem *problem)
{
	/* Not to wait for a reader: the init has it open from before it is told to be there. */
	int fd = open(place->fifo, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	int result = 0;

	/* For crun, a container whose fifo is there has not been started. */
	if (fd < 0 || unlink(place->fifo) < 0 || write(fd, "", 1) < 0) {
		result = errno == ENXIO || errno == EPIPE
				 ? problem_set(problem, FAILURE_NO_PROCESS, "start: the container has ended")
				 : problem_errno(problem, "start: %s", place->fifo);
	}
	if (fd >= 0)
		close(fd);
	return result;
}

/* A verb of which nothing is left running. */
static int begin_alone(struct crun *crun, const char *const *verb, struct problem *problem,
		       void (*done)(void *owner, const struct problem *problem), void *owner)
{
	static const int nothing[3] = { -1, -1, -1 };

	crun->done = done;
	crun->owner = owner;
	return begin(crun, verb, nothing, NULL, problem);
}

int crun_update(struct crun *crun, struct problem *problem,
		void (*done)(void *owner, const struct problem *problem), void *owner)
{
	const char *const arguments[] = { "update", "--resources", crun->place->resources, crun->place->id, NULL };

	return begin_alone(crun, arguments, problem, done, owner);
}

int crun_delete(struct crun *crun, struct problem *problem,
		void (*done)(void *owner, const struct problem *problem), void *owner)
{
	const char *const arguments[] = { "delete", "--force", crun->place->id, NULL };

	return begin_alone(crun, arguments, problem, done, owner);
}

static int set_oom_score(int score)
{
	int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	char text[16];
	ssize_t count;
	int before = 0;

	if (fd < 0)
		return before;
	count = read(fd, text, sizeof text - 1);
	text[count > 0 ? count : 0] = '\0';
	before = atoi(text);
	count = snprintf(text, sizeof text, "%d", score);
	if (pwrite(fd, text, (size_t)count, 0) < 0)
		log_error("/proc/self/oom_score_adj: %s", strerror(errno));
	close(fd);
	return before;
}

int crun_exec(struct crun *crun, const struct crun_files *files, bool terminal, const int stdio[3], int oom_score,
	      const struct scheduling *scheduling, struct problem *problem,
	      void (*done)(void *owner, const struct problem *problem), void *owner)
{
	const char *arguments[] = {
		"exec", "--detach", "--process", files->process, "--pid-file", files->pid, crun->place->id, NULL, NULL, NULL,
	};
	int before, result;

	if (terminal) {
		arguments[6] = "--console-socket";
		arguments[7] = files->console;
		arguments[8] = crun->place->id;
	}
	crun->done = done;
	crun->owner = owner;
	crun->log = files->log;
	unlink(files->pid);
	/* Not later, on the process: it may have forked by then. */
	before = set_oom_score(oom_score);
	result = scheduling_lend(scheduling, problem);
	if (result == 0)
		result = begin(crun, arguments, stdio, NULL, problem);
	scheduling_return(scheduling);
	set_oom_score(before);
	return result;
}

void crun_kill(struct crun *crun)
{
	if (crun->child.pid != 0)
		kill(crun->child.pid, SIGKILL);
}

int crun_write(const char *path, const char *text, struct problem *problem)
{
	size_t length = strlen(text), at = 0;
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return problem_errno(problem, "open %s", path);
	while (at < length) {
		ssize_t count = write(fd, text + at, length - at);

		if (count < 0) {
			problem_errno(problem, "write %s", path);
			close(fd);
			return -1;
		}
		at += (size_t)count;
	}
	close(fd);
	return 0;
}

pid_t crun_pid(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[16], *end;
	ssize_t count;
	long pid;

	if (fd < 0)
		return -errno;
	count = read(fd, text, sizeof text - 1);
	close(fd);
	if (count <= 0)
		return -EIO;
	text[count] = '\0';
	pid = strtol(text, &end, 10);
	return pid > 1 && pid < INT_MAX && (*end == '\0' || *end == '\n') ? (pid_t)pid : -EIO;
}
