/* The memory of a virtual machine that is a template, or a clone of one. */
#ifndef LIMPID_MEMORY_H
#define LIMPID_MEMORY_H

#include "plan.h"

/*
 * Makes memory that nobody can make larger or smaller: what the template's file holds, which is open, or zeros, if
 * template is -1. The descriptor; -1: problem.
 */
int memory_make(const struct plan_memory *memory, int template, struct problem *problem);

#endif
