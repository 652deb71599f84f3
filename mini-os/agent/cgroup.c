#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#define OWN "agent"
#define DEPTH_MAX 32
#define SMALL_FILE 4096
#define SETTLE_ATTEMPTS 10

/* Reads a small file as a string. 0 or -errno. */
static int read_file(int directory, const char *path, char text[SMALL_FILE])
{
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	ssize_t count;
	int result = 0;

	if (fd < 0)
		return -errno;
	count = read(fd, text, SMALL_FILE - 1);
	if (count < 0)
		result = -errno;
	else
		text[count] = '\0';
	close(fd);
	return result;
}

static int write_file(int directory, const char *path, const char *text)
{
	int fd = openat(directory, path, O_WRONLY | O_CLOEXEC);
	int result = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		result = -errno;
	close(fd);
	return result;
}

/* The path of a process's cgroup v2, from the root of the hierarchy. proc is "self" or a pid. */
static int path_in_hierarchy(const char *proc, char path[SMALL_FILE])
{
	char file[64], text[SMALL_FILE];
	char *line, *rest = text;
	int error;

	snprintf(file, sizeof file, "/proc/%s/cgroup", proc);
	error = read_file(AT_FDCWD, file, text);
	if (error < 0)
		return error;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (strncmp(line, "0::/", 4) == 0) {
			snprintf(path, SMALL_FILE, "%s", line + 3);
			return 0;
		}
	return -ENOENT;
}

static int directory_of(const char *path, char directory[PATH_MAX])
{
	int length = snprintf(directory, PATH_MAX, CGROUP_ROOT "%s", path);

	return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* "cpu memory" to "+cpu +memory". */
static void command_for(const char controllers[SMALL_FILE], char command[2 * SMALL_FILE])
{
	char names[SMALL_FILE];
	char *name, *rest = names;
	size_t length = 0;

	snprintf(names, sizeof names, "%s", controllers);
	command[0] = '\0';
	while ((name = strsep(&rest, " \n")) != NULL)
		if (name[0] != '\0')
			length += (size_t)snprintf(command + length, 2 * SMALL_FILE - length, "%s+%s", length ? " " : "", name);
}

static int hand_on_controllers(int directory)
{
	char controllers[SMALL_FILE], command[2 * SMALL_FILE];
	int error = read_file(directory, "cgroup.controllers", controllers);

	if (error < 0)
		return error;
	command_for(controllers, command);
	return command[0] == '\0' ? 0 : write_file(directory, "cgroup.subtree_control", command);
}

/*
 * Moves this process to a cgroup of its own below directory, and hands the controllers on to that and to all beside it.
 *
 * systemd puts a service's process into the unit's cgroup in the process itself, and once more in process 1, which may
 * come at any time after: also between the two steps here. The second one ends in EBUSY then, and both are done again.
 * The controllers are handed on in one go: with some of them the unit's cgroup would still take a process, and whatever
 * is below it be no place for one any more. With all of them it takes none.
 */
static int settle(int directory)
{
	int error = -EBUSY;

	for (unsigned i = 0; i < SETTLE_ATTEMPTS && error == -EBUSY; i++) {
		error = write_file(directory, OWN "/cgroup.procs", "0");
		if (error == 0)
			error = hand_on_controllers(directory);
	}
	return error;
}

void cgroup_delegate(void)
{
	char path[SMALL_FILE], directory[PATH_MAX];
	int error = path_in_hierarchy("self", path);
	int fd;

	if (error == 0)
		error = directory_of(path, directory);
	if (error < 0) {
		log_error("own cgroup: %s", strerror(-error));
		return;
	}
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		log_error("open %s: %s", directory, strerror(errno));
		return;
	}
	if (mkdirat(fd, OWN, 0755) < 0 && errno != EEXIST) {
		log_error("mkdir %s/" OWN ": %s", directory, strerror(errno));
	} else if ((error = settle(fd)) < 0) {
		log_error("settle in %s/" OWN ": %s", directory, strerror(-error));
	}
	close(fd);
}

