/* Which command lines the client offers to a resident process. */
#include "arguments.h"

#include <stdio.h>
#include <string.h>

#define WORDS_MAX 16

static const struct {
	const char *line; /* words between spaces */
	enum call_kind kind;
	int verb;
} calls[] = {
	{ "limpid", CALL_OWN, 0 },
	{ "limpid state web", CALL_READ, 1 },
	{ "limpid list", CALL_READ, 1 },
	{ "limpid list --format=json", CALL_READ, 1 },
	{ "limpid ps --format json web", CALL_READ, 1 },
	{ "limpid kill web 9", CALL_CHANGE, 1 },
	{ "limpid delete --force web", CALL_CHANGE, 1 },
	{ "limpid start web", CALL_CHANGE, 1 },
	{ "limpid resident", CALL_RESIDENT, 1 },
	{ "limpid --debug resident", CALL_RESIDENT, 2 },
	{ "limpid --debug=true --log l --trace=/t resident --idle 1", CALL_RESIDENT, 5 },
	{ "limpid --debug=perhaps resident", CALL_OWN, 0 },
	{ "limpid --trace resident state web", CALL_OWN, 3 },
	/* As engines write it. */
	{ "limpid --root /r --log /l --log-format json --systemd-cgroup kill --all web 15", CALL_CHANGE, 8 },
	{ "limpid --systemd-cgroup --log-format=json --log=/l state web", CALL_READ, 4 },
	{ "limpid --rootless=auto --criu /c state web", CALL_READ, 4 },
	{ "limpid --systemd-cgroup=false state web", CALL_READ, 2 },
	/* The value of an option is no verb. */
	{ "limpid --root state create web", CALL_OWN, 3 },
	{ "limpid --root list", CALL_OWN, 0 },
	{ "limpid --root", CALL_OWN, 0 },
	/* What has a parent's part, or is about the process. */
	{ "limpid create --bundle /b web", CALL_OWN, 1 },
	{ "limpid run web", CALL_OWN, 1 },
	{ "limpid exec web state", CALL_OWN, 1 },
	{ "limpid --debug state web", CALL_OWN, 0 },
	{ "limpid --trace /t state web", CALL_OWN, 0 },
	{ "limpid --debug=false state web", CALL_OWN, 0 },
	{ "limpid --version", CALL_OWN, 0 },
	{ "limpid --help", CALL_OWN, 0 },
	/* What is nothing. */
	{ "limpid --rootx state web", CALL_OWN, 0 },
	{ "limpid --systemd-cgroup=perhaps state web", CALL_OWN, 0 },
	{ "limpid - state web", CALL_OWN, 0 },
	{ "limpid -- state web", CALL_OWN, 0 },
	{ "limpid states web", CALL_OWN, 1 },
	{ "limpid stat web", CALL_OWN, 1 },
	/* Bytes whose meaning Java knows. */
	{ "limpid state w\xc3\xa9", CALL_OWN, 0 },
	{ "limpid --root /\xff state web", CALL_OWN, 0 },
};

int main(void)
{
	int failures = 0;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		char line[256];
		char *words[WORDS_MAX + 1] = { NULL };
		int count = 0;
		struct call call;

		(void)snprintf(line, sizeof(line), "%s", calls[i].line);
		for (char *word = strtok(line, " "); word != NULL && count < WORDS_MAX; word = strtok(NULL, " "))
			words[count++] = word;
		call = call_of(count, words);
		if (call.kind != calls[i].kind || (call.kind != CALL_OWN && call.verb != calls[i].verb)) {
			printf("%s: kind %d, verb %d\n", calls[i].line, (int)call.kind, call.verb);
			failures++;
		}
	}
	/* Programs can be called without a name. */
	if (call_of(0, (char *[]){ NULL }).kind != CALL_OWN) {
		printf("no arguments\n");
		failures++;
	}
	printf("test_arguments: %d of %zu wrong\n", failures, sizeof(calls) / sizeof(calls[0]) + 1);
	return failures == 0 ? 0 : 1;
}
