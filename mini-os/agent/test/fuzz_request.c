/*
 * Fuzz target: any bytes as a request. With libFuzzer, or on its own over mutations of the requests below:
 * <rounds> [<seed>]; the same seed, the same inputs.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge_prepare(const struct prepare_request *prepare)
{
	assert(prepare->entropy_size >= ENTROPY_MIN && prepare->entropy_size <= ENTROPY_MAX);
	assert(prepare->clock.tv_nsec >= 0 && prepare->clock.tv_nsec < 1000000000);
	assert(prepare->mount_count <= MOUNTS_MAX && prepare->sync_count <= SYNC_MAX);
	for (size_t i = 0; i < prepare->mount_count; i++) {
		assert(path_valid(prepare->mounts[i].target));
		assert(strlen(prepare->mounts[i].data) <= MOUNT_DATA_MAX);
		if (prepare->mounts[i].flags & MOUNT_BIND)
			assert(path_valid(prepare->mounts[i].source));
	}
	if (prepare->upper.target) {
		assert(path_valid(prepare->upper.target) && path_valid(prepare->upper.source));
		assert(prepare->upper.aside == NULL ||
		       (path_valid(prepare->upper.aside) && !prepare->upper.attributes_alone));
	}
	for (size_t i = 0; i < prepare->sync_count; i++)
		assert(path_valid(prepare->sync[i]));
}

static void judge_disks(const struct disks_request *disks)
{
	assert(disks->count <= DISKS_MAX);
	for (size_t i = 0; i < disks->count; i++)
		assert(disk_serial_valid(disks->serials[i]));
}

static void judge_network(const struct network_request *network)
{
	assert(network->nic_count <= NIC_SLOT_MAX && network->sysctl_count <= SYSCTLS_MAX);
	assert(network->undo6 && network->undo && network->links && network->configuration && network->configuration6);
	for (size_t i = 0; i < network->nic_count; i++) {
		assert(network->nics[i].slot >= 1 && network->nics[i].slot <= NIC_SLOT_MAX);
		assert(nic_name_valid(network->nics[i].name));
		for (size_t j = 0; j < i; j++)
			assert(network->nics[i].slot != network->nics[j].slot);
	}
	for (size_t i = 0; i < network->sysctl_count; i++)
		assert(sysctl_valid(network->sysctls[i].name));
}

static void judge_scheduling(const struct scheduling *scheduling)
{
	assert(scheduling->policy <= 6 && scheduling->flags <= 0x7f && scheduling->priority <= 99);
	assert(scheduling->nice >= -20 && scheduling->nice <= 19);
	assert(!scheduling->io || (scheduling->io_class >= 1 && scheduling->io_class <= 3));
	assert(scheduling->io_priority >= 0 && scheduling->io_priority <= 7);
}

static void judge_create(const struct create_request *create)
{
	judge_scheduling(&create->scheduling);
	for (size_t i = 0; i < create->sysctl_count; i++)
		assert(sysctl_valid(create->sysctls[i].name) && strlen(create->sysctls[i].value) <= 4095);
	for (size_t i = 0; i < create->attribute_count; i++)
		assert(create->attributes[i].target[0] == '/' && create->attributes[i].flags != 0);
	assert(create->clocks.boottime.nanoseconds >= 0 && create->clocks.boottime.nanoseconds <= 999999999);
}

static void judge_exec(const struct exec_request *exec)
{
	assert(exec->oom_score >= -1000 && exec->oom_score <= 1000);
	assert(strchr(exec->process, '{') != NULL);
	judge_scheduling(&exec->scheduling);
	assert(exec->sized || (exec->size.ws_row == 0 && exec->size.ws_col == 0));
}

static void judge_update(const struct update_request *update)
{
	assert(strchr(update->resources, '{') != NULL);
	assert(strlen(update->resources) <= 64 * 1024);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request request;
	struct problem problem;

	problem.text[0] = '\0';
	if (request_parse(&request, data, size, &problem) < 0)
		assert(problem.text[0] != '\0');
	else if (request.method == METHOD_PREPARE)
		judge_prepare(&request.prepare);
	else if (request.method == METHOD_DISKS)
		judge_disks(&request.disks);
	else if (request.method == METHOD_KILL)
		assert(request.kill.signal >= 1 && request.kill.signal <= 64);
	else if (request.method == METHOD_CREATE)
		judge_create(&request.create);
	else if (request.method == METHOD_EXEC)
		judge_exec(&request.exec);
	else if (request.method == METHOD_UPDATE)
		judge_update(&request.update);
	else if (request.method == METHOD_NETWORK)
		judge_network(&request.network);
	request_free(&request);
	return 0;
}

#ifndef LIBFUZZER
static const char *const seeds[] = {
	"{\"method\":\"start\"}",
	"{\"method\":\"pause\"}",
	"{\"method\":\"resume\"}",
	"{\"method\":\"stats\"}",
	"{\"method\":\"disks\",\"serials\":[\"limpid-disk-0\",\"a_b.c\"]}",
	"{\"method\":\"update\",\"resources\":\"{\\\"memory\\\":{\\\"limit\\\":-1},\\\"pids\\\":{\\\"limit\\\":7}}\"}",
	"{\"method\":\"kill\",\"signal\":15,\"all\":true}",
	"{\"method\":\"network\",\"undo\":\"link del a\",\"nics\":[{\"slot\":1,\"name\":\"eth0\"},{\"slot\":2,\"name\":\"b\"}],"
	"\"links\":\"\",\"sysctls\":[{\"name\":\"net/x\",\"value\":\"1\"}],\"configuration\":\"a\\nb\",\"resolver\":true}",
	"{\"method\":\"exec\",\"rows\":24,\"columns\":80,"
	"\"process\":\"{\\\"terminal\\\":true,\\\"oomScoreAdj\\\":-17,\\\"args\\\":[\\\"\\\\u0041\\\"]}\"}",
	"{\"method\":\"create\",\"rows\":24,\"columns\":80,"
	"\"config\":\"{\\\"process\\\":{\\\"terminal\\\":true,\\\"args\\\":[\\\"\\\\u0041\\\"]}}\"}",
	"{\"method\":\"create\",\"config\":\"{}\",\"sysctls\":[{\"name\":\"vm/x\",\"value\":\"1\"}],"
	"\"mountAttributes\":[{\"target\":\"/a\",\"flags\":[\"shared\",\"rec\"]}],"
	"\"timeOffsets\":{\"monotonic\":{\"seconds\":1,\"nanoseconds\":0},"
	"\"boottime\":{\"seconds\":-1,\"nanoseconds\":0}},\"ioPriority\":{\"class\":1,\"priority\":0}}",
	"{\"method\":\"exec\",\"process\":\"{}\",\"scheduler\":{\"policy\":1,\"flags\":0,\"nice\":0,\"priority\":3,"
	"\"runtime\":0,\"deadline\":0,\"period\":0}}",
	"{\"method\":\"prepare\",\"clock\":{\"seconds\":1700000000,\"nanoseconds\":1},"
	"\"entropy\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\",\"sync\":[\"/run/limpid/a\"],"
	"\"mounts\":[{\"type\":\"erofs\",\"source\":\"layer:01234567-89ab-cdef-0123-456789abcdef\","
	"\"target\":\"/run/limpid/l/0\",\"flags\":[\"ro\"],\"data\":\"dax=always\"},"
	"{\"type\":\"bind\",\"source\":\"/run/limpid/s/x\",\"target\":\"/run/limpid/x\",\"flags\":[\"bind\",\"rec\"],"
	"\"data\":\"\"}]}",
	"{\"method\":\"prepare\",\"clock\":{\"seconds\":1,\"nanoseconds\":1},"
	"\"entropy\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\",\"sync\":[],"
	"\"mounts\":[{\"type\":\"ext4\",\"source\":\"disk:limpid-upper\",\"target\":\"/run/limpid/upper\"}],"
	"\"upper\":{\"target\":\"/run/limpid/upper\",\"source\":\"/run/limpid/s/d\",\"aside\":\"/run/limpid/s/a\"}}",
};

/* Put in somewhere: what a parser may stumble over. */
static const char *const pieces[] = {
	"\"", "\\", "\\u0000", "\\ud800", "{", "}", "[", "]", ",", ":", "null", "true", "-1", "1e999",
	"9223372036854775808", "0.5", "\"method\":", "/../", "//", "/*", "layer:", "\xff",
	"\xed\xa0\x80", "{\"a\":", "[[[[[[[[", " ",
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define LARGEST 4096u

static uint64_t state;

static uint32_t random_below(size_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 16) % limit);
}

