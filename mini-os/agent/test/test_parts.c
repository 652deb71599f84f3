/* The parts of the agent that need no process and no host: <scratch directory>. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base64.h"
#include "disk.h"
#include "json.h"
#include "layer.h"
#include "nic.h"
#include "oom.h"
#include "path.h"
#include "reaper.h"
#include "stats.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static unsigned failures;

#define EXPECT(condition, ...)                                                        \
	do {                                                                          \
		if (!(condition)) {                                                   \
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
			fprintf(stderr, __VA_ARGS__);                                 \
			fputc('\n', stderr);                                          \
			failures++;                                                   \
		}                                                                     \
	} while (0)

static void test_base64(void)
{
	static const struct {
		const char *text;
		ssize_t size; /* -1: refused */
		const char *bytes;
	} cases[] = {
		/* RFC 4648, section 10 */
		{ "", 0, "" },
		{ "Zg==", 1, "f" },
		{ "Zm8=", 2, "fo" },
		{ "Zm9v", 3, "foo" },
		{ "Zm9vYg==", 4, "foob" },
		{ "Zm9vYmE=", 5, "fooba" },
		{ "Zm9vYmFy", 6, "foobar" },
		{ "+/+/", 3, "\xfb\xff\xbf" },
		{ "Zg", -1, "" },
		{ "Zg=", -1, "" },
		{ "Zg===", -1, "" },
		{ "Zh==", -1, "" }, /* bits that are not data */
		{ "Zm9=", -1, "" },
		{ "Z===", -1, "" },
		{ "====", -1, "" },
		{ "Zg==Zg==", -1, "" },
		{ "Zm9v\n", -1, "" },
		{ "Zm-_", -1, "" },
		{ "Zm9vYmFyYg==", -1, "" }, /* more than there is room for */
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t bytes[6];
		ssize_t size = base64_decode(cases[i].text, bytes, sizeof bytes);

		EXPECT(size == cases[i].size, "`%s`: %zd", cases[i].text, size);
		EXPECT(size <= 0 || memcmp(bytes, cases[i].bytes, (size_t)size) == 0, "`%s`", cases[i].text);
	}
}

