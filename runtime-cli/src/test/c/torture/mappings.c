#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"
#include "setup.h"

#define PAGE 4096

static char *mapped(const char *path, int flags, int protection, int kind, size_t size)
{
	int fd = open_file(path, flags);
	char *map = mmap(NULL, size, protection, kind, fd, 0);

	MUST(map == MAP_FAILED ? -1 : 0);
	MUST(close(fd));
	return map;
}

static const char *map_result(void *map)
{
	return map == MAP_FAILED ? errno_name(errno) : "ok";
}

static sigjmp_buf escape;

static void on_fault(int number)
{
	siglongjmp(escape, number);
}

/* The signal of touching a byte, or 0. */
static int fault(volatile char *at, int write)
{
	const struct sigaction action = { .sa_handler = on_fault };
	int number;

	MUST(sigaction(SIGBUS, &action, NULL));
	MUST(sigaction(SIGSEGV, &action, NULL));
	number = sigsetjmp(escape, 1);
	if (number == 0) {
		if (write)
			*at = 'x';
		else
			(void)*at;
	}
	return number;
}

static void shared_is_written(void)
{
	char *map;

	make_file("new", "new file\n");
	map = mapped("new", O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED, PAGE);
	memcpy(map, "NEW", 3);
	say_content("new");
	write_at("new", 4, "FILE");
	say_bytes(map, 9);
	TRY(msync(map, PAGE, MS_ASYNC));
	TRY(munmap(map, PAGE));
	say_file("new");
}

static void private_is_not_written(void)
{
	char *map = mapped("file", O_RDONLY, PROT_READ | PROT_WRITE, MAP_PRIVATE, PAGE);

	memcpy(map, "MINE!", 5);
	say_bytes(map, 11);
	say_content("file");
}

static void of_a_lower_file(void)
{
	char *map = mapped("big", O_RDONLY, PROT_READ, MAP_SHARED, 256 * 1024);

	say("%c %c %c", map[0], map[5 * PAGE], map[63 * PAGE + 4095]);
	TRY(madvise(map, 256 * 1024, MADV_DONTNEED));
	say("%c", map[10 * PAGE]);
}

static void behind_the_end(void)
{
	char *map = mapped("file", O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED, 2 * PAGE);

	say("last page's rest %d", map[100]);
	map[100] = 'x';
	TRY(msync(map, PAGE, MS_SYNC));
	say_content("file");
	say("next page: signal %d", fault(map + PAGE, 0));
}

static void after_truncation(void)
{
	char *map;

	make_pattern("new", 4 * PAGE);
	map = mapped("new", O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED, 4 * PAGE);
	say("%c", map[3 * PAGE]);
	MUST(truncate("new", PAGE + 10));
	say("signal %d, signal %d", fault(map + 3 * PAGE, 0), fault(map + 2 * PAGE, 1));
	say("%c %d", map[PAGE + 9], map[PAGE + 10]);
	MUST(truncate("new", 4 * PAGE));
	say("%d", map[3 * PAGE]);
}

static void after_truncation_of_a_lower_file(void)
{
	char *map = mapped("big", O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED, 16 * PAGE);

	MUST(truncate("big", PAGE));
	say("signal %d, signal %d", fault(map, 0), fault(map + PAGE, 0));
}

static void with_wrong_rights(void)
{
	int reader = open_file("file", O_RDONLY), writer = open_file("file", O_WRONLY), path = open_file("file", O_PATH);

	say("%s", map_result(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, reader, 0)));
	say("%s", map_result(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, writer, 0)));
	say("%s", map_result(mmap(NULL, PAGE, PROT_WRITE, MAP_PRIVATE, writer, 0)));
	say("%s", map_result(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, path, 0)));
	say("%s", map_result(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, open_file("full", O_RDONLY), 0)));
	say("%s", map_result(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 1)));
	say("%s", map_result(mmap(NULL, 0, PROT_READ, MAP_SHARED, reader, 0)));
	say("%s", map_result(mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, reader, 0)));
	say("%s", map_result(mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, reader, 0)));
}

static void made_writable(void)
{
	char *map = mapped("file", O_RDONLY, PROT_READ, MAP_SHARED, PAGE);

	TRY(mprotect(map, PAGE, PROT_READ | PROT_WRITE));
	say("signal %d", fault(map, 1));
}

static char *shared_map;

static void write_through(void *nothing)
{
	(void)nothing;
	memcpy(shared_map, "CHILD", 5);
}

static void between_processes(void)
{
	make_file("new", "0123456789");
	shared_map = mapped("new", O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED, PAGE);
	await(spawn(write_through, NULL));
	say_bytes(shared_map, 10);
	say_content("new");
}

static void between_two_mappings(void)
{
	char *first, *second;

	make_file("new", "0123456789");
	first = mapped("new", O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED, PAGE);
	second = mapped("new", O_RDONLY, PROT_READ, MAP_SHARED, PAGE);
	first[3] = 'x';
	say_bytes(second, 10);
}

static void of_an_unlinked_file(void)
{
	char *map = mapped("big", O_RDONLY, PROT_READ, MAP_PRIVATE, 64 * PAGE);

	MUST(unlink("big"));
	say("%c %c", map[0], map[60 * PAGE]);
}

static void over_holes(void)
{
	char *map;
	struct stat status;

	make_file("new", "");
	MUST(truncate("new", 1024 * 1024));
	map = mapped("new", O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED, 1024 * 1024);
	say("%d", map[500000]);
	map[600000] = 'x';
	TRY(msync(map, 1024 * 1024, MS_SYNC));
	MUST(stat("new", &status));
	say("%s", status.st_blocks > 0 && status.st_blocks * 512 < status.st_size ? "sparse" : "full or empty");
	say_content("new");
}

static void as_a_buffer(void)
{
	char *map = mapped("big", O_RDONLY, PROT_READ, MAP_SHARED, 64 * PAGE);
	int fd = (int)MUST(open("new", O_RDWR | O_CREAT | O_CLOEXEC, 0644));

	TRY(write(fd, map, 64 * PAGE));
	say_content("new");
	fd = open_file("big", O_RDWR);
	map = mapped("new", O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED, 64 * PAGE);
	TRY(pread(fd, map, PAGE, 5 * PAGE));
	say("%c", map[0]);
}

static void is_resident(void)
{
	unsigned char pages[4];
	char *map = mapped("big", O_RDONLY, PROT_READ, MAP_SHARED, 4 * PAGE);

	say("%c", map[0]);
	TRY(mincore(map, 4 * PAGE, pages));
	TRY(mlock(map, PAGE));
	TRY(munlock(map, PAGE));
	TRY(msync(map + 1, PAGE, MS_SYNC));
	TRY(msync(map, PAGE, MS_SYNC | MS_ASYNC));
}

void add_mappings(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "shared-is-written", shared_is_written },
		{ "private-is-not-written", private_is_not_written },
		{ "of-a-lower-file", of_a_lower_file },
		{ "behind-the-end", behind_the_end },
		{ "after-truncation", after_truncation },
		{ "after-truncation-of-a-lower-file", after_truncation_of_a_lower_file },
		{ "with-wrong-rights", with_wrong_rights },
		{ "made-writable", made_writable },
		{ "between-processes", between_processes },
		{ "between-two-mappings", between_two_mappings },
		{ "of-an-unlinked-file", of_an_unlinked_file },
		{ "over-holes", over_holes },
		{ "as-a-buffer", as_a_buffer },
		{ "is-resident", is_resident },
	};

	ADD_TABLE(suite, "mmap", table);
}
