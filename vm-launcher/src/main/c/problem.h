/*
 * Why something could not be done, in words that name the object. Functions that take a problem return
 * 0 (or a descriptor), or -1 after having filled it.
 */
#ifndef LIMPID_PROBLEM_H
#define LIMPID_PROBLEM_H

#define PROBLEM_TEXT_SIZE 2048

struct problem {
	char text[PROBLEM_TEXT_SIZE];
};

/* Returns -1, for `return problem_set(…)`. */
int problem_set(struct problem *problem, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, followed by ": " and the text of errno. */
int problem_errno(struct problem *problem, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
