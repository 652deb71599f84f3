#include "mounts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "identities.h"

#define SHARED_MODE 0755
#define COVER_DIRECTORY "directory"
#define COVER_FILE "file"

/* What the guest puts there is for the guest: no device and no setuid program of it works on the host. */
#define GUEST_ATTRIBUTES (MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID)
#define COVER_ATTRIBUTES (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Opens a name below directory without crossing into another mount or following a symbolic link. */
static int open_own(int directory, const char *name, unsigned long long flags, unsigned mode)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};

	return (int)syscall(SYS_openat2, directory, name, &how, sizeof how);
}

/* A tmpfs that is mounted nowhere yet. */
static int make_tmpfs(size_t names, struct problem *problem)
{
	char inodes[32];
	int context = fsopen("tmpfs", FSOPEN_CLOEXEC);
	int tree = -1;

	snprintf(inodes, sizeof inodes, "%zu", names + 2);
	if (context < 0 || fsconfig(context, FSCONFIG_SET_STRING, "size", "64k", 0) < 0 ||
	    fsconfig(context, FSCONFIG_SET_STRING, "mode", "755", 0) < 0 ||
	    fsconfig(context, FSCONFIG_SET_STRING, "nr_inodes", inodes, 0) < 0 ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ||
	    (tree = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID)) < 0)
		problem_errno(problem, "share: a tmpfs can't be made");
	close_if_open(context);
	return tree;
}

/* Mounts tree on what target is. */
static int mount_on(int tree, int target)
{
	return move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/* propagation: MS_PRIVATE, or 0 to leave it. */
static int set_attributes(int tree, unsigned long long attributes, unsigned long propagation, unsigned recursive)
{
	struct mount_attr attr = { .attr_set = attributes, .propagation = propagation };

	return mount_setattr(tree, "", AT_EMPTY_PATH | recursive, &attr, sizeof attr);
}

/*
 * A copy of what is at path below directory, or of directory itself if path is empty, mounted nowhere yet,
 * with these attributes. Everything here is a slave of the host's, and so is the copy, unless it is made private.
 */
static int clone_tree(int directory, const char *path, unsigned long long attributes, unsigned long propagation,
		      bool recursive)
{
	unsigned deep = recursive ? AT_RECURSIVE : 0;
	int tree = open_tree(directory, path,
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | deep);

	if (tree >= 0 && set_attributes(tree, attributes, propagation, deep) < 0) {
		int error = errno;

		close(tree);
		errno = error;
		return -1;
	}
	return tree;
}

/* Makes name, one or two components of the tmpfs, as a directory or an empty file, and opens it. */
static int make_target(int shared, const char *name, bool directory)
{
	const char *slash = strchr(name, '/');
	int parent = shared, target = -1;

	if (slash) {
		char first[256];

		snprintf(first, sizeof first, "%.*s", (int)(slash - name), name);
		if (mkdirat(shared, first, SHARED_MODE) < 0 && errno != EEXIST)
			return -1;
		parent = open_own(shared, first, O_PATH | O_DIRECTORY, 0);
		if (parent < 0)
			return -1;
		name = slash + 1;
	}
	if (!directory) {
		target = open_own(parent, name, O_WRONLY | O_CREAT | O_EXCL, 0644);
	} else if (mkdirat(parent, name, SHARED_MODE) == 0) {
		target = open_own(parent, name, O_PATH | O_DIRECTORY, 0);
	}
	if (parent != shared) {
		int error = errno;

		close(parent);
		errno = error;
	}
	return target;
}

/* Maps the owners in a tree that is mounted nowhere yet. Nothing has been mapped in it before. */
static int map_owners(int tree, const struct plan_bind *bind, struct problem *problem)
{
	int namespace = user_namespace(bind->users, bind->groups, problem);
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned)namespace };
	int result = 0;

	if (namespace < 0)
		return -1;
	if (mount_setattr(tree, "", AT_EMPTY_PATH | (bind->map_below ? AT_RECURSIVE : 0), &attr, sizeof attr) < 0)
		result = problem_errno(problem, "bind: %s: its owners can't be mapped", bind->source);
	close(namespace);
	return result;
}

