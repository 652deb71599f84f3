#include "request.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "disk.h"
#include "json.h"
#include "layer.h"
#include "path.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define CLOCK_MOST 0x3ffffffffLL /* the year 2514 */
#define CONFIG_MOST (8 * 1024 * 1024)
#define PROCESS_MOST (1024 * 1024)
#define RESOURCES_MOST (64 * 1024)
#define IP_TEXT_MOST (256 * 1024)
#define OOM_SCORE_MOST 1000
#define TYPE_MOST 63
#define CREATION_COMMON 9
#define CREATION_MEMBERS (CREATION_COMMON + 4)
#define SYSCTL_VALUE_MOST 4095
#define SCHED_POLICY_MOST 6
#define SCHED_FLAGS_MOST 0x7f
#define SOCKET_MODE_MOST 0777
#define ID_MOST 0xfffffffeLL
#define PATH_SIZE 48 /* of a place in the request, for messages */

/* What requests about any container have. */
struct subject {
	const char *method;
	long long container;
};

#define SUBJECT(subject)                                  \
	{ "method", JSON_TEXT, true, &(subject)->method, 0, 64 }, \
	{                                                         \
		"container", JSON_NUMBER, false, &(subject)->container, 0, CONTAINERS_MAX - 1 \
	}

static int parse_clock(yajl_val object, struct timespec *clock, struct problem *problem)
{
	long long seconds, nanoseconds;
	const struct json_member members[] = {
		{ "seconds", JSON_NUMBER, true, &seconds, 0, CLOCK_MOST },
		{ "nanoseconds", JSON_NUMBER, true, &nanoseconds, 0, 999999999 },
	};

	if (json_members("clock.", object, members, COUNT(members), problem) < 0)
		return -1;
	*clock = (struct timespec){ .tv_sec = seconds, .tv_nsec = nanoseconds };
	return 0;
}

struct word {
	const char *name;
	unsigned bit;
};

static const struct word mount_words[] = {
	{ "ro", MOUNT_RO },
	{ "nosuid", MOUNT_NOSUID },
	{ "nodev", MOUNT_NODEV },
	{ "noexec", MOUNT_NOEXEC },
	{ "relatime", MOUNT_RELATIME },
	{ "noatime", MOUNT_NOATIME },
	{ "bind", MOUNT_BIND },
	{ "rec", MOUNT_REC },
};

static const struct word attribute_words[] = {
	{ "nosymfollow", ATTRIBUTE_NOSYMFOLLOW },
	{ "private", ATTRIBUTE_PRIVATE },
	{ "shared", ATTRIBUTE_SHARED },
	{ "slave", ATTRIBUTE_SLAVE },
	{ "unbindable", ATTRIBUTE_UNBINDABLE },
	{ "rec", ATTRIBUTE_REC },
};

static int parse_flags(const char *path, yajl_val array, const struct word *known, size_t count, unsigned *flags,
		       struct problem *problem)
{
	for (size_t i = 0; i < YAJL_GET_ARRAY(array)->len; i++) {
		const char *name = YAJL_GET_STRING(YAJL_GET_ARRAY(array)->values[i]);
		size_t at = 0;

		if (name == NULL)
			return problem_set(problem, FAILURE_INVALID, "%sflags: strings expected", path);
		while (at < count && strcmp(known[at].name, name) != 0)
			at++;
		if (at == count)
			return problem_set(problem, FAILURE_INVALID, "%sflags: `%.32s` unknown", path, name);
		*flags |= known[at].bit;
	}
	return 0;
}

static int judge_mount(const char *path, const struct mount_request *mount, struct problem *problem)
{
	if (!path_valid(mount->target))
		return problem_set(problem, FAILURE_INVALID, "%starget: not a plain path below " PATH_BASE, path);
	if ((mount->flags & MOUNT_REC) && !(mount->flags & MOUNT_BIND))
		return problem_set(problem, FAILURE_INVALID, "%sflags: `rec` without `bind`", path);
	if ((mount->flags & MOUNT_RELATIME) && (mount->flags & MOUNT_NOATIME))
		return problem_set(problem, FAILURE_INVALID, "%sflags: `relatime` and `noatime`", path);
	if ((mount->flags & MOUNT_BIND) && !path_valid(mount->source))
		return problem_set(problem, FAILURE_INVALID, "%ssource: not a plain path below " PATH_BASE, path);
	if ((mount->flags & MOUNT_BIND) && mount->data[0])
		return problem_set(problem, FAILURE_INVALID, "%sdata: a bind has none", path);
	if (layer_named(mount->source) && !layer_uuid(mount->source, NULL))
		return problem_set(problem, FAILURE_INVALID, "%ssource: not a UUID", path);
	if (disk_named(mount->source) && !disk_serial_valid(disk_serial(mount->source)))
		return problem_set(problem, FAILURE_INVALID, "%ssource: not a serial number", path);
	return 0;
}

