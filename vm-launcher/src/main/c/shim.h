/*
 * The container's own shim: its state, what it does with every event, and every way in which it ends.
 * shim.c: events; launch.c: the plan, carried out; ending.c: the ends.
 */
#ifndef LIMPID_SHIM_H
#define LIMPID_SHIM_H

#include <stdbool.h>
#include <stdint.h>

#include "agent.h"
#include "child.h"
#include "control.h"
#include "log.h"
#include "loop.h"
#include "plan.h"
#include "relay.h"
#include "signals.h"
#include "tail.h"
#include "terminal.h"

#define STATUS_LAUNCH_FAILED 1
#define STATUS_VM_DIED 255
#define STATUS_SIGNAL 128

struct shim {
	struct plan plan;
	struct loop loop;
	struct signals signals;
	struct log log;
	struct control control;
	struct terminal terminal;
	struct child virtiofsd, hypervisor;
	struct tail virtiofsd_tail, hypervisor_tail, console_tail;
	struct agent agent;
	struct input input;
	struct output outputs[2]; /* stdout, stderr */
	struct timer drain;       /* streams that don't get empty */
	struct timer finish;      /* the streams are empty: on to the end */
	struct timer cause;       /* what was seen had no cause so far */
	char why[256];            /* what was seen */
	unsigned drained[2];      /* progress of the streams, when the timer was set */
	unsigned unread;          /* how often it has then found nobody reading what waits to be written */
	uint64_t signals_pending; /* a bit each, for the agent */
	bool resize_pending;
	bool committed;
	bool exited; /* EXITED has come */
	bool ending;
	int status;
};

/* `limpid-shim run`: carries out the plan in this file and stays until the end. Returns the exit status. */
int shim_run(const char *plan_path);

/* The plan's directives, in the order of docs/shim.md, up to LAUNCHED. */
int shim_launch(struct shim *shim, struct problem *problem);

/* What the agent link tells. */
extern const struct agent_events shim_agent_events;

/* The other end of the terminal has gone: so has the workload's. */
void shim_terminal_hung_up(void *owner);

/* All that the guest has sent on a stream has been written. */
void shim_stream_done(void *owner);

/* Before COMMIT: what was begun is undone, and the verb is told why unless it has gone (NULL). */
void shim_abort_launch(struct shim *shim, const char *message);

/* Before EXITED: the diagnosis goes to the file `exit`, to the verbs that wait, and to the log. */
void shim_vm_died(struct shim *shim, const char *why);

/* The last steps of every end: nothing is left but to return the status. */
void shim_end(struct shim *shim, int status);

#endif
