#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* What is there is looked at before it is opened: opening another device could do something. */
static int check(int place, const struct plan_disk *disk, struct problem *problem)
{
	struct stat status;

	if (fstat(place, &status) < 0)
		return problem_errno(problem, "disk: %s", disk->path);
	if (!S_ISBLK(status.st_mode) || status.st_rdev != makedev(disk->major, disk->minor))
		return problem_set(problem, "disk: %s is not the block device %u:%u", disk->path, disk->major,
				   disk->minor);
	return 0;
}

int disk_open(const struct plan_disk *disk, struct problem *problem)
{
	int place = open(disk->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char itself[32];
	int fd = -1;

	if (place < 0)
		return problem_errno(problem, "disk: %s", disk->path);
	if (check(place, disk, problem) < 0)
		goto done;
	snprintf(itself, sizeof itself, "/proc/self/fd/%d", place);
	/* Two kernels that write to one file system destroy it. */
	fd = open(itself, (disk->writable ? O_RDWR | O_EXCL : O_RDONLY) | O_CLOEXEC);
	if (fd < 0 && errno == EBUSY)
		problem_set(problem, "disk: %s is in use: it is mounted, or another virtual machine's", disk->path);
	else if (fd < 0)
		problem_errno(problem, "disk: %s", disk->path);
done:
	close(place);
	return fd;
}
