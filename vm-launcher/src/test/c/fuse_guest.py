"""
The other end of virtiofsd's socket: vhost-user with one queue in shared memory, and FUSE requests of any kind through it. A guest whose
kernel has been replaced can send all of these, whatever it may mount.
"""

import errno
import mmap
import os
import select
import socket
import struct
import time

LOOKUP, FORGET, GETATTR, SETATTR, READLINK, SYMLINK = 1, 2, 3, 4, 5, 6
MKNOD, MKDIR, UNLINK, RMDIR, RENAME, LINK, OPEN, READ, WRITE, STATFS, RELEASE = 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18
FSYNC, SETXATTR, GETXATTR, LISTXATTR, REMOVEXATTR, FLUSH, INIT, OPENDIR, READDIR = 20, 21, 22, 23, 24, 25, 26, 27, 28
RELEASEDIR, FSYNCDIR, ACCESS, CREATE, DESTROY, FALLOCATE, READDIRPLUS, RENAME2 = 29, 30, 34, 35, 38, 43, 44, 45
LSEEK, COPY_FILE_RANGE, SYNCFS = 46, 47, 50

ROOT = 1
ATTR_MODE, ATTR_UID, ATTR_GID, ATTR_SIZE, ATTR_ATIME, ATTR_MTIME, ATTR_FH = 1, 2, 4, 8, 16, 32, 64

MEMORY = 4 << 20
GUEST_ADDRESS = 0x100000000
USER_ADDRESS = 0x7F0000000000
QUEUE_SIZE = 64
DESCRIPTORS, AVAILABLE, USED = 0x0, 0x1000, 0x2000
REQUEST, ANSWER = 0x10000, 0x200000
ANSWER_SIZE = 1 << 20


class Refused(OSError):
    """virtiofsd's answer is an error."""


class Gone(Exception):
    """virtiofsd has closed the connection, or does not answer any more."""


