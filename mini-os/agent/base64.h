/* RFC 4648, section 4. */
#ifndef LIMPID_BASE64_H
#define LIMPID_BASE64_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The number of bytes, or -1: not base64 with its padding, or more than size. */
ssize_t base64_decode(const char *text, uint8_t *bytes, size_t size);

#endif
