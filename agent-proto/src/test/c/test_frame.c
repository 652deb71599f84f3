/* The C codec against the shared vectors, and what the vectors cannot say: splitting, queueing, credit, escaping. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"
#include "vectors.h"

static unsigned failures;

#define CHECK(condition)                                                                  \
	do {                                                                              \
		if (!(condition)) {                                                       \
			fprintf(stderr, "%s:%d: %s\n", __func__, __LINE__, #condition);   \
			failures++;                                                       \
		}                                                                         \
	} while (0)

static void judge(char verdict[64], enum frame_reader_state state, const struct frame_reader *reader,
		  const struct frame *frame)
{
	switch (state) {
	case FRAME_READY:
		snprintf(verdict, 64, "ok:%s:%u:%u:%u:%u", frame_kind_name(frame->kind), frame->stream, frame->process,
			 frame->request, frame->length);
		break;
	case FRAME_MORE:
		snprintf(verdict, 64, "more");
		break;
	case FRAME_INVALID:
		snprintf(verdict, 64, "bad:%s", frame_error_name(reader->error));
		break;
	}
}

/* Feeds the vector in pieces of at most step bytes and says what came of it. */
static void decode(const struct vector *vector, size_t step, char verdict[64])
{
	struct frame_reader reader;
	struct frame frame;
	enum frame_reader_state state = FRAME_MORE;
	size_t at = 0;

	CHECK(frame_reader_init(&reader, vector->direction) == 0);
	while (state == FRAME_MORE && at < vector->size) {
		size_t size = vector->size - at < step ? vector->size - at : step;
		size_t taken = frame_reader_feed(&reader, vector->bytes + at, size);

		if (taken == 0) {
			CHECK(!"the reader has no room");
			break;
		}
		at += taken;
		state = frame_reader_next(&reader, &frame);
	}
	judge(verdict, state, &reader, &frame);
	if (state == FRAME_READY) {
		uint8_t header[FRAME_HEADER_SIZE];

		frame_header_encode(header, &frame);
		CHECK(memcmp(header, vector->bytes, sizeof header) == 0);
		CHECK(memcmp(frame.payload, vector->bytes + sizeof header, frame.length) == 0);
		CHECK(at == vector->size && frame_reader_idle(&reader));
		CHECK(frame_reader_next(&reader, &frame) == FRAME_MORE);
	} else {
		CHECK(frame_reader_next(&reader, &frame) == state);
	}
	frame_reader_free(&reader);
}

static unsigned test_vectors(const char *path)
{
	static const size_t steps[] = { SIZE_MAX, 1, 13, 40000 };
	FILE *file = fopen(path, "r");
	struct vector vector = { 0 };
	unsigned count = 0;

	if (file == NULL) {
		perror(path);
		exit(2);
	}
	while (vector_next(file, &vector)) {
		for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
			char verdict[64];

			if (steps[i] < 40000 && vector.size > 100000)
				continue;
			decode(&vector, steps[i], verdict);
			if (strcmp(verdict, vector.verdict) != 0) {
				fprintf(stderr, "frames.txt:%u: expected %s, is %s\n", vector.line, vector.verdict, verdict);
				failures++;
			}
		}
		count++;
	}
	vector_free(&vector);
	fclose(file);
	return count;
}

static void test_fixed_payloads(void)
{
	uint8_t bytes[12];
	struct frame frame = { .payload = bytes };
	struct frame_hello hello = { 1, 0x0203, 0x40506 }, hello2;
	struct frame_exited exited = { 255, 64 }, exited2;
	struct frame_resize resize = { 1, 0x0203, 4, 65535 }, resize2;
	struct frame_launched launched = { 0x01020304, 0 }, launched2;

	frame_hello_encode(bytes, &hello);
	CHECK(memcmp(bytes, "LMPD\x01\x00\x03\x02\x06\x05\x04\x00", 12) == 0);
	frame_hello_decode(&frame, &hello2);
	CHECK(hello2.lowest == 1 && hello2.highest == 0x0203 && hello2.credit == 0x40506);
	frame_exited_encode(bytes, &exited);
	CHECK(memcmp(bytes, "\xff\0\0\0\x40\0\0\0", 8) == 0);
	frame_exited_decode(&frame, &exited2);
	CHECK(exited2.status == 255 && exited2.signal == 64);
	frame_resize_encode(bytes, &resize);
	CHECK(memcmp(bytes, "\x01\0\x03\x02\x04\0\xff\xff", 8) == 0);
	frame_resize_decode(&frame, &resize2);
	CHECK(resize2.rows == 1 && resize2.columns == 0x0203 && resize2.x_pixels == 4 && resize2.y_pixels == 65535);
	frame_launched_encode(bytes, &launched);
	frame_launched_decode(&frame, &launched2);
	CHECK(launched2.hypervisor == 0x01020304 && launched2.virtiofsd == 0);
	frame_credit_encode(bytes, 0xfedcba98);
	CHECK(frame_credit_decode(&frame) == 0xfedcba98);
	frame_signal_encode(bytes, 15);
	CHECK(frame_signal_decode(&frame) == 15);
}

