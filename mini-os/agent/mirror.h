/*
 * Makes one directory tree the same as another: the upper directory of an overlay as it is, with whiteouts, marks of
 * the overlay's own (trusted.overlay.*) and everything else that a file system keeps. Symbolic links are copied, never
 * followed. What is needed of memory depends on how deep the tree is, and on nothing else.
 */
#ifndef LIMPID_MIRROR_H
#define LIMPID_MIRROR_H

#include <stdbool.h>

#include "problem.h"

/* Directories within each other; a path of more can't be named. */
#define MIRROR_DEPTH_MAX 2048

/* All are descriptors of directories that are open for reading. Nobody else changes anything in the three. */
struct mirror {
	int source;
	int target;
	int aside; /* in the mount of target: where files are made before they get their place; emptied */
	/*
	 * A file that keeps, for the inodes of one of the two, what they and their counterparts were like when they were
	 * the same, so that they need not be copied once more. It holds only as long as the kernel runs that has given these
	 * inodes their times: after a crash an inode can be older than what is in its file. -1: there is none.
	 */
	int index;
	bool last; /* nobody will ask the index any more */
	bool index_of_target; /* which of the two; the file belongs to the agent's own kernel, and so do these inodes */
};

/* 0, or -1 with the problem filled: then the target is neither as it was nor as it is to be. */
int mirror_tree(const struct mirror *mirror, struct problem *problem);

/* The attributes of the directory itself alone: owner, mode, times, extended attributes. */
int mirror_attributes(int source, int target, struct problem *problem);

/* Removes all that is in a directory. */
int mirror_empty(int directory, struct problem *problem);

#endif
