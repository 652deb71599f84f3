#include "reaper.h"

#include <stddef.h>
#include <sys/wait.h>

void reaper_open(struct reaper *reaper)
{
	*reaper = (struct reaper){ 0 };
}

static struct child *take(struct reaper *reaper, pid_t pid)
{
	for (struct child **at = &reaper->children; *at; at = &(*at)->next) {
		struct child *child = *at;

		if (child->pid == pid) {
			*at = child->next;
			return child;
		}
	}
	return NULL;
}

static void report(struct child *child, int status)
{
	child->pid = 0;
	child->ended(child->owner, status);
}

/* The first of those that are watched and have ended. */
static struct child *take_ended(struct reaper *reaper, int *status)
{
	for (struct child *child = reaper->children; child; child = child->next)
		if (waitpid(child->pid, status, WNOHANG) == child->pid)
			return take(reaper, child->pid);
	return NULL;
}

void reaper_collect(struct reaper *reaper)
{
	struct child *child;
	int status;
	pid_t pid;

	while (reaper->remembering > 0) {
		child = take_ended(reaper, &status);
		if (child == NULL)
			return;
		report(child, status);
	}
	while (reaper->remembering == 0 && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
		child = take(reaper, pid);
		if (child)
			report(child, status);
	}
}

void reaper_watch(struct reaper *reaper, struct child *child)
{
	child->next = reaper->children;
	reaper->children = child;
}

void reaper_adopt(struct reaper *reaper, struct child *child)
{
	int status;

	if (reaper->remembering > 0 && waitpid(child->pid, &status, WNOHANG) == child->pid) {
		report(child, status);
		return;
	}
	reaper_watch(reaper, child);
}

void reaper_forget(struct reaper *reaper, struct child *child)
{
	if (child->pid != 0)
		take(reaper, child->pid);
	child->pid = 0;
}

void reaper_remember(struct reaper *reaper, bool remember)
{
	if (remember)
		reaper->remembering++;
	else if (--reaper->remembering == 0)
		reaper_collect(reaper);
}
