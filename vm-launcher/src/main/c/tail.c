#include "tail.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 4096u
#define DRAIN_CHUNKS 256u
#define LINES_MAX 24u

static void keep(struct tail *tail, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		tail->ring[(tail->start + tail->size) % TAIL_SIZE] = bytes[i];
		if (tail->size < TAIL_SIZE)
			tail->size++;
		else
			tail->start = (tail->start + 1) % TAIL_SIZE;
	}
}

/* One read. False: there is no more for now, or never. */
static bool take(struct tail *tail)
{
	char chunk[CHUNK];
	ssize_t count;

	if (tail->watch.fd < 0)
		return false;
	count = read(tail->watch.fd, chunk, sizeof chunk);
	if (count > 0) {
		keep(tail, chunk, (size_t)count);
		return true;
	}
	if (count == 0 || (errno != EAGAIN && errno != EINTR))
		watch_close(tail->loop, &tail->watch);
	return false;
}

static void ready(void *owner, uint32_t events)
{
	(void)events;
	take(owner);
}

int tail_open(struct tail *tail, struct loop *loop, int fd)
{
	tail->loop = loop;
	tail->watch = (struct watch){ .fd = fd, .ready = ready, .owner = tail };
	tail->start = tail->size = 0;
	return watch_set(loop, &tail->watch, EPOLLIN);
}

void tail_drain(struct tail *tail)
{
	for (unsigned i = 0; i < DRAIN_CHUNKS && take(tail); i++)
		;
}

static char at(const struct tail *tail, size_t index)
{
	return tail->ring[(tail->start + index) % TAIL_SIZE];
}

/* Where the last LINES_MAX lines begin. */
static size_t first_line(const struct tail *tail, size_t end)
{
	unsigned lines = 0;

	for (size_t i = end; i > 0; i--)
		if (at(tail, i - 1) == '\n' && ++lines == LINES_MAX)
			return i;
	return 0;
}

static size_t append(char *text, size_t length, size_t size, const char *piece)
{
	size_t more = strlen(piece);

	if (length + more >= size)
		return length;
	memcpy(text + length, piece, more + 1);
	return length + more;
}

void tail_print(const struct tail *tail, const char *heading, char *text, size_t size)
{
	size_t length = strlen(text);
	size_t end = tail->size;
	bool begun = true;

	while (end > 0 && strchr("\r\n ", at(tail, end - 1)))
		end--;
	if (end == 0)
		return;
	length = append(text, length, size, "\n");
	length = append(text, length, size, heading);
	length = append(text, length, size, "\n");
	for (size_t i = first_line(tail, end); i < end; i++) {
		unsigned char byte = (unsigned char)at(tail, i);
		char piece[8] = { (char)byte };

		if (byte == '\r')
			continue;
		if (begun)
			length = append(text, length, size, "  ");
		begun = byte == '\n';
		if (byte == '\t')
			piece[0] = ' ';
		else if ((byte < 0x20 && byte != '\n') || byte > 0x7e)
			snprintf(piece, sizeof piece, "\\x%02x", byte);
		length = append(text, length, size, piece);
	}
}

void tail_close(struct tail *tail)
{
	watch_close(tail->loop, &tail->watch);
}
