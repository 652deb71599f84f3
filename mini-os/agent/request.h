/* The host's requests: their JSON, judged in full before anything is done. */
#ifndef LIMPID_REQUEST_H
#define LIMPID_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <time.h>
#include <yajl/yajl_tree.h>

#include "attributes.h"
#include "disk.h"
#include "nic.h"
#include "problem.h"
#include "scheduling.h"
#include "sockets.h"
#include "sysctl.h"
#include "timens.h"

#define ENTROPY_MIN 32
#define ENTROPY_MAX 512
#define MOUNTS_MAX 1024
#define SYNC_MAX 64
#define DISKS_MAX 16
#define SYSCTLS_MAX 256
#define ATTRIBUTES_MAX 4096
#define MOUNT_DATA_MAX 4095 /* the kernel cuts what is longer, without a word */
#define CONTAINERS_MAX 32   /* in one guest; 0 is the one that it was started for */

enum method {
	METHOD_PREPARE,
	METHOD_DISKS,
	METHOD_CREATE,
	METHOD_JOIN,
	METHOD_START,
	METHOD_KILL,
	METHOD_EXEC,
	METHOD_PAUSE,
	METHOD_RESUME,
	METHOD_STATS,
	METHOD_PING,
	METHOD_UPDATE,
	METHOD_NETWORK,
};

/* Bits of mount_request.flags. */
#define MOUNT_RO 0x01u
#define MOUNT_NOSUID 0x02u
#define MOUNT_NODEV 0x04u
#define MOUNT_NOEXEC 0x08u
#define MOUNT_RELATIME 0x10u
#define MOUNT_NOATIME 0x20u
#define MOUNT_BIND 0x40u
#define MOUNT_REC 0x80u

struct mount_request {
	const char *type;
	const char *source;
	const char *target; /* path_valid */
	unsigned flags;
	const char *data;
};

/* What fills the upper layer of the container's overlay. */
struct upper_request {
	const char *target; /* of a mount: what it is filled on; NULL: nothing is filled */
	const char *source; /* path_valid */
	const char *aside;  /* path_valid: it is brought back to source, by way of this one; NULL: it is not */
	bool attributes_alone;
};

struct prepare_request {
	bool cloned; /* of a template: there is what it did not have, and what it must not have in common */
	struct timespec clock;
	uint8_t entropy[ENTROPY_MAX];
	size_t entropy_size;
	struct mount_request *mounts;
	size_t mount_count;
	const char *sync[SYNC_MAX]; /* path_valid */
	size_t sync_count;
	struct upper_request upper;
};

struct disks_request {
	char serials[DISKS_MAX][DISK_SERIAL_MAX + 1]; /* disk_serial_valid */
	size_t count;
};

struct create_request {
	const char *config;
	bool terminal;     /* as the config says */
	bool oom_adjusted; /* the config has a process.oomScoreAdj that is not 0 */
	bool sized;
	struct winsize size;
	struct sysctl *sysctls;
	size_t sysctl_count;
	struct mount_attributes *attributes;
	size_t attribute_count;
	struct socket_request *sockets;
	size_t socket_count;
	struct clocks clocks;
	struct scheduling scheduling;
};

struct kill_request {
	int signal;
	bool all;
};

struct exec_request {
	const char *process;
	bool terminal; /* as the text says */
	int oom_score;
	bool sized;
	struct winsize size;
	struct scheduling scheduling;
};

struct update_request {
	const char *resources; /* an object */
};

struct nic_request {
	unsigned slot;    /* 1 to NIC_SLOT_MAX */
	const char *name; /* nic_name_valid */
};

/* No two devices have the same slot or name. Texts are for `ip -batch`, or `ip -6 -batch`; "": nothing to do. */
struct network_request {
	const char *undo6;
	const char *undo;
	struct nic_request nics[NIC_SLOT_MAX];
	size_t nic_count;
	const char *links;
	struct sysctl *sysctls;
	size_t sysctl_count;
	const char *configuration;
	const char *configuration6;
	bool resolver;
};

/* Strings point into the tree. */
struct request {
	yajl_val tree;
	enum method method;
	unsigned container; /* which one it is about, below CONTAINERS_MAX */
	/* of `join`: mounts and sync of the first, and all of the second */
	struct prepare_request prepare;
	struct disks_request disks;
	struct create_request create;
	struct kill_request kill;
	struct exec_request exec;
	struct update_request update;
	struct network_request network;
};

/* 0, or -1 with the problem filled. In both cases request_free is due. */
int request_parse(struct request *request, const void *text, size_t length, struct problem *problem);
void request_free(struct request *request);

/* The name of its method. */
const char *request_method(const struct request *request);

#endif
