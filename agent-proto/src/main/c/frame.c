#include "frame.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KIB 1024u
#define MIB (1024u * 1024u)
#define JSON_MIN 2u /* {} */
#define PID_MAX 0x7fffffffu

static const uint8_t hello_magic[4] = { 'L', 'M', 'P', 'D' };

/* Bits of kind_rule.directions. */
#define WAY(direction) (1u << (direction))
#define TOWARDS (WAY(FRAME_TO_AGENT) | WAY(FRAME_TO_SHIM))
#define BACK (WAY(FRAME_FROM_AGENT) | WAY(FRAME_FROM_SHIM))
#define BOTH (TOWARDS | BACK)

enum stream_rule {
	STREAM_NONE,     /* 0 */
	STREAM_SENDER,   /* the sender of the frame is the sender of the stream: DATA, EOF */
	STREAM_RECEIVER, /* the sender of the frame is the receiver of the stream: CREDIT, CLOSED */
	STREAM_TRANSPORT, /* none, but how a DNS message came: LOOKUP, ANSWER */
};

enum process_rule {
	PROCESS_NONE, /* 0 */
	PROCESS_ANY,  /* 0 to FRAME_PROCESS_MAX */
	PROCESS_EXEC, /* 1 to FRAME_PROCESS_MAX */
};

enum request_rule {
	REQUEST_NONE,     /* 0 */
	REQUEST_NUMBER,   /* not 0 */
	REQUEST_OPTIONAL, /* 0 speaks of the whole link */
};

struct kind_rule {
	const char *name; /* NULL: no such kind */
	unsigned directions;
	uint32_t shortest, longest;
	enum stream_rule stream;
	enum process_rule process;
	enum request_rule request;
};

