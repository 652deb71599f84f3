/*
 * Fuzz target: the first byte chooses the direction and how the bytes are split, the rest is read as frames.
 * With libFuzzer:  clang -g -fsanitize=fuzzer,address,undefined -I../../main/c fuzz_frame.c ../../main/c/frame.c
 * Without it, fuzz_main.c drives it with mutations of the vectors.
 */
#include <stdlib.h>

#include "frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was accepted must be within every bound, readable to its last byte, and encode to the same header. */
static void inspect(const struct frame *frame, enum frame_direction direction)
{
	uint8_t header[FRAME_HEADER_SIZE];
	struct frame again;
	volatile uint8_t sum = 0;

	if (frame_check_header(frame, direction) != FRAME_VALID || frame_check_payload(frame) != FRAME_VALID)
		abort();
	if (frame_kind_name(frame->kind) == NULL || frame->length > 8u * 1024u * 1024u || frame->process > FRAME_PROCESS_MAX ||
	    frame->stream > FRAME_STDERR)
		abort();
	for (uint32_t i = 0; i < frame->length; i++)
		sum = (uint8_t)(sum + frame->payload[i]);
	frame_header_encode(header, frame);
	frame_header_decode(header, &again);
	if (again.length != frame->length || again.kind != frame->kind || again.stream != frame->stream ||
	    again.process != frame->process || again.request != frame->request)
		abort();
}

static void credit(struct credit_sender *sender, struct credit_receiver *receiver, const struct frame *frame)
{
	if (frame->kind == FRAME_CREDIT && !credit_sender_grant(sender, frame_credit_decode(frame)))
		credit_sender_init(sender, sender->window);
	if (frame->kind == FRAME_DATA) {
		credit_sender_take(sender, credit_sender_allows(sender, frame->length));
		if (credit_receiver_received(receiver, frame->length))
			credit_receiver_consumed(receiver, frame->length);
	}
	if (sender->available > sender->window || receiver->expected > receiver->window)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame_reader reader;
	struct frame frame;
	struct credit_sender sender;
	struct credit_receiver receiver;
	enum frame_reader_state state = FRAME_MORE;
	size_t step;

	if (size == 0 || frame_reader_init(&reader, (enum frame_direction)(data[0] & 3)) != 0)
		return 0;
	step = data[0] >> 2 ? (size_t)(data[0] >> 2) * 7 : size;
	credit_sender_init(&sender, 40000);
	credit_receiver_init(&receiver, 40000);
	data++;
	size--;
	while (size > 0 && state == FRAME_MORE) {
		size_t taken = frame_reader_feed(&reader, data, step < size ? step : size);

		if (taken == 0)
			abort();
		data += taken;
		size -= taken;
		while ((state = frame_reader_next(&reader, &frame)) == FRAME_READY) {
			inspect(&frame, reader.direction);
			credit(&sender, &receiver, &frame);
		}
	}
	if (state == FRAME_INVALID && frame_reader_next(&reader, &frame) != FRAME_INVALID)
		abort();
	frame_reader_free(&reader);
	return 0;
}
