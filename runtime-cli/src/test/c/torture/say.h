/* What a check has seen. All of it becomes one line: errno's names, types, sizes, contents; never a time, an inode number or a pid. */
#ifndef SAY_H
#define SAY_H

#include <stddef.h>
#include <sys/types.h>

/* Where all processes of a check say it; as many bytes, shared between them. */
#define SAY_SIZE 4096u
void say_open(void);
void say_reset(void);
const char *say_line(void);

__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

const char *errno_name(int number);

/* Says a call and its result: a number or errno's name. Returns the result. */
#define TRY(call) say_tried(#call, (long)(call))
long say_tried(const char *what, long result);

/* Says whether a call gives a descriptor, not which. Returns it, or -1. */
#define OPEN(call) say_opened(#call, (call))
int say_opened(const char *what, int fd);

/* The same, of which nothing is kept. */
#define TRY_OPEN(call) say_closed(#call, (call))
void say_closed(const char *what, int fd);

void say_file(const char *path); /* type, mode, links, owner, and size and content, target or entries */
void say_mode(const char *path); /* type, mode, owner */
void say_content(const char *path);
void say_fd(const char *label, int fd); /* type, mode, links, size, and what is read from its start */
void say_entries(const char *path);
void say_tree(const char *path);
void say_bytes(const char *bytes, size_t size);

#endif