static const struct kind_rule rules[] = {
	[FRAME_HELLO] = { "HELLO", BOTH, FRAME_HELLO_SIZE, FRAME_HELLO_SIZE, STREAM_NONE, PROCESS_NONE, REQUEST_NONE },
	[FRAME_REQUEST] = { "REQUEST", TOWARDS, JSON_MIN, 8 * MIB, STREAM_NONE, PROCESS_ANY, REQUEST_NUMBER },
	[FRAME_RESULT] = { "RESULT", BACK, JSON_MIN, 1 * MIB, STREAM_NONE, PROCESS_NONE, REQUEST_NUMBER },
	[FRAME_FAILURE] = { "FAILURE", BACK, JSON_MIN, 64 * KIB, STREAM_NONE, PROCESS_NONE, REQUEST_OPTIONAL },
	[FRAME_EVENT] = { "EVENT", BACK, JSON_MIN, 64 * KIB, STREAM_NONE, PROCESS_NONE, REQUEST_NONE },
	[FRAME_DATA] = { "DATA", BOTH, 1, FRAME_DATA_MAX, STREAM_SENDER, PROCESS_ANY, REQUEST_NONE },
	[FRAME_EOF] = { "EOF", BOTH, 0, 0, STREAM_SENDER, PROCESS_ANY, REQUEST_NONE },
	[FRAME_CREDIT] = { "CREDIT", BOTH, FRAME_CREDIT_SIZE, FRAME_CREDIT_SIZE, STREAM_RECEIVER, PROCESS_ANY, REQUEST_NONE },
	[FRAME_CLOSED] = { "CLOSED", BOTH, 0, 0, STREAM_RECEIVER, PROCESS_ANY, REQUEST_NONE },
	[FRAME_EXITED] = { "EXITED", BACK, FRAME_EXITED_SIZE, FRAME_EXITED_SIZE, STREAM_NONE, PROCESS_ANY, REQUEST_NONE },
	[FRAME_SIGNAL] = { "SIGNAL", TOWARDS, FRAME_SIGNAL_SIZE, FRAME_SIGNAL_SIZE, STREAM_NONE, PROCESS_ANY, REQUEST_NONE },
	[FRAME_RESIZE] = { "RESIZE", TOWARDS, FRAME_RESIZE_SIZE, FRAME_RESIZE_SIZE, STREAM_NONE, PROCESS_ANY, REQUEST_NONE },
	[FRAME_LOOKUP] = { "LOOKUP", WAY(FRAME_FROM_AGENT), FRAME_DNS_MIN, FRAME_DNS_MAX, STREAM_TRANSPORT, PROCESS_NONE,
			   REQUEST_NUMBER },
	[FRAME_ANSWER] = { "ANSWER", WAY(FRAME_TO_AGENT), 0, FRAME_DNS_MAX, STREAM_TRANSPORT, PROCESS_NONE, REQUEST_NUMBER },
	[FRAME_CONNECT] = { "CONNECT", BACK, FRAME_CONNECT_SIZE, FRAME_CONNECT_SIZE, STREAM_NONE, PROCESS_ANY,
			    REQUEST_NUMBER },
	[FRAME_CHUNK] = { "CHUNK", BOTH, 1, FRAME_DATA_MAX, STREAM_NONE, PROCESS_ANY, REQUEST_NUMBER },
	[FRAME_GRANT] = { "GRANT", BOTH, FRAME_CREDIT_SIZE, FRAME_CREDIT_SIZE, STREAM_NONE, PROCESS_ANY, REQUEST_NUMBER },
	[FRAME_FINISH] = { "FINISH", BOTH, 0, 0, STREAM_NONE, PROCESS_ANY, REQUEST_NUMBER },
	[FRAME_HANGUP] = { "HANGUP", BOTH, 0, 0, STREAM_NONE, PROCESS_ANY, REQUEST_NUMBER },
	[FRAME_LAUNCHED] = { "LAUNCHED", WAY(FRAME_FROM_SHIM), FRAME_LAUNCHED_SIZE, FRAME_LAUNCHED_SIZE, STREAM_NONE,
			     PROCESS_NONE, REQUEST_NONE },
	[FRAME_COMMIT] = { "COMMIT", WAY(FRAME_TO_SHIM), 0, 0, STREAM_NONE, PROCESS_NONE, REQUEST_NONE },
	[FRAME_COMMITTED] = { "COMMITTED", WAY(FRAME_FROM_SHIM), 0, 0, STREAM_NONE, PROCESS_NONE, REQUEST_NONE },
	[FRAME_ATTACH] = { "ATTACH", WAY(FRAME_TO_SHIM), 0, 0, STREAM_NONE, PROCESS_NONE, REQUEST_NONE },
	[FRAME_ATTACHED] = { "ATTACHED", WAY(FRAME_FROM_SHIM), 0, 0, STREAM_NONE, PROCESS_EXEC, REQUEST_NONE },
	[FRAME_WATCH] = { "WATCH", WAY(FRAME_TO_SHIM), 0, 0, STREAM_NONE, PROCESS_NONE, REQUEST_NONE },
	[FRAME_WATCHING] = { "WATCHING", WAY(FRAME_FROM_SHIM), 0, 0, STREAM_NONE, PROCESS_NONE, REQUEST_NONE },
	[FRAME_REFRESH_ROOT] = { "REFRESH_ROOT", WAY(FRAME_TO_SHIM), 0, 0, STREAM_NONE, PROCESS_NONE, REQUEST_NONE },
	[FRAME_ROOT_REFRESHED] = { "ROOT_REFRESHED", WAY(FRAME_FROM_SHIM), 0, 0, STREAM_NONE, PROCESS_NONE,
				   REQUEST_NONE },
};

static const struct kind_rule *rule_of(unsigned kind)
{
	if (kind >= sizeof rules / sizeof rules[0] || rules[kind].name == NULL)
		return NULL;
	return &rules[kind];
}

static uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t get32(const uint8_t *bytes)
{
	return (uint32_t)get16(bytes) | (uint32_t)get16(bytes + 2) << 16;
}

static void put16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)(value & 0xff);
	bytes[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *bytes, uint32_t value)
{
	put16(bytes, (uint16_t)(value & 0xffff));
	put16(bytes + 2, (uint16_t)(value >> 16));
}

