#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"
#include "setup.h"

/* Who of owner, group and others may do what, with each mode. */
static void try_it(void)
{
	TRY_OPEN(open("it", O_RDONLY));
	TRY_OPEN(open("it", O_WRONLY));
	TRY_OPEN(open("it", O_RDWR));
	TRY(access("it", X_OK));
}

static void by_mode(const int choice[CHOICES])
{
	const char *path = choice[1] ? "theirs" : "new";

	if (!choice[1])
		make_file("new", "#!/bin/false\n");
	MUST(chown(path, 1000, 2000));
	MUST(chmod(path, (mode_t)choice[0]));
	MUST(rename(path, "it"));
	say("owner:");
	as_user(1000, 1000, try_it);
	say("group:");
	as_user(1001, 2000, try_it);
	say("others:");
	as_user(1001, 1001, try_it);
}

static void try_directory(void)
{
	TRY_OPEN(open("full", O_RDONLY | O_DIRECTORY));
	TRY_OPEN(open("full/a", O_RDONLY));
	TRY_OPEN(open("full/sub/c", O_RDONLY));
	TRY_OPEN(open("full/new", O_WRONLY | O_CREAT | O_EXCL, 0600));
	TRY(unlink("full/new"));
	TRY(unlink("full/b"));
	TRY(mkdir("full/made", 0755));
	TRY(rename("full/a", "full/z"));
	TRY(chdir("full"));
}

static void of_directories(const int choice[CHOICES])
{
	MUST(chmod("full", (mode_t)choice[0]));
	as_user(1000, 1000, try_directory);
}

static void try_private(void)
{
	struct stat status;

	TRY_OPEN(open("private/inside", O_RDONLY));
	TRY(stat("private/inside", &status));
	TRY_OPEN(open("private", O_RDONLY));
	TRY(access("private/missing", F_OK));
	TRY_OPEN(open("theirs", O_RDONLY));
	TRY_OPEN(open("ours", O_RDONLY));
	TRY_OPEN(open("suid", O_WRONLY));
}

static void of_lower_files(void)
{
	as_user(1000, 1000, try_private);
	say("another:");
	as_user(1001, 1001, try_private);
}

static void try_sticky(void)
{
	TRY(unlink("sticky/theirs"));
	TRY(rename("sticky/theirs", "sticky/moved"));
	TRY_OPEN(open("sticky/mine", O_WRONLY | O_CREAT, 0600));
	TRY(rename("sticky/mine", "sticky/theirs"));
	TRY(unlink("sticky/mine"));
}

static void of_sticky_directories(void)
{
	as_user(1001, 1001, try_sticky);
	say("the owner:");
	as_user(1000, 1000, try_sticky);
	say_entries("sticky");
}

static void of_new_sticky_directories(void)
{
	make_directory("new", 01777);
	make_file("new/theirs", "");
	MUST(chown("new/theirs", 1000, 1000));
	MUST(rename("sticky", "old") < 0 && errno != EXDEV ? -1 : 0);
	TRY(rename("new", "sticky2"));
	say_mode("sticky2");
}

static void setgid_directories_hand_on_their_group(void)
{
	TRY(mkdir("group/directory", 0755));
	make_file("group/file", "");
	TRY(symlink("x", "group/link"));
	TRY(mkfifo("group/fifo", 0644));
	say_mode("group/directory");
	say_mode("group/file");
	say_mode("group/link");
	say_mode("group/fifo");
}

static void create_in_group(void)
{
	TRY_OPEN(open("group/file", O_WRONLY | O_CREAT, 02755));
	TRY(mkdir("group/directory", 0755));
}

static void setgid_directories_of_another_group(void)
{
	MUST(chmod("group", 02777));
	as_user(1000, 1000, create_in_group);
	say_mode("group/file");
	say_mode("group/directory");
}

static void write_to_them(void)
{
	int fd = OPEN(open("suid", O_WRONLY));

	if (fd >= 0)
		TRY(write(fd, "S", 1));
	fd = OPEN(open("sgid", O_WRONLY));
	if (fd >= 0)
		TRY(write(fd, "S", 1));
}

static void setuid_ends_with_a_write(void)
{
	as_user(1000, 1000, write_to_them);
	say_mode("suid");
	say_mode("sgid");
}

static void setuid_stays_with_roots_write(void)
{
	write_to_them();
	say_mode("suid");
	say_mode("sgid");
}

static void truncate_them(void)
{
	TRY(truncate("suid", 2));
	TRY(truncate("sgid", 2));
}

static void setuid_ends_with_truncation(void)
{
	as_user(1000, 1000, truncate_them);
	say_mode("suid");
	say_mode("sgid");
}

static void write_to_a_new_one(void)
{
	int fd = open_file("new", O_WRONLY);

	TRY(write(fd, "x", 1));
	TRY(ftruncate(fd, 0));
}

