/* Growing, shrinking, holes. */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "say.h"
#include "setup.h"

#define MIB (1024 * 1024)

static const char *sparseness(const char *path)
{
	struct stat status;

	MUST(stat(path, &status));
	return status.st_blocks * 512 < status.st_size ? "sparse" : "not sparse";
}

static void say_holes(int fd)
{
	off_t at = 0;

	for (int i = 0; i < 8; i++) {
		off_t data = lseek(fd, at, SEEK_DATA), hole;

		if (data < 0) {
			say("data %s", errno_name(errno));
			return;
		}
		hole = lseek(fd, data, SEEK_HOLE);
		say("data %ld-%ld", (long)data, (long)hole);
		at = hole;
	}
}

static void truncated_longer(void)
{
	int fd = open_file("file", O_RDWR);

	TRY(ftruncate(fd, 20));
	say_fd("file", fd);
	TRY(ftruncate(fd, 5));
	TRY(ftruncate(fd, 11));
	say_fd("file", fd);
	TRY(ftruncate(fd, -1));
}

static void truncated_by_path(void)
{
	TRY(truncate("file", 3));
	TRY(truncate("nothing", 3));
	TRY(truncate("full", 3));
	TRY(truncate("missing", 3));
	TRY(truncate("link", 2));
	TRY(truncate("fifo", 2));
	say_file("file");
	say_file("nothing");
}

static void truncated_read_only(void)
{
	int fd = open_file("file", O_RDONLY);

	TRY(ftruncate(fd, 3));
	TRY_OPEN(open("file", O_RDONLY | O_TRUNC));
	say_file("file");
}

static void truncated_to_a_terabyte(void)
{
	int fd = open_file("nothing", O_RDWR);

	TRY(ftruncate(fd, 1L << 40));
	TRY(lseek(fd, 0, SEEK_END));
	TRY(pwrite(fd, "end", 3, (1L << 40) - 3));
	say("%s", sparseness("nothing"));
	TRY(ftruncate(fd, 0));
}

static void too_large(void)
{
	const struct rlimit limit = { 1000, 1000 };
	int fd = open_file("nothing", O_RDWR);

	signal(SIGXFSZ, SIG_IGN);
	MUST(setrlimit(RLIMIT_FSIZE, &limit));
	TRY(ftruncate(fd, 1001));
	TRY(pwrite(fd, "x", 1, 1000));
	TRY(pwrite(fd, "0123456789", 10, 995));
	TRY(pwrite(fd, "0123456789", 10, 990));
	TRY(fallocate(fd, 0, 0, 2000));
	say("size %ld", (long)lseek(fd, 0, SEEK_END));
}

static void too_large_by_a_signal(void)
{
	const struct rlimit limit = { 1000, 1000 };
	int fd = open_file("nothing", O_RDWR);

	MUST(setrlimit(RLIMIT_FSIZE, &limit));
	TRY(pwrite(fd, "x", 1, 1000));
}

static void written_behind_the_end(void)
{
	int fd = open_file("file", O_RDWR);

	TRY(pwrite(fd, "end", 3, 20));
	say_fd("file", fd);
	TRY(pwrite(fd, "far", 3, MIB));
	say("%s, size %ld", sparseness("file"), (long)lseek(fd, 0, SEEK_END));
}

static void holes_of_a_lower_file(void)
{
	say_holes(open_file("sparse", O_RDONLY));
	say("%s", sparseness("sparse"));
	say_content("sparse");
}

static void holes_after_a_copy_up(void)
{
	copy_up("sparse");
	say_content("sparse");
}

static void holes_of_a_new_file(void)
{
	int fd;

	make_file("new", "start");
	MUST(truncate("new", MIB));
	write_at("new", 512 * 1024, "middle");
	fd = open_file("new", O_RDONLY);
	say_holes(fd);
	TRY(lseek(fd, MIB, SEEK_DATA));
	TRY(lseek(fd, MIB, SEEK_HOLE));
	TRY(lseek(fd, MIB - 1, SEEK_HOLE));
	TRY(lseek(fd, -1, SEEK_DATA));
}

