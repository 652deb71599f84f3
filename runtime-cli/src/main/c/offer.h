#ifndef LIMPID_OFFER_H
#define LIMPID_OFFER_H

#include <stdbool.h>

/* What has become of a call that was offered. */
enum offer_end {
	OFFER_REFUSED, /* nothing has been done, nor will be */
	OFFER_ANSWERED, /* done, and its answer passed on */
	OFFER_LOST, /* it was taken, and there is no answer */
};

/*
 * Offers a call to the resident process that listens at a socket, if there is one. Takes a bounded time until it is taken. From
 * then on it takes as long as the verb, unless that can be repeated: then it is lost if there is no answer for long.
 */
enum offer_end offer(const char *socket, int argc, char **argv, bool repeatable, int *status);

#endif
