/*
 * The frames of docs/protocol.md: encoding, validation, incremental reading and queued writing over
 * non-blocking descriptors, and the accounting of credit. Used by the shim and by the guest's agent.
 *
 * Nothing here keeps global state. Functions that can fail return 0 (or a count) and -errno, unless they say
 * otherwise. Writers to sockets and pipes are expected to ignore SIGPIPE.
 */
#ifndef LIMPID_FRAME_H
#define LIMPID_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FRAME_HEADER_SIZE 12u
#define FRAME_DATA_MAX (32u * 1024u)
#define FRAME_PROCESS_MAX 4095u
#define FRAME_CREDIT_MIN 1024u
#define FRAME_CREDIT_MAX (1024u * 1024u)
#define FRAME_SIGNAL_MAX 64u
#define FRAME_DNS_MIN 12u /* the header of a DNS message */
#define FRAME_DNS_MAX 65535u
#define FRAME_SOCKETS_MAX 64u /* of the host, that a container can connect to */

/* Sizes of the payloads that have one fixed size. */
#define FRAME_HELLO_SIZE 12u
#define FRAME_CREDIT_SIZE 4u
#define FRAME_EXITED_SIZE 8u
#define FRAME_SIGNAL_SIZE 4u
#define FRAME_RESIZE_SIZE 8u
#define FRAME_LAUNCHED_SIZE 8u
#define FRAME_CONNECT_SIZE 4u

/* The range of protocol versions that this code speaks. */
#define FRAME_VERSION_LOWEST 1u
#define FRAME_VERSION_HIGHEST 1u

enum frame_kind {
	FRAME_HELLO = 0x01,
	FRAME_REQUEST = 0x10,
	FRAME_RESULT = 0x11,
	FRAME_FAILURE = 0x12,
	FRAME_EVENT = 0x13,
	FRAME_DATA = 0x20,
	FRAME_EOF = 0x21,
	FRAME_CREDIT = 0x22,
	FRAME_CLOSED = 0x23,
	FRAME_EXITED = 0x30,
	FRAME_SIGNAL = 0x31,
	FRAME_RESIZE = 0x32,
	FRAME_LOOKUP = 0x33,
	FRAME_ANSWER = 0x34,
	FRAME_CONNECT = 0x35,
	FRAME_CHUNK = 0x36,
	FRAME_GRANT = 0x37,
	FRAME_FINISH = 0x38,
	FRAME_HANGUP = 0x39,
	FRAME_LAUNCHED = 0x40,
	FRAME_COMMIT = 0x41,
	FRAME_COMMITTED = 0x42,
	FRAME_ATTACH = 0x43,
	FRAME_ATTACHED = 0x44,
	FRAME_WATCH = 0x45,
	FRAME_WATCHING = 0x46,
	FRAME_REFRESH_ROOT = 0x47,
	FRAME_ROOT_REFRESHED = 0x48,
};

enum frame_stream {
	FRAME_STDIN = 0,
	FRAME_STDOUT = 1,
	FRAME_STDERR = 2,
};

/* How a DNS message came: `stream` of LOOKUP and ANSWER. */
enum frame_transport {
	FRAME_UDP = 0,
	FRAME_TCP = 1,
};

/* Which way a frame travels, and on which of the two kinds of link. */
enum frame_direction {
	FRAME_TO_AGENT,   /* shim to agent, agent link */
	FRAME_FROM_AGENT, /* agent to shim, agent link */
	FRAME_TO_SHIM,    /* verb or exec shim to shim, control link */
	FRAME_FROM_SHIM,  /* shim to verb or exec shim, control link */
};

/* What is wrong with a frame. Checked in this order; the first that applies is reported. */
enum frame_error {
	FRAME_VALID = 0,
	FRAME_BAD_KIND,      /* no such kind */
	FRAME_BAD_DIRECTION, /* the kind is not sent in this direction */
	FRAME_BAD_LENGTH,    /* outside the bounds of the kind */
	FRAME_BAD_STREAM,    /* no such stream, or one that flows the other way, or a kind without stream */
	FRAME_BAD_PROCESS,
	FRAME_BAD_REQUEST,
	FRAME_BAD_PAYLOAD,   /* a number of a fixed payload is out of range */
};

/* A frame. After reading, payload points into the reader and lives until the next call on it. */
struct frame {
	uint32_t length; /* bytes of payload */
	uint8_t kind;
	uint8_t stream;
	uint16_t process;
	uint32_t request;
	const uint8_t *payload;
};

/* The word used in messages and test vectors: "kind", "direction", … ; "ok" for FRAME_VALID. */
const char *frame_error_name(enum frame_error error);

