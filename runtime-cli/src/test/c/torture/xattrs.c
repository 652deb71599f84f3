#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "say.h"
#include "setup.h"

#define VALUE_MAX 70000

static void say_value(const char *path, const char *name)
{
	char value[64] = "";
	ssize_t size = lgetxattr(path, name, value, sizeof value);

	if (size < 0)
		say("%s %s: %s", path, name, errno_name(errno));
	else {
		say("%s %s:", path, name);
		say_bytes(value, (size_t)size);
	}
}

static int by_name(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void say_names(const char *path)
{
	char list[4096];
	const char *names[64];
	size_t count = 0;
	ssize_t size = llistxattr(path, list, sizeof list);

	if (size < 0) {
		say("%s: %s", path, errno_name(errno));
		return;
	}
	for (const char *at = list; at < list + size && count < 64; at += strlen(at) + 1)
		names[count++] = at;
	qsort(names, count, sizeof names[0], by_name);
	say("%s: [", path);
	for (size_t i = 0; i < count; i++)
		say("%s", names[i]);
	say("]");
}

static const char *const kinds[] = { "user", "trusted", "security", "system", "unknown" };
static const char *const paths[] = { "file", "full", "link", "fifo", "new" };

static void of_a_kind(const int choice[CHOICES])
{
	const char *path = paths[choice[1]];
	char name[64];

	make_file("new", "new\n");
	snprintf(name, sizeof name, "%s.limpid", kinds[choice[0]]);
	say("set=%s", lsetxattr(path, name, "value", 5, 0) < 0 ? errno_name(errno) : "done");
	say_value(path, name);
	say_names(path);
	say("remove=%s", lremovexattr(path, name) < 0 ? errno_name(errno) : "done");
	say_value(path, name);
}

static void flags(void)
{
	TRY(setxattr("file", "user.a", "1", 1, XATTR_REPLACE));
	TRY(setxattr("file", "user.a", "1", 1, XATTR_CREATE));
	TRY(setxattr("file", "user.a", "2", 1, XATTR_CREATE));
	TRY(setxattr("file", "user.a", "3", 1, XATTR_REPLACE));
	TRY(setxattr("file", "user.a", "4", 1, 99));
	say_value("file", "user.a");
	TRY(setxattr("coloured", "user.colour", "x", 1, XATTR_CREATE));
	TRY(setxattr("coloured", "user.colour", "green", 5, XATTR_REPLACE));
	say_value("coloured", "user.colour");
}

static void sizes(const int choice[CHOICES])
{
	static char value[VALUE_MAX], back[VALUE_MAX];
	ssize_t size;

	memset(value, 'v', sizeof value);
	say("%s", setxattr("file", "user.big", value, (size_t)choice[0], 0) < 0 ? errno_name(errno) : "done");
	size = getxattr("file", "user.big", back, sizeof back);
	if (size < 0)
		say("%s", errno_name(errno));
	else
		say("size %zd, %s", size, memcmp(value, back, (size_t)size) == 0 ? "right" : "wrong");
}

static void buffers(void)
{
	char value[4];

	TRY(getxattr("coloured", "user.colour", NULL, 0));
	TRY(getxattr("coloured", "user.colour", value, 2));
	TRY(getxattr("coloured", "user.colour", value, 3));
	say("listxattr %s", listxattr("coloured", NULL, 0) > 0 ? "tells a size" : "fails");
	TRY(listxattr("coloured", value, 2));
	TRY(getxattr("coloured", "user.missing", value, 4));
	TRY(removexattr("coloured", "user.missing"));
	TRY(getxattr("missing", "user.colour", value, 4));
}

static void names(void)
{
	char name[300] = "user.";

	memset(name + 5, 'n', 250);
	TRY(setxattr("file", name, "x", 1, 0));
	name[255] = 'n';
	TRY(setxattr("file", name, "x", 1, 0));
	TRY(setxattr("file", "user.", "x", 1, 0));
	TRY(setxattr("file", "", "x", 1, 0));
	TRY(setxattr("file", "nodots", "x", 1, 0));
	TRY(setxattr("file", "user.\xff", "x", 1, 0));
	TRY(setxattr("file", "user.empty", "", 0, 0));
	say_value("file", "user.empty");
}

static void many(void)
{
	char name[32], list[8192];
	int set = 0;

	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof name, "user.name%d", i);
		set += setxattr("new", name, name, strlen(name), 0) == 0;
	}
	make_file("new", "");
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof name, "user.name%d", i);
		set += setxattr("new", name, name, strlen(name), 0) == 0;
	}
	say("set %d, list %ld", set, (long)listxattr("new", list, sizeof list));
	say_value("new", "user.name59");
}

static void of_lower_files(void)
{
	say_value("coloured", "user.colour");
	say_value("coloured", "trusted.secret");
	say_value("full", "user.colour");
	say_names("coloured");
	say_names("full");
	say_names("file");
	say_names("link");
}

static void of_lower_files_are_removed(void)
{
	TRY(removexattr("coloured", "user.colour"));
	TRY(removexattr("full", "user.colour"));
	say_names("coloured");
	say_names("full");
	TRY(setxattr("coloured", "user.colour", "back", 4, XATTR_CREATE));
	say_names("coloured");
}

