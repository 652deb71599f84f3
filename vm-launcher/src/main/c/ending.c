#include "shim.h"

#include <stdio.h>
#include <string.h>

#include "exit_file.h"
#include "sockets.h"

/* For what still has to be written at the very end. */
#define FAREWELL_MS 1000u
/* For a killed child to be gone. */
#define KILL_MS 5000u

/* Three tails, every byte written as \xNN at worst, and what is said about them. */
#define DIAGNOSIS_SIZE (3u * 4u * TAIL_SIZE + 4096u)

void shim_end(struct shim *shim, int status)
{
	shim->ending = true;
	shim->status = status;
	shim->loop.stopped = true;
	child_kill(&shim->hypervisor);
	child_kill(&shim->virtiofsd);
	child_kill(&shim->passt);
	refresh_stop(&shim->refresh);
	sockets_remove();
	child_wait(&shim->hypervisor, KILL_MS);
	child_wait(&shim->virtiofsd, KILL_MS);
	/* The guest can change nothing any more. */
	merged_restore(&shim->merged);
	child_wait(&shim->passt, KILL_MS);
	child_wait(&shim->refresh.program, KILL_MS);
	control_flush(&shim->control, FAREWELL_MS);
}

void shim_abort_launch(struct shim *shim, const char *message)
{
	char payload[2 * PROBLEM_TEXT_SIZE];

	if (shim->ending)
		return;
	if (message)
		control_fail(&shim->control, false, payload,
			     failure_encode(payload, sizeof payload, FAILURE_LAUNCH, message));
	shim_end(shim, STATUS_LAUNCH_FAILED);
}

void shim_passt_lost(struct shim *shim, const char *why)
{
	static char text[4u * TAIL_SIZE + 4096u];

	tail_drain(&shim->passt_tail);
	snprintf(text, sizeof text, "the VM has no network: %s", why);
	tail_print(&shim->passt_tail, "passt's last lines:", text, sizeof text);
	if (shim->workload.committed)
		log_error(&shim->log, text);
	else
		shim_abort_launch(shim, text);
}

static void describe_death(struct shim *shim, const char *why, char *text, size_t size)
{
	const struct child *children[] = { &shim->hypervisor, &shim->virtiofsd };
	int length = snprintf(text, size, "%s", why);

	for (unsigned i = 0; i < 2; i++) {
		char what[128];

		if (!children[i]->ended)
			continue;
		child_describe(children[i], what, sizeof what);
		length += snprintf(text + length, size - (size_t)length, "%s%s", length ? "; " : "", what);
	}
	tail_drain(&shim->hypervisor_tail);
	tail_drain(&shim->virtiofsd_tail);
	tail_drain(&shim->console_tail);
	tail_print(&shim->hypervisor_tail, "QEMU's last lines:", text, size);
	tail_print(&shim->virtiofsd_tail, "virtiofsd's last lines:", text, size);
	tail_print(&shim->console_tail, "the guest's last lines:", text, size);
}

void shim_vm_died(struct shim *shim, const char *why)
{
	static const char heading[] = "vm-died\n";
	const size_t skip = sizeof heading - 1;
	static char text[DIAGNOSIS_SIZE], payload[FAILURE_PAYLOAD_MAX];

	if (shim->ending)
		return;
	memcpy(text, heading, sizeof heading);
	describe_death(shim, why, text + skip, sizeof text - skip - 1);
	child_kill(&shim->hypervisor);
	child_kill(&shim->virtiofsd);
	/* What they have under way is to be seen as well. */
	child_wait(&shim->hypervisor, KILL_MS);
	child_wait(&shim->virtiofsd, KILL_MS);
	merged_finish(&shim->merged);
	control_fail(&shim->control, true, payload,
		     failure_encode(payload, sizeof payload, FAILURE_VM, text + skip));
	if (shim->workload.committed)
		log_error(&shim->log, text + skip);
	strcat(text, "\n");
	if (exit_file_write(text) < 0 && shim->workload.committed)
		log_error(&shim->log, "the file exit can't be written");
	workload_flush(&shim->workload, FAREWELL_MS);
	shim_end(shim, STATUS_VM_DIED);
}
