"""The host's side of the agent link (docs/protocol.md), as the tests need it."""

import collections
import json
import select
import socket
import struct
import time

HELLO, REQUEST, RESULT, FAILURE, EVENT = 0x01, 0x10, 0x11, 0x12, 0x13
DATA, EOF, CREDIT, CLOSED = 0x20, 0x21, 0x22, 0x23
EXITED, SIGNAL, RESIZE = 0x30, 0x31, 0x32
LOOKUP, ANSWER = 0x33, 0x34
STDIN, STDOUT, STDERR = 0, 1, 2
WINDOW = 65536
PATIENCE = 20

Frame = collections.namedtuple("Frame", "kind stream process request payload")


class Disconnected(Exception):
    pass


class Input:
    """What is sent to a process, process 0 of a Host or another one."""

    def write(self, data, eof=False):
        """As far as there is credit; returns what is left."""
        while data and self.credit:
            piece = data[: min(self.credit, 32768)]
            self.send(DATA, STDIN, payload=piece)
            self.credit -= len(piece)
            data = data[len(piece) :]
        if eof and not data:
            self.send(EOF, STDIN)
        return data

    def signal(self, number):
        self.send(SIGNAL, payload=struct.pack("<I", number))


class Process(Input):
    """A process that `exec` has started, as its host sees it."""

    def __init__(self, host, number):
        self.host = host
        self.number = number
        self.output = {STDOUT: bytearray(), STDERR: bytearray()}
        self.consumed = {STDOUT: 0, STDERR: 0}
        self.unread = set()
        self.ended = set()
        self.closed = False
        self.exited = None
        self.credit = 131072

    def sort(self, frame):
        if frame.kind == DATA:
            assert frame.stream not in self.ended, "DATA after EOF"
            self.output[frame.stream] += frame.payload
            self.consumed[frame.stream] += len(frame.payload)
            assert self.consumed[frame.stream] <= self.host.window, "more than the credit"
            if frame.stream not in self.unread and self.consumed[frame.stream] >= self.host.window / 2:
                self.give(frame.stream)
        elif frame.kind == EOF:
            assert frame.stream not in self.ended, "EOF twice"
            self.ended.add(frame.stream)
        elif frame.kind == CREDIT:
            self.credit += struct.unpack("<I", frame.payload)[0]
        elif frame.kind == CLOSED:
            assert not self.closed
            self.closed = True
        elif frame.kind == EXITED:
            assert self.exited is None
            self.exited = struct.unpack("<II", frame.payload)
        else:
            raise AssertionError(frame)

    def send(self, kind, stream=0, payload=b""):
        self.host.send(kind, stream, self.number, payload=payload)

    def give(self, stream):
        if self.consumed[stream]:
            self.send(CREDIT, stream, struct.pack("<I", self.consumed[stream]))
        self.consumed[stream] = 0

    def is_over(self):
        return self.exited is not None and self.ended == {STDOUT, STDERR}

    def end(self):
        """Waits for everything that the agent tells of it; then the number is free."""
        self.host.until(self.is_over)
        del self.host.processes[self.number]
        return self.exited


