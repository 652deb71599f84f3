#include "offer.h"

#include "identity.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A resident that has nothing else to do takes a call in a millisecond; an own JVM takes longer to start than this. */
#ifndef TAKEN_MS
#define TAKEN_MS 50
#endif

/* A verb that can be repeated has no reason to take longer; but the resident may have been stopped. */
#ifndef ANSWER_SECONDS
#define ANSWER_SECONDS 10
#endif

/* Both as the resident has them: dev.limpid.resident.Request and Transcript. */
#define REQUEST_MAX (64u * 1024u)
#define ANSWER_MAX (4u * 1024u * 1024u + 64u * 1024u)

#define TAKEN 'T'
#define GO 'G'
#define DONE 'A'
#define DECLINED 'D'

/* Of these variables alone Limpid takes notice. */
#define VARIABLES "LIMPID_"

extern char **environ;

struct request {
	uint32_t size; /* of what follows, in the network's order */
	char text[REQUEST_MAX];
};

struct __attribute__((packed)) answer {
	uint8_t status;
	uint32_t size; /* of the chunks, in the network's order */
};

struct __attribute__((packed)) chunk {
	uint8_t stream;
	uint32_t size; /* of the bytes that follow */
};

static bool put(char **at, const char *end, const char *text)
{
	size_t size = strlen(text) + 1;

	if (size > (size_t)(end - *at))
		return false;
	memcpy(*at, text, size);
	*at += size;
	return true;
}

static bool put_number(char **at, const char *end, const char *format, unsigned number)
{
	char text[16];

	(void)snprintf(text, sizeof(text), format, number);
	return put(at, end, text);
}

static bool put_directory(char **at, const char *end)
{
	char directory[PATH_MAX];

	/* One that can't be reached from the root has no path. */
	if (getcwd(directory, sizeof(directory)) == NULL || directory[0] != '/')
		return false;
	for (const char *byte = directory; *byte != '\0'; byte++) {
		if ((unsigned char)*byte >= 0x80)
			return false;
	}
	return put(at, end, directory);
}

static bool put_identity(char **at, const char *end)
{
	if (!identity_write(*at, (size_t)(end - *at)))
		return false;
	*at += strlen(*at) + 1;
	return true;
}

static bool describe(struct request *request, int argc, char **argv)
{
	char *at = request->text;
	const char *end = request->text + sizeof(request->text);
	mode_t mask = umask(0);
	bool fits;

	(void)umask(mask);
	fits = put_identity(&at, end) && put_number(&at, end, "%o", mask) && put_number(&at, end, "%u", (unsigned)getpid()) &&
	       put_directory(&at, end) && put_number(&at, end, "%u", (unsigned)argc - 1);
	for (int i = 1; fits && i < argc; i++)
		fits = put(&at, end, argv[i]);
	for (char **variable = environ; fits && *variable != NULL; variable++) {
		if (strncmp(*variable, VARIABLES, strlen(VARIABLES)) == 0)
			fits = put(&at, end, *variable);
	}
	request->size = htonl((uint32_t)(at - request->text));
	return fits;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	/* A standard stream that is closed is the launcher's business. */
	if (fd <= STDERR_FILENO || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static long now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whether the call is taken in time. */
static bool is_taken(int fd)
{
	struct pollfd event = { .fd = fd, .events = POLLIN };
	long deadline = now_ms() + TAKEN_MS;
	char word;

	while (true) {
		long left = deadline - now_ms();
		int ready = left > 0 ? poll(&event, 1, (int)left) : 0;

		if (ready > 0)
			return recv(fd, &word, 1, 0) == 1 && word == TAKEN;
		if (ready == 0 || errno != EINTR)
			return false;
	}
}

static bool read_all(int fd, void *buffer, size_t size)
{
	char *at = buffer;

	while (size > 0) {
		ssize_t count = recv(fd, at, size, 0);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return false;
		at += count;
		size -= (size_t)count;
	}
	return true;
}

/* Whether chunks are what they should be, all the way. */
static bool are_whole(const char *chunks, size_t size)
{
	while (size > 0) {
		struct chunk chunk;

		if (size < sizeof(chunk))
			return false;
		memcpy(&chunk, chunks, sizeof(chunk));
		if (chunk.stream != STDOUT_FILENO && chunk.stream != STDERR_FILENO)
			return false;
		if (ntohl(chunk.size) > size - sizeof(chunk))
			return false;
		chunks += sizeof(chunk) + ntohl(chunk.size);
		size -= sizeof(chunk) + ntohl(chunk.size);
	}
	return true;
}

/* A stream that takes no more is no failure of the verb: to a JVM it is none either. */
static void pass_on(int stream, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t count = write(stream, bytes, size);

		if (count < 0 && errno == EAGAIN) {
			struct pollfd event = { .fd = stream, .events = POLLOUT };

			(void)poll(&event, 1, -1);
			continue;
		}
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return;
		bytes += count;
		size -= (size_t)count;
	}
}

static void pass_all_on(const char *chunks, size_t size)
{
	(void)signal(SIGPIPE, SIG_IGN);
	while (size > 0) {
		struct chunk chunk;

		memcpy(&chunk, chunks, sizeof(chunk));
		pass_on(chunk.stream, chunks + sizeof(chunk), ntohl(chunk.size));
		chunks += sizeof(chunk) + ntohl(chunk.size);
		size -= sizeof(chunk) + ntohl(chunk.size);
	}
}

/* From now on the call is the resident's: what does not come is lost. */
static enum offer_end answer(int fd, bool repeatable, int *status)
{
	const struct timeval patience = { .tv_sec = repeatable ? ANSWER_SECONDS : 0 };
	enum offer_end end = OFFER_LOST;
	struct answer head;
	char word;
	char *chunks = NULL;
	size_t size;

	if (fcntl(fd, F_SETFL, 0) != 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
	    !read_all(fd, &word, 1))
		goto out;
	if (word == DECLINED) {
		end = OFFER_REFUSED;
		goto out;
	}
	if (word != DONE || !read_all(fd, &head, sizeof(head)))
		goto out;
	size = ntohl(head.size);
	if (size > ANSWER_MAX)
		goto out;
	chunks = malloc(size + 1);
	if (chunks == NULL || !read_all(fd, chunks, size) || !are_whole(chunks, size))
		goto out;
	pass_all_on(chunks, size);
	*status = head.status;
	end = OFFER_ANSWERED;
out:
	free(chunks);
	return end;
}

enum offer_end offer(const char *socket, int argc, char **argv, bool repeatable, int *status)
{
	enum offer_end end = OFFER_REFUSED;
	static struct request request;
	char go = GO;
	size_t size;
	int fd = connect_to(socket);

	if (fd < 0)
		return end;
	if (!describe(&request, argc, argv))
		goto out;
	size = sizeof(request.size) + ntohl(request.size);
	if (send(fd, &request, size, MSG_NOSIGNAL) != (ssize_t)size || !is_taken(fd))
		goto out;
	/* Unless this arrives, the resident does nothing. */
	if (send(fd, &go, 1, MSG_NOSIGNAL) == 1)
		end = answer(fd, repeatable, status);
out:
	close(fd);
	return end;
}
