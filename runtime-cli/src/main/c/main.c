/*
 * limpid: hands a verb over to the resident process (docs/resident.md) if there is one that takes it, and otherwise becomes the
 * launcher, which starts a JVM for it.
 */
#include "arguments.h"
#include "identity.h"
#include "offer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAUNCHER LIMPID_HOME "/launcher"
#define PLACE "LIMPID_RESIDENT"
#define USUAL_PLACE "/run/limpid-resident/socket"
#define IDENTITY_MAX 8192

static int launch(char **argv)
{
	execv(LAUNCHER, argv);
	(void)fprintf(stderr, "limpid: %s: cannot be run: %s\n", LAUNCHER, strerror(errno));
	return 1;
}

/* The same with up to three words behind the first argc arguments. */
static int launch_with(int argc, char **argv, char *words[3])
{
	char **longer = calloc((size_t)argc + 4, sizeof(*longer));

	if (longer == NULL) {
		(void)fprintf(stderr, "limpid: out of memory\n");
		return 1;
	}
	memcpy(longer, argv, (size_t)argc * sizeof(*longer));
	memcpy(longer + argc, words, 3 * sizeof(*words));
	return launch(longer);
}

/*
 * It lives as long as it likes: what it keeps of its caller is as little as a daemon does. Only with global options does it
 * stay in its caller's directory, as there may be paths in them.
 */
static int become_resident(int argc, char **argv, bool has_options)
{
	static char identity[IDENTITY_MAX];
	char *words[] = { "--identity", identity, NULL };

	if (!identity_write(identity, sizeof(identity))) {
		(void)fprintf(stderr, "limpid: resident: %s and /proc/self/ns cannot be looked at: %s\n", LIMPID_HOME, strerror(errno));
		return 1;
	}
	if (!has_options && chdir("/") != 0) {
		(void)fprintf(stderr, "limpid: resident: /: %s\n", strerror(errno));
		return 1;
	}
	(void)umask(022);
	return launch_with(argc, argv, words);
}

/* Where the resident listens; NULL if there is none to be asked. */
static const char *place(void)
{
	const char *named = getenv(PLACE);

	if (geteuid() != 0 || getuid() != 0 || getenv("LIMPID_JAVA") != NULL)
		return NULL;
	if (named == NULL || named[0] == '\0')
		return USUAL_PLACE;
	return named[0] == '/' ? named : NULL;
}

int main(int argc, char **argv)
{
	struct call call = call_of(argc, argv);
	const char *socket = call.kind == CALL_READ || call.kind == CALL_CHANGE ? place() : NULL;
	enum offer_end end = OFFER_REFUSED;
	int status = 1;

	if (call.kind == CALL_RESIDENT)
		return become_resident(argc, argv, call.verb > 1);
	if (socket != NULL)
		end = offer(socket, argc, argv, call.kind == CALL_READ, &status);
	if (end == OFFER_ANSWERED)
		return status;
	if (end == OFFER_LOST && call.kind == CALL_CHANGE) {
		char *words[] = { "resident", "--lost", argv[call.verb] };

		return launch_with(call.verb, argv, words);
	}
	return launch(argv);
}
