#include "base64.h"

#include <string.h>

static int digit(char character)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = character ? strchr(digits, character) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* How many of the last four characters are padding. */
static unsigned padding(const char *text, size_t length)
{
	if (length < 4 || text[length - 1] != '=')
		return 0;
	return text[length - 2] == '=' ? 2 : 1;
}

ssize_t base64_decode(const char *text, uint8_t *bytes, size_t size)
{
	size_t length = strlen(text);
	unsigned padded = padding(text, length);
	size_t count = length / 4 * 3 - padded;
	uint32_t bits = 0;
	unsigned have = 0;
	size_t at = 0;

	if (length % 4 != 0 || count > size)
		return -1;
	for (size_t i = 0; i < length - padded; i++) {
		int value = digit(text[i]);

		if (value < 0)
			return -1;
		bits = bits << 6 | (uint32_t)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			bytes[at++] = (uint8_t)(bits >> have & 0xff);
		}
	}
	/* what is left over is not data */
	return (bits & ((1u << have) - 1)) == 0 ? (ssize_t)count : -1;
}