static void setuid_of_a_new_file_ends_with_a_write(void)
{
	make_file("new", "new\n");
	MUST(chown("new", 1000, 1000));
	MUST(chmod("new", 06777));
	as_user(1001, 1001, write_to_a_new_one);
	say_mode("new");
}

static void setuid_ends_with_chown(void)
{
	TRY(chown("suid", 1, 1));
	TRY(chown("sgid", 1, 1));
	say_mode("suid");
	say_mode("sgid");
	make_file("new", "");
	MUST(chmod("new", 06644));
	TRY(chown("new", 1, 1));
	say_mode("new");
	make_directory("d", 0755);
	MUST(chmod("d", 06755));
	TRY(chown("d", 1, 1));
	say_mode("d");
}

static void chown_nothing(void)
{
	TRY(chown("suid", (uid_t)-1, (gid_t)-1));
	say_mode("suid");
}

static void setuid_and_chown_of_nothing(void)
{
	as_user(1000, 1000, chown_nothing);
	chown_nothing();
}

static void chown_theirs(void)
{
	TRY(chown("theirs", 1001, (gid_t)-1));
	TRY(chown("theirs", 1000, 2000));
	TRY(chown("theirs", (uid_t)-1, 1000));
	TRY(chown("file", 1000, 1000));
	TRY(chmod("file", 0777));
	TRY(chmod("theirs", 02755));
	TRY(chmod("theirs", 04755));
	say_mode("theirs");
}

static void rights_to_chown(void)
{
	as_user(1000, 1000, chown_theirs);
}

static void chown_to_my_group(void)
{
	TRY(chown("theirs", (uid_t)-1, 2000));
	say_mode("theirs");
	TRY(chmod("theirs", 02711));
	say_mode("theirs");
}

static void rights_to_chown_to_ones_own_group(void)
{
	as_user(1000, 2000, chown_to_my_group);
}

static void setgid_of_a_strangers_group(void)
{
	MUST(chown("theirs", 1000, 2000));
	as_user(1000, 1000, chown_theirs);
	say_mode("theirs");
}

static void numbers_of_owners(void)
{
	TRY(chown("file", 65536, 100000));
	say_mode("file");
	TRY(chown("file", 4294967294u, 2147483648u));
	say_mode("file");
	make_file("new", "");
	TRY(chown("new", 70000, 70001));
	say_mode("new");
	TRY(lchown("link", 70000, 70001));
	say_mode("link");
}

static void masks(void)
{
	umask(0);
	TRY_OPEN(open("a", O_WRONLY | O_CREAT, 07777));
	TRY(mkdir("b", 07777));
	TRY(mkfifo("c", 07777));
	umask(0137);
	TRY_OPEN(open("d", O_WRONLY | O_CREAT, 0777));
	TRY(mkdir("e", 0777));
	say_mode("a");
	say_mode("b");
	say_mode("c");
	say_mode("d");
	say_mode("e");
}

static void modes_of_an_open_file(void)
{
	int fd = open_file("file", O_RDONLY), path = open_file("file", O_PATH);

	TRY(fchmod(fd, 0123));
	say_mode("file");
	TRY(fchmod(path, 0321));
	TRY(fchown(path, 1, 1));
	TRY(fchmod(open_file("full", O_RDONLY), 0321));
	say_mode("full");
	TRY(chmod("missing", 0));
	TRY(chmod("dangling", 0));
	TRY(chmod("file", 0177777));
	say_mode("file");
}

static int read_only;

static void write_after_chmod(void)
{
	TRY(write(read_only, "X", 1));
	TRY_OPEN(open("theirs", O_WRONLY));
}

static void an_open_file_keeps_its_rights(void)
{
	read_only = open_file("theirs", O_WRONLY);
	MUST(chmod("theirs", 0));
	as_user(1000, 1000, write_after_chmod);
	say_file("theirs");
}

static void create_without_writing(void)
{
	int fd = OPEN(open("sticky/new", O_RDWR | O_CREAT | O_EXCL, 0));

	if (fd >= 0) {
		TRY(write(fd, "x", 1));
		TRY(pread(fd, (char[1]){ 0 }, 1, 0));
	}
	TRY_OPEN(open("sticky/new", O_RDONLY));
	say_mode("sticky/new");
	TRY_OPEN(open("sticky/readable", O_RDWR | O_CREAT | O_EXCL, 0444));
	TRY_OPEN(open("sticky/readable", O_WRONLY));
}

static void a_new_file_without_rights(void)
{
	as_user(1000, 1000, create_without_writing);
}

static void try_links(void)
{
	TRY_OPEN(open("private/link", O_RDONLY));
	TRY(symlink("x", "full/new"));
	TRY(symlink("x", "sticky/new"));
	say_mode("sticky/new");
	TRY_OPEN(open("sticky/file", O_RDONLY));
}

