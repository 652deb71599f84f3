/* The memory of a virtual machine that is a template, or a clone of one. */
#ifndef LIMPID_MEMORY_H
#define LIMPID_MEMORY_H

#include "plan.h"

/*
 * Makes memory that nobody can make larger or smaller, of zeros. template, which is open, is to be copied into it later;
 * -1: nothing is. The descriptor; -1: problem.
 */
int memory_make(const struct plan_memory *memory, int template, struct problem *problem);

/* Copies what the template's file holds into the memory that was made for it. 0; -1: problem. */
int memory_fill(int fd, const struct plan_memory *memory, int template, struct problem *problem);

#endif
