#include "suite.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROWTH 256

static struct check *next(struct suite *suite)
{
	struct check *check;

	if (suite->count == suite->room) {
		suite->room += GROWTH;
		suite->checks = realloc(suite->checks, suite->room * sizeof *suite->checks);
		if (suite->checks == NULL)
			abort();
	}
	check = &suite->checks[suite->count++];
	memset(check, 0, sizeof *check);
	return check;
}

/* Names are what the lines are compared by, and what directories are called. */
static void named(const struct suite *suite, int length)
{
	const char *name = suite->checks[suite->count - 1].name;

	if (length < 0 || length >= NAME_SIZE)
		abort();
	for (size_t i = 0; i + 1 < suite->count; i++)
		if (strcmp(suite->checks[i].name, name) == 0) {
			fprintf(stderr, "two checks are called %s\n", name);
			abort();
		}
}

void suite_add_table(struct suite *suite, const char *subject, const struct plain_check *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct check *check = next(suite);

		check->run = table[i].run;
		named(suite, snprintf(check->name, NAME_SIZE, "%s.%s", subject, table[i].name));
	}
}

void suite_add(struct suite *suite, void (*run_with)(const int[CHOICES]), const int choice[CHOICES],
	       const char *format, ...)
{
	struct check *check = next(suite);
	va_list arguments;

	check->run_with = run_with;
	memcpy(check->choice, choice, sizeof check->choice);
	va_start(arguments, format);
	named(suite, vsnprintf(check->name, NAME_SIZE, format, arguments));
	va_end(arguments);
}

void suite_free(struct suite *suite)
{
	free(suite->checks);
	*suite = (struct suite){ 0 };
}
