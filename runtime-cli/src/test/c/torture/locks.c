/* Locks between the processes of one guest. A child takes part; pipes say who has come how far. */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"
#include "setup.h"

/* Long enough for whoever is not blocked, short enough for the test. */
#define BLOCKED_MS 150
#define FREE_MS 20000

static struct signal_pipe to_child, to_parent;

static int lock(int fd, int command, short type, off_t start, off_t length)
{
	struct flock range = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length };

	return fcntl(fd, command, &range);
}

/* As another process sees it. */
static void say_conflict(const char *path, short type, off_t start, off_t length)
{
	struct flock range = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length };
	int fd = open_file(path, O_RDWR);

	if (fcntl(fd, F_GETLK, &range) < 0)
		say("F_GETLK=%s", errno_name(errno));
	else if (range.l_type == F_UNLCK)
		say("free");
	else
		say("%s %ld+%ld, pid %s", range.l_type == F_WRLCK ? "write" : "read", (long)range.l_start, (long)range.l_len,
		    range.l_pid > 0 ? "known" : range.l_pid == 0 ? "0" : "-1");
	MUST(close(fd));
}

static pid_t partner(void (*part)(void *))
{
	pipe_make(&to_child);
	pipe_make(&to_parent);
	return spawn(part, NULL);
}

static const char *path_of(int place)
{
	if (place == 0)
		make_file("new", "new file\n");
	return place == 0 ? "new" : "file";
}

static const char *locked_path;

/* flock, and what the other gets: choice[0] the first's kind, choice[1] the second's, choice[2] the place. */
static int wanted;

static void try_flock(void *nothing)
{
	int fd = open_file(locked_path, O_RDWR);

	(void)nothing;
	say("second %s", flock(fd, wanted | LOCK_NB) < 0 ? errno_name(errno) : "has it");
}

static void flock_pairs(const int choice[CHOICES])
{
	int fd;

	locked_path = path_of(choice[2]);
	fd = open_file(locked_path, O_RDWR);
	wanted = choice[1] ? LOCK_EX : LOCK_SH;
	say("first %s", flock(fd, choice[0] ? LOCK_EX : LOCK_SH) < 0 ? errno_name(errno) : "has it");
	await(spawn(try_flock, NULL));
	MUST(flock(fd, LOCK_UN));
	await(spawn(try_flock, NULL));
}

static void try_posix(void *nothing)
{
	int fd = open_file(locked_path, O_RDWR);

	(void)nothing;
	say("second %s", lock(fd, F_SETLK, wanted ? F_WRLCK : F_RDLCK, 0, 10) < 0 ? errno_name(errno) : "has it");
}

static void posix_pairs(const int choice[CHOICES])
{
	int fd;

	locked_path = path_of(choice[2]);
	fd = open_file(locked_path, O_RDWR);
	wanted = choice[1];
	say("first %s", lock(fd, F_SETLK, choice[0] ? F_WRLCK : F_RDLCK, 0, 10) < 0 ? errno_name(errno) : "has it");
	await(spawn(try_posix, NULL));
	MUST(lock(fd, F_SETLK, F_UNLCK, 0, 0));
	await(spawn(try_posix, NULL));
}

static void ofd_pairs(const int choice[CHOICES])
{
	int first, second;

	locked_path = path_of(choice[2]);
	first = open_file(locked_path, O_RDWR);
	second = open_file(locked_path, O_RDWR);
	say("first %s", lock(first, F_OFD_SETLK, choice[0] ? F_WRLCK : F_RDLCK, 0, 10) < 0 ? errno_name(errno) : "has it");
	say("second %s", lock(second, F_OFD_SETLK, choice[1] ? F_WRLCK : F_RDLCK, 5, 10) < 0 ? errno_name(errno) : "has it");
	say("beside it %s", lock(second, F_OFD_SETLK, F_WRLCK, 10, 10) < 0 ? errno_name(errno) : "has it");
}

static void wait_for_posix(void *nothing)
{
	int fd = open_file("file", O_RDWR);

	(void)nothing;
	pipe_signal(&to_parent);
	if (lock(fd, F_SETLKW, F_WRLCK, 0, 10) < 0)
		say("waiting %s", errno_name(errno));
	pipe_signal(&to_parent);
}

static void posix_waits(void)
{
	int fd = open_file("file", O_RDWR);
	pid_t child;

	MUST(lock(fd, F_SETLK, F_WRLCK, 0, 0));
	child = partner(wait_for_posix);
	pipe_await(&to_parent);
	say("%s", pipe_awaited(&to_parent, BLOCKED_MS) ? "does not wait" : "waits");
	MUST(lock(fd, F_SETLK, F_UNLCK, 0, 0));
	say("%s", pipe_awaited(&to_parent, FREE_MS) ? "has it" : "still waits");
	await(child);
}

