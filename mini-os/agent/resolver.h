/*
 * DNS at 127.0.0.11:53, where Docker's containers look for it: what is asked there, by UDP or TCP, the host is asked
 * (LOOKUP), and its answer (ANSWER) is given. The agent does not read the messages.
 */
#ifndef LIMPID_RESOLVER_H
#define LIMPID_RESOLVER_H

#include <netinet/in.h>

#include "link.h"
#include "redirect.h"

#define RESOLVER_LOOKUPS 64     /* that the host has not answered yet */
#define RESOLVER_CONNECTIONS 32 /* further ones wait until they are accepted */

struct resolver;

/* A question that the host has been asked. */
struct lookup {
	struct resolver *resolver;
	uint32_t number; /* 0: none */
	enum frame_transport transport;
	struct sockaddr_in client;     /* by UDP */
	struct connection *connection; /* by TCP; NULL: it has gone */
	struct timer patience;
};

enum connection_state {
	CONNECTION_READING, /* a message, or it is idle */
	CONNECTION_QUEUED,  /* the host can't be asked now */
	CONNECTION_ASKING,
	CONNECTION_WRITING,
};

/* Questions of one connection are answered one after the other. */
struct connection {
	struct resolver *resolver;
	struct watch watch; /* fd -1: there is none */
	enum connection_state state;
	struct timer patience;
	uint8_t *message;  /* with its length before it */
	size_t done, size; /* read or written so far, and to be */
};

struct resolver {
	struct loop *loop;
	struct link *link;
	uint64_t namespace; /* the inode of the network namespace that it is in; 0: it is in none */
	struct watch datagrams, listener;
	struct redirect redirect;
	uint32_t number; /* the last one given */
	struct lookup lookups[RESOLVER_LOOKUPS];
	struct connection connections[RESOLVER_CONNECTIONS];
	uint8_t datagram[FRAME_DNS_MAX];
};

void resolver_open(struct resolver *resolver, struct loop *loop, struct link *link);
void resolver_close(struct resolver *resolver);

/*
 * From now on it is in the network namespace of a process (0: the agent's own), and in no other. 0, or -1 with the
 * problem filled, after which it is nowhere.
 */
int resolver_serve(struct resolver *resolver, pid_t pid, struct problem *problem);

/* ANSWER has come, a new link has been opened, or one is no longer busy. */
void resolver_answer(struct resolver *resolver, const struct frame *frame);
void resolver_opened(struct resolver *resolver);
void resolver_resume(struct resolver *resolver);

#endif
