#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "acl.h"
#include "say.h"
#include "setup.h"

static void of_lower_files(void)
{
	acl_say("listed", ACL_ACCESS);
	acl_say("heirs", ACL_DEFAULT);
	acl_say("file", ACL_ACCESS);
	acl_say("full", ACL_DEFAULT);
	say_mode("listed");
}

static void are_copied_up(void)
{
	copy_up("listed");
	acl_say("listed", ACL_ACCESS);
	say_file("listed");
	MUST(chmod("heirs", 0700));
	acl_say("heirs", ACL_DEFAULT);
	acl_say("heirs", ACL_ACCESS);
}

static void are_set(void)
{
	TRY(acl_set("file", ACL_ACCESS, "u:rw,u1000:rw,g:r,m:rw,o:"));
	acl_say("file", ACL_ACCESS);
	say_mode("file");
	TRY(acl_set("full", ACL_DEFAULT, "u:rwx,g:rx,g2000:rwx,m:rwx,o:rx"));
	acl_say("full", ACL_DEFAULT);
	make_file("new", "");
	TRY(acl_set("new", ACL_ACCESS, "u:rw,g:r,g2000:rw,m:rw,o:r"));
	acl_say("new", ACL_ACCESS);
	say_mode("new");
}

static void without_names_are_modes(void)
{
	TRY(acl_set("file", ACL_ACCESS, "u:rw,g:,o:"));
	acl_say("file", ACL_ACCESS);
	say_mode("file");
}

static void that_are_wrong(void)
{
	TRY(acl_set("file", ACL_ACCESS, "u:rw,u1000:rw,g:r,o:"));
	TRY(acl_set("file", ACL_ACCESS, "u:rw,g:r"));
	TRY(acl_set("file", ACL_ACCESS, "g:r,u:rw,o:"));
	TRY(acl_set("file", ACL_ACCESS, "u:rw,u1000:r,u1000:r,g:r,m:r,o:"));
	TRY(acl_set("file", ACL_DEFAULT, "u:rw,g:r,o:"));
	TRY(acl_set("fifo", ACL_ACCESS, "u:rw,u1000:rw,g:r,m:rw,o:"));
	TRY(setxattr("file", ACL_ACCESS, "\3\0\0\0", 4, 0));
	TRY(setxattr("file", ACL_ACCESS, "x", 1, 0));
	say_mode("file");
}

static void are_inherited(void)
{
	umask(077);
	TRY_OPEN(open("heirs/file", O_WRONLY | O_CREAT, 0666));
	TRY(mkdir("heirs/directory", 0777));
	TRY(mkfifo("heirs/fifo", 0666));
	TRY(symlink("x", "heirs/link"));
	say_mode("heirs/file");
	acl_say("heirs/file", ACL_ACCESS);
	say_mode("heirs/directory");
	acl_say("heirs/directory", ACL_ACCESS);
	acl_say("heirs/directory", ACL_DEFAULT);
	say_mode("heirs/fifo");
	say_mode("heirs/link");
}

static void are_inherited_from_new_directories(void)
{
	make_directory("new", 0755);
	TRY(acl_set("new", ACL_DEFAULT, "u:rwx,u1000:rwx,g:rx,m:rwx,o:"));
	umask(027);
	TRY_OPEN(open("new/file", O_WRONLY | O_CREAT, 0640));
	TRY_OPEN(open("new/strict", O_WRONLY | O_CREAT, 0600));
	TRY(mkdir("new/directory", 0750));
	say_mode("new/file");
	acl_say("new/file", ACL_ACCESS);
	say_mode("new/strict");
	acl_say("new/strict", ACL_ACCESS);
	acl_say("new/directory", ACL_DEFAULT);
}

static void of_temporary_files(void)
{
	int fd = OPEN(open("heirs", O_RDWR | O_TMPFILE, 0666));

	if (fd >= 0) {
		TRY(linkat(fd, "", AT_FDCWD, "heirs/new", AT_EMPTY_PATH));
		acl_say("heirs/new", ACL_ACCESS);
		say_mode("heirs/new");
	}
}

static void masks_follow_chmod(void)
{
	TRY(chmod("listed", 0644));
	acl_say("listed", ACL_ACCESS);
	TRY(chmod("listed", 0600));
	acl_say("listed", ACL_ACCESS);
	TRY(chmod("listed", 0660));
	acl_say("listed", ACL_ACCESS);
	say_mode("listed");
}