static void wait_for_flock(void *nothing)
{
	int fd = open_file("file", O_RDWR);

	(void)nothing;
	pipe_signal(&to_parent);
	if (flock(fd, LOCK_EX) < 0)
		say("waiting %s", errno_name(errno));
	pipe_signal(&to_parent);
}

static void flock_waits(void)
{
	int fd = open_file("file", O_RDWR);
	pid_t child;

	MUST(flock(fd, LOCK_SH));
	child = partner(wait_for_flock);
	pipe_await(&to_parent);
	say("%s", pipe_awaited(&to_parent, BLOCKED_MS) ? "does not wait" : "waits");
	MUST(flock(fd, LOCK_UN));
	say("%s", pipe_awaited(&to_parent, FREE_MS) ? "has it" : "still waits");
	await(child);
}

static void interrupted(int number)
{
	(void)number;
}

static void wait_and_be_interrupted(void *nothing)
{
	const struct sigaction action = { .sa_handler = interrupted };
	int fd = open_file("file", O_RDWR);

	(void)nothing;
	MUST(sigaction(SIGUSR1, &action, NULL));
	pipe_signal(&to_parent);
	say("posix %s", lock(fd, F_SETLKW, F_WRLCK, 0, 10) < 0 ? errno_name(errno) : "has it");
	pipe_signal(&to_parent);
	say("flock %s", flock(fd, LOCK_EX) < 0 ? errno_name(errno) : "has it");
	pipe_signal(&to_parent);
}

static void waiting_is_interrupted(void)
{
	int fd = open_file("file", O_RDWR);
	pid_t child;

	MUST(lock(fd, F_SETLK, F_WRLCK, 0, 0));
	MUST(flock(fd, LOCK_EX));
	child = partner(wait_and_be_interrupted);
	pipe_await(&to_parent);
	for (int i = 0; i < 2; i++)
		do
			MUST(kill(child, SIGUSR1));
		while (!pipe_awaited(&to_parent, BLOCKED_MS));
	await(child);
}

static void hold(void *nothing)
{
	int fd = open_file("file", O_RDWR);

	(void)nothing;
	MUST(lock(fd, F_SETLK, F_WRLCK, 0, 10));
	MUST(flock(fd, LOCK_EX));
	pipe_signal(&to_parent);
	pipe_await(&to_child);
}

static void end_with_the_process(void)
{
	int fd = open_file("file", O_RDWR);
	pid_t child = partner(hold);

	pipe_await(&to_parent);
	say("posix %s", lock(fd, F_SETLK, F_WRLCK, 0, 10) < 0 ? errno_name(errno) : "has it");
	say("flock %s", flock(fd, LOCK_EX | LOCK_NB) < 0 ? errno_name(errno) : "has it");
	MUST(kill(child, SIGKILL));
	await(child);
	say("posix %s", lock(fd, F_SETLK, F_WRLCK, 0, 10) < 0 ? errno_name(errno) : "has it");
	say("flock %s", flock(fd, LOCK_EX | LOCK_NB) < 0 ? errno_name(errno) : "has it");
}

static void posix_ends_with_any_close(void)
{
	int fd = open_file("file", O_RDWR), other = open_file("file", O_RDONLY);

	locked_path = "file";
	wanted = 1;
	MUST(lock(fd, F_SETLK, F_WRLCK, 0, 10));
	await(spawn(try_posix, NULL));
	MUST(close(other));
	await(spawn(try_posix, NULL));
}

static void flock_ends_with_the_last_close(void)
{
	int fd = open_file("file", O_RDWR), copy = (int)MUST(dup(fd)), other = open_file("file", O_RDWR);

	MUST(flock(fd, LOCK_EX));
	MUST(close(fd));
	TRY(flock(other, LOCK_EX | LOCK_NB));
	MUST(close(copy));
	TRY(flock(other, LOCK_EX | LOCK_NB));
}

static void ofd_ends_with_the_last_close(void)
{
	int fd = open_file("file", O_RDWR), copy = (int)MUST(dup(fd)), other = open_file("file", O_RDWR);

	MUST(lock(fd, F_OFD_SETLK, F_WRLCK, 0, 0));
	MUST(close(fd));
	TRY(lock(other, F_OFD_SETLK, F_WRLCK, 0, 0));
	MUST(close(copy));
	TRY(lock(other, F_OFD_SETLK, F_WRLCK, 0, 0));
}

