/*
 * DNS queries of the guest (LOOKUP), asked again at 127.0.0.11:53 in this process's network namespace, and what is
 * answered there (ANSWER).
 */
#ifndef LIMPID_RESOLVER_H
#define LIMPID_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent.h"
#include "frame.h"
#include "loop.h"

#define RESOLVER_LOOKUPS_MAX 64u

enum lookup_state {
	LOOKUP_FREE,
	LOOKUP_ASKED,    /* UDP: an answer is waited for */
	LOOKUP_SENDING,  /* TCP: the query is being sent */
	LOOKUP_LENGTH,   /* TCP: the length of the answer is read */
	LOOKUP_MESSAGE,  /* TCP: the answer is read */
	LOOKUP_ANSWERED, /* TCP: the answer waits for room in the agent link */
};

struct lookup {
	struct resolver *resolver;
	enum lookup_state state;
	uint32_t number; /* the agent's */
	uint8_t id[2];   /* UDP: of the query, and so of the answer */
	struct watch socket;
	struct timer limit;
	uint8_t length[2]; /* TCP: goes before a message */
	uint8_t *bytes;    /* TCP: what is sent, or what has come; NULL: nothing */
	size_t size, done; /* of bytes, or in LOOKUP_LENGTH of length */
};

struct resolver {
	struct loop *loop;
	struct agent *agent;
	bool asks; /* there is a server that may be asked */
	struct lookup lookups[RESOLVER_LOOKUPS_MAX];
};

void resolver_init(struct resolver *resolver, struct loop *loop, struct agent *agent);

/* Before that, and in the host's own namespace, every query is answered with nothing. */
void resolver_open(struct resolver *resolver);

/* A LOOKUP. */
void resolver_ask(struct resolver *resolver, const struct frame *frame);

/* There may be room in the agent link again. */
void resolver_resume(struct resolver *resolver);

void resolver_close(struct resolver *resolver);

#endif
