#include "arguments.h"

#include <stddef.h>
#include <string.h>

/* Each has a value, as the next argument or behind an equals sign. */
static const char *const with_value[] = { "--root", "--log", "--log-format", "--rootless", "--criu" };

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
static int option_length(const char *argument)
{
	if (strcmp(argument, "--systemd-cgroup") == 0 || strcmp(argument, "--systemd-cgroup=true") == 0 ||
	    strcmp(argument, "--systemd-cgroup=false") == 0)
		return 1;
	for (size_t i = 0; i < COUNT(with_value); i++) {
		size_t length = strlen(with_value[i]);

		if (strncmp(argument, with_value[i], length) != 0)
			continue;
		if (argument[length] == '\0')
			return 2;
		if (argument[length] == '=')
			return 1;
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
	int at = 1;

	/* What other bytes mean, Java decides. */
	for (int i = 1; i < argc; i++) {
		if (!is_ascii(argv[i]))
			return call;
	}
	while (at < argc && argv[at][0] == '-') {
		int length = option_length(argv[at]);

		if (length == 0)
			return call;
		at += length;
	}
	if (at < argc) {
		call.kind = kind_of(argv[at]);
		call.verb = at;
	}
	return call;
}
