#include "vectors.h"

#include <stdlib.h>
#include <string.h>

#define LARGEST (16u * 1024u * 1024u)

static _Noreturn void malformed(const struct vector *vector, const char *why)
{
	fprintf(stderr, "frames.txt:%u: %s\n", vector->line, why);
	exit(2);
}

static enum frame_direction direction_of(const struct vector *vector, const char *word)
{
	static const char *const names[] = {
		[FRAME_TO_AGENT] = "to-agent",
		[FRAME_FROM_AGENT] = "from-agent",
		[FRAME_TO_SHIM] = "to-shim",
		[FRAME_FROM_SHIM] = "from-shim",
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(word, names[i]) == 0)
			return (enum frame_direction)i;
	malformed(vector, "no such direction");
}

static uint8_t *grow(struct vector *vector, size_t size)
{
	uint8_t *bytes;

	if (size > LARGEST - vector->size)
		malformed(vector, "too long");
	bytes = realloc(vector->bytes, vector->size + size + 1);
	if (bytes == NULL)
		malformed(vector, "no memory");
	vector->bytes = bytes;
	vector->size += size;
	return bytes + vector->size - size;
}

static void add_word(struct vector *vector, const char *word)
{
	size_t digits = strspn(word, "0123456789abcdefABCDEF");
	char *end;
	unsigned long count;

	if (digits == 2 && word[2] == '*') {
		count = strtoul(word + 3, &end, 10);
		if (*end != '\0' || count == 0 || count > LARGEST)
			malformed(vector, "bad repetition");
		memset(grow(vector, count), (int)strtoul(word, NULL, 16), count);
		return;
	}
	if (word[digits] != '\0' || digits % 2 != 0)
		malformed(vector, "bad hexadecimal");
	for (size_t i = 0; i < digits; i += 2) {
		char pair[3] = { word[i], word[i + 1], '\0' };

		*grow(vector, 1) = (uint8_t)strtoul(pair, NULL, 16);
	}
}

int vector_next(FILE *file, struct vector *vector)
{
	char line[4096];

	while (fgets(line, sizeof line, file)) {
		char *comment = strchr(line, '#');
		char *word, *rest = NULL;

		vector->line++;
		vector->size = 0;
		if (comment)
			*comment = '\0';
		word = strtok_r(line, " \t\r\n", &rest);
		if (word == NULL)
			continue;
		vector->direction = direction_of(vector, word);
		word = strtok_r(NULL, " \t\r\n", &rest);
		if (word == NULL || strlen(word) >= sizeof vector->verdict)
			malformed(vector, "no verdict");
		strcpy(vector->verdict, word);
		while ((word = strtok_r(NULL, " \t\r\n", &rest)) != NULL)
			add_word(vector, word);
		return 1;
	}
	return 0;
}

void vector_free(struct vector *vector)
{
	free(vector->bytes);
	*vector = (struct vector){ 0 };
}
