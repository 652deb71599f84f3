#include "exit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME "exit"
#define TEMPORARY "exit.new"

int exit_file_write(const char *text)
{
	size_t size = strlen(text), written = 0;
	int fd, error;

	unlink(TEMPORARY);
	fd = open(TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	while (written < size) {
		ssize_t count = write(fd, text + written, size - written);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			goto failed;
		written += (size_t)count;
	}
	if (fsync(fd) < 0 || rename(TEMPORARY, NAME) < 0)
		goto failed;
	close(fd);
	return 0;
failed:
	error = errno;
	close(fd);
	unlink(TEMPORARY);
	errno = error;
	return -1;
}