static int parse_mount(const char *path, yajl_val object, struct mount_request *mount, struct problem *problem)
{
	yajl_val flags = NULL;
	const struct json_member members[] = {
		{ "type", JSON_TEXT, true, &mount->type, 1, TYPE_MOST },
		{ "source", JSON_TEXT, false, &mount->source, 0, PATH_MAX - 1 },
		{ "target", JSON_TEXT, true, &mount->target, 1, PATH_MAX - 1 },
		{ "flags", JSON_ARRAY, false, &flags, 0, 16 },
		{ "data", JSON_TEXT, false, &mount->data, 0, MOUNT_DATA_MAX },
	};

	*mount = (struct mount_request){ .source = "", .data = "" };
	if (json_members(path, object, members, COUNT(members), problem) < 0)
		return -1;
	if (flags && parse_flags(path, flags, mount_words, COUNT(mount_words), &mount->flags, problem) < 0)
		return -1;
	if (strcmp(mount->type, "bind") == 0)
		mount->flags |= MOUNT_BIND;
	return judge_mount(path, mount, problem);
}

static int parse_mounts(yajl_val array, struct prepare_request *prepare, struct problem *problem)
{
	size_t count = YAJL_GET_ARRAY(array)->len;

	prepare->mounts = calloc(count ? count : 1, sizeof *prepare->mounts);
	if (prepare->mounts == NULL)
		return problem_set(problem, FAILURE_SYSTEM, "mounts: out of memory");
	for (size_t i = 0; i < count; i++) {
		yajl_val value = YAJL_GET_ARRAY(array)->values[i];
		char path[32];

		snprintf(path, sizeof path, "mounts[%zu].", i);
		if (!YAJL_IS_OBJECT(value))
			return problem_set(problem, FAILURE_INVALID, "mounts[%zu]: an object expected", i);
		if (parse_mount(path, value, &prepare->mounts[i], problem) < 0)
			return -1;
	}
	prepare->mount_count = count;
	return 0;
}

static int parse_sync(yajl_val array, struct prepare_request *prepare, struct problem *problem)
{
	for (size_t i = 0; i < YAJL_GET_ARRAY(array)->len; i++) {
		const char *path = YAJL_GET_STRING(YAJL_GET_ARRAY(array)->values[i]);

		if (path == NULL || !path_valid(path))
			return problem_set(problem, FAILURE_INVALID, "sync[%zu]: not a plain path below " PATH_BASE, i);
		prepare->sync[prepare->sync_count++] = path;
	}
	return 0;
}

static int parse_upper(yajl_val object, struct prepare_request *prepare, struct problem *problem)
{
	struct upper_request *upper = &prepare->upper;
	const struct json_member members[] = {
		{ "target", JSON_TEXT, true, &upper->target, 1, PATH_MAX - 1 },
		{ "source", JSON_TEXT, true, &upper->source, 1, PATH_MAX - 1 },
		{ "aside", JSON_TEXT, false, &upper->aside, 1, PATH_MAX - 1 },
		{ "attributesAlone", JSON_BOOLEAN, false, &upper->attributes_alone, 0, 0 },
	};

	if (json_members("upper.", object, members, COUNT(members), problem) < 0)
		return -1;
	if (!path_valid(upper->source))
		return problem_set(problem, FAILURE_INVALID, "upper.source: not a plain path below " PATH_BASE);
	if (upper->aside && !path_valid(upper->aside))
		return problem_set(problem, FAILURE_INVALID, "upper.aside: not a plain path below " PATH_BASE);
	if (upper->aside && upper->attributes_alone)
		return problem_set(problem, FAILURE_INVALID, "upper: `aside` and `attributesAlone`");
	for (size_t i = 0; i < prepare->mount_count; i++)
		if (strcmp(prepare->mounts[i].target, upper->target) == 0)
			return 0;
	return problem_set(problem, FAILURE_INVALID, "upper.target: not the target of a mount");
}

