/*
 * The agent's end of the agent link: a virtio-serial port, which is one file for as long as the guest runs while
 * hosts come and go. Tests put a UNIX socket in its place.
 */
#ifndef LIMPID_PORT_H
#define LIMPID_PORT_H

#include <stdbool.h>

struct port {
	int fd; /* non-blocking; what to watch. May be another one after attach and detach */
};

/* Finds and opens the port; waits, bounded, for it to appear. 0 or -errno. */
int port_open(struct port *port);

/* A host may have come: true if the descriptor may now be read. */
bool port_attach(struct port *port);

/* The host has gone (its end of file was read, or it hung up). */
void port_detach(struct port *port);

#endif
