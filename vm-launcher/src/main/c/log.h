/* The shim's own errors, in the format of the CLI's log. */
#ifndef LIMPID_LOG_H
#define LIMPID_LOG_H

#include <stdbool.h>

#include "problem.h"

struct log {
	int fd; /* -1: nowhere */
	bool json;
};

/* path may be NULL. */
int log_open(struct log *log, const char *path, bool json, struct problem *problem);

void log_error(const struct log *log, const char *message);
void log_warning(const struct log *log, const char *message);

#endif
