#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"
#include "setup.h"

#define MASK (IN_CREATE | IN_DELETE | IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_OPEN)

static void say_events(int fd)
{
	static const struct {
		unsigned mask;
		const char *name;
	} names[] = {
		{ IN_CREATE, "create" }, { IN_DELETE, "delete" }, { IN_MODIFY, "modify" }, { IN_ATTRIB, "attributes" },
		{ IN_CLOSE_WRITE, "closed" }, { IN_MOVED_FROM, "from" }, { IN_MOVED_TO, "to" }, { IN_DELETE_SELF, "gone" },
		{ IN_MOVE_SELF, "moved" }, { IN_OPEN, "open" }, { IN_IGNORED, "ignored" },
	};
	char buffer[8192] __attribute__((aligned(8)));
	ssize_t size = read(fd, buffer, sizeof buffer);

	if (size < 0) {
		say("%s", errno_name(errno));
		return;
	}
	for (ssize_t at = 0; at < size;) {
		const struct inotify_event *event = (const void *)(buffer + at);

		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
			if (event->mask & names[i].mask)
				say("%s%s%s", names[i].name, event->len ? " " : "", event->len ? event->name : "");
		at += (ssize_t)(sizeof *event + event->len);
	}
}

static int watching(const char *path)
{
	int fd = (int)MUST(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));

	MUST(inotify_add_watch(fd, path, MASK));
	return fd;
}

static void of_a_new_directory(void)
{
	int fd;

	make_directory("new", 0755);
	fd = watching("new");
	make_file("new/x", "x\n");
	MUST(rename("new/x", "new/y"));
	MUST(chmod("new/y", 0600));
	MUST(unlink("new/y"));
	MUST(mkdir("new/z", 0755));
	MUST(rmdir("new/z"));
	say_events(fd);
	MUST(rmdir("new"));
	say_events(fd);
}

static void of_a_lower_directory(void)
{
	int fd = watching("full");

	make_file("full/x", "x\n");
	MUST(unlink("full/a"));
	MUST(rename("full/b", "full/c"));
	say_events(fd);
}

static void of_a_new_file(void)
{
	int fd;

	make_file("new", "");
	fd = watching("new");
	write_at("new", 0, "x");
	MUST(chmod("new", 0600));
	MUST(truncate("new", 0));
	MUST(rename("new", "moved"));
	MUST(unlink("moved"));
	say_events(fd);
}

static void of_a_lower_file(void)
{
	int fd = watching("file");

	write_at("file", 0, "X");
	say_events(fd);
	MUST(chmod("file", 0600));
	say_events(fd);
}

static void of_a_copied_file(void)
{
	int fd;

	copy_up("file");
	fd = watching("file");
	write_at("file", 0, "X");
	MUST(unlink("file"));
	say_events(fd);
}

static void change(void *nothing)
{
	(void)nothing;
	make_file("full/sub/new", "new\n");
}

static void of_another_process(void)
{
	int fd = watching("full/sub");

	await(spawn(change, NULL));
	say_events(fd);
}

static void that_cannot_be(void)
{
	int fd = (int)MUST(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));

	TRY(inotify_add_watch(fd, "missing", MASK));
	TRY(inotify_add_watch(fd, "file", MASK | IN_ONLYDIR));
	TRY(inotify_add_watch(fd, "file", 0));
	say_events(fd);
}

static void for_pollers(void)
{
	struct pollfd poll_fd = { watching("empty"), POLLIN, 0 };

	TRY(poll(&poll_fd, 1, 0));
	make_file("empty/new", "");
	TRY(poll(&poll_fd, 1, 5000));
}

void add_notices(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "of-a-new-directory", of_a_new_directory },
		{ "of-a-lower-directory", of_a_lower_directory },
		{ "of-a-new-file", of_a_new_file },
		{ "of-a-lower-file", of_a_lower_file },
		{ "of-a-copied-file", of_a_copied_file },
		{ "of-another-process", of_another_process },
		{ "that-cannot-be", that_cannot_be },
		{ "for-pollers", for_pollers },
	};

	ADD_TABLE(suite, "inotify", table);
}
