#include "guard.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *next_name(const char *name)
{
	return name + strlen(name) + 1;
}

static int knows(const struct guard *guard, const char *name)
{
	for (const char *known = guard->names; known < guard->names + guard->size; known = next_name(known))
		if (strcmp(known, name) == 0)
			return 1;
	return 0;
}

int guard_record(struct guard *guard, int directory)
{
	struct stat status;

	if (fstat(directory, &status) < 0)
		return -1;
	guard->mode = status.st_mode & 07777;
	guard->owner = status.st_uid;
	guard->group = status.st_gid;
	guard->size = flistxattr(directory, guard->names, sizeof guard->names);
	return 0;
}

void guard_restore(const struct guard *guard, int directory)
{
	/* As many as there can be: what is not listed is not removed. */
	static char names[XATTR_LIST_MAX];
	struct stat status;
	ssize_t size;

	if (guard->size >= 0) {
		size = flistxattr(directory, names, sizeof names);
		for (const char *name = names; name < names + size; name = next_name(name))
			if (!knows(guard, name))
				fremovexattr(directory, name);
	}
	if (fstat(directory, &status) < 0)
		return;
	/* The owner first: that can change the mode. */
	if ((status.st_uid != guard->owner || status.st_gid != guard->group) &&
	    fchown(directory, guard->owner, guard->group) < 0)
		return;
	if ((fstat(directory, &status) == 0 && (status.st_mode & 07777) != guard->mode))
		fchmod(directory, guard->mode);
}
