/*
 * Why something could not be done, as FAILURE tells it to the host. Functions that take a problem return 0, or -1
 * after having filled it.
 */
#ifndef LIMPID_PROBLEM_H
#define LIMPID_PROBLEM_H

#include "frame.h"

#define PROBLEM_TEXT_SIZE 2048

struct problem {
	enum failure_code code;
	char text[PROBLEM_TEXT_SIZE];
};

/* Returns -1, for `return problem_set(…)`. */
int problem_set(struct problem *problem, enum failure_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* FAILURE_SYSTEM with what was attempted, ": " and the text of errno. */
int problem_errno(struct problem *problem, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