static void use_inherited(void *argument)
{
	int fd = *(const int *)argument;

	TRY(flock(fd, LOCK_EX | LOCK_NB));
	say("posix %s", lock(fd, F_SETLK, F_WRLCK, 0, 10) < 0 ? errno_name(errno) : "has it");
	TRY(flock(fd, LOCK_UN));
}

static void inherited_by_a_child(void)
{
	int fd = open_file("file", O_RDWR), other = open_file("file", O_RDWR);

	MUST(flock(fd, LOCK_EX));
	MUST(lock(fd, F_SETLK, F_WRLCK, 0, 10));
	await(spawn(use_inherited, &fd));
	TRY(flock(other, LOCK_EX | LOCK_NB));
}

static void ask_about_ranges(void *nothing)
{
	(void)nothing;
	say_conflict("file", F_WRLCK, 0, 0);
	say_conflict("file", F_WRLCK, 0, 5);
	say_conflict("file", F_RDLCK, 8, 2);
	say_conflict("file", F_WRLCK, 20, 5);
	say_conflict("file", F_WRLCK, 1000, 1);
}

static void posix_ranges(void)
{
	int fd = open_file("file", O_RDWR);

	TRY(lock(fd, F_SETLK, F_WRLCK, 0, 10));
	TRY(lock(fd, F_SETLK, F_RDLCK, 20, 10));
	TRY(lock(fd, F_SETLK, F_UNLCK, 4, 2));
	await(spawn(ask_about_ranges, NULL));
	TRY(lock(fd, F_SETLK, F_WRLCK, 0, 0));
	await(spawn(ask_about_ranges, NULL));
	say("of its own:");
	say_conflict("file", F_WRLCK, 0, 0);
}

static void kinds_are_apart(void)
{
	int fd = open_file("file", O_RDWR), other = open_file("file", O_RDWR);

	MUST(flock(fd, LOCK_EX));
	TRY(lock(other, F_SETLK, F_WRLCK, 0, 0));
	TRY(lock(other, F_OFD_SETLK, F_WRLCK, 0, 0));
	TRY(flock(other, LOCK_SH | LOCK_NB));
}

static void are_changed(void)
{
	int fd = open_file("file", O_RDWR), other = open_file("file", O_RDWR);

	TRY(flock(fd, LOCK_SH));
	TRY(flock(other, LOCK_SH | LOCK_NB));
	TRY(flock(fd, LOCK_EX | LOCK_NB));
	TRY(flock(other, LOCK_UN));
	TRY(flock(fd, LOCK_EX | LOCK_NB));
	TRY(flock(fd, LOCK_SH));
	TRY(flock(other, LOCK_SH | LOCK_NB));
}

static void of_wrong_descriptors(void)
{
	int reader = open_file("file", O_RDONLY), writer = open_file("file", O_WRONLY), path = open_file("file", O_PATH);

	TRY(lock(reader, F_SETLK, F_WRLCK, 0, 0));
	TRY(lock(reader, F_SETLK, F_RDLCK, 0, 0));
	TRY(lock(writer, F_SETLK, F_RDLCK, 0, 0));
	TRY(lock(writer, F_SETLK, F_WRLCK, -5, 2));
	TRY(flock(reader, LOCK_EX));
	TRY(flock(path, LOCK_EX));
	TRY(flock(reader, 99));
	TRY(lock(open_file("full", O_RDONLY), F_SETLK, F_RDLCK, 0, 0));
	TRY(flock(open_file("full", O_RDONLY), LOCK_EX));
	TRY(flock(open_file("fifo", O_RDWR), LOCK_EX));
}

/* Who does not notice it would wait for ever. */
static void interrupt_after(unsigned seconds)
{
	const struct sigaction action = { .sa_handler = interrupted };

	MUST(sigaction(SIGALRM, &action, NULL));
	alarm(seconds);
}

static void deadlock(void *nothing)
{
	int fd = open_file("file", O_RDWR);

	(void)nothing;
	interrupt_after(10);
	MUST(lock(fd, F_SETLK, F_WRLCK, 10, 1));
	pipe_signal(&to_parent);
	say("child %s", lock(fd, F_SETLKW, F_WRLCK, 0, 1) < 0 ? errno_name(errno) : "has it");
}