static int parse_prepare(yajl_val tree, struct prepare_request *prepare, struct problem *problem)
{
	const char *method, *entropy;
	yajl_val clock, mounts, sync, upper = NULL;
	const struct json_member members[] = {
		{ "method", JSON_TEXT, true, &method, 0, 64 },
		{ "clock", JSON_OBJECT, true, &clock, 0, 0 },
		{ "entropy", JSON_TEXT, true, &entropy, 0, 4 * ENTROPY_MAX },
		{ "mounts", JSON_ARRAY, true, &mounts, 0, MOUNTS_MAX },
		{ "sync", JSON_ARRAY, true, &sync, 0, SYNC_MAX },
		{ "upper", JSON_OBJECT, false, &upper, 0, 0 },
		{ "cloned", JSON_BOOLEAN, false, &prepare->cloned, 0, 0 },
	};
	ssize_t size;

	if (json_members("", tree, members, COUNT(members), problem) < 0 ||
	    parse_clock(clock, &prepare->clock, problem) < 0)
		return -1;
	size = base64_decode(entropy, prepare->entropy, sizeof prepare->entropy);
	if (size < ENTROPY_MIN)
		return problem_set(problem, FAILURE_INVALID, "entropy: %d to %d bytes in base64 expected", ENTROPY_MIN,
				   ENTROPY_MAX);
	prepare->entropy_size = (size_t)size;
	if (parse_mounts(mounts, prepare, problem) < 0 || parse_sync(sync, prepare, problem) < 0)
		return -1;
	return upper ? parse_upper(upper, prepare, problem) : 0;
}

static int parse_disks(yajl_val tree, struct disks_request *disks, struct problem *problem)
{
	const char *method;
	yajl_val serials;
	const struct json_member members[] = {
		{ "method", JSON_TEXT, true, &method, 0, 64 },
		{ "serials", JSON_ARRAY, true, &serials, 0, DISKS_MAX },
	};

	if (json_members("", tree, members, COUNT(members), problem) < 0)
		return -1;
	for (size_t i = 0; i < YAJL_GET_ARRAY(serials)->len; i++) {
		const char *serial = YAJL_GET_STRING(YAJL_GET_ARRAY(serials)->values[i]);

		if (serial == NULL || !disk_serial_valid(serial))
			return problem_set(problem, FAILURE_INVALID, "serials[%zu]: not a serial number", i);
		snprintf(disks->serials[disks->count++], sizeof disks->serials[0], "%s", serial);
	}
	return 0;
}

/* What the agent must know of the config itself. crun judges the rest. */
static int parse_config(struct create_request *create, struct problem *problem)
{
	yajl_val tree = json_parse("config", create->config, strlen(create->config), problem);
	yajl_val process, value, score;
	int result = 0;

	if (tree == NULL)
		return -1;
	process = json_find(tree, "process");
	score = json_find(process, "oomScoreAdj");
	value = json_find(process, "terminal");
	if (!YAJL_IS_OBJECT(tree))
		result = problem_set(problem, FAILURE_INVALID, "config: an object expected");
	else if (value && !YAJL_IS_TRUE(value) && !YAJL_IS_FALSE(value))
		result = problem_set(problem, FAILURE_INVALID, "config: process.terminal: a boolean expected");
	create->terminal = YAJL_IS_TRUE(value);
	/* crun takes 0 for "not set", and then leaves the agent's. */
	create->oom_adjusted = YAJL_IS_INTEGER(score) && YAJL_GET_INTEGER(score) != 0;
	yajl_tree_free(tree);
	return result;
}

/* Both are -1 if absent. */
static int judge_size(long long rows, long long columns, bool *sized, struct winsize *size, struct problem *problem)
{
	if ((rows < 0) != (columns < 0))
		return problem_set(problem, FAILURE_INVALID, "rows, columns: one without the other");
	*sized = rows >= 0;
	if (*sized)
		*size = (struct winsize){ .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };
	return 0;
}

