/* The parser of plans: what is accepted, and how it is read; what is refused, and with which words. */
#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan.h"

struct writer {
	uint8_t bytes[PLAN_SIZE_MAX + 4096];
	size_t size;
};

static struct writer writer;

static void put_number(uint32_t number)
{
	for (unsigned i = 0; i < 4; i++)
		writer.bytes[writer.size++] = (uint8_t)(number >> 8 * i);
}

static void put_field(const char *field)
{
	put_number((uint32_t)strlen(field));
	memcpy(writer.bytes + writer.size, field, strlen(field));
	writer.size += strlen(field);
}

/* Records as text: fields are separated by blanks, records by `;`. */
static void put(const char *text)
{
	char *copy = strdup(text), *rest = copy, *record;

	writer.size = 0;
	while ((record = strsep(&rest, ";")) != NULL) {
		size_t at = writer.size;
		uint32_t count = 0;
		char *field;

		put_number(0);
		while ((field = strsep(&record, " ")) != NULL) {
			put_field(field);
			count++;
		}
		writer.bytes[at] = (uint8_t)count;
		writer.bytes[at + 1] = (uint8_t)(count >> 8);
	}
	free(copy);
}

static unsigned failures;

static void expect(bool condition, const char *what, const char *text)
{
	if (condition)
		return;
	failures++;
	fprintf(stderr, "%s: %s\n", what, text);
}

/* From memory of exactly that size, so that a sanitizer sees what is read beyond it. */
static int parse_as(enum plan_kind kind, struct plan *plan, struct problem *problem)
{
	void *exact = malloc(writer.size ? writer.size : 1);
	int result;

	memcpy(exact, writer.bytes, writer.size);
	problem->text[0] = '\0';
	result = plan_parse(plan, kind, exact, writer.size, problem);
	free(exact);
	return result;
}

static int parse(struct plan *plan, struct problem *problem)
{
	return parse_as(PLAN_RUN, plan, problem);
}

static void refuse_written(const char *why, const char *what)
{
	struct problem problem;
	struct plan plan;

	expect(parse(&plan, &problem) == -1, "accepted", what);
	if (strstr(problem.text, why) == NULL) {
		failures++;
		fprintf(stderr, "%s: `%s`, not `%s`\n", what, problem.text, why);
	}
	plan_free(&plan);
}

