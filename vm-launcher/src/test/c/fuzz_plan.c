/*
 * Plans that are nearly right: a good one is changed at random and parsed, under sanitizers, for some seconds.
 * usage: fuzz_plan <seconds>; with -DLIBFUZZER a target for libFuzzer instead.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static size_t touch(const char *text)
{
	return text ? strlen(text) : 0;
}

static void parse(enum plan_kind kind, const uint8_t *bytes, size_t size)
{
	struct problem problem = { { 0 } };
	struct plan plan;
	size_t sum = 0;

	if (plan_parse(&plan, kind, bytes, size, &problem) < 0) {
		if (problem.text[0] == '\0')
			abort();
	} else {
		/* All that was accepted can be read to its end. */
		for (char **argument = plan.hypervisor; argument && *argument; argument++)
			sum += touch(*argument);
		for (char **argument = plan.virtiofsd; argument && *argument; argument++)
			sum += touch(*argument);
		for (char **argument = plan.passt; argument && *argument; argument++)
			sum += touch(*argument);
		for (char **argument = plan.refresh; argument && *argument; argument++)
			sum += touch(*argument);
		for (size_t i = 0; i < plan.bind_count; i++)
			sum += touch(plan.binds[i].source) + touch(plan.binds[i].name) + touch(plan.binds[i].users) +
			       touch(plan.binds[i].groups);
		for (size_t i = 0; i < plan.confine_count; i++)
			sum += touch(plan.confines[i].path);
		if (kind == PLAN_EXEC && (plan.hypervisor || plan.virtiofsd || plan.refresh || plan.passt || plan.file || plan.memory.size || plan.state || plan.bind_count || plan.share))
			abort();
		if (plan.verb == NULL || strchr(plan.verb, '/'))
			abort();
		if (plan.memory.size % PLAN_MEMORY_PAGE != 0 || plan.memory.size > PLAN_MEMORY_SIZE_MAX ||
		    (plan.memory.path == NULL) != (plan.state == NULL))
			abort();
		sum += touch(plan.memory.path) + touch(plan.state);
		sum += touch(plan.directory) + touch(plan.file) + touch(plan.log_path) + touch(plan.console_socket);
		if (sum > size)
			abort();
	}
	plan_free(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	parse(PLAN_RUN, bytes, size);
	parse(PLAN_JOIN, bytes, size);
	parse(PLAN_EXEC, bytes, size);
	return 0;
}

#ifndef LIBFUZZER
static const char *const seeds[][7] = {
	{ "directory", "/run/limpid/c" },
	{ "network", "join", "/run/netns/n" },
	{ "share", "shared" },
	{ "bind", "/var/lib/v", "volumes/0", "rbind,ro" },
	{ "bind", "/var/lib/w", "volumes/1", "bind,slave,ridmap", "0 1 2", "3 4 5\n6 7 8\n" },
	{ "upper", "/var/lib/o", "diff", "work", "upper" },
	{ "confine", "upper/diff", "rw" },
	{ "virtiofsd", "/usr/lib/virtiofsd", "--fd=3" },
	{ "file", "/o/.limpid-disk-diff" },
	{ "memory", "268435456", "/t/memory" },
	{ "state", "/t/state" },
	{ "passt", "/usr/bin/passt", "--fd", "3" },
	{ "hypervisor", "/usr/bin/qemu", "-M", "q35" },
	{ "refresh", "/usr/bin/limpid", "--root", "/run/limpid" },
	{ "terminal", "socket", "/tmp/c" },
	{ "log", "/l", "json" },
	{ "verb", "exec-1.sock" },
};

static void put_number(uint8_t *to, uint32_t number)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(number >> 8 * i);
}

/* In the plan of `exec` too. */
static int is_common(const char *directive)
{
	return strcmp(directive, "directory") == 0 || strcmp(directive, "verb") == 0 ||
	       strcmp(directive, "terminal") == 0 || strcmp(directive, "log") == 0;
}

static size_t make_plan(uint8_t *bytes)
{
	const int exec = rand() % 2;
	size_t size = 0;

	for (size_t record = 0; record < sizeof seeds / sizeof seeds[0]; record++) {
		if (exec && !is_common(seeds[record][0]))
			continue;

		size_t count_at = size;
		uint32_t count = 0;

		size += 4;
		for (; count < 6 && seeds[record][count]; count++) {
			const char *field = seeds[record][count];

			put_number(bytes + size, (uint32_t)strlen(field));
			memcpy(bytes + size + 4, field, strlen(field));
			size += 4 + strlen(field);
		}
		put_number(bytes + count_at, count);
	}
	return size;
}

static size_t change(uint8_t *bytes, size_t size)
{
	size_t at = (size_t)rand() % size;

	switch (rand() % 5) {
	case 0:
		bytes[at] = (uint8_t)rand();
		return size;
	case 1:
		bytes[at] ^= (uint8_t)(1u << rand() % 8);
		return size;
	case 2:
		memmove(bytes + at, bytes + at + 1, size - at - 1);
		return size > 1 ? size - 1 : size;
	case 3:
		return at > 0 ? at : size;
	default:
		put_number(bytes + at, (uint32_t)rand() << rand() % 8);
		return at + 4 > size ? at + 4 : size;
	}
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
	unsigned long rounds = 0;

	srand(1);
	while (time(NULL) <= end) {
		uint8_t work[4096];
		size_t size = make_plan(work);
		uint8_t *exact;

		for (int changes = rand() % 6; changes > 0; changes--)
			size = change(work, size);
		exact = malloc(size);
		memcpy(exact, work, size);
		LLVMFuzzerTestOneInput(exact, size);
		free(exact);
		rounds++;
	}
	printf("fuzz_plan: %lu rounds\n", rounds);
	return 0;
}
#endif
