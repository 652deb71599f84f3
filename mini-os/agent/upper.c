#include "upper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "mirror.h"
#include "outlets.h"
#include "path.h"

#define UPPER "upper"
#define WORK "work"
#define ASIDE "aside"
#define COMPLETE "complete"
#define RETURNED "returned"

#define KEPT_EVENT "{\"event\":\"kept\","
#define MESSAGE "\"message\":"

static void close_all(struct upper *upper)
{
	close_fd(&upper->target);
	close_fd(&upper->source);
	close_fd(&upper->aside);
	close_fd(&upper->index);
	close_fd(&upper->report);
}

static int open_in(int directory, const char *name, struct problem *problem)
{
	int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? problem_errno(problem, "upper: %s", name) : fd;
}

/* An empty file that outlasts a crash. */
static int mark(int directory, const char *name, struct problem *problem)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int result = fd < 0 || fsync(fd) < 0 || fsync(directory) < 0 ? problem_errno(problem, "upper: %s", name) : 0;

	if (fd >= 0)
		close(fd);
	return result;
}

/* ---- in a process of its own */

static int make_directories(int target, struct problem *problem)
{
	static const char *const directories[] = { UPPER, WORK, ASIDE };

	for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
		if (mkdirat(target, directories[i], 0700) < 0 && errno != EEXIST)
			return problem_errno(problem, "upper: mkdir %s", directories[i]);
	return 0;
}

