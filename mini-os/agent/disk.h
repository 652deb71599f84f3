/* Disks that the host has given to the guest, told apart by their serial numbers. */
#ifndef LIMPID_DISK_H
#define LIMPID_DISK_H

#include <stdbool.h>

/* Where the kernel shows them. Tests have another place. */
#ifndef DISKS_DIRECTORY
#define DISKS_DIRECTORY "/sys/block"
#endif

#define DISK_SERIAL_MAX 20 /* what virtio-blk has room for */

#define DISK_NAME_SIZE 32

/* By which a disk is known to the guest's kernel. */
struct disk_numbers {
	unsigned major, minor;
	char name[DISK_NAME_SIZE]; /* of its node in /dev */
};

/* Whether a mount's source is of the form `disk:<serial>`, and the serial of one that is. */
bool disk_named(const char *source);
const char *disk_serial(const char *source);

/* 1 to DISK_SERIAL_MAX letters, digits, `-`, `_` and `.`. */
bool disk_serial_valid(const char *serial);

/*
 * Looks once for the disk among those that the kernel shows in directory. 0, or -ENOENT:
 * not there (yet).
 */
int disk_find(const char *directory, const char *serial, struct disk_numbers *numbers);

#endif
