#include "nic.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#define BRIDGE "devices/pci0000:00/0000:00:08.0"
#define SUFFIX_SIZE 8
#define ANSWER_SIZE 1024

bool nic_name_valid(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	/* with a % the kernel would look for a number that is free */
	for (; *name; name++)
		if (isspace((unsigned char)*name) || strchr("/:%", *name))
			return false;
	return true;
}

#ifdef NICS_DIRECTORY /* in tests: there is one for all namespaces */
int nic_directory(void)
{
	int fd = open(NICS_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}
#else
/* /sys shows the network namespace in which it was mounted: hence another one, which nobody sees. */
int nic_directory(void)
{
	int context = fsopen("sysfs", FSOPEN_CLOEXEC);
	int root = -1, fd = -1;
	int result = 0;

	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		result = -errno;
	if (result == 0) {
		root = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
		fd = root < 0 ? -1 : openat(root, BRIDGE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			result = -errno;
	}
	if (root >= 0)
		close(root);
	if (context >= 0)
		close(context);
	return result < 0 ? result : fd;
}
#endif

/* The first entry of a directory whose name begins and ends so, opened as a directory; -1 if there is none. */
static int open_entry(int parent, const char *begin, const char *end)
{
	int copy = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	int fd = -1;

	if (entries == NULL) {
		if (copy >= 0)
			close(copy);
		return -1;
	}
	while (fd < 0 && (entry = readdir(entries)) != NULL) {
		size_t length = strlen(entry->d_name);

		if (length >= strlen(end) && strncmp(entry->d_name, begin, strlen(begin)) == 0 &&
		    strcmp(entry->d_name + length - strlen(end), end) == 0)
			fd = openat(parent, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	closedir(entries);
	return fd;
}

/* Takes the descriptor. */
static int only_entry(int directory, char name[IFNAMSIZ])
{
	DIR *entries = fdopendir(directory);
	struct dirent *entry;
	int result = -ENOENT;

	if (entries == NULL) {
		close(directory);
		return -ENOMEM;
	}
	while (result < 0 && (entry = readdir(entries)) != NULL)
		if (nic_name_valid(entry->d_name)) {
			snprintf(name, IFNAMSIZ, "%.*s", IFNAMSIZ - 1, entry->d_name);
			result = 0;
		}
	closedir(entries);
	return result;
}

int nic_find(int directory, unsigned slot, char name[IFNAMSIZ])
{
	char suffix[SUFFIX_SIZE];
	int device, virtio = -1, net = -1;

	snprintf(suffix, sizeof suffix, ":%02x.0", slot % (NIC_SLOT_MAX + 1));
	device = open_entry(directory, "0000:", suffix);
	if (device >= 0)
		virtio = open_entry(device, "virtio", "");
	if (virtio >= 0)
		net = openat(virtio, "net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (virtio >= 0)
		close(virtio);
	if (device >= 0)
		close(device);
	return net < 0 ? -ENOENT : only_entry(net, name);
}

bool nic_is_there(int fd, const char *name)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	return ioctl(fd, SIOCGIFINDEX, &request) == 0;
}

static int take_down(int fd, const char *name)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return -errno;
	if ((request.ifr_flags & IFF_UP) == 0)
		return 0;
	request.ifr_flags = (short)(request.ifr_flags & ~IFF_UP);
	return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

int nic_rename(const char *name, const char *to)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };
	int result;

	if (fd < 0)
		return -errno;
	result = take_down(fd, name);
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	snprintf(request.ifr_newname, sizeof request.ifr_newname, "%s", to);
	if (result == 0 && ioctl(fd, SIOCSIFNAME, &request) < 0)
		result = -errno;
	close(fd);
	return result;
}

/* The kernel's answer to the only message that was sent. 0 or -errno. */
static int acknowledged(int fd)
{
	union {
		struct nlmsghdr header;
		char space[ANSWER_SIZE];
	} answer;
	const struct nlmsgerr *error = NLMSG_DATA(&answer.header);
	ssize_t count = recv(fd, &answer, sizeof answer, 0);

	if (count < 0)
		return -errno;
	if ((size_t)count < NLMSG_LENGTH(sizeof *error) || answer.header.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return error->error;
}

int nic_move(const char *name, int namespace)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
		struct rtattr attribute;
		int namespace;
	} message = {
		.header = { .nlmsg_len = sizeof message, .nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.link = { .ifi_family = AF_UNSPEC, .ifi_index = (int)if_nametoindex(name) },
		.attribute = { .rta_len = RTA_LENGTH(sizeof message.namespace), .rta_type = IFLA_NET_NS_FD },
		.namespace = namespace,
	};
	int fd, result;

	if (message.link.ifi_index == 0)
		return -errno;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	result = send(fd, &message, sizeof message, 0) < 0 ? -errno : acknowledged(fd);
	close(fd);
	return result;
}
