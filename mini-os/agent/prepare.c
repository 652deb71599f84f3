#include "prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clone.h"
#include "loopback.h"
#include "mount.h"
#include "path.h"

/* Tests have less patience. */
#ifndef DEVICE_APPEAR_MS
#define DEVICE_APPEAR_MS 10000
#endif
#define DEVICE_RETRY_MS 3

static int set_clock(const struct timespec *clock, struct problem *problem)
{
	if (clock_settime(CLOCK_REALTIME, clock) < 0)
		return problem_errno(problem, "clock_settime");
	return 0;
}

static int add_entropy(const uint8_t *bytes, size_t size, struct problem *problem)
{
	union {
		struct rand_pool_info info;
		uint8_t space[sizeof(struct rand_pool_info) + ENTROPY_MAX];
	} pool = { .info = { .entropy_count = (int)size * 8, .buf_size = (int)size } };
	int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
	int result = 0;

	if (fd < 0)
		return problem_errno(problem, "open /dev/urandom");
	memcpy(pool.space + sizeof pool.info, bytes, size);
	/* Reseeding lets a clone's generator part from its siblings' before anything asks it. */
	if (ioctl(fd, RNDADDENTROPY, &pool.info) < 0)
		result = problem_errno(problem, "RNDADDENTROPY");
	else if (ioctl(fd, RNDRESEEDCRNG) < 0)
		result = problem_errno(problem, "RNDRESEEDCRNG");
	explicit_bzero(&pool, sizeof pool);
	close(fd);
	return result;
}

/* What the container's guest is before anything is mounted. */
static int settle(const struct prepare_request *request, struct problem *problem)
{
	if (set_clock(&request->clock, problem) < 0 ||
	    add_entropy(request->entropy, request->entropy_size, problem) < 0 || loopback_raise(problem) < 0)
		return -1;
	return request->cloned ? clone_settle(problem) : 0;
}

static void close_sync(struct prepare *prepare)
{
	while (prepare->sync_count > 0)
		close(prepare->sync[--prepare->sync_count]);
}

/* Opened now: whatever is mounted or renamed later, these are what will be flushed. */
static int open_sync(struct prepare *prepare, struct problem *problem)
{
	const struct prepare_request *request = &prepare->request->prepare;

	for (size_t i = 0; i < request->sync_count; i++) {
		int fd = path_open(request->sync[i], O_RDONLY | O_DIRECTORY);

		if (fd < 0) {
			errno = -fd;
			return problem_errno(problem, "open %s, to be flushed", request->sync[i]);
		}
		prepare->sync[prepare->sync_count++] = fd;
	}
	return 0;
}

static void forget_request(struct prepare *prepare)
{
	if (prepare->request == NULL)
		return;
	request_free(prepare->request);
	free(prepare->request);
	prepare->request = NULL;
}

void prepare_undo(struct prepare *prepare)
{
	close_sync(prepare);
	while (prepare->request && prepare->next > 0)
		mount_undo(&prepare->request->prepare.mounts[--prepare->next]);
	forget_request(prepare);
}

static void end(struct prepare *prepare, const struct problem *problem)
{
	timer_stop(prepare->loop, &prepare->retry);
	prepare->busy = false;
	if (problem)
		prepare_undo(prepare);
	else if (prepare->request->method != METHOD_JOIN)
		forget_request(prepare);
	prepare->done(prepare->owner, problem);
}

void prepare_cancel(struct prepare *prepare, const struct problem *problem)
{
	if (prepare->busy)
		end(prepare, problem);
}

/* Whether that mount is what the upper layer is to be on. */
static bool is_upper(const struct prepare_request *request, size_t mount)
{
	return request->upper.target && strcmp(request->upper.target, request->mounts[mount].target) == 0;
}

/* Mounts as far as it gets. */
static void go_on(void *owner)
{
	struct prepare *prepare = owner;
	const struct prepare_request *request = &prepare->request->prepare;
	struct problem problem;

	while (prepare->next < request->mount_count) {
		switch (mount_do(&request->mounts[prepare->next], &problem)) {
		case MOUNT_DONE:
			prepare->next++;
			prepare->deadline = loop_now() + DEVICE_APPEAR_MS;
			if (is_upper(request, prepare->next - 1)) {
				upper_fill(prepare->upper, &request->upper);
				return;
			}
			continue;
		case MOUNT_LATER:
			if (loop_now() < prepare->deadline) {
				timer_set(prepare->loop, &prepare->retry, DEVICE_RETRY_MS);
				return;
			}
			break;
		case MOUNT_FAILED:
			break;
		}
		end(prepare, &problem);
		return;
	}
	end(prepare, open_sync(prepare, &problem) < 0 ? &problem : NULL);
}

void prepare_filled(struct prepare *prepare, const struct problem *problem)
{
	prepare->deadline = loop_now() + DEVICE_APPEAR_MS;
	if (problem)
		end(prepare, problem);
	else
		go_on(prepare);
}

void prepare_open(struct prepare *prepare, struct loop *loop, struct upper *upper,
		  void (*done)(void *owner, const struct problem *problem), void *owner)
{
	*prepare = (struct prepare){ .loop = loop, .upper = upper, .done = done, .owner = owner };
	prepare->retry = (struct timer){ .expired = go_on, .owner = prepare };
}

void prepare_close(struct prepare *prepare)
{
	timer_stop(prepare->loop, &prepare->retry);
	close_sync(prepare);
	forget_request(prepare);
}

void prepare_begin(struct prepare *prepare, struct request *request)
{
	struct request *own = malloc(sizeof *own);
	struct problem problem;

	if (own == NULL) {
		problem_set(&problem, FAILURE_SYSTEM, "prepare: out of memory");
		prepare->done(prepare->owner, &problem);
		return;
	}
	*own = *request;
	memset(request, 0, sizeof *request);
	prepare->request = own;
	prepare->next = 0;
	prepare->busy = true;
	prepare->deadline = loop_now() + DEVICE_APPEAR_MS;
	if (own->method != METHOD_JOIN && settle(&own->prepare, &problem) < 0)
		end(prepare, &problem);
	else
		go_on(prepare);
}
