#include "route.h"

void route_run(struct route *route, uint32_t input_window, uint32_t output_window)
{
	route->state = ROUTE_RUNNING;
	credit_sender_init(&route->input, input_window);
	for (unsigned i = 0; i < 2; i++)
		credit_sender_init(&route->outputs[i].credit, output_window);
}

static bool spend(struct credit_sender *credit, uint32_t size)
{
	if (size > credit->available)
		return false;
	credit_sender_take(credit, size);
	return true;
}

static enum route_verdict input_from_link(struct route *route, const struct frame *frame)
{
	if (route->input_ended)
		return ROUTE_WRONG;
	if (frame->kind == FRAME_EOF)
		route->input_ended = true;
	else if (!spend(&route->input, frame->length))
		return ROUTE_WRONG;
	return route->exited ? ROUTE_DROP : ROUTE_PASS;
}

enum route_verdict route_from_link(struct route *route, const struct frame *frame)
{
	struct route_output *output;

	if (frame->process != route->process)
		return ROUTE_WRONG;
	if (frame_is_of_connection(frame))
		return route->state == ROUTE_RUNNING && !route->exited ? ROUTE_PASS : ROUTE_DROP;
	switch (frame->kind) {
	case FRAME_DATA:
	case FRAME_EOF:
		return route->state == ROUTE_RUNNING ? input_from_link(route, frame) : ROUTE_DROP;
	case FRAME_CREDIT:
	case FRAME_CLOSED:
		break;
	case FRAME_SIGNAL:
	case FRAME_RESIZE:
		return route->state == ROUTE_RUNNING && !route->exited ? ROUTE_PASS : ROUTE_DROP;
	default:
		return ROUTE_WRONG;
	}
	if (route->state != ROUTE_RUNNING)
		return ROUTE_DROP;
	output = &route->outputs[frame->stream - FRAME_STDOUT];
	if (frame->kind == FRAME_CREDIT && !credit_sender_grant(&output->credit, frame_credit_decode(frame)))
		return ROUTE_WRONG;
	if (output->ended || (frame->kind == FRAME_CLOSED && output->closed))
		return ROUTE_DROP;
	if (frame->kind == FRAME_CLOSED)
		output->closed = true;
	return ROUTE_PASS;
}

static enum route_verdict output_from_guest(struct route_output *output, const struct frame *frame)
{
	if (output->ended)
		return ROUTE_WRONG;
	if (frame->kind == FRAME_EOF)
		output->ended = true;
	else if (!spend(&output->credit, frame->length))
		return ROUTE_WRONG;
	return ROUTE_PASS;
}

enum route_verdict route_from_guest(struct route *route, const struct frame *frame)
{
	if (route->state != ROUTE_RUNNING)
		return ROUTE_WRONG;
	if (frame_is_of_connection(frame))
		return route->exited ? ROUTE_DROP : ROUTE_PASS;
	switch (frame->kind) {
	case FRAME_DATA:
	case FRAME_EOF:
		return output_from_guest(&route->outputs[frame->stream - FRAME_STDOUT], frame);
	case FRAME_CREDIT:
		return credit_sender_grant(&route->input, frame_credit_decode(frame)) ? ROUTE_PASS : ROUTE_WRONG;
	case FRAME_CLOSED:
		if (route->input_closed)
			return ROUTE_DROP;
		route->input_closed = true;
		return ROUTE_PASS;
	case FRAME_EXITED:
		if (route->exited)
			return ROUTE_WRONG;
		route->exited = true;
		return ROUTE_PASS;
	default:
		return ROUTE_WRONG;
	}
}

bool route_is_over(const struct route *route)
{
	return route->state == ROUTE_RUNNING && route->exited && route->outputs[0].ended && route->outputs[1].ended;
}
