/* JSON as the agent takes it: text into a tree, and objects read by tables that say what may be in them. */
#ifndef LIMPID_JSON_H
#define LIMPID_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yajl/yajl_tree.h>

#include "problem.h"

#define JSON_DEPTH_MAX 64

/*
 * The tree of a text, to be freed with yajl_tree_free, or NULL after having filled the problem (FAILURE_INVALID).
 * Refused beyond RFC 8259: nesting deeper than JSON_DEPTH_MAX, and NUL characters, also escaped ones, so that
 * every string is a C string. what names the text in messages.
 */
yajl_val json_parse(const char *what, const void *text, size_t length, struct problem *problem);

enum json_kind {
	JSON_TEXT,    /* const char *: into the tree */
	JSON_NUMBER,  /* long long, from least to most */
	JSON_BOOLEAN, /* bool */
	JSON_OBJECT,  /* yajl_val */
	JSON_ARRAY,   /* yajl_val, of at most `most` elements */
};

struct json_member {
	const char *name;
	enum json_kind kind;
	bool required;
	void *to;              /* untouched if the member is absent */
	long long least, most; /* of a number, or of the length of a text or array */
};

/* Reads an object. Unknown, repeated, missing and ill-typed members are problems, told with the path before them. */
int json_members(const char *path, yajl_val object, const struct json_member *members, size_t count,
		 struct problem *problem);

/* The value of a member of an object whose others don't matter; NULL if absent. */
yajl_val json_find(yajl_val object, const char *name);

#endif
