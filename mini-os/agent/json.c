#include "json.h"

#include <stdlib.h>
#include <string.h>

#define MEMBERS_MAX 16

/*
 * What the parser would accept or suffer from, and the agent does not: comments, deep nesting (its tree is freed
 * by recursion), NUL. Everything else about the syntax is left to it.
 */
static const char *unwelcome(const char *text, size_t length)
{
	unsigned depth = 0;
	bool string = false;

	if (memchr(text, 0, length))
		return "a NUL byte";
	for (size_t i = 0; i < length; i++) {
		if (string && text[i] == '\\') {
			if (length - i >= 6 && memcmp(text + i, "\\u0000", 6) == 0)
				return "an escaped NUL";
			i++;
		} else if (text[i] == '"') {
			string = !string;
		} else if (string) {
			continue;
		} else if (text[i] == '/') {
			return "a comment";
		} else if (text[i] == '{' || text[i] == '[') {
			if (++depth > JSON_DEPTH_MAX)
				return "nested too deep";
		} else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
			depth--;
		}
	}
	return NULL;
}

yajl_val json_parse(const char *what, const void *text, size_t length, struct problem *problem)
{
	const char *wrong = unwelcome(text, length);
	char reason[256];
	yajl_val tree = NULL;
	char *copy;

	if (wrong) {
		problem_set(problem, FAILURE_INVALID, "%s: not acceptable as JSON: %s", what, wrong);
		return NULL;
	}
	copy = malloc(length + 1);
	if (copy == NULL) {
		problem_set(problem, FAILURE_SYSTEM, "%s: out of memory", what);
		return NULL;
	}
	memcpy(copy, text, length);
	copy[length] = '\0';
	tree = yajl_tree_parse(copy, reason, sizeof reason);
	if (tree == NULL) {
		reason[strcspn(reason, "\n")] = '\0';
		problem_set(problem, FAILURE_INVALID, "%s: not JSON: %s", what, reason[0] ? reason : "incomplete");
	}
	free(copy);
	return tree;
}

static const char *kind_name(enum json_kind kind)
{
	static const char *const names[] = {
		[JSON_TEXT] = "a string",
		[JSON_NUMBER] = "an integer",
		[JSON_BOOLEAN] = "a boolean",
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "an array",
	};

	return names[kind];
}

static bool is_kind(yajl_val value, enum json_kind kind)
{
	switch (kind) {
	case JSON_TEXT:
		return YAJL_IS_STRING(value);
	case JSON_NUMBER:
		return YAJL_IS_INTEGER(value);
	case JSON_BOOLEAN:
		return YAJL_IS_TRUE(value) || YAJL_IS_FALSE(value);
	case JSON_OBJECT:
		return YAJL_IS_OBJECT(value);
	case JSON_ARRAY:
		return YAJL_IS_ARRAY(value);
	}
	return false;
}

static int out_of_range(const char *path, const struct json_member *member, struct problem *problem)
{
	return problem_set(problem, FAILURE_INVALID, "%s%s: %s from %lld to %lld expected", path, member->name,
			   member->kind == JSON_NUMBER ? "a number" : "a length", member->least, member->most);
}

static int store(const char *path, const struct json_member *member, yajl_val value, struct problem *problem)
{
	long long measure;

	if (!is_kind(value, member->kind))
		return problem_set(problem, FAILURE_INVALID, "%s%s: %s expected", path, member->name,
				   kind_name(member->kind));
	switch (member->kind) {
	case JSON_TEXT:
		measure = (long long)strlen(value->u.string);
		break;
	case JSON_NUMBER:
		measure = YAJL_GET_INTEGER(value);
		break;
	case JSON_ARRAY:
		measure = (long long)value->u.array.len;
		break;
	default:
		measure = member->least;
		break;
	}
	if (measure < member->least || measure > member->most)
		return out_of_range(path, member, problem);
	switch (member->kind) {
	case JSON_TEXT:
		*(const char **)member->to = YAJL_GET_STRING(value);
		break;
	case JSON_NUMBER:
		*(long long *)member->to = measure;
		break;
	case JSON_BOOLEAN:
		*(bool *)member->to = YAJL_IS_TRUE(value);
		break;
	case JSON_OBJECT:
	case JSON_ARRAY:
		*(yajl_val *)member->to = value;
		break;
	}
	return 0;
}

static size_t index_of(const char *name, const struct json_member *members, size_t count)
{
	size_t i = 0;

	while (i < count && strcmp(members[i].name, name) != 0)
		i++;
	return i;
}

int json_members(const char *path, yajl_val object, const struct json_member *members, size_t count,
		 struct problem *problem)
{
	bool seen[MEMBERS_MAX] = { false };

	for (size_t i = 0; i < YAJL_GET_OBJECT(object)->len; i++) {
		const char *name = YAJL_GET_OBJECT(object)->keys[i];
		size_t at = index_of(name, members, count);

		if (at == count)
			return problem_set(problem, FAILURE_INVALID, "%s%.64s: unknown", path, name);
		if (seen[at])
			return problem_set(problem, FAILURE_INVALID, "%s%s: given twice", path, name);
		seen[at] = true;
		if (store(path, &members[at], YAJL_GET_OBJECT(object)->values[i], problem) < 0)
			return -1;
	}
	for (size_t i = 0; i < count; i++)
		if (members[i].required && !seen[i])
			return problem_set(problem, FAILURE_INVALID, "%s%s: missing", path, members[i].name);
	return 0;
}

yajl_val json_find(yajl_val object, const char *name)
{
	if (!YAJL_IS_OBJECT(object))
		return NULL;
	for (size_t i = 0; i < YAJL_GET_OBJECT(object)->len; i++)
		if (strcmp(YAJL_GET_OBJECT(object)->keys[i], name) == 0)
			return YAJL_GET_OBJECT(object)->values[i];
	return NULL;
}