static unsigned chosen(uint16_t lowest, uint16_t highest, uint16_t peer_lowest, uint16_t peer_highest)
{
	struct frame_hello own = { lowest, highest, 0 }, peer = { peer_lowest, peer_highest, 0 };

	return frame_version_choose(&own, &peer);
}

static void test_versions(void)
{
	CHECK(chosen(1, 1, 1, 1) == 1);
	CHECK(chosen(1, 1, 1, 7) == 1);
	CHECK(chosen(2, 5, 1, 3) == 3);
	CHECK(chosen(2, 5, 5, 9) == 5);
	CHECK(chosen(1, 1, 2, 3) == 0);
	CHECK(chosen(4, 5, 1, 3) == 0);
}

static void check_failure(const char *message, size_t size, const char *expected)
{
	char payload[FAILURE_PAYLOAD_MAX];
	size_t length = failure_encode(payload, size, FAILURE_NO_PROCESS, message);

	CHECK(length == strlen(expected) && memcmp(payload, expected, length) == 0);
}

static void test_failures(void)
{
#define BEGIN "{\"code\":\"no-process\",\"message\":\""
	check_failure("", 4096, BEGIN "\"}");
	check_failure("a \"b\" \\ \n\x01\x7f", 4096, BEGIN "a \\\"b\\\" \\\\ \\u000a\\u0001\\u007f\"}");
	check_failure("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", 4096, BEGIN "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"}");
	/* a lone byte, an overlong form, a surrogate, a sequence cut off by the end */
	check_failure("\xff\xc0\xaf\xed\xa0\x80\xe2\x82", 4096,
		      BEGIN "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}");
	check_failure("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 64,
		      BEGIN "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}");
	check_failure("aaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", 64, BEGIN "aaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}");
}

static void expect(int fd, struct frame_reader *reader, unsigned kind, unsigned stream, uint32_t length)
{
	struct frame frame;
	enum frame_reader_state state;

	while ((state = frame_reader_next(reader, &frame)) == FRAME_MORE)
		if (frame_reader_fill(reader, fd) <= 0)
			break;
	CHECK(state == FRAME_READY);
	if (state == FRAME_READY)
		CHECK(frame.kind == kind && frame.stream == stream && frame.length == length);
}

static void test_queue(void)
{
	static uint8_t data[FRAME_DATA_MAX];
	static uint8_t result[1024 * 1024];
	struct frame_queue queue;
	struct frame_reader reader;
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	frame_queue_init(&queue, 4 * 1024 * 1024);
	CHECK(frame_reader_init(&reader, FRAME_FROM_AGENT) == 0);
	CHECK(frame_queue_flush(&queue, pair[0]) == 0);

	/* control before data; EOF keeps its place behind the data of its stream */
	CHECK(frame_queue_put(&queue, FRAME_DATA, 1, 0, 0, data, 100) == 0);
	CHECK(frame_queue_put(&queue, FRAME_EOF, 1, 0, 0, NULL, 0) == 0);
	CHECK(frame_queue_put(&queue, FRAME_DATA, 2, 0, 0, data, 200) == 0);
	CHECK(frame_queue_put(&queue, FRAME_CLOSED, 0, 0, 0, NULL, 0) == 0);
	CHECK(frame_queue_failure(&queue, 3, FAILURE_STATE, "no") == 0);
	CHECK(frame_queue_flush(&queue, pair[0]) == 0 && frame_queue_empty(&queue));
	expect(pair[1], &reader, FRAME_CLOSED, 0, 0);
	expect(pair[1], &reader, FRAME_FAILURE, 0, strlen("{\"code\":\"state\",\"message\":\"no\"}"));
	expect(pair[1], &reader, FRAME_DATA, 1, 100);
	expect(pair[1], &reader, FRAME_EOF, 1, 0);
	expect(pair[1], &reader, FRAME_DATA, 2, 200);
	CHECK(frame_reader_idle(&reader));

	/* partial writes: a frame begun is finished first, then control, then the data that waited */
	CHECK(frame_queue_put(&queue, FRAME_RESULT, 0, 0, 1, result, sizeof result) == 0);
	for (unsigned i = 0; i < 20; i++)
		CHECK(frame_queue_put(&queue, FRAME_DATA, 1, 0, 0, data, sizeof data) == 0);
	CHECK(frame_queue_flush(&queue, pair[0]) == 1);
	CHECK(frame_queue_put(&queue, FRAME_CLOSED, 0, 0, 0, NULL, 0) == 0);
	for (unsigned i = 0; i < 22; i++) {
		struct frame frame;

		while (frame_reader_next(&reader, &frame) == FRAME_MORE) {
			CHECK(frame_queue_flush(&queue, pair[0]) >= 0);
			CHECK(frame_reader_fill(&reader, pair[1]) > 0);
		}
		CHECK(frame.kind == (i == 0 ? FRAME_RESULT : i == 1 ? FRAME_CLOSED : FRAME_DATA));
	}
	CHECK(frame_queue_empty(&queue) && frame_reader_idle(&reader));

	/* the limit */
	frame_queue_init(&queue, 1000);
	CHECK(frame_queue_put(&queue, FRAME_DATA, 1, 0, 0, data, 988) == 0);
	CHECK(frame_queue_put(&queue, FRAME_EOF, 1, 0, 0, NULL, 0) == -ENOBUFS);
	frame_queue_clear(&queue);
	CHECK(frame_queue_put(&queue, FRAME_EOF, 1, 0, 0, NULL, 0) == 0);
	frame_queue_clear(&queue);

	/* end of file, and errors */
	close(pair[0]);
	CHECK(frame_reader_fill(&reader, pair[1]) == 0);
	close(pair[1]);
	CHECK(frame_reader_fill(&reader, pair[1]) == -EBADF);
	frame_reader_free(&reader);
}

