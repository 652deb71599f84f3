/* The memory of a virtual machine that is a template, or a clone of one. */
#ifndef LIMPID_MEMORY_H
#define LIMPID_MEMORY_H

#include "plan.h"

/*
 * Makes memory that nobody can make larger or smaller: zeros, or what the template's file holds. The descriptor; -1:
 * problem.
 */
int memory_open(const struct plan_memory *memory, struct problem *problem);

#endif
