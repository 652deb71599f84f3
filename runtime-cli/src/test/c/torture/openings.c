#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "say.h"
#include "setup.h"

static const struct {
	const char *name;
	int flags;
} ways[] = {
	{ "reading", O_RDONLY },
	{ "writing", O_WRONLY },
	{ "creating", O_RDWR | O_CREAT },
	{ "creating-alone", O_RDWR | O_CREAT | O_EXCL },
	{ "truncating", O_RDWR | O_TRUNC },
	{ "a-directory", O_RDONLY | O_DIRECTORY },
	{ "no-link", O_RDONLY | O_NOFOLLOW },
	{ "a-path", O_PATH },
	{ "a-path-no-link", O_PATH | O_NOFOLLOW },
	{ "creating-a-directory", O_RDWR | O_CREAT | O_DIRECTORY },
};

/* Each way with everything there is. */
static void of_all(const int choice[CHOICES])
{
	static const char *const paths[] = { "file", "full", "link", "way", "dangling", "fifo", "missing", "new", "file/x", "full/" };

	make_file("new", "new\n");
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		int fd = open(paths[i], ways[choice[0]].flags | O_NONBLOCK | O_CLOEXEC, 0644);

		say("%s=%s", paths[i], fd < 0 ? errno_name(errno) : "ok");
		if (fd >= 0)
			close(fd);
	}
	say_file("file");
	say_file("nowhere");
}

static void of_a_path_only(void)
{
	char byte;
	struct stat status;
	int fd = open_file("file", O_PATH), link = open_file("link", O_PATH | O_NOFOLLOW), directory = open_file("full", O_PATH);

	TRY(read(fd, &byte, 1));
	TRY(fstat(fd, &status));
	TRY(ftruncate(fd, 0));
	TRY(fsync(fd));
	TRY_OPEN(openat(directory, "a", O_RDONLY));
	TRY(fchdir(directory));
	TRY(readlinkat(link, "", (char[16]){ 0 }, 16));
	TRY(fstatat(link, "", &status, AT_EMPTY_PATH));
	say("%s", S_ISLNK(status.st_mode) ? "a link" : "no link");
	TRY(fcntl(fd, F_GETFL) & O_PATH ? 0 : -1);
}

static void directly(void)
{
	char *buffer = aligned_alloc(4096, 8192);
	int fd;

	make_pattern("new", 8192);
	fd = OPEN(open("new", O_RDWR | O_DIRECT | O_CLOEXEC));
	if (fd < 0)
		return;
	TRY(pread(fd, buffer, 4096, 4096));
	say("%c", buffer[0]);
	memset(buffer, 'Z', 4096);
	TRY(pwrite(fd, buffer, 4096, 0));
	TRY(pread(fd, buffer, 8192, 8192));
	MUST(close(fd));
	say_content("new");
	free(buffer);
}

static void directly_unaligned(void)
{
	char *buffer = aligned_alloc(4096, 8192);
	int fd;

	make_pattern("new", 8192);
	fd = OPEN(open("new", O_RDWR | O_DIRECT | O_CLOEXEC));
	if (fd < 0)
		return;
	TRY(pread(fd, buffer + 1, 4096, 0));
	TRY(pread(fd, buffer, 100, 0));
	TRY(pread(fd, buffer, 4096, 7));
	TRY(pwrite(fd, buffer, 100, 0));
	free(buffer);
}

static void directly_of_a_lower_file(void)
{
	char *buffer = aligned_alloc(4096, 8192);
	int fd = OPEN(open("big", O_RDONLY | O_DIRECT | O_CLOEXEC));

	if (fd >= 0) {
		TRY(pread(fd, buffer, 4096, 4096));
		say("%c", buffer[0]);
	}
	fd = OPEN(open("big", O_RDWR | O_DIRECT | O_CLOEXEC));
	if (fd >= 0) {
		memset(buffer, 'Z', 4096);
		TRY(pwrite(fd, buffer, 4096, 4096));
		say_content("big");
	}
	free(buffer);
}

static void mixed_with_direct(void)
{
	char *buffer = aligned_alloc(4096, 4096);
	int direct, plain;

	make_pattern("new", 4096);
	plain = open_file("new", O_RDWR);
	direct = OPEN(open("new", O_RDWR | O_DIRECT | O_CLOEXEC));
	if (direct < 0)
		return;
	TRY(pwrite(plain, "plain", 5, 0));
	TRY(pread(direct, buffer, 4096, 0));
	say_bytes(buffer, 8);
	memcpy(buffer, "direct", 6);
	TRY(pwrite(direct, buffer, 4096, 0));
	TRY(pread(plain, buffer, 8, 0));
	say_bytes(buffer, 8);
	free(buffer);
}

