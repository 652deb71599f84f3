/*
 * The relays between the link and a process's standard streams, each with credit of its own. A relay owns its
 * descriptor, which is non-blocking; fd -1 in its watch says that it has been closed.
 */
#ifndef LIMPID_STREAM_H
#define LIMPID_STREAM_H

#include "link.h"

/* From the process to the host: stdout, stderr, what a terminal shows. */
struct output {
	struct link *link;
	struct watch watch;
	struct timer vacancy; /* nobody has the terminal open: it is looked at again */
	uint16_t process;
	enum frame_stream stream;
	bool terminal;
	bool process_ended; /* a terminal that nobody has open has ended too */
	bool ending;        /* no more than rest is read */
	size_t rest;
	struct credit_sender credit;
	bool told_end; /* EOF was sent on this link */
	void (*ended)(void *owner); /* EOF has been sent */
	void *owner;
};

/* From the host to the process: stdin, what is typed at a terminal. */
struct input {
	struct link *link;
	struct watch watch;
	struct timer vacancy; /* as above */
	uint16_t process;
	bool terminal;
	struct credit_receiver credit;
	bool ended;     /* EOF has come on this link */
	bool told_gone; /* CLOSED was sent on this link */
	uint8_t *ring;  /* LINK_WINDOW bytes: received, not yet written */
	size_t start, size;
};

/* A stream without a descriptor: it has ended before it began. */
void output_none(struct output *output);
void input_none(struct input *input);

/* Takes the descriptor, also if it fails. 0 or -errno. window: the host's, as in output_opened. */
int output_open(struct output *output, struct link *link, uint16_t process, enum frame_stream stream,
		bool terminal, int fd, uint32_t window);
int input_open(struct input *input, struct link *link, uint16_t process, bool terminal, int fd);

/* A new link: credit begins anew, what waits is dropped. */
void output_opened(struct output *output, uint32_t window);
void input_opened(struct input *input);

/* CREDIT has come. NULL, or how the host broke the protocol; the same with the next two. */
const char *output_credit(struct output *output, uint32_t bytes);

const char *input_data(struct input *input, const uint8_t *data, uint32_t length);
const char *input_eof(struct input *input);

/* Looks again whether the source may be read: the link was busy, or has been opened. */
void output_resume(struct output *output);

/* The process has been reaped: what can still be read is, then comes the end. */
void output_process_ended(struct output *output);

/*
 * The same, but whoever else has the other end is not waited for: what is in a pipe now is still read; of a terminal,
 * which does not tell, what comes without a pause, up to a bound.
 */
void output_process_ended_alone(struct output *output);

/* CLOSED has come: the source is closed and EOF sent. */
void output_close(struct output *output);

/* The process needs no more: closed without a word. */
void input_close(struct input *input);

#endif