static void test_whole(void)
{
	struct problem problem;
	struct plan plan;

	put("hypervisor /bin/qemu -M q35 ;log /l json;terminal socket c;confine a/b/c rw;merged /m;root /r;confine x ro;"
	    "upper /p diff work up/0;bind /s a rbind,ro;bind /t b/c bind;"
	    "bind /u d rbind,ro,slave,ridmap 012 3;bind /v e bind,idmap 4 5;share shared;network join /n;"
	    "disk /dev/b 8:16 rw;disk /dev/loop0 7:0 ro;refresh /bin/limpid  a;passt /bin/passt -f;file /o/d;memory 1099511627776 /t/memory;state /t/state;virtiofsd /bin/virtiofsd;directory /d");
	expect(parse(&plan, &problem) == 0, "refused", problem.text);
	assert(plan.disk_count == 2 && strcmp(plan.disks[0].path, "/dev/b") == 0);
	assert(plan.disks[0].major == 8 && plan.disks[0].minor == 16 && plan.disks[0].writable);
	assert(plan.disks[1].major == 7 && plan.disks[1].minor == 0 && !plan.disks[1].writable);
	assert(strcmp(plan.file, "/o/d") == 0);
	assert(plan.memory.size == PLAN_MEMORY_SIZE_MAX && strcmp(plan.memory.path, "/t/memory") == 0);
	assert(strcmp(plan.state, "/t/state") == 0);
	assert(strcmp(plan.passt[0], "/bin/passt") == 0 && strcmp(plan.passt[1], "-f") == 0 && plan.passt[2] == NULL);
	assert(strcmp(plan.refresh[0], "/bin/limpid") == 0 && plan.refresh[1][0] == '\0');
	assert(strcmp(plan.refresh[2], "a") == 0 && plan.refresh[3] == NULL);
	assert(strcmp(plan.directory, "/d") == 0);
	assert(plan.network == PLAN_NETWORK_JOIN && strcmp(plan.network_path, "/n") == 0);
	assert(plan.share && plan.bind_count == 4 && plan.confine_count == 2);
	assert(strcmp(plan.binds[0].source, "/s") == 0 && strcmp(plan.binds[0].name, "a") == 0);
	assert(plan.binds[0].recursive && plan.binds[0].read_only);
	assert(!plan.binds[1].recursive && !plan.binds[1].read_only);
	assert(!plan.binds[0].follows && !plan.binds[0].users && !plan.binds[0].groups && !plan.binds[0].map_below);
	assert(plan.binds[2].recursive && plan.binds[2].read_only && plan.binds[2].follows && plan.binds[2].map_below);
	assert(strcmp(plan.binds[2].users, "012") == 0 && strcmp(plan.binds[2].groups, "3") == 0);
	assert(!plan.binds[3].follows && !plan.binds[3].map_below && strcmp(plan.binds[3].users, "4") == 0);
	assert(strcmp(plan.upper.parent, "/p") == 0 && strcmp(plan.upper.upper, "diff") == 0);
	assert(strcmp(plan.upper.work, "work") == 0 && strcmp(plan.upper.name, "up/0") == 0);
	assert(strcmp(plan.confines[0].path, "a/b/c") == 0 && plan.confines[0].writable);
	assert(!plan.confines[1].writable);
	assert(strcmp(plan.merged, "/m") == 0 && strcmp(plan.root, "/r") == 0);
	assert(strcmp(plan.hypervisor[0], "/bin/qemu") == 0 && strcmp(plan.hypervisor[2], "q35") == 0);
	assert(plan.hypervisor[3][0] == '\0' && plan.hypervisor[4] == NULL);
	assert(strcmp(plan.virtiofsd[0], "/bin/virtiofsd") == 0 && plan.virtiofsd[1] == NULL);
	assert(plan.terminal == PLAN_TERMINAL_SOCKET && strcmp(plan.console_socket, "c") == 0);
	assert(strcmp(plan.log_path, "/l") == 0 && plan.log_json);
	/* Cut anywhere, it is refused, except between two records. */
	for (size_t size = writer.size; size-- > 0;) {
		plan_free(&plan);
		writer.size = size;
		expect(parse(&plan, &problem) == -1, "accepted", "a plan that is cut off");
	}
	plan_free(&plan);
}

static void test_smallest(void)
{
	struct problem problem;
	struct plan plan;

	put("directory /d;hypervisor /q");
	expect(parse(&plan, &problem) == 0, "refused", problem.text);
	assert(plan.network == PLAN_NETWORK_HOST && plan.terminal == PLAN_TERMINAL_NONE);
	assert(!plan.share && plan.virtiofsd == NULL && plan.log_path == NULL);
	assert(plan.memory.size == 0 && plan.memory.path == NULL && plan.state == NULL);
	plan_free(&plan);
	put("directory /d;hypervisor /q;memory 4096");
	expect(parse(&plan, &problem) == 0, "refused", problem.text);
	assert(plan.memory.size == 4096 && plan.memory.path == NULL && plan.state == NULL);
	plan_free(&plan);
}

