#include "log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 32768u

int log_open(struct log *log, const char *path, bool json, struct problem *problem)
{
	*log = (struct log){ .fd = -1, .json = json };
	if (path == NULL)
		return 0;
	log->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
	return log->fd < 0 ? problem_errno(problem, "log: %s", path) : 0;
}

/* The message as the inside of a string, for JSON and for logfmt alike. */
static size_t quote(char *to, size_t size, const char *message)
{
	size_t length = 0;

	for (const unsigned char *at = (const unsigned char *)message; *at && length + 8 < size; at++) {
		if (*at == '"' || *at == '\\') {
			to[length++] = '\\';
			to[length++] = (char)*at;
		} else if (*at == '\n') {
			to[length++] = '\\';
			to[length++] = 'n';
		} else if (*at < 0x20 || *at > 0x7e) {
			length += (size_t)snprintf(to + length, size - length, "\\u%04x", *at);
		} else {
			to[length++] = (char)*at;
		}
	}
	to[length] = '\0';
	return length;
}

static void write_line(const struct log *log, const char *level, const char *message)
{
	char quoted[LINE_SIZE], line[LINE_SIZE + 128];
	char stamp[32] = "";
	time_t now = time(NULL);
	struct tm utc;
	int length;

	if (log->fd < 0)
		return;
	if (gmtime_r(&now, &utc))
		strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
	quote(quoted, sizeof quoted, message);
	if (log->json)
		length = snprintf(line, sizeof line, "{\"level\":\"%s\",\"msg\":\"limpid-shim: %s\",\"time\":\"%s\"}\n",
				  level, quoted, stamp);
	else
		length = snprintf(line, sizeof line, "time=\"%s\" level=%s msg=\"limpid-shim: %s\"\n", stamp, level,
				  quoted);
	/* A log that takes no more loses the line: there is nowhere to say so. */
	if (length > 0 && write(log->fd, line, (size_t)length) < 0)
		return;
}

void log_error(const struct log *log, const char *message)
{
	write_line(log, "error", message);
}

void log_warning(const struct log *log, const char *message)
{
	write_line(log, "warning", message);
}
