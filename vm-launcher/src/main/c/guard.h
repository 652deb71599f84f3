/*
 * The mode, the owner and the extended attributes of a directory that a guest can reach but that is none of its business:
 * Landlock knows nothing of them. They are put back to what they were.
 */
#ifndef LIMPID_GUARD_H
#define LIMPID_GUARD_H

#include <sys/types.h>

#define GUARD_NAMES_MAX 4096u

struct guard {
	mode_t mode;
	uid_t owner;
	gid_t group;
	ssize_t size; /* of the names of the extended attributes; negative: they are not known, and not looked at */
	char names[GUARD_NAMES_MAX];
};

/* Remembers what the directory is. -1: errno. */
int guard_record(struct guard *guard, int directory);

/* Makes it that again where it differs; attributes that have come are removed. directory is open for reading. */
void guard_restore(const struct guard *guard, int directory);

#endif
