#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <linux/fs.h>
#include <unistd.h>

#include "say.h"
#include "setup.h"

static void of_the_file_system(void)
{
	struct statvfs all, again;
	int fd = open_file("file", O_RDONLY);

	TRY(statvfs(".", &all));
	say("block size %s, name length %lu", all.f_bsize >= 512 && (all.f_bsize & (all.f_bsize - 1)) == 0 ? "sane" : "odd", all.f_namemax);
	say("%s", all.f_blocks > 0 && all.f_bfree <= all.f_blocks && all.f_bavail <= all.f_bfree ? "sizes sane" : "sizes odd");
	say("%s", all.f_files > 0 && all.f_ffree <= all.f_files ? "files sane" : "files odd");
	say("read-only %d", (all.f_flag & ST_RDONLY) != 0);
	TRY(fstatvfs(fd, &again));
	say("%s", again.f_blocks == all.f_blocks ? "the same by a descriptor" : "another by a descriptor");
	TRY(statvfs("missing", &again));
	TRY(statvfs("dangling", &again));
}

static void space_is_used(void)
{
	struct statvfs before, after;
	int fd = (int)MUST(open("new", O_RDWR | O_CREAT | O_CLOEXEC, 0600));

	MUST(statvfs(".", &before));
	MUST(posix_fallocate(fd, 0, 4 * 1024 * 1024) == 0 ? 0 : -1);
	MUST(fsync(fd));
	MUST(statvfs(".", &after));
	/* Others use the same file system at the same time. */
	say("%s", before.f_bfree > after.f_bfree ? "less is free" : "as much is free");
}

static void is_consistent(void)
{
	static const char *const paths[] = { "file", "full", "link", "fifo", "nothing", "sparse", "new" };
	int odd = 0;

	make_file("new", "new\n");
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		struct stat status;
		struct statx extended;

		MUST(lstat(paths[i], &status));
		MUST(statx(AT_FDCWD, paths[i], AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &extended));
		odd += status.st_ino != extended.stx_ino || status.st_mode != extended.stx_mode ||
		       (uint64_t)status.st_size != extended.stx_size || status.st_nlink != extended.stx_nlink ||
		       status.st_mtim.tv_nsec != extended.stx_mtime.tv_nsec || status.st_uid != extended.stx_uid ||
		       (uint64_t)status.st_blocks != extended.stx_blocks || major(status.st_dev) != extended.stx_dev_major;
		if ((extended.stx_mask & STATX_BASIC_STATS) != STATX_BASIC_STATS)
			say("%s: mask %x", paths[i], extended.stx_mask & STATX_BASIC_STATS);
	}
	say("%d odd", odd);
}

static void tells_births(void)
{
	struct statx extended;

	MUST(statx(AT_FDCWD, "file", 0, STATX_BTIME, &extended));
	say("lower: %s", extended.stx_mask & STATX_BTIME ? "known" : "unknown");
	make_file("new", "new\n");
	MUST(statx(AT_FDCWD, "new", 0, STATX_BTIME, &extended));
	say("new: %s", extended.stx_mask & STATX_BTIME ? "known" : "unknown");
}

static void is_refused(void)
{
	struct statx extended;

	TRY(statx(AT_FDCWD, "missing", 0, STATX_SIZE, &extended));
	TRY(statx(AT_FDCWD, "file", 0x80000, STATX_SIZE, &extended));
	TRY(statx(AT_FDCWD, "", 0, STATX_SIZE, &extended));
	TRY(statx(AT_FDCWD, "file", AT_STATX_FORCE_SYNC, STATX_SIZE, &extended));
	TRY(statx(AT_FDCWD, "file", AT_STATX_DONT_SYNC, STATX_SIZE, &extended));
}