static void of_links(void)
{
	MUST(symlink("../file", "private/link"));
	MUST(symlink("../file", "sticky/file"));
	as_user(1000, 1000, try_links);
}

static void use_real_user(void)
{
	TRY(access("theirs", R_OK));
	TRY(faccessat(AT_FDCWD, "theirs", R_OK, AT_EACCESS));
	TRY(faccessat(AT_FDCWD, "file", W_OK, AT_EACCESS));
	TRY(faccessat(AT_FDCWD, "link", R_OK, AT_SYMLINK_NOFOLLOW));
	TRY(access("file", W_OK));
	TRY(access("missing", F_OK));
	TRY(access("file", 99));
}

static void asked_for(void)
{
	use_real_user();
	say("another:");
	as_user(1001, 1001, use_real_user);
	say("real only:");
	MUST(setresuid(1001, 0, 0));
	use_real_user();
}

static void part_with_fsuid(void *nothing)
{
	(void)nothing;
	MUST(seteuid(1000));
	TRY_OPEN(open("theirs", O_RDWR));
	TRY_OPEN(open("sticky/new", O_WRONLY | O_CREAT, 0600));
	say_mode("sticky/new");
	TRY_OPEN(open("private/inside", O_RDONLY));
	MUST(seteuid(0));
	TRY_OPEN(open("private/inside", O_RDONLY));
}

static void of_an_effective_user(void)
{
	await(spawn(part_with_fsuid, NULL));
}

static void create_everywhere(void)
{
	TRY_OPEN(open("new", O_WRONLY | O_CREAT, 0600));
	TRY(mkdir("new", 0700));
	TRY(unlink("file"));
	TRY(rename("file", "new"));
	TRY(rename("theirs", "sticky/moved"));
	TRY(link("file", "new"));
	TRY(symlink("x", "new"));
	TRY(mkfifo("new", 0600));
	TRY(rmdir("empty"));
}

static void in_a_directory_of_others(void)
{
	as_user(1000, 1000, create_everywhere);
}

static void say_ids(void)
{
	char *const arguments[] = { "it", NULL };

	execv("./it", arguments);
	say("execv=%s", errno_name(errno));
}

static void to_execute(void)
{
	make_file("it", "not a program");
	MUST(chmod("it", 0700));
	as_user(1000, 1000, say_ids);
	MUST(chmod("it", 0755));
	as_user(1000, 1000, say_ids);
	MUST(chmod("it", 0644));
	say_ids();
}

void add_permissions(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "of-lower-files", of_lower_files },
		{ "of-sticky-directories", of_sticky_directories },
		{ "of-new-sticky-directories", of_new_sticky_directories },
		{ "setgid-directories-hand-on-their-group", setgid_directories_hand_on_their_group },
		{ "setgid-directories-of-another-group", setgid_directories_of_another_group },
		{ "setuid-ends-with-a-write", setuid_ends_with_a_write },
		{ "setuid-stays-with-roots-write", setuid_stays_with_roots_write },
		{ "setuid-ends-with-truncation", setuid_ends_with_truncation },
		{ "setuid-of-a-new-file-ends-with-a-write", setuid_of_a_new_file_ends_with_a_write },
		{ "setuid-ends-with-chown", setuid_ends_with_chown },
		{ "setuid-and-chown-of-nothing", setuid_and_chown_of_nothing },
		{ "rights-to-chown", rights_to_chown },
		{ "rights-to-chown-to-ones-own-group", rights_to_chown_to_ones_own_group },
		{ "setgid-of-a-strangers-group", setgid_of_a_strangers_group },
		{ "numbers-of-owners", numbers_of_owners },
		{ "masks", masks },
		{ "modes-of-an-open-file", modes_of_an_open_file },
		{ "an-open-file-keeps-its-rights", an_open_file_keeps_its_rights },
		{ "a-new-file-without-rights", a_new_file_without_rights },
		{ "of-links", of_links },
		{ "asked-for", asked_for },
		{ "of-an-effective-user", of_an_effective_user },
		{ "in-a-directory-of-others", in_a_directory_of_others },
		{ "to-execute", to_execute },
	};
	static const int file_modes[] = { 0000, 0400, 0200, 0100, 0640, 0604, 0066, 0711 };
	static const int directory_modes[] = { 0700, 0701, 0704, 0705, 0703, 0707, 01707 };

	ADD_TABLE(suite, "permission", table);
	for (size_t i = 0; i < sizeof file_modes / sizeof file_modes[0]; i++)
		for (int lower = 0; lower < 2; lower++)
			suite_add(suite, by_mode, (const int[CHOICES]){ file_modes[i], lower }, "permission.%s-file-%04o",
				  lower ? "lower" : "new", file_modes[i]);
	for (size_t i = 0; i < sizeof directory_modes / sizeof directory_modes[0]; i++)
		suite_add(suite, of_directories, (const int[CHOICES]){ directory_modes[i] }, "permission.directory-%05o", directory_modes[i]);
}