/* "HELLO", "REQUEST", …; NULL if there is no such kind. */
const char *frame_kind_name(unsigned kind);

void frame_header_encode(uint8_t header[FRAME_HEADER_SIZE], const struct frame *frame);

/* Fills everything but payload, which becomes NULL. Does not validate. */
void frame_header_decode(const uint8_t header[FRAME_HEADER_SIZE], struct frame *frame);

/* Validates what the header says (kind, direction, length, stream, process, request). */
enum frame_error frame_check_header(const struct frame *frame, enum frame_direction direction);

/* Validates the numbers of a fixed payload; other kinds are always valid. The header must have been checked. */
enum frame_error frame_check_payload(const struct frame *frame);

/* The fixed payloads. encode writes exactly FRAME_<KIND>_SIZE bytes; decode expects a frame that was checked. */

struct frame_hello {
	uint16_t lowest;
	uint16_t highest;
	uint32_t credit; /* what the sender of this HELLO takes on each stream from the start */
};
void frame_hello_encode(uint8_t payload[FRAME_HELLO_SIZE], const struct frame_hello *hello);
void frame_hello_decode(const struct frame *frame, struct frame_hello *hello);

/* The version that two ends use, or 0 if they have none in common. */
unsigned frame_version_choose(const struct frame_hello *own, const struct frame_hello *peer);

void frame_credit_encode(uint8_t payload[FRAME_CREDIT_SIZE], uint32_t bytes);
uint32_t frame_credit_decode(const struct frame *frame);

/* CONNECT: the number of a socket, below FRAME_SOCKETS_MAX. */
void frame_connect_encode(uint8_t payload[FRAME_CONNECT_SIZE], uint32_t socket);
uint32_t frame_connect_decode(const struct frame *frame);

/* A kind that speaks of a connection to a socket of the host: CONNECT to HANGUP. */
bool frame_is_of_connection(const struct frame *frame);

struct frame_exited {
	uint32_t status; /* 0 to 255; 0 if ended by a signal */
	uint32_t signal; /* 0: ended by itself */
};
void frame_exited_encode(uint8_t payload[FRAME_EXITED_SIZE], const struct frame_exited *exited);
void frame_exited_decode(const struct frame *frame, struct frame_exited *exited);

void frame_signal_encode(uint8_t payload[FRAME_SIGNAL_SIZE], uint32_t signal);
uint32_t frame_signal_decode(const struct frame *frame);

struct frame_resize {
	uint16_t rows, columns, x_pixels, y_pixels;
};
void frame_resize_encode(uint8_t payload[FRAME_RESIZE_SIZE], const struct frame_resize *resize);
void frame_resize_decode(const struct frame *frame, struct frame_resize *resize);

struct frame_launched {
	uint32_t hypervisor; /* pid of QEMU */
	uint32_t virtiofsd;  /* 0: there is none */
};
void frame_launched_encode(uint8_t payload[FRAME_LAUNCHED_SIZE], const struct frame_launched *launched);
void frame_launched_decode(const struct frame *frame, struct frame_launched *launched);

/* The codes of FAILURE. */
enum failure_code {
	FAILURE_INVALID,
	FAILURE_STATE,
	FAILURE_RUNTIME,
	FAILURE_SYSTEM,
	FAILURE_NO_PROCESS,
	FAILURE_BUSY,
	FAILURE_LAUNCH, /* this and the next only from a shim */
	FAILURE_VM,
};
const char *failure_code_name(enum failure_code code);

#define FAILURE_PAYLOAD_MAX (64u * 1024u)

/*
 * The payload of a FAILURE: {"code":…,"message":…}. The message is escaped, bytes that are not UTF-8 become
 * U+FFFD, and what does not fit is cut. size must be at least 64. Returns the length; there is no final NUL.
 */
size_t failure_encode(char *payload, size_t size, enum failure_code code, const char *message);

/*
 * Reads frames from a non-blocking descriptor:
 *
 *     n = frame_reader_fill(&reader, fd);      one read(2)
 *     while ((state = frame_reader_next(&reader, &frame)) == FRAME_READY)
 *             handle(&frame);
 *     if (state == FRAME_INVALID) end the link: frame_error_name(reader.error)
 *
 * A header is checked before its payload is waited for. Memory: one buffer of FRAME_READER_BUFFER bytes, and
 * while a longer control frame arrives, one of that frame's size.
 */
#define FRAME_READER_BUFFER (2u * (FRAME_HEADER_SIZE + FRAME_DATA_MAX))

