#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
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

/* Only its owner, who is also ours, may have written it, or be told of it by another name. */
static int check_file(int fd, const char *path, struct problem *problem)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return problem_errno(problem, "file: %s", path);
	if (!S_ISREG(status.st_mode))
		return problem_set(problem, "file: %s is not a regular file", path);
	if (status.st_uid != geteuid() || (status.st_mode & (S_IRWXG | S_IRWXO)) || status.st_nlink != 1)
		return problem_set(problem, "file: %s is not for its owner alone", path);
	return 0;
}

int disk_open_file(const char *path, struct problem *problem)
{
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return problem_errno(problem, "file: %s", path);
	if (check_file(fd, path, problem) < 0)
		goto failed;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		problem_set(problem, "file: %s is in use: it is another virtual machine's", path);
	else
		problem_errno(problem, "file: %s", path);
failed:
	close(fd);
	return -1;
}