const char *frame_error_name(enum frame_error error)
{
	static const char *const names[] = {
		[FRAME_VALID] = "ok",
		[FRAME_BAD_KIND] = "kind",
		[FRAME_BAD_DIRECTION] = "direction",
		[FRAME_BAD_LENGTH] = "length",
		[FRAME_BAD_STREAM] = "stream",
		[FRAME_BAD_PROCESS] = "process",
		[FRAME_BAD_REQUEST] = "request",
		[FRAME_BAD_PAYLOAD] = "payload",
	};

	return names[error];
}

const char *frame_kind_name(unsigned kind)
{
	const struct kind_rule *rule = rule_of(kind);

	return rule ? rule->name : NULL;
}

const char *failure_code_name(enum failure_code code)
{
	static const char *const names[] = {
		[FAILURE_INVALID] = "invalid",
		[FAILURE_STATE] = "state",
		[FAILURE_RUNTIME] = "runtime",
		[FAILURE_SYSTEM] = "system",
		[FAILURE_NO_PROCESS] = "no-process",
		[FAILURE_BUSY] = "busy",
		[FAILURE_LAUNCH] = "launch",
		[FAILURE_VM] = "vm",
	};

	return names[code];
}

void frame_header_encode(uint8_t header[FRAME_HEADER_SIZE], const struct frame *frame)
{
	put32(header, frame->length);
	header[4] = frame->kind;
	header[5] = frame->stream;
	put16(header + 6, frame->process);
	put32(header + 8, frame->request);
}

void frame_header_decode(const uint8_t header[FRAME_HEADER_SIZE], struct frame *frame)
{
	frame->length = get32(header);
	frame->kind = header[4];
	frame->stream = header[5];
	frame->process = get16(header + 6);
	frame->request = get32(header + 8);
	frame->payload = NULL;
}

static bool stream_valid(const struct frame *frame, enum stream_rule rule, bool towards)
{
	bool input; /* the stream must be stdin */

	if (rule == STREAM_NONE)
		return frame->stream == 0;
	if (rule == STREAM_TRANSPORT)
		return frame->stream == FRAME_UDP || frame->stream == FRAME_TCP;
	input = (rule == STREAM_SENDER) == towards;
	if (input)
		return frame->stream == FRAME_STDIN;
	return frame->stream == FRAME_STDOUT || frame->stream == FRAME_STDERR;
}

static bool process_valid(const struct frame *frame, enum process_rule rule)
{
	switch (rule) {
	case PROCESS_NONE:
		return frame->process == 0;
	case PROCESS_ANY:
		return frame->process <= FRAME_PROCESS_MAX;
	case PROCESS_EXEC:
		return frame->process >= 1 && frame->process <= FRAME_PROCESS_MAX;
	}
	return false;
}

static bool request_valid(const struct frame *frame, enum request_rule rule)
{
	switch (rule) {
	case REQUEST_NONE:
		return frame->request == 0;
	case REQUEST_NUMBER:
		return frame->request != 0;
	case REQUEST_OPTIONAL:
		return true;
	}
	return false;
}

enum frame_error frame_check_header(const struct frame *frame, enum frame_direction direction)
{
	const struct kind_rule *rule = rule_of(frame->kind);

	if (rule == NULL)
		return FRAME_BAD_KIND;
	if ((rule->directions & WAY(direction)) == 0)
		return FRAME_BAD_DIRECTION;
	if (frame->length < rule->shortest || frame->length > rule->longest)
		return FRAME_BAD_LENGTH;
	if (!stream_valid(frame, rule->stream, (TOWARDS & WAY(direction)) != 0))
		return FRAME_BAD_STREAM;
	if (!process_valid(frame, rule->process))
		return FRAME_BAD_PROCESS;
	if (!request_valid(frame, rule->request))
		return FRAME_BAD_REQUEST;
	return FRAME_VALID;
}

static bool hello_valid(const struct frame *frame)
{
	struct frame_hello hello;

	if (memcmp(frame->payload, hello_magic, sizeof hello_magic) != 0)
		return false;
	frame_hello_decode(frame, &hello);
	return hello.lowest >= 1 && hello.lowest <= hello.highest && hello.credit >= FRAME_CREDIT_MIN &&
	       hello.credit <= FRAME_CREDIT_MAX;
}