struct frame_reader {
	enum frame_direction direction;
	enum frame_error error; /* why FRAME_INVALID; stays until reset */
	uint8_t *buffer;        /* [start, end) has been read and not been given out */
	size_t start, end;
	uint8_t *big;           /* a frame that does not fit into buffer: header and payload */
	size_t big_size, big_end;
	bool big_given;         /* big was given out and is freed by the next call */
};

enum frame_reader_state {
	FRAME_READY,   /* *frame is a valid frame */
	FRAME_MORE,    /* no complete frame: fill first */
	FRAME_INVALID, /* the peer has broken the protocol (reader.error), or there was no memory (error is FRAME_VALID) */
};

int frame_reader_init(struct frame_reader *reader, enum frame_direction direction);
void frame_reader_free(struct frame_reader *reader);

/* Forgets everything read so far, for a new link. */
void frame_reader_reset(struct frame_reader *reader);

/*
 * One read(2). Returns the bytes read, 0 at end of file, -errno (-EAGAIN and -EINTR among them). To be called
 * only when frame_reader_next has said FRAME_MORE; returns -ENOBUFS if there is no room because it has not.
 */
ssize_t frame_reader_fill(struct frame_reader *reader, int fd);

/* The same from memory: takes as many bytes as there is room for and returns how many. */
size_t frame_reader_feed(struct frame_reader *reader, const void *bytes, size_t size);

enum frame_reader_state frame_reader_next(struct frame_reader *reader, struct frame *frame);

/* True if the last byte read was the end of a frame: end of file is clean here. */
bool frame_reader_idle(const struct frame_reader *reader);

/*
 * Frames waiting to be written to a non-blocking descriptor. Control frames overtake waiting DATA and EOF, and what
 * speaks of a connection but GRANT; these keep their order. A frame that has been written in part is finished first.
 */
struct frame_node;

struct frame_list {
	struct frame_node *head, *tail;
};

struct frame_queue {
	struct frame_list control, data;
	struct frame_node *current; /* partly written */
	size_t written;             /* of current */
	size_t bytes;               /* held in all, headers included */
	size_t limit;               /* of bytes */
};

void frame_queue_init(struct frame_queue *queue, size_t limit);

/* Drops everything, also the rest of a frame written in part. The queue can be used again. */
void frame_queue_clear(struct frame_queue *queue);

/* Copies the frame. -ENOBUFS: over the limit (the peer does not read); -ENOMEM. */
int frame_queue_add(struct frame_queue *queue, const struct frame *frame);

/* Convenience for kinds whose payload the caller has as bytes; payload may be NULL if length is 0. */
int frame_queue_put(struct frame_queue *queue, enum frame_kind kind, unsigned stream, unsigned process,
		    uint32_t request, const void *payload, size_t length);

/* A FAILURE with code and message; request 0 speaks of the link as a whole. */
int frame_queue_failure(struct frame_queue *queue, uint32_t request, enum failure_code code, const char *message);

/* Writes until empty (returns 0) or until the descriptor takes no more (returns 1: wait for POLLOUT); -errno. */
int frame_queue_flush(struct frame_queue *queue, int fd);

static inline bool frame_queue_empty(const struct frame_queue *queue)
{
	return queue->bytes == 0;
}

/* The sending side of one direction of one stream: what may still be sent. */
struct credit_sender {
	uint32_t window;
	uint32_t available;
};

/* window: the credit of the peer's HELLO. */
void credit_sender_init(struct credit_sender *sender, uint32_t window);

/* How much of size may be sent now, in one DATA; to be followed by take. */
uint32_t credit_sender_allows(const struct credit_sender *sender, size_t size);

/* Spends size bytes, which must be allowed. */
void credit_sender_take(struct credit_sender *sender, uint32_t size);

/* A CREDIT has come. False: the peer gives more than its window, which breaks the protocol. */
bool credit_sender_grant(struct credit_sender *sender, uint32_t bytes);

/* The receiving side: the peer may have sent no more than the window beyond what was given back. */
struct credit_receiver {
	uint32_t window;
	uint32_t expected; /* the peer may still send this much */
	uint32_t consumed; /* passed on, not yet given back */
};

/* window: the credit of one's own HELLO. */
void credit_receiver_init(struct credit_receiver *receiver, uint32_t window);

/* A DATA of size bytes has come. False: the peer had no credit for it, which breaks the protocol. */
bool credit_receiver_received(struct credit_receiver *receiver, uint32_t size);

/* size bytes have been passed on. Returns the credit to send now, or 0: nothing to send yet. */
uint32_t credit_receiver_consumed(struct credit_receiver *receiver, uint32_t size);

#endif