static int parse_scheduler(yajl_val object, struct scheduling *scheduling, struct problem *problem)
{
	long long policy, flags, nice, priority, runtime, deadline, period;
	const struct json_member members[] = {
		{ "policy", JSON_NUMBER, true, &policy, 0, SCHED_POLICY_MOST },
		{ "flags", JSON_NUMBER, true, &flags, 0, SCHED_FLAGS_MOST },
		{ "nice", JSON_NUMBER, true, &nice, -20, 19 },
		{ "priority", JSON_NUMBER, true, &priority, 0, 99 },
		{ "runtime", JSON_NUMBER, true, &runtime, 0, LLONG_MAX },
		{ "deadline", JSON_NUMBER, true, &deadline, 0, LLONG_MAX },
		{ "period", JSON_NUMBER, true, &period, 0, LLONG_MAX },
	};

	if (json_members("scheduler.", object, members, COUNT(members), problem) < 0)
		return -1;
	scheduling->scheduled = true;
	scheduling->policy = (uint32_t)policy;
	scheduling->flags = (uint64_t)flags;
	scheduling->nice = (int32_t)nice;
	scheduling->priority = (uint32_t)priority;
	scheduling->runtime = (uint64_t)runtime;
	scheduling->deadline = (uint64_t)deadline;
	scheduling->period = (uint64_t)period;
	return 0;
}

static int parse_io_priority(yajl_val object, struct scheduling *scheduling, struct problem *problem)
{
	long long class, priority;
	const struct json_member members[] = {
		{ "class", JSON_NUMBER, true, &class, 1, 3 },
		{ "priority", JSON_NUMBER, true, &priority, 0, 7 },
	};

	if (json_members("ioPriority.", object, members, COUNT(members), problem) < 0)
		return -1;
	scheduling->io = true;
	scheduling->io_class = (int)class;
	scheduling->io_priority = (int)priority;
	return 0;
}

/* Either is NULL if it is absent. */
static int parse_scheduling(yajl_val scheduler, yajl_val io_priority, struct scheduling *scheduling,
			    struct problem *problem)
{
	if (scheduler && parse_scheduler(scheduler, scheduling, problem) < 0)
		return -1;
	return io_priority ? parse_io_priority(io_priority, scheduling, problem) : 0;
}

static int parse_offset(const char *path, yajl_val object, struct clock_offset *offset, struct problem *problem)
{
	const struct json_member members[] = {
		{ "seconds", JSON_NUMBER, true, &offset->seconds, LLONG_MIN, LLONG_MAX },
		{ "nanoseconds", JSON_NUMBER, true, &offset->nanoseconds, 0, 999999999 },
	};

	return json_members(path, object, members, COUNT(members), problem);
}

static int parse_clocks(yajl_val object, struct clocks *clocks, struct problem *problem)
{
	yajl_val monotonic, boottime;
	const struct json_member members[] = {
		{ "monotonic", JSON_OBJECT, true, &monotonic, 0, 0 },
		{ "boottime", JSON_OBJECT, true, &boottime, 0, 0 },
	};

	clocks->apart = true;
	if (json_members("timeOffsets.", object, members, COUNT(members), problem) < 0 ||
	    parse_offset("timeOffsets.monotonic.", monotonic, &clocks->monotonic, problem) < 0)
		return -1;
	return parse_offset("timeOffsets.boottime.", boottime, &clocks->boottime, problem);
}

static int parse_sysctl(const char *path, yajl_val object, struct sysctl *sysctl, struct problem *problem)
{
	const struct json_member members[] = {
		{ "name", JSON_TEXT, true, &sysctl->name, 1, SYSCTL_NAME_MAX },
		{ "value", JSON_TEXT, true, &sysctl->value, 0, SYSCTL_VALUE_MOST },
	};

	if (json_members(path, object, members, COUNT(members), problem) < 0)
		return -1;
	if (!sysctl_valid(sysctl->name))
		return problem_set(problem, FAILURE_INVALID, "%sname: not a plain path", path);
	return 0;
}

static int parse_attribute(const char *path, yajl_val object, struct mount_attributes *mount,
			   struct problem *problem)
{
	yajl_val flags;
	const struct json_member members[] = {
		{ "target", JSON_TEXT, true, &mount->target, 1, PATH_MAX - 1 },
		{ "flags", JSON_ARRAY, true, &flags, 1, COUNT(attribute_words) },
	};
	unsigned propagation;

	if (json_members(path, object, members, COUNT(members), problem) < 0 ||
	    parse_flags(path, flags, attribute_words, COUNT(attribute_words), &mount->flags, problem) < 0)
		return -1;
	if (mount->target[0] != '/')
		return problem_set(problem, FAILURE_INVALID, "%starget: not absolute", path);
	propagation = mount->flags & ATTRIBUTE_PROPAGATIONS;
	if ((propagation & (propagation - 1)) || (mount->flags & ~ATTRIBUTE_REC) == 0)
		return problem_set(problem, FAILURE_INVALID, "%sflags: not what a mount can become", path);
	return 0;
}

