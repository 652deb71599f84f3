#include "acl.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "say.h"

#define VERSION 2
#define ENTRIES_MAX 16
#define NO_ID 0xffffffffu

enum tag { USER_OBJ = 1, USER = 2, GROUP_OBJ = 4, GROUP = 8, MASK = 16, OTHER = 32 };

struct entry {
	uint16_t tag;
	uint16_t permissions;
	uint32_t id;
};

struct list {
	uint32_t version;
	struct entry entries[ENTRIES_MAX];
};

static uint16_t tag_of(char letter, int has_id)
{
	switch (letter) {
	case 'u': return has_id ? USER : USER_OBJ;
	case 'g': return has_id ? GROUP : GROUP_OBJ;
	case 'm': return MASK;
	default: return OTHER;
	}
}

int acl_set(const char *path, const char *kind, const char *text)
{
	struct list list = { htole32(VERSION), { { 0, 0, 0 } } };
	size_t count = 0;

	while (*text != '\0' && count < ENTRIES_MAX) {
		struct entry *entry = &list.entries[count++];
		char letter = *text++;
		char *end;
		unsigned long id = strtoul(text, &end, 10);
		unsigned permissions = 0;

		entry->tag = htole16(tag_of(letter, end != text));
		entry->id = htole32(end != text ? (uint32_t)id : NO_ID);
		for (text = end + 1; *text != '\0' && *text != ','; text++)
			permissions |= *text == 'r' ? 4u : *text == 'w' ? 2u : 1u;
		entry->permissions = htole16((uint16_t)permissions);
		if (*text == ',')
			text++;
	}
	return setxattr(path, kind, &list, sizeof list.version + count * sizeof list.entries[0], 0);
}

void acl_say(const char *path, const char *kind)
{
	struct list list;
	char text[256] = "";
	size_t length = 0;
	ssize_t size = getxattr(path, kind, &list, sizeof list);

	if (size < 0) {
		say("%s %s: %s", path, kind + sizeof "system.posix_acl_" - 1, errno_name(errno));
		return;
	}
	for (size_t i = 0; sizeof list.version + (i + 1) * sizeof list.entries[0] <= (size_t)size; i++) {
		const struct entry *entry = &list.entries[i];
		unsigned permissions = le16toh(entry->permissions);
		char letter = "ugmo"[entry->tag <= USER ? 0 : entry->tag <= GROUP ? 1 : entry->tag == MASK ? 2 : 3];

		length += (size_t)snprintf(text + length, sizeof text - length, "%s%c", i ? "," : "", letter);
		if (entry->tag == USER || entry->tag == GROUP)
			length += (size_t)snprintf(text + length, sizeof text - length, "%u", le32toh(entry->id));
		length += (size_t)snprintf(text + length, sizeof text - length, ":%s%s%s", permissions & 4 ? "r" : "",
					   permissions & 2 ? "w" : "", permissions & 1 ? "x" : "");
	}
	say("%s %s: %s", path, kind + sizeof "system.posix_acl_" - 1, text);
}
