#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mounts.h"

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

/* REFER came with 2: without it nothing could be renamed into another directory. */
#define VERSION_LEAST 2
#define VERSION_TRUNCATE 3

#define FILE_CHANGES (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)
#define CHANGES                                                                                         \
	(FILE_CHANGES | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                \
	 LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |     \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |  \
	 LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER)

static int allow(int ruleset, int shared, const struct plan_confine *confine, unsigned long long changes,
		 struct problem *problem)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	struct landlock_path_beneath_attr rule = {
		.parent_fd = (int)syscall(SYS_openat2, shared, confine->path, &how, sizeof how),
	};
	struct stat status;
	int result = -1;

	if (rule.parent_fd < 0 || fstat(rule.parent_fd, &status) < 0) {
		problem_errno(problem, "confine: " MOUNTS_SHARED "/%s", confine->path);
		goto done;
	}
	rule.allowed_access = S_ISDIR(status.st_mode) ? changes : changes & FILE_CHANGES;
	/* What nothing is said about may be read only. */
	if (confine->writable &&
	    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0) {
		problem_errno(problem, "confine: " MOUNTS_SHARED "/%s: landlock", confine->path);
		goto done;
	}
	result = 0;
done:
	if (rule.parent_fd >= 0)
		close(rule.parent_fd);
	return result;
}

int confine_make(const struct plan *plan, struct problem *problem)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset_attr attr = { .handled_access_fs = CHANGES };
	int ruleset = -1, shared = -1;
	int result = -1;

	if (version < VERSION_LEAST)
		return CONFINE_NONE;
	if (version < VERSION_TRUNCATE)
		attr.handled_access_fs &= ~LANDLOCK_ACCESS_FS_TRUNCATE;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	if (ruleset < 0) {
		problem_errno(problem, "confine: landlock");
		goto done;
	}
	shared = open(MOUNTS_SHARED, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (shared < 0) {
		problem_errno(problem, "confine: " MOUNTS_SHARED);
		goto done;
	}
	for (size_t i = 0; i < plan->confine_count; i++)
		if (allow(ruleset, shared, &plan->confines[i], attr.handled_access_fs, problem) < 0)
			goto done;
	result = ruleset;
	ruleset = -1;
done:
	if (shared >= 0)
		close(shared);
	if (ruleset >= 0)
		close(ruleset);
	return result;
}

int confine_self(int ruleset)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}
