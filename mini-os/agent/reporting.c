#include "reporting.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

/* Tests have another one. A parameter of the kernel's command line is overruled when the balloon is found. */
#ifndef REPORTING_ORDER
#define REPORTING_ORDER "/sys/module/page_reporting/parameters/page_reporting_order"
#endif

/* Pieces of 128 KiB: docs/resources.md has what each of these leaves. */
static const char order[] = "5";

void reporting_refine(void)
{
	int fd = open(REPORTING_ORDER, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, order, sizeof order - 1) < 0)
		log_info(REPORTING_ORDER ": %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}