static void holes_of_no_file(void)
{
	int fd = open_file("nothing", O_RDONLY);

	TRY(lseek(fd, 0, SEEK_DATA));
	TRY(lseek(fd, 0, SEEK_HOLE));
	fd = open_file("file", O_RDONLY);
	TRY(lseek(fd, 0, SEEK_DATA));
	TRY(lseek(fd, 0, SEEK_HOLE));
	TRY(lseek(fd, 11, SEEK_HOLE));
	TRY(lseek(fd, 0, 99));
}

static const struct {
	const char *name;
	int mode;
} modes[] = {
	{ "plain", 0 },
	{ "keep-size", FALLOC_FL_KEEP_SIZE },
	{ "punch", FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE },
	{ "punch-alone", FALLOC_FL_PUNCH_HOLE },
	{ "zero", FALLOC_FL_ZERO_RANGE },
	{ "zero-keep-size", FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE },
	{ "collapse", FALLOC_FL_COLLAPSE_RANGE },
	{ "insert", FALLOC_FL_INSERT_RANGE },
	{ "unshare", FALLOC_FL_UNSHARE_RANGE },
	{ "unknown", 0x400 },
};

static void say_allocation(int result, int fd)
{
	struct stat status;

	MUST(fstat(fd, &status));
	say("%s, size %ld, %s", result < 0 ? errno_name(errno) : "done", (long)status.st_size,
	    status.st_blocks * 512 < status.st_size ? "sparse" : "not sparse");
	say_fd("it", fd);
}

static void allocate_aligned(const int choice[CHOICES])
{
	int fd = open_file("big", O_RDWR);

	say_allocation(fallocate(fd, modes[choice[0]].mode, 65536, 65536), fd);
}

static void allocate_unaligned(const int choice[CHOICES])
{
	int fd = open_file("big", O_RDWR);

	say_allocation(fallocate(fd, modes[choice[0]].mode, 65537, 4000), fd);
}

static void allocate_beyond(const int choice[CHOICES])
{
	int fd;

	make_file("new", "short\n");
	fd = open_file("new", O_RDWR);
	say_allocation(fallocate(fd, modes[choice[0]].mode, 4096, 4096), fd);
}

static void allocation_of_others(void)
{
	int fd = open_file("file", O_RDONLY);

	TRY(fallocate(fd, 0, 0, 4096));
	fd = open_file("file", O_RDWR);
	TRY(fallocate(fd, 0, -1, 4096));
	TRY(fallocate(fd, 0, 0, 0));
	TRY(fallocate(fd, 0, 1L << 62, 1L << 62));
	fd = open_file("full", O_RDONLY | O_DIRECTORY);
	TRY(fallocate(fd, 0, 0, 4096));
	TRY(posix_fallocate(open_file("nothing", O_RDWR), 0, 10000));
	say("size of nothing %ld", (long)lseek(open_file("nothing", O_RDONLY), 0, SEEK_END));
}

static void vectors(void)
{
	char first[4] = "", second[8] = "";
	struct iovec in[2] = { { first, 3 }, { second, 7 } };
	struct iovec out[2] = { { "ONE ", 4 }, { "TWO", 3 } };
	int fd = open_file("file", O_RDWR);

	TRY(preadv(fd, in, 2, 0));
	say_bytes(first, 3);
	say_bytes(second, 7);
	TRY(pwritev(fd, out, 2, 2));
	TRY(pwritev2(fd, out, 2, 0, RWF_APPEND));
	TRY(pwritev2(fd, out, 2, 0, RWF_DSYNC));
	say_fd("file", fd);
}

static void offsets(void)
{
	char text[16] = "";
	int fd = open_file("file", O_RDWR), other;

	TRY(lseek(fd, 6, SEEK_SET));
	TRY(read(fd, text, 4));
	say_bytes(text, 4);
	TRY(lseek(fd, -2, SEEK_CUR));
	TRY(lseek(fd, -100, SEEK_CUR));
	TRY(lseek(fd, -1, SEEK_END));
	other = (int)MUST(dup(fd));
	TRY(lseek(other, 0, SEEK_CUR));
	TRY(read(fd, text, 16));
	TRY(read(fd, text, 16));
	TRY(pread(fd, text, 4, 100));
	TRY(pread(fd, text, 4, -1));
	TRY(read(open_file("full", O_RDONLY), text, 4));
	TRY(write(open_file("file", O_RDONLY), text, 4));
	TRY(read(open_file("file", O_WRONLY), text, 4));
}

