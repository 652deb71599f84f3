/* The memory of a clone: which files are refused, and that what a file holds arrives, and its holes stay holes. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"
#include "own_file.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

#define PAGE PLAN_MEMORY_PAGE
#define PAGES 600u /* more than one piece for the kernel, which copies some at once */

static const char template[] = "template";

static bool exact; /* the file system has a hole wherever nothing was written */

/* A template of as many pages, of which those marked with anything but a blank have contents. */
static void make_template(const char *pages, size_t count)
{
	static unsigned char page[PAGE];
	int fd = open(template, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert(fd >= 0 && ftruncate(fd, (off_t)(count * PAGE)) == 0);
	for (size_t i = 0; i < count; i++) {
		if (pages[i] == ' ')
			continue;
		for (size_t at = 0; at < PAGE; at++)
			page[at] = (unsigned char)(at * 31 + i * 7 + i / 256 + 1);
		assert(pwrite(fd, page, PAGE, (off_t)(i * PAGE)) == PAGE);
	}
	close(fd);
}

static int open_memory(uint64_t size, const char *path, struct problem *problem)
{
	const struct plan_memory memory = { .size = size, .path = path };

	int file = -1;
	int fd;

	problem->text[0] = '\0';
	if (path) {
		file = own_file_open("memory", path, problem);
		if (file < 0)
			return -1;
	}
	fd = memory_make(&memory, file, problem);
	if (fd >= 0 && file >= 0)
		assert(memory_fill(fd, &memory, file, problem) == 0);
	if (file >= 0)
		close(file);
	return fd;
}

/* Whether the kernel is one with which memory can be kept from being executed: since 6.3. */
static bool can_be_no_program(void)
{
	int fd = memfd_create("test", MFD_NOEXEC_SEAL);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Neither its size nor what it is can be changed by anybody. */
static void check_memory(int fd, uint64_t size)
{
	char link[64], target[64] = "";
	struct stat status;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	assert(readlink(link, target, sizeof target - 1) > 0 && strcmp(target, "/memfd:limpid-ram (deleted)") == 0);
	assert(fstat(fd, &status) == 0 && (uint64_t)status.st_size == size);
	assert(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	assert(ftruncate(fd, (off_t)size - PAGE) == -1 && errno == EPERM);
	assert(ftruncate(fd, (off_t)size + PAGE) == -1 && errno == EPERM);
	if (can_be_no_program())
		assert((status.st_mode & 0111) == 0 && fchmod(fd, 0700) == -1 && errno == EPERM);
}

static void *map(int fd, size_t size)
{
	void *mapped = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	assert(mapped != MAP_FAILED);
	return mapped;
}

/* How many bytes it takes: reading, too, could take some. */
static uint64_t taken(int fd)
{
	struct stat status;

	assert(fstat(fd, &status) == 0);
	return (uint64_t)status.st_blocks * 512;
}

static void check_copy(const char *pages, size_t count)
{
	const size_t size = count * PAGE;
	struct problem problem;
	uint64_t expected = 0;
	int fd, source;
	void *is, *should;

	make_template(pages, count);
	for (size_t i = 0; i < count; i++)
		expected += pages[i] == ' ' ? 0 : PAGE;
	fd = open_memory(size, template, &problem);
	if (fd < 0) {
		fprintf(stderr, "`%.80s`: %s\n", pages, problem.text);
		abort();
	}
	check_memory(fd, size);
	if (taken(fd) < expected || taken(fd) > (exact ? expected : size)) {
		fprintf(stderr, "`%.80s`: %ju bytes, not %ju\n", pages, (uintmax_t)taken(fd), (uintmax_t)expected);
		abort();
	}
	source = open(template, O_RDONLY);
	is = map(fd, size);
	should = map(source, size);
	assert(memcmp(is, should, size) == 0);
	munmap(is, size);
	munmap(should, size);
	close(source);
	close(fd);
	assert(unlink(template) == 0);
}

static void test_copies(void)
{
	static const char *const small[] = { " ", "x", "x ", " x", "x  ", " x ", "  x", "x x x", " x x ", "     ", "xxxxx" };
	char pages[PAGES + 1] = "";

	for (size_t i = 0; i < sizeof small / sizeof small[0]; i++)
		check_copy(small[i], strlen(small[i]));
	memset(pages, 'x', PAGES);
	check_copy(pages, PAGES);
	memset(pages, ' ', PAGES);
	check_copy(pages, PAGES);
	pages[0] = pages[PAGES / 2] = pages[PAGES - 1] = 'x';
	check_copy(pages, PAGES);
	srand(1);
	for (unsigned i = 0; i < PAGES; i++)
		pages[i] = rand() % 3 ? ' ' : 'x';
	check_copy(pages, PAGES);
}

static void test_empty(void)
{
	static const uint64_t sizes[] = { PAGE, 2 * PAGE, UINT64_C(3) << 30, PLAN_MEMORY_SIZE_MAX };
	struct problem problem;

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		int fd = open_memory(sizes[i], NULL, &problem);

		assert(fd >= 0 && taken(fd) == 0);
		check_memory(fd, sizes[i]);
		close(fd);
	}
}

static void refuse(uint64_t size, const char *path, const char *why)
{
	struct problem problem;

	if (open_memory(size, path, &problem) == -1 && strcmp(problem.text, why) == 0)
		return;
	fprintf(stderr, "`%s`, not `%s`\n", problem.text, why);
	abort();
}

static void test_refused(void)
{
	static const mode_t modes[] = { 0620, 0602, 0660, 0666 };

	refuse(PAGE, "missing", "memory: missing: No such file or directory");
	refuse(PAGE, ".", "memory: .: not a regular file");
	refuse(PAGE, "/dev/zero", "memory: /dev/zero: not a regular file");
	assert(mkfifo("fifo", 0600) == 0);
	refuse(PAGE, "fifo", "memory: fifo: not a regular file");
	make_template(" x", 2);
	assert(symlink(template, "link") == 0);
	refuse(2 * PAGE, "link", "memory: link: Too many levels of symbolic links");
	refuse(PAGE, template, "memory: template: 8192 bytes, not 4096");
	refuse(3 * PAGE, template, "memory: template: 8192 bytes, not 12288");
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		assert(chmod(template, modes[i]) == 0);
		refuse(2 * PAGE, template, "memory: template: others may have written it");
	}
	assert(chmod(template, 0600) == 0 && chown(template, 1, 1) == 0);
	refuse(2 * PAGE, template, "memory: template: others may have written it");
	assert(unlink(template) == 0 && unlink("link") == 0 && unlink("fifo") == 0);
}

/* The state of a template, and whatever else is believed: to be read by others it may be, but not to be written. */
static void test_own_file(void)
{
	struct problem problem;
	char byte;
	int fd;

	assert(own_file_open("state", "missing", &problem) == -1);
	assert(strcmp(problem.text, "state: missing: No such file or directory") == 0);
	make_template("x", 1);
	assert(chmod(template, 0644) == 0);
	fd = own_file_open("state", template, &problem);
	assert(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && read(fd, &byte, 1) == 1 && write(fd, &byte, 1) == -1);
	close(fd);
	assert(unlink(template) == 0);
}

static void test_in(const char *parent)
{
	char path[64];
	int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	snprintf(path, sizeof path, "%s/limpid-memory-test-XXXXXX", parent);
	assert(before >= 0 && mkdtemp(path) && chdir(path) == 0);
	test_refused();
	test_copies();
	test_own_file();
	assert(fchdir(before) == 0 && rmdir(path) == 0);
	close(before);
}

int main(void)
{
	int lowest = dup(0);

	close(lowest);
	test_empty();
	/* On a disk, mostly, and in memory. */
	test_in("/var/tmp");
	exact = true;
	test_in("/dev/shm");
	/* Nothing has been left open. */
	assert(dup(0) == lowest);
	puts("test_memory: ok");
	return 0;
}
