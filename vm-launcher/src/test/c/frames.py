"""Frames of docs/protocol.md over a connected socket, and plans of docs/shim.md, as the tests need them."""

import collections
import json
import socket
import struct
import time

HELLO, REQUEST, RESULT, FAILURE, EVENT = 0x01, 0x10, 0x11, 0x12, 0x13
DATA, EOF, CREDIT, CLOSED = 0x20, 0x21, 0x22, 0x23
EXITED, SIGNAL, RESIZE, LOOKUP, ANSWER = 0x30, 0x31, 0x32, 0x33, 0x34
LAUNCHED, COMMIT, COMMITTED, ATTACH, ATTACHED, WATCH, WATCHING = 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46
REFRESH_ROOT, ROOT_REFRESHED = 0x47, 0x48
STDIN, STDOUT, STDERR = 0, 1, 2
DATA_MAX = 32768
PATIENCE = 20

Frame = collections.namedtuple("Frame", "kind stream process request payload")


class Disconnected(Exception):
    pass


class Link:
    """One end of a link; blocks, but never longer than PATIENCE."""

    def __init__(self, connected, window=65536):
        self.socket = connected
        self.socket.settimeout(PATIENCE)
        self.window = window
        self.buffer = bytearray()

    def close(self):
        self.socket.close()

    def raw(self, data):
        self.socket.sendall(data)

    @staticmethod
    def frame(kind, stream=0, process=0, request=0, payload=b""):
        return struct.pack("<IBBHI", len(payload), kind, stream, process, request) + payload

    def send(self, *what, **more):
        self.raw(self.frame(*what, **more))

    def send_hello(self, lowest=1, highest=1):
        self.send(HELLO, payload=b"LMPD" + struct.pack("<HHI", lowest, highest, self.window))

    def receive_hello(self):
        frame = self.receive()
        assert frame.kind == HELLO, frame
        magic, lowest, highest, credit = struct.unpack("<4sHHI", frame.payload)
        assert magic == b"LMPD" and (lowest, highest) == (1, 1), frame
        return credit

    def send_json(self, kind, request, value):
        self.send(kind, request=request, payload=json.dumps(value).encode())

    def pop(self):
        """A frame of what has been read, or None."""
        if len(self.buffer) < 12:
            return None
        length, kind, stream, process, request = struct.unpack_from("<IBBHI", self.buffer)
        if len(self.buffer) < 12 + length:
            return None
        payload = bytes(self.buffer[12 : 12 + length])
        del self.buffer[: 12 + length]
        return Frame(kind, stream, process, request, payload)

    def fill(self):
        try:
            data = self.socket.recv(1 << 18)
        except ConnectionResetError:
            data = b""
        if not data:
            raise Disconnected
        self.buffer += data

    def receive(self, patience=PATIENCE):
        deadline = time.monotonic() + patience
        while (frame := self.pop()) is None:
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            self.fill()
        self.socket.settimeout(PATIENCE)
        return frame


def connect(path, window=65536):
    """path may be longer than an address: the caller's working directory is beside it."""
    connected = socket.socket(socket.AF_UNIX)
    connected.settimeout(PATIENCE)
    connected.connect(path)
    return Link(connected, window)


def plan(*records):
    """The bytes of a plan."""
    out = bytearray()
    for fields in records:
        out += struct.pack("<I", len(fields))
        for field in fields:
            data = field if isinstance(field, bytes) else str(field).encode()
            out += struct.pack("<I", len(data)) + data
    return bytes(out)
