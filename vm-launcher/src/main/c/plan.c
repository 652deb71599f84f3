#include "plan.h"

#include <errno.h>
#include <limits.h>
#include <linux/oom.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "own_file.h"
#include "sockets.h"

#define ANY PLAN_FIELDS_MAX

/* What is left to read. */
struct bytes {
	const uint8_t *at;
	size_t size;
};

/* The fields of a record, the name of the directive first; NULL after the last. */
struct record {
	unsigned number; /* for messages, from 1 */
	char **fields;
	unsigned count;
};

static int wrong(struct problem *problem, const struct record *record, const char *what)
{
	return problem_set(problem, "plan: record %u (%.32s): %s", record->number, record->fields[0], what);
}

static bool take_number(struct bytes *bytes, uint32_t *number)
{
	if (bytes->size < 4)
		return false;
	*number = (uint32_t)bytes->at[0] | (uint32_t)bytes->at[1] << 8 | (uint32_t)bytes->at[2] << 16 |
		  (uint32_t)bytes->at[3] << 24;
	bytes->at += 4;
	bytes->size -= 4;
	return true;
}

static bool is_absolute(const char *path)
{
	return path[0] == '/' && strlen(path) < PATH_MAX;
}

/* Relative, with 1 to most components, none of them empty or made of dots alone. */
static bool is_name(const char *name, unsigned most)
{
	unsigned components = 0;

	for (;;) {
		size_t length = strcspn(name, "/");

		if (length == 0 || length > NAME_MAX || ++components > most)
			return false;
		if ((length == 1 && name[0] == '.') || (length == 2 && name[0] == '.' && name[1] == '.'))
			return false;
		if (name[length] == '\0')
			return true;
		name += length + 1;
	}
}

/* Room for one more element of size bytes in an array of count; NULL: no memory. Doubles when it is full. */
static void *grow(void *array, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return array;
	return reallocarray(array, count ? 2 * count : 1, size);
}

static int set_directory(struct plan *plan, const struct record *record, struct problem *problem)
{
	if (!is_absolute(record->fields[1]))
		return wrong(problem, record, "the path is not absolute");
	plan->directory = record->fields[1];
	return 0;
}

static int set_verb(struct plan *plan, const struct record *record, struct problem *problem)
{
	if (!is_name(record->fields[1], 1))
		return wrong(problem, record, "not the name of a socket in the directory");
	plan->verb = record->fields[1];
	return 0;
}

static int set_sandbox(struct plan *plan, const struct record *record, struct problem *problem)
{
	if (!is_absolute(record->fields[1]))
		return wrong(problem, record, "the path is not absolute");
	plan->sandbox = record->fields[1];
	return 0;
}

static int set_network(struct plan *plan, const struct record *record, struct problem *problem)
{
	if (strcmp(record->fields[1], "new") == 0 && record->count == 2) {
		plan->network = PLAN_NETWORK_NEW;
	} else if (strcmp(record->fields[1], "join") == 0 && record->count == 3) {
		if (!is_absolute(record->fields[2]))
			return wrong(problem, record, "the path is not absolute");
		plan->network = PLAN_NETWORK_JOIN;
		plan->network_path = record->fields[2];
	} else {
		return wrong(problem, record, "neither `new` nor `join` and a path");
	}
	return 0;
}

static int set_share(struct plan *plan, const struct record *record, struct problem *problem)
{
	if (strcmp(record->fields[1], "shared") != 0)
		return wrong(problem, record, "the name is not `shared`");
	plan->share = true;
	return 0;
}

/* Takes a word off the front of a list. */
static bool take_word(const char **words, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*words, word, length) != 0 || ((*words)[length] != '\0' && (*words)[length] != ','))
		return false;
	*words += length + ((*words)[length] == ',');
	return true;
}

static bool parse_bind_flags(const char *flags, struct plan_bind *bind, bool *mapped)
{
	bind->recursive = take_word(&flags, "rbind");
	if (!bind->recursive && !take_word(&flags, "bind"))
		return false;
	bind->read_only = take_word(&flags, "ro");
	bind->follows = take_word(&flags, "slave");
	bind->map_below = take_word(&flags, "ridmap");
	*mapped = bind->map_below || take_word(&flags, "idmap");
	return *flags == '\0' && flags[-1] != ',';
}

