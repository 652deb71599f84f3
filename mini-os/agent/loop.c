#include "loop.h"

#include <errno.h>
#include <limits.h>
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
	close(loop->epoll);
	loop->epoll = -1;
}

int watch_set(struct loop *loop, struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };
	int operation = watch->active ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (watch->active && watch->events == events && (events & EPOLLET) == 0)
		return 0;
	if (epoll_ctl(loop->epoll, operation, watch->fd, &event) < 0)
		return -errno;
	watch->active = true;
	watch->events = events;
	return 0;
}

void watch_stop(struct loop *loop, struct watch *watch)
{
	if (!watch->active)
		return;
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->active = false;
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

int loop_run(struct loop *loop)
{
	while (!loop->stopped) {
		struct epoll_event event;
		int timeout = run_timers(loop);
		int count;

		if (loop->stopped)
			break;
		count = epoll_wait(loop->epoll, &event, 1, timeout);
		if (count < 0 && errno != EINTR)
			return -errno;
		if (count > 0) {
			struct watch *watch = event.data.ptr;

			watch->ready(watch->owner, event.events);
		}
	}
	return 0;
}