static void test_refused(void)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "directory /d", "no hypervisor" },
		{ "hypervisor /q", "no directory" },
		{ "directory d", "not absolute" },
		{ "directory ", "not absolute" },
		{ "directory", "wrong number" },
		{ "directory /d /d", "wrong number" },
		{ "directory /d;directory /d", "comes twice" },
		{ "Directory /d", "unknown directive" },
		{ "process 1", "unknown directive" },
		{ "", "unknown directive" },
		{ "network old", "neither" },
		{ "network new /n", "neither" },
		{ "network join", "neither" },
		{ "network join n", "not absolute" },
		{ "share other", "not `shared`" },
		{ "bind s a bind", "not absolute" },
		{ "bind /s /a bind", "components" },
		{ "bind /s a/b/c bind", "components" },
		{ "bind /s a/ bind", "components" },
		{ "bind /s a//b bind", "components" },
		{ "bind /s . bind", "components" },
		{ "bind /s a/.. bind", "components" },
		{ "bind /s ../a bind", "components" },
		{ "bind /s  bind", "components" },
		{ "bind /s a ro", "flags" },
		{ "bind /s a bind,rw", "flags" },
		{ "bind /s a bind,ro,ro", "flags" },
		{ "bind /s a bind,", "flags" },
		{ "bind /s a bind,ro,", "flags" },
		{ "bind /s a bindro", "flags" },
		{ "bind /s a bind,slave,ro", "flags" },
		{ "bind /s a bind,ridmap,idmap 1 1", "flags" },
		{ "bind /s a bind,idmap", "wrong number" },
		{ "bind /s a bind,idmap 1", "wrong number" },
		{ "bind /s a bind,idmap 1 2 3", "wrong number" },
		{ "bind /s a bind 1 2", "wrong number" },
		{ "bind /s a bind,idmap  1", "not a map" },
		{ "bind /s a bind,idmap 1 -1", "not a map" },
		{ "bind /s a bind,idmap 1 a", "not a map" },
		{ "upper p u w n", "not absolute" },
		{ "upper /p u u n", "two directories" },
		{ "upper /p u/x w n", "two directories" },
		{ "upper /p u .. n", "two directories" },
		{ "upper /p u w ..", "components" },
		{ "merged m", "not absolute" },
		{ "root r", "not absolute" },
		{ "root /r;root /s", "twice" },
		{ "merged /m /n", "number of fields" },
		{ "merged /m;merged /m", "twice" },
		{ "confine /a rw", "below" },
		{ "confine a/../b rw", "below" },
		{ "confine  rw", "below" },
		{ "confine a w", "neither" },
		{ "file d", "not absolute" },
		{ "file ", "not absolute" },
		{ "file /d rw", "wrong number" },
		{ "file /d;file /e", "comes twice" },
		{ "memory", "wrong number" },
		{ "memory 4096 /m /n", "wrong number" },
		{ "memory ", "not a size" },
		{ "memory 0", "not a size" },
		{ "memory 1", "not a size" },
		{ "memory 4095", "not a size" },
		{ "memory 4097", "not a size" },
		{ "memory -4096", "not a size" },
		{ "memory +4096", "not a size" },
		{ "memory 04096", "not a size" },
		{ "memory 0x1000", "not a size" },
		{ "memory 4096k", "not a size" },
		{ "memory \t4096", "not a size" },
		{ "memory 1099511631872", "not a size" },
		{ "memory 18446744073709551616", "not a size" },
		{ "memory 99999999999999999999999999999999999999", "not a size" },
		{ "memory 4096 ", "not absolute" },
		{ "memory 4096 m", "not absolute" },
		{ "memory 4096;memory 4096", "comes twice" },
		{ "state", "wrong number" },
		{ "state ", "not absolute" },
		{ "state s", "not absolute" },
		{ "state /s /t", "wrong number" },
		{ "state /s;state /s", "comes twice" },
		{ "directory /d;hypervisor /q;memory 4096 /m", "memory of a template without state" },
		{ "directory /d;hypervisor /q;memory 4096;state /s", "state without it" },
		{ "directory /d;hypervisor /q;state /s", "state without it" },
		{ "disk b 8:0 ro", "not absolute" },
		{ "disk /b 8:0", "wrong number" },
		{ "disk /b 8:0 w", "neither" },
		{ "disk /b 8 ro", "two numbers" },
		{ "disk /b 8: ro", "two numbers" },
		{ "disk /b :0 ro", "two numbers" },
		{ "disk /b -1:0 ro", "two numbers" },
		{ "disk /b 8:+1 ro", "two numbers" },
		{ "disk /b 08:0 ro", "two numbers" },
		{ "disk /b 8:0: ro", "two numbers" },
		{ "disk /b 8:4294967296 ro", "two numbers" },
		{ "disk /b 8:a ro", "two numbers" },
		{ "virtiofsd virtiofsd", "not absolute" },
		{ "hypervisor qemu", "not absolute" },
		{ "refresh limpid", "not absolute" },
		{ "passt passt", "not absolute" },
		{ "passt /a;passt /a", "comes twice" },
		{ "refresh", "wrong number" },
		{ "refresh /a;refresh /b", "comes twice" },
		{ "terminal some", "not `none`" },
		{ "terminal none x", "not `none`" },
		{ "terminal socket", "not `none`" },
		{ "terminal socket ", "empty" },
		{ "cgroup c", "not absolute" },
		{ "cgroup /c /d", "wrong number" },
		{ "oom-score-adj 1001", "-1000 to 1000" },
		{ "oom-score-adj -1001", "-1000 to 1000" },
		{ "oom-score-adj 1x", "-1000 to 1000" },
		{ "oom-score-adj ", "-1000 to 1000" },
		{ "oom-score-adj 1;oom-score-adj 1", "comes twice" },
		{ "log l text", "not absolute" },
		{ "log /l xml", "neither" },
		{ "directory /d;hypervisor /q;bind /s a bind", "without share" },
		{ "directory /d;hypervisor /q;confine a rw", "without share" },
		{ "directory /d;hypervisor /q;upper /p u w n", "without share" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		put(cases[i].text);
		refuse_written(cases[i].why, cases[i].text);
	}
}