static int parse_element(const char *name, size_t index, yajl_val value, char path[PATH_SIZE],
			 struct problem *problem)
{
	snprintf(path, PATH_SIZE, "%s[%zu].", name, index);
	if (!YAJL_IS_OBJECT(value))
		return problem_set(problem, FAILURE_INVALID, "%s[%zu]: an object expected", name, index);
	return 0;
}

/* *to is to be freed, also if this fails. */
static int parse_sysctls(yajl_val array, struct sysctl **to, size_t *parsed, struct problem *problem)
{
	size_t count = YAJL_GET_ARRAY(array)->len;
	char path[PATH_SIZE];

	*to = calloc(count ? count : 1, sizeof **to);
	if (*to == NULL)
		return problem_set(problem, FAILURE_SYSTEM, "sysctls: out of memory");
	for (size_t i = 0; i < count; i++) {
		yajl_val value = YAJL_GET_ARRAY(array)->values[i];

		if (parse_element("sysctls", i, value, path, problem) < 0 ||
		    parse_sysctl(path, value, &(*to)[i], problem) < 0)
			return -1;
	}
	*parsed = count;
	return 0;
}

static int parse_attributes(yajl_val array, struct create_request *create, struct problem *problem)
{
	size_t count = YAJL_GET_ARRAY(array)->len;
	char path[PATH_SIZE];

	create->attributes = calloc(count ? count : 1, sizeof *create->attributes);
	if (create->attributes == NULL)
		return problem_set(problem, FAILURE_SYSTEM, "mountAttributes: out of memory");
	for (size_t i = 0; i < count; i++) {
		yajl_val value = YAJL_GET_ARRAY(array)->values[i];

		if (parse_element("mountAttributes", i, value, path, problem) < 0 ||
		    parse_attribute(path, value, &create->attributes[i], problem) < 0)
			return -1;
	}
	create->attribute_count = count;
	return 0;
}

static int parse_socket(const char *path, yajl_val object, struct socket_request *socket, struct problem *problem)
{
	long long mode, uid, gid;
	const struct json_member members[] = {
		{ "path", JSON_TEXT, true, &socket->path, 1, PATH_MAX - 1 },
		{ "mode", JSON_NUMBER, true, &mode, 0, SOCKET_MODE_MOST },
		{ "uid", JSON_NUMBER, true, &uid, 0, ID_MOST },
		{ "gid", JSON_NUMBER, true, &gid, 0, ID_MOST },
	};

	if (json_members(path, object, members, COUNT(members), problem) < 0)
		return -1;
	if (!path_valid(socket->path))
		return problem_set(problem, FAILURE_INVALID, "%spath: not a plain path below " PATH_BASE, path);
	socket->mode = (mode_t)mode;
	socket->uid = (uid_t)uid;
	socket->gid = (gid_t)gid;
	return 0;
}

static int parse_sockets(yajl_val array, struct create_request *create, struct problem *problem)
{
	size_t count = YAJL_GET_ARRAY(array)->len;
	char path[PATH_SIZE];

	create->sockets = calloc(count ? count : 1, sizeof *create->sockets);
	if (create->sockets == NULL)
		return problem_set(problem, FAILURE_SYSTEM, "sockets: out of memory");
	for (size_t i = 0; i < count; i++) {
		yajl_val value = YAJL_GET_ARRAY(array)->values[i];

		if (parse_element("sockets", i, value, path, problem) < 0 ||
		    parse_socket(path, value, &create->sockets[i], problem) < 0)
			return -1;
	}
	create->socket_count = count;
	return 0;
}

