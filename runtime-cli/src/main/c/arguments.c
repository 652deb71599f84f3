#include "arguments.h"

#include <stddef.h>
#include <string.h>

/* Global options. Each has a value, as the next argument or behind an equals sign, or may have one behind that. */
static const struct {
	const char *name;
	bool has_value;
	bool of_process; /* of the one that does the verb */
} options[] = {
	{ "--root", true, false },     { "--log", true, false },   { "--log-format", true, false },
	{ "--rootless", true, false }, { "--criu", true, false },  { "--systemd-cgroup", false, false },
	{ "--debug", false, true },    { "--trace", true, true },
};

static const struct {
	const char *name;
	enum call_kind kind;
} verbs[] = {
	{ "state", CALL_READ },	   { "list", CALL_READ },  { "ps", CALL_READ },		{ "kill", CALL_CHANGE },
	{ "delete", CALL_CHANGE }, { "start", CALL_CHANGE }, { "resident", CALL_RESIDENT },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text >= 0x80)
			return false;
	}
	return true;
}

/* How many arguments a global option takes up; 0 if it is none that is known. */
static int option_length(const char *argument, bool *of_process)
{
	for (size_t i = 0; i < COUNT(options); i++) {
		size_t length = strlen(options[i].name);
		const char *rest = argument + length;

		if (strncmp(argument, options[i].name, length) != 0 || (*rest != '\0' && *rest != '='))
			continue;
		if (*rest == '=' && !options[i].has_value && strcmp(rest, "=true") != 0 && strcmp(rest, "=false") != 0)
			return 0;
		*of_process = *of_process || options[i].of_process;
		return *rest == '\0' && options[i].has_value ? 2 : 1;
	}
	return 0;
}

static enum call_kind kind_of(const char *verb)
{
	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (strcmp(verb, verbs[i].name) == 0)
			return verbs[i].kind;
	}
	return CALL_OWN;
}

struct call call_of(int argc, char **argv)
{
	struct call call = { .kind = CALL_OWN };
	bool of_process = false;
	int at = 1;

	/* What other bytes mean, Java decides. */
	for (int i = 1; i < argc; i++) {
		if (!is_ascii(argv[i]))
			return call;
	}
	while (at < argc && argv[at][0] == '-') {
		int length = option_length(argv[at], &of_process);

		if (length == 0)
			return call;
		at += length;
	}
	if (at < argc) {
		call.kind = kind_of(argv[at]);
		call.verb = at;
		if (of_process && call.kind != CALL_RESIDENT)
			call.kind = CALL_OWN;
	}
	return call;
}