static void test_numbers(void)
{
	static const uint32_t wild[] = { 0x10000, 0x7fffffff, 0x80000000, 0xfffffffb, 0xffffffff };

	for (size_t i = 0; i < sizeof wild / sizeof wild[0]; i++) {
		writer.size = 0;
		put_number(wild[i]);
		refuse_written("fields", "count of fields");
		writer.size = 0;
		put_number(1);
		put_number(wild[i]);
		refuse_written("bytes", "length of a field");
	}
	writer.size = 0;
	put_number(0);
	refuse_written("has 0 fields", "no fields");
	writer.size = 0;
	put_number(1);
	put_number(4);
	memcpy(writer.bytes + writer.size, "a\0bc", 4);
	writer.size += 4;
	refuse_written("NUL", "a NUL");
	writer.size = 0;
	refuse_written("0 bytes", "nothing");
	memset(writer.bytes, 1, sizeof writer.bytes);
	writer.size = PLAN_SIZE_MAX + 1;
	refuse_written("1048577 bytes", "too much");
}

/* As many fields as a file can hold: all empty. */
static void test_most_fields(void)
{
	struct problem problem;
	struct plan plan;

	put("directory /d");
	put_number(2 + 1000);
	put_field("hypervisor");
	put_field("/q");
	for (unsigned i = 0; i < 1000; i++)
		put_number(0);
	expect(parse(&plan, &problem) == 0, "refused", problem.text);
	assert(plan.hypervisor[1000][0] == '\0' && plan.hypervisor[1001] == NULL);
	plan_free(&plan);
	put("directory /d;hypervisor /q;share shared");
	while (writer.size + 64 < PLAN_SIZE_MAX) {
		put_number(4);
		put_field("bind");
		put_field("/");
		put_field("n");
		put_field("bind");
	}
	expect(parse(&plan, &problem) == 0, "refused", problem.text);
	assert(plan.bind_count > 30000);
	plan_free(&plan);
}

static void test_verb(void)
{
	static const char *const names[] = { "", ".", "..", "a/b", "/a" };
	struct problem problem;
	struct plan plan;

	put("directory /d;hypervisor /q");
	expect(parse(&plan, &problem) == 0 && strcmp(plan.verb, "create.sock") == 0, "not the usual name", "verb");
	plan_free(&plan);
	put("directory /d;hypervisor /q;verb other.sock");
	expect(parse(&plan, &problem) == 0 && strcmp(plan.verb, "other.sock") == 0, "not the name given", "verb");
	plan_free(&plan);
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		char text[64];

		snprintf(text, sizeof text, "directory /d;hypervisor /q;verb %s", names[i]);
		put(text);
		refuse_written("record 3 (verb): not the name of a socket", text);
	}
}

