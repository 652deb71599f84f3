/*
 * usage: torture older DIRECTORY | newer DIRECTORY | run DIRECTORY
 * older and newer make a bed for each check in a directory: of an overlay, in two of its lower ones. run tries everything there, and says in
 * one line each what has happened, so that the lines of two systems can be compared. A directory is used once.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bed.h"
#include "say.h"
#include "suite.h"

#define LIMIT_SECONDS 60

static void add_all(struct suite *suite)
{
	add_acls(suite);
	add_copying(suite);
	add_copy_ups(suite);
	add_directories(suite);
	add_links(suite);
	add_locks(suite);
	add_mappings(suite);
	add_notices(suite);
	add_openings(suite);
	add_paths(suite);
	add_permissions(suite);
	add_renames(suite);
	add_sizes(suite);
	add_special_files(suite);
	add_status(suite);
	add_times(suite);
	add_unlinked_files(suite);
	add_whiteouts(suite);
	add_xattrs(suite);
}

static int make_beds(const struct suite *suite, void (*make)(void))
{
	for (size_t i = 0; i < suite->count; i++) {
		const char *name = suite->checks[i].name;

		/* The volume has both layers in one. */
		if ((mkdir(name, 0755) < 0 && errno != EEXIST) || chdir(name) < 0) {
			perror(name);
			return 1;
		}
		make();
		if (chdir("..") < 0) {
			perror(name);
			return 1;
		}
	}
	return 0;
}

static void run_check(const struct check *check)
{
	if (chdir(check->name) < 0) {
		say("chdir=%s", errno_name(errno));
		_exit(1);
	}
	setpgid(0, 0);
	umask(022);
	if (check->run != NULL)
		check->run();
	else
		check->run_with(check->choice);
	_exit(0);
}

/* Whatever it has started ends with it. */
static void run_bounded(const struct check *check)
{
	const struct timespec limit = { LIMIT_SECONDS, 0 };
	sigset_t child_ends;
	int status;
	pid_t child;

	say_reset();
	sigemptyset(&child_ends);
	sigaddset(&child_ends, SIGCHLD);
	child = fork();
	if (child == 0) {
		sigprocmask(SIG_UNBLOCK, &child_ends, NULL);
		run_check(check);
	}
	if (child < 0) {
		say("fork=%s", errno_name(errno));
		return;
	}
	setpgid(child, child);
	while (waitpid(child, &status, WNOHANG) == 0)
		if (sigtimedwait(&child_ends, NULL, &limit) < 0 && errno == EAGAIN) {
			say("takes more than %d s", LIMIT_SECONDS);
			kill(-child, SIGKILL);
			waitpid(child, &status, 0);
			break;
		}
	if (WIFSIGNALED(status))
		say("killed by %d", WTERMSIG(status));
	kill(-child, SIGKILL);
	/* The first process of a container inherits the orphans. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static int run_all(const struct suite *suite, const char *only)
{
	sigset_t child_ends;

	sigemptyset(&child_ends);
	sigaddset(&child_ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child_ends, NULL);
	for (size_t i = 0; i < suite->count; i++) {
		const struct check *check = &suite->checks[i];

		if (only != NULL && strncmp(check->name, only, strlen(only)) != 0)
			continue;
		run_bounded(check);
		printf("%s:%s\n", check->name, say_line());
		fflush(stdout);
	}
	return 0;
}

/* As a program that runs: for the check of what may be done to it. */
static int wait_for_end(void)
{
	char byte;

	if (write(STDOUT_FILENO, "!", 1) != 1)
		return 1;
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

int main(int count, char **arguments)
{
	struct suite suite = { 0 };
	int result = 2;

	if (count == 2 && strcmp(arguments[1], "wait") == 0)
		return wait_for_end();
	add_all(&suite);
	say_open();
	umask(022);
	if (count < 3 || chdir(arguments[2]) < 0)
		fprintf(stderr, "usage: torture older|newer|run DIRECTORY [NAMES' START]\n");
	else if (strcmp(arguments[1], "older") == 0)
		result = make_beds(&suite, bed_older_layer);
	else if (strcmp(arguments[1], "newer") == 0)
		result = make_beds(&suite, bed_newer_layer);
	else if (strcmp(arguments[1], "run") == 0)
		result = run_all(&suite, count > 3 ? arguments[3] : NULL);
	suite_free(&suite);
	return result;
}
