/* Disks that the host has given to the guest, told apart by their serial numbers. */
#ifndef LIMPID_DISK_H
#define LIMPID_DISK_H

#include <stdbool.h>

#define DISK_SERIAL_MAX 20 /* what virtio-blk has room for */

/* By which a disk is known to the guest's kernel. */
struct disk_numbers {
	unsigned major, minor;
};

/* 1 to DISK_SERIAL_MAX letters, digits, `-`, `_` and `.`. */
bool disk_serial_valid(const char *serial);

/*
 * Looks once for the disk among those that the kernel shows in directory, as it does in /sys/block. 0, or -ENOENT:
 * not there (yet).
 */
int disk_find(const char *directory, const char *serial, struct disk_numbers *numbers);

#endif