static void an_append_with_an_offset(void)
{
	int fd = open_file("file", O_WRONLY | O_APPEND);

	TRY(pwrite(fd, "at the start?", 13, 0));
	TRY(lseek(fd, 0, SEEK_CUR));
	TRY(lseek(fd, 0, SEEK_SET));
	TRY(write(fd, "end", 3));
	TRY(lseek(fd, 0, SEEK_CUR));
	say_file("file");
}

static void append_lines(void *argument)
{
	int fd = open_file("log", O_WRONLY | O_APPEND);
	char line[17];

	snprintf(line, sizeof line, "process %7d\n", *(const int *)argument);
	for (int i = 0; i < 200; i++)
		MUST(write(fd, line, 16));
}

static void appended_by_two(void)
{
	static int numbers[] = { 1, 2 };
	char line[16];
	int fd, broken = 0;
	pid_t children[2];

	make_file("log", "");
	for (int i = 0; i < 2; i++)
		children[i] = spawn(append_lines, &numbers[i]);
	for (int i = 0; i < 2; i++)
		await(children[i]);
	fd = open_file("log", O_RDONLY);
	while (read(fd, line, sizeof line) == sizeof line)
		broken += memcmp(line, "process ", 8) != 0 || line[15] != '\n';
	say("size %ld, broken %d", (long)lseek(fd, 0, SEEK_END), broken);
}

static void synchronized(void)
{
	int fd = open_file("file", O_RDWR | O_SYNC), directory = open_file("full", O_RDONLY | O_DIRECTORY);

	TRY(pwrite(fd, "SYNC", 4, 0));
	TRY(fsync(fd));
	TRY(fdatasync(fd));
	TRY(fsync(open_file("one", O_RDONLY)));
	TRY(fsync(directory));
	TRY(fdatasync(directory));
	TRY(syncfs(directory));
	TRY(sync_file_range(fd, 0, 4096, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER));
	TRY(fsync(open_file("fifo", O_RDWR)));
	say_fd("file", fd);
}

static void advice(void)
{
	int fd = open_file("big", O_RDONLY);

	TRY(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
	TRY(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	TRY(posix_fadvise(fd, 0, 0, 99));
	TRY(readahead(fd, 0, 65536));
	say_fd("big", fd);
}

void add_sizes(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "truncated-longer", truncated_longer },
		{ "truncated-by-path", truncated_by_path },
		{ "truncated-read-only", truncated_read_only },
		{ "truncated-to-a-terabyte", truncated_to_a_terabyte },
		{ "too-large", too_large },
		{ "too-large-by-a-signal", too_large_by_a_signal },
		{ "written-behind-the-end", written_behind_the_end },
		{ "holes-of-a-lower-file", holes_of_a_lower_file },
		{ "holes-after-a-copy-up", holes_after_a_copy_up },
		{ "holes-of-a-new-file", holes_of_a_new_file },
		{ "holes-of-no-file", holes_of_no_file },
		{ "allocation-of-others", allocation_of_others },
		{ "vectors", vectors },
		{ "offsets", offsets },
		{ "an-append-with-an-offset", an_append_with_an_offset },
		{ "appended-by-two", appended_by_two },
		{ "synchronized", synchronized },
		{ "advice", advice },
	};

	ADD_TABLE(suite, "size", table);
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		const int choice[CHOICES] = { (int)i };

		suite_add(suite, allocate_aligned, choice, "fallocate.%s", modes[i].name);
		suite_add(suite, allocate_unaligned, choice, "fallocate.%s-unaligned", modes[i].name);
		suite_add(suite, allocate_beyond, choice, "fallocate.%s-beyond-the-end", modes[i].name);
	}
}
