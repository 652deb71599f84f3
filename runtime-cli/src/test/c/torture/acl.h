/* Access control lists as the kernel keeps them. */
#ifndef ACL_H
#define ACL_H

#define ACL_ACCESS "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"

/* From a text such as "u:rw,u1000:rw,g:r,g2000:x,m:rw,o:". Returns -1 with errno. */
int acl_set(const char *path, const char *kind, const char *text);

/* Says it in that form, or errno's name. */
void acl_say(const char *path, const char *kind);

#endif