static void test_path(void)
{
	static const struct {
		const char *path;
		bool valid;
	} cases[] = {
		{ "/run/limpid/a", true },
		{ "/run/limpid/a/b.c/..d/...", true },
		{ "/run/limpid/.a", true },
		{ "", false },
		{ "/", false },
		{ "/run/limpid", false },
		{ "/run/limpid/", false },
		{ "/run/limpid/a/", false },
		{ "/run/limpid//a", false },
		{ "/run/limpid/.", false },
		{ "/run/limpid/..", false },
		{ "/run/limpid/a/../b", false },
		{ "/run/limpid/../limpid", false },
		{ "/run/limpidus/a", false },
		{ "run/limpid/a", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		EXPECT(path_valid(cases[i].path) == cases[i].valid, "`%s`", cases[i].path);
}

static void test_layer_uuid(void)
{
	static const uint8_t expected[LAYER_UUID_SIZE] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
							   0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00 };
	static const char *const refused[] = {
		"layer:",
		"layer:11223344",
		"layer:11223344-5566-7788-99aa-bbccddeeff0",
		"layer:11223344-5566-7788-99aa-bbccddeeff000",
		"layer:11223344-5566-7788-99aa-bbccddeeff0g",
		"layer:112233445566778899aabbccddeeff00",
		"layer:1122334-45566-7788-99aa-bbccddeeff00",
		"layer:11223344-5566-7788-99aa-bbccddeeff-0",
	};
	uint8_t uuid[LAYER_UUID_SIZE];

	EXPECT(layer_uuid("layer:11223344-5566-7788-99aa-bbccddeeff00", uuid), "lower case");
	EXPECT(memcmp(uuid, expected, sizeof uuid) == 0, "lower case");
	EXPECT(layer_uuid("layer:11223344-5566-7788-99AA-BBCCDDEEFF00", uuid), "upper case");
	EXPECT(memcmp(uuid, expected, sizeof uuid) == 0, "upper case");
	for (size_t i = 0; i < COUNT(refused); i++)
		EXPECT(!layer_uuid(refused[i], uuid), "`%s`", refused[i]);
}

static void write_image(const char *path, size_t size, uint8_t first_of_magic, uint8_t first_of_uuid)
{
	static const uint8_t magic[3] = { 0xe1, 0xf5, 0xe0 };
	uint8_t image[4096] = { 0 };
	FILE *file = fopen(path, "w");

	image[1024] = first_of_magic;
	memcpy(image + 1025, magic, sizeof magic);
	memset(image + 1024 + 48, 7, LAYER_UUID_SIZE);
	image[1024 + 48] = first_of_uuid;
	EXPECT(file && fwrite(image, 1, size, file) == size && fclose(file) == 0, "%s", path);
}

static void test_layer_find(void)
{
	uint8_t uuid[LAYER_UUID_SIZE];
	char device[LAYER_DEVICE_SIZE];

	memset(uuid, 7, sizeof uuid);
	EXPECT(layer_find("missing", "pmem", uuid, device) == -ENOENT, "no directory");
	EXPECT(mkdir("devices", 0700) == 0 && mkdir("devices/pmem9", 0700) == 0, "mkdir");
	write_image("devices/pmem0", 4096, 0xe2, 8);     /* another's UUID */
	write_image("devices/pmem1", 4096, 0xe3, 7);     /* no EROFS */
	write_image("devices/pmem2", 1024 + 60, 0xe2, 7); /* ends too soon */
	write_image("devices/pmem3", 0, 0, 0);
	write_image("devices/vda", 4096, 0xe2, 7);       /* not a pmem device */
	EXPECT(layer_find("devices", "pmem", uuid, device) == -ENOENT, "found %s", device);
	write_image("devices/pmem10", 4096, 0xe2, 7);
	EXPECT(layer_find("devices", "pmem", uuid, device) == 0, "not found");
	EXPECT(strcmp(device, "devices/pmem10") == 0, "%s", device);
}

/* What mkfs.erofs makes is what layer_find looks for. */
static void test_layer_of_mkfs(void)
{
	uint8_t uuid[LAYER_UUID_SIZE];
	char device[LAYER_DEVICE_SIZE];

	if (system("mkfs.erofs --help >/dev/null 2>&1") != 0) {
		printf("skipped: no mkfs.erofs\n");
		return;
	}
	EXPECT(system("mkdir real tree && mkfs.erofs -E noinline_data,force-inode-compact "
		      "-U 11223344-5566-7788-99aa-bbccddeeff00 real/pmem0 tree >/dev/null 2>&1") == 0,
	       "mkfs.erofs");
	layer_uuid("layer:11223344-5566-7788-99aa-bbccddeeff00", uuid);
	EXPECT(layer_find("real", "pmem", uuid, device) == 0, "not found");
}

static void test_disk_serial(void)
{
	static const struct {
		const char *serial;
		bool valid;
	} cases[] = {
		{ "limpid-disk-0", true }, { "a", true },  { "A_b.c", true }, { "12345678901234567890", true },
		{ "", false },             { "a/", false }, { "a b", false },  { "123456789012345678901", false },
		{ "\xc3\xa9", false },     { "a\n", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		EXPECT(disk_serial_valid(cases[i].serial) == cases[i].valid, "`%s`", cases[i].serial);
}

static void write_attribute(const char *disk, const char *name, const char *text)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof path, "block/%s", disk);
	EXPECT(mkdir(path, 0700) == 0 || errno == EEXIST, "%s", path);
	snprintf(path, sizeof path, "block/%s/%s", disk, name);
	file = fopen(path, "w");
	EXPECT(file && fputs(text, file) >= 0 && fclose(file) == 0, "%s", path);
}

static void test_disk_find(void)
{
	struct disk_numbers numbers;

	EXPECT(disk_find("block", "x", &numbers) == -ENOENT, "no directory");
	EXPECT(mkdir("block", 0700) == 0, "mkdir");
	write_attribute("vda", "dev", "254:0\n"); /* has no serial number */
	write_attribute("vdb", "serial", "xy");
	write_attribute("vdb", "dev", "254:16\n");
	write_attribute("sda", "serial", "x"); /* not a virtio disk */
	write_attribute("sda", "dev", "8:0\n");
	write_attribute("vdc", "serial", "x");
	write_attribute("vdc", "dev", "none\n");
	EXPECT(disk_find("block", "x", &numbers) == -ENOENT, "found %u:%u", numbers.major, numbers.minor);
	write_attribute("vdd", "serial", "x\n");
	write_attribute("vdd", "dev", "254:48\n");
	EXPECT(disk_find("block", "x", &numbers) == 0 && numbers.major == 254 && numbers.minor == 48, "not found");
}

static void test_nic_name(void)
{
	static const struct {
		const char *name;
		bool valid;
	} cases[] = {
		{ "eth0", true },    { "a", true },     { "eth0.100", true }, { "a@b+c~", true }, { "123456789012345", true },
		{ "\xc3\xa9", true }, { "...", true },   { "", false },        { ".", false },     { "..", false },
		{ "a/b", false },    { "a:0", false },  { "a b", false },     { "a\n", false },   { "eth%d", false },
		{ "1234567890123456", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		EXPECT(nic_name_valid(cases[i].name) == cases[i].valid, "`%s`", cases[i].name);
}

static void make_path(const char *path)
{
	char part[128];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
		EXPECT(mkdir(part, 0700) == 0 || errno == EEXIST, "%s", part);
	}
	EXPECT(mkdir(path, 0700) == 0, "%s", path);
}

static void test_nic_find(void)
{
	char name[IFNAMSIZ] = "";
	int directory;

	make_path("bridge/0000:01:02.0/virtio7/net/eth7");
	make_path("bridge/0000:01:1f.0/virtio8/net/a_name_of_15_ch");
	make_path("bridge/0000:01:03.0/virtio9/net"); /* in another network namespace */
	make_path("bridge/0000:01:04.0/virtio10");     /* no network device */
	make_path("bridge/0000:01:05.0");
	make_path("bridge/pci0000:01:06.0/virtio1/net/eth1");
	make_path("bridge/0000:01:07.1/virtio1/net/eth1");
	directory = open("bridge", O_RDONLY | O_DIRECTORY);
	EXPECT(nic_find(directory, 2, name) == 0 && strcmp(name, "eth7") == 0, "%s", name);
	EXPECT(nic_find(directory, 31, name) == 0 && strcmp(name, "a_name_of_15_ch") == 0, "%s", name);
	for (unsigned slot = 3; slot < 9; slot++)
		EXPECT(nic_find(directory, slot, name) == -ENOENT, "slot %u: %s", slot, name);
	EXPECT(nic_find(directory, 2, name) == 0 && strcmp(name, "eth7") == 0, "a second time: %s", name);
	close(directory);
}

static void test_json(void)
{
	static const char *const refused[] = {
		"", " ", "{", "{\"a\":1,}", "{} x", "{/* */}", "[1//\n]", "\"\\u0000\"", "\"\\ud800", "tru", "\x80",
		"\"\x80\"",
	};
	static const char *const accepted[] = {
		"{}", " [1, 2.5, -3e7, true, false, null, \"/\\\\u0000\\\"/*\"] ", "\"\\\\\"", "{\"a\":{\"a\":[[{}]]}}",
	};
	struct problem problem;
	char deep[2 * JSON_DEPTH_MAX + 2];
	yajl_val tree;

	for (size_t i = 0; i < COUNT(refused); i++) {
		tree = json_parse("it", refused[i], strlen(refused[i]), &problem);
		EXPECT(tree == NULL, "`%s`", refused[i]);
		yajl_tree_free(tree);
	}
	for (size_t i = 0; i < COUNT(accepted); i++) {
		tree = json_parse("it", accepted[i], strlen(accepted[i]), &problem);
		EXPECT(tree != NULL, "`%s`: %s", accepted[i], problem.text);
		yajl_tree_free(tree);
	}
	EXPECT(json_parse("it", "{}\0", 3, &problem) == NULL, "NUL");
	memset(deep, '[', JSON_DEPTH_MAX);
	memset(deep + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	tree = json_parse("it", deep, 2 * JSON_DEPTH_MAX, &problem);
	EXPECT(tree != NULL, "as deep as may be: %s", problem.text);
	yajl_tree_free(tree);
	memset(deep, '[', JSON_DEPTH_MAX + 1);
	memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	EXPECT(json_parse("it", deep, sizeof deep, &problem) == NULL, "too deep");
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	EXPECT(file && fputs(text, file) >= 0 && fclose(file) == 0, "%s", path);
}

static void expect_stats(const char *cgroup, const char *network, const char *expected)
{
	struct problem problem = { .text = "" };
	char text[STATS_SIZE] = "";

	EXPECT(stats_read(cgroup, network, text, &problem) == 0, "%s", problem.text);
	EXPECT(strcmp(text, expected) == 0, "`%s`", text);
}

static void test_stats(void)
{
	EXPECT(mkdir("empty", 0700) == 0 && mkdir("cgroup", 0700) == 0, "mkdir");
	expect_stats("empty", "missing", "{}");
	write_text("cgroup/cpu.stat", "usage_usec 18446744073709551615\nuser_usec 2\nsystem_usec 3\n"
				      "core_sched.force_idle_usec 9\n");
	write_text("network", "Inter-|   Receive\n face |bytes\n");
	expect_stats("cgroup", "network",
		     "{\"cpu\":{\"usage\":9223372036854775807,\"user\":2,\"system\":3},\"network\":[]}");
	write_text("cgroup/cpu.stat", "usage_usec 1\nuser_usec 2\nsystem_usec 3\nnr_periods 4\nnr_throttled 5\n"
				      "throttled_usec 6\nnr_bursts 7\n");
	write_text("cgroup/memory.current", "4096\n");
	write_text("cgroup/memory.max", "max\n");
	write_text("cgroup/memory.swap.current", "0\n");
	write_text("cgroup/memory.swap.max", "8192\n");
	write_text("cgroup/memory.events", "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n");
	write_text("cgroup/memory.stat", "anon 1\nkernel_stack 2\nworkingset_refault_anon 3\nodd\\ 4\n\nx -1\n");
	write_text("cgroup/pids.current", "3\n");
	write_text("cgroup/pids.max", "100\n");
	write_text("cgroup/io.stat", "8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n259:0 \n"
				     "252:1 rbytes=7 cost.usage=8\nnonsense\n");
	write_text("cgroup/hugetlb.2MB.current", "2097152\n");
	write_text("cgroup/hugetlb.2MB.max", "4194304\n");
	write_text("cgroup/hugetlb.2MB.events", "max 2\n");
	write_text("cgroup/hugetlb.2MB.rsvd.current", "0\n");
	write_text("network", "Inter-|   Receive\n face |bytes\n"
			      "    lo:       1       1    0    0    0     0          0         0        1       1    0\n"
			      "  e\"\\0:1234567890      2    3    4    5     6          7         8        9      10   11   12"
			      "    13     14       15         16\n");
	expect_stats("cgroup", "network",
		     "{\"cpu\":{\"usage\":1,\"user\":2,\"system\":3,\"periods\":4,\"throttled\":5,\"throttledTime\":6},"
		     "\"memory\":{\"usage\":4096,\"limit\":-1,\"swapUsage\":0,\"swapLimit\":8192,\"failcnt\":3,"
		     "\"oomKills\":5,\"stat\":{\"anon\":1,\"kernel_stack\":2,\"workingset_refault_anon\":3}},"
		     "\"pids\":{\"current\":3,\"limit\":100},"
		     "\"io\":[{\"major\":8,\"minor\":16,\"rbytes\":1,\"wbytes\":2,\"rios\":3,\"wios\":4},"
		     "{\"major\":259,\"minor\":0},{\"major\":252,\"minor\":1,\"rbytes\":7}],"
		     "\"hugetlb\":[{\"pageSize\":\"2MB\",\"usage\":2097152,\"limit\":4194304,\"failcnt\":2}],"
		     "\"network\":[{\"name\":\"e\?\?0\",\"rxBytes\":1234567890,\"rxPackets\":2,\"rxErrors\":3,\"rxDropped\":4,"
		     "\"txBytes\":9,\"txPackets\":10,\"txErrors\":11,\"txDropped\":12}]}");
}

static void fill_file(const char *path, unsigned lines, const char *before, const char *after)
{
	FILE *file = fopen(path, "w");

	EXPECT(file != NULL, "%s", path);
	for (unsigned i = 0; file && i < lines; i++)
		fprintf(file, "%s%u%s\n", before, i, after);
	if (file)
		fclose(file);
}

/* As much of everything as is told, with the longest names and numbers: it fits. */
static void test_stats_bounds(void)
{
	static const char name[] = "a_name_of_sixty_four_characters_of_which_the_last_two_are_digi";
	static const char largest[] = "18446744073709551615";
	struct problem problem = { .text = "" };
	char text[STATS_SIZE], path[64], after[256];
	yajl_val tree;

	EXPECT(mkdir("full", 0700) == 0, "mkdir");
	snprintf(after, sizeof after, " %s", largest);
	write_text("full/memory.current", largest);
	fill_file("full/memory.stat", 90, name, after);
	snprintf(after, sizeof after, ":%s rbytes=%s wbytes=%s rios=%s wios=%s", largest, largest, largest, largest,
		 largest);
	fill_file("full/io.stat", 40, "184467440737095516", after);
	snprintf(after, sizeof after, ": %s %s %s %s 0 0 0 0 %s %s %s %s", largest, largest, largest, largest, largest,
		 largest, largest, largest);
	fill_file("many", 20, name, after);
	for (unsigned i = 0; i < 10; i++) {
		snprintf(path, sizeof path, "full/hugetlb.%uMB.current", i);
		write_text(path, largest);
	}
	EXPECT(stats_read("full", "many", text, &problem) == 0, "%s", problem.text);
	tree = json_parse("stats", text, strlen(text), &problem);
	EXPECT(tree != NULL, "%s", problem.text);
	EXPECT(YAJL_GET_OBJECT(json_find(json_find(tree, "memory"), "stat"))->len == 64, "memory.stat");
	EXPECT(YAJL_GET_ARRAY(json_find(tree, "io"))->len == 32, "io");
	EXPECT(YAJL_GET_ARRAY(json_find(tree, "hugetlb"))->len == 8, "hugetlb");
	EXPECT(YAJL_GET_ARRAY(json_find(tree, "network"))->len == 16, "network");
	yajl_tree_free(tree);
	EXPECT(stats_read("nowhere", "many", text, &problem) < 0 && problem.code == FAILURE_SYSTEM &&
		       strcmp(problem.text, "open nowhere: No such file or directory") == 0,
	       "%s", problem.text);
}

static void note_status(void *owner, int status)
{
	*(int *)owner = status;
}

static pid_t run_child(int status)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(status);
	return pid;
}

static void wait_for_end(pid_t pid)
{
	siginfo_t info;

	EXPECT(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0, "%s", strerror(errno));
}

static unsigned oom_events;

void link_send(struct link *link, enum frame_kind kind, unsigned stream, unsigned process, uint32_t request,
	       const void *payload, size_t length)
{
	EXPECT(link_is_open(link) && kind == FRAME_EVENT && stream == 0 && process == 0 && request == 0, "%d", kind);
	EXPECT(length == strlen(OOM_EVENT) && memcmp(payload, OOM_EVENT, length) == 0, "%zu bytes", length);
	oom_events++;
}

static void expect_oom_events(struct oom *oom, const char *memory_events, unsigned expected)
{
	write_text("memory.events", memory_events);
	oom_look(oom);
	EXPECT(oom_events == expected, "%u events", oom_events);
}

static void test_oom(void)
{
	struct link link = { .state = LINK_OPEN };
	struct loop loop;
	struct oom oom;

	EXPECT(loop_open(&loop) == 0, "no epoll");
	oom_open(&oom, &loop, &link);
	oom_look(&oom);
	write_text("memory.events", "low 0\noom 0\noom_kill 0\noom_group_kill 7\n");
	/* A plain file can't be watched, but it can be looked at. */
	oom_watch(&oom, ".");
	expect_oom_events(&oom, "low 0\noom 1\noom_kill 0\noom_group_kill 7\n", 0);
	expect_oom_events(&oom, "low 0\noom 1\noom_kill 2\noom_group_kill 7\n", 1);
	expect_oom_events(&oom, "low 0\noom 9\noom_kill 2\noom_group_kill 8\n", 1);
	expect_oom_events(&oom, "nonsense\n", 1);
	link.state = LINK_WAITING;
	expect_oom_events(&oom, "low 0\noom_kill 3\n", 1);
	link.state = LINK_OPEN;
	expect_oom_events(&oom, "low 0\noom_kill 3\n", 2);
	oom_close(&oom);
	loop_close(&loop);
}

static void test_reaper(void)
{
	struct reaper reaper;
	int status = -1;
	struct child child = { .ended = note_status, .owner = &status };

	reaper_open(&reaper);
	child.pid = run_child(3);
	wait_for_end(child.pid);
	reaper_watch(&reaper, &child);
	EXPECT(status == -1, "told before it was collected");
	reaper_collect(&reaper);
	EXPECT(WEXITSTATUS(status) == 3 && child.pid == 0, "status %d", status);

	/* one that ended before it was known, among many others */
	status = -1;
	reaper_remember(&reaper, true);
	reaper_remember(&reaper, true);
	child.pid = run_child(4);
	for (unsigned i = 0; i < 200; i++)
		wait_for_end(run_child(5));
	wait_for_end(child.pid);
	reaper_collect(&reaper);
	EXPECT(status == -1, "told, though nobody watched");
	reaper_remember(&reaper, false);
	reaper_collect(&reaper);
	reaper_adopt(&reaper, &child);
	EXPECT(WEXITSTATUS(status) == 4 && child.pid == 0, "status %d", status);
	EXPECT(reaper.children == NULL, "still watched");

	/* watched while others are remembered: who has just forked it is not told before that has returned */
	status = -1;
	child.pid = run_child(7);
	wait_for_end(child.pid);
	reaper_watch(&reaper, &child);
	EXPECT(status == -1, "told before it was collected");
	wait_for_end(run_child(5));
	reaper_collect(&reaper);
	EXPECT(WEXITSTATUS(status) == 7 && child.pid == 0, "status %d", status);

	/* forgotten again: nobody is left */
	status = -1;
	child.pid = run_child(6);
	wait_for_end(child.pid);
	reaper_remember(&reaper, false);
	reaper_collect(&reaper);
	EXPECT(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "a zombie is left");
	reaper_watch(&reaper, &child);
	EXPECT(status == -1, "told of a former process with that pid");
	reaper_forget(&reaper, &child);
	EXPECT(reaper.children == NULL && child.pid == 0, "still watched");
}

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]) < 0) {
		fprintf(stderr, "usage: %s directory\n", argv[0]);
		return 2;
	}
	test_base64();
	test_path();
	test_layer_uuid();
	test_layer_find();
	test_layer_of_mkfs();
	test_disk_serial();
	test_disk_find();
	test_nic_name();
	test_nic_find();
	test_json();
	test_stats();
	test_stats_bounds();
	test_oom();
	test_reaper();
	printf("parts: %u failures\n", failures);
	return failures > 0;
}
