#include "attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

/* How the child ended that has set them. */
struct outcome {
	size_t at; /* of which mount; the count: of none in particular */
	int error; /* 0: all are set */
};

struct mount_attributes *attributes_copy(const struct mount_attributes *mounts, size_t count)
{
	size_t size = count * sizeof *mounts;
	struct mount_attributes *copy;
	char *text;

	for (size_t i = 0; i < count; i++)
		size += strlen(mounts[i].target) + 1;
	copy = malloc(size ? size : 1);
	if (copy == NULL)
		return NULL;
	text = (char *)(copy + count);
	for (size_t i = 0; i < count; i++) {
		copy[i] = (struct mount_attributes){ .target = text, .flags = mounts[i].flags };
		text = stpcpy(text, mounts[i].target) + 1;
	}
	return copy;
}

static unsigned long long propagation(unsigned flags)
{
	if (flags & ATTRIBUTE_PRIVATE)
		return MS_PRIVATE;
	if (flags & ATTRIBUTE_SHARED)
		return MS_SHARED;
	if (flags & ATTRIBUTE_SLAVE)
		return MS_SLAVE;
	return flags & ATTRIBUTE_UNBINDABLE ? MS_UNBINDABLE : 0;
}

/* Returns an errno. */
static int apply(const struct mount_attributes *mount)
{
	struct mount_attr attr = {
		.attr_set = mount->flags & ATTRIBUTE_NOSYMFOLLOW ? MOUNT_ATTR_NOSYMFOLLOW : 0,
		.propagation = propagation(mount->flags),
	};
	int fd = open(mount->target, O_PATH | O_CLOEXEC);
	int error = 0;

	if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH | (mount->flags & ATTRIBUTE_REC ? AT_RECURSIVE : 0), &attr,
				    sizeof attr) < 0)
		error = errno;
	if (fd >= 0)
		close(fd);
	return error;
}

/* In the child: the namespace's root becomes the process's, and so no path leads out of it. */
static struct outcome apply_all(const struct mount_attributes *mounts, size_t count, int namespace)
{
	struct outcome outcome = { .at = count };

	if (setns(namespace, CLONE_NEWNS) < 0) {
		outcome.error = errno;
		return outcome;
	}
	for (outcome.at = 0; outcome.at < count; outcome.at++) {
		outcome.error = apply(&mounts[outcome.at]);
		if (outcome.error != 0)
			break;
	}
	return outcome;
}

/* Nobody else waits for this child: it is gone before the agent's loop goes on. */
static struct outcome in_child(const struct mount_attributes *mounts, size_t count, int namespace)
{
	struct outcome outcome = { .at = count };
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		outcome.error = errno;
		return outcome;
	}
	child = fork();
	if (child == 0) {
		outcome = apply_all(mounts, count, namespace);
		_exit(write(ends[1], &outcome, sizeof outcome) == sizeof outcome ? 0 : 1);
	}
	outcome.error = child < 0 ? errno : 0;
	close(ends[1]);
	if (child > 0) {
		if (read(ends[0], &outcome, sizeof outcome) != sizeof outcome)
			outcome = (struct outcome){ .at = count, .error = EIO };
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(ends[0]);
	return outcome;
}

int attributes_apply(const struct mount_attributes *mounts, size_t count, pid_t pid, struct problem *problem)
{
	struct outcome outcome;
	char path[64];
	int namespace;

	if (count == 0)
		return 0;
	snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
	namespace = open(path, O_RDONLY | O_CLOEXEC);
	if (namespace < 0)
		return problem_errno(problem, "open %s", path);
	outcome = in_child(mounts, count, namespace);
	close(namespace);
	if (outcome.error == 0)
		return 0;
	errno = outcome.error;
	if (outcome.at >= count)
		return problem_errno(problem, "change the container's mounts");
	return problem_errno(problem, "change the mount on %s", mounts[outcome.at].target);
}