static void a_deadlock_is_noticed(void)
{
	int fd = open_file("file", O_RDWR), result;
	pid_t child;

	MUST(lock(fd, F_SETLK, F_WRLCK, 0, 1));
	child = partner(deadlock);
	pipe_await(&to_parent);
	while (waitpid(child, NULL, WNOHANG) == 0) {
		/* Until the child waits there is none, and waiting would succeed: ask again and again. */
		struct signal_pipe never;

		pipe_make(&never);
		pipe_awaited(&never, BLOCKED_MS);
		interrupt_after(1);
		result = lock(fd, F_SETLKW, F_WRLCK, 10, 1);
		say("parent %s", result < 0 ? errno_name(errno) : "has it");
		MUST(lock(fd, F_SETLK, F_UNLCK, 0, 0));
		MUST(waitpid(child, NULL, 0));
		return;
	}
}

static void after_a_copy_up(void)
{
	int before = open_file("file", O_RDONLY), after;

	TRY(flock(before, LOCK_EX));
	after = open_file("file", O_RDWR);
	TRY(flock(after, LOCK_EX | LOCK_NB));
	TRY(lock(before, F_SETLK, F_RDLCK, 0, 0));
	locked_path = "file";
	wanted = 1;
	await(spawn(try_posix, NULL));
}

static void through_two_names(void)
{
	int one = open_file("one", O_RDWR), two = open_file("two", O_RDWR);

	TRY(flock(one, LOCK_EX));
	TRY(flock(two, LOCK_EX | LOCK_NB));
	make_file("x", "x\n");
	MUST(link("x", "y"));
	one = open_file("x", O_RDWR);
	two = open_file("y", O_RDWR);
	TRY(flock(one, LOCK_EX));
	TRY(flock(two, LOCK_EX | LOCK_NB));
}

static void leases(void)
{
	int fd;

	make_file("new", "");
	fd = open_file("new", O_RDONLY);
	TRY(fcntl(fd, F_SETLEASE, F_RDLCK));
	TRY(fcntl(fd, F_GETLEASE));
	TRY(fcntl(fd, F_SETLEASE, F_UNLCK));
}

static void increment(void *nothing)
{
	(void)nothing;
	for (int i = 0; i < 50; i++) {
		int fd = open_file("counter", O_RDWR);
		unsigned value;

		MUST(lock(fd, F_SETLKW, F_WRLCK, 0, 0));
		MUST(pread(fd, &value, sizeof value, 0));
		value++;
		MUST(pwrite(fd, &value, sizeof value, 0));
		MUST(close(fd));
	}
}

static void guard_a_counter(void)
{
	pid_t children[4];
	unsigned value = 0;
	int fd;

	make_file("counter", "");
	fd = open_file("counter", O_RDWR);
	MUST(pwrite(fd, &value, sizeof value, 0));
	for (int i = 0; i < 4; i++)
		children[i] = spawn(increment, NULL);
	for (int i = 0; i < 4; i++)
		await(children[i]);
	MUST(pread(fd, &value, sizeof value, 0));
	say("%u", value);
}

void add_locks(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "posix-waits", posix_waits },
		{ "flock-waits", flock_waits },
		{ "waiting-is-interrupted", waiting_is_interrupted },
		{ "end-with-the-process", end_with_the_process },
		{ "posix-ends-with-any-close", posix_ends_with_any_close },
		{ "flock-ends-with-the-last-close", flock_ends_with_the_last_close },
		{ "ofd-ends-with-the-last-close", ofd_ends_with_the_last_close },
		{ "inherited-by-a-child", inherited_by_a_child },
		{ "posix-ranges", posix_ranges },
		{ "kinds-are-apart", kinds_are_apart },
		{ "are-changed", are_changed },
		{ "of-wrong-descriptors", of_wrong_descriptors },
		{ "a-deadlock-is-noticed", a_deadlock_is_noticed },
		{ "after-a-copy-up", after_a_copy_up },
		{ "through-two-names", through_two_names },
		{ "leases", leases },
		{ "guard-a-counter", guard_a_counter },
	};
	static const char *const kinds[] = { "shared", "exclusive" };
	static const char *const places[] = { "new", "lower" };

	ADD_TABLE(suite, "lock", table);
	for (int first = 0; first < 2; first++)
		for (int second = 0; second < 2; second++)
			for (int place = 0; place < 2; place++) {
				const int choice[CHOICES] = { first, second, place };

				suite_add(suite, flock_pairs, choice, "lock.flock-%s-%s-%s", places[place], kinds[first], kinds[second]);
				suite_add(suite, posix_pairs, choice, "lock.posix-%s-%s-%s", places[place], kinds[first], kinds[second]);
				suite_add(suite, ofd_pairs, choice, "lock.ofd-%s-%s-%s", places[place], kinds[first], kinds[second]);
			}
}
