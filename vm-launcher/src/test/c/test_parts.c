/* The tail of a descriptor, the loop, channels that never block, and a terminal that is restored. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "channel.h"
#include "loop.h"
#include "parent.h"
#include "signals.h"
#include "tail.h"
#include "terminal.h"

static void print(const struct tail *tail, size_t size, const char *expected)
{
	char *text = malloc(size);

	strcpy(text, "before");
	tail_print(tail, "heading:", text, size);
	if (strcmp(text, expected) != 0) {
		fprintf(stderr, "`%s`, not `%s`\n", text, expected);
		abort();
	}
	free(text);
}

static void test_tail(void)
{
	static struct tail tail;
	struct loop loop;
	char line[64], text[4 * TAIL_SIZE];
	int ends[2];

	assert(loop_open(&loop) == 0);
	assert(pipe2(ends, O_NONBLOCK) == 0);
	assert(tail_open(&tail, &loop, ends[0]) == 0);
	print(&tail, 100, "before");
	assert(write(ends[1], "\r\n\n  ", 5) == 5);
	tail_drain(&tail);
	print(&tail, 100, "before");
	assert(write(ends[1], "a\tb\x1b[0m\xff\0\r\nc\r\n\n", 16) == 16);
	tail_drain(&tail);
	print(&tail, 100, "before\nheading:\n  \n  \n    a b\\x1b[0m\\xff\\x00\n  c");
	print(&tail, 20, "before\nheading:\n  \n");
	for (unsigned i = 0; i < 10000; i++) {
		int length = snprintf(line, sizeof line, "line %u\n", i);

		assert(write(ends[1], line, (size_t)length) == length);
		tail_drain(&tail);
	}
	strcpy(text, "");
	tail_print(&tail, "heading:", text, sizeof text);
	assert(strstr(text, "  line 9999") && strstr(text, "line 9976\n") && !strstr(text, "line 9975"));
	assert(tail.size == TAIL_SIZE);
	close(ends[1]);
	tail_drain(&tail);
	assert(tail.watch.fd == -1);
	tail_close(&tail);
	loop_close(&loop);
}

struct counter {
	struct loop *loop;
	struct watch *other;
	unsigned count;
};

static void count_up(void *owner, uint32_t events)
{
	struct counter *counter = owner;

	(void)events;
	if (++counter->count == 10)
		watch_stop(counter->loop, counter->other);
}

static void stop(void *owner)
{
	struct loop *loop = owner;

	loop->stopped = true;
}

/* Files that epoll does not take have their turns, and any watch may be stopped by any other. */
static void test_loop(void)
{
	struct loop loop;
	struct counter counters[2] = { 0 };
	struct watch watches[2];
	struct timer late = { .expired = stop }, sooner = { .expired = stop };

	assert(loop_open(&loop) == 0);
	for (unsigned i = 0; i < 2; i++) {
		counters[i] = (struct counter){ .loop = &loop, .other = &watches[1 - i] };
		watches[i] = (struct watch){ .fd = open("/dev/null", O_RDONLY), .ready = count_up,
					     .owner = &counters[i] };
		assert(watch_set(&loop, &watches[i], EPOLLIN) == 0 && watches[i].always);
	}
	late.owner = sooner.owner = &loop;
	timer_set(&loop, &late, 60000);
	timer_set(&loop, &sooner, 20);
	assert(loop_run(&loop) == 0);
	assert(late.armed && !sooner.armed);
	assert(counters[0].count > 10 && counters[1].count == 9);
	timer_stop(&loop, &late);
	assert(loop.timers == NULL);
	watch_close(&loop, &watches[0]);
	watch_close(&loop, &watches[1]);
	loop_close(&loop);
}

