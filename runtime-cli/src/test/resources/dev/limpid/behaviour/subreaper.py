"""What containerd's shim is to a runtime: a subreaper, which the container's process belongs to.

    subreaper.py PID_FILE COMMAND...

Runs COMMAND (a create, which writes PID_FILE) to its end, then waits for the process in PID_FILE and
any other that becomes its child. Says on standard output, a JSON object a line:

    {"created": status, "pid": n, "parent": true|false}     parent: whether the process is our child
    {"exited": status} or {"signaled": number}              how the process ended
"""

import ctypes
import json
import os
import subprocess
import sys

PR_SET_CHILD_SUBREAPER = 36


def say(**what):
    print(json.dumps(what), flush=True)


def parent_of(pid):
    with open(f"/proc/{pid}/stat", encoding="latin-1") as stat:
        return int(stat.read().rpartition(")")[2].split()[1])


def main():
    pid_file, command = sys.argv[1], sys.argv[2:]
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    # The container's streams must not be ours: whoever reads them waits for our end.
    created = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=sys.stderr, check=False
    ).returncode
    if created != 0:
        say(created=created)
        return
    with open(pid_file, encoding="ascii") as file:
        pid = int(file.read())
    say(created=created, pid=pid, parent=parent_of(pid) == os.getpid())
    while True:
        ended, status = os.wait()
        if ended == pid:
            break
    if os.WIFSIGNALED(status):
        say(signaled=os.WTERMSIG(status))
    else:
        say(exited=os.WEXITSTATUS(status))


main()
