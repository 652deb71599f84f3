#include "disks.h"

#include <stdio.h>
#include <string.h>

/* Tests have less patience. */
#ifndef DISK_APPEAR_MS
#define DISK_APPEAR_MS 10000
#endif
#define DISK_RETRY_MS 3
#define DISK_TEXT_SIZE 64 /* of one in the result */

static void tell(struct disks *disks, const struct disk_numbers *numbers)
{
	char text[DISKS_MAX * DISK_TEXT_SIZE + 32] = "{\"disks\":[";
	size_t length = strlen(text);

	for (size_t i = 0; i < disks->request.count; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, "%s{\"major\":%u,\"minor\":%u}",
					   i ? "," : "", numbers[i].major, numbers[i].minor);
	snprintf(text + length, sizeof text - length, "]}");
	disks->done(disks->owner, text, NULL);
}

static void look(void *owner)
{
	struct disks *disks = owner;
	struct disk_numbers numbers[DISKS_MAX];
	size_t found = 0;

	while (found < disks->request.count &&
	       disk_find(DISKS_DIRECTORY, disks->request.serials[found], &numbers[found]) == 0)
		found++;
	if (found == disks->request.count) {
		tell(disks, numbers);
	} else if (loop_now() < disks->deadline) {
		timer_set(disks->loop, &disks->retry, DISK_RETRY_MS);
	} else {
		struct problem problem;

		problem_set(&problem, FAILURE_SYSTEM, "disks: the one with the serial number %s is not there",
			    disks->request.serials[found]);
		disks->done(disks->owner, NULL, &problem);
	}
}

void disks_open(struct disks *disks, struct loop *loop,
		void (*done)(void *owner, const char *result, const struct problem *problem), void *owner)
{
	*disks = (struct disks){ .loop = loop, .done = done, .owner = owner };
	disks->retry = (struct timer){ .expired = look, .owner = disks };
}

void disks_close(struct disks *disks)
{
	timer_stop(disks->loop, &disks->retry);
}

void disks_begin(struct disks *disks, const struct disks_request *request)
{
	disks->request = *request;
	disks->deadline = loop_now() + DISK_APPEAR_MS;
	look(disks);
}
