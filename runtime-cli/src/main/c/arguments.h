#ifndef LIMPID_ARGUMENTS_H
#define LIMPID_ARGUMENTS_H

#include <stdbool.h>

/* What a command line is, by a simple look at it. */
enum call_kind {
	CALL_OWN, /* anything else: it needs a process of its own */
	CALL_READ, /* a verb that can be handed over, and be repeated at will */
	CALL_CHANGE, /* a verb that can be handed over */
	CALL_RESIDENT, /* the verb to which they are handed */
};

struct call {
	enum call_kind kind;
	int verb; /* its place in argv, if it is not CALL_OWN */
};

/* Only global options whose values mean the same wherever the verb runs are looked over. */
struct call call_of(int argc, char **argv);

#endif
