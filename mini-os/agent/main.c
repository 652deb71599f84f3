/*
 * limpid-agent: does in the guest what the host says (docs/protocol.md). Runs as a unit of its own; if it ends, the
 * guest is powered off.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"
#include "cgroup.h"
#include "image.h"
#include "log.h"
#include "loopback.h"
#include "path.h"
#include "reporting.h"

/* 0, 1 and 2 must not be free for something else to be opened as. */
static void open_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* A signalfd, or -1. */
static int take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int main(void)
{
	static struct agent agent;
	struct problem problem;
	int signals, error;

	open_standard_streams();
	log_open();
	umask(022);
	signals = take_signals();
	if (signals < 0) {
		log_error("signals: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	if (mkdir(PATH_BASE, 0711) < 0 && errno != EEXIST) {
		log_error("mkdir " PATH_BASE ": %s", strerror(errno));
		return EXIT_FAILURE;
	}
	/* The container's init is crun's grandchild, and shall be the agent's child. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
		log_error("prctl: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	cgroup_delegate();
	reporting_refine();
	/* Now, so that clones find it done; who needs it tries again, and tells what is wrong. */
	loopback_raise(&problem);
	image_write_through();
	if (agent_open(&agent, signals) < 0)
		return EXIT_FAILURE;
	error = agent_run(&agent);
	agent_close(&agent);
	close(signals);
	return error < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
