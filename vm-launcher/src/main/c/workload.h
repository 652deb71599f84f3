/*
 * What a shim is to its caller on behalf of a process, wherever that runs: its streams, its terminal, the signals that
 * are sent to it, and its end.
 */
#ifndef LIMPID_WORKLOAD_H
#define LIMPID_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "agent.h"
#include "frame.h"
#include "log.h"
#include "loop.h"
#include "plan.h"
#include "relay.h"
#include "signals.h"
#include "terminal.h"

#define STATUS_SIGNAL 128

struct workload_events {
	/* It has ended, its streams have been drained, and nothing else is waited for. */
	void (*finished)(void *owner);
	/*
	 * True: others are waited for too. In *progress how much they have taken so far, and in *waiting whether
	 * something waits to be taken. NULL: there are none.
	 */
	bool (*others)(void *owner, unsigned *progress, bool *waiting);
};

struct workload {
	struct loop *loop;
	struct agent *agent;
	struct log *log;
	const struct workload_events *events;
	void *owner;
	struct terminal terminal;
	struct input input;
	struct output outputs[2]; /* stdout, stderr */
	struct timer drain;       /* streams that don't get empty */
	struct timer finish;      /* the streams are empty: on to the end */
	unsigned drained[3];      /* progress of the streams and the others, when the timer was set */
	unsigned unread;          /* how often it has then found nobody reading what waits to be written */
	uint64_t signals_pending; /* a bit each, for the agent */
	bool resize_pending;
	bool committed;
	bool exited; /* it has ended */
	int status;  /* then */
};

void workload_init(struct workload *workload, struct loop *loop, struct agent *agent, struct log *log,
		   const struct workload_events *events, void *owner);

/* Leaves the caller's session, unless its terminal is the workload's too. */
int workload_leave_session(const struct plan *plan, struct problem *problem);

/*
 * The terminal and the streams, which this process's own make room for. one_output: with a terminal there is no EOF
 * of standard error to wait for.
 */
int workload_open(struct workload *workload, const struct plan *plan, struct signals *signals, bool one_output,
		  struct problem *problem);

/*
 * The caller gets his end of a pty, the first time. Not before there is no way back: who waits for a terminal takes only
 * one, and a shim that fails may have a successor.
 */
int workload_hand_over(struct workload *workload, struct problem *problem);

/* COMMIT has come: the process is this shim's. */
void workload_commit(struct workload *workload);

/* Signals that came to this process, SIGWINCH and the kernel's SIGHUP among them. */
void workload_signal(struct workload *workload, unsigned number, bool from_outside);

/* There may be room in the agent link (again). */
void workload_resume(struct workload *workload);

/* DATA, EOF, CREDIT, CLOSED. */
void workload_received(struct workload *workload, const struct frame *frame);

/* EXITED has come: the streams are drained, then `finished` is called. */
void workload_exited(struct workload *workload, const struct frame_exited *exited);

/* What others is asked for may have changed. */
void workload_look(struct workload *workload);

/* Nothing is sent to the streams any more. */
void workload_cut(struct workload *workload);

/* Writes what waits, for at most this long a stream, outside the loop. */
void workload_flush(struct workload *workload, unsigned milliseconds);

void workload_close(struct workload *workload);

/* Before COMMIT: true for signals that end the launch. */
bool workload_signal_ends_launch(unsigned number);

#endif
