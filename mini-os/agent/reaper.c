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

static void keep(struct reaper *reaper, pid_t pid, int status)
{
	unsigned at = reaper->orphan_count++ % REAPER_ORPHANS;

	reaper->orphans[at].pid = pid;
	reaper->orphans[at].status = status;
}

void reaper_collect(struct reaper *reaper)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct child *child = take(reaper, pid);

		if (child)
			report(child, status);
		else if (reaper->remembering)
			keep(reaper, pid, status);
	}
}

void reaper_watch(struct reaper *reaper, struct child *child)
{
	unsigned known = reaper->orphan_count < REAPER_ORPHANS ? reaper->orphan_count : REAPER_ORPHANS;

	for (unsigned i = 0; i < known; i++)
		if (reaper->orphans[i].pid == child->pid) {
			reaper->orphans[i].pid = 0;
			report(child, reaper->orphans[i].status);
			return;
		}
	child->next = reaper->children;
	reaper->children = child;
}

void reaper_forget(struct reaper *reaper, struct child *child)
{
	if (child->pid != 0)
		take(reaper, child->pid);
	child->pid = 0;
}

void reaper_remember(struct reaper *reaper, bool remember)
{
	reaper->remembering = remember;
	reaper->orphan_count = 0;
}
