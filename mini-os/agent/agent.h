/* The agent: frames from the host are brought to those who deal with them, requests one after the other. */
#ifndef LIMPID_AGENT_H
#define LIMPID_AGENT_H

#include "containers.h"
#include "disks.h"
#include "link.h"
#include "network.h"
#include "process.h"
#include "processors.h"
#include "reaper.h"
#include "resolver.h"

#define WAITING_MAX 64
#define WAITING_BYTES_MAX (16u * 1024u * 1024u)

/* A request that waits for its turn. */
struct waiting {
	struct waiting *next;
	uint32_t number;
	uint16_t process;
	size_t length;
	uint8_t text[];
};

struct agent {
	struct loop loop;
	struct link link;
	struct reaper reaper;
	struct processes processes;
	struct disks disks;
	struct network network;
	struct resolver resolver;
	struct containers containers;
	struct processors cpus;
	struct watch signals;

	struct waiting *first, *last;
	unsigned waiting_count;
	size_t waiting_bytes;
	bool busy;       /* a request is being carried out */
	bool resolving;  /* a host has asked for the resolver */
	bool turning;    /* the next one is being looked for: not to be done within itself */
	uint32_t number; /* of the one carried out; 0: its link is gone, and nobody waits for the answer */
};

/* signals: a signalfd with SIGCHLD, SIGTERM, SIGINT. 0 or -errno (logged). */
int agent_open(struct agent *agent, int signals);
void agent_close(struct agent *agent);

/* Until SIGTERM, or an error (-errno, logged). */
int agent_run(struct agent *agent);

#endif
