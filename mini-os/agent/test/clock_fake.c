/* In place of clock_settime: the machine that runs the tests keeps its time. */
#include <stdio.h>
#include <time.h>

int __wrap_clock_settime(clockid_t clock, const struct timespec *time);

int __wrap_clock_settime(clockid_t clock, const struct timespec *time)
{
	FILE *file = fopen("/run/clock", "w");

	if (file == NULL || clock != CLOCK_REALTIME)
		return -1;
	fprintf(file, "%lld.%09ld\n", (long long)time->tv_sec, time->tv_nsec);
	return fclose(file);
}