static void are_removed(void)
{
	TRY(removexattr("listed", ACL_ACCESS));
	acl_say("listed", ACL_ACCESS);
	say_mode("listed");
	TRY(removexattr("heirs", ACL_DEFAULT));
	TRY_OPEN(open("heirs/new", O_WRONLY | O_CREAT, 0666));
	say_mode("heirs/new");
	acl_say("heirs/new", ACL_ACCESS);
	TRY(removexattr("file", ACL_ACCESS));
	TRY(removexattr("full", ACL_DEFAULT));
}

static void try_listed(void)
{
	TRY_OPEN(open("listed", O_RDONLY));
	TRY_OPEN(open("listed", O_WRONLY));
	TRY(access("listed", R_OK | W_OK));
	TRY(access("listed", X_OK));
}

static void let_a_user_in(void)
{
	as_user(1000, 1000, try_listed);
	say("another:");
	as_user(1001, 1001, try_listed);
}

static void let_a_user_in_after_a_copy_up(void)
{
	copy_up("listed");
	as_user(1000, 1000, try_listed);
	say("another:");
	as_user(1001, 1001, try_listed);
}

static void are_masked(void)
{
	MUST(chmod("listed", 0640));
	as_user(1000, 1000, try_listed);
	MUST(chmod("listed", 0600));
	say("without:");
	as_user(1000, 1000, try_listed);
}

static void try_new(void)
{
	TRY_OPEN(open("new", O_RDONLY));
	TRY_OPEN(open("new", O_WRONLY));
}

static void of_groups(void)
{
	make_file("new", "new\n");
	TRY(acl_set("new", ACL_ACCESS, "u:rw,g:,g2000:rw,m:rw,o:"));
	as_user(1000, 2000, try_new);
	say("another:");
	as_user(1000, 2001, try_new);
}

static void deny_a_user(void)
{
	make_file("new", "new\n");
	TRY(acl_set("new", ACL_ACCESS, "u:rw,u1000:,g:r,m:r,o:r"));
	as_user(1000, 1000, try_new);
	say("another:");
	as_user(1001, 1001, try_new);
}

static void search_heirs(void)
{
	TRY_OPEN(open("heirs/directory/x", O_RDONLY));
	TRY_OPEN(open("heirs/directory/y", O_WRONLY | O_CREAT, 0600));
}

static void of_directories(void)
{
	MUST(mkdir("heirs/directory", 0777));
	make_file("heirs/directory/x", "x\n");
	as_user(1000, 1000, search_heirs);
	say("another:");
	as_user(1001, 1001, search_heirs);
}

static void set_by_others(void)
{
	TRY(acl_set("theirs", ACL_ACCESS, "u:rw,u1001:r,g:,m:r,o:"));
	TRY(acl_set("file", ACL_ACCESS, "u:rw,u1000:rw,g:r,m:rw,o:"));
	acl_say("theirs", ACL_ACCESS);
}

static void are_the_owners(void)
{
	as_user(1000, 1000, set_by_others);
}

static void survive_renames_and_links(void)
{
	TRY(rename("listed", "moved"));
	acl_say("moved", ACL_ACCESS);
	TRY(link("moved", "second"));
	acl_say("second", ACL_ACCESS);
}

static void set_on_sgid(void)
{
	TRY(acl_set("sgid", ACL_ACCESS, "u:rwx,u1001:r,g:rx,m:rx,o:"));
}

static void clear_setgid(void)
{
	MUST(chown("sgid", 1000, 2000));
	MUST(chmod("sgid", 02755));
	as_user(1000, 1000, set_on_sgid);
	say_mode("sgid");
}

void add_acls(struct suite *suite)
{
	static const struct plain_check table[] = {
		{ "of-lower-files", of_lower_files },
		{ "are-copied-up", are_copied_up },
		{ "are-set", are_set },
		{ "without-names-are-modes", without_names_are_modes },
		{ "that-are-wrong", that_are_wrong },
		{ "are-inherited", are_inherited },
		{ "are-inherited-from-new-directories", are_inherited_from_new_directories },
		{ "of-temporary-files", of_temporary_files },
		{ "masks-follow-chmod", masks_follow_chmod },
		{ "are-removed", are_removed },
		{ "let-a-user-in", let_a_user_in },
		{ "let-a-user-in-after-a-copy-up", let_a_user_in_after_a_copy_up },
		{ "are-masked", are_masked },
		{ "of-groups", of_groups },
		{ "deny-a-user", deny_a_user },
		{ "of-directories", of_directories },
		{ "are-the-owners", are_the_owners },
		{ "clear-setgid", clear_setgid },
		{ "survive-renames-and-links", survive_renames_and_links },
	};

	ADD_TABLE(suite, "acl", table);
}
