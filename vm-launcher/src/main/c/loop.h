/*
 * The event loop: descriptors and timers. One event is fetched at a time, so that whoever is called may
 * stop any watch, also one that is ready too. Descriptors that epoll refuses (regular files, /dev/null)
 * count as always ready, in turns with the others.
 */
#ifndef LIMPID_LOOP_H
#define LIMPID_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct watch {
	int fd;
	uint32_t events;
	bool active;
	bool always; /* not in epoll, but in loop->always */
	struct watch *next;
	void (*ready)(void *owner, uint32_t events);
	void *owner;
};

struct timer {
	struct timer *next;
	int64_t due; /* milliseconds of the monotonic clock */
	bool armed;
	void (*expired)(void *owner);
	void *owner;
};

struct loop {
	int epoll;
	struct watch *always;
	struct timer *timers; /* armed ones, the soonest first */
	bool stopped;
};

int loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/* Until loop->stopped is set. Returns 0, or -errno of epoll_wait. */
int loop_run(struct loop *loop);

/* Starts to watch, or changes what is watched for. Errors and hang-up are always reported. */
int watch_set(struct loop *loop, struct watch *watch, uint32_t events);

/* Before the descriptor is closed. Does nothing if it is not watched. */
void watch_stop(struct loop *loop, struct watch *watch);

/* Stops and closes; the descriptor becomes -1. */
void watch_close(struct loop *loop, struct watch *watch);

/* Arms the timer, or arms it anew. */
void timer_set(struct loop *loop, struct timer *timer, unsigned milliseconds);
void timer_stop(struct loop *loop, struct timer *timer);

/* Milliseconds of the monotonic clock. */
int64_t loop_now(void);

#endif
