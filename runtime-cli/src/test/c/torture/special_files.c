#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "say.h"
#include "setup.h"

static void write_to_fifo(void *path)
{
	int fd = open_file(path, O_WRONLY);

	MUST(write(fd, "through\n", 8));
}

static void talk_through(const char *path)
{
	pid_t child = spawn(write_to_fifo, (void *)(size_t)path);
	int fd = open_file(path, O_RDONLY);
	char text[16];
	ssize_t size = MUST(read(fd, text, sizeof text));

	say_bytes(text, (size_t)size);
	TRY(read(fd, text, sizeof text));
	await(child);
}

static void fifos(void)
{
	TRY(mkfifo("new", 0640));
	say_file("new");
	talk_through("new");
	talk_through("fifo");
	TRY(mkfifo("file", 0600));
	TRY(mkfifo("missing/x", 0600));
}

static void fifos_without_a_partner(void)
{
	TRY_OPEN(open("fifo", O_WRONLY | O_NONBLOCK));
	TRY_OPEN(open("fifo", O_RDONLY | O_NONBLOCK));
	TRY_OPEN(open("fifo", O_RDWR));
	TRY(truncate("fifo", 0));
	TRY(lseek(open_file("fifo", O_RDWR), 0, SEEK_SET));
}

static void fifos_are_changed(void)
{
	TRY(chmod("fifo", 0600));
	TRY(chown("fifo", 1, 2));
	say_file("fifo");
	talk_through("fifo");
	TRY(rename("fifo", "moved"));
	talk_through("moved");
	TRY(unlink("moved"));
}

static void socket_at(struct sockaddr_un *address, const char *path)
{
	memset(address, 0, sizeof *address);
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
}

static void talk_to_socket(void *path)
{
	struct sockaddr_un address;
	int fd = (int)MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));

	socket_at(&address, path);
	say("connect=%s", connect(fd, (struct sockaddr *)&address, sizeof address) < 0 ? errno_name(errno) : "ok");
	if (write(fd, "hello\n", 6) < 0)
		say("%s", errno_name(errno));
}

static void sockets(void)
{
	struct sockaddr_un address;
	char text[16];
	int fd = (int)MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), connection;
	pid_t child;
	ssize_t size;

	socket_at(&address, "socket");
	TRY(bind(fd, (struct sockaddr *)&address, sizeof address));
	say_mode("socket");
	MUST(listen(fd, 1));
	child = spawn(talk_to_socket, "socket");
	connection = (int)MUST(accept(fd, NULL, NULL));
	size = MUST(read(connection, text, sizeof text));
	say_bytes(text, (size_t)size);
	await(child);
	TRY_OPEN(open("socket", O_RDONLY));
	TRY(rename("socket", "moved"));
	child = spawn(talk_to_socket, "moved");
	connection = (int)MUST(accept(fd, NULL, NULL));
	await(child);
	TRY(unlink("moved"));
}

static void sockets_that_cannot_be(void)
{
	struct sockaddr_un address;
	int fd = (int)MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));

	socket_at(&address, "file");
	TRY(bind(fd, (struct sockaddr *)&address, sizeof address));
	TRY(connect(fd, (struct sockaddr *)&address, sizeof address));
	socket_at(&address, "missing/x");
	TRY(bind(fd, (struct sockaddr *)&address, sizeof address));
	TRY(connect(fd, (struct sockaddr *)&address, sizeof address));
	TRY(mknod("made", S_IFSOCK | 0600, 0));
	say_mode("made");
	socket_at(&address, "made");
	TRY(connect(fd, (struct sockaddr *)&address, sizeof address));
}

static void datagrams(void)
{
	struct sockaddr_un address;
	char text[16];
	int server = (int)MUST(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)), client = (int)MUST(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	socket_at(&address, "full/socket");
	TRY(bind(server, (struct sockaddr *)&address, sizeof address));
	TRY(sendto(client, "hello", 5, 0, (struct sockaddr *)&address, sizeof address));
	TRY(recv(server, text, sizeof text, 0));
}

static void devices(void)
{
	TRY(mknod("null", S_IFCHR | 0600, makedev(1, 3)));
	say_file("null");
	TRY(mknod("disk", S_IFBLK | 0600, makedev(7, 200)));
	say_file("disk");
	TRY(mknod("plain", S_IFREG | 0640, 0));
	say_file("plain");
	TRY(mknod("directory", S_IFDIR | 0755, 0));
	TRY(mknod("link", S_IFREG | 0600, 0));
}

static void make_as_user(void)
{
	MUST(chdir("sticky"));
	TRY(mknod("null", S_IFCHR | 0600, makedev(1, 3)));
	TRY(mkfifo("pipe", 0600));
	TRY(mknod("plain", S_IFREG | 0600, 0));
	TRY(mknod("socket", S_IFSOCK | 0600, 0));
	say_entries(".");
}

static void of_another_user(void)
{
	as_user(1000, 1000, make_as_user);
}

void add_special_files(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "fifos", fifos },
		{ "fifos-without-a-partner", fifos_without_a_partner },
		{ "fifos-are-changed", fifos_are_changed },
		{ "sockets", sockets },
		{ "sockets-that-cannot-be", sockets_that_cannot_be },
		{ "datagrams", datagrams },
		{ "devices", devices },
		{ "of-another-user", of_another_user },
	};

	ADD_TABLE(suite, "special", table);
}
