/* Ways from file to file, and to being a program. */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"
#include "setup.h"

static int target(void)
{
	return (int)MUST(open("new", O_RDWR | O_CREAT | O_CLOEXEC, 0644));
}

static void by_range(const int choice[CHOICES])
{
	int from = open_file(choice[0] ? "big" : "file", O_RDONLY), to = target();
	ssize_t count;
	size_t total = 0;

	while ((count = copy_file_range(from, NULL, to, NULL, 1 << 20, 0)) > 0)
		total += (size_t)count;
	say("%zu bytes, then %s", total, count < 0 ? errno_name(errno) : "the end");
	say_content("new");
}

static void by_range_of_new_files(void)
{
	int from, to = target();

	make_pattern("source", 100000);
	from = open_file("source", O_RDONLY);
	TRY(copy_file_range(from, NULL, to, NULL, 100000, 0));
	say_content("new");
	TRY(copy_file_range(from, &(off_t){ 0 }, to, &(off_t){ 50 }, 50, 0));
	say_content("new");
}

static void by_range_that_cannot_be(void)
{
	int from = open_file("file", O_RDWR), to = target();

	TRY(copy_file_range(from, NULL, from, NULL, 4, 0));
	TRY(copy_file_range(from, &(off_t){ 0 }, from, &(off_t){ 6 }, 5, 0));
	say_content("file");
	TRY(copy_file_range(from, NULL, to, NULL, 4, 99));
	TRY(copy_file_range(to, NULL, open_file("one", O_RDONLY), NULL, 4, 0));
	TRY(copy_file_range(open_file("full", O_RDONLY), NULL, to, NULL, 4, 0));
	TRY(copy_file_range(from, NULL, open_file("one", O_WRONLY | O_APPEND), NULL, 4, 0));
	TRY(copy_file_range(open_file("fifo", O_RDWR), NULL, to, NULL, 4, 0));
}

static void by_sendfile(void)
{
	int to = target();

	TRY(sendfile(to, open_file("big", O_RDONLY), NULL, 200000));
	say_content("new");
	TRY(sendfile(to, open_file("file", O_RDONLY), &(off_t){ 6 }, 100));
	say("size %ld", (long)lseek(to, 0, SEEK_END));
	TRY(sendfile(open_file("one", O_WRONLY | O_APPEND), open_file("file", O_RDONLY), NULL, 4));
}

static void by_splice(void)
{
	int ends[2], from = open_file("file", O_RDONLY), to = target();

	MUST(pipe2(ends, O_CLOEXEC));
	TRY(splice(from, NULL, ends[1], NULL, 100, 0));
	TRY(splice(ends[0], NULL, to, NULL, 100, SPLICE_F_MOVE));
	say_content("new");
	TRY(splice(from, NULL, to, NULL, 100, 0));
}

/* ext4 has none, others have. */
static void by_reflink(void)
{
	int to = target(), from = open_file("file", O_RDONLY);

	TRY(ioctl(to, FICLONE, from));
	make_file("source", "source\n");
	TRY(ioctl(to, FICLONE, open_file("source", O_RDONLY)));
}

static void run(void *path)
{
	char *const arguments[] = { path, NULL };

	execv(path, arguments);
	say("execv=%s", errno_name(errno));
	_exit(7);
}

static void say_run(const char *path)
{
	int status;

	MUST(waitpid(spawn(run, (void *)(size_t)path), &status, 0));
	say("exit %d", WEXITSTATUS(status));
}

/* This program says how it is used, and ends with 2. */
static void make_program(const char *path)
{
	int from = open_file("/proc/self/exe", O_RDONLY), to = (int)MUST(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755));

	while (MUST(sendfile(to, from, NULL, 1 << 20)) > 0)
		;
	MUST(close(to));
	MUST(close(from));
}

static void to_a_program(void)
{
	int null = open_file("/dev/null", O_WRONLY);

	MUST(dup2(null, 2));
	make_program("program");
	say_run("./program");
	TRY(chmod("program", 0644));
	say_run("./program");
	TRY(chmod("program", 0755));
	TRY(rename("program", "full/program"));
	say_run("full/program");
	say_run("full");
	say_run("missing");
}

static void to_a_program_that_is_open(void)
{
	int null = open_file("/dev/null", O_WRONLY), writer;

	MUST(dup2(null, 2));
	make_program("program");
	writer = open_file("program", O_WRONLY | O_APPEND);
	say_run("./program");
	MUST(close(writer));
	say_run("./program");
}

/* The copy, called with "wait", says so on standard output and waits for the end of its input. */
static void to_a_program_that_runs(void)
{
	char *const arguments[] = { "./program", "wait", NULL };
	int input[2], output[2];
	char byte;
	pid_t child;

	MUST(pipe2(input, O_CLOEXEC));
	MUST(pipe2(output, O_CLOEXEC));
	make_program("program");
	child = (pid_t)MUST(fork());
	if (child == 0) {
		MUST(dup2(input[0], 0));
		MUST(dup2(output[1], 1));
		execv("./program", arguments);
		_exit(7);
	}
	MUST(close(output[1]));
	TRY(read(output[0], &byte, 1));
	TRY_OPEN(open("program", O_WRONLY));
	TRY(truncate("program", 0));
	TRY(unlink("program"));
	MUST(close(input[1]));
	await(child);
}

static void to_a_script(void)
{
	make_file("script", "#!./program\n");
	MUST(chmod("script", 0755));
	say_run("./script");
	MUST(dup2(open_file("/dev/null", O_WRONLY), 2));
	make_program("program");
	say_run("./script");
}

void add_copying(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "by-range-of-new-files", by_range_of_new_files },
		{ "by-range-that-cannot-be", by_range_that_cannot_be },
		{ "by-sendfile", by_sendfile },
		{ "by-splice", by_splice },
		{ "by-reflink", by_reflink },
		{ "to-a-program", to_a_program },
		{ "to-a-program-that-is-open", to_a_program_that_is_open },
		{ "to-a-program-that-runs", to_a_program_that_runs },
		{ "to-a-script", to_a_script },
	};

	ADD_TABLE(suite, "copy", table);
	suite_add(suite, by_range, (const int[CHOICES]){ 0 }, "copy.by-range-of-a-small-file");
	suite_add(suite, by_range, (const int[CHOICES]){ 1 }, "copy.by-range-of-a-big-file");
}