/* What `create` and `join` have in common, beside the members that are given. */
static int parse_creation(yajl_val tree, const struct json_member *more, size_t count, struct create_request *create,
			  struct problem *problem)
{
	long long rows = -1, columns = -1;
	yajl_val sysctls = NULL, attributes = NULL, sockets = NULL, offsets = NULL, scheduler = NULL, io_priority = NULL;
	struct json_member members[CREATION_MEMBERS] = {
		{ "config", JSON_TEXT, true, &create->config, 0, CONFIG_MOST },
		{ "rows", JSON_NUMBER, false, &rows, 0, UINT16_MAX },
		{ "columns", JSON_NUMBER, false, &columns, 0, UINT16_MAX },
		{ "sysctls", JSON_ARRAY, false, &sysctls, 0, SYSCTLS_MAX },
		{ "mountAttributes", JSON_ARRAY, false, &attributes, 0, ATTRIBUTES_MAX },
		{ "sockets", JSON_ARRAY, false, &sockets, 0, SOCKETS_MAX },
		{ "timeOffsets", JSON_OBJECT, false, &offsets, 0, 0 },
		{ "scheduler", JSON_OBJECT, false, &scheduler, 0, 0 },
		{ "ioPriority", JSON_OBJECT, false, &io_priority, 0, 0 },
	};

	for (size_t i = 0; i < count; i++)
		members[CREATION_COMMON + i] = more[i];
	if (json_members("", tree, members, CREATION_COMMON + count, problem) < 0)
		return -1;
	if (judge_size(rows, columns, &create->sized, &create->size, problem) < 0 ||
	    parse_scheduling(scheduler, io_priority, &create->scheduling, problem) < 0)
		return -1;
	if (sysctls && parse_sysctls(sysctls, &create->sysctls, &create->sysctl_count, problem) < 0)
		return -1;
	if (attributes && parse_attributes(attributes, create, problem) < 0)
		return -1;
	if (sockets && parse_sockets(sockets, create, problem) < 0)
		return -1;
	if (offsets && parse_clocks(offsets, &create->clocks, problem) < 0)
		return -1;
	return parse_config(create, problem);
}

static int parse_create(yajl_val tree, struct create_request *create, struct problem *problem)
{
	const char *method;
	const struct json_member members[] = {
		{ "method", JSON_TEXT, true, &method, 0, 64 },
	};

	return parse_creation(tree, members, COUNT(members), create, problem);
}

static int parse_join(yajl_val tree, struct subject *subject, struct prepare_request *prepare,
		      struct create_request *create, struct problem *problem)
{
	yajl_val mounts, sync;
	const struct json_member members[] = {
		{ "method", JSON_TEXT, true, &subject->method, 0, 64 },
		{ "container", JSON_NUMBER, true, &subject->container, 1, CONTAINERS_MAX - 1 },
		{ "mounts", JSON_ARRAY, true, &mounts, 0, MOUNTS_MAX },
		{ "sync", JSON_ARRAY, true, &sync, 0, SYNC_MAX },
	};

	if (parse_creation(tree, members, COUNT(members), create, problem) < 0 ||
	    parse_mounts(mounts, prepare, problem) < 0)
		return -1;
	return parse_sync(sync, prepare, problem);
}

/* What the agent must know of the process itself. crun judges the rest. */
static int parse_process(struct exec_request *exec, struct problem *problem)
{
	yajl_val tree = json_parse("process", exec->process, strlen(exec->process), problem);
	yajl_val terminal, score;
	int result = 0;

	if (tree == NULL)
		return -1;
	terminal = json_find(tree, "terminal");
	score = json_find(tree, "oomScoreAdj");
	if (!YAJL_IS_OBJECT(tree))
		result = problem_set(problem, FAILURE_INVALID, "process: an object expected");
	else if (terminal && !YAJL_IS_TRUE(terminal) && !YAJL_IS_FALSE(terminal))
		result = problem_set(problem, FAILURE_INVALID, "process: terminal: a boolean expected");
	else if (score && (!YAJL_IS_INTEGER(score) || YAJL_GET_INTEGER(score) < -OOM_SCORE_MOST ||
			   YAJL_GET_INTEGER(score) > OOM_SCORE_MOST))
		result = problem_set(problem, FAILURE_INVALID, "process: oomScoreAdj: a number from %d to %d expected",
				     -OOM_SCORE_MOST, OOM_SCORE_MOST);
	else if (score)
		exec->oom_score = (int)YAJL_GET_INTEGER(score);
	exec->terminal = YAJL_IS_TRUE(terminal);
	yajl_tree_free(tree);
	return result;
}

