#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define NAME "limpid-ram"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

static int make(uint64_t size, struct problem *problem)
{
	int fd = memfd_create(NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	/* Linux before 6.3 has no memory that can't be executed. */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return problem_errno(problem, "memory: memfd");
	/* virtiofsd maps it too, and would not survive that QEMU cuts it off. */
	if (ftruncate(fd, (off_t)size) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) == 0)
		return fd;
	problem_errno(problem, "memory: memfd of %ju bytes", (uintmax_t)size);
	close(fd);
	return -1;
}

/* By the kernel, into pages that it need not clear before: a mapping of either side takes up to twice as long. */
static int copy_extent(int fd, int template, off_t at, off_t end, const char *path, struct problem *problem)
{
	if (lseek(fd, at, SEEK_SET) < 0)
		return problem_errno(problem, "memory: %s", path);
	while (at < end) {
		ssize_t count = sendfile(fd, template, &at, (size_t)(end - at));

		if (count == 0)
			return problem_set(problem, "memory: %s: has become shorter", path);
		if (count < 0 && errno != EINTR)
			return problem_errno(problem, "memory: %s", path);
	}
	return 0;
}

/* What is in holes is zeros already, and takes no memory until the guest writes there. */
int memory_fill(int fd, const struct plan_memory *memory, int template, struct problem *problem)
{
	const off_t size = (off_t)memory->size;
	off_t end = 0;

	while (end < size) {
		off_t data = lseek(template, end, SEEK_DATA);

		if (data < 0 && errno == ENXIO)
			return 0;
		end = data < 0 ? -1 : lseek(template, data, SEEK_HOLE);
		if (end < 0)
			return problem_errno(problem, "memory: %s", memory->path);
		if (copy_extent(fd, template, data, end < size ? end : size, memory->path, problem) < 0)
			return -1;
	}
	return 0;
}

static int check_size(int template, const struct plan_memory *memory, struct problem *problem)
{
	off_t size = lseek(template, 0, SEEK_END);

	if (size < 0)
		return problem_errno(problem, "memory: %s", memory->path);
	if ((uint64_t)size != memory->size)
		return problem_set(problem, "memory: %s: %jd bytes, not %ju", memory->path, (intmax_t)size,
				   (uintmax_t)memory->size);
	return 0;
}

int memory_make(const struct plan_memory *memory, int template, struct problem *problem)
{
	if (template >= 0 && check_size(template, memory, problem) < 0)
		return -1;
	return make(memory->size, problem);
}
