/*
 * The event loop: descriptors (epoll) and timers. One event is fetched at a time, so that whoever is called may
 * stop any watch, also one that is ready too.
 */
#ifndef LIMPID_LOOP_H
#define LIMPID_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct loop {
	int epoll;
	struct timer *timers; /* armed ones, the soonest first */
	bool stopped;
};

struct watch {
	int fd;
	uint32_t events;
	bool active;
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

int loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/* Until loop->stopped is set. Returns 0, or -errno of epoll_wait. */
int loop_run(struct loop *loop);

/*
 * Starts to watch, or changes what is watched for. 0 stands for errors and hang-up only: they are always
 * reported. Edge-triggered watches report anew what is there whenever this is called.
 */
int watch_set(struct loop *loop, struct watch *watch, uint32_t events);

/* Before the descriptor is closed. Does nothing if it is not watched. */
void watch_stop(struct loop *loop, struct watch *watch);

void timer_set(struct loop *loop, struct timer *timer, unsigned milliseconds);
void timer_stop(struct loop *loop, struct timer *timer);

/* Milliseconds of the monotonic clock. */
int64_t loop_now(void);

#endif
