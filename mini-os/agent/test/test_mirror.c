/* The mirror of directory trees, on the file system of a scratch directory (needs root): <scratch directory>. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "mirror.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define TIB (1LL << 40)

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

/* What a test can't go on without. */
#define MUST(condition)                                                                       \
	do {                                                                                  \
		if (!(condition)) {                                                           \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, strerror(errno)); \
			exit(2);                                                              \
		}                                                                             \
	} while (0)

/* ---- a stage: source, target, aside and index in the working directory */

static struct mirror stage;

static int open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	MUST(fd >= 0);
	return fd;
}

static void empty(const char *path)
{
	struct problem problem;
	int fd = open_directory(path);

	MUST(mirror_empty(fd, &problem) == 0);
	close(fd);
}

static void set_stage(void)
{
	static const char *const directories[] = { "source", "target", "aside", "outside" };

	for (size_t i = 0; i < COUNT(directories); i++) {
		MUST(mkdir(directories[i], 0755) == 0 || errno == EEXIST);
		empty(directories[i]);
	}
	MUST(chmod("source", 0755) == 0);
	stage = (struct mirror){
		.source = open_directory("source"),
		.target = open_directory("target"),
		.aside = open_directory("aside"),
		.index = open(".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600),
	};
	MUST(stage.index >= 0);
}

static void strike_stage(void)
{
	close(stage.source);
	close(stage.target);
	close(stage.aside);
	close(stage.index);
}

static void mirror_well(const char *what)
{
	struct problem problem = { .text = "" };
	int result = mirror_tree(&stage, &problem);

	EXPECT(result == 0, "%s: %s", what, problem.text);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	MUST(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* When its inode was changed last: what is copied once more is changed. */
static struct timespec change_of(const char *path)
{
	struct stat status;

	MUST(lstat(path, &status) == 0);
	return status.st_ctim;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static ino_t inode_of(const char *path)
{
	struct stat status;

	MUST(lstat(path, &status) == 0);
	return status.st_ino;
}

/* ---- whether two trees are the same */

static bool same_attributes(const char *a, const char *b)
{
	static char names[2][65536], values[2][65536];
	ssize_t sizes[2] = { llistxattr(a, names[0], sizeof names[0]), llistxattr(b, names[1], sizeof names[1]) };

	if (sizes[0] != sizes[1])
		return false;
	for (ssize_t at = 0; at < sizes[0]; at += (ssize_t)strlen(names[0] + at) + 1) {
		ssize_t length = lgetxattr(a, names[0] + at, values[0], sizeof values[0]);

		if (length < 0 || lgetxattr(b, names[0] + at, values[1], sizeof values[1]) != length ||
		    memcmp(values[0], values[1], (size_t)length) != 0)
			return false;
	}
	return true;
}

static bool same_data(const char *a, const char *b)
{
	static char buffers[2][65536];
	int fds[2] = { open(a, O_RDONLY | O_CLOEXEC), open(b, O_RDONLY | O_CLOEXEC) };
	off_t at = 0, end;
	bool same = fds[0] >= 0 && fds[1] >= 0;

	/* Only what one of the two holds: holes can be larger than one would like to read. */
	for (unsigned i = 0; same && i < 2; i++)
		for (at = 0; same && (at = lseek(fds[i], at, SEEK_DATA)) >= 0; at = end) {
			end = lseek(fds[i], at, SEEK_HOLE);
			while (same && at < end) {
				size_t most = end - at < 65536 ? (size_t)(end - at) : 65536;
				ssize_t counts[2] = { pread(fds[0], buffers[0], most, at),
						      pread(fds[1], buffers[1], most, at) };

				same = counts[0] > 0 && counts[0] == counts[1] &&
				       memcmp(buffers[0], buffers[1], (size_t)counts[0]) == 0;
				at += counts[0];
			}
		}
	close(fds[0]);
	close(fds[1]);
	return same;
}

static void compare(const char *a, const char *b)
{
	struct stat left, right;
	char texts[2][4097];
	ssize_t length;

	if (lstat(a, &left) < 0 || lstat(b, &right) < 0) {
		EXPECT(false, "%s, %s: %s", a, b, strerror(errno));
		return;
	}
	EXPECT(left.st_mode == right.st_mode, "%s: mode %o, %o", a, left.st_mode, right.st_mode);
	EXPECT(left.st_uid == right.st_uid && left.st_gid == right.st_gid, "%s: owner %u:%u", a, right.st_uid,
	       right.st_gid);
	EXPECT(left.st_rdev == right.st_rdev, "%s: device", a);
	EXPECT(left.st_mtim.tv_sec == right.st_mtim.tv_sec && left.st_mtim.tv_nsec == right.st_mtim.tv_nsec,
	       "%s: time %ld.%ld, %ld.%ld", a, left.st_mtim.tv_sec, left.st_mtim.tv_nsec, right.st_mtim.tv_sec,
	       right.st_mtim.tv_nsec);
	EXPECT(same_attributes(a, b), "%s: extended attributes", a);
	if (!S_ISDIR(left.st_mode))
		EXPECT(left.st_nlink == right.st_nlink, "%s: %lu links, %lu", a, left.st_nlink, right.st_nlink);
	if (S_ISREG(left.st_mode)) {
		EXPECT(left.st_size == right.st_size, "%s: size", a);
		EXPECT(right.st_blocks <= left.st_blocks + 64, "%s: %ld blocks, %ld", a, left.st_blocks,
		       right.st_blocks);
		EXPECT(same_data(a, b), "%s: contents", a);
	}
	if (S_ISLNK(left.st_mode)) {
		length = readlink(a, texts[0], sizeof texts[0]);
		EXPECT(length > 0 && readlink(b, texts[1], sizeof texts[1]) == length &&
			       memcmp(texts[0], texts[1], (size_t)length) == 0,
		       "%s: where it leads", a);
	}
}

static unsigned compare_all(const char *a, const char *b);

static unsigned compare_below(const char *a, const char *b)
{
	DIR *directory = opendir(a);
	struct dirent *entry;
	unsigned count = 0;

	MUST(directory);
	while ((entry = readdir(directory)) != NULL) {
		char left[8192], right[8192];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(left, sizeof left, "%s/%s", a, entry->d_name);
		snprintf(right, sizeof right, "%s/%s", b, entry->d_name);
		count += compare_all(left, right);
	}
	closedir(directory);
	return count;
}

static unsigned compare_all(const char *a, const char *b)
{
	struct stat status;

	compare(a, b);
	return 1 + (lstat(a, &status) == 0 && S_ISDIR(status.st_mode) ? compare_below(a, b) : 0);
}

static unsigned names_below(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	unsigned count = 0;

	MUST(directory);
	while ((entry = readdir(directory)) != NULL) {
		char below[8192];
		struct stat status;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
		count += 1 + (lstat(below, &status) == 0 && S_ISDIR(status.st_mode) ? names_below(below) : 0);
	}
	closedir(directory);
	return count;
}

static void expect_same(const char *what)
{
	unsigned count = compare_all("source", "target");

	EXPECT(names_below("target") + 1 == count, "%s: %u names, %u in the source", what, names_below("target"), count);
	EXPECT(names_below("aside") == 0, "%s: something is left aside", what);
}

/* ---- what there can be */

static void set_times(const char *path, time_t seconds, long nanoseconds)
{
	const struct timespec times[2] = {
		{ .tv_sec = seconds, .tv_nsec = nanoseconds },
		{ .tv_sec = seconds, .tv_nsec = nanoseconds },
	};

	MUST(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) == 0);
}

static void make_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	MUST(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
	close(fd);
}

static void make_sparse(const char *path, off_t size, const off_t *places, size_t count)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	MUST(fd >= 0 && ftruncate(fd, size) == 0);
	for (size_t i = 0; i < count; i++)
		MUST(pwrite(fd, "here", 4, places[i]) == 4);
	close(fd);
}

/* An ACL with a user of its own, as the kernel has it: version 2, then tag, permissions, id of each entry. */
static const unsigned char acl[] = {
	2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 7, 0, 0xe9, 3, 0, 0, 4, 0, 4, 0, 255, 255, 255, 255,
	16, 0, 7, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255,
};

/* cap_net_bind_service+ep, as setcap(8) writes it. */
static const unsigned char capability[] = { 1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

static void make_names(void)
{
	char path[64] = "source/names";

	MUST(mkdir(path, 0711) == 0);
	for (unsigned byte = 1; byte < 256; byte++)
		if (byte != '/') {
			snprintf(path, sizeof path, "source/names/x%c", (int)byte);
			write_file(path, "");
		}
	snprintf(path, sizeof path, "source/names/...");
	write_file(path, "three dots");
}

static void make_odd_tree(void)
{
	static const off_t ends[] = { 0, TIB - 4 };
	char big[70000];
	char name[300] = "source/";

	write_file("source/empty", "");
	write_file("source/text", "some text\n");
	memset(big, 'b', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	write_file("source/big", big);
	memset(name + 7, 'n', 255);
	write_file(name, "of the longest name");
	make_names();
	MUST(chmod("source/text", 06755) == 0);
	write_file("source/owned", "x");
	MUST(chown("source/owned", 100000, 4000000000u) == 0 && chmod("source/owned", 04711) == 0);
	write_file("source/capable", "x");
	MUST(chown("source/capable", 7, 8) == 0);
	MUST(setxattr("source/capable", "security.capability", capability, sizeof capability, 0) == 0);
	write_file("source/marked", "x");
	MUST(setxattr("source/marked", "user.a", "", 0, 0) == 0);
	MUST(setxattr("source/marked", "user.b", big, 3000, 0) == 0);
	MUST(setxattr("source/marked", "trusted.overlay.metacopy", "", 0, 0) == 0);
	MUST(setxattr("source/marked", "trusted.overlay.redirect", "/elsewhere", 10, 0) == 0);
	write_file("source/listed", "x");
	MUST(setxattr("source/listed", "system.posix_acl_access", acl, sizeof acl, 0) == 0);
	MUST(mkdir("source/opaque", 01777) == 0);
	MUST(setxattr("source/opaque", "trusted.overlay.opaque", "y", 1, 0) == 0);
	MUST(setxattr("source/opaque", "system.posix_acl_default", acl, sizeof acl, 0) == 0);
	MUST(mkdir("source/opaque/below", 0) == 0);
	write_file("source/opaque/below/file", "x");
	MUST(mkdir("source/setgid", 02775) == 0 && chown("source/setgid", 5, 6) == 0 &&
	     chmod("source/setgid", 02775) == 0);
	write_file("source/setgid/of another group", "x");
	MUST(chown("source/setgid/of another group", 1, 2) == 0);
	MUST(symlink("text", "source/link") == 0 && symlink("/no/such", "source/dangling") == 0);
	MUST(symlink("../../outside", "source/out") == 0 && lchown("source/link", 3, 4) == 0);
	MUST(lsetxattr("source/link", "trusted.of a link", "1", 1, 0) == 0);
	MUST(mknod("source/whiteout", S_IFCHR, 0) == 0);
	MUST(mknod("source/null", S_IFCHR | 0666, makedev(1, 3)) == 0);
	MUST(mknod("source/disk", S_IFBLK | 0660, makedev(259, 1048575)) == 0);
	MUST(mkfifo("source/fifo", 0622) == 0 && chmod("source/fifo", 0622) == 0);
	make_socket("source/socket");
	make_sparse("source/sparse", TIB, ends, COUNT(ends));
	make_sparse("source/hole", 1 << 20, NULL, 0);
	write_file("source/one", "linked");
	MUST(link("source/one", "source/two") == 0 && link("source/one", "source/setgid/three") == 0);
	MUST(mkfifo("source/fifo one", 0600) == 0 && link("source/fifo one", "source/fifo two") == 0);
	set_times("source/text", 1, 1);
	set_times("source/link", 1000000000, 999999999);
	set_times("source/opaque", 2000000000, 123456789);
	set_times("source/whiteout", 0, 7);
	set_times("source", 1234567890, 987654321);
}

static void test_odd_tree(void)
{
	struct timespec text, fifo;

	for (int of_target = 0; of_target < 2; of_target++) {
		set_stage();
		stage.index_of_target = of_target;
		make_odd_tree();
		mirror_well("odd tree");
		expect_same("odd tree");
		MUST(inode_of("target/one") == inode_of("target/setgid/three"));
		text = change_of("target/text");
		fifo = change_of("target/fifo");
		mirror_well("odd tree again");
		expect_same("odd tree again");
		EXPECT(same_time(text, change_of("target/text")) && same_time(fifo, change_of("target/fifo")),
		       "what was the same was copied");
		strike_stage();
	}
}

/* Times of inodes are as coarse as the clock that they are taken from. */
static void await_tick(void)
{
	const struct timespec pause = { .tv_nsec = 20000000 };

	nanosleep(&pause, NULL);
}

static void test_without_index(void)
{
	struct timespec change;
	ino_t text;

	set_stage();
	close(stage.index);
	stage.index = -1;
	make_odd_tree();
	mirror_well("without an index");
	change = change_of("target/text");
	text = inode_of("target/text");
	await_tick();
	mirror_well("without an index again");
	expect_same("without an index again");
	EXPECT(!same_time(change, change_of("target/text")), "taken to be the same without an index");
	EXPECT(inode_of("target/text") == text, "another file");
	strike_stage();
}

/* ---- changes, of which each has to be noticed */

static void keep_times(const char *path, void (*change)(const char *path))
{
	struct stat status;

	MUST(lstat(path, &status) == 0);
	change(path);
	set_times(path, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

static void other_text(const char *path)
{
	write_file(path, "SOME TEXT\n");
}

static void change_contents(void)
{
	keep_times("source/text", other_text);
}

static void change_target(void)
{
	keep_times("target/text", other_text);
}

static void replace_target(void)
{
	write_file("target/another", "some text\n");
	MUST(rename("target/another", "target/text") == 0);
}

static void change_mode(void)
{
	MUST(chmod("source/text", 0600) == 0);
}

static void change_attribute(void)
{
	MUST(removexattr("source/marked", "user.a") == 0 && setxattr("source/marked", "user.c", "1", 1, 0) == 0);
}

static void change_attributes_of_directory(void)
{
	MUST(removexattr("source/opaque", "trusted.overlay.opaque") == 0 && chown("source/opaque", 1, 1) == 0);
	MUST(removexattr("source/opaque", "system.posix_acl_default") == 0);
}

static void remove_some(void)
{
	MUST(unlink("source/text") == 0 && unlink("source/names/...") == 0 && unlink("source/fifo") == 0);
	MUST(unlink("source/opaque/below/file") == 0 && rmdir("source/opaque/below") == 0);
}

static void remove_directory(void)
{
	int fd = open_directory("source/names");
	struct problem problem;

	MUST(mirror_empty(fd, &problem) == 0 && rmdir("source/names") == 0);
	close(fd);
}

static void file_for_directory(void)
{
	remove_directory();
	write_file("source/names", "no directory any more");
}

static void directory_for_file(void)
{
	MUST(unlink("source/text") == 0 && mkdir("source/text", 0755) == 0);
	write_file("source/text/below", "x");
}

static void whiteout_for_directory(void)
{
	remove_directory();
	MUST(mknod("source/names", S_IFCHR, 0) == 0);
}

static void directory_for_symlink(void)
{
	MUST(unlink("source/out") == 0 && mkdir("source/out", 0755) == 0);
	write_file("source/out/file", "not outside");
}

static void break_links(void)
{
	MUST(unlink("source/two") == 0);
	write_file("source/two", "by itself");
}

static void break_all_links(void)
{
	MUST(unlink("source/two") == 0 && unlink("source/setgid/three") == 0);
}

static void add_link(void)
{
	MUST(link("source/text", "source/opaque/text") == 0);
}

static void rename_some(void)
{
	MUST(rename("source/text", "source/opaque/renamed") == 0 && rename("source/names", "source/opaque/names") == 0);
	MUST(rename("source/big", "source/text") == 0);
}

static void junk_in_target(void)
{
	MUST(mkdir("target/junk", 0) == 0 && mkdir("target/junk/below", 0700) == 0);
	write_file("target/junk/below/file", "x");
	write_file("aside/new", "x");
	MUST(unlink("target/text") == 0 && mkdir("target/text", 0700) == 0);
	write_file("target/text/x", "x");
}

/* What the target leads to must stay as it is, wherever that is. */
static void symlinks_in_target(void)
{
	int fd = open_directory("target/names");
	struct problem problem;

	MUST(mirror_empty(fd, &problem) == 0 && rmdir("target/names") == 0);
	close(fd);
	MUST(symlink("../outside", "target/names") == 0);
	MUST(unlink("target/text") == 0 && symlink("../outside/kept", "target/text") == 0);
	MUST(symlink("../outside", "target/junk") == 0);
	MUST(symlink("../outside/kept", "aside/new") == 0);
}

static void test_changes(void)
{
	static const struct {
		const char *what;
		void (*change)(void);
	} cases[] = {
		{ "other contents of the same size and time", change_contents },
		{ "the target's contents changed", change_target },
		{ "the target replaced", replace_target },
		{ "mode", change_mode },
		{ "extended attributes", change_attribute },
		{ "attributes of a directory", change_attributes_of_directory },
		{ "removals", remove_some },
		{ "a directory removed", remove_directory },
		{ "a file for a directory", file_for_directory },
		{ "a directory for a file", directory_for_file },
		{ "a whiteout for a directory", whiteout_for_directory },
		{ "a directory for a symbolic link", directory_for_symlink },
		{ "links broken", break_links },
		{ "the last links broken", break_all_links },
		{ "one more link", add_link },
		{ "renames", rename_some },
		{ "junk in the target", junk_in_target },
		{ "symbolic links in the target", symlinks_in_target },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		set_stage();
		make_odd_tree();
		write_file("outside/kept", "as it was");
		MUST(mkdir("outside/xa", 0700) == 0);
		mirror_well(cases[i].what);
		cases[i].change();
		mirror_well(cases[i].what);
		expect_same(cases[i].what);
		EXPECT(names_below("outside") == 2, "%s: outside has changed", cases[i].what);
		write_file("aside/expected", "as it was");
		EXPECT(same_data("outside/kept", "aside/expected"), "%s: outside has changed", cases[i].what);
		strike_stage();
	}
}

/* ---- how much there can be */

/* depth directories in each other; the working directory is left there and then restored. */
static void make_deep(const char *path, unsigned depth)
{
	int home = open_directory(".");

	MUST(chdir(path) == 0);
	for (unsigned i = 0; i < depth; i++)
		MUST(mkdir("d", 0755) == 0 && chdir("d") == 0);
	write_file("bottom", "reached");
	MUST(fchdir(home) == 0);
	close(home);
}

static bool has_bottom(const char *path, unsigned depth)
{
	int home = open_directory(".");
	bool found;

	MUST(chdir(path) == 0);
	for (unsigned i = 0; i < depth && chdir("d") == 0; i++)
		;
	found = access("bottom", F_OK) == 0;
	MUST(fchdir(home) == 0);
	close(home);
	return found;
}

static void test_depth(void)
{
	struct problem problem = { .text = "" };

	set_stage();
	make_deep("source", MIRROR_DEPTH_MAX - 1);
	mirror_well("as deep as can be");
	EXPECT(has_bottom("target", MIRROR_DEPTH_MAX - 1), "the bottom is not there");
	/* One more, by another one around it all. */
	MUST(rename("source/d", "outside/d") == 0 && mkdir("source/d", 0755) == 0 &&
	     rename("outside/d", "source/d/d") == 0);
	EXPECT(mirror_tree(&stage, &problem) < 0, "too deep, and no problem");
	EXPECT(strstr(problem.text, strerror(ELOOP)) != NULL, "%s", problem.text);
	EXPECT(strlen(problem.text) < sizeof problem.text - 1, "the text is cut off");
	EXPECT(mirror_empty(stage.source, &problem) < 0, "what is too deep was removed");
	MUST(rename("source/d/d", "outside/d") == 0 && rmdir("source/d") == 0);
	strike_stage();
}

static void test_many(void)
{
	char path[64];

	set_stage();
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(path, sizeof path, "source/file-%u", i);
		write_file(path, i % 100 ? "" : "x");
	}
	mirror_well("many files");
	expect_same("many files");
	for (unsigned i = 0; i < 20000; i += 2) {
		snprintf(path, sizeof path, "source/file-%u", i);
		MUST(unlink(path) == 0);
	}
	mirror_well("half of them");
	expect_same("half of them");
	strike_stage();
}

static void test_no_space(void)
{
	struct problem problem = { .text = "" };
	char big[200000];

	MUST(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	MUST(mkdir("small", 0755) == 0 || errno == EEXIST);
	MUST(mount("tmpfs", "small", "tmpfs", 0, "size=128k") == 0);
	MUST(mkdir("small/target", 0755) == 0 && mkdir("small/aside", 0755) == 0);
	set_stage();
	close(stage.target);
	close(stage.aside);
	stage.target = open_directory("small/target");
	stage.aside = open_directory("small/aside");
	memset(big, 'b', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	MUST(mkdir("source/d", 0755) == 0);
	write_file("source/d/too big", big);
	EXPECT(mirror_tree(&stage, &problem) < 0, "there was room");
	EXPECT(strcmp(problem.text, "/d/too big: No space left on device") == 0, "%s", problem.text);
	EXPECT(names_below("small/aside") == 0, "what was begun takes room still");
	MUST(truncate("source/d/too big", 1000) == 0);
	mirror_well("once there is room");
	EXPECT(compare_all("source", "small/target") == 3, "not all names");
	strike_stage();
	MUST(umount("small") == 0);
}

static void test_attributes_alone(void)
{
	struct problem problem = { .text = "" };

	set_stage();
	make_odd_tree();
	MUST(setxattr("source", "trusted.overlay.opaque", "y", 1, 0) == 0 && chown("source", 9, 10) == 0);
	EXPECT(mirror_attributes(stage.source, stage.target, &problem) == 0, "%s", problem.text);
	compare("source", "target");
	EXPECT(names_below("target") == 0, "more than attributes");
	MUST(removexattr("source", "trusted.overlay.opaque") == 0 && chown("source", 0, 0) == 0);
	strike_stage();
}

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]) < 0) {
		fprintf(stderr, "usage: %s directory\n", argv[0]);
		return 2;
	}
	umask(022);
	test_no_space();
	test_depth();
	test_odd_tree();
	test_without_index();
	test_changes();
	test_attributes_alone();
	test_many();
	printf("mirror: %u failures\n", failures);
	return failures > 0;
}
