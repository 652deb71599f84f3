#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mounts.h"

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_SCOPE_SIGNAL
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define LANDLOCK_SCOPE_SIGNAL (1ULL << 1)
#endif

/* REFER came with 2: without it nothing could be renamed into another directory. */
#define VERSION_LEAST 2
#define VERSION_TRUNCATE 3
#define VERSION_SCOPES 6

#define FILE_CHANGES (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)
#define CHANGES                                                                                         \
	(FILE_CHANGES | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                \
	 LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |     \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |  \
	 LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER)
#define READS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define PROGRAMS (READS | LANDLOCK_ACCESS_FS_EXECUTE)
/* Of these, what can be said of something that is no directory. */
#define FILE_ACCESS (FILE_CHANGES | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE)

/* As the kernel has it since VERSION_SCOPES; older headers know the first member only. */
struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

/*
 * What a program takes to start, by path. Not /dev, /etc, /proc and /sys as a whole: they hold disks, passwords,
 * other processes' environments and switches.
 */
static const struct {
	const char *path;
	unsigned long long access;
} places[] = {
	{ "/usr", PROGRAMS },
	{ "/lib", PROGRAMS },
	{ "/lib32", PROGRAMS },
	{ "/lib64", PROGRAMS },
	{ "/proc/sys/fs", READS },
	{ "/proc/sys/kernel", READS },
	{ "/sys/devices/system", READS },
	{ "/etc/ld.so.cache", READS },
	{ "/etc/ld.so.preload", READS },
	{ "/etc/localtime", READS },
	{ "/dev/null", READS | LANDLOCK_ACCESS_FS_WRITE_FILE },
	{ "/dev/urandom", READS },
};

static const char *const devices[] = {
	"/dev/kvm", "/dev/net/tun", "/dev/vhost-net", "/dev/vhost-vsock", "/dev/null",
};

struct rules {
	int fd;
	unsigned long long handled; /* what the kernel knows of it */
};

/* Without a rule: nothing of what is handled is allowed anywhere. 0, CONFINE_NONE or -1. */
static int open_rules(struct rules *rules, unsigned long long handled, struct problem *problem)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset_attr attr = { .handled_access_fs = handled };
	size_t size = sizeof attr.handled_access_fs;

	if (version < VERSION_LEAST)
		return CONFINE_NONE;
	if (version < VERSION_TRUNCATE)
		attr.handled_access_fs &= ~LANDLOCK_ACCESS_FS_TRUNCATE;
	if (version >= VERSION_SCOPES) {
		/* Being root is enough to send signals to all of root's processes. */
		attr.scoped = LANDLOCK_SCOPE_SIGNAL | LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET;
		size = sizeof attr;
	}
	rules->handled = attr.handled_access_fs;
	rules->fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	return rules->fd < 0 ? problem_errno(problem, "confine: landlock") : 0;
}

/* Allows access to what place is, and to all below it. */
static int allow(const struct rules *rules, int place, unsigned long long access, const char *path,
		 struct problem *problem)
{
	struct landlock_path_beneath_attr rule = {
		.parent_fd = place,
		.allowed_access = access & rules->handled,
	};
	struct stat status;

	if (fstat(place, &status) < 0)
		return problem_errno(problem, "confine: %s", path);
	if (!S_ISDIR(status.st_mode))
		rule.allowed_access &= FILE_ACCESS;
	if (syscall(SYS_landlock_add_rule, rules->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return problem_errno(problem, "confine: %s: landlock", path);
	return 0;
}

/* A place of the host, wherever it really is. One that is missing is not needed. */
static int allow_place(const struct rules *rules, const char *path, unsigned long long access,
		       struct problem *problem)
{
	int place = open(path, O_PATH | O_CLOEXEC);
	int result;

	if (place < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : problem_errno(problem, "confine: %s", path);
	result = allow(rules, place, access, path, problem);
	close(place);
	return result;
}

/* The directory of a program, where its libraries may be too; the program alone if it is in the root. */
static int allow_program(const struct rules *rules, const char *program, struct problem *problem)
{
	char path[PATH_MAX];
	char *slash;

	/* That it is missing is for exec to say. */
	if (realpath(program, path) == NULL)
		return 0;
	slash = strrchr(path, '/');
	if (slash != path)
		*slash = '\0';
	return allow_place(rules, path, PROGRAMS, problem);
}

static int allow_shared(const struct rules *rules, int shared, const struct plan_confine *confine,
			struct problem *problem)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	int place = (int)syscall(SYS_openat2, shared, confine->path, &how, sizeof how);
	int result;

	if (place < 0)
		return problem_errno(problem, "confine: " MOUNTS_SHARED "/%s", confine->path);
	result = allow(rules, place, confine->writable ? READS | CHANGES : READS, confine->path, problem);
	close(place);
	return result;
}

static int allow_all_shared(const struct rules *rules, const struct plan *plan, struct problem *problem)
{
	int shared = open(MOUNTS_SHARED, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result;

	if (shared < 0)
		return problem_errno(problem, "confine: " MOUNTS_SHARED);
	/* The guest opens the folder as a whole to flush it, and a rule holds for all that is below. */
	result = allow(rules, shared, LANDLOCK_ACCESS_FS_READ_DIR, MOUNTS_SHARED, problem);
	for (size_t i = 0; i < plan->confine_count && result == 0; i++)
		result = allow_shared(rules, shared, &plan->confines[i], problem);
	close(shared);
	return result;
}

int confine_virtiofsd(const struct plan *plan, struct problem *problem)
{
	struct rules rules;
	int result = open_rules(&rules, PROGRAMS | CHANGES, problem);

	if (result == CONFINE_NONE && plan->upper.parent)
		return problem_set(problem,
				   "upper: the kernel has no Landlock (ABI 2): the guest could read and change"
				   " whatever else comes to be in %s",
				   plan->upper.parent);
	if (result < 0)
		return result;
	result = allow_all_shared(&rules, plan, problem);
	for (size_t i = 0; i < sizeof places / sizeof places[0] && result == 0; i++)
		result = allow_place(&rules, places[i].path, places[i].access, problem);
	if (result == 0)
		result = allow_program(&rules, plan->virtiofsd[0], problem);
	if (result == 0)
		return rules.fd;
	close(rules.fd);
	return -1;
}

int confine_hypervisor(struct problem *problem)
{
	struct rules rules;
	int result = open_rules(&rules, CHANGES, problem);

	if (result < 0)
		return result;
	for (size_t i = 0; i < sizeof devices / sizeof devices[0] && result == 0; i++)
		result = allow_place(&rules, devices[i], LANDLOCK_ACCESS_FS_WRITE_FILE, problem);
	if (result == 0)
		return rules.fd;
	close(rules.fd);
	return -1;
}

int confine_allow_own_proc(int ruleset)
{
	struct landlock_path_beneath_attr rule = {
		.parent_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC),
		.allowed_access = READS,
	};
	int result;

	if (rule.parent_fd < 0)
		return -1;
	result = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
	return result;
}

int confine_self(int ruleset)
{
	return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

int confine_drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	/* A program that root executes gets what the bounding set holds. This needs a capability: first. */
	for (unsigned long capability = 0;; capability++) {
		int there = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);

		if (there < 0)
			break;
		if (there > 0 && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			return -1;
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_capset, &header, none);
}