/* Numbers, which the kernel judges. */
static bool is_map(const char *map)
{
	size_t length = strspn(map, "0123456789 \n");

	return length > 0 && length <= PLAN_MAP_SIZE_MAX && map[length] == '\0';
}

static int set_bind(struct plan *plan, const struct record *record, struct problem *problem)
{
	struct plan_bind bind = { .source = record->fields[1], .name = record->fields[2] };
	struct plan_bind *more;
	bool mapped;

	if (!is_absolute(bind.source))
		return wrong(problem, record, "the source is not absolute");
	if (!is_name(bind.name, 2))
		return wrong(problem, record, "the name is not one or two path components");
	if (!parse_bind_flags(record->fields[3], &bind, &mapped))
		return wrong(problem, record,
			     "the flags are not `rbind` or `bind`, then `ro`, `slave`, and `idmap` or `ridmap`");
	if (record->count != (mapped ? 6 : 4))
		return wrong(problem, record, "wrong number of fields");
	if (mapped) {
		bind.users = record->fields[4];
		bind.groups = record->fields[5];
		if (!is_map(bind.users) || !is_map(bind.groups))
			return wrong(problem, record, "not a map of ids");
	}
	more = grow(plan->binds, plan->bind_count, sizeof *more);
	if (more == NULL)
		return wrong(problem, record, "out of memory");
	plan->binds = more;
	plan->binds[plan->bind_count++] = bind;
	return 0;
}

static int set_upper(struct plan *plan, const struct record *record, struct problem *problem)
{
	struct plan_upper upper = {
		.parent = record->fields[1],
		.upper = record->fields[2],
		.work = record->fields[3],
		.name = record->fields[4],
	};

	if (!is_absolute(upper.parent))
		return wrong(problem, record, "the parent is not absolute");
	if (!is_name(upper.upper, 1) || !is_name(upper.work, 1) || strcmp(upper.upper, upper.work) == 0)
		return wrong(problem, record, "upper and work are not the names of two directories");
	if (!is_name(upper.name, 2))
		return wrong(problem, record, "the name is not one or two path components");
	plan->upper = upper;
	return 0;
}

static int set_root(struct plan *plan, const struct record *record, struct problem *problem)
{
	if (!is_absolute(record->fields[1]))
		return wrong(problem, record, "the path is not absolute");
	plan->root = record->fields[1];
	return 0;
}

static int set_merged(struct plan *plan, const struct record *record, struct problem *problem)
{
	if (!is_absolute(record->fields[1]))
		return wrong(problem, record, "the path is not absolute");
	plan->merged = record->fields[1];
	return 0;
}

static int set_confine(struct plan *plan, const struct record *record, struct problem *problem)
{
	struct plan_confine confine = { .path = record->fields[1] };
	struct plan_confine *more;

	if (!is_name(confine.path, PATH_MAX) || strlen(confine.path) >= PATH_MAX)
		return wrong(problem, record, "the path is not one below `shared`");
	if (strcmp(record->fields[2], "rw") == 0)
		confine.writable = true;
	else if (strcmp(record->fields[2], "ro") != 0)
		return wrong(problem, record, "neither `rw` nor `ro`");
	more = grow(plan->confines, plan->confine_count, sizeof *more);
	if (more == NULL)
		return wrong(problem, record, "out of memory");
	plan->confines = more;
	plan->confines[plan->confine_count++] = confine;
	return 0;
}

/* `8:16`: decimal digits, a colon and digits, as the kernel writes them. */
static bool take_numbers(const char *text, struct plan_disk *disk)
{
	char again[32];

	if (sscanf(text, "%9u:%9u", &disk->major, &disk->minor) != 2)
		return false;
	snprintf(again, sizeof again, "%u:%u", disk->major, disk->minor);
	return strcmp(text, again) == 0;
}

static int set_disk(struct plan *plan, const struct record *record, struct problem *problem)
{
	struct plan_disk disk = { .path = record->fields[1] };

	if (!is_absolute(disk.path))
		return wrong(problem, record, "the path is not absolute");
	if (!take_numbers(record->fields[2], &disk))
		return wrong(problem, record, "not two numbers with a colon between them");
	if (strcmp(record->fields[3], "rw") == 0)
		disk.writable = true;
	else if (strcmp(record->fields[3], "ro") != 0)
		return wrong(problem, record, "neither `rw` nor `ro`");
	if (plan->disk_count == PLAN_DISKS_MAX)
		return wrong(problem, record, "more disks than there is room for");
	plan->disks[plan->disk_count++] = disk;
	return 0;
}