static size_t mutate(char *text, size_t size)
{
	size_t at = random_below(size), count;
	const char *piece;

	switch (random_below(4)) {
	case 0:
		text[at] ^= (char)(1u << random_below(8));
		return size;
	case 1: /* out */
		count = 1 + random_below(size - at);
		if (count == size)
			return size;
		memmove(text + at, text + at + count, size - at - count);
		return size - count;
	case 2: /* in */
		piece = pieces[random_below(COUNT(pieces))];
		count = strlen(piece);
		if (size + count > LARGEST)
			return size;
		memmove(text + at + count, text + at, size - at);
		memcpy(text + at, piece, count);
		return size + count;
	default: /* in the place of others */
		piece = pieces[random_below(COUNT(pieces))];
		count = strlen(piece);
		if (at + count > size)
			return size;
		memcpy(text + at, piece, count);
		return size;
	}
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;

	state = argc > 2 ? strtoull(argv[2], NULL, 10) : 0x9e3779b97f4a7c15u;
	for (unsigned long round = 0; round < rounds; round++) {
		const char *seed = seeds[random_below(COUNT(seeds))];
		size_t size = strlen(seed);
		char *text = malloc(LARGEST), *exact;

		memcpy(text, seed, size);
		for (uint32_t count = random_below(4); count > 0; count--)
			size = mutate(text, size);
		/* of its exact size, so that reading beyond it is seen */
		exact = malloc(size);
		memcpy(exact, text, size);
		LLVMFuzzerTestOneInput((const uint8_t *)exact, size);
		free(exact);
		free(text);
	}
	printf("requests: %lu inputs\n", rounds);
	return 0;
}
#endif