/* Mounts a copy of the source at shared/name. Returns a descriptor of its root, or -1. */
static int bind_at(int shared, const struct plan_bind *bind, struct problem *problem)
{
	const char *source = bind->source, *name = bind->name;
	unsigned long long attributes = GUEST_ATTRIBUTES | (bind->read_only ? MOUNT_ATTR_RDONLY : 0);
	int origin = mounts_open_plain(AT_FDCWD, source, O_PATH);
	struct stat status;
	int tree = -1, target = -1;
	int result = -1;

	if (origin < 0 && errno == ELOOP) {
		problem_set(problem, "bind: %s: a symbolic link is on the way", source);
		goto done;
	}
	if (origin < 0 ||
	    (tree = clone_tree(origin, "", attributes, bind->follows ? 0 : MS_PRIVATE, bind->recursive)) < 0 ||
	    fstat(tree, &status) < 0) {
		problem_errno(problem, "bind: %s", source);
		goto done;
	}
	if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode)) {
		problem_set(problem, "bind: %s: neither a directory nor a regular file", source);
		goto done;
	}
	if (bind->users && map_owners(tree, bind, problem) < 0)
		goto done;
	target = make_target(shared, name, S_ISDIR(status.st_mode));
	if (target < 0) {
		problem_errno(problem, "bind: %s: " MOUNTS_SHARED "/%s can't be made", source, name);
		goto done;
	}
	if (mount_on(tree, target) < 0) {
		problem_errno(problem, "bind: %s on " MOUNTS_SHARED "/%s", source, name);
		goto done;
	}
	result = tree;
	tree = -1;
done:
	close_if_open(target);
	close_if_open(tree);
	close_if_open(origin);
	return result;
}

static int bind_all(const struct plan *plan, int shared, struct problem *problem)
{
	for (size_t i = 0; i < plan->bind_count; i++) {
		int tree = bind_at(shared, &plan->binds[i], problem);

		if (tree < 0)
			return -1;
		close(tree);
	}
	return 0;
}

/*
 * An empty directory and an empty file to cover things with, in a tmpfs on which that of `shared` is
 * mounted afterwards: out of everybody's sight, but in the namespace, so that copies can be made of them.
 */
static int make_covers(int mount_point, struct problem *problem)
{
	int covers = make_tmpfs(2, problem);
	int file = -1;
	int result = -1;

	if (covers < 0)
		return -1;
	if (mkdirat(covers, COVER_DIRECTORY, 0555) < 0 ||
	    (file = openat(covers, COVER_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0444)) < 0) {
		problem_errno(problem, "upper: nothing to cover with can be made");
		goto done;
	}
	if (mount_on(covers, mount_point) < 0) {
		problem_errno(problem, "upper: the covers can't be mounted");
		goto done;
	}
	result = covers;
	covers = -1;
done:
	close_if_open(file);
	close_if_open(covers);
	return result;
}

static int cover(int parent, const char *name, int covers, struct problem *problem)
{
	struct stat status;
	int tree = -1;
	int result = -1;

	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return 0;
		return problem_errno(problem, "upper: %s", name);
	}
	tree = clone_tree(covers, S_ISDIR(status.st_mode) ? COVER_DIRECTORY : COVER_FILE, COVER_ATTRIBUTES,
			  MS_PRIVATE, false);
	if (tree < 0 || move_mount(tree, "", parent, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		problem_errno(problem, "upper: %s can't be covered", name);
	else
		result = 0;
	close_if_open(tree);
	return result;
}

static int check_directory(int parent, const char *name, struct problem *problem)
{
	struct stat status;

	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return problem_errno(problem, "upper: %s", name);
	if (!S_ISDIR(status.st_mode))
		return problem_set(problem, "upper: %s: not a directory", name);
	return 0;
}

static int cover_others(const struct plan_upper *upper, int parent, int covers, struct problem *problem)
{
	int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	int result = -1;

	if (directory == NULL) {
		problem_errno(problem, "upper: %s", upper->parent);
		close_if_open(fd);
		return -1;
	}
	for (;;) {
		struct dirent *entry;

		errno = 0;
		entry = readdir(directory);
		if (entry == NULL) {
			result = errno ? problem_errno(problem, "upper: %s", upper->parent) : 0;
			break;
		}
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    strcmp(entry->d_name, upper->upper) == 0 || strcmp(entry->d_name, upper->work) == 0)
			continue;
		if (cover(dirfd(directory), entry->d_name, covers, problem) < 0)
			break;
	}
	closedir(directory);
	return result;
}