static bool payload_valid(const struct frame *frame)
{
	struct frame_exited exited;
	struct frame_launched launched;
	uint32_t number;

	switch (frame->kind) {
	case FRAME_HELLO:
		return hello_valid(frame);
	case FRAME_CONNECT:
		return frame_connect_decode(frame) < FRAME_SOCKETS_MAX;
	case FRAME_CREDIT:
	case FRAME_GRANT:
		number = frame_credit_decode(frame);
		return number >= 1 && number <= FRAME_CREDIT_MAX;
	case FRAME_EXITED:
		frame_exited_decode(frame, &exited);
		return exited.status <= 255 && exited.signal <= FRAME_SIGNAL_MAX;
	case FRAME_SIGNAL:
		number = frame_signal_decode(frame);
		return number >= 1 && number <= FRAME_SIGNAL_MAX;
	case FRAME_LAUNCHED:
		frame_launched_decode(frame, &launched);
		return (launched.hypervisor >= 1 || launched.virtiofsd >= 1) && launched.hypervisor <= PID_MAX &&
		       launched.virtiofsd <= PID_MAX;
	default:
		return true;
	}
}

enum frame_error frame_check_payload(const struct frame *frame)
{
	return payload_valid(frame) ? FRAME_VALID : FRAME_BAD_PAYLOAD;
}

void frame_hello_encode(uint8_t payload[FRAME_HELLO_SIZE], const struct frame_hello *hello)
{
	memcpy(payload, hello_magic, sizeof hello_magic);
	put16(payload + 4, hello->lowest);
	put16(payload + 6, hello->highest);
	put32(payload + 8, hello->credit);
}

void frame_hello_decode(const struct frame *frame, struct frame_hello *hello)
{
	hello->lowest = get16(frame->payload + 4);
	hello->highest = get16(frame->payload + 6);
	hello->credit = get32(frame->payload + 8);
}

unsigned frame_version_choose(const struct frame_hello *own, const struct frame_hello *peer)
{
	unsigned version = own->highest < peer->highest ? own->highest : peer->highest;

	return version >= own->lowest && version >= peer->lowest ? version : 0;
}

void frame_credit_encode(uint8_t payload[FRAME_CREDIT_SIZE], uint32_t bytes)
{
	put32(payload, bytes);
}

uint32_t frame_credit_decode(const struct frame *frame)
{
	return get32(frame->payload);
}

void frame_connect_encode(uint8_t payload[FRAME_CONNECT_SIZE], uint32_t socket)
{
	put32(payload, socket);
}

uint32_t frame_connect_decode(const struct frame *frame)
{
	return get32(frame->payload);
}

bool frame_is_of_connection(const struct frame *frame)
{
	return frame->kind >= FRAME_CONNECT && frame->kind <= FRAME_HANGUP;
}

void frame_exited_encode(uint8_t payload[FRAME_EXITED_SIZE], const struct frame_exited *exited)
{
	put32(payload, exited->status);
	put32(payload + 4, exited->signal);
}

void frame_exited_decode(const struct frame *frame, struct frame_exited *exited)
{
	exited->status = get32(frame->payload);
	exited->signal = get32(frame->payload + 4);
}

void frame_signal_encode(uint8_t payload[FRAME_SIGNAL_SIZE], uint32_t signal)
{
	put32(payload, signal);
}

uint32_t frame_signal_decode(const struct frame *frame)
{
	return get32(frame->payload);
}

void frame_resize_encode(uint8_t payload[FRAME_RESIZE_SIZE], const struct frame_resize *resize)
{
	put16(payload, resize->rows);
	put16(payload + 2, resize->columns);
	put16(payload + 4, resize->x_pixels);
	put16(payload + 6, resize->y_pixels);
}

void frame_resize_decode(const struct frame *frame, struct frame_resize *resize)
{
	resize->rows = get16(frame->payload);
	resize->columns = get16(frame->payload + 2);
	resize->x_pixels = get16(frame->payload + 4);
	resize->y_pixels = get16(frame->payload + 6);
}

