#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sockets.h"

static int make_raw(int fd, struct termios *saved)
{
	struct termios raw;

	if (tcgetattr(fd, saved) < 0)
		return -1;
	raw = *saved;
	cfmakeraw(&raw);
	return tcsetattr(fd, TCSANOW, &raw);
}

/* One message with one descriptor, and the name of the terminal as its bytes. */
static int send_master(int socket, int master)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	char name[64];
	struct iovec bytes = { .iov_base = name };
	struct msghdr message = {
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes,
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	ssize_t count;

	if (ptsname_r(master, name, sizeof name) != 0)
		return -1;
	bytes.iov_len = strlen(name);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &master, sizeof(int));
	do
		count = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (count < 0 && errno == EINTR);
	return count < 0 ? -1 : 0;
}

/*
 * The pty becomes the controlling terminal of this session, so that a change of its size, which comes from
 * whoever holds the master, arrives as SIGWINCH.
 */
static int make_pty(struct terminal *terminal, struct problem *problem)
{
	terminal->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal->master < 0 || grantpt(terminal->master) < 0 || unlockpt(terminal->master) < 0)
		return problem_errno(problem, "terminal: a pty can't be made");
	terminal->fd = ioctl(terminal->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (terminal->fd < 0 || make_raw(terminal->fd, &terminal->saved) < 0 ||
	    ioctl(terminal->fd, TIOCSCTTY, 0) < 0)
		return problem_errno(problem, "terminal: the pty can't be set up");
	return 0;
}

int terminal_look(const struct plan *plan, struct problem *problem)
{
	return plan->terminal == PLAN_TERMINAL_SOCKET ? socket_look(plan->console_socket, problem) : 0;
}

int terminal_open(struct terminal *terminal, const struct plan *plan, struct problem *problem)
{
	*terminal = (struct terminal){
		.kind = plan->terminal,
		.fd = -1,
		.master = -1,
		.path = plan->console_socket,
	};
	switch (plan->terminal) {
	case PLAN_TERMINAL_INHERIT:
		if (!isatty(STDIN_FILENO))
			return problem_set(problem, "terminal: standard input is not a terminal");
		terminal->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
		return terminal->fd < 0 ? problem_errno(problem, "terminal") : 0;
	case PLAN_TERMINAL_SOCKET:
		return make_pty(terminal, problem);
	default:
		return 0;
	}
}

int terminal_send(struct terminal *terminal, struct problem *problem)
{
	int socket;
	int result = 0;

	if (terminal->master < 0)
		return 0;
	socket = socket_connect(terminal->path, problem);
	if (socket < 0)
		return -1;
	if (send_master(socket, terminal->master) < 0)
		result = problem_errno(problem, "terminal: the pty can't be sent to %s", terminal->path);
	close(socket);
	/* Who has it now is the only one whose end hangs the terminal up. */
	close(terminal->master);
	terminal->master = -1;
	return result;
}

int terminal_set_raw(struct terminal *terminal)
{
	if (terminal->kind != PLAN_TERMINAL_INHERIT || terminal->raw)
		return 0;
	if (make_raw(terminal->fd, &terminal->saved) < 0)
		return -1;
	terminal->raw = true;
	return 0;
}

bool terminal_size(const struct terminal *terminal, struct frame_resize *size)
{
	struct winsize window;

	if (terminal->fd < 0 || ioctl(terminal->fd, TIOCGWINSZ, &window) < 0)
		return false;
	*size = (struct frame_resize){ window.ws_row, window.ws_col, window.ws_xpixel, window.ws_ypixel };
	return window.ws_row != 0 || window.ws_col != 0;
}

void terminal_restore(struct terminal *terminal)
{
	if (!terminal->raw)
		return;
	terminal->raw = false;
	tcsetattr(terminal->fd, TCSANOW, &terminal->saved);
}

void terminal_close(struct terminal *terminal)
{
	terminal_restore(terminal);
	if (terminal->fd >= 0)
		close(terminal->fd);
	terminal->fd = -1;
	if (terminal->master >= 0)
		close(terminal->master);
	terminal->master = -1;
}
