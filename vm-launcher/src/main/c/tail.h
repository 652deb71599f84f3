/* The last bytes that came from a descriptor: what QEMU, virtiofsd or the guest said before the end. */
#ifndef LIMPID_TAIL_H
#define LIMPID_TAIL_H

#include <stddef.h>

#include "loop.h"

#define TAIL_SIZE 8192u

struct tail {
	struct loop *loop;
	struct watch watch;
	size_t start, size; /* of the ring */
	char ring[TAIL_SIZE];
};

/* Takes over fd, which must not block. */
int tail_open(struct tail *tail, struct loop *loop, int fd);

/* Reads what is there now, but no more than a bounded amount. */
void tail_drain(struct tail *tail);

/*
 * Appends the last lines to text, of which size bytes may be used in all, below a heading; nothing if there
 * are none. What is not printable ASCII is written as \xNN.
 */
void tail_print(const struct tail *tail, const char *heading, char *text, size_t size);

void tail_close(struct tail *tail);

#endif
