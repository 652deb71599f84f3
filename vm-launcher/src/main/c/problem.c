#include "problem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int problem_set(struct problem *problem, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(problem->text, sizeof problem->text, format, arguments);
	va_end(arguments);
	return -1;
}

int problem_errno(struct problem *problem, const char *format, ...)
{
	int error = errno;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(problem->text, sizeof problem->text, format, arguments);
	va_end(arguments);
	if (length >= 0 && (size_t)length < sizeof problem->text)
		snprintf(problem->text + length, sizeof problem->text - (size_t)length, ": %s",
			 strerror(error));
	errno = error;
	return -1;
}
