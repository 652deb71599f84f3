#include "problem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int problem_set(struct problem *problem, enum failure_code code, const char *format, ...)
{
	va_list arguments;

	problem->code = code;
	va_start(arguments, format);
	vsnprintf(problem->text, sizeof problem->text, format, arguments);
	va_end(arguments);
	return -1;
}

int problem_errno(struct problem *problem, const char *format, ...)
{
	int error = errno;
	va_list arguments;
	size_t length;

	problem->code = FAILURE_SYSTEM;
	va_start(arguments, format);
	vsnprintf(problem->text, sizeof problem->text, format, arguments);
	va_end(arguments);
	length = strlen(problem->text);
	snprintf(problem->text + length, sizeof problem->text - length, ": %s", strerror(error));
	return -1;
}
