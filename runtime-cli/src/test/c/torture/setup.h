/* What is no check itself, and has to succeed: otherwise the process says why and ends. */
#ifndef SETUP_H
#define SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MUST(call) setup_must(#call, (long)(call))

long setup_must(const char *what, long result);

void make_directory(const char *path, mode_t mode); /* whatever the umask is */
void make_file(const char *path, const char *text); /* anew, 0644 */
void make_pattern(const char *path, size_t size);
void write_at(const char *path, off_t offset, const char *text);
int open_file(const char *path, int flags);

/* Copies a file of the host's or the layers up, by writing nothing to it. */
void copy_up(const char *path);

/* Gives up root, its groups and capabilities. */
void become(uid_t user, gid_t group);

/* A child that runs a part of the check; its lines go to the check's. */
pid_t spawn(void (*part)(void *), void *argument);
void await(pid_t child);

/* Runs a part as another user, to its end. */
void as_user(uid_t user, gid_t group, void (*part)(void));

/* A pipe for saying that one has come so far. */
struct signal_pipe {
	int ends[2];
};

void pipe_make(struct signal_pipe *pipe);
void pipe_signal(struct signal_pipe *pipe);
void pipe_await(struct signal_pipe *pipe);
bool pipe_awaited(struct signal_pipe *pipe, int milliseconds);

#endif
