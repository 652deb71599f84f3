/*
 * The plan: what the verb wants the shim to do, as docs/shim.md specifies the file. All text points into
 * memory that plan_free releases.
 */
#ifndef LIMPID_PLAN_H
#define LIMPID_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "problem.h"

#define PLAN_SIZE_MAX (1024u * 1024u)
#define PLAN_FIELDS_MAX 1024u
#define PLAN_FIELD_SIZE_MAX 65535u
#define PLAN_DISKS_MAX 16u
#define PLAN_SOCKETS_MAX 64u /* as many as CONNECT can name */
#define PLAN_MEMORY_PAGE 4096u
#define PLAN_MEMORY_SIZE_MAX (UINT64_C(1) << 40)
#define PLAN_MAP_SIZE_MAX 4095u /* the kernel takes less than a page */

/* The commands that have plans: each knows some directives only. */
enum plan_kind {
	PLAN_RUN,
	PLAN_JOIN,
	PLAN_EXEC,
};

enum plan_network {
	PLAN_NETWORK_HOST,
	PLAN_NETWORK_NEW,
	PLAN_NETWORK_JOIN,
};

enum plan_terminal {
	PLAN_TERMINAL_NONE,
	PLAN_TERMINAL_INHERIT,
	PLAN_TERMINAL_SOCKET,
};

struct plan_bind {
	const char *source;
	const char *name; /* one or two components below shared */
	bool recursive;
	bool read_only;
	bool follows;               /* gets what the host mounts below it later */
	const char *users, *groups; /* as uid_map and gid_map have it; NULL: owners are what they are */
	bool map_below;             /* in what is mounted below it too */
};

struct plan_upper {
	const char *parent; /* NULL: there is none */
	const char *upper, *work;
	const char *name;
};

struct plan_confine {
	const char *path; /* relative to shared */
	bool writable;
};

struct plan_disk {
	const char *path;
	unsigned major, minor;
	bool writable;
};

struct plan_memory {
	uint64_t size;    /* bytes, in whole pages; 0: QEMU makes its memory itself */
	const char *path; /* what a template's memory holds; NULL: it is empty */
};

struct plan {
	const char *directory;
	const char *verb; /* the name of the verb's socket in it */
	const char *sandbox; /* the directory of the container whose VM is joined */
	enum plan_network network;
	const char *network_path; /* PLAN_NETWORK_JOIN */
	bool share;
	struct plan_bind *binds;
	size_t bind_count;
	struct plan_upper upper;
	const char *merged; /* where the overlay with that upper directory, if any, is mounted; NULL: nobody looks there */
	const char *root; /* what is at / for who enters the mount namespace; NULL: what the host has there */
	struct plan_confine *confines;
	size_t confine_count;
	struct plan_disk disks[PLAN_DISKS_MAX];
	size_t disk_count;
	const char *file; /* a disk that is a regular file; NULL: none */
	struct plan_memory memory;
	const char *state; /* what a template's devices are in; NULL: this is no clone */
	const char *sockets[PLAN_SOCKETS_MAX]; /* of the host, that the guest may connect to */
	size_t socket_count;
	char **virtiofsd; /* argv, ends with NULL; NULL: none */
	char **passt;
	char **hypervisor;
	char **refresh; /* run when the network has changed */
	const char **cgroups; /* directories to move to */
	size_t cgroup_count;
	bool oom_adjusted;
	int oom_score_adj; /* then; -1000 to 1000 */
	bool detached; /* the verb is not to learn of the end */
	enum plan_terminal terminal;
	const char *console_socket; /* PLAN_TERMINAL_SOCKET */
	const char *log_path;       /* NULL: no log */
	bool log_json;

	char *text;
	char **fields;
};

/* Judges the bytes of a plan. Whatever it returns, plan_free may and must be called. */
int plan_parse(struct plan *plan, enum plan_kind kind, const void *bytes, size_t size, struct problem *problem);

/* Reads the file, removes it, and parses it. */
int plan_read(struct plan *plan, enum plan_kind kind, const char *path, struct problem *problem);

void plan_free(struct plan *plan);

#endif