static int fill(const struct upper *upper, int source, bool attributes_alone, struct problem *problem)
{
	struct mirror mirror = { .source = source, .index = upper->index, .index_of_target = true };
	int result = -1;

	if (faccessat(upper->target, COMPLETE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	mirror.target = open_in(upper->target, UPPER, problem);
	mirror.aside = mirror.target < 0 ? -1 : open_in(upper->target, ASIDE, problem);
	if (mirror.aside < 0)
		result = -1;
	else if (attributes_alone)
		result = mirror_attributes(source, mirror.target, problem);
	else
		result = mirror_tree(&mirror, problem);
	if (result == 0 && syncfs(upper->target) < 0)
		result = problem_errno(problem, "upper: syncfs");
	if (result == 0)
		result = mark(upper->target, COMPLETE, problem);
	if (mirror.target >= 0)
		close(mirror.target);
	if (mirror.aside >= 0)
		close(mirror.aside);
	return result;
}

static int bring_back(const struct upper *upper, bool for_good, struct problem *problem)
{
	struct mirror mirror = { .target = upper->source, .aside = upper->aside, .index = upper->index,
				 .last = for_good };
	int result = -1;

	/*
	 * Also because a page that is clean can't be written without the inode's time being changed, by which the index
	 * knows later what has been.
	 */
	if (syncfs(upper->target) < 0)
		return problem_errno(problem, "upper: syncfs");
	mirror.source = open_in(upper->target, UPPER, problem);
	if (mirror.source < 0)
		return -1;
	result = mirror_tree(&mirror, problem);
	if (result == 0 && syncfs(upper->source) < 0)
		result = problem_errno(problem, "upper: syncfs of the host's directory");
	if (result == 0 && for_good)
		result = mark(upper->aside, RETURNED, problem);
	close(mirror.source);
	return result;
}

/* What could not be done comes as text, which a pipe has room for. */
static _Noreturn void end_child(int report, int result, const struct problem *problem)
{
	ssize_t written = result < 0 ? write(report, problem->text, strlen(problem->text)) : 0;

	_exit(result < 0 || written < 0);
}

/* ---- in the agent */

static void tell_kept(const struct upper *upper, const struct problem *problem)
{
	char failure[4 * PROBLEM_TEXT_SIZE];
	char event[sizeof KEPT_EVENT + sizeof failure];
	const char *message;

	log_error("the upper layer stays on its disk: %s", problem->text);
	if (!link_is_open(upper->link))
		return;
	failure[failure_encode(failure, sizeof failure - 1, FAILURE_SYSTEM, problem->text)] = '\0';
	message = strstr(failure, MESSAGE);
	snprintf(event, sizeof event, KEPT_EVENT "%s", message ? message : MESSAGE "\"\"}");
	link_send(upper->link, FRAME_EVENT, 0, 0, 0, event, strlen(event));
}

static void finish(struct upper *upper, enum upper_work work, const struct problem *problem)
{
	if (work == UPPER_RETURN && problem)
		tell_kept(upper, problem);
	upper->done(upper->owner, work, problem);
}

static void describe(struct upper *upper, int status, struct problem *problem)
{
	ssize_t count = read(upper->report, problem->text, sizeof problem->text - 1);

	problem->code = FAILURE_SYSTEM;
	if (count > 0)
		problem->text[count] = '\0';
	else
		problem_set(problem, FAILURE_SYSTEM, "upper: wait status %d", status);
}

static void ended(void *owner, int status)
{
	struct upper *upper = owner;
	enum upper_work work = upper->busy, next = upper->next;
	struct problem problem;

	if (status != 0)
		describe(upper, status, &problem);
	close_fd(&upper->report);
	upper->busy = upper->next = UPPER_NONE;
	if (next != UPPER_NONE)
		upper_bring_back(upper, next == UPPER_RETURN);
	else
		finish(upper, work, status ? &problem : NULL);
}

/* 0 in the child, 1 in the agent; -1: there is no child, and done has been called. */
static int begin(struct upper *upper, enum upper_work work, int *report)
{
	struct problem problem;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		problem_errno(&problem, "upper: pipe");
		finish(upper, work, &problem);
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		*report = ends[1];
		return 0;
	}
	close(ends[1]);
	if (pid < 0) {
		problem_errno(&problem, "upper: fork");
		close(ends[0]);
		finish(upper, work, &problem);
		return -1;
	}
	upper->report = ends[0];
	upper->busy = work;
	upper->child.pid = pid;
	reaper_watch(upper->reaper, &upper->child);
	return 1;
}

static int open_path(const char *path, struct problem *problem)
{
	int fd = path_open(path, O_RDONLY | O_DIRECTORY);

	if (fd >= 0)
		return fd;
	errno = -fd;
	return problem_errno(problem, "upper: %s", path);
}

/* Fewer files are left alone without it, which is all that it is for. */
static int open_index(int target)
{
	return openat(target, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
}

void upper_fill(struct upper *upper, const struct upper_request *request)
{
	struct problem problem;
	int source = -1;
	int report;

	upper->target = open_path(request->target, &problem);
	if (upper->target >= 0)
		source = open_path(request->source, &problem);
	if (source >= 0 && request->aside) {
		upper->index = open_index(upper->target);
		upper->aside = open_path(request->aside, &problem);
	}
	if (source < 0 || (request->aside && upper->aside < 0) || make_directories(upper->target, &problem) < 0) {
		close_fd(&source);
		finish(upper, UPPER_FILL, &problem);
		return;
	}
	if (begin(upper, UPPER_FILL, &report) == 0)
		end_child(report, fill(upper, source, request->attributes_alone, &problem), &problem);
	if (request->aside)
		upper->source = source;
	else
		close(source);
}

bool upper_returns(const struct upper *upper)
{
	return upper->source >= 0;
}

void upper_bring_back(struct upper *upper, bool for_good)
{
	enum upper_work work = for_good ? UPPER_RETURN : UPPER_BRING_BACK;
	struct problem problem;
	int report;

	if (upper->busy != UPPER_NONE) {
		upper->next = work;
		kill(upper->child.pid, SIGKILL);
		return;
	}
	if (begin(upper, work, &report) == 0)
		end_child(report, bring_back(upper, for_good, &problem), &problem);
}

void upper_open(struct upper *upper, struct reaper *reaper, struct link *link,
		void (*done)(void *owner, enum upper_work work, const struct problem *problem), void *owner)
{
	*upper = (struct upper){
		.reaper = reaper,
		.link = link,
		.target = -1,
		.source = -1,
		.aside = -1,
		.index = -1,
		.report = -1,
		.child = { .ended = ended, .owner = upper },
		.done = done,
		.owner = owner,
	};
}

void upper_close(struct upper *upper)
{
	if (upper->busy != UPPER_NONE) {
		reaper_forget(upper->reaper, &upper->child);
		upper->busy = UPPER_NONE;
	}
	close_all(upper);
}
