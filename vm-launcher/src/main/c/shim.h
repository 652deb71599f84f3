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
#include "conduits.h"
#include "control.h"
#include "log.h"
#include "loop.h"
#include "merged.h"
#include "oom.h"
#include "plan.h"
#include "refresh.h"
#include "resolver.h"
#include "signals.h"
#include "tail.h"
#include "workload.h"

#define STATUS_LAUNCH_FAILED 1
#define STATUS_VM_DIED 255

/* What the payload of the EVENT begins with that tells of an upper layer which was not brought back. */
#define KEPT_EVENT_BEGIN "{\"event\":\"kept\""

struct shim {
	struct plan plan;
	struct loop loop;
	struct signals signals;
	struct log log;
	struct control control;
	struct workload workload; /* process 0 */
	struct child virtiofsd, passt, hypervisor;
	struct tail virtiofsd_tail, passt_tail, hypervisor_tail, console_tail;
	struct agent agent;
	struct oom oom;
	struct resolver resolver;
	struct conduits conduits;
	struct refresh refresh;
	struct merged merged;
	struct timer cause; /* what was seen had no cause so far */
	char why[256];      /* what was seen */
	struct timer passt_cause; /* the same, if it is passt that has ended */
	struct watch passt_ready; /* closed as soon as passt serves */
	bool commit_waits;        /* for that, */
	struct timer passt_limit; /* but not for longer */
	bool kept; /* it has been said that something was not brought back */
	bool ending;
	int status;
};

/* `limpid-shim run`: carries out the plan in this file and stays until the end. Returns the exit status. */
int shim_run(const char *plan_path, bool *detached);

/* The plan's directives, in the order of docs/shim.md, up to LAUNCHED. */
int shim_launch(struct shim *shim, struct problem *problem);

/* What the agent link tells. */
extern const struct agent_events shim_agent_events;

/* Before COMMIT: what was begun is undone, and the verb is told why unless it has gone (NULL). */
void shim_abort_launch(struct shim *shim, const char *message);

/* Before EXITED: the diagnosis goes to the file `exit`, to the verbs that wait, and to the log. */
void shim_vm_died(struct shim *shim, const char *why);

/* The VM has lost its way to the network: that ends a launch, and is said in the log later. */
void shim_passt_lost(struct shim *shim, const char *why);

/* The last steps of every end: nothing is left but to return the status. */
void shim_end(struct shim *shim, int status);

#endif