static void test_reader(void)
{
	static uint8_t stream[4 * (FRAME_HEADER_SIZE + FRAME_DATA_MAX)];
	struct frame_reader reader;
	struct frame frame = { .length = FRAME_DATA_MAX, .kind = FRAME_DATA };
	size_t size = FRAME_HEADER_SIZE + FRAME_DATA_MAX, at = 0;
	unsigned count = 0;

	for (unsigned i = 0; i < 4; i++)
		frame_header_encode(stream + i * size, &frame);
	CHECK(frame_reader_init(&reader, FRAME_TO_AGENT) == 0);
	while (count < 4 && at < sizeof stream) {
		size_t taken = frame_reader_feed(&reader, stream + at, sizeof stream - at < 50000 ? sizeof stream - at : 50000);

		CHECK(taken > 0);
		at += taken;
		while (frame_reader_next(&reader, &frame) == FRAME_READY)
			count++;
	}
	CHECK(count == 4 && at == sizeof stream);
	/* a full buffer that nobody empties */
	CHECK(frame_reader_feed(&reader, stream, sizeof stream) == FRAME_READER_BUFFER);
	CHECK(frame_reader_fill(&reader, -1) == -ENOBUFS);
	CHECK(!frame_reader_idle(&reader));
	frame_reader_reset(&reader);
	CHECK(frame_reader_idle(&reader) && frame_reader_next(&reader, &frame) == FRAME_MORE);
	/* reset forgets an error and a long frame that was begun */
	frame = (struct frame){ .length = 1000000, .kind = FRAME_REQUEST, .request = 1 };
	frame_header_encode(stream, &frame);
	CHECK(frame_reader_feed(&reader, stream, 100) == 100);
	CHECK(frame_reader_next(&reader, &frame) == FRAME_MORE);
	CHECK(frame_reader_feed(&reader, stream, 100) == 100);
	frame_reader_reset(&reader);
	stream[4] = 0xee;
	CHECK(frame_reader_feed(&reader, stream, 100) == 100);
	CHECK(frame_reader_next(&reader, &frame) == FRAME_INVALID && reader.error == FRAME_BAD_KIND);
	frame_reader_reset(&reader);
	CHECK(frame_reader_next(&reader, &frame) == FRAME_MORE);
	frame_reader_free(&reader);
}

static void test_credit(void)
{
	struct credit_sender sender;
	struct credit_receiver receiver;

	credit_sender_init(&sender, 40000);
	CHECK(credit_sender_allows(&sender, 10) == 10);
	CHECK(credit_sender_allows(&sender, 100000) == FRAME_DATA_MAX);
	credit_sender_take(&sender, FRAME_DATA_MAX);
	CHECK(credit_sender_allows(&sender, 100000) == 40000 - FRAME_DATA_MAX);
	credit_sender_take(&sender, 40000 - FRAME_DATA_MAX);
	CHECK(credit_sender_allows(&sender, 1) == 0);
	CHECK(credit_sender_grant(&sender, 20000) && credit_sender_grant(&sender, 20000));
	CHECK(!credit_sender_grant(&sender, 1) && !credit_sender_grant(&sender, UINT32_MAX));
	CHECK(sender.available == 40000);

	credit_receiver_init(&receiver, 1001);
	CHECK(credit_receiver_received(&receiver, 1000));
	CHECK(!credit_receiver_received(&receiver, 2) && !credit_receiver_received(&receiver, UINT32_MAX));
	CHECK(credit_receiver_received(&receiver, 1));
	CHECK(!credit_receiver_received(&receiver, 1));
	CHECK(credit_receiver_consumed(&receiver, 500) == 0);
	CHECK(!credit_receiver_received(&receiver, 1));
	CHECK(credit_receiver_consumed(&receiver, 1) == 501);
	CHECK(credit_receiver_received(&receiver, 501) && !credit_receiver_received(&receiver, 1));
	CHECK(credit_receiver_consumed(&receiver, 1001) == 1001);
}

int main(int argc, char **argv)
{
	unsigned count;

	if (argc != 2) {
		fprintf(stderr, "usage: %s frames.txt\n", argv[0]);
		return 2;
	}
	count = test_vectors(argv[1]);
	test_fixed_payloads();
	test_versions();
	test_failures();
	test_reader();
	test_queue();
	test_credit();
	printf("%u vectors, %u failures\n", count, failures);
	return failures != 0 || count == 0;
}
