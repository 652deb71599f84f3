#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP };

/* For the handler, which is given nothing else. */
static struct terminal *guarded;
static int fault_pipe = -1;

/* A fault of our own ends this process as it would have; one that was sent is for the workload. */
static void on_fault(int number, siginfo_t *info, void *context)
{
	unsigned char byte = (unsigned char)number;
	int error = errno;

	(void)context;
	if (info->si_code > 0 || info->si_pid == getpid()) {
		terminal_restore(guarded);
		signal(number, SIG_DFL);
		raise(number);
		return;
	}
	if (write(fault_pipe, &byte, 1) < 0)
		errno = error;
}

static void fault_ready(void *owner, uint32_t events)
{
	struct signals *signals = owner;
	unsigned char number;

	(void)events;
	if (read(signals->fault.fd, &number, 1) == 1)
		signals->came(signals->owner, number, true);
}

static void ready(void *owner, uint32_t events)
{
	struct signals *signals = owner;
	struct signalfd_siginfo info;

	(void)events;
	if (read(signals->watch.fd, &info, sizeof info) == (ssize_t)sizeof info)
		signals->came(signals->owner, info.ssi_signo, info.ssi_code <= 0);
}

/* All but SIGPIPE, which is ignored: blocked, it would still be queued. Bit n - 1 stands for signal n. */
static const uint64_t blocked = ~(UINT64_C(1) << (SIGPIPE - 1));

/* Not by sigprocmask and signalfd of libc, which leave out the two signals that its threads use. */
static int block(void)
{
	if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, sizeof blocked) < 0)
		return -1;
	return (int)syscall(SYS_signalfd4, -1, &blocked, sizeof blocked, SFD_NONBLOCK | SFD_CLOEXEC);
}

int signals_open(struct signals *signals, struct loop *loop, void (*came)(void *, unsigned, bool), void *owner)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	*signals = (struct signals){ .loop = loop, .came = came, .owner = owner };
	signals->watch = (struct watch){ .fd = -1, .ready = ready, .owner = signals };
	signals->fault = (struct watch){ .fd = -1, .ready = fault_ready, .owner = signals };
	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	signals->watch.fd = block();
	if (signals->watch.fd < 0)
		return -errno;
	return watch_set(loop, &signals->watch, EPOLLIN);
}

int signals_guard(struct signals *signals, struct terminal *terminal)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	sigset_t unblocked;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	signals->fault.fd = ends[0];
	fault_pipe = ends[1];
	guarded = terminal;
	sigfillset(&action.sa_mask);
	sigemptyset(&unblocked);
	for (unsigned i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		sigaction(faults[i], &action, NULL);
		sigaddset(&unblocked, faults[i]);
	}
	if (sigprocmask(SIG_UNBLOCK, &unblocked, NULL) < 0)
		return -errno;
	return watch_set(signals->loop, &signals->fault, EPOLLIN);
}

void signals_close(struct signals *signals)
{
	if (signals->loop == NULL)
		return;
	watch_close(signals->loop, &signals->watch);
	watch_close(signals->loop, &signals->fault);
}
