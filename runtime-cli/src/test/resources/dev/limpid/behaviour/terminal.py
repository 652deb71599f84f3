"""Sits at a container's terminal.

    terminal.py pty STEPS COMMAND...             COMMAND gets a new terminal as its own
    terminal.py socket PATH STEPS COMMAND...     COMMAND sends its terminal to the socket at PATH

STEPS is a JSON array of arrays, done in order:

    ["expect", text]         waits until the terminal has shown text
    ["send", text]           types text
    ["resize", rows, columns]
    ["call", argument...]    runs a program to its end, whose exit status must be 0
    ["hangup"]               waits until nobody has the other end any more (socket)

Then waits for COMMAND and says, as one JSON object: "shown" (all that the terminal has shown),
"status" (COMMAND's exit status), "settings" (whether the terminal's settings are as they were; pty),
"streams" (what COMMAND has written to its own streams; socket).
"""

import array
import errno
import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import sys
import termios
import time

PATIENCE = 60


class Terminal:
    def __init__(self, master):
        self.master = master
        self.shown = b""
        self.seen = 0

    def read(self, seconds):
        """Takes what is there; False at the end."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError as gone:
            if gone.errno == errno.EIO:
                return False
            raise
        self.shown += data
        return bool(data)

    def expect(self, text):
        deadline = time.monotonic() + PATIENCE
        wanted = text.encode()
        while True:
            at = self.shown.find(wanted, self.seen)
            if at >= 0:
                self.seen = at + len(wanted)
                return
            if time.monotonic() > deadline or not self.read(1):
                sys.exit(f"the terminal does not show {text!r}, but: {self.shown.decode()!r}")

    def send(self, text):
        os.write(self.master, text.encode())

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hangup(self):
        deadline = time.monotonic() + PATIENCE
        while self.read(1):
            if time.monotonic() > deadline:
                sys.exit("the terminal does not hang up")

    def carry_out(self, steps):
        for name, *arguments in steps:
            if name == "call":
                called = subprocess.run(arguments, stdin=subprocess.DEVNULL, check=False)
                if called.returncode != 0:
                    sys.exit(f"{arguments}: exit status {called.returncode}")
            else:
                getattr(self, name)(*arguments)

    def wait(self, process):
        """Reads on, so that the process can end."""
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None:
            self.read(0.05)
            if time.monotonic() > deadline:
                process.kill()
                sys.exit(f"{process.args} does not end; shown: {self.shown.decode()!r}")
        while select.select([self.master], [], [], 0)[0] and self.read(0):
            pass
        return process.returncode


def with_pty(steps, command):
    master, slave = os.openpty()
    terminal = Terminal(master)
    terminal.resize(24, 80)
    before = termios.tcgetattr(slave)

    def own_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, preexec_fn=own_terminal
    )
    try:
        terminal.carry_out(steps)
        status = terminal.wait(process)
    finally:
        process.kill()
    return {
        "shown": terminal.shown.decode(errors="replace"),
        "status": status,
        "settings": termios.tcgetattr(slave) == before,
    }


def received(connection):
    """The descriptor that comes over a connection."""
    _, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4 * 8))
    descriptors = array.array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(data[: len(data) // 4 * 4])
    if len(descriptors) != 1:
        sys.exit(f"{len(descriptors)} descriptors came over the socket instead of 1")
    return descriptors[0]


def with_socket(path, steps, command):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    listener.settimeout(PATIENCE)
    # Read to their end: only when nobody has them any more does this go on.
    process = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE,
        check=False,
    )
    answer = {"status": process.returncode, "streams": process.stdout.decode()}
    if process.returncode == 0:
        connection, _ = listener.accept()
        connection.settimeout(PATIENCE)
        terminal = Terminal(received(connection))
        terminal.carry_out(steps)
        answer["shown"] = terminal.shown.decode(errors="replace")
    return answer


def main():
    mode = sys.argv[1]
    if mode == "pty":
        answer = with_pty(json.loads(sys.argv[2]), sys.argv[3:])
    else:
        answer = with_socket(sys.argv[2], json.loads(sys.argv[3]), sys.argv[4:])
    print(json.dumps(answer), flush=True)


main()
