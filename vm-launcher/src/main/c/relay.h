/*
 * The streams of a process between this process's own and the agent link. Each has credit of its own, and
 * none holds up another.
 */
#ifndef LIMPID_RELAY_H
#define LIMPID_RELAY_H

#include "agent.h"
#include "channel.h"
#include "frame.h"
#include "loop.h"

/* From the guest to a channel. */
struct output {
	struct agent *agent;
	enum frame_stream stream;
	struct channel channel;
	struct watch watch;
	struct credit_receiver credit;
	uint8_t *ring; /* AGENT_WINDOW bytes; NULL once the channel is closed */
	size_t start, size;
	bool ended;       /* EOF has come */
	bool held;        /* nothing is written yet */
	bool gone;        /* the channel takes no more: what comes is dropped */
	unsigned progress; /* changes whenever something is written */
	void (*done)(void *owner); /* all that the guest sent has been written, or has been dropped */
	void *owner;
};

/* From a channel to the guest. */
struct input {
	struct agent *agent;
	struct channel channel;
	struct watch watch;
	struct credit_sender credit;
	bool started;
	bool ended; /* EOF was sent */
	void (*hung_up)(void *owner); /* the channel is a terminal that has been hung up */
	void *owner;
};

/* A stream without a channel is gone from the start. -errno. */
int output_open(struct output *output, struct agent *agent, enum frame_stream stream, struct channel channel);
void output_received(struct output *output, const struct frame *frame); /* DATA */
void output_end(struct output *output);                                   /* EOF */
/* No more can come, although EOF has not. */
void output_cut(struct output *output);
/* The channel takes no more. */
void output_abandon(struct output *output);
bool output_is_done(const struct output *output);
/* What was held is written. */
void output_release(struct output *output);
/* Writes what waits, for at most this long, outside the loop. */
void output_flush(struct output *output, unsigned milliseconds);
void output_close(struct output *output);

void input_open(struct input *input, struct agent *agent, struct channel channel);
/* From here on the guest takes data; the agent has greeted. */
void input_start(struct input *input);
void input_credit(struct input *input, uint32_t bytes);
/* There may be room in the agent link again. */
void input_resume(struct input *input);
/* No more will come; the guest is told. */
void input_end(struct input *input);
void input_close(struct input *input);

#endif