static int parse_exec(yajl_val tree, struct subject *subject, struct exec_request *exec, struct problem *problem)
{
	long long rows = -1, columns = -1;
	yajl_val scheduler = NULL, io_priority = NULL;
	const struct json_member members[] = {
		SUBJECT(subject),
		{ "process", JSON_TEXT, true, &exec->process, 0, PROCESS_MOST },
		{ "rows", JSON_NUMBER, false, &rows, 0, UINT16_MAX },
		{ "columns", JSON_NUMBER, false, &columns, 0, UINT16_MAX },
		{ "scheduler", JSON_OBJECT, false, &scheduler, 0, 0 },
		{ "ioPriority", JSON_OBJECT, false, &io_priority, 0, 0 },
	};

	if (json_members("", tree, members, COUNT(members), problem) < 0)
		return -1;
	if (judge_size(rows, columns, &exec->sized, &exec->size, problem) < 0 ||
	    parse_scheduling(scheduler, io_priority, &exec->scheduling, problem) < 0)
		return -1;
	return parse_process(exec, problem);
}

/* crun judges what is in it. */
static int parse_update(yajl_val tree, struct subject *subject, struct update_request *update, struct problem *problem)
{
	const struct json_member members[] = {
		SUBJECT(subject),
		{ "resources", JSON_TEXT, true, &update->resources, 0, RESOURCES_MOST },
	};
	yajl_val resources;
	int result = 0;

	if (json_members("", tree, members, COUNT(members), problem) < 0)
		return -1;
	resources = json_parse("resources", update->resources, strlen(update->resources), problem);
	if (resources == NULL)
		return -1;
	if (!YAJL_IS_OBJECT(resources))
		result = problem_set(problem, FAILURE_INVALID, "resources: an object expected");
	yajl_tree_free(resources);
	return result;
}

static int parse_nic(const char *path, yajl_val object, struct network_request *network, struct problem *problem)
{
	struct nic_request *nic = &network->nics[network->nic_count];
	long long slot;
	const struct json_member members[] = {
		{ "slot", JSON_NUMBER, true, &slot, 1, NIC_SLOT_MAX },
		{ "name", JSON_TEXT, true, &nic->name, 1, IFNAMSIZ - 1 },
	};

	if (json_members(path, object, members, COUNT(members), problem) < 0)
		return -1;
	nic->slot = (unsigned)slot;
	if (!nic_name_valid(nic->name))
		return problem_set(problem, FAILURE_INVALID, "%sname: not a name for a network device", path);
	for (size_t i = 0; i < network->nic_count; i++) {
		if (network->nics[i].slot == nic->slot)
			return problem_set(problem, FAILURE_INVALID, "%sslot: %u a second time", path, nic->slot);
		if (strcmp(network->nics[i].name, nic->name) == 0)
			return problem_set(problem, FAILURE_INVALID, "%sname: `%s` a second time", path, nic->name);
	}
	network->nic_count++;
	return 0;
}

static int parse_nics(yajl_val array, struct network_request *network, struct problem *problem)
{
	char path[PATH_SIZE];

	for (size_t i = 0; i < YAJL_GET_ARRAY(array)->len; i++) {
		yajl_val value = YAJL_GET_ARRAY(array)->values[i];

		if (parse_element("nics", i, value, path, problem) < 0 ||
		    parse_nic(path, value, network, problem) < 0)
			return -1;
	}
	return 0;
}

/* What the texts say is judged by ip. */
static int parse_network(yajl_val tree, struct subject *subject, struct network_request *network,
			 struct problem *problem)
{
	yajl_val nics = NULL, sysctls = NULL;
	const struct json_member members[] = {
		SUBJECT(subject),
		{ "undo6", JSON_TEXT, false, &network->undo6, 0, IP_TEXT_MOST },
		{ "undo", JSON_TEXT, false, &network->undo, 0, IP_TEXT_MOST },
		{ "nics", JSON_ARRAY, false, &nics, 0, NIC_SLOT_MAX },
		{ "links", JSON_TEXT, false, &network->links, 0, IP_TEXT_MOST },
		{ "sysctls", JSON_ARRAY, false, &sysctls, 0, SYSCTLS_MAX },
		{ "configuration", JSON_TEXT, false, &network->configuration, 0, IP_TEXT_MOST },
		{ "configuration6", JSON_TEXT, false, &network->configuration6, 0, IP_TEXT_MOST },
		{ "resolver", JSON_BOOLEAN, false, &network->resolver, 0, 0 },
	};

	network->undo6 = network->undo = network->links = "";
	network->configuration = network->configuration6 = "";
	if (json_members("", tree, members, COUNT(members), problem) < 0)
		return -1;
	if (subject->container != 0)
		return problem_set(problem, FAILURE_INVALID, "container: the network is that of container 0");
	if (nics && parse_nics(nics, network, problem) < 0)
		return -1;
	return sysctls ? parse_sysctls(sysctls, &network->sysctls, &network->sysctl_count, problem) : 0;
}