static int set_file(struct plan *plan, const struct record *record, struct problem *problem)
{
	if (!is_absolute(record->fields[1]))
		return wrong(problem, record, "the path is not absolute");
	plan->file = record->fields[1];
	return 0;
}

/* In decimal, as the kernel writes numbers: there is one way to write each. */
static bool take_size(const char *text, uint64_t *size)
{
	char again[32];

	*size = strtoull(text, NULL, 10);
	snprintf(again, sizeof again, "%ju", (uintmax_t)*size);
	return strcmp(text, again) == 0 && *size % PLAN_MEMORY_PAGE == 0 && *size >= PLAN_MEMORY_PAGE &&
	       *size <= PLAN_MEMORY_SIZE_MAX;
}

static int set_memory(struct plan *plan, const struct record *record, struct problem *problem)
{
	struct plan_memory memory = { .path = record->count == 3 ? record->fields[2] : NULL };

	if (!take_size(record->fields[1], &memory.size))
		return wrong(problem, record, "not a size in bytes: whole pages of 4096, and 2^40 at most");
	if (memory.path && !is_absolute(memory.path))
		return wrong(problem, record, "the path is not absolute");
	plan->memory = memory;
	return 0;
}

static int set_state(struct plan *plan, const struct record *record, struct problem *problem)
{
	if (!is_absolute(record->fields[1]))
		return wrong(problem, record, "the path is not absolute");
	plan->state = record->fields[1];
	return 0;
}

static int set_socket(struct plan *plan, const struct record *record, struct problem *problem)
{
	if (!is_absolute(record->fields[1]))
		return wrong(problem, record, "the path is not absolute");
	if (plan->socket_count == PLAN_SOCKETS_MAX)
		return wrong(problem, record, "more sockets than there is room for");
	plan->sockets[plan->socket_count++] = record->fields[1];
	return 0;
}

static int set_program(char ***program, const struct record *record, struct problem *problem)
{
	if (!is_absolute(record->fields[1]))
		return wrong(problem, record, "the path of the program is not absolute");
	*program = record->fields + 1;
	return 0;
}

static int set_virtiofsd(struct plan *plan, const struct record *record, struct problem *problem)
{
	return set_program(&plan->virtiofsd, record, problem);
}

static int set_passt(struct plan *plan, const struct record *record, struct problem *problem)
{
	return set_program(&plan->passt, record, problem);
}

static int set_hypervisor(struct plan *plan, const struct record *record, struct problem *problem)
{
	return set_program(&plan->hypervisor, record, problem);
}

static int set_refresh(struct plan *plan, const struct record *record, struct problem *problem)
{
	return set_program(&plan->refresh, record, problem);
}

static int set_terminal(struct plan *plan, const struct record *record, struct problem *problem)
{
	const char *how = record->fields[1];

	if (strcmp(how, "none") == 0 && record->count == 2) {
		plan->terminal = PLAN_TERMINAL_NONE;
	} else if (strcmp(how, "inherit") == 0 && record->count == 2) {
		plan->terminal = PLAN_TERMINAL_INHERIT;
	} else if (strcmp(how, "socket") == 0 && record->count == 3) {
		if (record->fields[2][0] == '\0')
			return wrong(problem, record, "the path of the socket is empty");
		plan->terminal = PLAN_TERMINAL_SOCKET;
		plan->console_socket = record->fields[2];
	} else {
		return wrong(problem, record, "not `none`, `inherit`, or `socket` and a path");
	}
	return 0;
}

static int set_log(struct plan *plan, const struct record *record, struct problem *problem)
{
	if (!is_absolute(record->fields[1]))
		return wrong(problem, record, "the path is not absolute");
	if (strcmp(record->fields[2], "json") == 0)
		plan->log_json = true;
	else if (strcmp(record->fields[2], "text") != 0)
		return wrong(problem, record, "the format is neither `text` nor `json`");
	plan->log_path = record->fields[1];
	return 0;
}

static int set_cgroup(struct plan *plan, const struct record *record, struct problem *problem)
{
	const char **more;

	if (!is_absolute(record->fields[1]))
		return wrong(problem, record, "the path is not absolute");
	more = grow(plan->cgroups, plan->cgroup_count, sizeof *more);
	if (more == NULL)
		return wrong(problem, record, "out of memory");
	plan->cgroups = more;
	plan->cgroups[plan->cgroup_count++] = record->fields[1];
	return 0;
}