/* A pipe is filled to the brim, and emptied, without blocking and without changed flags. */
static void check_channels(int in, int out)
{
	static char bytes[100000];
	struct channel reading, writing;
	size_t written = 0, read_back = 0;
	ssize_t count;

	assert(channel_open(&writing, out, false) == 0 && channel_open(&reading, in, true) == 0);
	assert(channel_read(&reading, bytes, sizeof bytes) == -EAGAIN);
	while ((count = channel_write(&writing, bytes, sizeof bytes)) > 0)
		written += (size_t)count;
	assert(count == -EAGAIN && written > 4096);
	while ((count = channel_read(&reading, bytes, sizeof bytes)) > 0)
		read_back += (size_t)count;
	assert(count == -EAGAIN && read_back == written);
	assert((fcntl(in, F_GETFL) & O_NONBLOCK) == 0 && (fcntl(out, F_GETFL) & O_NONBLOCK) == 0);
	close(out);
	close(writing.fd);
	assert(channel_read(&reading, bytes, sizeof bytes) == 0);
	close(reading.fd);
	close(in);
}

static void test_channels(void)
{
	char path[] = "/tmp/limpid-parts-test-XXXXXX";
	int ends[2];
	int in;

	assert(pipe(ends) == 0);
	check_channels(ends[0], ends[1]);
	assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	check_channels(ends[0], ends[1]);
	assert(mkdtemp(path) && chdir(path) == 0 && mkfifo("fifo", 0600) == 0);
	in = open("fifo", O_RDONLY | O_NONBLOCK);
	ends[1] = open("fifo", O_WRONLY);
	assert(in >= 0 && ends[1] >= 0 && fcntl(in, F_SETFL, 0) == 0);
	check_channels(in, ends[1]);
	assert(unlink("fifo") == 0 && rmdir(path) == 0);
}

static void ignore(void *owner, unsigned number, bool from_outside)
{
	(void)owner;
	(void)number;
	(void)from_outside;
}

static void fail_in_raw_mode(int fd)
{
	static struct terminal terminal;
	struct signals signals;
	struct loop loop;

	terminal = (struct terminal){ .kind = PLAN_TERMINAL_INHERIT, .fd = fd, .master = -1 };
	assert(loop_open(&loop) == 0 && signals_open(&signals, &loop, ignore, NULL) == 0);
	assert(signals_guard(&signals, &terminal) == 0 && terminal_set_raw(&terminal) == 0);
	abort();
}

/* A fault of the program itself leaves the terminal as it was, and still is one. */
static void test_fault(void)
{
	struct termios before, after;
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	int slave, status;
	pid_t child;

	assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert(slave >= 0 && tcgetattr(slave, &before) == 0);
	child = fork();
	if (child == 0)
		fail_in_raw_mode(slave);
	assert(waitpid(child, &status, 0) == child);
	assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert(tcgetattr(slave, &after) == 0 && memcmp(&before, &after, sizeof before) == 0);
	close(slave);
	close(master);
}

/* Waits for its parent's end, and no longer. */
static void wait_for_parent(int told)
{
	int parent = parent_open();

	assert(parent >= 0 && write(told, "1", 1) == 1);
	parent_await(parent, 60000);
	assert(write(told, "2", 1) == 1);
	_exit(0);
}

static void test_parent(void)
{
	struct pollfd quiet = { .events = POLLIN };
	int told[2];
	pid_t parent;
	char byte;

	assert(pipe(told) == 0);
	parent = fork();
	if (parent == 0) {
		if (fork() == 0)
			wait_for_parent(told[1]);
		pause();
	}
	assert(read(told[0], &byte, 1) == 1 && byte == '1');
	quiet.fd = told[0];
	assert(poll(&quiet, 1, 50) == 0);
	assert(kill(parent, SIGKILL) == 0 && waitpid(parent, NULL, 0) == parent);
	assert(read(told[0], &byte, 1) == 1 && byte == '2');
	close(told[0]);
	close(told[1]);
	/* One that lives on is not waited for for ever. */
	parent_await(parent_open(), 20);
	parent_await(-1, 60000);
}

int main(void)
{
	test_parent();
	test_tail();
	test_loop();
	test_channels();
	test_fault();
	puts("test_parts: ok");
	return 0;
}