void frame_launched_encode(uint8_t payload[FRAME_LAUNCHED_SIZE], const struct frame_launched *launched)
{
	put32(payload, launched->hypervisor);
	put32(payload + 4, launched->virtiofsd);
}

void frame_launched_decode(const struct frame *frame, struct frame_launched *launched)
{
	launched->hypervisor = get32(frame->payload);
	launched->virtiofsd = get32(frame->payload + 4);
}

/* The length of the UTF-8 sequence that text begins with, or 0 if it begins with none. text ends with NUL. */
static size_t utf8_length(const unsigned char *text)
{
	unsigned first = text[0];
	unsigned second = first ? text[1] : 0;
	size_t length;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	/* overlong forms, surrogates, beyond U+10FFFF */
	if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
	    (first == 0xf4 && second > 0x8f))
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

/* Puts one character of *text, escaped, into piece (at least 6 bytes) and goes on to the next. */
static size_t json_escape(const unsigned char **text, char *piece)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *at = *text;
	size_t length = utf8_length(at);

	if (length == 0) {
		memcpy(piece, "\xef\xbf\xbd", 3);
		*text = at + 1;
		return 3;
	}
	*text = at + length;
	if (*at == '"' || *at == '\\') {
		piece[0] = '\\';
		piece[1] = (char)*at;
		return 2;
	}
	if (*at < 0x20 || *at == 0x7f) {
		memcpy(piece, "\\u00", 4);
		piece[4] = digits[*at >> 4];
		piece[5] = digits[*at & 15];
		return 6;
	}
	memcpy(piece, at, length);
	return length;
}

static size_t append(char *to, size_t at, const char *text)
{
	size_t length = strlen(text);

	memcpy(to + at, text, length);
	return at + length;
}

size_t failure_encode(char *payload, size_t size, enum failure_code code, const char *message)
{
	const unsigned char *text = (const unsigned char *)message;
	size_t length = 0;

	assert(size >= 64);
	length = append(payload, length, "{\"code\":\"");
	length = append(payload, length, failure_code_name(code));
	length = append(payload, length, "\",\"message\":\"");
	while (*text) {
		char piece[6];
		size_t count = json_escape(&text, piece);

		if (length + count + 2 > size)
			break;
		memcpy(payload + length, piece, count);
		length += count;
	}
	return append(payload, length, "\"}");
}

int frame_reader_init(struct frame_reader *reader, enum frame_direction direction)
{
	*reader = (struct frame_reader){ .direction = direction };
	reader->buffer = malloc(FRAME_READER_BUFFER);
	return reader->buffer ? 0 : -ENOMEM;
}

static void drop_big(struct frame_reader *reader)
{
	free(reader->big);
	reader->big = NULL;
	reader->big_size = reader->big_end = 0;
	reader->big_given = false;
}

void frame_reader_free(struct frame_reader *reader)
{
	drop_big(reader);
	free(reader->buffer);
	*reader = (struct frame_reader){ .direction = reader->direction };
}

void frame_reader_reset(struct frame_reader *reader)
{
	drop_big(reader);
	reader->start = reader->end = 0;
	reader->error = FRAME_VALID;
}

/* Where the next bytes go, and how many at most. */
static uint8_t *room(struct frame_reader *reader, size_t *size)
{
	if (reader->big && !reader->big_given) {
		*size = reader->big_size - reader->big_end;
		return reader->big + reader->big_end;
	}
	if (reader->start == reader->end) {
		reader->start = reader->end = 0;
	} else if (reader->start >= FRAME_READER_BUFFER / 2) {
		memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
		reader->end -= reader->start;
		reader->start = 0;
	}
	*size = FRAME_READER_BUFFER - reader->end;
	return reader->buffer + reader->end;
}

static void filled(struct frame_reader *reader, size_t size)
{
	if (reader->big && !reader->big_given)
		reader->big_end += size;
	else
		reader->end += size;
}