static int set_oom_score(struct plan *plan, const struct record *record, struct problem *problem)
{
	const char *text = record->fields[1];
	char *end;
	long score = strtol(text, &end, 10);

	if (text[0] == '\0' || *end != '\0' || score < OOM_SCORE_ADJ_MIN || score > OOM_SCORE_ADJ_MAX)
		return wrong(problem, record, "not a number from -1000 to 1000");
	plan->oom_adjusted = true;
	plan->oom_score_adj = (int)score;
	return 0;
}

static int set_detached(struct plan *plan, const struct record *record, struct problem *problem)
{
	(void)record;
	(void)problem;
	plan->detached = true;
	return 0;
}

#define RUN (1u << PLAN_RUN)
#define JOIN (1u << PLAN_JOIN)
#define ALL (RUN | JOIN | 1u << PLAN_EXEC)

static const struct directive {
	const char *name;
	unsigned least, most; /* fields, the name included */
	bool repeats;
	unsigned kinds; /* the plans that it may be in, a bit each */
	int (*set)(struct plan *plan, const struct record *record, struct problem *problem);
} directives[] = {
	{ "directory", 2, 2, false, ALL, set_directory },
	{ "verb", 2, 2, false, ALL, set_verb },
	{ "sandbox", 2, 2, false, JOIN, set_sandbox },
	{ "cgroup", 2, 2, true, ALL, set_cgroup },
	{ "oom-score-adj", 2, 2, false, RUN | JOIN, set_oom_score },
	{ "network", 2, 3, false, RUN | JOIN, set_network },
	{ "share", 2, 2, false, RUN | JOIN, set_share },
	{ "bind", 4, 6, true, RUN | JOIN, set_bind },
	{ "upper", 5, 5, false, RUN | JOIN, set_upper },
	{ "merged", 2, 2, false, RUN, set_merged },
	{ "root", 2, 2, false, RUN | JOIN, set_root },
	{ "confine", 3, 3, true, RUN | JOIN, set_confine },
	{ "disk", 4, 4, true, RUN, set_disk },
	{ "file", 2, 2, false, RUN, set_file },
	{ "memory", 2, 3, false, RUN, set_memory },
	{ "state", 2, 2, false, RUN, set_state },
	{ "socket", 2, 2, true, RUN | JOIN, set_socket },
	{ "virtiofsd", 2, ANY, false, RUN | JOIN, set_virtiofsd },
	{ "passt", 2, ANY, false, RUN, set_passt },
	{ "hypervisor", 2, ANY, false, RUN, set_hypervisor },
	{ "refresh", 2, ANY, false, RUN, set_refresh },
	{ "detached", 1, 1, false, ALL, set_detached },
	{ "terminal", 2, 3, false, ALL, set_terminal },
	{ "log", 3, 3, false, ALL, set_log },
};

#define DIRECTIVES (sizeof directives / sizeof directives[0])

static const char *const not_in[] = {
	[PLAN_RUN] = "not in the plan of `run`",
	[PLAN_JOIN] = "not in the plan of `join`",
	[PLAN_EXEC] = "not in the plan of `exec`",
};

static int obey(struct plan *plan, enum plan_kind kind, const struct record *record, unsigned *seen,
		struct problem *problem)
{
	for (unsigned i = 0; i < DIRECTIVES; i++) {
		const struct directive *directive = &directives[i];

		if (strcmp(record->fields[0], directive->name) != 0)
			continue;
		if (!(directive->kinds & 1u << kind))
			return wrong(problem, record, not_in[kind]);
		if (record->count < directive->least || record->count > directive->most)
			return wrong(problem, record, "wrong number of fields");
		if (!directive->repeats && (*seen & 1u << i))
			return wrong(problem, record, "comes twice");
		*seen |= 1u << i;
		return directive->set(plan, record, problem);
	}
	return problem_set(problem, "plan: record %u: unknown directive", record->number);
}