static void test_cgroups(void)
{
	struct problem problem;
	struct plan plan;

	put("cgroup /a;directory /d;cgroup /b;hypervisor /q;oom-score-adj -1000;cgroup /c");
	expect(parse(&plan, &problem) == 0, "refused", problem.text);
	assert(plan.cgroup_count == 3);
	assert(strcmp(plan.cgroups[0], "/a") == 0 && strcmp(plan.cgroups[1], "/b") == 0);
	assert(strcmp(plan.cgroups[2], "/c") == 0);
	assert(plan.oom_adjusted && plan.oom_score_adj == -1000);
	plan_free(&plan);
	put("directory /d;hypervisor /q");
	expect(parse(&plan, &problem) == 0 && plan.cgroup_count == 0 && !plan.oom_adjusted, "refused", "no cgroup");
	plan_free(&plan);
}

static void test_disks(void)
{
	struct problem problem;
	struct plan plan;
	char text[2048] = "directory /d;hypervisor /q";

	for (unsigned i = 0; i < PLAN_DISKS_MAX; i++)
		strcat(text, ";disk /dev/b 8:0 rw");
	put(text);
	expect(parse(&plan, &problem) == 0 && plan.disk_count == PLAN_DISKS_MAX, "refused", problem.text);
	plan_free(&plan);
	strcat(text, ";disk /dev/b 8:0 rw");
	put(text);
	refuse_written("more disks", text);
}

static void test_exec(void)
{
	static const char *const foreign[] = {
		"sandbox /s", "network new", "share shared", "bind /s a bind", "upper /p diff work up", "confine a rw",
		"disk /b 8:0 ro", "file /d", "virtiofsd /v", "hypervisor /q", "oom-score-adj 1", "refresh /r", "passt /p",
		"merged /m", "root /r", "memory 4096", "state /s",
	};
	struct problem problem;
	struct plan plan;

	put("terminal socket c;log /l json;cgroup /c;verb exec-1.sock;directory /d");
	expect(parse_as(PLAN_EXEC, &plan, &problem) == 0, "refused", problem.text);
	assert(strcmp(plan.directory, "/d") == 0 && strcmp(plan.verb, "exec-1.sock") == 0);
	assert(plan.terminal == PLAN_TERMINAL_SOCKET && strcmp(plan.console_socket, "c") == 0);
	assert(plan.cgroup_count == 1 && strcmp(plan.cgroups[0], "/c") == 0);
	assert(strcmp(plan.log_path, "/l") == 0 && plan.log_json && plan.hypervisor == NULL);
	plan_free(&plan);
	put("verb v;directory /d");
	expect(parse_as(PLAN_EXEC, &plan, &problem) == 0 && plan.terminal == PLAN_TERMINAL_NONE, "refused", "smallest");
	plan_free(&plan);
	put("directory /d");
	expect(parse_as(PLAN_EXEC, &plan, &problem) == -1 && strstr(problem.text, "no verb"), "accepted", "no verb");
	plan_free(&plan);
	put("verb v");
	expect(parse_as(PLAN_EXEC, &plan, &problem) == -1 && strstr(problem.text, "no directory"), "accepted",
	       "no directory");
	plan_free(&plan);
	for (unsigned i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
		char text[64];

		snprintf(text, sizeof text, "directory /d;verb v;%s", foreign[i]);
		put(text);
		expect(parse_as(PLAN_EXEC, &plan, &problem) == -1 && strstr(problem.text, "not in the plan of `exec`"),
		       "accepted", text);
		plan_free(&plan);
	}
}

