/*
 * Processes that the host knows by a number: their streams, their terminal, their end. 0 is the container's init;
 * the others are those started by `exec`.
 */
#ifndef LIMPID_PROCESS_H
#define LIMPID_PROCESS_H

#include <sys/ioctl.h>

#include "stream.h"

/* The agent's ends of a process's standard streams; -1 where there is none. */
struct process_streams {
	int input;
	int output;
	int error;
};

struct process {
	uint16_t number;
	pid_t pid;     /* 0 once it has ended: it was reaped, and the number may be another's */
	bool terminal;
	struct input input;
	struct output outputs[2]; /* stdout, stderr */
	bool exited;      /* and may be told */
	bool told_exited; /* on this link */
	struct frame_exited how;
	struct processes *processes;
};

struct processes {
	struct link *link;
	uint32_t window; /* the host's, for each stream */
	struct process *table[FRAME_PROCESS_MAX + 1];
	unsigned lingering; /* started by `exec`, have ended, and are still in the table */
	struct timer sweep; /* there may be some in the table of which everything has been told */
};

void processes_open(struct processes *processes, struct link *link);
void processes_close(struct processes *processes);

static inline struct process *processes_find(struct processes *processes, unsigned number)
{
	return number <= FRAME_PROCESS_MAX ? processes->table[number] : NULL;
}

/* Enters a process under a free number. Takes the descriptors, also if it fails (NULL: out of memory). */
struct process *process_add(struct processes *processes, uint16_t number, pid_t pid, bool terminal,
			    const struct process_streams *streams);

/* The host has been told that it exists. */
void process_begin(struct process *process);

/* It has been reaped. Nothing is sent: see process_exited. */
void process_reaped(struct process *process, int status);

/* Sends EXITED. One that was started by `exec` is forgotten when its outputs have ended too. */
void process_exited(struct processes *processes, struct process *process);

/* 0 or -errno; -ESRCH if it has ended. */
int process_kill(struct process *process, int signal);

void process_resize(struct process *process, const struct winsize *size);

/* The frames about a process. NULL, or how the host broke the protocol. */
const char *processes_frame(struct processes *processes, const struct frame *frame);

/* A new link has been opened (processes started by `exec` are forgotten), or one is no longer busy. */
void processes_opened(struct processes *processes, uint32_t window);
void processes_resume(struct processes *processes);

#endif
