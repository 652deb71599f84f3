#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

int64_t loop_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int loop_open(struct loop *loop)
{
	*loop = (struct loop){ .epoll = epoll_create1(EPOLL_CLOEXEC) };
	return loop->epoll < 0 ? -errno : 0;
}

void loop_close(struct loop *loop)
{
	if (loop->epoll >= 0)
		close(loop->epoll);
	loop->epoll = -1;
}

static void always_add(struct loop *loop, struct watch *watch)
{
	struct watch **at = &loop->always;

	while (*at)
		at = &(*at)->next;
	watch->next = NULL;
	*at = watch;
}

static void always_remove(struct loop *loop, struct watch *watch)
{
	struct watch **at = &loop->always;

	while (*at != watch)
		at = &(*at)->next;
	*at = watch->next;
}

int watch_set(struct loop *loop, struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };
	int operation = watch->active ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (watch->active && (watch->always || watch->events == events)) {
		watch->events = events;
		return 0;
	}
	if (epoll_ctl(loop->epoll, operation, watch->fd, &event) < 0) {
		if (errno != EPERM)
			return -errno;
		watch->always = true;
		always_add(loop, watch);
	}
	watch->active = true;
	watch->events = events;
	return 0;
}

void watch_stop(struct loop *loop, struct watch *watch)
{
	if (!watch->active)
		return;
	if (watch->always)
		always_remove(loop, watch);
	else
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->active = watch->always = false;
}

void watch_close(struct loop *loop, struct watch *watch)
{
	watch_stop(loop, watch);
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}

void timer_set(struct loop *loop, struct timer *timer, unsigned milliseconds)
{
	struct timer **at = &loop->timers;

	timer_stop(loop, timer);
	timer->due = loop_now() + milliseconds;
	while (*at && (*at)->due <= timer->due)
		at = &(*at)->next;
	timer->next = *at;
	timer->armed = true;
	*at = timer;
}

void timer_stop(struct loop *loop, struct timer *timer)
{
	struct timer **at = &loop->timers;

	if (!timer->armed)
		return;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	timer->armed = false;
}

/* Calls those that are due; returns how long epoll may wait for. */
static int run_timers(struct loop *loop)
{
	int64_t now = loop_now();

	while (loop->timers && loop->timers->due <= now) {
		struct timer *timer = loop->timers;

		timer_stop(loop, timer);
		timer->expired(timer->owner);
	}
	if (loop->timers == NULL)
		return -1;
	now = loop->timers->due - loop_now();
	return now < 0 ? 0 : now > INT_MAX ? INT_MAX : (int)now;
}

/* The first of the watches that are always ready has its turn and goes to the end. */
static void run_always(struct loop *loop)
{
	struct watch *watch = loop->always;

	if (watch == NULL)
		return;
	always_remove(loop, watch);
	always_add(loop, watch);
	watch->ready(watch->owner, watch->events);
}

int loop_run(struct loop *loop)
{
	while (!loop->stopped) {
		struct epoll_event event;
		int timeout = run_timers(loop);
		int count;

		if (loop->stopped)
			break;
		count = epoll_wait(loop->epoll, &event, 1, loop->always ? 0 : timeout);
		if (count < 0 && errno != EINTR)
			return -errno;
		if (count > 0) {
			struct watch *watch = event.data.ptr;

			watch->ready(watch->owner, event.events);
		}
		if (!loop->stopped)
			run_always(loop);
	}
	return 0;
}