class Host(Input):
    """One connection. What arrives is sorted into answers, streams and the end of process 0."""

    def __init__(self, path, window=WINDOW, hello=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)
        self.window = window
        self.buffer = b""
        self.answers = {}
        self.output = {STDOUT: bytearray(), STDERR: bytearray()}
        self.consumed = {STDOUT: 0, STDERR: 0}
        self.unread = set()  # streams for which no credit is given back
        self.ended = set()
        self.closed = False  # CLOSED of stdin
        self.exited = None
        self.order = []  # kinds, as they came
        self.number = 0
        self.credit = 0
        self.processes = {}
        self.events = []
        self.lookups = {}  # by number: the transport and the message
        if hello:
            self.hello()

    def hello(self, lowest=1, highest=1):
        self.send(HELLO, payload=b"LMPD" + struct.pack("<HHI", lowest, highest, self.window))
        frame = self.receive()
        assert frame.kind == HELLO, frame
        magic, self.lowest, self.highest, self.credit = struct.unpack("<4sHHI", frame.payload)
        assert magic == b"LMPD"

    def send(self, kind, stream=0, process=0, request=0, payload=b""):
        self.raw(struct.pack("<IBBHI", len(payload), kind, stream, process, request) + payload)

    def raw(self, data):
        self.socket.sendall(data)

    def fill(self, timeout):
        if not select.select([self.socket], [], [], timeout)[0]:
            lengths = [len(self.output[stream]) for stream in self.output]
            raise TimeoutError(f"nothing for {timeout:.1f} s; so far {lengths} {self.ended} {self.exited}")
        data = self.socket.recv(1 << 18)
        if not data:
            raise Disconnected
        self.buffer += data

    def receive(self, timeout=PATIENCE):
        deadline = time.monotonic() + timeout
        while True:
            if len(self.buffer) >= 12:
                length, kind, stream, process, request = struct.unpack_from("<IBBHI", self.buffer)
                if len(self.buffer) >= 12 + length:
                    payload = self.buffer[12 : 12 + length]
                    self.buffer = self.buffer[12 + length :]
                    return Frame(kind, stream, process, request, payload)
            self.fill(max(0, deadline - time.monotonic()))

    def sort(self, frame):
        self.order.append(frame.kind if frame.process == 0 else (frame.kind, frame.process))
        if frame.process != 0:
            self.processes[frame.process].sort(frame)
        elif frame.kind in (RESULT, FAILURE):
            assert frame.request not in self.answers
            self.answers[frame.request] = (frame.kind, json.loads(frame.payload))
        elif frame.kind == EVENT:
            self.events.append(json.loads(frame.payload))
        elif frame.kind == LOOKUP:
            assert frame.request not in self.lookups
            self.lookups[frame.request] = (frame.stream, frame.payload)
        elif frame.kind == DATA:
            assert frame.stream not in self.ended, "DATA after EOF"
            self.output[frame.stream] += frame.payload
            self.consumed[frame.stream] += len(frame.payload)
            assert self.consumed[frame.stream] <= self.window, "more than the credit"
            if frame.stream not in self.unread and self.consumed[frame.stream] >= self.window / 2:
                self.give(frame.stream)
        elif frame.kind == EOF:
            assert frame.stream not in self.ended, "EOF twice"
            self.ended.add(frame.stream)
        elif frame.kind == CREDIT:
            assert frame.stream == STDIN
            self.credit += struct.unpack("<I", frame.payload)[0]
        elif frame.kind == CLOSED:
            assert frame.stream == STDIN and not self.closed
            self.closed = True
        elif frame.kind == EXITED:
            assert self.exited is None
            self.exited = struct.unpack("<II", frame.payload)
        else:
            raise AssertionError(frame)

    def give(self, stream):
        if self.consumed[stream]:
            self.send(CREDIT, stream, payload=struct.pack("<I", self.consumed[stream]))
        self.consumed[stream] = 0

    def until(self, condition, timeout=PATIENCE):
        deadline = time.monotonic() + timeout
        while not condition():
            self.sort(self.receive(max(0, deadline - time.monotonic())))

    def quiet(self, seconds=0.2):
        """Nothing more comes."""
        try:
            while True:
                self.sort(self.receive(seconds))
        except TimeoutError:
            pass

    def ask(self, method, process_number=0, **members):
        self.number += 1
        self.send(REQUEST, 0, process_number, self.number, json.dumps({"method": method, **members}).encode())
        return self.number

    def ask_exec(self, number, arguments, process=None, size=None, settings=None, **more):
        """Asks for a process; returns it and the number of the request."""
        text = json.dumps({"args": arguments, "cwd": "/", "env": ["PATH=/bin"], **more}) if process is None else process
        self.processes[number] = Process(self, number)
        return self.processes[number], self.ask("exec", number, process=text, **(size or {}), **(settings or {}))

    def exec(self, number, arguments, **more):
        process, asked = self.ask_exec(number, arguments, **more)
        kind, value = self.answer(asked)
        assert kind == RESULT, value
        process.pid = value["pid"]
        return process

    def ask_join(self, number, **members):
        self.processes[number] = Process(self, number)
        return self.processes[number], self.ask("join", number, **members)

    def join(self, number, **members):
        """Another container beside the first, whose init is process `number`."""
        process, asked = self.ask_join(number, **members)
        kind, value = self.answer(asked)
        assert kind == RESULT, value
        process.pid = value["pid"]
        return process

    def join_refused(self, number, **members):
        _, asked = self.ask_join(number, **members)
        kind, value = self.answer(asked)
        del self.processes[number]
        assert kind == FAILURE, value
        return value["code"], value["message"]

    def answer(self, number):
        self.until(lambda: number in self.answers)
        return self.answers.pop(number)

    def exec_refused(self, number, arguments, **more):
        _, asked = self.ask_exec(number, arguments, **more)
        kind, value = self.answer(asked)
        del self.processes[number]
        assert kind == FAILURE, value
        return value["code"], value["message"]

    def call(self, method, **members):
        kind, value = self.answer(self.ask(method, **members))
        assert kind == RESULT, value
        return value

    def refused(self, method, **members):
        """The code and the message of a FAILURE."""
        kind, value = self.answer(self.ask(method, **members))
        assert kind == FAILURE, value
        assert set(value) == {"code", "message"}
        return value["code"], value["message"]

    def end(self):
        """Waits for the end of process 0 and of its streams."""
        self.until(lambda: self.exited is not None and self.ended >= self.streams)
        return self.exited

    streams = {STDOUT, STDERR}

    def close(self):
        self.socket.close()
