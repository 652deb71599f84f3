/* Image layers: pmem devices with an EROFS file system, found by the UUID in its superblock. */
#ifndef LIMPID_LAYER_H
#define LIMPID_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAYER_UUID_SIZE 16
#define LAYER_DEVICE_SIZE 280

/* True if a mount's source is `layer:…`. */
bool layer_named(const char *source);

/* The UUID in `layer:<uuid>`; false if it is none. uuid may be NULL. */
bool layer_uuid(const char *source, uint8_t uuid[LAYER_UUID_SIZE]);

/*
 * Looks once for the device with the UUID among the files in directory whose name begins with prefix. 0 with its
 * path; -ENOENT: not there, or not usable, yet.
 */
int layer_find(const char *directory, const char *prefix, const uint8_t uuid[LAYER_UUID_SIZE],
	       char device[LAYER_DEVICE_SIZE]);

#endif