int cgroup_of_all(char directory[PATH_MAX])
{
	char path[SMALL_FILE];
	int error = path_in_hierarchy("self", path);
	char *last;

	if (error < 0)
		return error;
	last = strrchr(path, '/');
	if (strcmp(last, "/" OWN) == 0)
		*last = '\0';
	return directory_of(path, directory);
}

int cgroup_of(pid_t pid, char directory[PATH_MAX])
{
	char proc[16], path[SMALL_FILE], own[SMALL_FILE];
	size_t length;
	int error;

	snprintf(proc, sizeof proc, "%d", pid);
	error = path_in_hierarchy(proc, path);
	if (error == 0)
		error = path_in_hierarchy("self", own);
	if (error < 0)
		return error;
	length = strlen(path);
	if (strcmp(path, "/") == 0 ||
	    (strncmp(own, path, length) == 0 && (own[length] == '/' || own[length] == '\0')))
		return -EBUSY;
	return directory_of(path, directory);
}

static int signal_members(int directory, int signal)
{
	int fd = openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	FILE *members;
	long pid;

	if (fd < 0)
		return -errno;
	members = fdopen(fd, "r");
	if (members == NULL) {
		close(fd);
		return -ENOMEM;
	}
	/* 0 is a process that is not visible from here */
	while (fscanf(members, "%ld", &pid) == 1)
		if (pid > 1)
			kill((pid_t)pid, signal);
	fclose(members);
	return 0;
}

static int signal_below(int parent, const char *name, int signal, unsigned depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *entry;
	DIR *entries;
	int result;

	if (fd < 0)
		return -errno;
	result = signal_members(fd, signal);
	entries = fdopendir(fd);
	if (entries == NULL) {
		close(fd);
		return -ENOMEM;
	}
	while (depth < DEPTH_MAX && (entry = readdir(entries)) != NULL)
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			signal_below(fd, entry->d_name, signal, depth + 1);
	closedir(entries);
	return result;
}

static int in_directory(const char *directory, const char *file, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/%s", directory, file) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int cgroup_signal(const char *directory, int signal)
{
	char path[PATH_MAX];

	/* The kernel kills them all at once, those that are just being forked too. */
	if (signal == SIGKILL && in_directory(directory, "cgroup.kill", path) == 0 &&
	    write_file(AT_FDCWD, path, "1") == 0)
		return 0;
	return signal_below(AT_FDCWD, directory, signal, 0);
}

/* True if a file of a cgroup can be read and has this text in it. */
static bool says(const char *directory, const char *file, const char *what)
{
	char path[PATH_MAX], text[SMALL_FILE];

	return in_directory(directory, file, path) == 0 && read_file(AT_FDCWD, path, text) == 0 &&
	       strstr(text, what) != NULL;
}

bool cgroup_populated(const char *directory)
{
	return says(directory, "cgroup.events", "populated 1");
}

int cgroup_freeze(const char *directory, bool frozen)
{
	char path[PATH_MAX];

	if (in_directory(directory, "cgroup.freeze", path) < 0)
		return -ENAMETOOLONG;
	return write_file(AT_FDCWD, path, frozen ? "1" : "0");
}

bool cgroup_freezing(const char *directory)
{
	return says(directory, "cgroup.freeze", "1");
}

bool cgroup_frozen(const char *directory)
{
	return says(directory, "cgroup.events", "frozen 1");
}

/* A file of a cgroup, to be read and watched. */
static int open_file(const char *directory, const char *file)
{
	char path[PATH_MAX];
	int fd;

	if (in_directory(directory, file, path) < 0)
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int cgroup_events(const char *directory)
{
	return open_file(directory, "cgroup.events");
}

int cgroup_memory_events(const char *directory)
{
	return open_file(directory, "memory.events");
}

int cgroup_oom_kills(int memory_events, uint64_t *kills)
{
	static const char key[] = "\noom_kill ";
	char text[SMALL_FILE];
	ssize_t count = pread(memory_events, text, sizeof text - 1, 0);
	const char *line;

	if (count < 0)
		return -errno;
	text[count] = '\0';
	line = strstr(text, key);
	if (line == NULL)
		return -ENOENT;
	*kills = strtoull(line + sizeof key - 1, NULL, 10);
	return 0;
}