ssize_t frame_reader_fill(struct frame_reader *reader, int fd)
{
	size_t size;
	uint8_t *to = room(reader, &size);
	ssize_t count;

	if (size == 0)
		return -ENOBUFS;
	count = read(fd, to, size);
	if (count < 0)
		return -errno;
	filled(reader, (size_t)count);
	return count;
}

size_t frame_reader_feed(struct frame_reader *reader, const void *bytes, size_t size)
{
	size_t free_size;
	uint8_t *to = room(reader, &free_size);

	if (size > free_size)
		size = free_size;
	if (size > 0)
		memcpy(to, bytes, size);
	filled(reader, size);
	return size;
}

static enum frame_reader_state give(struct frame_reader *reader, struct frame *frame, const uint8_t *payload)
{
	frame->payload = payload;
	reader->error = frame_check_payload(frame);
	return reader->error == FRAME_VALID ? FRAME_READY : FRAME_INVALID;
}

/* Moves a frame that is longer than the buffer, as far as it has come, into a buffer of its own. */
static enum frame_reader_state begin_big(struct frame_reader *reader, const struct frame *frame)
{
	size_t have = reader->end - reader->start;

	reader->big_size = FRAME_HEADER_SIZE + (size_t)frame->length;
	reader->big = malloc(reader->big_size);
	if (reader->big == NULL)
		return FRAME_INVALID;
	memcpy(reader->big, reader->buffer + reader->start, have);
	reader->big_end = have;
	reader->start = reader->end = 0;
	return FRAME_MORE;
}

enum frame_reader_state frame_reader_next(struct frame_reader *reader, struct frame *frame)
{
	size_t have;

	if (reader->error != FRAME_VALID)
		return FRAME_INVALID;
	if (reader->big_given)
		drop_big(reader);
	if (reader->big) {
		if (reader->big_end < reader->big_size)
			return FRAME_MORE;
		reader->big_given = true;
		frame_header_decode(reader->big, frame);
		return give(reader, frame, reader->big + FRAME_HEADER_SIZE);
	}
	have = reader->end - reader->start;
	if (have < FRAME_HEADER_SIZE)
		return FRAME_MORE;
	frame_header_decode(reader->buffer + reader->start, frame);
	reader->error = frame_check_header(frame, reader->direction);
	if (reader->error != FRAME_VALID)
		return FRAME_INVALID;
	if (have - FRAME_HEADER_SIZE >= frame->length) {
		const uint8_t *payload = reader->buffer + reader->start + FRAME_HEADER_SIZE;

		reader->start += FRAME_HEADER_SIZE + frame->length;
		return give(reader, frame, payload);
	}
	/* What is left must fit behind start even if it is not moved to the front. */
	if (FRAME_HEADER_SIZE + (size_t)frame->length > FRAME_READER_BUFFER / 2)
		return begin_big(reader, frame);
	return FRAME_MORE;
}

bool frame_reader_idle(const struct frame_reader *reader)
{
	return reader->start == reader->end && (reader->big == NULL || reader->big_given);
}

struct frame_node {
	struct frame_node *next;
	size_t size;
	uint8_t bytes[]; /* header and payload */
};

static void list_add(struct frame_list *list, struct frame_node *node)
{
	if (list->tail)
		list->tail->next = node;
	else
		list->head = node;
	list->tail = node;
}

static struct frame_node *list_take(struct frame_list *list)
{
	struct frame_node *node = list->head;

	if (node == NULL)
		return NULL;
	list->head = node->next;
	if (list->head == NULL)
		list->tail = NULL;
	return node;
}

void frame_queue_init(struct frame_queue *queue, size_t limit)
{
	*queue = (struct frame_queue){ .limit = limit };
}

void frame_queue_clear(struct frame_queue *queue)
{
	struct frame_node *node;

	free(queue->current);
	while ((node = list_take(&queue->control)) != NULL)
		free(node);
	while ((node = list_take(&queue->data)) != NULL)
		free(node);
	frame_queue_init(queue, queue->limit);
}

/*
 * EOF may not overtake the DATA of its stream, nor what begins or ends a connection the frames of that, or of one
 * before that had its number.
 */
