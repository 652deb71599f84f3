#include "log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_MAX_BYTES 800 /* what the kernel takes in one record is about 1000 */

static int kmsg = -1;

void log_open(void)
{
	kmsg = open("/dev/kmsg", O_WRONLY | O_APPEND | O_CLOEXEC);
}

__attribute__((format(printf, 2, 0)))
static void write_line(int level, const char *format, va_list arguments)
{
	char line[LINE_MAX_BYTES];
	int head = snprintf(line, sizeof line, "<%d>limpid-agent: ", level);
	size_t length;

	/* one byte is kept for the newline */
	vsnprintf(line + head, sizeof line - (size_t)head - 1, format, arguments);
	length = strlen(line);
	line[length++] = '\n';
	if (write(kmsg >= 0 ? kmsg : STDERR_FILENO, line, length) < 0)
		return; /* there is nobody left to tell */
}

void log_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line(LOG_ERR, format, arguments);
	va_end(arguments);
}

void log_info(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line(LOG_INFO, format, arguments);
	va_end(arguments);
}
