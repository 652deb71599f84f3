#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#ifndef LIMPID_HOME
#error "LIMPID_HOME is to be the folder of Limpid's own files"
#endif

/* Of what both sides say to each other. */
#define PROTOCOL 1

/* Each change of a jar changes the folder: what is replaced is replaced by a file that takes the name. */
static const char *const installed[] = { LIMPID_HOME "/launcher", LIMPID_HOME "/jars" };

/* Those of time are not on every host. */
static const char *const namespaces[] = { "cgroup", "mnt", "net", "pid", "time", "user" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct text {
	char *at;
	size_t left;
};

__attribute__((format(printf, 2, 3))) static bool add(struct text *text, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text->at, text->left, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= text->left)
		return false;
	text->at += length;
	text->left -= (size_t)length;
	return true;
}

static bool add_file(struct text *text, const char *path)
{
	struct stat file;

	return stat(path, &file) == 0 &&
	       add(text, " %llx:%llx:%lld.%09ld", (unsigned long long)file.st_dev, (unsigned long long)file.st_ino,
		   (long long)file.st_mtim.tv_sec, file.st_mtim.tv_nsec);
}

/* The same directory may be the root of different trees of mounts. */
static bool add_root(struct text *text)
{
	struct statx root;

	return statx(AT_FDCWD, "/", 0, STATX_INO | STATX_MNT_ID, &root) == 0 &&
	       add(text, " root=%x:%x:%llx:%llx", root.stx_dev_major, root.stx_dev_minor, (unsigned long long)root.stx_ino,
		   (unsigned long long)(root.stx_mask & STATX_MNT_ID ? root.stx_mnt_id : 0));
}

static bool add_namespace(struct text *text, const char *name)
{
	char path[64];
	struct stat file;

	(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	if (stat(path, &file) != 0)
		return errno == ENOENT && add(text, " %s=-", name);
	return add(text, " %s=%llx:%llx", name, (unsigned long long)file.st_dev, (unsigned long long)file.st_ino);
}

bool identity_write(char *buffer, size_t size)
{
	struct text text = { .at = buffer, .left = size };

	if (!add(&text, "%d %s", PROTOCOL, LIMPID_HOME))
		return false;
	for (size_t i = 0; i < COUNT(installed); i++) {
		if (!add_file(&text, installed[i]))
			return false;
	}
	if (!add_root(&text))
		return false;
	for (size_t i = 0; i < COUNT(namespaces); i++) {
		if (!add_namespace(&text, namespaces[i]))
			return false;
	}
	return true;
}
