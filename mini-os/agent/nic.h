/* Network devices of the host: each is in a slot of the PCI bridge that is there for them. */
#ifndef LIMPID_NIC_H
#define LIMPID_NIC_H

#include <net/if.h>
#include <stdbool.h>

#define NIC_SLOT_MAX 31

/* Whether the kernel takes it for the name of a network device, as it is. */
bool nic_name_valid(const char *name);

/* What is behind the bridge, with the names of the caller's network namespace at this moment. A descriptor or -errno. */
int nic_directory(void);

/* The name of the device in a slot. 0, or -ENOENT: it is not there (yet), or in another network namespace. */
int nic_find(int directory, unsigned slot, char name[IFNAMSIZ]);

/* Whether there is one of this name, in the network namespace in which the socket fd was made. */
bool nic_is_there(int fd, const char *name);

/* Takes it down, which the kernel asks for, and gives it another name. 0 or -errno. */
int nic_rename(const char *name, const char *to);

/* Moves it to another network namespace. 0 or -errno. */
int nic_move(const char *name, int namespace);

#endif
