#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "layer.h"
#include "log.h"
#include "path.h"

#define DEVICES "/dev"
#define LAYER_DEVICES "pmem"
#define PROC_FD_SIZE 32

/* What a descriptor stands for, as a path: mount(2) and umount2(2) take nothing else. */
static void proc_fd(char path[PROC_FD_SIZE], int fd)
{
	snprintf(path, PROC_FD_SIZE, "/proc/self/fd/%d", fd);
}

static unsigned long mount_flags(unsigned flags)
{
	static const struct {
		unsigned bit;
		unsigned long flag;
	} map[] = {
		{ MOUNT_RO, MS_RDONLY },         { MOUNT_NOSUID, MS_NOSUID },     { MOUNT_NODEV, MS_NODEV },
		{ MOUNT_NOEXEC, MS_NOEXEC },     { MOUNT_RELATIME, MS_RELATIME }, { MOUNT_NOATIME, MS_NOATIME },
	};
	unsigned long result = 0;

	for (size_t i = 0; i < sizeof map / sizeof map[0]; i++)
		if (flags & map[i].bit)
			result |= map[i].flag;
	return result;
}

static struct mount_attr bind_attributes(unsigned flags)
{
	struct mount_attr attributes = { 0 };

	if (flags & MOUNT_RO)
		attributes.attr_set |= MOUNT_ATTR_RDONLY;
	if (flags & MOUNT_NOSUID)
		attributes.attr_set |= MOUNT_ATTR_NOSUID;
	if (flags & MOUNT_NODEV)
		attributes.attr_set |= MOUNT_ATTR_NODEV;
	if (flags & MOUNT_NOEXEC)
		attributes.attr_set |= MOUNT_ATTR_NOEXEC;
	if (flags & (MOUNT_RELATIME | MOUNT_NOATIME))
		attributes.attr_clr |= MOUNT_ATTR__ATIME;
	if (flags & MOUNT_NOATIME)
		attributes.attr_set |= MOUNT_ATTR_NOATIME;
	return attributes;
}

/* Makes the bind aside, sets its attributes, and only then puts it in its place. 0 or -errno. */
static int bind_to(int source, int target, unsigned flags)
{
	unsigned recursive = flags & MOUNT_REC ? AT_RECURSIVE : 0;
	struct mount_attr attributes = bind_attributes(flags);
	int tree = open_tree(source, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | recursive);
	int result = 0;

	if (tree < 0)
		return -errno;
	if (attributes.attr_set | attributes.attr_clr)
		result = mount_setattr(tree, "", AT_EMPTY_PATH | recursive, &attributes, sizeof attributes);
	if (result == 0)
		result = move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	if (result < 0)
		result = -errno;
	close(tree);
	return result;
}

static int do_bind(const struct mount_request *request)
{
	int source = path_open(request->source, O_PATH);
	int target = -1;
	struct stat status;
	int result;

	if (source < 0)
		return source;
	result = fstat(source, &status) < 0 ? -errno : 0;
	if (result == 0) {
		target = path_make(request->target, S_ISDIR(status.st_mode));
		result = target < 0 ? target : bind_to(source, target, request->flags);
	}
	if (target >= 0)
		close(target);
	close(source);
	return result;
}

static int do_mount(const struct mount_request *request, const char *source)
{
	int target = path_make(request->target, true);
	char place[PROC_FD_SIZE];
	int result;

	if (target < 0)
		return target;
	proc_fd(place, target);
	result = mount(source, place, request->type, mount_flags(request->flags), request->data);
	if (result < 0)
		result = -errno;
	close(target);
	return result;
}

static int do_layer(const struct mount_request *request)
{
	char device[LAYER_DEVICE_SIZE];
	uint8_t uuid[LAYER_UUID_SIZE];

	layer_uuid(request->source, uuid);
	if (layer_find(DEVICES, LAYER_DEVICES, uuid, device) < 0)
		return -ENXIO;
	return do_mount(request, device);
}

static int do_disk(const struct mount_request *request)
{
	struct disk_numbers disk;
	char device[sizeof DEVICES + DISK_NAME_SIZE];

	if (disk_find(DISKS_DIRECTORY, disk_serial(request->source), &disk) < 0)
		return -ENXIO;
	snprintf(device, sizeof device, DEVICES "/%s", disk.name);
	return do_mount(request, device);
}

enum mount_result mount_do(const struct mount_request *request, struct problem *problem)
{
	bool layer = layer_named(request->source);
	bool disk = disk_named(request->source);
	int result;

	if (request->flags & MOUNT_BIND)
		result = do_bind(request);
	else if (layer)
		result = do_layer(request);
	else if (disk)
		result = do_disk(request);
	else
		result = do_mount(request, request->source[0] ? request->source : "none");
	if (result == 0)
		return MOUNT_DONE;
	/* The kernel shows a disk some time before it makes its node, and that some time before it can be used. */
	if ((layer || disk) && (result == -ENXIO || result == -ENOENT)) {
		problem_set(problem, FAILURE_SYSTEM, "mount %s on %s: the device of %s is not there, or not usable",
			    request->type, request->target, request->source);
		return MOUNT_LATER;
	}
	errno = -result;
	problem_errno(problem, "mount %s on %s", request->type, request->target);
	/* That no device has the tag is the kernel's only use of it, as long as there is no data. */
	return result == -EINVAL && strcmp(request->type, "virtiofs") == 0 ? MOUNT_LATER : MOUNT_FAILED;
}

void mount_undo(const struct mount_request *request)
{
	int fd = path_open(request->target, O_PATH);
	char place[PROC_FD_SIZE];

	if (fd < 0)
		return;
	proc_fd(place, fd);
	if (umount2(place, MNT_DETACH) < 0)
		log_error("unmount %s: %s", request->target, strerror(errno));
	close(fd);
}