/* A request that has nothing else. */
static int parse_bare(yajl_val tree, struct subject *subject, struct problem *problem)
{
	const struct json_member members[] = {
		SUBJECT(subject),
	};

	return json_members("", tree, members, COUNT(members), problem);
}

static int parse_kill(yajl_val tree, struct subject *subject, struct kill_request *request, struct problem *problem)
{
	long long signal;
	const struct json_member members[] = {
		SUBJECT(subject),
		{ "signal", JSON_NUMBER, true, &signal, 1, FRAME_SIGNAL_MAX },
		{ "all", JSON_BOOLEAN, false, &request->all, 0, 0 },
	};

	if (json_members("", tree, members, COUNT(members), problem) < 0)
		return -1;
	request->signal = (int)signal;
	return 0;
}

static const char *const method_names[] = {
	[METHOD_PREPARE] = "prepare",
	[METHOD_DISKS] = "disks",
	[METHOD_CREATE] = "create",
	[METHOD_JOIN] = "join",
	[METHOD_START] = "start",
	[METHOD_KILL] = "kill",
	[METHOD_EXEC] = "exec",
	[METHOD_PAUSE] = "pause",
	[METHOD_RESUME] = "resume",
	[METHOD_STATS] = "stats",
	[METHOD_PING] = "ping",
	[METHOD_UPDATE] = "update",
	[METHOD_NETWORK] = "network",
};

const char *request_method(const struct request *request)
{
	return method_names[request->method];
}

static int find_method(yajl_val tree, enum method *method, struct problem *problem)
{
	const char *name = YAJL_GET_STRING(json_find(tree, "method"));

	if (name == NULL)
		return problem_set(problem, FAILURE_INVALID, "method: a string expected");
	for (size_t i = 0; i < COUNT(method_names); i++)
		if (strcmp(method_names[i], name) == 0) {
			*method = (enum method)i;
			return 0;
		}
	return problem_set(problem, FAILURE_INVALID, "method: `%.64s` unknown", name);
}

static int parse_method(struct request *request, struct subject *subject, struct problem *problem)
{
	switch (request->method) {
	case METHOD_PREPARE:
		return parse_prepare(request->tree, &request->prepare, problem);
	case METHOD_DISKS:
		return parse_disks(request->tree, &request->disks, problem);
	case METHOD_CREATE:
		return parse_create(request->tree, &request->create, problem);
	case METHOD_JOIN:
		return parse_join(request->tree, subject, &request->prepare, &request->create, problem);
	case METHOD_START:
	case METHOD_PAUSE:
	case METHOD_RESUME:
	case METHOD_STATS:
	case METHOD_PING:
		return parse_bare(request->tree, subject, problem);
	case METHOD_KILL:
		return parse_kill(request->tree, subject, &request->kill, problem);
	case METHOD_EXEC:
		return parse_exec(request->tree, subject, &request->exec, problem);
	case METHOD_UPDATE:
		return parse_update(request->tree, subject, &request->update, problem);
	case METHOD_NETWORK:
		return parse_network(request->tree, subject, &request->network, problem);
	}
	return problem_set(problem, FAILURE_INVALID, "method: unknown");
}

int request_parse(struct request *request, const void *text, size_t length, struct problem *problem)
{
	struct subject subject = { 0 };

	memset(request, 0, sizeof *request);
	request->tree = json_parse("request", text, length, problem);
	if (request->tree == NULL)
		return -1;
	if (!YAJL_IS_OBJECT(request->tree))
		return problem_set(problem, FAILURE_INVALID, "request: an object expected");
	if (find_method(request->tree, &request->method, problem) < 0 ||
	    parse_method(request, &subject, problem) < 0)
		return -1;
	request->container = (unsigned)subject.container;
	return 0;
}

void request_free(struct request *request)
{
	free(request->prepare.mounts);
	request->prepare.mounts = NULL;
	free(request->create.sysctls);
	request->create.sysctls = NULL;
	free(request->create.attributes);
	request->create.attributes = NULL;
	free(request->create.sockets);
	request->create.sockets = NULL;
	free(request->network.sysctls);
	request->network.sysctls = NULL;
	yajl_tree_free(request->tree);
	request->tree = NULL;
}
