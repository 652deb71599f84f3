/* The checks, by subject. */
#ifndef SUITE_H
#define SUITE_H

#include <stddef.h>

#define CHOICES 4
#define NAME_SIZE 64

/* One of the two is set. A check runs in a process and a directory of its own: its bed (bed.h). */
struct check {
	char name[NAME_SIZE];
	void (*run)(void);
	void (*run_with)(const int choice[CHOICES]);
	int choice[CHOICES];
};

struct suite {
	struct check *checks;
	size_t count;
	size_t room;
};

/* A table of a subject's checks. */
struct plain_check {
	const char *name;
	void (*run)(void);
};

#define ADD_TABLE(suite, subject, table) suite_add_table(suite, subject, table, sizeof(table) / sizeof(table)[0])

void suite_add_table(struct suite *suite, const char *subject, const struct plain_check *table, size_t count);
__attribute__((format(printf, 4, 5))) void suite_add(struct suite *suite, void (*run_with)(const int[CHOICES]),
						      const int choice[CHOICES], const char *format, ...);
void suite_free(struct suite *suite);

void add_acls(struct suite *suite);
void add_copying(struct suite *suite);
void add_copy_ups(struct suite *suite);
void add_directories(struct suite *suite);
void add_links(struct suite *suite);
void add_locks(struct suite *suite);
void add_mappings(struct suite *suite);
void add_notices(struct suite *suite);
void add_openings(struct suite *suite);
void add_paths(struct suite *suite);
void add_permissions(struct suite *suite);
void add_renames(struct suite *suite);
void add_sizes(struct suite *suite);
void add_special_files(struct suite *suite);
void add_status(struct suite *suite);
void add_times(struct suite *suite);
void add_unlinked_files(struct suite *suite);
void add_whiteouts(struct suite *suite);
void add_xattrs(struct suite *suite);

#endif
