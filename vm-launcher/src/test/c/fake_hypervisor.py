"""
Stands in for QEMU and the guest: speaks the agent's side of the protocol on descriptor 3. What it does is told
by the arguments, one behaviour or KEY=VALUE each; see the functions and `Guest`.
"""

import hashlib
import json
import os
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from frames import *  # noqa: E402,F403


def note(what):
    """Lines that the test reads, on a socket: like QEMU, this may write no file."""
    global notes
    if notes is None:
        notes = socket.socket(socket.AF_UNIX)
        notes.connect("notes.sock")
    notes.sendall(what.encode() + b"\n")


notes = None


class Execd:
    """A process that `exec` has started: how it behaves is told by `process`, words in its request."""

    def __init__(self, guest, number, words):
        self.guest = guest
        self.number = number
        self.words = words
        self.credit = {STDOUT: guest.granted, STDERR: guest.granted}
        self.out = {STDOUT: b"", STDERR: b""}
        self.ended = set()
        self.exited = False
        self.finishing = None

    def send(self, kind, stream=0, payload=b""):
        self.guest.link.send(kind, stream, self.number, payload=payload)

    def begin(self):
        what, *rest = self.words
        if what == "exit":
            self.finish(int(rest[0]), int(rest[1]) if rest[1:] else 0)
        elif what == "flood":
            self.out = {stream: b"0123456789abcdef" * (int(rest[0]) // 16) for stream in self.out}
            self.finish(0)
        elif what == "linger":
            # it has ended, what it wrote is still in its pipe
            self.out[STDOUT] = b"x" * int(rest[0])
            self.finish(3, wait=False)
        elif what == "terminal":
            self.end(STDERR)
        elif what == "raw":
            for piece in rest:
                self.guest.link.raw(bytes.fromhex(piece.replace("NN", "%02x" % self.number)))
        elif what == "overdraw":
            left = self.credit[STDOUT] + 1
            while left:
                size = min(left, DATA_MAX)
                self.send(DATA, STDOUT, b"x" * size)
                left -= size
        self.pump()

    def take(self, frame):
        if frame.kind == CREDIT:
            self.credit[frame.stream] += struct.unpack("<I", frame.payload)[0]
            assert self.credit[frame.stream] <= self.guest.granted
        elif frame.kind == CLOSED:
            self.out[frame.stream] = b""
            self.end(frame.stream)
        elif frame.kind == SIGNAL and not self.exited and frame.payload[0] != signal.SIGCONT:
            self.finish(0, frame.payload[0], wait=False)
        elif frame.kind == DATA and not self.exited and self.words[0] in ("echo", "terminal"):
            self.out[STDOUT] += frame.payload
            self.send(CREDIT, STDIN, struct.pack("<I", len(frame.payload)))
            if self.words[0] == "terminal" and b"q" in frame.payload:
                self.finish(3)
        elif frame.kind == EOF and not self.exited and self.words[0] == "echo":
            self.finish(7)
        self.pump()

    def pump(self):
        for stream in (STDOUT, STDERR):
            while self.out[stream] and self.credit[stream]:
                size = min(self.credit[stream], DATA_MAX, len(self.out[stream]))
                self.send(DATA, stream, self.out[stream][:size])
                self.credit[stream] -= size
                self.out[stream] = self.out[stream][size:]
        if self.finishing and not self.exited and not any(self.out.values()):
            self.tell(*self.finishing)
        if self.exited:
            for stream in (STDOUT, STDERR):
                if not self.out[stream]:
                    self.end(stream)
            if len(self.ended) == 2:
                self.guest.execds.pop(self.number, None)

    def end(self, stream):
        if stream not in self.ended:
            self.ended.add(stream)
            self.send(EOF, stream)

    def tell(self, status, number):
        self.exited = True
        self.send(EXITED, payload=struct.pack("<II", status, number))

    def finish(self, status, number=0, wait=True):
        """wait: until everything has been sent, as of a process that writes and then exits."""
        if wait:
            self.finishing = (status, number)
        else:
            self.tell(status, number)
        self.pump()


class Guest:
    """An agent with one process, which is a few lines of Python instead of a workload."""

    def __init__(self, options):
        self.options = options
        self.link = Link(socket.socket(fileno=3), window=int(options.get("window", 65536)))
        self.credit = {STDOUT: 0, STDERR: 0}
        self.frames = []
        self.unread = 0
        self.signals = []
        self.sizes = []
        self.stdin = bytearray()
        self.stdin_ended = False
        self.closed = set()
        self.execds = {}
        self.late = []
        self.answers = 0

    def take(self, frame):
        if frame.process != 0 and frame.kind != REQUEST:
            self.note_of_process(frame)
            if frame.process in self.execds:
                self.execds[frame.process].take(frame)
        elif frame.kind == CREDIT:
            self.credit[frame.stream] += struct.unpack("<I", frame.payload)[0]
            assert self.credit[frame.stream] <= self.granted
        elif frame.kind == DATA:
            assert frame.stream == STDIN
            self.stdin += frame.payload
            self.unread += len(frame.payload)
            assert self.unread <= self.link.window, "more than its credit"
        elif frame.kind == EOF:
            self.stdin_ended = True
        elif frame.kind == CLOSED:
            self.closed.add(frame.stream)
            note(f"closed {frame.stream}")
        elif frame.kind == SIGNAL:
            self.signals.append(struct.unpack("<I", frame.payload)[0])
            note(f"signal {self.signals[-1]}")
        elif frame.kind == RESIZE:
            self.sizes.append(struct.unpack("<4H", frame.payload))
            note("size %d %d %d %d" % self.sizes[-1])
        elif frame.kind == REQUEST:
            self.answer(frame)
        elif frame.kind == ANSWER:
            self.answers += 1
            if "quiet" not in self.options:
                digest = hashlib.sha1(frame.payload).hexdigest()
                note(f"answer {frame.request} {frame.stream} {len(frame.payload)} {digest}")

    def answer(self, frame):
        request = json.loads(frame.payload)
        if request["method"] in ("exec", "join"):
            self.execute(frame, request["process"].split())
            return
        assert frame.process == 0, frame
        note("request " + request["method"])
        if request["method"] == "late":
            while self.late:
                self.execute(*self.late.pop())
        if request["method"] == "refuse":
            self.link.send_json(FAILURE, frame.request, {"code": "runtime", "message": "no"})
        elif request["method"] == "ignore":
            pass
        elif request["method"] == "big":
            self.link.send_json(RESULT, frame.request, {"big": "x" * 1000000})
        elif request["method"] == "lookup":
            for number, stream, message in request["queries"]:
                self.link.send(LOOKUP, stream, request=number, payload=bytes.fromhex(message))
            # Reads no answer meanwhile.
            while "until" in request and not os.path.exists(request["until"]):
                time.sleep(0.01)
            self.link.send_json(RESULT, frame.request, {"did": "lookup"})
        elif request["method"] == "answers":
            self.link.send_json(RESULT, frame.request, {"answers": self.answers})
        elif request["method"] == "size":
            self.link.send_json(RESULT, frame.request, {"size": len(frame.payload)})
        elif request["method"] == "end":
            self.link.send_json(RESULT, frame.request, {})
            self.exit(0, 9)
        else:
            self.link.send_json(RESULT, frame.request, {"did": request["method"]})
            if request["method"] == "start":
                self.started = True

    def note_of_process(self, frame):
        what = {SIGNAL: "signal", EOF: "eof", CLOSED: "closed", RESIZE: "size"}.get(frame.kind)
        if what is None:
            return
        detail = str(frame.stream)
        if frame.kind == SIGNAL:
            detail = str(frame.payload[0])
        elif frame.kind == RESIZE:
            detail = "%d %d" % struct.unpack("<4H", frame.payload)[:2]
        note(f"{frame.process} {what} {detail}")

    def execute(self, frame, words):
        if "quiet" not in self.options:
            note(f"exec {frame.process} {' '.join(words)}"[:60])
        assert 1 <= frame.process <= 4095 and frame.process not in self.execds, frame
        if words[0] == "late":
            self.late.append((frame, words[1:]))
        elif words[0] == "refuse":
            self.link.send_json(FAILURE, frame.request, {"code": "runtime", "message": "no"})
        else:
            self.link.send_json(RESULT, frame.request, {"pid": 4711})
            process = self.execds[frame.process] = Execd(self, frame.process, words)
            process.begin()

    def step(self):
        self.take(self.link.receive(patience=60))

    def until(self, condition):
        while not condition():
            self.step()

    def give_back(self, count):
        if count:
            self.unread -= count
            self.link.send(CREDIT, STDIN, payload=struct.pack("<I", count))

    def output(self, stream, data):
        at = 0
        while at < len(data) and stream not in self.closed:
            self.until(lambda: self.credit[stream] > 0 or stream in self.closed)
            size = min(self.credit[stream], DATA_MAX, len(data) - at)
            if size:
                self.credit[stream] -= size
                self.link.send(DATA, stream, payload=data[at : at + size])
            at += size

    def exit(self, status=0, number=0, streams=(STDOUT, STDERR)):
        for process in [] if "survivors" in self.options else list(self.execds.values()):
            if not process.exited:
                process.finish(0, 9, wait=False)
        for stream in streams:
            self.link.send(EOF, stream)
        self.link.send(EXITED, payload=struct.pack("<II", status, number))

    def boot(self):
        """Up to the start of the workload."""
        if "console" in self.options:
            os.write(5, self.options["console"].encode().decode("unicode_escape").encode("latin-1"))
        self.granted = self.link.receive_hello()
        self.credit = {STDOUT: self.granted, STDERR: self.granted}
        time.sleep(float(self.options.get("boot", 0)))
        if "early" in self.options:
            return
        self.link.send_hello()
        self.started = False
        self.until(lambda: self.started)

    def stay(self):
        try:
            while True:
                self.step()
        except Disconnected:
            pass


def run_exit(guest):
    guest.exit(int(guest.options.get("status", 0)), int(guest.options.get("signal", 0)))


def run_echo(guest):
    """stdin to stdout."""
    while True:
        guest.until(lambda: guest.stdin or guest.stdin_ended)
        data, guest.stdin = bytes(guest.stdin), bytearray()
        guest.output(STDOUT, data)
        guest.give_back(len(data))
        if guest.stdin_ended and not guest.stdin:
            break
    guest.exit(7)


def run_flood(guest):
    """As much on stdout as the options say."""
    size = int(guest.options["size"])
    data = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    if "at_once" not in guest.options:
        guest.output(STDOUT, data)
        guest.exit(0)
        return
    # the workload has ended, what it wrote is still in its pipe
    guest.link.send(EOF, STDERR)
    guest.link.send(EXITED, payload=bytes(8))
    guest.output(STDOUT, data)
    guest.link.send(EOF, STDOUT)


def run_two_streams(guest):
    """Spends all the credit of stdout; then much on stderr; then the rest of stdout."""
    first = guest.credit[STDOUT]
    guest.output(STDOUT, b"o" * first)
    guest.output(STDERR, b"e" * 300000)
    guest.output(STDOUT, b"o" * 100000)
    guest.exit(0)


def run_until_closed(guest):
    while STDOUT not in guest.closed:
        guest.output(STDOUT, b"y\n" * 1000)
    guest.exit(0, 13)


def run_until_signal(guest):
    note("ready")
    guest.until(lambda: len(guest.signals) >= int(guest.options.get("signals", 1)))
    guest.exit(0, guest.signals[0] % 65)


def run_until_input(guest):
    """Ends when it has read a line with `q`."""
    note("ready")
    guest.until(lambda: b"q" in guest.stdin or guest.stdin_ended)
    note("stdin " + guest.stdin.hex())
    guest.output(STDOUT, b"out\r\n")
    guest.exit(5, streams=(STDOUT,))


def run_pour(guest):
    """Much, on the one stream of a terminal."""
    guest.output(STDOUT, b"0123456789" * 100000)
    guest.exit(0, streams=(STDOUT,))


def run_terminal(guest):
    """Resizes until it is hung up or has seen `q`."""
    note("ready")
    guest.until(lambda: b"q" in guest.stdin or guest.closed)
    guest.output(STDOUT, b"echo " + bytes(guest.stdin) + b"\r\n")
    guest.exit(3, streams=(STDOUT,))


def run_attack(guest):
    """Runs each of the test's commands, and notes how it ended."""
    for command in json.loads(bytes.fromhex(guest.options["commands"])):
        result = subprocess.run(["/bin/bash", "-c", command], capture_output=True, text=True, check=False,
                                close_fds=False)
        said = (result.stdout + result.stderr).strip().replace("\n", " ")
        note(f"attack {'no' if result.returncode else 'ok'} {said}")
    guest.exit(0)


def run_wait(guest):
    note("ready")
    guest.stay()


def run_linger(guest):
    """Output that nobody reads, then the end."""
    guest.output(STDOUT, b"x" * guest.credit[STDOUT])
    guest.exit(9)
    guest.stay()


def run_dribble(guest):
    """The end, but not that of the streams: neither of the one that nobody reads nor of the other."""
    if "unread" in guest.options:
        guest.output(STDERR, b"e" * (guest.credit[STDERR] - 1000))
    guest.link.send(EXITED, payload=struct.pack("<II", 9, 0))
    while True:
        guest.output(STDOUT, b"x")
        if guest.credit[STDERR] and "unread" in guest.options:
            guest.output(STDERR, b"e")
        time.sleep(0.1)


def run_exit_then_die(guest):
    guest.output(STDOUT, b"last words")
    guest.exit(4)
    os._exit(1)


def run_die(guest):
    print("qemu: something \x1b[31mbad\x1b[0m happened", flush=True)
    os._exit(3)


def run_killed(guest):
    os.kill(os.getpid(), signal.SIGKILL)


def run_hang_up(guest):
    """Closes the link, but lives on."""
    guest.link.close()
    os.close(5)
    time.sleep(60)


def run_raw(guest):
    """Sends the bytes of the option, whatever they are."""
    guest.link.raw(bytes.fromhex(guest.options["bytes"]))
    guest.stay()


def run_overdraw(guest):
    """One byte more than there is credit for."""
    left = guest.credit[STDOUT]
    while left:
        size = min(left, DATA_MAX)
        guest.link.send(DATA, STDOUT, payload=b"x" * size)
        left -= size
    guest.link.send(DATA, STDOUT, payload=b"!")
    guest.stay()


def run_data_after_eof(guest):
    guest.link.send(EOF, STDOUT)
    guest.link.send(DATA, STDOUT, payload=b"x")
    guest.stay()


def run_wild_credit(guest):
    guest.link.send(CREDIT, STDIN, payload=struct.pack("<I", 1))
    guest.stay()


def run_exited_twice(guest):
    guest.link.send(EXITED, payload=struct.pack("<II", 6, 0))
    guest.link.send(EXITED, payload=struct.pack("<II", 0, 0))
    guest.stay()


def any_frame(dice, room):
    """Mostly one that may come, with numbers that may be wrong."""
    kind = dice.choice((RESULT, FAILURE, EVENT, DATA, DATA, DATA, EOF, CREDIT, CLOSED, EXITED, LOOKUP))
    if kind == DATA:
        stream = dice.choice((STDOUT, STDERR))
        size = min(dice.choice((1, 100, 5000, DATA_MAX)), room[stream])
        room[stream] -= size
        return Link.frame(kind, stream, payload=b"d" * size) if size else b""
    if kind in (RESULT, FAILURE):
        return Link.frame(kind, request=dice.randrange(1, 6), payload=b'{"\x1b":"' + b"y" * dice.choice((0, 1 << 18)))
    if kind == LOOKUP:
        return Link.frame(kind, dice.randrange(2), request=dice.randrange(1, 6), payload=bytes(dice.randrange(12, 100)))
    if kind == EVENT:
        return Link.frame(kind, payload=b"{}" * dice.randrange(1, 100))
    if dice.random() < 0.85:
        return b""
    if kind == CREDIT:
        return Link.frame(kind, payload=struct.pack("<I", dice.choice((1, 1000, 1 << 20))))
    if kind == EXITED:
        return Link.frame(kind, payload=struct.pack("<II", dice.randrange(256), dice.randrange(65)))
    return Link.frame(kind, dice.choice((STDOUT, STDERR)) if kind == EOF else STDIN)


def run_anything(guest):
    """Whatever the dice say, in pieces of any size, then one of the ends that there are."""
    dice = random.Random(int(guest.options["seed"]))
    room = {STDOUT: guest.granted, STDERR: guest.granted}
    if dice.random() < 0.95:
        guest.link.send_hello()
    for _ in range(dice.randrange(1, 400)):
        data = bytearray(any_frame(dice, room))
        if data and dice.random() < 0.004:
            data[dice.randrange(min(len(data), 24))] ^= 1 << dice.randrange(8)
        if dice.random() < 0.004:
            data = dice.randbytes(dice.randrange(1, 60))
        cut = dice.randrange(len(data) + 1)
        for piece in (data[:cut], data[cut:]):
            if piece:
                guest.link.raw(piece)
        if dice.random() < 0.05:
            os.write(5, dice.randbytes(200))
    end = dice.randrange(4)
    if end == 0:
        guest.link.close()
    elif end == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    elif end == 2:
        os._exit(dice.randrange(3))
    time.sleep(0.3)


def run_network(guest):
    """Says something to passt, and notes what it says."""
    own = socket.socket(fileno=int(guest.options["descriptor"]))
    own.setblocking(True)
    lines = own.makefile("rb")
    note(lines.readline().decode().strip())
    own.sendall(b"ping\n")
    note("network " + lines.readline().decode().strip())
    guest.stay()


def run_lose_passt(guest):
    """Ends a little later than its socket."""
    own = socket.socket(fileno=int(guest.options["descriptor"]))
    own.shutdown(socket.SHUT_RDWR)
    note("lost")
    time.sleep(0.2)
    os._exit(5)


def run_arp(guest):
    """Asks who has an address, in the way in which QEMU passes frames on."""
    own = socket.socket(fileno=int(guest.options["descriptor"]))
    own.setblocking(True)
    mac, address = bytes.fromhex("525400000001"), socket.inet_aton(guest.options["address"])
    asked = bytes.fromhex("0001080006040001") + mac + bytes(4) + bytes(6) + address
    frame = b"\xff" * 6 + mac + b"\x08\x06" + asked
    own.sendall(struct.pack(">I", len(frame)) + frame)
    stream = own.makefile("rb")
    while True:
        frame = stream.read(struct.unpack(">I", stream.read(4))[0])
        if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\x02":
            note("arp " + socket.inet_ntoa(frame[28:32]))
            break
    guest.stay()


def run_flood_lookups(guest):
    """More than anybody answers, without reading, and then an end when it is told."""
    guest.link.socket.settimeout(60)
    for number in range(1, 250001):
        guest.link.send(LOOKUP, number % 2, request=number, payload=bytes(12))
    note("enough")
    guest.stay()


def run_forge_oom(guest):
    """Lacks of memory that nobody has, for some time, and then an end."""
    for _ in range(300):
        for _ in range(20):
            guest.link.send(EVENT, payload=b'{"event":"oom"}')
        time.sleep(0.01)
    note("enough")
    guest.step()
    guest.exit(0)


def run_keep(guest):
    """Could not bring back what was written, says so twice, and ends."""
    for _ in range(2):
        guest.link.send(EVENT, payload=b'{"event":"kept","message":"/a: No space left on device"}')
    guest.step()
    guest.exit(0)


def run_chatter(guest):
    """Events and a console that never stop, and then an end."""
    for _ in range(2000):
        guest.link.send_json(EVENT, 0, {"event": "x" * 1000})
        os.write(5, b"\xff\x00 noise\n" * 10)
    guest.step()
    guest.exit(0)


def main():
    options = dict(argument.partition("=")[::2] for argument in sys.argv[2:])
    if "descriptors" in options:
        found = sorted(int(fd) for fd in os.listdir("/proc/self/fd"))
        names = {fd: os.readlink(f"/proc/self/fd/{fd}") for fd in found[:-1]}
        with open("/proc/self/status", encoding="ascii") as status:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in status)
        note(json.dumps({"names": names, "cwd": os.getcwd(), "sid": os.getsid(0) == os.getpid(), "status": fields}))
    guest = Guest(options)
    try:
        guest.boot()
        globals()["run_" + sys.argv[1]](guest)
        guest.stay()
    except (Disconnected, BrokenPipeError, ConnectionResetError):
        pass
    time.sleep(60)


main()
