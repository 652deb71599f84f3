#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec.h"
#include "parent.h"
#include "shim.h"
#include "survey.h"

#define STATUS_USAGE 2
/* For a verb to end that has nothing left to do. */
#define VERB_ENDS_MS 10000u
#define STATUS_NOT_EXECUTED 127

/* So that no descriptor made later becomes a standard stream. */
static int fill_standard_streams(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
			return -1;
	return 0;
}

/* Neither this process nor a VM leaves its memory behind; its files are its owner's. */
static void restrict_self(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	umask(077);
}

/*
 * Becomes another program, by a name that need not be its file's, which Java can't do. It dies with the verb
 * that waits for it.
 */
static int run_hook(char **argv)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) {
		perror("limpid-shim: prctl");
		return STATUS_USAGE;
	}
	execve(argv[0], argv + 1, environ);
	perror(argv[0]);
	return STATUS_NOT_EXECUTED;
}

/* Does nothing, until whoever has started it ends, or ends it. */
static int hold(void)
{
	char byte;

	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

static int find_role(const char *name, enum plan_kind *role)
{
	static const char *const names[] = { [PLAN_RUN] = "run", [PLAN_JOIN] = "join", [PLAN_EXEC] = "exec" };

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], name) == 0) {
			*role = (enum plan_kind)i;
			return 0;
		}
	return -1;
}

int main(int argc, char **argv)
{
	enum plan_kind role = PLAN_RUN;
	bool detached = false;
	int parent, status;

	if (argc >= 4 && strcmp(argv[1], "hook") == 0)
		return run_hook(argv + 2);
	if (argc == 2 && strcmp(argv[1], "hold") == 0)
		return hold();
	if (argc == 3 && strcmp(argv[1], "survey") == 0)
		return survey(argv[2]);
	if (argc != 3 || find_role(argv[1], &role) < 0) {
		fprintf(stderr, "usage: limpid-shim run <plan file>\n"
				"       limpid-shim join <plan file>\n"
				"       limpid-shim exec <plan file>\n"
				"       limpid-shim hold\n"
				"       limpid-shim survey <directory>\n"
				"       limpid-shim hook <program> <name> [<argument>...]\n");
		return STATUS_USAGE;
	}
	if (fill_standard_streams() < 0 || close_range(3, ~0u, 0) < 0) {
		perror("limpid-shim");
		return STATUS_USAGE;
	}
	restrict_self();
	parent = parent_open();
	status = role == PLAN_RUN ? shim_run(argv[2], &detached) : exec_run(role, argv[2], &detached);
	/* A verb that is not meant to learn of the end must not be the one that reaps this process. */
	if (detached)
		parent_await(parent, VERB_ENDS_MS);
	return status;
}
