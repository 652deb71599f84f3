/* Reads agent-proto/src/test/vectors/frames.txt. */
#ifndef LIMPID_VECTORS_H
#define LIMPID_VECTORS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "frame.h"

struct vector {
	unsigned line;
	enum frame_direction direction;
	char verdict[64];
	uint8_t *bytes; /* owned by the vector, valid until the next */
	size_t size;
};

/* 1: *vector is filled; 0: end of file. A malformed line ends the program with a message. */
int vector_next(FILE *file, struct vector *vector);

void vector_free(struct vector *vector);

#endif