class Guest:
    def __init__(self, path, patience=20):
        self.patience = patience
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(patience)
        self.socket.connect(path)
        self.memory_file = os.memfd_create("guest")
        os.ftruncate(self.memory_file, MEMORY)
        self.memory = mmap.mmap(self.memory_file, MEMORY)
        self.kicks = [os.eventfd(0), os.eventfd(0)]
        self.calls = [os.eventfd(0), os.eventfd(0)]
        self.count = 0
        self.unique = 0
        # Everything that was ever answered: nothing of the host's may be in it.
        self.heard = bytearray()
        self.handshake()
        self.init()

    def close(self):
        self.socket.close()
        self.memory.close()
        for fd in (self.memory_file, *self.kicks, *self.calls):
            os.close(fd)

    # ---- vhost-user

    def say(self, kind, payload=b"", fds=(), answer=None):
        message = struct.pack("<III", kind, 1, len(payload)) + payload
        socket.send_fds(self.socket, [message], list(fds))
        if answer:
            header = self.socket.recv(12)
            size = struct.unpack("<III", header)[2]
            return struct.unpack(answer, self.socket.recv(size)[: struct.calcsize(answer)])
        return None

    def handshake(self):
        self.say(1, answer="<Q")  # GET_FEATURES
        self.say(3)  # SET_OWNER
        self.say(2, struct.pack("<Q", 1 << 32))  # SET_FEATURES: VERSION_1
        self.say(5, struct.pack("<IIQQQQ", 1, 0, GUEST_ADDRESS, MEMORY, USER_ADDRESS, 0), [self.memory_file])
        for queue in (0, 1):
            # The first is for urgent messages: it exists, and stays empty.
            at = USER_ADDRESS + (0x8000 if queue == 0 else 0)
            self.say(8, struct.pack("<II", queue, QUEUE_SIZE))  # SET_VRING_NUM
            self.say(10, struct.pack("<II", queue, 0))  # SET_VRING_BASE
            self.say(9, struct.pack("<IIQQQQ", queue, 0, at + DESCRIPTORS, at + USED, at + AVAILABLE, 0))
            self.say(13, struct.pack("<Q", queue), [self.calls[queue]])  # SET_VRING_CALL
            self.say(12, struct.pack("<Q", queue), [self.kicks[queue]])  # SET_VRING_KICK

    def exchange(self, request, answered=True):
        """The bytes of a request through the queue, and those of the answer."""
        self.memory[REQUEST : REQUEST + len(request)] = request
        self.memory[ANSWER : ANSWER + 16] = bytes(16)
        # readable, then writable: the header, and what follows it
        places = [(REQUEST, min(40, len(request)), 0)]
        if len(request) > 40:
            places.append((REQUEST + 40, len(request) - 40, 0))
        if answered:
            places += [(ANSWER, 16, 2), (ANSWER + 16, ANSWER_SIZE, 2)]
        for at, (address, length, flags) in enumerate(places):
            more = at + 1 < len(places)
            struct.pack_into("<QIHH", self.memory, DESCRIPTORS + 16 * at, GUEST_ADDRESS + address, length,
                             flags | more, at + 1 if more else 0)
        struct.pack_into("<H", self.memory, AVAILABLE + 4 + 2 * (self.count % QUEUE_SIZE), 0)
        self.count += 1
        struct.pack_into("<H", self.memory, AVAILABLE + 2, self.count & 0xFFFF)
        try:
            os.eventfd_write(self.kicks[1], 1)
        except OSError as error:
            raise Gone from error
        deadline = time.monotonic() + self.patience
        while struct.unpack_from("<H", self.memory, USED + 2)[0] != self.count & 0xFFFF:
            ready, _, _ = select.select([self.calls[1], self.socket], [], [], max(0.0, deadline - time.monotonic()))
            if self.calls[1] in ready:
                os.eventfd_read(self.calls[1])
            elif self.socket in ready:
                raise Gone("the connection is closed")
            elif not ready:
                raise Gone("no answer")
        size = struct.unpack_from("<I", self.memory, ANSWER)[0]
        answer = bytes(self.memory[ANSWER : ANSWER + min(max(size, 16), ANSWER_SIZE)])
        self.heard += answer
        return answer

    # ---- FUSE

    def ask(self, opcode, node, payload=b"", answered=True, uid=0, gid=0, length=None):
        self.unique += 1
        size = 40 + len(payload) if length is None else length
        header = struct.pack("<IIQQIIII", size, opcode, self.unique, node & (1 << 64) - 1, uid, gid, 1, 0)
        answer = self.exchange(header + payload, answered)
        if not answered:
            return b""
        error = struct.unpack_from("<i", answer, 4)[0]
        if error:
            raise Refused(-error, os.strerror(-error))
        return answer[16:]

    def init(self):
        # 7.31; every flag that virtiofsd may know
        self.ask(INIT, 0, struct.pack("<IIII", 7, 31, 1 << 17, 0xFFFFFFFF & ~(1 << 30)))

    def lookup(self, parent, name):
        return struct.unpack_from("<Q", self.ask(LOOKUP, parent, cstring(name)))[0]

    def walk(self, *names):
        node = ROOT
        for name in names:
            node = self.lookup(node, name)
        return node

    def open(self, node, flags):
        return struct.unpack_from("<Q", self.ask(OPEN, node, struct.pack("<II", flags, 0)))[0]

    def open_directory(self, node, flags=os.O_RDONLY):
        return struct.unpack_from("<Q", self.ask(OPENDIR, node, struct.pack("<II", flags, 0)))[0]

    def read(self, node, handle, size=4096, offset=0, opcode=READ):
        return self.ask(opcode, node, struct.pack("<QQIIQII", handle, offset, size, 0, 0, 0, 0))

    def write(self, node, handle, data, offset=0):
        return self.ask(WRITE, node, struct.pack("<QQIIQII", handle, offset, len(data), 0, 0, 0, 0) + data)

    def create(self, parent, name, flags=os.O_RDWR, mode=0o644):
        answer = self.ask(CREATE, parent, struct.pack("<IIII", flags, mode | 0o100000, 0, 0) + cstring(name))
        return struct.unpack_from("<Q", answer)[0], struct.unpack_from("<Q", answer, 128)[0]

    def mkdir(self, parent, name, mode=0o755):
        return struct.unpack_from("<Q", self.ask(MKDIR, parent, struct.pack("<II", mode, 0) + cstring(name)))[0]

    def mknod(self, parent, name, mode, device=0):
        return struct.unpack_from(
            "<Q", self.ask(MKNOD, parent, struct.pack("<IIII", mode, device, 0, 0) + cstring(name)))[0]

    def symlink(self, parent, name, target):
        return struct.unpack_from("<Q", self.ask(SYMLINK, parent, cstring(name) + cstring(target)))[0]

    def link(self, node, parent, name):
        return self.ask(LINK, parent, struct.pack("<Q", node & (1 << 64) - 1) + cstring(name))

    def rename(self, parent, name, new_parent, new_name, flags=0):
        names = cstring(name) + cstring(new_name)
        return self.ask(RENAME2, parent, struct.pack("<QII", new_parent & (1 << 64) - 1, flags, 0) + names)

    def unlink(self, parent, name):
        return self.ask(UNLINK, parent, cstring(name))

    def rmdir(self, parent, name):
        return self.ask(RMDIR, parent, cstring(name))

    def set_attributes(self, node, valid, size=0, mode=0, uid=0, gid=0, time_=0, handle=0):
        return self.ask(SETATTR, node, struct.pack("<IIQQQQQQIIIIIIII", valid, 0, handle, size, 0, time_, time_, 0, 0, 0, 0,
                                                   mode, 0, uid, gid, 0))

    def set_xattr(self, node, name, value):
        return self.ask(SETXATTR, node, struct.pack("<II", len(value), 0) + cstring(name) + value)

    def forget(self, node, count=1):
        self.ask(FORGET, node, struct.pack("<Q", count), answered=False)


def cstring(text):
    return (text if isinstance(text, bytes) else text.encode()) + b"\0"


def attempt(function, *arguments, **keywords):
    """What it returns, or the number of the error."""
    try:
        return function(*arguments, **keywords)
    except Refused as refused:
        return -(refused.errno or errno.EIO)
