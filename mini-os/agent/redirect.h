/*
 * An address at which nobody listens, and yet somebody answers: programs that turn to port 53 of the resolver's address
 * get to the port where it is, and are told that they have got to 53. So port 53 itself stays free: a server in the
 * container can listen on it at all addresses.
 */
#ifndef LIMPID_REDIRECT_H
#define LIMPID_REDIRECT_H

#include <stdint.h>

#define REDIRECT_HOOKS 7

struct redirect {
	int hooks[REDIRECT_HOOKS]; /* each is in force as long as it is open; -1: it is not */
};

void redirect_none(struct redirect *redirect);

/*
 * For what is in a cgroup and below it, and in the network namespace with this cookie. Both ports are at this address,
 * whose bytes are in network order; ports are in the host's. 0 or -errno, after which there is none.
 */
int redirect_open(struct redirect *redirect, const char *cgroup, uint64_t namespace_cookie, uint32_t address,
		  uint16_t port, uint16_t real_port);
void redirect_close(struct redirect *redirect);

#endif