static void numbers_are_one_to_a_file(void)
{
	static const char *const paths[] = { "file", "one", "full", "empty", "merged", "link", "way", "big", "new", "made" };
	struct stat statuses[10];
	int equal = 0, devices = 0;

	make_file("new", "");
	make_directory("made", 0755);
	copy_up("big");
	for (int i = 0; i < 10; i++)
		MUST(lstat(paths[i], &statuses[i]));
	for (int i = 0; i < 10; i++)
		for (int j = 0; j < i; j++) {
			equal += statuses[i].st_ino == statuses[j].st_ino && statuses[i].st_dev == statuses[j].st_dev;
			devices += statuses[i].st_dev != statuses[j].st_dev && S_ISDIR(statuses[i].st_mode) == S_ISDIR(statuses[j].st_mode);
		}
	say("%d equal, of %s", equal, devices == 0 ? "one device" : "several devices");
}

static void sizes(void)
{
	struct stat status;

	MUST(lstat("link", &status));
	say("link %ld", (long)status.st_size);
	MUST(lstat("fifo", &status));
	say("fifo %ld", (long)status.st_size);
	MUST(lstat("big", &status));
	say("big %ld, %s", (long)status.st_size, status.st_blocks * 512 >= status.st_size ? "whole" : "sparse");
	MUST(lstat("nothing", &status));
	say("nothing %ld, %ld blocks", (long)status.st_size, (long)status.st_blocks);
	say("block size %s", status.st_blksize >= 512 ? "sane" : "odd");
}

static void links_of_directories(void)
{
	struct stat status;

	MUST(lstat("full", &status));
	say("full %lu", (unsigned long)status.st_nlink);
	MUST(lstat("merged", &status));
	say("merged %lu", (unsigned long)status.st_nlink);
	MUST(lstat("empty", &status));
	say("empty %lu", (unsigned long)status.st_nlink);
}

static void limits(void)
{
	say("name %ld, path %ld, links %s", pathconf(".", _PC_NAME_MAX), pathconf(".", _PC_PATH_MAX),
	    pathconf(".", _PC_LINK_MAX) >= 127 ? "many" : "few");
}

static void handle_of(const char *path)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} it = { .handle = { .handle_bytes = MAX_HANDLE_SZ } };
	int mount;

	say("%s: %s", path, name_to_handle_at(AT_FDCWD, path, &it.handle, &mount, 0) < 0 ? errno_name(errno) : "has a handle");
}

static void handles(void)
{
	make_file("new", "");
	handle_of("file");
	handle_of("full");
	handle_of("new");
	copy_up("one");
	handle_of("one");
}

static void inode_flags(void)
{
	int fd, flags = 0;

	make_file("new", "");
	fd = open_file("new", O_RDONLY);
	TRY(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	flags |= FS_APPEND_FL;
	if (TRY(ioctl(fd, FS_IOC_SETFLAGS, &flags)) == 0) {
		TRY_OPEN(open("new", O_WRONLY));
		TRY_OPEN(open("new", O_WRONLY | O_APPEND));
		TRY(unlink("new"));
		flags &= ~FS_APPEND_FL;
		TRY(ioctl(fd, FS_IOC_SETFLAGS, &flags));
	}
	flags = 0;
	TRY(ioctl(open_file("file", O_RDONLY), FS_IOC_GETFLAGS, &flags));
	TRY(ioctl(fd, FIGETBSZ, &flags) < 0 ? -1 : 0);
	TRY(ioctl(fd, FIONREAD, &flags));
}

void add_status(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "of-the-file-system", of_the_file_system },
		{ "space-is-used", space_is_used },
		{ "is-consistent", is_consistent },
		{ "tells-births", tells_births },
		{ "is-refused", is_refused },
		{ "numbers-are-one-to-a-file", numbers_are_one_to_a_file },
		{ "sizes", sizes },
		{ "links-of-directories", links_of_directories },
		{ "limits", limits },
		{ "handles", handles },
		{ "inode-flags", inode_flags },
	};

	ADD_TABLE(suite, "status", table);
}