static void of_names_that_others_use(void)
{
	TRY(setxattr("file", "user.overlay.limpid", "x", 1, 0));
	say_value("file", "user.overlay.limpid");
	say_names("file");
	TRY(setxattr("file", "user.virtiofs.x", "x", 1, 0));
	say_value("file", "user.virtiofs.x");
}

static void by_a_descriptor(void)
{
	char value[16] = "", list[256];
	int fd = open_file("file", O_RDONLY), path = open_file("file", O_PATH);

	TRY(fsetxattr(fd, "user.x", "y", 1, 0));
	TRY(fgetxattr(fd, "user.x", value, sizeof value));
	say("%s", value);
	TRY(flistxattr(path, list, sizeof list));
	TRY(fremovexattr(fd, "user.x"));
	TRY(fsetxattr(path, "user.x", "y", 1, 0));
}

static void part_of_another_user(void)
{
	say_value("coloured", "user.colour");
	say_value("coloured", "trusted.secret");
	say_value("theirs", "user.x");
	TRY(setxattr("coloured", "user.mine", "x", 1, 0));
	TRY(setxattr("theirs", "user.mine", "x", 1, 0));
	TRY(setxattr("theirs", "trusted.mine", "x", 1, 0));
	TRY(setxattr("theirs", "security.mine", "x", 1, 0));
	TRY(setxattr("sticky", "user.mine", "x", 1, 0));
	TRY(removexattr("coloured", "user.colour"));
	say_names("coloured");
}

static void of_another_user(void)
{
	as_user(1000, 1000, part_of_another_user);
}

static void say_capability(const char *path)
{
	unsigned char value[32];
	ssize_t size = getxattr(path, "security.capability", value, sizeof value);

	if (size < 0)
		say("%s: %s", path, errno_name(errno));
	else
		say("%s: %zd bytes, revision %d, %02x", path, size, value[3], value[5]);
}

static void capabilities_are_kept(void)
{
	say_capability("capable");
	TRY(chmod("capable", 0700));
	say_capability("capable");
	TRY(rename("capable", "moved"));
	say_capability("moved");
	TRY(link("moved", "second"));
	say_capability("second");
}

static void capabilities_end_with_a_write(void)
{
	int fd = open_file("capable", O_WRONLY | O_APPEND);

	say_capability("capable");
	TRY(write(fd, "x", 1));
	say_capability("capable");
	say_content("capable");
}

static void capabilities_end_with_truncation(void)
{
	TRY(truncate("capable", 2));
	say_capability("capable");
}

static void capabilities_end_with_chown(void)
{
	TRY(chown("capable", 1, 1));
	say_capability("capable");
}

static void capabilities_of_a_new_file(void)
{
	static const unsigned char capability[20] = { 1, 0, 0, 2, 0, 0x20 };

	make_file("new", "new\n");
	TRY(setxattr("new", "security.capability", capability, sizeof capability, 0));
	say_capability("new");
	write_at("new", 0, "NEW");
	say_capability("new");
	TRY(setxattr("new", "security.capability", capability, 3, 0));
	TRY(removexattr("new", "security.capability"));
}

static void ending(void)
{
	MUST(mkdir("made", 0755));
	TRY(setxattr("made", "user.x", "y", 1, 0));
	MUST(rename("made", "moved"));
	say_value("moved", "user.x");
	make_file("new", "");
	MUST(setxattr("new", "user.x", "y", 1, 0));
	MUST(unlink("new"));
	make_file("new", "");
	say_value("new", "user.x");
}

void add_xattrs(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "flags", flags },
		{ "buffers", buffers },
		{ "names", names },
		{ "many", many },
		{ "of-lower-files", of_lower_files },
		{ "of-lower-files-are-removed", of_lower_files_are_removed },
		{ "of-names-that-others-use", of_names_that_others_use },
		{ "by-a-descriptor", by_a_descriptor },
		{ "of-another-user", of_another_user },
		{ "capabilities-are-kept", capabilities_are_kept },
		{ "capabilities-end-with-a-write", capabilities_end_with_a_write },
		{ "capabilities-end-with-truncation", capabilities_end_with_truncation },
		{ "capabilities-end-with-chown", capabilities_end_with_chown },
		{ "capabilities-of-a-new-file", capabilities_of_a_new_file },
		{ "follow-renames-and-not-names", ending },
	};
	static const int bytes[] = { 0, 1, 1000, 3900, 65536, 65537 };

	ADD_TABLE(suite, "xattr", table);
	for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++)
		suite_add(suite, sizes, (const int[CHOICES]){ bytes[i] }, "xattr.of-%d-bytes", bytes[i]);
	for (int kind = 0; kind < (int)(sizeof kinds / sizeof kinds[0]); kind++)
		for (int path = 0; path < (int)(sizeof paths / sizeof paths[0]); path++)
			suite_add(suite, of_a_kind, (const int[CHOICES]){ kind, path }, "xattr.%s-of-%s", kinds[kind], paths[path]);
}