static void flags_later(void)
{
	int fd = open_file("file", O_RDWR);

	TRY(fcntl(fd, F_SETFL, O_APPEND));
	TRY(write(fd, "end", 3));
	TRY(fcntl(fd, F_SETFL, 0));
	TRY(pwrite(fd, "START", 5, 0));
	say_fd("file", fd);
	TRY(fcntl(fd, F_GETFL) & O_ACCMODE);
	TRY(fcntl(fd, F_SETFL, O_NOATIME));
	TRY(fcntl(fd, F_GETFD));
}

static int resolved(const char *path, unsigned long long resolve)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC, .resolve = resolve };

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

static void resolved_in_ways(void)
{
	TRY_OPEN(resolved("file", RESOLVE_BENEATH));
	TRY_OPEN(resolved("../file", RESOLVE_BENEATH));
	TRY_OPEN(resolved("link", RESOLVE_NO_SYMLINKS));
	TRY_OPEN(resolved("full/link", RESOLVE_IN_ROOT));
	TRY_OPEN(resolved("/file", RESOLVE_IN_ROOT));
	TRY_OPEN(resolved("/file", RESOLVE_BENEATH));
	TRY_OPEN(resolved("full/../file", RESOLVE_NO_XDEV));
	TRY_OPEN(resolved("/proc/self/fd/0", RESOLVE_NO_MAGICLINKS));
	TRY_OPEN(resolved("file", 0x1000));
}

static void relative_to_directories(void)
{
	int full = open_file("full", O_RDONLY | O_DIRECTORY), file = open_file("file", O_RDONLY);

	TRY_OPEN(openat(full, "../file", O_RDONLY));
	TRY_OPEN(openat(full, "sub/c", O_RDONLY));
	TRY_OPEN(openat(file, "x", O_RDONLY));
	TRY(mkdirat(full, "new", 0755));
	TRY(renameat(full, "a", full, "new/a"));
	TRY(unlinkat(full, "b", 0));
	TRY(linkat(full, "new/a", full, "linked", 0));
	TRY(symlinkat("linked", full, "soft"));
	TRY_OPEN(openat(-1, "x", O_RDONLY));
	say_tree("full");
}

static void open_alone(void *nothing)
{
	int fd;

	(void)nothing;
	for (int i = 0; i < 100; i++) {
		char name[16];

		snprintf(name, sizeof name, "new/%d", i);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0) {
			MUST(write(fd, "x", 1));
			MUST(close(fd));
			int log = open_file("log", O_WRONLY | O_APPEND);

			MUST(write(log, "x", 1));
			MUST(close(log));
		}
	}
}

static void alone_of_three(void)
{
	pid_t children[3];
	struct stat status;

	make_directory("new", 0755);
	make_file("log", "");
	for (int i = 0; i < 3; i++)
		children[i] = spawn(open_alone, NULL);
	for (int i = 0; i < 3; i++)
		await(children[i]);
	MUST(stat("log", &status));
	say("%ld made", (long)status.st_size);
}

static void too_many(void)
{
	int count = 0;

	while (count < 2000 && open("file", O_RDONLY | O_CLOEXEC) >= 0)
		count++;
	say("%s", count == 2000 ? "2000" : errno_name(errno));
}

static void hundreds_of_files(void)
{
	int fds[300], right = 0;
	char name[16], text[16];

	make_directory("new", 0755);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "new/%d", i);
		fds[i] = (int)MUST(open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
		MUST(write(fds[i], name, strlen(name)));
	}
	for (int i = 0; i < 300; i++) {
		ssize_t size = pread(fds[i], text, sizeof text - 1, 0);

		snprintf(name, sizeof name, "new/%d", i);
		text[size < 0 ? 0 : size] = '\0';
		right += strcmp(name, text) == 0;
	}
	say("%d right", right);
}

void add_openings(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "of-a-path-only", of_a_path_only },
		{ "directly", directly },
		{ "directly-unaligned", directly_unaligned },
		{ "directly-of-a-lower-file", directly_of_a_lower_file },
		{ "mixed-with-direct", mixed_with_direct },
		{ "flags-later", flags_later },
		{ "resolved-in-ways", resolved_in_ways },
		{ "relative-to-directories", relative_to_directories },
		{ "alone-of-three", alone_of_three },
		{ "too-many", too_many },
		{ "hundreds-of-files", hundreds_of_files },
	};

	ADD_TABLE(suite, "open", table);
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
		suite_add(suite, of_all, (const int[CHOICES]){ (int)i }, "open.%s", ways[i].name);
}
