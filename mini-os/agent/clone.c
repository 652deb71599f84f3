#include "clone.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* Tests have others. */
#ifndef PCI_RESCAN
#define PCI_RESCAN "/sys/bus/pci/rescan"
#endif
/* What systemd has made at the template's boot, and mounted on /etc/machine-id. */
#ifndef MACHINE_ID
#define MACHINE_ID "/run/machine-id"
#endif

static int overwrite(const char *path, const char *text, size_t size, struct problem *problem)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written;

	if (fd < 0)
		return problem_errno(problem, "open %s", path);
	written = write(fd, text, size);
	if (written < 0)
		problem_errno(problem, "write %s", path);
	else if ((size_t)written != size)
		problem_set(problem, FAILURE_SYSTEM, "write %s: only a part of it", path);
	close(fd);
	return written == (ssize_t)size ? 0 : -1;
}

void clone_machine_id(unsigned char bytes[16], char text[MACHINE_ID_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	for (unsigned i = 0; i < 16; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 0x0f];
	}
	text[32] = '\n';
}

int clone_settle(struct problem *problem)
{
	unsigned char bytes[16];
	char text[MACHINE_ID_SIZE];

	if (overwrite(PCI_RESCAN, "1", 1, problem) < 0)
		return -1;
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return problem_errno(problem, "getrandom");
	clone_machine_id(bytes, text);
	return overwrite(MACHINE_ID, text, sizeof text, problem);
}
