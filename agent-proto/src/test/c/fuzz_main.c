/* Runs the fuzz target over mutations of the vectors: <vectors> <rounds> [<seed>]. The same seed, the same inputs. */
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

#define LARGEST_INPUT (96u * 1024u)
#define LONGEST_CHAIN 4u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seed {
	uint8_t *bytes;
	size_t size;
	enum frame_direction direction;
};

static struct seed *seeds;
static size_t seed_count;
static uint64_t state;

static uint32_t random_below(uint32_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 16) % limit);
}

static void load(const char *path)
{
	FILE *file = fopen(path, "r");
	struct vector vector = { 0 };

	if (file == NULL) {
		perror(path);
		exit(2);
	}
	while (vector_next(file, &vector)) {
		if (vector.size > LARGEST_INPUT / LONGEST_CHAIN)
			continue;
		seeds = realloc(seeds, (seed_count + 1) * sizeof *seeds);
		if (seeds == NULL)
			abort();
		seeds[seed_count++] = (struct seed){ vector.bytes, vector.size, vector.direction };
		vector.bytes = NULL;
	}
	vector_free(&vector);
	fclose(file);
}

static void mutate(uint8_t *bytes, size_t size)
{
	static const uint8_t telling[] = { 0x00, 0x01, 0x02, 0x03, 0x0c, 0x10, 0x20, 0x40, 0x7f, 0x80, 0xfe, 0xff };
	size_t at = random_below((uint32_t)size);

	switch (random_below(3)) {
	case 0:
		bytes[at] ^= (uint8_t)(1u << random_below(8));
		break;
	case 1:
		bytes[at] = telling[random_below(sizeof telling)];
		break;
	default:
		bytes[at] = (uint8_t)random_below(256);
		break;
	}
}

int main(int argc, char **argv)
{
	static uint8_t input[LARGEST_INPUT];
	unsigned long rounds;

	if (argc < 3) {
		fprintf(stderr, "usage: %s frames.txt rounds [seed]\n", argv[0]);
		return 2;
	}
	load(argv[1]);
	rounds = strtoul(argv[2], NULL, 10);
	state = argc > 3 ? strtoull(argv[3], NULL, 10) : 0x9e3779b97f4a7c15u;
	for (unsigned long round = 0; round < rounds; round++) {
		size_t size = 1;

		/* some vectors one after the other, so that what follows a frame is reached too */
		for (uint32_t chain = 1 + random_below(LONGEST_CHAIN); chain > 0; chain--) {
			const struct seed *seed = &seeds[random_below((uint32_t)seed_count)];

			if (size == 1)
				input[0] = (uint8_t)((random_below(64) << 2) | seed->direction);
			memcpy(input + size, seed->bytes, seed->size);
			size += seed->size;
		}
		for (uint32_t count = random_below(4); count > 0; count--)
			mutate(input + 1, size - 1);
		if (random_below(4) == 0)
			size = 1 + random_below((uint32_t)size);
		LLVMFuzzerTestOneInput(input, size);
	}
	printf("%lu inputs\n", rounds);
	for (size_t i = 0; i < seed_count; i++)
		free(seeds[i].bytes);
	free(seeds);
	return 0;
}