static void test_join(void)
{
	static const char whole[] = "directory /d;sandbox /s;virtiofsd /v";
	static const char *const wrong[][2] = {
		{ "directory /d;sandbox /s", "no sandbox, or no virtiofsd" },
		{ "directory /d;virtiofsd /v", "no sandbox, or no virtiofsd" },
		{ "sandbox /s;virtiofsd /v", "no directory" },
		{ "directory /d;sandbox s;virtiofsd /v", "record 2 (sandbox): the path is not absolute" },
		{ "directory /d;sandbox /s;sandbox /s;virtiofsd /v", "record 3 (sandbox): comes twice" },
		{ "directory /d;sandbox /s;virtiofsd /v;hypervisor /q", "not in the plan of `join`" },
		{ "directory /d;sandbox /s;virtiofsd /v;refresh /r", "not in the plan of `join`" },
		{ "directory /d;sandbox /s;virtiofsd /v;merged /m", "not in the plan of `join`" },
		{ "directory /d;sandbox /s;virtiofsd /v;passt /p", "not in the plan of `join`" },
		{ "directory /d;sandbox /s;virtiofsd /v;memory 4096", "not in the plan of `join`" },
		{ "directory /d;sandbox /s;virtiofsd /v;state /s", "not in the plan of `join`" },
		{ "directory /d;sandbox /s;virtiofsd /v;bind /s a bind", "without share" },
	};
	struct problem problem;
	struct plan plan;

	put(whole);
	expect(parse_as(PLAN_JOIN, &plan, &problem) == 0, "refused", problem.text);
	assert(strcmp(plan.sandbox, "/s") == 0 && strcmp(plan.verb, "create.sock") == 0 && plan.hypervisor == NULL);
	plan_free(&plan);
	put("network join /n;share shared;bind /s a rbind;upper /p diff work up;confine a rw;directory /d;verb v;"
	    "sandbox /s;virtiofsd /v;terminal none;log /l text;detached");
	expect(parse_as(PLAN_JOIN, &plan, &problem) == 0, "refused", problem.text);
	plan_free(&plan);
	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		put(wrong[i][0]);
		expect(parse_as(PLAN_JOIN, &plan, &problem) == -1 && strstr(problem.text, wrong[i][1]), "accepted",
		       wrong[i][0]);
		plan_free(&plan);
	}
	put("directory /d;hypervisor /q;sandbox /s");
	expect(parse_as(PLAN_RUN, &plan, &problem) == -1 && strstr(problem.text, "not in the plan of `run`"), "accepted",
	       "a sandbox for run");
	plan_free(&plan);
}

static void test_file(void)
{
	char path[] = "/tmp/limpid-plan-test-XXXXXX";
	int fd = mkstemp(path);
	struct problem problem;
	struct plan plan;

	put("directory /d;hypervisor /q");
	assert(fd >= 0 && write(fd, writer.bytes, writer.size) == (ssize_t)writer.size);
	fchmod(fd, 0620);
	assert(plan_read(&plan, PLAN_RUN, path, &problem) == -1 && strstr(problem.text, "others"));
	plan_free(&plan);
	fchmod(fd, 0600);
	assert(plan_read(&plan, PLAN_RUN, path, &problem) == 0);
	plan_free(&plan);
	assert(access(path, F_OK) < 0);
	assert(plan_read(&plan, PLAN_RUN, path, &problem) == -1 && strstr(problem.text, "No such file"));
	plan_free(&plan);
	assert(symlink("/etc/passwd", path) == 0);
	assert(plan_read(&plan, PLAN_RUN, path, &problem) == -1 && access(path, F_OK) == 0);
	plan_free(&plan);
	unlink(path);
	assert(plan_read(&plan, PLAN_RUN, "/dev/null", &problem) == -1 && strstr(problem.text, "regular"));
	plan_free(&plan);
	close(fd);
}

int main(void)
{
	test_whole();
	test_smallest();
	test_refused();
	test_numbers();
	test_most_fields();
	test_verb();
	test_cgroups();
	test_disks();
	test_exec();
	test_join();
	test_file();
	if (failures)
		return 1;
	puts("test_plan: ok");
	return 0;
}
