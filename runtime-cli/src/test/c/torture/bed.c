#include "bed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "acl.h"
#include "setup.h"

static void set_attribute(const char *path, const char *name, const void *value, size_t size)
{
	MUST(setxattr(path, name, value, size, 0));
}

static void own(const char *path, uid_t user, gid_t group, mode_t mode)
{
	MUST(lchown(path, user, group));
	MUST(chmod(path, mode));
}

void bed_older_layer(void)
{
	make_directory("merged", 0755);
	make_file("merged/old", "old\n");
	make_file("merged/both", "both, old\n");
	make_file("merged/gone", "gone\n");
	make_directory("covered", 0755);
	make_file("covered/under", "under\n");
}

static void directories(void)
{
	make_directory("empty", 0755);
	make_directory("full", 0755);
	make_file("full/a", "a\n");
	make_file("full/b", "b\n");
	make_directory("full/sub", 0755);
	make_file("full/sub/c", "c\n");
	MUST(symlink("a", "full/link"));
	make_directory("private", 0700);
	make_file("private/inside", "inside\n");
	make_directory("sticky", 01777);
	make_file("sticky/theirs", "theirs\n");
	own("sticky/theirs", BED_USER, BED_USER, 0644);
	make_directory("group", 0755);
	own("group", 0, BED_GROUP, 02775);
}

/* In a layer that is no overlay's, all these names are new or already there. */
static void layered(void)
{
	if (mkdir("merged", 0755) < 0 && errno != EEXIST)
		MUST(-1);
	if (unlink("merged/gone") < 0 && errno != ENOENT)
		MUST(-1);
	make_file("merged/new", "new\n");
	make_file("merged/both", "both, new\n");
	MUST(mknod("merged/gone", S_IFCHR, makedev(0, 0)));
	if (mkdir("covered", 0755) < 0 && errno != EEXIST)
		MUST(-1);
	make_file("covered/above", "above\n");
	set_attribute("covered", "trusted.overlay.opaque", "y", 1);
}

static void files(void)
{
	make_file("file", "lower file\n");
	make_file("nothing", "");
	make_pattern("big", 256 * 1024);
	make_file("sparse", "start");
	write_at("sparse", 512 * 1024, "middle");
	MUST(truncate("sparse", 1024 * 1024));
	make_file("one", "two names\n");
	MUST(link("one", "two"));
	MUST(symlink("file", "link"));
	MUST(symlink("nowhere", "dangling"));
	MUST(symlink("full", "way"));
	MUST(mkfifo("fifo", 0644));
	make_file("theirs", "theirs\n");
	own("theirs", BED_USER, BED_USER, 0600);
	make_file("ours", "ours\n");
	own("ours", 0, BED_USER, 0640);
	make_file("suid", "suid\n");
	own("suid", BED_USER, BED_USER, 04755);
	make_file("sgid", "sgid\n");
	own("sgid", BED_USER, BED_USER, 02755);
}

static void decorated(void)
{
	/* VFS_CAP_REVISION_2, effective; CAP_NET_RAW permitted */
	static const uint8_t capability[20] = { 1, 0, 0, 2, 0, 0x20 };
	static const struct timespec dates[2] = { { 981173106, 123456789 }, { 981173107, 987654321 } };

	make_file("coloured", "coloured\n");
	set_attribute("coloured", "user.colour", "red", 3);
	set_attribute("full", "user.colour", "blue", 4);
	set_attribute("coloured", "trusted.secret", "hush", 4);
	make_file("capable", "capable\n");
	set_attribute("capable", "security.capability", capability, sizeof capability);
	make_file("listed", "listed\n");
	MUST(acl_set("listed", ACL_ACCESS, "u:rw,u1000:rw,g:r,m:rw,o:"));
	make_directory("heirs", 0755);
	MUST(acl_set("heirs", ACL_DEFAULT, "u:rwx,u1000:rwx,g:rx,m:rwx,o:"));
	make_file("dated", "dated\n");
	MUST(utimensat(AT_FDCWD, "dated", dates, 0));
}

void bed_newer_layer(void)
{
	directories();
	layered();
	files();
	decorated();
}