static bool keeps_its_place(const struct frame *frame)
{
	return frame->kind == FRAME_DATA || frame->kind == FRAME_EOF ||
	       (frame_is_of_connection(frame) && frame->kind != FRAME_GRANT);
}

int frame_queue_add(struct frame_queue *queue, const struct frame *frame)
{
	size_t size = FRAME_HEADER_SIZE + (size_t)frame->length;
	struct frame_node *node;

	if (size > queue->limit - queue->bytes)
		return -ENOBUFS;
	node = malloc(sizeof *node + size);
	if (node == NULL)
		return -ENOMEM;
	node->next = NULL;
	node->size = size;
	frame_header_encode(node->bytes, frame);
	if (frame->length > 0)
		memcpy(node->bytes + FRAME_HEADER_SIZE, frame->payload, frame->length);
	list_add(keeps_its_place(frame) ? &queue->data : &queue->control, node);
	queue->bytes += size;
	return 0;
}

int frame_queue_put(struct frame_queue *queue, enum frame_kind kind, unsigned stream, unsigned process,
		    uint32_t request, const void *payload, size_t length)
{
	struct frame frame = {
		.length = (uint32_t)length,
		.kind = (uint8_t)kind,
		.stream = (uint8_t)stream,
		.process = (uint16_t)process,
		.request = request,
		.payload = payload,
	};

	return frame_queue_add(queue, &frame);
}

int frame_queue_failure(struct frame_queue *queue, uint32_t request, enum failure_code code, const char *message)
{
	char *payload = malloc(FAILURE_PAYLOAD_MAX);
	int result;

	if (payload == NULL)
		return -ENOMEM;
	result = frame_queue_put(queue, FRAME_FAILURE, 0, 0, request, payload,
				 failure_encode(payload, FAILURE_PAYLOAD_MAX, code, message));
	free(payload);
	return result;
}

int frame_queue_flush(struct frame_queue *queue, int fd)
{
	for (;;) {
		ssize_t count;

		if (queue->current == NULL) {
			queue->current = list_take(&queue->control);
			if (queue->current == NULL)
				queue->current = list_take(&queue->data);
			if (queue->current == NULL)
				return 0;
			queue->written = 0;
		}
		count = write(fd, queue->current->bytes + queue->written, queue->current->size - queue->written);
		if (count < 0) {
			if (errno == EINTR)
				continue;
			return errno == EAGAIN || errno == EWOULDBLOCK ? 1 : -errno;
		}
		queue->written += (size_t)count;
		if (queue->written == queue->current->size) {
			queue->bytes -= queue->current->size;
			free(queue->current);
			queue->current = NULL;
		}
	}
}

void credit_sender_init(struct credit_sender *sender, uint32_t window)
{
	*sender = (struct credit_sender){ .window = window, .available = window };
}

uint32_t credit_sender_allows(const struct credit_sender *sender, size_t size)
{
	if (size > FRAME_DATA_MAX)
		size = FRAME_DATA_MAX;
	return size < sender->available ? (uint32_t)size : sender->available;
}

void credit_sender_take(struct credit_sender *sender, uint32_t size)
{
	assert(size <= sender->available);
	sender->available -= size;
}

bool credit_sender_grant(struct credit_sender *sender, uint32_t bytes)
{
	if (bytes > sender->window - sender->available)
		return false;
	sender->available += bytes;
	return true;
}

void credit_receiver_init(struct credit_receiver *receiver, uint32_t window)
{
	*receiver = (struct credit_receiver){ .window = window, .expected = window };
}

bool credit_receiver_received(struct credit_receiver *receiver, uint32_t size)
{
	if (size > receiver->expected)
		return false;
	receiver->expected -= size;
	return true;
}

uint32_t credit_receiver_consumed(struct credit_receiver *receiver, uint32_t size)
{
	uint32_t give_back;

	assert(size <= receiver->window - receiver->expected - receiver->consumed);
	receiver->consumed += size;
	if (receiver->consumed < receiver->window - receiver->consumed)
		return 0;
	give_back = receiver->consumed;
	receiver->expected += give_back;
	receiver->consumed = 0;
	return give_back;
}