static int bind_upper(const struct plan_upper *upper, int shared, int covers, struct problem *problem)
{
	const struct plan_bind bind = { .source = upper->parent, .name = upper->name };
	int parent = bind_at(shared, &bind, problem);
	int result = -1;

	if (parent >= 0 && check_directory(parent, upper->upper, problem) == 0 &&
	    check_directory(parent, upper->work, problem) == 0)
		result = cover_others(upper, parent, covers, problem);
	close_if_open(parent);
	return result;
}

int mounts_open_plain(int at, const char *path, unsigned long long flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, at, path, &how, sizeof how);
}

int mounts_make(const struct plan *plan, struct problem *problem)
{
	int mount_point = -1, covers = -1, shared = -1;
	int result = -1;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return problem_errno(problem, "share: a mount namespace can't be made");
	if (mkdir(MOUNTS_SHARED, 0700) < 0 && errno != EEXIST)
		return problem_errno(problem, "share: " MOUNTS_SHARED);
	mount_point = open(MOUNTS_SHARED, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (mount_point < 0) {
		problem_errno(problem, "share: " MOUNTS_SHARED);
		goto done;
	}
	if (plan->upper.parent && (covers = make_covers(mount_point, problem)) < 0)
		goto done;
	shared = make_tmpfs(2 * plan->bind_count + 2, problem);
	if (shared < 0)
		goto done;
	if (mount_on(shared, mount_point) < 0) {
		problem_errno(problem, "share: " MOUNTS_SHARED " can't be mounted");
		goto done;
	}
	if (bind_all(plan, shared, problem) < 0)
		goto done;
	if (plan->upper.parent && bind_upper(&plan->upper, shared, covers, problem) < 0)
		goto done;
	if (set_attributes(shared, MOUNT_ATTR_RDONLY, MS_PRIVATE, 0) < 0) {
		problem_errno(problem, "share: " MOUNTS_SHARED " can't be made read-only");
		goto done;
	}
	result = 0;
done:
	close_if_open(shared);
	close_if_open(covers);
	close_if_open(mount_point);
	return result;
}

/* The kernel gives who enters what lies uppermost at the root. This process has what is below it. */
int mounts_cover_root(const struct plan *plan, struct problem *problem)
{
	int source, tree = -1;
	int result = -1;

	if (plan->root == NULL)
		return 0;
	source = mounts_open_plain(AT_FDCWD, plan->root, O_PATH);
	if (source < 0)
		return problem_errno(problem, "root: %s", plan->root);
	tree = clone_tree(source, "", GUEST_ATTRIBUTES, MS_PRIVATE, true);
	if (tree < 0 || move_mount(tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		problem_errno(problem, "root: %s can't be mounted", plan->root);
	else
		result = 0;
	close_if_open(tree);
	close(source);
	return result;
}

int mounts_freeze(bool keep_shared)
{
	struct mount_attr frozen = { .attr_set = MOUNT_ATTR_RDONLY };
	int tree = -1;
	int result = -1;
	int error;

	if (unshare(CLONE_NEWNS) < 0)
		return -1;
	/* A copy as it is, which comes to lie on the one that is then read-only. */
	if (keep_shared && (tree = open_tree(AT_FDCWD, MOUNTS_SHARED,
					     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW |
						     AT_RECURSIVE)) < 0)
		return -1;
	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &frozen, sizeof frozen) == 0 &&
	    (tree < 0 || move_mount(tree, "", AT_FDCWD, MOUNTS_SHARED, MOVE_MOUNT_F_EMPTY_PATH) == 0))
		result = 0;
	error = errno;
	close_if_open(tree);
	errno = error;
	return result;
}