static int check_whole(const struct plan *plan, enum plan_kind kind, struct problem *problem)
{
	if (plan->directory == NULL)
		return problem_set(problem, "plan: there is no directory");
	if (kind == PLAN_EXEC)
		return plan->verb ? 0 : problem_set(problem, "plan: there is no verb");
	if (kind == PLAN_RUN && plan->hypervisor == NULL)
		return problem_set(problem, "plan: there is no hypervisor");
	if (kind == PLAN_JOIN && (plan->sandbox == NULL || plan->virtiofsd == NULL))
		return problem_set(problem, "plan: there is no sandbox, or no virtiofsd");
	if (!plan->share && (plan->bind_count > 0 || plan->upper.parent || plan->root || plan->confine_count > 0))
		return problem_set(problem, "plan: bind, upper, root or confine without share");
	/* A device knows what it has left in the memory, and the other way round. */
	if ((plan->memory.path == NULL) != (plan->state == NULL))
		return problem_set(problem, "plan: memory of a template without state, or state without it");
	return 0;
}

/*
 * A field takes 4 + length bytes of the file and length + 1 of text; a record 4 bytes and one more pointer
 * than it has fields. So neither text nor fields can need more than what plan_parse has allocated.
 */
static int take_record(struct bytes *bytes, struct record *record, char **text, struct problem *problem)
{
	uint32_t count;

	if (!take_number(bytes, &count))
		return problem_set(problem, "plan: record %u is cut off", record->number);
	if (count < 1 || count > PLAN_FIELDS_MAX)
		return problem_set(problem, "plan: record %u has %u fields", record->number, count);
	for (record->count = 0; record->count < count; record->count++) {
		uint32_t length;

		if (!take_number(bytes, &length))
			return problem_set(problem, "plan: record %u is cut off", record->number);
		if (length > PLAN_FIELD_SIZE_MAX)
			return problem_set(problem, "plan: record %u has a field of %u bytes", record->number,
					   length);
		if (length > bytes->size)
			return problem_set(problem, "plan: record %u is cut off", record->number);
		if (memchr(bytes->at, 0, length) != NULL)
			return problem_set(problem, "plan: record %u has a NUL in a field", record->number);
		record->fields[record->count] = *text;
		memcpy(*text, bytes->at, length);
		(*text)[length] = '\0';
		*text += length + 1;
		bytes->at += length;
		bytes->size -= length;
	}
	record->fields[count] = NULL;
	return 0;
}

int plan_parse(struct plan *plan, enum plan_kind kind, const void *bytes, size_t size, struct problem *problem)
{
	struct bytes left = { .at = bytes, .size = size };
	struct record record = { 0 };
	unsigned seen = 0;
	char *text;

	*plan = (struct plan){ .verb = kind == PLAN_EXEC ? NULL : SOCKET_CREATE };
	if (size == 0 || size > PLAN_SIZE_MAX)
		return problem_set(problem, "plan: %zu bytes, not 1 to %u", size, PLAN_SIZE_MAX);
	plan->text = text = malloc(size);
	plan->fields = record.fields = calloc(size / 4 + 1, sizeof *plan->fields);
	if (plan->text == NULL || plan->fields == NULL)
		return problem_set(problem, "plan: out of memory");
	while (left.size > 0) {
		record.number++;
		if (take_record(&left, &record, &text, problem) < 0)
			return -1;
		if (obey(plan, kind, &record, &seen, problem) < 0)
			return -1;
		record.fields += record.count + 1;
	}
	return check_whole(plan, kind, problem);
}

/* As much of the file as there is, up to size; -1 and errno. */
static ssize_t read_all(int fd, char *buffer, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t count = read(fd, buffer + have, size - have);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -1;
		if (count == 0)
			break;
		have += (size_t)count;
	}
	return (ssize_t)have;
}

int plan_read(struct plan *plan, enum plan_kind kind, const char *path, struct problem *problem)
{
	int fd = own_file_open("plan", path, problem);
	char *buffer = NULL;
	ssize_t size;
	int result = -1;

	*plan = (struct plan){ 0 };
	if (fd < 0)
		return -1;
	buffer = malloc(PLAN_SIZE_MAX + 1);
	if (buffer == NULL) {
		problem_set(problem, "plan: %s: out of memory", path);
		goto done;
	}
	size = read_all(fd, buffer, PLAN_SIZE_MAX + 1);
	if (size < 0 || unlink(path) < 0) {
		problem_errno(problem, "plan: %s", path);
		goto done;
	}
	result = plan_parse(plan, kind, buffer, (size_t)size, problem);
done:
	free(buffer);
	close(fd);
	return result;
}

void plan_free(struct plan *plan)
{
	free(plan->binds);
	free(plan->confines);
	free(plan->cgroups);
	free(plan->text);
	free(plan->fields);
	*plan = (struct plan){ 0 };
}
