"""
limpid-shim from outside: the test is the verb and the caller, fake_hypervisor.py is QEMU and the guest.
usage: test_shim.py <shim with sanitizers> <shim as delivered> [test…]
"""

import contextlib
import ctypes
import errno
import fcntl
import hashlib
import json
import os
import pty
import random
import re
import select
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import tty
import unittest

import fuse_guest as fuse  # noqa: E402
from frames import *  # noqa: F403

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = sys.executable
CHECKED, DELIVERED = sys.argv[1:3]
VIRTIOFSD = "/usr/lib/qemu/virtiofsd"
QEMU = "/usr/bin/qemu-system-x86_64"
DIES_AT_ONCE = 5


LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
LANDLOCK_CREATE_RULESET = 444
LANDLOCK = LIBC.syscall(LANDLOCK_CREATE_RULESET, None, 0, 1)  # its ABI, or -1


class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]


def without_landlock():
    """This process and its children run on a kernel that has none, as far as they can tell."""
    code = b"".join(struct.pack("<HBBI", *instruction) for instruction in (
        (0x20, 0, 0, 0),  # the number of the system call
        (0x15, 0, 1, LANDLOCK_CREATE_RULESET),
        (0x06, 0, 0, 0x00050000 | errno.ENOSYS),
        (0x06, 0, 0, 0x7FFF0000),
    ))
    program = Filter(len(code) // 8, ctypes.cast(code, ctypes.c_void_p))
    LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program))


def dying_with_the_test(and_then):
    """What a shim does before it is one: a test that is killed leaves none behind."""

    def prepare():
        LIBC.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if and_then:
            and_then()

    return prepare


def wait_until(condition, what, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience} s: {what}")
        time.sleep(0.005)
    return value


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def working_in(directory):
    """Processes other than this one whose working directory it is."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{entry}/cwd") == directory and is_alive(int(entry)):
                found.append((int(entry), contents(f"/proc/{entry}/comm").strip()))
    return found


def contents(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def read_all(fd, size=None):
    out = bytearray()
    while size is None or len(out) < size:
        try:
            data = os.read(fd, 1 << 16)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            break
        if not data:
            break
        out += data
    return bytes(out)


CLONE_NEWNET = 0x40000000


def in_network(pid, function):
    """What the function returns if it is called in the network namespace of a process."""
    results = []

    def enter():
        with open(f"/proc/{pid}/ns/net", "rb") as namespace:
            if LIBC.setns(namespace.fileno(), CLONE_NEWNET) == 0:
                results.append(function())

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    return results[0]


def network_of_its_own():
    """For a process that is to think that this is the host's."""
    if LIBC.unshare(CLONE_NEWNET) < 0:
        os._exit(1)
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fcntl.ioctl(probe, 0x8914, struct.pack("16sH14x", b"lo", 1))  # SIOCSIFFLAGS: up
    probe.close()


class Container:
    """A container's directory, its shim, and the verb that creates it."""

    def __init__(self, test, behaviour="wait", *options, records=(), deep=False, shim=None, **popen):
        self.test = test
        self.shim = shim or CHECKED
        self.behaviour = (behaviour, *options)
        self.records = list(records)
        self.popen = {**popen, "preexec_fn": dying_with_the_test(popen.get("preexec_fn"))}
        self.top = tempfile.mkdtemp(prefix="limpid-shim-test-")
        self.directory = os.path.join(self.top, *(["d" * 100, "e" * 100] if deep else []), "c")
        os.makedirs(self.directory)
        self.descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.at("create.sock"))
        self.listener.listen(1)
        self.listener.settimeout(PATIENCE)
        self.notebook = socket.socket(socket.AF_UNIX)
        self.notebook.bind(self.at("notes.sock"))
        self.notebook.listen(1)
        self.notebook.setblocking(False)
        self.notebook_of_one = False
        self.noted_so_far = b""
        self.process = self.link = None
        self.pids = []
        self.errors = tempfile.TemporaryFile()
        test.addCleanup(self.clean_up)

    def at(self, name):
        """A path short enough for a socket's address."""
        return f"/proc/self/fd/{self.descriptor}/{name}"

    def path(self, name):
        return os.path.join(self.directory, name)

    def hypervisor(self):
        return ("hypervisor", PYTHON, os.path.join(HERE, "fake_hypervisor.py"), *self.behaviour)

    def write_plan(self, data=None, mode=0o600):
        if data is None:
            records = [("directory", self.directory), *self.records]
            if not any(record[0] == "hypervisor" for record in records):
                records.append(self.hypervisor())
            data = plan(*records)
        with open(self.path("plan"), "wb") as out:
            os.fchmod(out.fileno(), mode)
            out.write(data)

    def spawn(self, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=None, data=None, mode=0o600,
              **popen):
        self.write_plan(data, mode)
        environment = dict(os.environ)
        if any(record[0] == "terminal" for record in self.records):
            # the leak detector stops the process to look at it, which a hang-up of the terminal can prevent for good
            environment["ASAN_OPTIONS"] = "detect_leaks=0"
        self.process = subprocess.Popen([self.shim, "run", self.path("plan")], stdin=stdin, stdout=stdout,
                                        stderr=self.errors if stderr is None else stderr, env=environment,
                                        **popen, **self.popen)

    def greet(self):
        accepted, _ = self.listener.accept()
        self.listener.close()
        os.unlink(self.at("create.sock"))
        self.link = Link(accepted)
        self.link.receive_hello()
        self.link.send_hello()

    def launched(self):
        frame = self.link.receive()
        self.test.assertEqual(LAUNCHED, frame.kind, frame)
        self.pids = [pid for pid in struct.unpack("<II", frame.payload) if pid]

    def request(self, method, link=None, **members):
        link = link or self.link
        link.send_json(REQUEST, 77, {"method": method, **members})
        frame = link.receive()
        self.test.assertIn(frame.kind, (RESULT, FAILURE), frame)
        if frame.request != 0:
            self.test.assertEqual(77, frame.request)
        return frame.kind, json.loads(frame.payload)

    def commit(self):
        self.link.send(COMMIT)
        self.test.assertEqual(COMMITTED, self.link.receive().kind)

    def create(self, **spawn):
        self.spawn(**spawn)
        self.greet()
        self.launched()
        for method in ("prepare", "create"):
            self.test.assertEqual((RESULT, {"did": method}), self.request(method))
        self.commit()
        self.link.close()

    def connect(self):
        link = self.dial()
        link.send_hello()
        link.receive_hello()
        return link

    def dial(self):
        link = connect(self.at("shim.sock"))
        self.test.addCleanup(link.close)
        return link

    def start(self):
        link = self.connect()
        self.test.assertEqual((RESULT, {"did": "start"}), self.request("start", link))
        link.close()

    def run(self, **spawn):
        self.create(**spawn)
        self.start()

    def wait(self, patience=PATIENCE):
        return self.process.wait(patience)

    def read(self, name):
        with open(self.at(name), encoding="utf-8") as file:
            return file.read()

    def notes(self):
        """What the hypervisor has written down."""
        with contextlib.suppress(BlockingIOError, ConnectionResetError):
            if not self.notebook_of_one:
                accepted, _ = self.notebook.accept()
                self.notebook.close()
                self.notebook, self.notebook_of_one = accepted, True
                accepted.setblocking(False)
            while data := self.notebook.recv(1 << 16):
                self.noted_so_far += data
        return self.noted_so_far.decode().split("\n")[:-1]

    def noted(self, what):
        wait_until(lambda: what in self.notes(), f"note {what!r} in {self.notes()}")

    def assert_nothing_left(self, *but):
        for pid in self.pids:
            wait_until(lambda: not is_alive(pid), f"end of {pid}", DIES_AT_ONCE)
        allowed = {"notes.sock", "shared", "exit", *but}
        self.test.assertLessEqual(set(os.listdir(self.directory)), allowed)

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode()

    def clean_up(self):
        said = self.said()
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in self.pids:
            wait_until(lambda: not is_alive(pid), f"end of {pid}", DIES_AT_ONCE)
        wait_until(lambda: not working_in(self.directory), "no process is left", DIES_AT_ONCE)
        os.close(self.descriptor)
        shutil.rmtree(self.top)
        if self.link:
            self.link.close()
        self.listener.close()
        self.notebook.close()
        self.errors.close()
        self.test.assertNotIn("Sanitizer", said, said)
        self.test.assertNotIn("runtime error", said, said)


class Exec:
    """An exec shim in a container's directory, and its verb."""

    count = 0

    def __init__(self, container, process="exit 0", *records, shim=None, **popen):
        Exec.count += 1
        self.test = container.test
        self.container = container
        self.words = process
        self.name = f"exec-{Exec.count}.sock"
        self.shim = shim or container.shim
        self.records = records
        self.popen = {**popen, "preexec_fn": dying_with_the_test(popen.get("preexec_fn"))}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(container.at(self.name))
        self.listener.listen(1)
        self.listener.settimeout(PATIENCE)
        self.link = self.process = None
        self.errors = tempfile.TemporaryFile()
        self.test.addCleanup(self.clean_up)

    def spawn(self, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=None):
        path = self.container.path(f"plan-{Exec.count}")
        with open(path, "wb") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(plan(("directory", self.container.directory), ("verb", self.name), *self.records))
        return self.start("exec", path, stdin, stdout, stderr)

    def start(self, kind, path, stdin, stdout, stderr):
        environment = dict(os.environ)
        if any(record[0] == "terminal" for record in self.records):
            environment["ASAN_OPTIONS"] = "detect_leaks=0"
        self.process = subprocess.Popen([self.shim, kind, path], stdin=stdin, stdout=stdout,
                                        stderr=self.errors if stderr is None else stderr, env=environment,
                                        **self.popen)
        return self

    def greet(self):
        accepted, _ = self.listener.accept()
        self.listener.close()
        os.unlink(self.container.at(self.name))
        self.link = Link(accepted)
        self.link.receive_hello()
        self.link.send_hello()
        return self

    def ask(self):
        self.link.send_json(REQUEST, 5, {"method": "exec", "process": self.words})

    def begin(self, **spawn):
        """Up to COMMIT."""
        self.spawn(**spawn).greet()
        self.ask()
        frame = self.link.receive()
        self.test.assertEqual((RESULT, 5, {"pid": 4711}), (frame.kind, frame.request, json.loads(frame.payload)))
        return self

    def commit(self):
        self.link.send(COMMIT)
        frame = self.link.receive()
        self.test.assertEqual(COMMITTED, frame.kind, frame)
        self.link.close()
        return self

    def run(self, **spawn):
        return self.begin(**spawn).commit()

    def refused(self):
        """Up to the FAILURE about the whole link, or the launch."""
        frame = self.link.receive()
        self.test.assertEqual((FAILURE, 0), (frame.kind, frame.request), frame)
        return json.loads(frame.payload)

    def wait(self, patience=PATIENCE):
        return self.process.wait(patience)

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode()

    def clean_up(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process:
            for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
                if stream:
                    stream.close()
        said = self.said()
        self.errors.close()
        self.listener.close()
        if self.link:
            self.link.close()
        self.test.assertNotIn("Sanitizer", said, said)
        self.test.assertNotIn("runtime error", said, said)


# Ends when who has connected leaves, or nobody can connect any more.
SERVING = """
import socket, sys
print("last words", flush=True)
listener = socket.socket(fileno=3)
accepted, _ = listener.accept()
accepted.send(b"x")
accepted.recv(1)
"""


class Join(Exec):
    """The shim of a container in another one's VM, with a directory of its own, and its verb."""

    def __init__(self, container, process="exit 0", *records, virtiofsd=(PYTHON, "-c", SERVING), **popen):
        self.directory = tempfile.mkdtemp(prefix="limpid-shim-test-")
        container.test.addCleanup(shutil.rmtree, self.directory)
        self.virtiofsd = virtiofsd
        super().__init__(container, process, *records, **popen)
        self.listener.close()
        os.unlink(container.at(self.name))
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path("create.sock"))
        self.listener.listen(1)
        self.listener.settimeout(PATIENCE)
        self.children = []

    def path(self, name):
        return os.path.join(self.directory, name)

    def spawn(self, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=None):
        with open(self.path("plan"), "wb") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(plan(("directory", self.directory), ("sandbox", self.container.directory),
                           ("virtiofsd", *self.virtiofsd), *self.records))
        return self.start("join", self.path("plan"), stdin, stdout, stderr)

    def greet(self):
        accepted, _ = self.listener.accept()
        self.listener.close()
        os.unlink(self.path("create.sock"))
        self.link = Link(accepted)
        self.link.receive_hello()
        self.link.send_hello()
        return self

    def launched(self):
        frame = self.link.receive()
        self.test.assertEqual(LAUNCHED, frame.kind, frame)
        hypervisor, virtiofsd = struct.unpack("<II", frame.payload)
        self.test.assertEqual(0, hypervisor)
        self.children = [virtiofsd]
        return self

    def ask(self):
        self.launched()
        self.link.send_json(REQUEST, 5, {"method": "join", "process": self.words})

    def plug(self):
        """What QEMU does."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self.path("virtiofsd.sock"))
        connection.recv(1)
        self.test.addCleanup(connection.close)
        return connection

    def left(self):
        """What is in its directory, when nothing of it runs any more."""
        for child in self.children:
            wait_until(lambda: not is_alive(child), f"end of {child}", DIES_AT_ONCE)
        return sorted(os.listdir(self.directory))

    def exit_file(self):
        return contents(self.path("exit"))


class Case(unittest.TestCase):
    def container(self, *arguments, **keywords):
        return Container(self, *arguments, **keywords)

    @contextlib.contextmanager
    def loop_device(self):
        """A block device over a file of zeros, and its numbers."""
        with tempfile.NamedTemporaryFile(prefix="limpid-shim-disk-") as file:
            file.truncate(1 << 20)
            device = subprocess.run(["losetup", "--find", "--show", file.name], capture_output=True, check=True,
                                    text=True).stdout.strip()
            try:
                number = os.stat(device).st_rdev
                yield device, f"{os.major(number)}:{os.minor(number)}"
            finally:
                subprocess.run(["losetup", "--detach", device], check=True)

    @contextlib.contextmanager
    def file_of_root(self):
        with tempfile.TemporaryDirectory(prefix="limpid-shim-image-") as directory:
            path = f"{directory}/image"
            with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                file.write("image")
            self.assertEqual((0, 0o600), (os.stat(path).st_uid, os.stat(path).st_mode & 0o7777))
            yield path

    def attack(self, commands, **keywords):
        container = self.container("attack", "commands=" + json.dumps(commands).encode().hex(), **keywords)
        container.run()
        self.assertEqual(0, container.wait(60))
        verdicts = [note.removeprefix("attack ") for note in container.notes() if note.startswith("attack ")]
        self.assertEqual(len(commands), len(verdicts))
        return verdicts

    def fails_to_launch(self, container, pattern, **spawn):
        container.spawn(**spawn)
        container.greet()
        frame = container.link.receive()
        while frame.kind == LAUNCHED:
            frame = container.link.receive()
        self.assertEqual((FAILURE, 0), (frame.kind, frame.request))
        failure = json.loads(frame.payload)
        self.assertEqual("launch", failure["code"])
        self.assertRegex(failure["message"], pattern)
        self.assertEqual(1, container.wait())
        container.assert_nothing_left()


class Creation(Case):
    def test_create_start_exit(self):
        container = self.container("exit", "status=42")
        container.run()
        self.assertEqual(42, container.wait())
        self.assertEqual("exited 42\n", container.read("exit"))
        container.assert_nothing_left()

    def test_plan_is_removed_and_sockets_are_private(self):
        container = self.container()
        container.create()
        self.assertNotIn("plan", os.listdir(container.directory))
        for name in ("shim.sock", "qmp.sock"):
            self.assertEqual(0o700, os.stat(container.path(name)).st_mode & 0o7777)

    def test_killed_by_signal(self):
        container = self.container("exit", "signal=9")
        container.run()
        self.assertEqual(137, container.wait())
        self.assertEqual("signaled 9\n", container.read("exit"))

    def test_directory_with_a_long_path(self):
        container = self.container("exit", "status=1", deep=True)
        container.run()
        self.assertEqual(1, container.wait())
        container.assert_nothing_left()

    def test_requests_wait_for_the_agent(self):
        container = self.container("exit", "boot=0.3")
        container.spawn()
        container.greet()
        container.launched()
        for number in (5, 6, 7):
            container.link.send_json(REQUEST, number, {"method": "prepare"})
        self.assertEqual([5, 6, 7], [container.link.receive().request for _ in range(3)])

    def test_verb_that_ends_before_commit(self):
        for when in ("greeting", "launched", "prepared"):
            with self.subTest(when):
                container = self.container()
                container.spawn()
                container.greet()
                if when != "greeting":
                    container.launched()
                if when == "prepared":
                    container.request("prepare")
                container.link.close()
                self.assertEqual(1, container.wait())
                self.assertNotIn("exit", os.listdir(container.directory))
                container.assert_nothing_left()

    def test_signal_before_commit(self):
        container = self.container()
        container.spawn()
        container.greet()
        container.launched()
        container.process.send_signal(signal.SIGCONT)
        container.request("prepare")
        container.process.send_signal(signal.SIGTERM)
        frame = container.link.receive()
        self.assertEqual((FAILURE, 0), (frame.kind, frame.request))
        self.assertRegex(json.loads(frame.payload)["message"], "signal 15")
        self.assertEqual(1, container.wait())
        container.assert_nothing_left()

    def test_nobody_listens(self):
        container = self.container()
        container.listener.close()
        container.spawn()
        self.assertEqual(1, container.wait())
        self.assertRegex(container.said(), "^limpid-shim: create.sock: Connection refused")

    def test_other_version(self):
        container = self.container()
        container.spawn()
        accepted, _ = container.listener.accept()
        container.link = Link(accepted)
        container.link.send_hello(2, 3)
        container.link.receive_hello()
        frame = container.link.receive()
        while frame.kind == LAUNCHED:
            frame = container.link.receive()
        self.assertEqual((FAILURE, 0), (frame.kind, frame.request))
        self.assertRegex(json.loads(frame.payload)["message"], "versions 2 to 3")
        self.assertEqual(1, container.wait())

    def test_what_cannot_be_launched(self):
        cases = [
            ("QEMU: /nowhere/qemu: exec: No such file", [("hypervisor", "/nowhere/qemu")]),
            ("virtiofsd: /nowhere/virtiofsd: exec: No such file", [("virtiofsd", "/nowhere/virtiofsd")]),
            ("network: /nowhere/ns: No such file", [("network", "join", "/nowhere/ns")]),
            ("network: /dev/null can't be entered: Invalid argument", [("network", "join", "/dev/null")]),
            ("bind: /nowhere: No such file", [("share", "shared"), ("bind", "/nowhere", "a", "bind")]),
            ("bind: /dev/null: neither a directory", [("share", "shared"), ("bind", "/dev/null", "a", "bind")]),
            ("upper: no-such-upper: No such file",
             [("share", "shared"), ("upper", "/etc", "no-such-upper", "no-such-work", "a")]),
            ("disk: /nowhere/disk: No such file", [("disk", "/nowhere/disk", "7:0", "ro")]),
            ("disk: /dev/null is not the block device 1:3", [("disk", "/dev/null", "1:3", "ro")]),
            ("disk: /etc is not the block device 7:0", [("disk", "/etc", "7:0", "rw")]),
            ("file: /nowhere/file: No such file", [("file", "/nowhere/file")]),
            ("file: /etc: Is a directory", [("file", "/etc")]),
            ("file: /dev/null is not a regular file", [("file", "/dev/null")]),
            ("file: /etc/passwd is not for its owner alone", [("file", "/etc/passwd")]),
            ("memory: /nowhere/memory: No such file", [("memory", "4096", "/nowhere/memory"), ("state", "/etc/passwd")]),
            ("memory: /etc: not a regular file", [("memory", "4096", "/etc"), ("state", "/etc/passwd")]),
            ("memory: /etc/passwd: [0-9]+ bytes, not 1099511627776",
             [("memory", "1099511627776", "/etc/passwd"), ("state", "/etc/passwd")]),
            # both are there before either is looked at
            ("state: /nowhere/state: No such file",
             [("memory", "1099511627776", "/etc/passwd"), ("state", "/nowhere/state")]),
            ("confine: shared/a: No such file",
             [("share", "shared"), ("confine", "a", "rw"), ("virtiofsd", "/bin/true")]),
            ("terminal: standard input is not a terminal", [("terminal", "inherit")]),
            ("^/nowhere/console: No such file", [("terminal", "socket", "/nowhere/console")]),
            ("^/etc/passwd: Connection refused", [("terminal", "socket", "/etc/passwd")]),
            ("^/etc: Connection refused", [("terminal", "socket", "/etc")]),
            # before anything is started
            ("^/nowhere/console: ", [("terminal", "socket", "/nowhere/console"), ("hypervisor", "/nowhere/qemu")]),
            ("log: /nowhere/log: No such file", [("log", "/nowhere/log", "json")]),
        ]
        for pattern, records in cases:
            with self.subTest(pattern):
                self.fails_to_launch(self.container(records=records), pattern)

    def test_plans_that_are_refused(self):
        for data, mode, pattern in (
            (b"", 0o600, "0 bytes"),
            (b"x" * 100, 0o600, "fields"),
            (None, 0o666, "others may have written it"),
            (plan(("hypervisor", "/bin/true")), 0o600, "no directory"),
        ):
            with self.subTest(pattern):
                container = self.container()
                container.spawn(data=data, mode=mode)
                self.assertEqual(1, container.wait())
                self.assertRegex(container.said(), "^limpid-shim: .*" + pattern)

    def test_usage(self):
        for arguments in ([], ["run"], ["exec"], ["walk", "x"], ["run", "a", "b"], ["hook"], ["hook", "/bin/true"], ["survey"]):
            result = subprocess.run([CHECKED, *arguments], capture_output=True, check=False)
            self.assertEqual((2, b""), (result.returncode, result.stdout))
            self.assertRegex(result.stderr, b"^usage: limpid-shim run <plan file>\n")

    def test_survey(self):
        """What an image must hold, or what it can't."""
        def survey(directory):
            result = subprocess.run([CHECKED, "survey", directory], capture_output=True, check=False)
            self.assertEqual(b"", result.stderr)
            return result.returncode, result.stdout.decode()

        with tempfile.TemporaryDirectory() as directory:
            self.assertEqual((1, f"{directory}/none: No such file or directory\n"), survey(directory + "/none"))
            layer = os.path.join(directory, "layer")
            os.mkdir(layer)
            self.assertEqual((0, "1 96 0\n"), survey(layer))
            os.symlink("/nowhere", layer + "/link")
            self.assertEqual((0, f"2 {2 * 96 + 4096} 0\n"), survey(layer))
            with open(layer + "/sparse", "wb") as file:
                file.truncate(1 << 30)
            entries, bytes_, holes = survey(layer)[1].split()
            self.assertEqual("3", entries)
            self.assertEqual(3 * 96 + 4096 + (1 << 30), int(bytes_))
            self.assertTrue((1 << 30) - 65536 <= int(holes) <= 1 << 30, holes)
            with open(layer + "/" + "n" * 255, "wb"):
                pass
            status, said = survey(layer)
            self.assertEqual((3, f"{layer}/{'n' * 255}: its name has more than 254 bytes\n"), (status, said))

    def test_hook(self):
        """Another program, under another name, that dies with who has started it."""
        result = subprocess.run([CHECKED, "hook", "/bin/sh", "-name", "-c", "echo $0 $#; exit 3", "zero", "one"],
                                capture_output=True, check=False)
        self.assertEqual((3, b"zero 1\n", b""), (result.returncode, result.stdout, result.stderr))
        result = subprocess.run([CHECKED, "hook", "/nowhere/hook", "name"], capture_output=True, check=False)
        self.assertEqual((127, b"/nowhere/hook: No such file or directory\n"), (result.returncode, result.stderr))
        starter = subprocess.Popen([PYTHON, "-c", "import subprocess, sys, time;"
                                    "print(subprocess.Popen(sys.argv[1:]).pid, flush=True); time.sleep(60)",
                                    CHECKED, "hook", "/bin/sleep", "a-name", "60"], stdout=subprocess.PIPE)
        pid = int(starter.stdout.readline())
        wait_until(lambda: contents(f"/proc/{pid}/cmdline") == "a-name\x0060\x00", "the hook has its name")
        starter.kill()
        starter.wait()
        starter.stdout.close()
        wait_until(lambda: not is_alive(pid), "end of the hook", DIES_AT_ONCE)


class Children(Case):
    def test_descriptors_and_surroundings(self):
        container = self.container("exit", "descriptors")
        read, write = os.pipe()
        os.set_inheritable(write, True)
        container.run(stdout=subprocess.PIPE, pass_fds=[write])
        os.close(write)
        self.assertEqual(b"", read_all(read))
        os.close(read)
        container.process.stdout.close()
        container.wait()
        found = json.loads(container.notes()[0])
        self.assertEqual(["0", "1", "2", "3", "4", "5"], sorted(found["names"]))
        self.assertEqual("/dev/null", found["names"]["0"])
        self.assertEqual(found["names"]["1"], found["names"]["2"])
        for number in "345":
            self.assertRegex(found["names"][number], "^socket:")
        self.assertEqual(container.directory, found["cwd"])
        self.assertTrue(found["sid"])
        self.assertEqual("0000000000000000", found["status"]["SigBlk"])

    def test_hypervisor_has_no_privileges(self):
        """It is root's, but nothing more."""
        container = self.container("exit", "descriptors")
        container.run()
        container.wait()
        status = json.loads(container.notes()[0])["status"]
        for which in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual("0000000000000000", status[which], which)
        self.assertEqual("1", status["NoNewPrivs"])
        self.assertEqual(["0"] * 4, status["Uid"].split())

    def test_hypervisor_under_attack(self):
        with self.file_of_root() as image:
            attacks = [
                f"echo x > {image}", f"truncate -s 0 {image}", f"rm {image}", f"mv {image} {image}.moved",
                f"ln {image} {image}.hard", f"ln -s x {image}.link", f"mkdir {image}.d", f"mkfifo {image}.pipe",
                f"chown 5 {image}", f"chmod 777 {image}", f"touch {image}", "echo x > exit",
                "rm notes.sock", "touch /tmp/limpid-shim-escape",
                "echo x > /dev/shm/limpid-shim-escape", "mknod /dev/limpid-shim-disk b 7 200",
                "echo x > /proc/sys/kernel/domainname", "mount -t tmpfs none /mnt", "unshare -m true", "chroot / true",
                "setpriv --reuid 5 true", "nsenter -t 1 -m true",
            ]
            for attack, verdict in zip(attacks, self.attack(attacks)):
                self.assertRegex(verdict, "^no", attack)
            self.assertEqual("image", contents(image))
        self.assertFalse(os.path.exists("/tmp/limpid-shim-escape"))

    def test_disks_are_opened_for_the_hypervisor(self):
        with self.loop_device() as (first, first_number), self.loop_device() as (second, second_number):
            records = [("disk", first, first_number, "rw"), ("disk", second, second_number, "ro")]
            verdicts = self.attack([
                "echo written >&6", "echo written >&7", "head -c 1 <&7 | wc -c", "readlink /proc/self/fd/6 /proc/self/fd/7",
                f"echo x > {first}", f"echo x > {second}"], records=records)
            with open(first, "rb") as disk:
                self.assertEqual(b"written\n", disk.read(8))
        for expected, verdict in zip(["ok", "no", "ok 1", f"ok {first}.*{second}", "no", "no"], verdicts):
            self.assertRegex(verdict, "(?s)^" + expected)

    def test_disks_that_cannot_be_had(self):
        with self.loop_device() as (device, number), tempfile.TemporaryDirectory() as scratch:
            records = [("disk", device, number, "rw")]
            link = f"{scratch}/link"
            os.symlink(device, link)
            self.fails_to_launch(self.container(records=[("disk", link, number, "rw")]), f"disk: {link} is not the block")
            self.fails_to_launch(self.container(records=[("disk", device, "7:4000", "ro")]),
                                 f"disk: {device} is not the block device 7:4000")
            first = self.container(records=records)
            first.run()
            self.fails_to_launch(self.container(records=records), f"disk: {device} is in use")
            # To read it, nobody needs it alone.
            second = self.container("exit", records=[("disk", device, number, "ro")])
            second.run()
            self.assertEqual(0, second.wait())

    def test_a_file_is_opened_for_the_hypervisor(self):
        with self.loop_device() as (device, number), self.file_of_root() as file:
            verdicts = self.attack([
                "echo written >&7", "head -c 1 <&6 | wc -c", "readlink /proc/self/fd/6 /proc/self/fd/7", f"echo x > {file}",
                "fallocate -p -o 0 -l 4096 /proc/self/fd/7", f"truncate -s 0 {file}"],
                records=[("file", file), ("disk", device, number, "ro")])
            self.assertEqual("written\n", contents(file))
        for expected, verdict in zip(["ok", "ok 1", f"ok {device}.*{file}", "no", "no", "no"], verdicts):
            self.assertRegex(verdict, "(?s)^" + expected)

    def test_a_file_that_cannot_be_had(self):
        with self.file_of_root() as file:
            os.symlink(file, f"{file}.link")
            self.fails_to_launch(self.container(records=[("file", f"{file}.link")]), f"file: {file}.link: Too many levels")
            os.link(file, f"{file}.hard")
            self.fails_to_launch(self.container(records=[("file", file)]), f"file: {file} is not for its owner alone")
            os.unlink(f"{file}.hard")
            first = self.container(records=[("file", file)])
            first.run()
            self.fails_to_launch(self.container(records=[("file", file)]), f"file: {file} is in use")
            first.process.kill()
            first.process.wait()
            # The shim's end takes the hypervisor, which holds the file, with it: a moment later.
            for pid in first.pids:
                wait_until(lambda: not is_alive(pid), f"end of {pid}", DIES_AT_ONCE)
            second = self.container("exit", records=[("file", file)])
            second.run()
            self.assertEqual(0, second.wait())

    def test_what_is_not_brought_back_is_logged_once(self):
        with self.file_of_root() as file, tempfile.NamedTemporaryFile() as log:
            container = self.container("keep", records=[("file", file), ("log", log.name, "text")])
            container.run()
            container.request("m", container.connect())
            self.assertEqual(0, container.wait())
            lines = contents(log.name).splitlines()
            self.assertEqual(1, len(lines), lines)
            self.assertRegex(lines[0], "level=error.*could be brought back.*No space left on device")

    @unittest.skipUnless(LANDLOCK >= 6, "the kernel does not confine signals")
    def test_hypervisor_signals_nobody_else(self):
        bystander = subprocess.Popen(["/bin/sleep", "60"])
        try:
            self.assertRegex(self.attack([f"kill -9 {bystander.pid}"])[0], "^no .*not permitted")
            self.assertIsNone(bystander.poll())
        finally:
            bystander.kill()
            bystander.wait()

    def test_hypervisor_can_do_its_work(self):
        with self.file_of_root() as image:
            commands = [f"cat {image}", "echo x > /dev/null", "sleep 60 & kill $!"]
            if os.path.exists("/dev/kvm"):
                commands.append("exec 7<> /dev/kvm")
            verdicts = self.attack(commands)
        self.assertEqual("ok image", verdicts[0])
        for command, verdict in zip(commands, verdicts):
            self.assertRegex(verdict, "^ok", command)

    def test_shim_killed(self):
        container = self.container(records=[("virtiofsd", "/bin/sleep", "60")], shim=DELIVERED)
        container.run()
        self.assertEqual(2, len(container.pids))
        container.process.kill()
        container.wait()
        container.assert_nothing_left("shim.sock", "qmp.sock", "virtiofsd.sock")

    def test_shim_holds_nothing_of_the_caller(self):
        """Pipes that others wait on end when the workload's streams do, not when the shim does."""
        container = self.container("raw", "bytes=" + "00000000" + "2101" + "0000" + "00000000")
        container.run(stdout=subprocess.PIPE)
        self.assertEqual(b"", container.process.stdout.read())
        self.assertIsNone(container.process.poll())
        container.process.stdout.close()

    def test_session_of_its_own(self):
        container = self.container()
        container.run()
        self.assertEqual(container.process.pid, os.getsid(container.process.pid))
        again = self.container(preexec_fn=lambda: os.setpgid(0, 0))
        again.run()
        self.assertEqual(again.process.pid, os.getsid(again.process.pid))

    def test_network_namespace(self):
        container = self.container(records=[("network", "new")])
        container.run()
        own = os.readlink(f"/proc/{container.process.pid}/ns/net")
        self.assertNotEqual(os.readlink("/proc/self/ns/net"), own)
        self.assertEqual(own, os.readlink(f"/proc/{container.pids[0]}/ns/net"))
        with open(f"/proc/{container.process.pid}/net/dev", encoding="ascii") as devices:
            self.assertEqual(["lo"], re.findall(r"(\w+):", devices.read()))
        up = subprocess.run(["nsenter", f"--net=/proc/{container.process.pid}/ns/net", "cat",
                             "/proc/net/fib_trie"], capture_output=True, text=True, check=True).stdout
        self.assertIn("127.0.0.1", up)
        other = self.container(records=[("network", "join", f"/proc/{container.process.pid}/ns/net")])
        other.run()
        self.assertEqual(own, os.readlink(f"/proc/{other.process.pid}/ns/net"))

    def test_weight(self):
        container = self.container(shim=DELIVERED)
        container.run()
        with open(f"/proc/{container.process.pid}/smaps_rollup", encoding="ascii") as rollup:
            kib = int(re.search(r"Pss:\s+(\d+)", rollup.read()).group(1))
        self.assertLess(kib, 2048)
        with open(f"/proc/{container.process.pid}/comm", encoding="ascii") as name:
            self.assertEqual("limpid-shim\n", name.read())


class Qmp:
    """QEMU's monitor, spoken to by the verb."""

    def __init__(self, container):
        self.socket = connect(container.at("qmp.sock")).socket
        container.test.addCleanup(self.socket.close)
        self.lines = self.socket.makefile("rb")
        container.test.addCleanup(self.lines.close)
        self.lines.readline()  # its greeting
        self("qmp_capabilities")

    def __call__(self, command, descriptors=(), **arguments):
        request = json.dumps({"execute": command, "arguments": arguments}).encode()
        socket.send_fds(self.socket, [request], descriptors)
        while "event" in (answer := json.loads(self.lines.readline())):
            pass
        return answer["return"]


class Template(Case):
    """A virtual machine whose memory is made by the shim, and clones of it."""

    SIZE = 4 << 20

    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="limpid-shim-template-")
        self.addCleanup(shutil.rmtree, self.top)
        self.memory, self.state = f"{self.top}/memory", f"{self.top}/state"

    def make(self, pieces):
        """A template of pieces of memory by their places."""
        for path, contents_by_place in ((self.memory, pieces), (self.state, {0: b"state"})):
            with open(path, "wb") as file:
                for place, data in contents_by_place.items():
                    file.seek(place)
                    file.write(data)
        os.truncate(self.memory, self.SIZE)

    def clone(self):
        return [("state", self.state), ("memory", str(self.SIZE), self.memory)]

    def test_memory_is_the_hypervisors(self):
        """Who may open nothing for writing may open that, as often as it likes, but not make it another's."""
        verdicts = self.attack([
            "readlink /proc/self/fd/6", "ls /proc/self/fd/7", "stat -Lc %s:%b /proc/self/fd/6",
            "echo written 1<> /proc/self/fd/6", "head -c 8 /proc/self/fd/6", "truncate -s 0 /proc/self/fd/6",
            "truncate -s +4096 /proc/self/fd/6"], records=[("memory", str(self.SIZE))])
        for expected, verdict in zip(["ok /memfd:limpid-ram", "no", f"ok {self.SIZE}:0$", "ok", "ok written", "no", "no"],
                                     verdicts):
            self.assertRegex(verdict, "^" + expected)

    def test_a_clone_has_what_the_template_had(self):
        self.make({0: b"start", 1 << 20: b"x" * 12288, self.SIZE - 3: b"end"})
        with open(self.memory, "rb") as file:
            digest = hashlib.sha1(file.read()).hexdigest()
        verdicts = self.attack([
            "sha1sum </proc/self/fd/6", "stat -Lc %b /proc/self/fd/6", "cat <&7", "readlink /proc/self/fd/7",
            "echo changed 1<> /proc/self/fd/6", "echo x >&7", f"echo x >> {self.memory}", f"echo x >> {self.state}"],
            records=self.clone())
        for expected, verdict in zip([f"ok {digest}", f"ok {5 * 8}$", "ok state$", f"ok {self.state}", "ok", "no", "no",
                                      "no"], verdicts):
            self.assertRegex(verdict, "^" + expected)
        with open(self.memory, "rb") as file:
            self.assertEqual(b"start", file.read(5))

    def test_what_cannot_be_had(self):
        self.make({0: b"start"})
        for path, name in ((self.memory, "memory"), (self.state, "state")):
            for change, pattern in (
                (lambda: os.chmod(path, 0o620), "others may have written it"),
                (lambda: os.chown(path, 1, -1), "others may have written it"),
                (lambda: (os.rename(path, path + ".moved"), os.symlink(path + ".moved", path)), "Too many levels"),
                (lambda: os.unlink(path), "No such file"),
                (lambda: (os.unlink(path), os.mkfifo(path)), "not a regular file"),
            ):
                change()
                self.fails_to_launch(self.container(records=self.clone()), f"^{name}: {path}: {pattern}")
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
                self.make({0: b"start"})

    def test_order_of_descriptors(self):
        """All that there can be: disks, file, passt, memory, state."""
        self.make({0: b"start"})
        with self.file_of_root() as file, contextlib.ExitStack() as stack:
            disks = [stack.enter_context(self.loop_device()) for _ in range(16)]
            container = self.container("exit", "descriptors", records=[
                *self.clone(), ("passt", *Passt.FAKE), ("file", file), *(("disk", *disk, "rw") for disk in disks)])
            container.run()
            self.assertEqual(0, container.wait())
        names = {int(number): name for number, name in json.loads(container.notes()[0])["names"].items()}
        self.assertEqual(list(range(26)), sorted(names))
        for number in (3, 4, 5, 23):
            self.assertRegex(names[number], "^socket:")
        self.assertEqual([device for device, _ in disks], [names[number] for number in range(6, 22)])
        self.assertEqual([file, "/memfd:limpid-ram (deleted)", self.state], [names[number] for number in (22, 24, 25)])

    def test_without_passt_and_disks(self):
        self.make({0: b"start"})
        for records, place in (([], 6), ([("passt", *Passt.FAKE)], 7)):
            container = self.container("exit", "descriptors", records=[*records, *self.clone()])
            container.run()
            self.assertEqual(0, container.wait())
            names = json.loads(container.notes()[0])["names"]
            self.assertEqual(["/memfd:limpid-ram (deleted)", self.state], [names[str(place)], names[str(place + 1)]])

    def test_verb_that_goes_when_it_has_its_template(self):
        """The smallest plan there can be, of a guest that says nothing."""
        container = self.container("wait", "early", records=[("memory", str(self.SIZE))])
        container.spawn()
        container.greet()
        container.launched()
        self.assertEqual(1, len(container.pids))
        container.link.close()
        self.assertEqual(1, container.wait())
        container.assert_nothing_left()
        self.assertNotIn("exit", os.listdir(container.directory))

    def qemu(self, *arguments, records):
        """Stopped before its guest's first instruction; its memory is descriptor 6, to be opened for all who map it."""
        container = self.container(shim=DELIVERED, records=[*records, (
            "hypervisor", QEMU, "-M", "q35,accel=kvm:tcg,memory-backend=ram", "-m", "4M", "-S", "-nodefaults",
            "-display", "none", "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            "-chardev", "socket,id=qmp,fd=4,server=on,wait=off", "-mon", "chardev=qmp,mode=control",
            "-object", "memory-backend-file,id=ram,size=4M,share=on,mem-path=/proc/self/fd/6", *arguments)])
        container.spawn()
        container.greet()
        container.launched()
        return container, Qmp(container)

    @staticmethod
    def migrated(qmp):
        state = qmp("query-migrate").get("status")
        assert state != "failed", state
        return state == "completed"

    @unittest.skipUnless(os.path.exists(QEMU), "there is no QEMU")
    def test_real_hypervisor(self):
        """From a template to a clone, and both end with their verbs."""
        capabilities = [{"capability": "x-ignore-shared", "state": True}]
        original, qmp = self.qemu(records=[("memory", str(self.SIZE))])
        mapped = contents(f"/proc/{original.pids[0]}/maps")
        self.assertRegex(mapped, r"rw-s .*/memfd:limpid-ram \(deleted\)")
        ram = f"/proc/{original.pids[0]}/fd/6"
        with open(ram, "r+b", buffering=0) as file:
            file.seek(3 << 20)
            file.write(b"what the guest wrote")
        qmp("migrate-set-capabilities", capabilities=capabilities)
        with open(self.state, "wb") as file:
            qmp("getfd", [file.fileno()], fdname="state")
        qmp("migrate", uri="fd:state")
        wait_until(lambda: self.migrated(qmp), "the state is written")
        subprocess.run(["cp", "--sparse=always", ram, self.memory], check=True)
        original.link.close()
        self.assertEqual(1, original.wait())
        original.assert_nothing_left()

        clone, qmp = self.qemu("-incoming", "defer", records=self.clone())
        qmp("migrate-set-capabilities", capabilities=capabilities)
        qmp("migrate-incoming", uri="fd:7")
        wait_until(lambda: qmp("query-status")["status"] != "inmigrate", "the state is read")
        self.assertEqual("prelaunch", qmp("query-status")["status"])
        with open(f"/proc/{clone.pids[0]}/fd/6", "rb") as file, open(self.memory, "rb") as template:
            self.assertEqual(template.read(), file.read())
        clone.link.close()
        self.assertEqual(1, clone.wait())
        clone.assert_nothing_left()


class Streams(Case):
    def echo(self, size, window=65536, **spawn):
        """Through the guest and back, in pieces of every size."""
        container = self.container("echo", f"window={window}", shim=DELIVERED)
        container.run(stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, **spawn)
        data = random.Random(1).randbytes(size)

        def write():
            sizes = random.Random(2)
            at = 0
            while at < size:
                at += container.process.stdin.write(data[at : at + sizes.choice((1, 100, 5000, 70000, 1 << 20))])
            container.process.stdin.close()

        writer = threading.Thread(target=write)
        writer.start()
        out = read_all(container.process.stdout.fileno())
        writer.join()
        container.process.stdout.close()
        self.assertTrue(data == out, f"{len(data)} and {len(out)} bytes differ")
        self.assertEqual(7, container.wait())

    def test_echo_of_much(self):
        self.echo(64 << 20)

    def test_echo_with_little_credit(self):
        self.echo(1 << 20, window=1024)

    def test_slow_reader_holds_up_its_stream_alone(self):
        container = self.container("two_streams")
        container.create(stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        fcntl.fcntl(container.process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        container.start()
        self.assertEqual(300000, len(read_all(container.process.stderr.fileno(), 300000)))
        kind, answer = container.request("anything", container.connect())
        self.assertEqual((RESULT, {"did": "anything"}), (kind, answer))
        self.assertEqual(165536, len(container.process.stdout.read()))
        self.assertEqual(0, container.wait())
        container.process.stdout.close()
        container.process.stderr.close()

    def test_nothing_is_lost_when_the_reader_is_slow_and_the_workload_has_ended(self):
        container = self.container("flood", "size=50000", shim=DELIVERED)
        container.create(stdout=subprocess.PIPE)
        fcntl.fcntl(container.process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        container.start()
        wait_until(lambda: "exit" in os.listdir(container.directory), "exit")
        self.assertIsNone(container.process.poll())
        link = container.connect()
        self.assertEqual((FAILURE, {"code": "no-process", "message": "process already finished"}),
                         container.request("kill", link))
        self.assertEqual(50000, len(container.process.stdout.read()))
        self.assertEqual(0, container.wait())
        container.process.stdout.close()

    def test_reader_that_is_gone(self):
        container = self.container("until_closed")
        read, write = os.pipe()
        container.run(stdout=write)
        os.close(write)
        os.read(read, 100)
        os.close(read)
        self.assertEqual(128 + 13, container.wait())
        self.assertIn("closed 1", container.notes())

    def test_regular_files(self):
        with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout:
            data = random.Random(3).randbytes(1000000)
            stdin.write(data)
            stdin.seek(17)
            stdout.write(b"before")
            stdout.flush()
            container = self.container("echo")
            container.run(stdin=stdin, stdout=stdout)
            self.assertEqual(7, container.wait())
            stdout.seek(0)
            self.assertTrue(b"before" + data[17:] == stdout.read())

    def test_much_and_then_the_end_at_once(self):
        """Nothing of it is lost, whatever stdout is and however late its reader comes."""
        size = 1 << 20
        expected = (b"0123456789abcdef" * (size // 16 + 1))[:size]
        container = self.container("flood", f"size={size}", "at_once")
        container.run(stdout=subprocess.PIPE)
        time.sleep(0.3)
        self.assertTrue(expected == container.process.stdout.read())
        self.assertEqual(0, container.wait())
        container.process.stdout.close()
        with tempfile.TemporaryFile() as stdout:
            container = self.container("flood", f"size={size}", "at_once")
            container.run(stdout=stdout)
            self.assertEqual(0, container.wait())
            stdout.seek(0)
            self.assertTrue(expected == stdout.read())
        master, slave = pty.openpty()
        tty.setraw(slave)
        container = self.container("flood", f"size={size}", "at_once")
        container.run(stdin=slave, stdout=slave)
        os.close(slave)
        self.assertTrue(expected == read_all(master))
        self.assertEqual(0, container.wait())
        os.close(master)

    def test_both_outputs_into_one_file(self):
        with tempfile.TemporaryFile() as out:
            container = self.container("two_streams")
            container.run(stdout=out, stderr=out)
            self.assertEqual(0, container.wait())
            out.seek(0)
            written = out.read()
            self.assertEqual((165536, 300000), (written.count(b"o"), written.count(b"e")))

    def test_devices(self):
        with open("/dev/zero", "rb", buffering=0) as zero, open("/dev/full", "wb", buffering=0) as full:
            container = self.container("until_closed")
            container.run(stdin=zero, stdout=full)
            self.assertEqual(128 + 13, container.wait())
            self.assertIn("closed 1", container.notes())

    def test_one_terminal_for_all_without_being_the_terminal(self):
        master, slave = pty.openpty()
        tty.setraw(slave)
        container = self.container("echo")
        container.run(stdin=slave, stdout=slave, stderr=slave)
        before = fcntl.fcntl(slave, fcntl.F_GETFL)
        os.write(master, b"hello")
        self.assertEqual(b"hello", read_all(master, 5))
        self.assertEqual(before, fcntl.fcntl(slave, fcntl.F_GETFL))
        self.assertFalse(before & os.O_NONBLOCK)
        os.close(slave)
        os.close(master)
        self.assertEqual(7, container.wait())

    def test_sockets(self):
        ours, theirs = socket.socketpair()
        container = self.container("echo")
        container.run(stdin=theirs, stdout=theirs)
        theirs.close()
        sent = b"z" * 1000000
        writer = threading.Thread(target=lambda: (ours.sendall(sent), ours.shutdown(socket.SHUT_WR)))
        writer.start()
        self.assertTrue(sent == read_all(ours.fileno()))
        writer.join()
        ours.close()
        self.assertEqual(7, container.wait())

    def test_named_pipe_whose_writer_has_gone(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "fifo")
            os.mkfifo(path)
            read = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            os.set_blocking(read, True)
            write = os.open(path, os.O_WRONLY)
            os.write(write, b"hello")
            os.close(write)
            container = self.container("echo")
            container.run(stdin=read, stdout=subprocess.PIPE)
            os.close(read)
            self.assertEqual(b"hello", container.process.stdout.read())
            self.assertEqual(7, container.wait())
            container.process.stdout.close()

    def test_closed_descriptors(self):
        container = self.container("echo", preexec_fn=lambda: [os.close(fd) for fd in (0, 1, 2)])
        container.run()
        self.assertEqual(7, container.wait())

    def test_flags_of_shared_descriptors_stay(self):
        read, write = os.pipe()
        master, slave = pty.openpty()
        container = self.container()
        container.run(stdin=slave, stdout=write)
        for fd in (read, write, slave):
            self.assertFalse(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK)
        container.process.kill()
        for fd in (read, write, master, slave):
            os.close(fd)

    def test_stdin_is_not_read_beyond_credit(self):
        container = self.container("wait", "window=1024")
        read, write = os.pipe()
        os.write(write, b"x" * 5000)
        container.run(stdin=read)
        wait_until(lambda: struct.unpack("i", fcntl.ioctl(read, termios.FIONREAD, b"    "))[0] == 3976,
                   "the credit is spent")
        container.request("anything", container.connect())
        self.assertEqual(3976, struct.unpack("i", fcntl.ioctl(read, termios.FIONREAD, b"    "))[0])
        os.close(read)
        os.close(write)

    def test_streams_that_nobody_reads_end_after_a_while(self):
        container = self.container("linger")
        read, write = os.pipe()
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
        container.create(stdout=write)
        os.close(write)
        begun = time.monotonic()
        container.start()
        self.assertEqual(9, container.wait())
        self.assertGreater(time.monotonic() - begun, 1.5)
        os.close(read)

    def test_guest_that_sends_a_little_for_ever_after_the_end(self):
        container = self.container("dribble")
        with tempfile.TemporaryFile() as stdout:
            container.run(stdout=stdout)
            self.assertEqual(9, container.wait())
            stdout.seek(0)
            self.assertRegex(stdout.read(), b"^x+$")

    def test_the_same_beside_a_stream_that_nobody_reads(self):
        read, write = os.pipe()
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
        container = self.container("dribble", "unread")
        container.run(stderr=write)
        self.assertEqual(9, container.wait())
        os.close(read)
        os.close(write)


class Requests(Case):
    def test_numbers_of_links_are_their_own(self):
        container = self.container()
        container.run()
        links = [container.connect() for _ in range(5)]
        for index, link in enumerate(links):
            link.send_json(REQUEST, 9, {"method": f"m{index}"})
            link.send_json(REQUEST, 8, {"method": "refuse"})
        for index, link in enumerate(links):
            frame = link.receive()
            self.assertEqual((RESULT, 9, {"did": f"m{index}"}),
                             (frame.kind, frame.request, json.loads(frame.payload)))
            frame = link.receive()
            self.assertEqual((FAILURE, 8, {"code": "runtime", "message": "no"}),
                             (frame.kind, frame.request, json.loads(frame.payload)))
            link.close()

    def test_link_that_ends_before_its_answer(self):
        container = self.container()
        container.run()
        for _ in range(20):
            link = container.connect()
            link.send_json(REQUEST, 1, {"method": "gone"})
            link.close()
        self.assertEqual((RESULT, {"did": "m"}), container.request("m", container.connect()))
        self.assertEqual(20, container.notes().count("request gone"))

    def test_large_requests_and_results(self):
        container = self.container()
        container.run()
        link = container.connect()
        kind, answer = container.request("size", link, filler="x" * (8 * 1024 * 1024 - 100))
        self.assertEqual((RESULT, True), (kind, answer["size"] > 8 * 1024 * 1024 - 100))
        kind, answer = container.request("big", link)
        self.assertEqual((RESULT, 1000000), (kind, len(answer["big"])))

    def test_many_requests_that_are_not_answered(self):
        container = self.container()
        container.run()
        link = container.connect()
        link.raw(b"".join(link.frame(REQUEST, request=number, payload=b'{"method":"ignore"}')
                          for number in range(1, 201)))
        wait_until(lambda: container.notes().count("request ignore") == 128, "the table is full")
        # what the shim does not read holds up the verb, and nobody else
        link.socket.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            while True:
                link.send_json(REQUEST, 999, {"method": "ignore"})
        container.process.terminate()
        container.noted("signal 15")
        self.assertEqual(128, container.notes().count("request ignore"))

    def test_more_links_than_there_is_room_for(self):
        container = self.container()
        container.run()
        links = [container.connect() for _ in range(32)]
        last = container.dial()
        last.send_hello()
        links[7].close()
        last.receive_hello()
        self.assertEqual((RESULT, {"did": "m"}), container.request("m", last))
        for link in links:
            link.close()

    def test_what_a_verb_may_not_send(self):
        container = self.container()
        container.run()
        for send in (
            lambda link: link.send(COMMIT),
            lambda link: link.send(DATA, STDIN, payload=b"x"),
            lambda link: link.send(DATA, STDIN, process=1, payload=b"x"),
            lambda link: link.send(SIGNAL, payload=struct.pack("<I", 9)),
            lambda link: link.send(REQUEST, process=1, request=1, payload=b"{}"),
            lambda link: link.send(RESULT, request=1, payload=b"{}"),
            lambda link: link.send(REQUEST, request=0, payload=b"{}"),
            lambda link: link.send_hello(),
            lambda link: link.raw(b"\xff" * 12),
        ):
            link = container.connect()
            send(link)
            with self.assertRaises(Disconnected):
                link.receive()
            link.close()
        link = container.dial()
        link.send_json(REQUEST, 1, {"method": "m"})
        with self.assertRaises(Disconnected):
            link.receive()
        self.assertIsNone(container.process.poll())
        self.assertEqual((RESULT, {"did": "m"}), container.request("m", container.connect()))


class ExecShim(Case):
    def running(self, behaviour="wait", *options, **keywords):
        container = self.container(behaviour, *options, **keywords)
        container.run()
        return container

    def test_status(self):
        container = self.running()
        for words, status in (("exit 0", 0), ("exit 1", 1), ("exit 42", 42), ("exit 255", 255), ("exit 0 9", 137),
                              ("exit 0 15", 143), ("exit 0 64", 192)):  # fmt: skip
            with self.subTest(words):
                execd = Exec(container, words).run()
                self.assertEqual(status, execd.wait())
                self.assertEqual("", execd.said())
        self.assertIsNone(container.process.poll())
        self.assertLessEqual(set(os.listdir(container.directory)), {"notes.sock", "shim.sock", "qmp.sock"})

    def test_what_it_is(self):
        container = self.running(deep=True, shim=DELIVERED)
        execd = Exec(container, "wait", shim=DELIVERED).run()
        self.assertEqual(execd.process.pid, os.getsid(execd.process.pid))
        with open(f"/proc/{execd.process.pid}/comm", encoding="ascii") as name:
            self.assertEqual("limpid-shim\n", name.read())
        with open(f"/proc/{execd.process.pid}/smaps_rollup", encoding="ascii") as rollup:
            self.assertLess(int(re.search(r"Pss:\s+(\d+)", rollup.read()).group(1)), 2048)
        self.assertNotIn(f"plan-{Exec.count}", os.listdir(container.directory))

    def test_echo(self):
        container = self.running(shim=DELIVERED)
        data = random.Random(4).randbytes(8 << 20)
        execds = [Exec(container, "echo").run(stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(3)]

        def write(stream):
            stream.write(data)
            stream.close()

        writers = [threading.Thread(target=write, args=(execd.process.stdin,)) for execd in execds]
        found = [None] * 3

        def read(at):
            found[at] = execds[at].process.stdout.read()

        readers = [threading.Thread(target=read, args=(at,)) for at in range(3)]
        for thread in writers + readers:
            thread.start()
        for thread in writers + readers:
            thread.join()
        for at, execd in enumerate(execds):
            self.assertTrue(found[at] == data, f"{len(found[at])} bytes")
            self.assertEqual(7, execd.wait())

    def test_both_streams_to_their_ends(self):
        execd = Exec(self.running(), "flood 1000000").run(stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        reader = threading.Thread(target=lambda: self.assertEqual(1000000, len(execd.process.stderr.read())))
        reader.start()
        self.assertTrue(b"0123456789abcdef" * 62500 == execd.process.stdout.read())
        reader.join()
        self.assertEqual(0, execd.wait())

    def test_reader_that_is_gone(self):
        read, write = os.pipe()
        execd = Exec(self.running(), "flood 1000000").run(stdout=write)
        os.close(write)
        os.read(read, 10)
        os.close(read)
        self.assertEqual(0, execd.wait())
        self.assertIn("1 closed 1", execd.container.notes())

    def test_refusal_goes_to_the_verb(self):
        container = self.running()
        execd = Exec(container, "refuse").spawn().greet()
        execd.ask()
        frame = execd.link.receive()
        self.assertEqual((FAILURE, 5), (frame.kind, frame.request))
        self.assertEqual({"code": "runtime", "message": "no"}, json.loads(frame.payload))
        # a second attempt is no harm
        execd.words = "exit 3"
        execd.ask()
        self.assertEqual(RESULT, execd.link.receive().kind)
        execd.commit()
        self.assertEqual(3, execd.wait())

    def test_verb_that_ends_before_commit(self):
        container = self.running()
        for when in ("greeting", "asked", "answered"):
            with self.subTest(when):
                words = "late wait" if when == "asked" else "wait"
                execd = Exec(container, words).spawn().greet()
                if when != "greeting":
                    execd.ask()
                    # the first may have ended before it got a number
                    asked = re.compile(rf"^exec (\d) {words}$", re.M)
                    number = wait_until(lambda: asked.search("\n".join(container.notes())), words).group(1)
                if when == "answered":
                    self.assertEqual(RESULT, execd.link.receive().kind)
                execd.link.close()
                self.assertEqual(1, execd.wait())
                self.assertEqual((RESULT, {"did": "late"}), container.request("late", container.connect()))
                if when != "greeting":
                    for what in ("signal 9", "eof 0", "closed 1", "closed 2"):
                        container.noted(f"{number} {what}")

    def test_nothing_of_it_is_seen_before_commit(self):
        execd = Exec(self.running(), "flood 32").begin(stdout=subprocess.PIPE)
        time.sleep(0.1)
        self.assertEqual([], select.select([execd.process.stdout], [], [], 0.1)[0])
        self.assertIsNone(execd.process.poll())
        execd.commit()
        self.assertEqual(32, len(execd.process.stdout.read()))
        self.assertEqual(0, execd.wait())

    def test_commit_of_nothing(self):
        execd = Exec(self.running()).spawn().greet()
        execd.link.send(COMMIT)
        self.assertEqual("state", execd.refused()["code"])
        self.assertEqual(1, execd.wait())

    def test_signals(self):
        container = self.running()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, 64):
            execd = Exec(container, "wait").run()
            execd.process.send_signal(number)
            self.assertEqual(128 + number, execd.wait())
        early = Exec(container, "wait").begin()
        early.process.send_signal(signal.SIGTERM)
        self.assertRegex(early.refused()["message"], "signal 15")
        self.assertEqual(1, early.wait())
        container.noted("5 signal 9")

    def test_killed(self):
        """It takes the process with it, and nothing else."""
        container = self.running()
        execd, other = Exec(container, "wait").run(), Exec(container, "wait").run()
        execd.process.kill()
        for what in ("signal 9", "eof 0", "closed 1", "closed 2"):
            container.noted(f"1 {what}")
        self.assertEqual((RESULT, {"did": "m"}), container.request("m", container.connect()))
        self.assertFalse([note for note in container.notes() if note.startswith("2 ") and "eof" not in note])
        self.assertIsNone(other.process.poll())
        other.process.terminate()
        self.assertEqual(143, other.wait())

    def test_killed_in_full_swing(self):
        container = self.running("wait", "quiet")
        execds = [Exec(container, "flood 100000000").run(stdout=subprocess.PIPE) for _ in range(4)]
        for execd in execds:
            execd.process.stdout.read(100000)
            execd.process.kill()
        self.assertEqual((RESULT, {"did": "m"}), container.request("m", container.connect()))
        self.assertEqual(4, Exec(container, "exit 4").run().wait())

    def test_stopped_shim_holds_up_nobody(self):
        container = self.running("wait", "quiet")
        stopped = Exec(container, "flood 10000000").begin()
        stopped.process.send_signal(signal.SIGSTOP)
        stopped.link.send(COMMIT)
        echo = Exec(container, "echo", shim=DELIVERED).run(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        writer = threading.Thread(target=lambda: (echo.process.stdin.write(bytes(3 << 20)), echo.process.stdin.close()))
        writer.start()
        self.assertEqual(3 << 20, len(echo.process.stdout.read()))
        writer.join()
        self.assertEqual(7, echo.wait())
        self.assertEqual((RESULT, {"did": "m"}), container.request("m", container.connect()))
        stopped.process.send_signal(signal.SIGCONT)
        self.assertEqual(0, stopped.wait())

    def test_what_is_left_is_drained_after_the_end(self):
        execd = Exec(self.running(), "linger 100000").run(stdout=subprocess.PIPE)
        time.sleep(0.3)
        self.assertEqual(100000, len(execd.process.stdout.read()))
        self.assertEqual(3, execd.wait())
        unread = Exec(execd.container, "linger 500000").run(stdout=subprocess.PIPE)
        self.assertEqual(3, unread.wait())
        self.assertEqual(4, Exec(execd.container, "exit 4").run().wait())

    def test_end_of_the_container(self):
        container = self.running("until_signal")
        execds = [Exec(container, "wait").run() for _ in range(3)]
        unread = Exec(container, "linger 100000").run(stdout=subprocess.PIPE)
        container.process.terminate()
        self.assertEqual([137] * 3, [execd.wait() for execd in execds])
        self.assertEqual(100000, len(unread.process.stdout.read()))
        self.assertEqual(3, unread.wait())
        self.assertEqual(143, container.wait())
        container.assert_nothing_left()

    def test_the_container_is_the_last_to_end(self):
        container = self.running("until_signal", shim=DELIVERED)
        execd = Exec(container, "wait", shim=DELIVERED).run()
        execd.process.send_signal(signal.SIGSTOP)
        container.process.terminate()
        container.assert_nothing_left("exit")
        with self.assertRaises(subprocess.TimeoutExpired):
            container.wait(0.5)
        execd.process.send_signal(signal.SIGCONT)
        os.waitid(os.P_PID, execd.process.pid, os.WEXITED | os.WNOWAIT)
        self.assertIsNone(container.process.poll(), "it has not waited for the other to be reaped")
        self.assertEqual(137, execd.wait())
        self.assertEqual(143, container.wait())

    def test_end_of_the_container_before_commit(self):
        container = self.running("until_signal")
        execd, idle = Exec(container, "exit 6").begin(), container.connect()
        idle.send(ATTACH)
        self.assertEqual(ATTACHED, idle.receive().kind)
        container.process.terminate()
        self.assertEqual(143, container.wait())
        execd.commit()
        self.assertEqual(6, execd.wait())
        frame = idle.receive()
        self.assertEqual((FAILURE, 0, "no-process"), (frame.kind, frame.request, json.loads(frame.payload)["code"]))

    def test_container_that_ends_does_not_wait_for_a_stopped_shim(self):
        container = self.running("until_signal")
        execd = Exec(container, "flood 1000000").run()
        execd.process.send_signal(signal.SIGSTOP)
        container.process.terminate()
        self.assertEqual(143, container.wait())
        container.assert_nothing_left()

    def test_deaths(self):
        """Of the VM, of the container's shim, of the process without a word."""
        for how in ("vm", "shim", "word"):
            with self.subTest(how):
                container = self.running("until_signal", "survivors")
                log = container.path("log")
                execd = Exec(container, "wait", ("log", log, "json")).run()
                early = Exec(container, "wait").begin()
                if how == "vm":
                    os.kill(container.pids[0], signal.SIGKILL)
                elif how == "shim":
                    container.process.kill()
                else:
                    container.process.terminate()
                self.assertEqual(255, execd.wait())
                said = json.loads(contents(log))
                self.assertEqual("error", said["level"])
                self.assertRegex(said["msg"], "QEMU was killed" if how == "vm" else "the container's shim was closed")
                self.assertEqual("vm", early.refused()["code"])
                self.assertEqual(255, early.wait())
                container.wait()

    def test_refused_to_attach(self):
        container = self.container("exit", "boot=0")
        container.spawn()
        container.greet()
        container.launched()
        container.request("create")
        early = Exec(container).spawn().greet()
        self.assertEqual({"code": "state", "message": "the container is not created yet"}, early.refused())
        self.assertEqual(1, early.wait())
        nobody = self.running("until_signal")
        nobody.process.kill()
        nobody.wait()
        late = Exec(nobody).spawn().greet()
        self.assertEqual("launch", late.refused()["code"])
        self.assertEqual(1, late.wait())
        ended = self.container("flood", "size=50000")
        ended.create(stdout=subprocess.PIPE)
        fcntl.fcntl(ended.process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        ended.start()
        wait_until(lambda: "exit" in os.listdir(ended.directory), "exit")
        after = Exec(ended).spawn().greet()
        self.assertEqual("no-process", after.refused()["code"])
        self.assertEqual(1, after.wait())
        ended.process.stdout.close()

    def test_plans_that_are_refused(self):
        container = self.running()
        for records, pattern in (
            ((("hypervisor", "/bin/true"),), r"record 3 \(hypervisor\): not in the plan of `exec`"),
            ((("verb", "twice"),), "record 3 \\(verb\\): comes twice"),
        ):
            execd = Exec(container, "exit 0", *records).spawn()
            self.assertEqual(1, execd.wait())
            self.assertRegex(execd.said(), "^limpid-shim: plan: " + pattern)
        self.assertIsNone(container.process.poll())
        for records, pattern in (((("log", "/nowhere/log", "text"),), "log: /nowhere/log"),
                                 ((("terminal", "inherit"),), "terminal: standard input is not a terminal")):
            execd = Exec(container, "exit 0", *records).spawn().greet()
            failure = execd.refused()
            self.assertEqual("launch", failure["code"])
            self.assertRegex(failure["message"], pattern)
            self.assertEqual(1, execd.wait())

    def test_a_thousand_in_a_row(self):
        container = self.container("wait", "quiet", shim=DELIVERED)
        container.run()

        def weight():
            with open(f"/proc/{container.process.pid}/smaps_rollup", encoding="ascii") as rollup:
                return (int(re.search(r"Private_Dirty:\s+(\d+)", rollup.read()).group(1)),
                        len(os.listdir(f"/proc/{container.process.pid}/fd")))  # fmt: skip

        for at in range(50):
            self.attach(container, at)
        # the last link may not have been closed yet
        before = weight()
        for at in range(50, 1050):
            self.attach(container, at)
        wait_until(lambda: weight()[1] <= before[1], f"{before}, not {weight()}")
        self.assertLess(weight()[0], before[0] + 128)
        for at in range(20):
            self.assertEqual(at, Exec(container, f"exit {at}").run().wait())

    def attach(self, container, at, words=None):
        """As an exec shim, without being one."""
        link = container.connect()
        link.send(ATTACH)
        frame = link.receive()
        self.assertEqual((ATTACHED, at % 4095 + 1), (frame.kind, frame.process))
        if words is None:
            words = ("exit 3", "refuse", "flood 64")[at % 3]
        link.send_json(REQUEST, 9, {"method": "exec", "process": words})
        self.assertEqual(FAILURE if words == "refuse" else RESULT, link.receive().kind)
        number = frame.process
        if words not in ("refuse", "wait"):
            while True:
                try:
                    self.assertEqual(number, link.receive().process)
                except Disconnected:
                    break
        if words == "wait":
            return link, number
        link.close()
        return None

    def test_numbers_are_given_out_in_turns_and_can_run_out(self):
        container = self.running("wait", "quiet", shim=DELIVERED)
        links = [self.attach(container, at, "wait") for at in range(256)]
        link = container.connect()
        link.send(ATTACH)
        frame = link.receive()
        self.assertEqual((FAILURE, 0, "busy"), (frame.kind, frame.request, json.loads(frame.payload)["code"]))
        with self.assertRaises(Disconnected):
            link.receive()
        self.assertEqual((RESULT, {"did": "m"}), container.request("m", container.connect()))
        for at in (17, 200):
            links[at][0].close()

        def attached():
            again = container.connect()
            again.send(ATTACH)
            found = again.receive()
            return found.kind == ATTACHED and found.process

        self.assertEqual(257, wait_until(attached, "a number"))
        self.assertIn(wait_until(attached, "a number"), (258, 259))

    def test_what_an_attached_link_may_not_send(self):
        container = self.running()
        number = 0
        for send in (
            lambda link, number: link.send(DATA, STDIN, number + 1, payload=b"x"),
            lambda link, number: link.send(SIGNAL, process=0, payload=struct.pack("<I", 9)),
            lambda link, number: link.send(ATTACH),
            lambda link, number: link.send(COMMIT),
            lambda link, number: link.send(WATCH),
            lambda link, number: link.send(REQUEST, process=number, request=3, payload=b'{"method":"m"}'),
            lambda link, number: [link.send(DATA, STDIN, number, payload=bytes(30000)) for _ in range(3)],
            lambda link, number: [link.send(EOF, STDIN, number) for _ in range(2)],
            lambda link, number: (link.send(EOF, STDIN, number), link.send(DATA, STDIN, number, payload=b"x")),
            lambda link, number: link.send(CREDIT, STDOUT, number, payload=struct.pack("<I", 1)),
            lambda link, number: link.send(EXITED, process=number, payload=bytes(8)),
        ):
            number += 1
            link, given = self.attach(container, number - 1, "wait")
            send(link, given)
            with self.assertRaises((Disconnected, BrokenPipeError)):
                while True:
                    link.receive()
            container.noted(f"{given} signal 9")
        link, given = self.attach(container, number, "wait")
        link.send(SIGNAL, process=given, payload=struct.pack("<I", 15))
        container.noted(f"{given} signal 15")
        self.assertIsNone(container.process.poll())

    def test_before_it_runs_its_frames_are_dropped(self):
        container = self.running()
        link = container.connect()
        link.send(ATTACH)
        number = link.receive().process
        link.send(DATA, STDIN, number, payload=bytes(32768))
        link.send(EOF, STDIN, number)
        link.send(SIGNAL, process=number, payload=struct.pack("<I", 9))
        link.send_json(REQUEST, 4, {"method": "exec", "process": "echo"})
        self.assertEqual(RESULT, link.receive().kind)
        link.send(DATA, STDIN, number, payload=b"hello")
        link.send(EOF, STDIN, number)
        frames = [link.receive() for _ in range(5)]
        self.assertEqual({DATA, CREDIT, EXITED, EOF}, {frame.kind for frame in frames})
        self.assertEqual([b"hello"], [frame.payload for frame in frames if frame.kind == DATA])
        self.assertNotIn(f"{number} signal 9", container.notes())

    def test_credit_is_end_to_end(self):
        container = self.running("wait", "window=4096")
        link = container.connect()
        link.close()
        link = container.dial()
        link.send_hello()
        self.assertEqual(4096, link.receive_hello())
        other = container.dial()
        other.window = 32768
        other.send_hello()
        other.receive_hello()
        other.send(ATTACH)
        frame = other.receive()
        self.assertEqual((FAILURE, "invalid"), (frame.kind, json.loads(frame.payload)["code"]))
        link.send(ATTACH)
        number = link.receive().process
        link.send_json(REQUEST, 4, {"method": "exec", "process": "flood 1000000"})
        self.assertEqual(RESULT, link.receive().kind)
        sizes = {STDOUT: 0, STDERR: 0}
        while sum(sizes.values()) < 2 * 65536:
            frame = link.receive()
            self.assertEqual(DATA, frame.kind)
            sizes[frame.stream] += len(frame.payload)
        with self.assertRaises(TimeoutError):
            link.receive(patience=0.3)
        link.send(CREDIT, STDOUT, number, payload=struct.pack("<I", 1000))
        frame = link.receive()
        self.assertEqual((DATA, STDOUT, 1000), (frame.kind, frame.stream, len(frame.payload)))

    def test_hostile_guest(self):
        """What it may not send of a process ends the VM, as of process 0."""
        for words, pattern in (
            ("overdraw", "DATA of process 1"),
            ("raw 000000002101NN0000000000 000000002101NN0000000000", "EOF of process 1"),
            ("raw " + 2 * ("080000003000NN0000000000" + 16 * "0"), "EXITED of process 1"),
            ("raw 040000002200NN000000000001000000", "CREDIT of process 1"),
            ("raw 000000002101020000000000", "EOF of process 2"),
        ):
            with self.subTest(words[:40]):
                container = self.running()
                execd = Exec(container, words).spawn().greet()
                execd.ask()
                self.assertEqual(255, container.wait())
                execd.link.close()
                self.assertIn(execd.wait(), (1, 255))
                self.assertRegex(container.read("exit"), f"broke the protocol: {pattern}, which may not come")

    def test_console_socket(self):
        container = self.running()
        directory = tempfile.mkdtemp(prefix="limpid-shim-console-")
        self.addCleanup(shutil.rmtree, directory)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(directory + "/c")
        listener.listen(1)
        execd = Exec(container, "terminal", ("terminal", "socket", directory + "/c")).begin()
        connection, _ = listener.accept()
        _, descriptors, _, _ = socket.recv_fds(connection, 4096, 4)
        connection.close()
        listener.close()
        master = descriptors[0]
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 90, 0, 0))
        execd.commit()
        container.noted("1 size 30 90")
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 31, 91, 0, 0))
        container.noted("1 size 31 91")
        os.write(master, b"hello q")
        self.assertEqual(b"hello q", read_all(master))
        self.assertEqual(3, execd.wait())
        os.close(master)

    def test_inherited_terminal(self):
        container = self.running()
        master, slave = pty.openpty()
        before = termios.tcgetattr(slave)
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

        def lead():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        execd = Exec(container, "terminal", ("terminal", "inherit"), preexec_fn=lead)
        execd.begin(stdin=slave, stdout=slave, stderr=slave)
        self.assertEqual(before, termios.tcgetattr(slave))
        execd.commit()
        container.noted("1 size 24 80")
        self.assertFalse(termios.tcgetattr(slave)[3] & (termios.ICANON | termios.ISIG | termios.ECHO))
        os.write(master, b"\x03q")
        self.assertEqual(b"\x03q", read_all(master, 2))
        self.assertEqual(3, execd.wait())
        self.assertEqual(before, termios.tcgetattr(slave))
        os.close(master)
        os.close(slave)


class JoinShim(Case):
    def running(self, behaviour="wait", *options, **keywords):
        container = self.container(behaviour, *options, **keywords)
        container.run()
        return container

    def test_status_is_kept(self):
        container = self.running()
        for words, status, text in (("exit 0", 0, "exited 0"), ("exit 42", 42, "exited 42"),
                                    ("exit 0 9", 137, "signaled 9")):  # fmt: skip
            with self.subTest(words):
                joined = Join(container, words).run()
                self.assertEqual(status, joined.wait())
                self.assertEqual(["exit"], joined.left())
                self.assertEqual(text + "\n", joined.exit_file())
        self.assertIsNone(container.process.poll())

    def test_it_serves_in_namespaces_of_its_own(self):
        joined = Join(self.running(), "wait", ("network", "new"), ("share", "shared"), ("bind", "/usr", "a", "rbind,ro"),
                      ("confine", "a", "ro"), shim=DELIVERED).run()  # fmt: skip
        ours = os.readlink("/proc/self/ns/net")
        self.assertNotEqual(ours, os.readlink(f"/proc/{joined.process.pid}/ns/net"))
        self.assertIn("bin", os.listdir(f"/proc/{joined.process.pid}/root{joined.directory}/shared/a"))
        self.assertEqual([], os.listdir(joined.path("shared")))
        self.assertIn("virtiofsd.sock", os.listdir(joined.directory))
        joined.process.send_signal(signal.SIGUSR1)
        joined.container.noted("1 signal 10")
        self.assertEqual(128 + signal.SIGUSR1, joined.wait())
        self.assertEqual(["exit", "shared"], joined.left())

    def test_streams(self):
        joined = Join(self.running(), "echo").run(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        out, _ = joined.process.communicate(b"there and back", PATIENCE)
        self.assertEqual((b"there and back", 7), (out, joined.wait()))

    def test_launch_that_fails(self):
        container = self.running()
        for records, virtiofsd, pattern in (
            ((), ("/nowhere/virtiofsd",), "virtiofsd: /nowhere/virtiofsd: exec: No such file"),
            ((("network", "join", "/nowhere"),), (PYTHON, "-c", SERVING), "network: /nowhere: No such file"),
            ((("share", "shared"), ("bind", "/nowhere", "a", "bind")), (PYTHON, "-c", SERVING), "nowhere"),
        ):
            with self.subTest(pattern):
                joined = Join(container, "wait", *records, virtiofsd=virtiofsd).spawn().greet()
                failure = joined.refused()
                self.assertEqual("launch", failure["code"])
                self.assertRegex(failure["message"], pattern)
                self.assertEqual(1, joined.wait())
                self.assertLessEqual(set(joined.left()), {"shared"})

    def test_sandbox_that_is_not_there(self):
        container = self.container()
        container.spawn()
        container.greet()
        container.launched()
        os.unlink(container.path("shim.sock"))
        joined = Join(container).spawn().greet()
        self.assertRegex(joined.refused()["message"], "shim.sock: No such file")
        self.assertEqual(1, joined.wait())
        self.assertEqual([], joined.left())

    def test_virtiofsd_stays_until_it_is_unplugged(self):
        container = self.running()
        joined = Join(container, "wait").run()
        connection = joined.plug()
        joined.process.send_signal(signal.SIGUSR1)
        self.assertEqual(128 + signal.SIGUSR1, joined.wait())
        time.sleep(0.2)
        self.assertTrue(is_alive(joined.children[0]))
        connection.close()
        self.assertEqual(["exit"], joined.left())

    def test_verb_that_ends_before_commit(self):
        container = self.running()
        for plugged in (False, True):
            with self.subTest(plugged):
                joined = Join(container, "wait").begin()
                connection = joined.plug() if plugged else None
                joined.link.close()
                self.assertEqual(1, joined.wait())
                container.noted(f"{1 + plugged} signal 9")
                if plugged:
                    self.assertTrue(is_alive(joined.children[0]))
                    connection.close()
                self.assertEqual([], joined.left())

    def test_verb_that_ends_before_the_answer(self):
        container = self.running()
        joined = Join(container, "late wait").spawn().greet()
        joined.ask()
        container.noted("exec 1 late wait")
        joined.link.close()
        self.assertEqual(1, joined.wait())
        container.request("late", container.connect())
        container.noted("1 signal 9")
        self.assertEqual([], joined.left())

    def test_signal_before_commit(self):
        container = self.running()
        joined = Join(container, "wait").begin()
        joined.process.send_signal(signal.SIGTERM)
        self.assertEqual("launch", joined.refused()["code"])
        self.assertEqual(1, joined.wait())
        self.assertEqual([], joined.left())

    def test_refusal(self):
        joined = Join(self.running(), "refuse").spawn().greet()
        joined.ask()
        frame = joined.link.receive()
        self.assertEqual((FAILURE, 5), (frame.kind, frame.request))
        joined.link.close()
        self.assertEqual(1, joined.wait())
        self.assertEqual([], joined.left())

    def test_death_of_virtiofsd(self):
        joined = Join(self.running(), "wait").run()
        joined.plug()
        os.kill(joined.children[0], signal.SIGKILL)
        self.assertEqual(255, joined.wait())
        self.assertRegex(joined.exit_file(), r"(?s)\Avm-died\nvirtiofsd was killed by signal 9.*last words\n")
        joined.container.noted("1 signal 9")

    def test_death_of_the_shim(self):
        joined = Join(self.running(), "wait").run()
        connection = joined.plug()
        joined.process.kill()
        joined.wait()
        joined.container.noted("1 signal 9")
        self.assertTrue(is_alive(joined.children[0]))
        connection.close()
        self.assertEqual(["virtiofsd.sock"], joined.left())

    def test_death_of_the_vm(self):
        container = self.running()
        joined = Join(container, "wait").run()
        os.kill(container.pids[0], signal.SIGKILL)
        self.assertEqual(255, joined.wait())
        self.assertEqual(["exit"], joined.left())
        self.assertRegex(joined.exit_file(), r"\Avm-died\n")

    def test_end_of_the_first(self):
        container = self.running()
        joined = Join(container, "wait").run()
        container.process.send_signal(signal.SIGKILL)
        self.assertEqual(255, joined.wait())
        self.assertRegex(joined.exit_file(), r"\Avm-died\n")


class Signals(Case):
    def test_signals_are_passed_on(self):
        numbers = [number for number in range(1, 65)
                   if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGPIPE,
                                     signal.SIGWINCH)]
        container = self.container("until_signal", f"signals={len(numbers)}")
        container.run()
        for number in numbers:
            container.process.send_signal(number)
            container.noted(f"signal {number}")
        self.assertEqual(129, container.wait())

    def test_its_own_signals(self):
        container = self.container("until_signal")
        container.run()
        for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGWINCH):
            container.process.send_signal(number)
        container.process.send_signal(signal.SIGTERM)
        self.assertEqual(143, container.wait())
        self.assertEqual(["signal 15"], [note for note in container.notes() if note.startswith("signal")])

    def test_ignored_and_blocked_signals_are_not_inherited(self):
        def inherit():
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])

        container = self.container("until_signal", preexec_fn=inherit)
        container.run()
        container.process.terminate()
        self.assertEqual(143, container.wait())


class Deaths(Case):
    def dies(self, container, *patterns, cause=None):
        """With a verb that waits for an answer, the VM dies."""
        container.create()
        link = container.connect()
        link.send_json(REQUEST, 3, {"method": "ignore"})
        container.noted("request ignore")
        starter = container.connect()
        with contextlib.suppress(BrokenPipeError):
            starter.send_json(REQUEST, 4, {"method": "start"})
        if cause:
            container.noted("request start")
            cause()
        frame = link.receive()
        self.assertEqual((FAILURE, 0), (frame.kind, frame.request))
        failure = json.loads(frame.payload)
        self.assertEqual("vm", failure["code"])
        self.assertEqual(255, container.wait())
        first, _, rest = container.read("exit").partition("\n")
        self.assertEqual("vm-died", first)
        self.assertEqual(failure["message"] + "\n", rest)
        for pattern in patterns:
            self.assertRegex(rest, pattern)
        container.assert_nothing_left("log", "die")
        return rest

    def test_qemu_exits(self):
        container = self.container("die", r"console=\x1b[1mKernel panic\r\nbye\n")
        rest = self.dies(container, "^QEMU exited with status 3\n")
        self.assertIn("QEMU's last lines:\n  qemu: something \\x1b[31mbad\\x1b[0m happened\n", rest)
        self.assertIn("the guest's last lines:\n  \\x1b[1mKernel panic\n  bye\n", rest)

    def test_qemu_is_killed(self):
        self.dies(self.container("killed"), r"^QEMU was killed by signal 9 \(Killed\)")

    def test_virtiofsd_dies(self):
        container = self.container(records=[("virtiofsd", "/bin/sh", "-c",
                                             "until test -e die; do sleep 0.01; done;"
                                             "echo virtiofsd: trouble >&2; exit 9")])
        rest = self.dies(container, "^virtiofsd exited with status 9\n", cause=lambda: os.mkfifo(container.path("die")))
        self.assertIn("virtiofsd's last lines:\n  virtiofsd: trouble\n", rest)

    def test_qemu_hangs_up(self):
        self.dies(self.container("hang_up"), "^the agent link was closed")

    def test_log(self):
        for style, pattern in (("text", r'^time="[^"]*Z" level=error msg="limpid-shim: QEMU exited with status 3\\n'),
                               ("json", r'^\{"level":"error","msg":"limpid-shim: QEMU exited')):
            container = self.container("die")
            container.records.append(("log", container.path("log"), style))
            self.dies(container)
            log = container.read("log")
            self.assertRegex(log, pattern)
            self.assertEqual(1, log.count("\n"))
            if style == "json":
                self.assertEqual({"level", "msg", "time"}, set(json.loads(log)))

    def test_before_commit(self):
        container = self.container("die", "early")
        container.spawn()
        container.greet()
        container.launched()
        # it may be over before it can be asked
        with contextlib.suppress(BrokenPipeError):
            container.link.send_json(REQUEST, 1, {"method": "prepare"})
        frame = container.link.receive()
        self.assertEqual((FAILURE, 0), (frame.kind, frame.request))
        failure = json.loads(frame.payload)
        self.assertEqual("vm", failure["code"])
        self.assertRegex(failure["message"], "QEMU exited with status 3")
        self.assertEqual(255, container.wait())
        container.assert_nothing_left()

    def test_exited_is_the_last_word(self):
        container = self.container("exit_then_die")
        container.run(stdout=subprocess.PIPE)
        self.assertEqual(b"last words", container.process.stdout.read())
        self.assertEqual(4, container.wait())
        self.assertEqual("exited 4\n", container.read("exit"))
        container.process.stdout.close()


class HostileGuest(Case):
    def ends(self, container, pattern, **spawn):
        container.run(**spawn)
        self.assertEqual(255, container.wait())
        exit_file = container.read("exit")
        self.assertRegex(exit_file, "^vm-died\n" + pattern)
        container.assert_nothing_left()

    def raw(self, kind, stream=0, process=0, request=0, payload=b"", length=None):
        header = struct.pack("<IBBHI", len(payload) if length is None else length, kind, stream, process, request)
        return "bytes=" + (header + payload).hex()

    def test_frames_that_may_not_come(self):
        for what, pattern in (
            (self.raw(0x7F), "broke the protocol: kind"),
            (self.raw(COMMIT), "broke the protocol: direction"),
            (self.raw(ANSWER, request=1), "broke the protocol: direction"),
            (self.raw(LOOKUP, request=1, payload=bytes(11)), "broke the protocol: length"),
            (self.raw(LOOKUP, STDERR, request=1, payload=bytes(12)), "broke the protocol: stream"),
            (self.raw(REQUEST, request=1, payload=b"{}"), "broke the protocol: direction"),
            (self.raw(DATA, STDOUT, length=DATA_MAX + 1), "broke the protocol: length"),
            (self.raw(RESULT, request=1, length=(1 << 20) + 1), "broke the protocol: length"),
            (self.raw(RESULT, request=1, length=0xFFFFFFFF), "broke the protocol: length"),
            (self.raw(DATA, STDIN, payload=b"x"), "broke the protocol: stream"),
            (self.raw(DATA, STDOUT, process=4096, payload=b"x"), "broke the protocol: process"),
            (self.raw(DATA, STDOUT, process=1, payload=b"x"), "DATA of process 1, which may not come"),
            (self.raw(EXITED, process=1, payload=bytes(8)), "EXITED of process 1, which may not come"),
            (self.raw(RESULT, payload=b"{}"), "broke the protocol: request"),
            (self.raw(RESULT, request=99999, payload=b"{}"), "an answer to no request"),
            (self.raw(FAILURE, request=99999, payload=b"{}"), "an answer to no request"),
            (self.raw(FAILURE, payload=b'{"no":"\x1b"}'), r"""the agent gave up: \{"no":"\?"\}"""),
            (self.raw(EXITED, payload=struct.pack("<II", 256, 0)), "broke the protocol: payload"),
            (self.raw(CREDIT, STDIN, payload=bytes(4)), "broke the protocol: payload"),
            (self.raw(HELLO, payload=b"LMPD" + struct.pack("<HHI", 1, 1, 65536)), "HELLO again"),
        ):
            with self.subTest(pattern):
                self.ends(self.container("raw", what), ".*" + pattern)

    def test_more_data_than_credit(self):
        read, write = os.pipe()
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
        self.ends(self.container("overdraw"), "the agent broke the protocol: more DATA than it had credit for",
                  stdout=write)
        os.close(read)
        os.close(write)

    def test_data_after_eof(self):
        self.ends(self.container("data_after_eof"), "the agent broke the protocol: DATA after EOF")

    def test_credit_beyond_the_window(self):
        self.ends(self.container("wild_credit"), "the agent broke the protocol: CREDIT beyond its window")

    def test_what_comes_after_the_end_changes_nothing(self):
        container = self.container("exited_twice")
        container.run()
        self.assertEqual(6, container.wait())
        self.assertEqual("exited 6\n", container.read("exit"))

    def test_events_and_console_without_end(self):
        container = self.container("chatter")
        container.run()
        self.assertEqual((RESULT, {"did": "m"}), container.request("m", container.connect()))
        self.assertEqual(0, container.wait())

    @contextlib.contextmanager
    def group(self):
        """What looks like a control group of version 1. Nobody is killed in it."""
        with tempfile.TemporaryDirectory(prefix="limpid-shim-group-") as directory:
            values = {"memory.limit_in_bytes": "9223372036854771712", "memory.usage_in_bytes": "1048576",
                      "memory.swappiness": "60", "cgroup.procs": ""}
            for name, value in values.items():
                with open(f"{directory}/{name}", "w", encoding="ascii") as file:
                    file.write(value)
            yield directory, values

    def scores(self, container):
        return [contents(f"/proc/{pid}/oom_score_adj") for pid in (container.process.pid, *container.pids)]

    def test_lacks_of_memory_without_end(self):
        """They are shown now and then, not for ever, and all that was changed for that is as it was."""
        with self.group() as (directory, values), tempfile.NamedTemporaryFile() as log:
            container = self.container("forge_oom", records=[
                ("cgroup", directory), ("oom-score-adj", "100"), ("log", log.name, "text"),
                ("virtiofsd", "/bin/sleep", "60")])
            container.create()
            self.assertEqual(["100\n"] * 3, self.scores(container))
            container.start()
            moments, last = 0, "100\n"
            while "enough" not in container.notes():
                score = self.scores(container)[1]
                moments += score != last == "100\n"
                last = score
            # As many as there may be, but a short one can be overlooked.
            self.assertIn(moments, range(1, 7))
            self.assertEqual(["100\n"] * 3, self.scores(container))
            self.assertEqual((RESULT, {"did": "m"}), container.request("m", container.connect()))
            self.assertEqual(0, container.wait())
            # Nobody kills the child, so each is tried thrice.
            self.assertEqual(2, log.read().count(b"can't be shown"))
            for name, value in values.items():
                if name != "cgroup.procs":
                    self.assertEqual(value, contents(f"{directory}/{name}"), name)

    def test_anything(self):
        """The shim ends, with the workload's status or its own, and without a fault."""
        for seed in range(12):
            with self.subTest(seed), open("/dev/full", "wb", buffering=0) as full:
                container = self.container("anything", "early", f"seed={seed}")
                container.spawn(stdin=subprocess.DEVNULL, stdout=(subprocess.PIPE, full, subprocess.DEVNULL)[seed % 3])
                container.greet()
                container.launched()
                with contextlib.suppress(Disconnected, ConnectionError, TimeoutError):
                    for number in (1, 2, 3):
                        container.link.send_json(REQUEST, number, {"method": "m"})
                    if seed % 5:
                        container.link.send(COMMIT)
                    while True:
                        container.link.receive(0.2)
                container.link.close()
                if container.process.stdout:
                    container.process.stdout.read()
                    container.process.stdout.close()
                self.assertGreaterEqual(container.wait(), 0)
                container.assert_nothing_left()

    def test_first_frame_is_not_hello(self):
        container = self.container("raw", self.raw(RESULT, request=1, payload=b"{}"), "early")
        container.spawn()
        container.greet()
        container.launched()
        frame = container.link.receive()
        self.assertRegex(json.loads(frame.payload)["message"], "^the agent began with RESULT")
        self.assertEqual(255, container.wait())

    def test_other_version(self):
        hello = self.raw(HELLO, payload=b"LMPD" + struct.pack("<HHI", 2, 4, 65536))
        container = self.container("raw", hello, "early")
        container.spawn()
        container.greet()
        container.launched()
        frame = container.link.receive()
        self.assertRegex(json.loads(frame.payload)["message"], "^the agent speaks versions 2 to 4")
        self.assertEqual(255, container.wait())


class Directory:
    def __init__(self, path):
        self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)

    def close(self):
        os.close(self.fd)


class ConsoleSocket(Case):
    def listen(self, deep=""):
        directory = tempfile.mkdtemp(prefix="limpid-shim-console-")
        self.addCleanup(shutil.rmtree, directory)
        place = os.path.join(directory, deep)
        os.makedirs(place, exist_ok=True)
        self.path = os.path.join(place, "console.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.listener.close)
        with contextlib.closing(Directory(place)) as short:
            self.listener.bind(f"/proc/self/fd/{short.fd}/console.sock")
        self.listener.listen(1)
        self.listener.settimeout(PATIENCE)

    def prepare(self, behaviour="terminal", **keywords):
        """Up to COMMIT."""
        container = self.container(behaviour, records=[("terminal", "socket", self.path)], **keywords)
        container.spawn()
        container.greet()
        container.launched()
        container.request("create")
        return container

    def nobody_has_come(self):
        self.listener.settimeout(0.2)
        self.assertRaises(TimeoutError, self.listener.accept)
        self.listener.settimeout(PATIENCE)

    def receive(self):
        connection, _ = self.listener.accept()
        with connection:
            data, descriptors, _, _ = socket.recv_fds(connection, 4096, 4)
            self.assertEqual(1, len(descriptors))
            self.assertRegex(data, rb"^/dev/")
            self.assertEqual(b"", connection.recv(1))
        self.listener.close()
        self.master = descriptors[0]

    def open(self, behaviour="terminal", deep=""):
        self.listen(deep)
        container = self.prepare(behaviour)
        self.nobody_has_come()
        container.commit()
        self.receive()
        container.link.close()
        return container

    def proceed(self, container):
        container.start()
        container.noted("ready")

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def test_size_and_input(self):
        container = self.open()
        self.proceed(container)
        self.resize(30, 90)
        container.noted("size 30 90 0 0")
        self.resize(50, 132)
        container.noted("size 50 132 0 0")
        os.write(self.master, b"\x03\x04\x1a\rq")
        self.assertEqual(b"echo \x03\x04\x1a\rq\r\n", read_all(self.master))
        os.close(self.master)
        self.assertEqual(3, container.wait())

    def test_path_longer_than_an_address(self):
        container = self.open(deep="d" * 100 + "/" + "e" * 100)
        self.proceed(container)
        os.close(self.master)
        self.assertEqual(3, container.wait())

    def test_hang_up(self):
        container = self.open()
        self.proceed(container)
        os.close(self.master)
        container.noted("closed 1")
        self.assertEqual(3, container.wait())
        self.assertEqual([], [note for note in container.notes() if note.startswith("signal")])

    def test_much_output(self):
        container = self.open("pour")
        container.start()
        out = read_all(self.master)
        os.close(self.master)
        self.assertEqual(1000000, len(out))
        self.assertEqual(0, container.wait())

    def test_one_that_fails_leaves_the_place_to_another(self):
        """As the clone of a template does that does not come up: only one terminal is waited for."""
        self.listen()
        first = self.prepare()
        first.link.close()
        self.assertEqual(1, first.wait())
        container = self.prepare()
        self.nobody_has_come()
        container.link.send(COMMIT)
        self.receive()
        self.assertEqual(COMMITTED, container.link.receive().kind)
        container.link.close()
        self.proceed(container)
        os.write(self.master, b"q")
        self.assertEqual(b"echo q\r\n", read_all(self.master))
        os.close(self.master)
        self.assertEqual(3, container.wait())

    def commit_fails(self, container, message):
        container.link.send(COMMIT)
        frame = container.link.receive()
        self.assertEqual((FAILURE, 0, {"code": "launch", "message": message}),
                         (frame.kind, frame.request, json.loads(frame.payload)))
        self.assertEqual(1, container.wait())
        container.assert_nothing_left()
        self.assertNotIn("exit", os.listdir(container.directory))

    def test_nobody_listens_any_more(self):
        for end, why in ((lambda: None, "Connection refused"),
                         (lambda: os.unlink(self.path), "No such file or directory")):
            with self.subTest(why):
                self.listen()
                container = self.prepare()
                self.listener.close()
                end()
                self.commit_fails(container, f"{self.path}: {why}")

    def test_nobody_has_listened(self):
        self.listen()
        self.listener.close()
        self.fails_to_launch(self.container(records=[("terminal", "socket", self.path)]),
                             f"^{self.path}: Connection refused$")

    def test_socket_of_another_type(self):
        path = tempfile.mkdtemp(prefix="limpid-shim-console-")
        self.addCleanup(shutil.rmtree, path)
        path += "/console.sock"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.bind(path)
            self.fails_to_launch(self.container(records=[("terminal", "socket", path)]),
                                 f"^{path}: Protocol wrong type for socket$")
        os.unlink(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as other:
            self.path = path
            other.bind(path)
            other.listen(1)
            self.commit_fails(self.prepare(), f"{path}: Protocol wrong type for socket")

    def test_joined_container(self):
        self.listen()
        container = self.container("wait")
        container.run()
        joined = Join(container, "terminal", ("terminal", "socket", self.path)).begin()
        self.nobody_has_come()
        joined.commit()
        self.receive()
        self.resize(31, 91)
        container.noted("1 size 31 91")
        os.write(self.master, b"hello q")
        self.assertEqual(b"hello q", read_all(self.master))
        os.close(self.master)
        self.assertEqual(3, joined.wait())

    def test_joined_container_for_which_nobody_listens(self):
        container = self.container("wait")
        container.run()
        self.listen()
        joined = Join(container, "terminal", ("terminal", "socket", self.path)).begin()
        self.listener.close()
        joined.link.send(COMMIT)
        self.assertEqual({"code": "launch", "message": f"{self.path}: Connection refused"}, joined.refused())
        self.assertEqual(1, joined.wait())
        container.noted("1 signal 9")
        self.assertEqual([], joined.left())


class InheritedTerminal(Case):
    def open(self, behaviour, **keywords):
        """A shell's place: a session with the terminal, the shim in its foreground."""
        self.master, self.slave = pty.openpty()
        self.addCleanup(self.close)
        self.before = termios.tcgetattr(self.slave)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

        def lead():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        container = self.container(behaviour, records=[("terminal", "inherit")], preexec_fn=lead, **keywords)
        container.spawn(stdin=self.slave, stdout=self.slave, stderr=self.slave)
        container.greet()
        container.launched()
        container.request("create")
        self.assertEqual(self.before, termios.tcgetattr(self.slave))
        container.commit()
        container.link.close()
        self.assertFalse(termios.tcgetattr(self.slave)[3] & (termios.ICANON | termios.ISIG | termios.ECHO))
        container.start()
        container.noted("ready")
        return container

    def close(self):
        for fd in (self.master, self.slave):
            if fd >= 0:
                os.close(fd)

    def assert_restored(self):
        self.assertEqual(self.before, termios.tcgetattr(self.slave))

    def test_raw_until_the_end(self):
        container = self.open("until_input")
        container.noted("size 24 80 0 0")
        os.write(self.master, b"\x03")
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 81, 0, 0))
        container.noted("size 25 81 0 0")
        os.write(self.master, b"q")
        self.assertEqual(b"out\r\n", os.read(self.master, 100))
        self.assertEqual(5, container.wait())
        container.noted("stdin 0371")
        self.assert_restored()

    def test_restored_when_the_vm_dies(self):
        container = self.open("wait")
        os.kill(container.pids[0], signal.SIGKILL)
        self.assertEqual(255, container.wait())
        self.assert_restored()

    def test_signals_of_faults_are_passed_on_too(self):
        container = self.open("wait", shim=DELIVERED)
        container.process.send_signal(signal.SIGSEGV)
        container.noted("signal 11")
        self.assertIsNone(container.process.poll())

    def test_hang_up(self):
        container = self.open("terminal")
        os.close(self.slave)
        os.close(self.master)
        self.master = self.slave = -1
        self.assertEqual(3, container.wait())


class Shared(Case):
    """What virtiofsd sees and may do; it is played by a shell with the commands of each test."""

    def setUp(self):
        self.files = tempfile.mkdtemp(prefix="limpid-shim-files-")
        self.addCleanup(shutil.rmtree, self.files)

    def make(self, *paths):
        for path in paths:
            whole = os.path.join(self.files, path)
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            if path.endswith("/"):
                continue
            with open(whole, "w", encoding="utf-8") as file:
                file.write(path)

    def script(self, records, commands, meanwhile=None):
        """Runs the commands, one a line, in `shared`; returns for each `ok`, or the last word of the error."""
        script = ["cd shared", "exec 9>&2"]
        for command in commands:
            script.append(f'if out=$({{ {command}; }} 2>&1); then echo "ok $out"; else echo "no $out"; fi >&9')
        script.append("echo done >&9; exec sleep 60")
        container = self.container(records=[
            ("share", "shared"), *records, ("virtiofsd", "/bin/bash", "-c", "\n".join(script))])
        container.create()
        if meanwhile:
            meanwhile()
        # what the script wrote is in the diagnosis
        wait_until(lambda: contents(f"/proc/{container.pids[1]}/comm") == "sleep\n", "the script is done")
        os.kill(container.pids[0], signal.SIGKILL)
        self.assertEqual(255, container.wait())
        text = container.read("exit").partition("virtiofsd's last lines:\n")[2]
        lines = [line.strip() for line in text.split("\n")]
        self.assertIn("done", lines, text)
        return lines[: lines.index("done")]

    def test_binds(self):
        self.make("volume/file", "single", "tree/below/file")
        results = self.script(
            [("bind", f"{self.files}/volume", "volumes/0", "rbind"),
             ("bind", f"{self.files}/single", "volumes/1", "bind,ro"),
             ("bind", f"{self.files}/tree", "root", "rbind,ro"),
             ("confine", "volumes/0", "rw"), ("confine", "volumes/1", "rw"), ("confine", "root", "rw")],
            ["ls", "ls volumes", "cat volumes/0/file volumes/1 root/below/file", "echo new > volumes/0/new",
             "echo x > volumes/1", "echo x > root/new", "echo x > new", "mkdir volumes/new", "rmdir volumes/0",
             "mv volumes x", "chmod 700 ."])
        self.assertEqual(["ok root", "volumes", "ok 0", "1", "ok volume/filesingletree/below/file", "ok"], results[:6])
        for result in results[6:]:
            self.assertNotRegex(result, "^ok")
        self.assertEqual("new\n", contents(f"{self.files}/volume/new"))
        self.assertEqual(["below"], os.listdir(f"{self.files}/tree"))
        self.assertEqual("single", contents(f"{self.files}/single"))

    def test_the_host_sees_no_mounts(self):
        self.make("volume/file")
        container = self.container(records=[("share", "shared"),
                                            ("bind", f"{self.files}/volume", "v", "bind")])
        before = contents("/proc/self/mountinfo")
        container.run()
        self.assertEqual(before, contents("/proc/self/mountinfo"))
        self.assertEqual([], os.listdir(container.path("shared")))
        self.assertIn("/shared/v", contents(f"/proc/{container.process.pid}/mountinfo"))
        container.process.kill()
        container.wait()
        shutil.rmtree(container.path("shared"))

    def test_mounts_of_the_host_come_and_go(self):
        """A slave: what the host mounts later is seen, and what it unmounts is let go."""
        self.make("volume/", "elsewhere/")
        mounted = f"{self.files}/elsewhere"
        container = self.container(records=[("share", "shared"), ("bind", f"{self.files}", "v", "rbind")])
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", mounted], check=True)
        try:
            container.run()
            table = contents(f"/proc/{container.process.pid}/mountinfo")
            self.assertIn("/shared/v/elsewhere", table)
        finally:
            subprocess.run(["umount", mounted], check=True)

    def test_mounts_that_come_later(self):
        """Only who is told to follows the host."""
        self.make("volume/sub/", "volume/file")
        volume = f"{self.files}/volume"
        subprocess.run(["mount", "--bind", volume, volume], check=True)
        subprocess.run(["mount", "--make-shared", volume], check=True)
        try:
            results = self.script(
                [("bind", volume, "follows", "rbind,slave"), ("bind", volume, "stays", "rbind"),
                 ("confine", "follows", "rw"), ("confine", "stays", "rw")],
                ["touch follows/ready", "until [ -e follows/sub/there ]; do sleep 0.01; done", "ls stays/sub",
                 "echo x > follows/sub/new"],
                meanwhile=lambda: self.mount_later(volume))
            self.assertEqual(["ok"] * 4, results)
            self.assertEqual("x\n", contents(f"{volume}/sub/new"))
        finally:
            subprocess.run(["umount", "--lazy", "--recursive", volume], check=True)

    def mount_later(self, volume):
        wait_until(lambda: os.path.exists(f"{volume}/ready"), "the script runs")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", f"{volume}/sub"], check=True)
        with open(f"{volume}/sub/there", "w", encoding="utf-8"):
            pass

    def test_owners_are_mapped(self):
        self.make("volume/file", "volume/sub/file")
        os.chown(f"{self.files}/volume/file", 1, 2)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", f"{self.files}/volume/sub"], check=True)
        try:
            results = self.script(
                [("bind", f"{self.files}/volume", "top", "rbind,idmap", "0 1000 5\n5 6 1", "0 2000 5"),
                 ("bind", f"{self.files}/volume", "below", "rbind,ridmap", "0 1000 5", "0 2000 5"),
                 ("confine", "top", "rw"), ("confine", "below", "rw")],
                ["stat -c %u:%g top/file", "stat -c %u:%g top/sub", "stat -c %u:%g below/sub",
                 "chown 1003:2004 top/file"])
            self.assertEqual(["ok 1001:2002", "ok 0:0", "ok 1000:2000", "ok"], results)
        finally:
            subprocess.run(["umount", f"{self.files}/volume/sub"], check=True)
        status = os.stat(f"{self.files}/volume/file")
        self.assertEqual((3, 4), (status.st_uid, status.st_gid))

    def test_owners_that_cannot_be_mapped(self):
        self.make("volume/file")
        for source, users, groups, pattern in (
            ("/proc/sys", "0 1 2", "0 1 2", "bind: /proc/sys: its owners can't be mapped: Invalid argument"),
            (f"{self.files}/volume", "0 1", "0 1 2", "bind: the mapping of users: Invalid argument"),
            (f"{self.files}/volume", "0 1 2", "0 1 2 3", "bind: the mapping of groups: Invalid argument"),
            (f"{self.files}/volume", "0 1 2\n1 5 2", "0 1 2", "bind: the mapping of users: Invalid argument"),
        ):
            container = self.container(
                records=[("share", "shared"), ("bind", source, "x", "bind,idmap", users, groups)])
            self.fails_to_launch(container, pattern)

    def test_names_that_would_leave(self):
        self.make("a/inner/", "a/other/", "b/")
        os.symlink("/etc", f"{self.files}/link")
        os.symlink("a", f"{self.files}/deep")
        os.symlink(".", f"{self.files}/up")
        for records, pattern in (
            ([("bind", f"{self.files}/link", "x", "bind")], "bind: .*/link: a symbolic link is on the way"),
            ([("bind", f"{self.files}/deep/inner", "x", "bind")], "bind: .*/deep/inner: a symbolic link is on the way"),
            ([("bind", f"{self.files}/deep/inner/", "x", "rbind,ro")], "a symbolic link is on the way"),
            ([("bind", f"/proc/self/root{self.files}/a", "x", "bind")], "a symbolic link is on the way"),
            ([("upper", f"{self.files}/deep", "inner", "other", "x")], "bind: .*/deep: a symbolic link is on the way"),
            ([("upper", f"{self.files}/up/a", "inner", "other", "x")], "bind: .*/up/a: a symbolic link is on the way"),
            ([("bind", f"{self.files}/a", "x", "bind"), ("bind", f"{self.files}/b", "x/y", "bind")], "can't be made"),
            ([("bind", f"{self.files}/a", "x", "bind"), ("bind", f"{self.files}/b", "x", "bind")], "File exists"),
            ([("bind", f"{self.files}/a", "x", "bind"), ("confine", "x/../../..", "rw"),
              ("virtiofsd", "/bin/true")], None),
        ):
            container = self.container(records=[("share", "shared"), *records])
            if pattern:
                self.fails_to_launch(container, pattern)
            else:
                container.spawn()
                self.assertEqual(1, container.wait())
                self.assertRegex(container.said(), "confine.*below `shared`")
            self.assertEqual(["inner", "other"], sorted(os.listdir(f"{self.files}/a")))

    UPPER = [("confine", "upper/diff", "rw"), ("confine", "upper/limpid-work", "rw")]

    def layer(self):
        self.make("layer/diff/inside", "layer/limpid-work/", "layer/link", "layer/lower", "layer/merged/secret",
                  "layer/work/work/x")
        os.symlink("lower", f"{self.files}/layer/symbolic")
        return ("upper", f"{self.files}/layer", "diff", "limpid-work", "upper")

    def snapshot(self):
        out = {}
        for directory, _, names in os.walk(f"{self.files}/layer"):
            for name in [*names, "."]:
                path = os.path.join(directory, name)
                status = os.lstat(path)
                content = contents(path) if name != "." and not os.path.islink(path) else ""
                out[path] = (status.st_mode, status.st_uid, content)
        return out

    def test_upper_covers_everything_else(self):
        results = self.script([self.layer(), *self.UPPER], [
            "ls upper", "stat -c %s%F upper/link", "ls upper/merged upper/work | tr '\\n' ' '",
            "cat upper/diff/inside", "stat -c %s%F upper/lower"])
        self.assertEqual(
            ["ok diff", "limpid-work", "link", "lower", "merged", "symbolic", "work", "ok 0regular empty file",
             "ok upper/merged:  upper/work:", "ok layer/diff/inside", "ok 0regular empty file"], results)

    def test_upper_covers_even_without_landlock(self):
        """What is covered is empty, whoever opens it."""
        container = self.container(records=[("share", "shared"), self.layer()])
        container.run()
        upper = f"/proc/{container.process.pid}/root{container.path('shared')}/upper"
        self.assertEqual("", contents(f"{upper}/lower") + contents(f"{upper}/link"))
        self.assertEqual([], os.listdir(f"{upper}/merged") + os.listdir(f"{upper}/work"))

    def test_what_comes_later_cannot_be_read(self):
        """Names that appear beside the upper directory after the launch are not covered."""
        layer = self.layer()
        self.make("single", "other", "read-only/file")
        late = f"{self.files}/layer/late"

        def make_late():
            self.make("layer/late-file", "layer/late-program", "layer/diff/later", "layer/diff/program")
            for name in ("late-program", "diff/program"):
                os.chmod(f"{self.files}/layer/{name}", 0o755)
            self.make("layer/new/secret")
            os.rename(f"{self.files}/layer/new", late)

        results = self.script(
            [layer, *self.UPPER, ("bind", f"{self.files}/single", "single", "bind"),
             ("bind", f"{self.files}/read-only", "ro", "rbind,ro"), ("bind", f"{self.files}/other", "unsaid", "bind"),
             ("confine", "single", "rw"), ("confine", "ro", "ro")],
            [f"until test -e {late}; do sleep 0.01; done", "ls upper | grep late", "cat upper/late/secret",
             "cat upper/late-file", "dd if=upper/late-file", "upper/late-program", "upper/diff/program",
             "cat upper/diff/later", "cat single ro/file", "cat unsaid", "cat /etc/passwd", f"cat {late}/secret",
             f"ls {self.files}", "cat /sys/kernel/uevent_seqnum", "cat /proc/1/environ",
             f"cat /proc/{os.getpid()}/environ", "cat /proc/uptime", "head -c 1 /dev/zero", "read x < /proc/$$/stat"],
            meanwhile=make_late)
        allowed = {0: "ok", 1: "ok late", 7: "ok layer/diff/later", 8: "ok singleread-only/file", 18: "ok"}
        results = [result for result in results if re.match("ok|no ", result)]
        self.assertEqual(19, len(results), results)
        for number, result in enumerate(results):
            if number in allowed:
                self.assertEqual(allowed[number], result)
            else:
                self.assertRegex(result, "^no .*(Permission denied|not permitted)", number)

    def test_kernel_without_landlock(self):
        """The upper directory can't be shown safely; everything else can."""
        self.make("volume/file")
        virtiofsd = ("virtiofsd", "/bin/sleep", "60")
        self.fails_to_launch(
            self.container(records=[("share", "shared"), self.layer(), *self.UPPER, virtiofsd],
                           preexec_fn=without_landlock),
            r"^upper: the kernel has no Landlock \(ABI 2\): .* /.*/layer$")
        container = self.container(
            records=[("share", "shared"), ("bind", f"{self.files}/volume", "v", "rbind"), ("confine", "v", "rw"),
                     virtiofsd], preexec_fn=without_landlock)
        container.records.append(("log", container.path("log"), "text"))
        container.run()
        log = container.read("log")
        self.assertRegex(log, "level=warning .*no Landlock.*virtiofsd is not confined")
        self.assertRegex(log, "level=warning .*no Landlock.*QEMU is not confined")
        for pid in container.pids:
            self.assertRegex(contents(f"/proc/{pid}/status"), "NoNewPrivs:\t1")
        self.assertRegex(contents(f"/proc/{container.pids[0]}/status"), "CapBnd:\t0000000000000000")

    def test_upper_under_attack(self):
        upper = self.layer()
        before = self.snapshot()
        attacks = [
            "echo x > upper/lower", "echo x >> upper/link", "truncate -s 0 upper/lower", "rm upper/lower",
            "rm upper/symbolic", "ln -sf x upper/symbolic", "mv upper/lower upper/diff/", "mv upper/diff upper/x",
            "mv upper/diff/inside upper/", "ln upper/diff/inside upper/y", "mkdir upper/new", "echo x > upper/new",
            "mknod upper/pipe p", "mv upper/merged upper/z", "echo x > upper/merged/new", "chmod 777 upper/lower",
            "chown 5 upper/merged", "ln -s x upper/s", "cp upper/diff/inside upper/copy", "rmdir upper/limpid-work",
            "echo x > upper/diff/../lower", "umount upper/lower", "umount -l upper", "mount -o remount,rw upper/lower",
            "mount -t tmpfs none upper/diff", "mount --bind /etc upper/diff", "unshare -m umount upper/lower",
            f"chmod 777 {self.files}/layer/lower", f"chown 5 {self.files}/layer/lower",
            f"touch {self.files}/layer/lower",
            "chmod 700 ..", f"echo x > {self.files}/layer/lower", f"echo x > {self.files}/escape",
            "touch /tmp/limpid-shim-escape",
            "echo x > ../exit", "echo x > /proc/sys/kernel/domainname", "echo $$ > /sys/fs/cgroup/memory/tasks",
        ]
        verdicts = []
        for at in range(0, len(attacks), 8):
            verdicts += [result for result in self.script([upper, *self.UPPER], attacks[at : at + 8])
                         if re.match("ok|no ", result)]
        self.assertEqual(len(attacks), len(verdicts), verdicts)
        for attack, verdict in zip(attacks, verdicts):
            self.assertRegex(verdict, "^no", attack)
        self.assertEqual(before, self.snapshot())
        self.assertFalse(os.path.exists("/tmp/limpid-shim-escape"))

    def test_upper_can_be_worked_with(self):
        results = self.script([self.layer(), *self.UPPER], [
            "mkdir upper/limpid-work/work", "echo new > upper/limpid-work/work/n",
            "mv -T upper/limpid-work/work/n upper/diff/n", "mv upper/diff/inside upper/limpid-work/work/",
            "ln upper/diff/n upper/limpid-work/work/hard", "mknod upper/limpid-work/work/w c 0 0",
            "mv upper/limpid-work/work/w upper/diff/inside", "mkdir upper/limpid-work/work/d",
            "mv -T upper/limpid-work/work/d upper/diff/d", "truncate -s 5 upper/diff/n", "chmod 600 upper/diff/n",
            "mknod upper/diff/p p", "ln -s x upper/diff/s", "mknod upper/diff/disk b 7 200",
            "setfattr -n trusted.overlay.opaque -v y upper/diff/d 2>&1 || test ! -x /usr/bin/setfattr"])
        for result in results:
            self.assertRegex(result, "^ok")
        self.assertTrue(os.path.exists(f"{self.files}/layer/diff/d"))

    def test_who_enters_finds_the_root_filesystem(self):
        """And the shim, and what it has started, the host's, so that nothing else is lost."""
        self.make("root/etc/in-the-container", "root/tmp/", "volume/file")
        os.symlink("/", f"{self.files}/root/top")
        container = self.container(records=[
            ("share", "shared"), ("bind", f"{self.files}/volume", "v", "rbind"), ("confine", "v", "rw"),
            ("root", f"{self.files}/root"), ("virtiofsd", "/bin/sleep", "60")])
        container.run()
        # As podman does: a process of the host's, with programs that it has opened before.
        script = f"""if 1:
            import ctypes, os
            namespace = os.open("/proc/{container.process.pid}/ns/mnt", os.O_RDONLY)
            assert ctypes.CDLL(None).setns(namespace, 0x20000) == 0
            with open("/tmp/put-in", "w") as out:
                out.write("in the container's /tmp")
            print(sorted(os.listdir("/")), os.listdir("/etc"), sorted(os.listdir("/../..")), sorted(os.listdir("/top")))
            """
        found = subprocess.run([PYTHON, "-c", script], check=True, capture_output=True, text=True).stdout
        root = "['etc', 'tmp', 'top']"
        self.assertEqual(f"{root} ['in-the-container'] {root} {root}\n", found)
        self.assertEqual("in the container's /tmp", contents(f"{self.files}/root/tmp/put-in"))
        self.assertFalse(os.path.exists("/tmp/put-in"))
        for pid in (container.process.pid, *container.pids):
            self.assertTrue(os.path.exists(f"/proc/{pid}/root/etc/passwd"))
        self.assertTrue(os.path.exists(f"/proc/{container.process.pid}/cwd/shim.sock"))
        container.process.kill()
        container.wait()
        shutil.rmtree(container.path("shared"))

    def test_devices_are_no_devices(self):
        results = self.script([self.layer(), *self.UPPER],
                              ["mknod upper/diff/null c 1 3", "cat upper/diff/null", "echo x > upper/diff/null"])
        self.assertEqual("ok", results[0])
        self.assertRegex(results[1], "^no .*Permission denied")
        self.assertRegex(results[2], "^no .*Permission denied")

    @unittest.skipUnless(os.path.exists(VIRTIOFSD), "there is no virtiofsd")
    def test_real_virtiofsd(self):
        """It starts, confined, and waits for QEMU."""
        self.make("volume/file")
        container = self.container(records=[
            ("share", "shared"), self.layer(), ("bind", f"{self.files}/volume", "volumes/0", "rbind"),
            *self.UPPER, ("confine", "volumes/0", "rw"),
        ])
        container.records.append((
            "virtiofsd", VIRTIOFSD, "--fd=3", "-o", f"source={container.path('shared')},xattr,"
            "modcaps=+sys_admin:+mknod,sandbox=chroot,cache=auto"))
        container.run()
        time.sleep(0.2)
        self.assertTrue(is_alive(container.pids[1]))
        front = socket.socket(socket.AF_UNIX)
        front.connect(container.at("virtiofsd.sock"))
        front.sendall(struct.pack("<III", 1, 1, 0))  # VHOST_USER_GET_FEATURES
        front.settimeout(PATIENCE)
        self.assertEqual((1, 5, 8), struct.unpack_from("<III", front.recv(100)))
        self.assertEqual(container.path("shared"), os.readlink(f"/proc/{container.pids[1]}/root"))
        front.close()
        self.assertEqual(255, container.wait())
        self.assertRegex(container.read("exit"), "^vm-died\nvirtiofsd exited with status")

    @unittest.skipUnless(os.path.exists(VIRTIOFSD) and os.path.exists(QEMU), "there is no virtiofsd or no QEMU")
    def test_real_programs_die_with_a_killed_shim(self):
        """Also if they change their capabilities, sandbox themselves or have threads."""
        self.make("volume/file")
        container = self.container(shim=DELIVERED, records=[
            ("share", "shared"), ("bind", f"{self.files}/volume", "volumes/0", "rbind"), ("confine", "volumes/0", "rw"),
            ("virtiofsd", VIRTIOFSD, "--fd=3", "-f", "-o", "sandbox=chroot",
             "-o", "xattr,modcaps=+sys_admin:+mknod", "-o"),
            ("hypervisor", QEMU, "-M", "microvm,accel=kvm:tcg,memory-backend=m", "-m", "64M", "-S", "-nodefaults",
             "-display", "none", "-sandbox",
             "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
             "-chardev", "socket,id=qmp,fd=4,server=on,wait=off", "-mon", "chardev=qmp,mode=control",
             "-object", "memory-backend-memfd,id=m,size=64M,share=on",
             "-chardev", "socket,id=fs,path=virtiofsd.sock", "-device", "vhost-user-fs-device,chardev=fs,tag=t"),
        ])
        # not relative: virtiofsd changes to / before it opens it
        container.records[-2] += (f"source={container.path('shared')}",)
        container.spawn()
        container.greet()
        container.launched()
        self.assertEqual(2, len(container.pids))
        # connected: by then both are in full swing
        connected = re.compile(r" 03 +\d+ virtiofsd\.sock$", re.M)
        wait_until(lambda: connected.search(contents("/proc/net/unix")), "QEMU has connected to virtiofsd")
        container.process.kill()
        container.wait()
        container.assert_nothing_left("shim.sock", "qmp.sock", "virtiofsd.sock")


def ip(pid, *arguments, text=None):
    """iproute2 in the network namespace of a process."""
    subprocess.run(["nsenter", f"--net=/proc/{pid}/ns/net", "ip", *arguments], check=True, input=text, text=True)


@unittest.skipUnless(os.path.exists(VIRTIOFSD), "there is no virtiofsd")
class HostileFuse(Case):
    """
    What a guest can do that speaks to virtiofsd itself. The folder is laid out as the engines do it: files beside the upper
    directory that say what is mounted the next time, and the host's secrets around it.
    """

    SECRET = "the-host-has-a-secret"
    LATE = "came-later"
    NAMES = (b"lower", b"link", b"merged", b"work", b"committed", b"metadata.db", b"symbolic", b"new", b"..", b".", b"../lower",
             b"../../outside/secret", b"/etc/passwd", b"upper/../lower", b"", b"n" * 256, b"n" * 5000, b"to-root/etc/passwd",
             b"to-root", b"to-parent", b"to-proc", b"to-lower", b"lower\0x", b"\xff\xfe")

    def setUp(self):
        super().setUp()
        self.files = tempfile.mkdtemp(prefix="limpid-shim-test-")
        self.addCleanup(shutil.rmtree, self.files)
        self.layer = f"{self.files}/layer"
        for name in ("layer/upper/directory", "layer/limpid-work/work", "layer/merged/below", "layer/work/work", "volume",
                     "read-only", "outside"):
            os.makedirs(f"{self.files}/{name}")
        for name in ("layer/lower", "layer/link", "layer/committed", "layer/metadata.db", "layer/merged/file",
                     "layer/work/work/x", "outside/secret", "layer/upper-of-another"):
            with open(f"{self.files}/{name}", "w", encoding="ascii") as out:
                out.write(self.SECRET)
        for name in ("layer/upper/file", "layer/upper/directory/file", "volume/file", "read-only/file"):
            with open(f"{self.files}/{name}", "w", encoding="ascii") as out:
                out.write("the guest's own")
        os.symlink("lower", f"{self.layer}/symbolic")
        for name, target in (("to-root", "/"), ("to-parent", "../.."), ("to-lower", "../lower"), ("to-proc", "/proc/self/root"),
                             ("to-one", "/proc/1/root"), ("to-secret", f"{self.files}/outside/secret")):
            os.symlink(target, f"{self.layer}/upper/{name}")

    def launched(self):
        container = self.container(records=[
            ("share", "shared"), ("upper", self.layer, "upper", "limpid-work", "overlay"),
            ("bind", f"{self.files}/volume", "volumes/0", "rbind"), ("bind", f"{self.files}/read-only", "volumes/1", "bind,ro"),
            ("confine", "overlay/upper", "rw"), ("confine", "overlay/limpid-work", "rw"), ("confine", "volumes/0", "rw"),
            ("confine", "volumes/1", "ro")])
        container.records.append((
            "virtiofsd", VIRTIOFSD, "--fd=3", "-f", "-o", f"source={container.path('shared')}", "-o", "sandbox=chroot",
            "-o", "xattr,modcaps=+sys_admin:+mknod", "-o", "announce_submounts", "-o", "cache=auto", "-o", "log_level=err"))
        container.run()
        self.virtiofsd = container.pids[1]
        guest = fuse.Guest(container.at("virtiofsd.sock"))
        self.addCleanup(guest.close)
        self.guest = guest
        self.overlay = guest.walk("overlay")
        self.upper = guest.walk("overlay", "upper")
        return container, guest

    def host(self):
        """Everything that is not the guest's: what it is, whose, and what is in it."""
        out = {}
        for directory, directories, names in os.walk(self.files):
            if directory in (f"{self.layer}/upper", f"{self.layer}/limpid-work", f"{self.files}/volume"):
                directories.clear()
                continue
            for name in ["", *names, *directories]:
                path = os.path.join(directory, name).rstrip("/")
                if path in (f"{self.layer}/upper", f"{self.layer}/limpid-work", f"{self.files}/volume"):
                    continue
                status = os.lstat(path)
                content = contents(path) if stat.S_ISREG(status.st_mode) else ""
                attributes = [] if stat.S_ISLNK(status.st_mode) else os.listxattr(path)
                out[path] = (status.st_mode, status.st_uid, status.st_gid, status.st_nlink, status.st_mtime_ns, content,
                             attributes)
        return out

    def assert_nothing_told(self):
        self.assertNotIn(self.SECRET.encode(), bytes(self.guest.heard))
        self.assertNotIn(b"root:x:0:0", bytes(self.guest.heard))
        # Nor kept where it could be read in the container.
        for directory, _, names in os.walk(f"{self.layer}/upper"):
            for name in names:
                path = os.path.join(directory, name)
                if stat.S_ISREG(os.lstat(path).st_mode):
                    with open(path, "rb") as file:
                        self.assertNotIn(self.SECRET.encode(), file.read(), path)

    def test_the_guest_can_work(self):
        """Or the attacks would prove nothing."""
        _, guest = self.launched()
        file = guest.lookup(self.upper, "file")
        handle = guest.open(file, os.O_RDWR)
        self.assertEqual(b"the guest's own", guest.read(file, handle))
        guest.write(file, handle, b"THE")
        self.assertEqual("THE guest's own", contents(f"{self.layer}/upper/file"))
        node, handle = guest.create(self.upper, "made")
        guest.write(node, handle, b"x" * 5000)
        guest.set_attributes(node, fuse.ATTR_MODE | fuse.ATTR_UID | fuse.ATTR_GID, mode=0o640, uid=7, gid=8)
        guest.set_xattr(node, "trusted.overlay.opaque", b"y")
        guest.link(node, self.upper, "hard")
        work = guest.walk("overlay", "limpid-work", "work")
        guest.rename(self.upper, "made", work, "moved")
        guest.rename(work, "moved", self.upper, "made")
        guest.mkdir(self.upper, "d")
        guest.mknod(self.upper, "whiteout", stat.S_IFCHR)
        guest.symlink(self.upper, "s", "anywhere")
        guest.unlink(self.upper, "s")
        status = os.stat(f"{self.layer}/upper/made")
        self.assertEqual((0o640, 7, 8, 2, 5000),
                         (status.st_mode & 0o777, status.st_uid, status.st_gid, status.st_nlink, status.st_size))
        self.assertEqual(b"y", os.getxattr(f"{self.layer}/upper/made", "trusted.overlay.opaque"))
        read_only = guest.walk("volumes", "1", "file")
        self.assertEqual(b"the guest's own", guest.read(read_only, guest.open(read_only, os.O_RDONLY)))

    def nodes(self):
        """All places that can be named, and numbers that name none."""
        guest = self.guest
        found = {"root": fuse.ROOT, "overlay": self.overlay, "upper": self.upper}
        for path in ("overlay/limpid-work", "overlay/lower", "overlay/link", "overlay/merged", "overlay/work", "overlay/symbolic",
                     "overlay/committed", "volumes", "volumes/0", "volumes/1", "volumes/1/file", "overlay/upper/to-root",
                     "overlay/upper/to-proc", "overlay/upper/to-one", "overlay/upper/to-lower", "overlay/upper/to-secret",
                     "overlay/upper/file"):
            found[path] = guest.walk(*path.split("/"))
        for number in (0, 1 << 63, (1 << 64) - 1, 0x7FFFFFFF, max(found.values()) + 1, max(found.values()) + 1000):
            found[f"forged {number}"] = number
        return found

    def attack_names(self, node, name, file):
        """Everything that takes a name in a directory."""
        guest, upper = self.guest, self.upper
        return (
            lambda: guest.ask(fuse.LOOKUP, node, name + b"\0"),
            lambda: guest.ask(fuse.LOOKUP, node, name),
            lambda: guest.ask(fuse.CREATE, node, struct.pack("<IIII", os.O_RDWR | os.O_TRUNC, 0o100666, 0, 0) + name + b"\0"),
            lambda: guest.mknod(node, name, stat.S_IFBLK | 0o666, 0x700),
            lambda: guest.mkdir(node, name, 0o777),
            lambda: guest.symlink(node, name, "/etc/passwd"),
            lambda: guest.link(file, node, name),
            lambda: guest.rename(upper, "file", node, name),
            lambda: guest.rename(upper, "file", node, name, 1),
            lambda: guest.rename(upper, "directory", node, name, 2),
            lambda: guest.rename(node, name, upper, "stolen", 0),
            lambda: guest.rename(node, name, upper, "file", 2),
            lambda: guest.ask(fuse.RENAME, node, struct.pack("<Q", upper) + name + b"\0stolen\0"),
            lambda: guest.unlink(node, name),
            lambda: guest.rmdir(node, name),
        )

    def attack_node(self, node):
        """Everything that is done to what there is."""
        guest, upper = self.guest, self.upper

        def read_with(flags):
            handle = guest.open(node, flags)
            answer = guest.read(node, handle)
            guest.write(node, handle, b"written by the guest")
            guest.ask(fuse.FALLOCATE, node, struct.pack("<QQQII", handle, 0, 1 << 16, 0, 0))
            guest.set_attributes(node, fuse.ATTR_SIZE | fuse.ATTR_FH, size=3, handle=handle)
            return answer

        def list_with(opcode):
            handle = guest.open_directory(node)
            return guest.read(node, handle, 8192, 0, opcode)

        attacks = [lambda flags=flags: read_with(flags) for flags in (
            os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_RDWR | os.O_TRUNC, os.O_RDWR | os.O_CREAT, os.O_RDWR | os.O_APPEND,
            os.O_RDWR | os.O_DIRECT, os.O_PATH, os.O_RDONLY | os.O_TRUNC, 0o20200000 | os.O_RDWR, 0x7FFFFFFF)]
        attacks += [
            lambda: list_with(fuse.READDIR), lambda: list_with(fuse.READDIRPLUS),
            lambda: guest.ask(fuse.READLINK, node),
            lambda: guest.link(node, upper, "linked"),
            lambda: guest.set_attributes(node, fuse.ATTR_SIZE, size=0),
            lambda: guest.read(node, 0), lambda: guest.read(node, 1), lambda: guest.write(node, 0, b"written"),
            lambda: guest.ask(fuse.GETXATTR, node, struct.pack("<II", 4096, 0) + b"trusted.secret\0"),
            lambda: guest.ask(fuse.COPY_FILE_RANGE, node, struct.pack("<QQQQQQQ", 0, 0, upper, 1, 0, 4096, 0)),
            lambda: guest.ask(fuse.ACCESS, node, struct.pack("<II", 7, 0)),
            lambda: guest.ask(fuse.STATFS, node),
        ]
        return attacks

    def attack_attributes(self, node):
        guest = self.guest
        return (
            lambda: guest.set_attributes(node, fuse.ATTR_MODE, mode=0o4777),
            lambda: guest.set_attributes(node, fuse.ATTR_UID | fuse.ATTR_GID, uid=1234, gid=1234),
            lambda: guest.set_attributes(node, fuse.ATTR_ATIME | fuse.ATTR_MTIME, time_=1),
            lambda: guest.set_xattr(node, "trusted.overlay.opaque", b"y"),
            lambda: guest.set_xattr(node, "user.evil", b"y"),
            lambda: guest.set_xattr(node, "security.capability", bytes(20)),
            lambda: guest.ask(fuse.REMOVEXATTR, node, b"trusted.overlay.origin\0"),
        )

    def run_attacks(self, what, attacks):
        guest = self.guest
        for at, attack in enumerate(attacks):
            try:
                attack()
            except fuse.Refused:
                pass
            except fuse.Gone as gone:
                raise AssertionError(f"virtiofsd does not answer any more: {what}, attack {at}") from gone
            # What the attacks use may have been used up.
            if not os.path.lexists(f"{self.layer}/upper/file"):
                guest.create(self.upper, "file")
            if not os.path.lexists(f"{self.layer}/upper/directory"):
                guest.mkdir(self.upper, "directory")

    def test_everything_on_everything(self):
        """Each request about each node with each name: the host is as it was, and has told nothing."""
        _, guest = self.launched()
        before = self.host()
        nodes = self.nodes()
        for label, node in nodes.items():
            file = guest.lookup(self.upper, "file")
            own = label in ("upper", "overlay/limpid-work", "volumes/0", "overlay/upper/file")
            self.run_attacks(label, self.attack_node(node))
            # The mode and the owner of what contains the upper directory are not protected, see below.
            if label != "overlay" and not label.startswith("overlay/upper/to"):
                self.run_attacks(label, self.attack_attributes(node))
            for name in self.NAMES:
                if own and b"/" not in name and name not in (b".", b"..", b""):
                    # It may do with these what it likes.
                    continue
                self.run_attacks(f"{label} {name[:30]}", self.attack_names(node, name, file))
                self.run_attacks(f"{label} {name[:30]}, links", self.attack_names(node, name, nodes["overlay/lower"])[6:7])
        self.assertEqual(before, self.host())
        self.assert_nothing_told()
        self.assertTrue(is_alive(self.virtiofsd))
        self.assertGreater(guest.unique, 5000)

    def test_through_symbolic_links(self):
        """No component that is looked up in one leads anywhere, and none is followed when it is opened."""
        _, guest = self.launched()
        before = self.host()
        for name in ("to-root", "to-parent", "to-proc", "to-one", "to-lower", "to-secret"):
            link = guest.lookup(self.upper, name)
            for below in ("etc", "lower", "outside", "proc", "1", "self"):
                with self.assertRaises(fuse.Refused):
                    guest.lookup(link, below)
            for flags in (os.O_RDONLY, os.O_RDWR, os.O_RDWR | os.O_TRUNC):
                with self.assertRaises(fuse.Refused):
                    guest.open(link, flags)
            with self.assertRaises(fuse.Refused):
                guest.open_directory(link)
            with self.assertRaises(fuse.Refused):
                guest.create(self.upper, name, os.O_RDWR | os.O_TRUNC)
            # Of the link itself, not of what it leads to.
            fuse.attempt(guest.set_attributes, link, fuse.ATTR_UID, uid=4321)
            fuse.attempt(guest.set_attributes, link, fuse.ATTR_MODE, mode=0o777)
            fuse.attempt(guest.set_attributes, link, fuse.ATTR_MTIME, time_=1)
            fuse.attempt(guest.set_xattr, link, "trusted.evil", b"y")
        self.assertEqual(before, self.host())
        self.assertEqual(0, os.stat("/").st_uid)
        self.assert_nothing_told()

    def test_parents_of_what_is_shared(self):
        """From wherever one climbs, the end is the shared folder."""
        container, guest = self.launched()
        shared = os.stat(f"/proc/{container.process.pid}/root{container.path('shared')}").st_ino
        climbed = 0
        for label, node in self.nodes().items():
            for name in ("../..", "/", "../../../../etc/passwd", "./."):
                with self.assertRaises(fuse.Refused):
                    guest.lookup(node, name)
            answer = b""
            for _ in range(12):
                up = fuse.attempt(guest.ask, fuse.LOOKUP, node, b"..\0")
                if isinstance(up, int):
                    break
                answer, node = up, struct.unpack_from("<Q", up)[0]
            if answer:
                climbed += 1
                self.assertEqual(shared, struct.unpack_from("<Q", answer, 40)[0], label)
        self.assertGreater(climbed, 8)
        self.assert_nothing_told()

    def test_a_virtiofsd_that_is_made_to_end(self):
        """Which takes the guest's own VM with it, and nothing else."""
        container, guest = self.launched()
        before = self.host()
        with self.assertRaises(fuse.Gone):
            guest.create(self.overlay, "lower", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        self.assertEqual(255, container.wait())
        self.assertEqual(before, self.host())

    def test_races(self):
        """A directory that becomes a link to the outside, back and forth, while what is below it is asked for."""
        _, guest = self.launched()
        before = self.host()
        stop = threading.Event()
        target, twin = f"{self.layer}/upper/race", f"{self.layer}/upper/twin"
        os.makedirs(f"{target}/secret")
        os.symlink(f"{self.files}/outside", twin)

        def swap():
            """As a second virtiofsd thread of the guest's would: on the same directories."""
            while not stop.is_set():
                LIBC.renameat2(-100, target.encode(), -100, twin.encode(), 2)

        thread = threading.Thread(target=swap)
        thread.start()
        try:
            end = time.monotonic() + 3
            while time.monotonic() < end:
                node = fuse.attempt(guest.lookup, self.upper, "race")
                if node < 0:
                    continue
                secret = fuse.attempt(guest.lookup, node, "secret")
                if secret > 0:
                    handle = fuse.attempt(guest.open, secret, os.O_RDWR)
                    if handle >= 0:
                        fuse.attempt(guest.read, secret, handle)
                        fuse.attempt(guest.write, secret, handle, b"evil")
                fuse.attempt(guest.create, node, "secret", os.O_RDWR | os.O_TRUNC)
                fuse.attempt(guest.unlink, node, "secret")
                fuse.attempt(guest.rename, self.upper, "file", node, "secret")
                fuse.attempt(guest.create, self.upper, "file")
        finally:
            stop.set()
            thread.join()
        self.assertEqual(before, self.host())
        self.assert_nothing_told()

    def test_devices_and_fifos(self):
        """A device is dead for virtiofsd, and for everybody who finds it in the upper directory by way of the shim's mounts."""
        container, guest = self.launched()
        for name, device in (("null", os.makedev(1, 3)), ("zero", os.makedev(1, 5)), ("mem", os.makedev(1, 1))):
            node = guest.mknod(self.upper, name, stat.S_IFCHR | 0o666, device)
            with self.assertRaises(fuse.Refused):
                guest.open(node, os.O_RDWR)
            with self.assertRaises(PermissionError):
                os.open(f"/proc/{container.process.pid}/root{container.path('shared')}/overlay/upper/{name}", os.O_RDONLY)
        node = guest.mknod(self.upper, "disk", stat.S_IFBLK | 0o666, os.stat(self.files).st_dev & 0xFFFF)
        with self.assertRaises(fuse.Refused):
            guest.open(node, os.O_RDWR)
        # Nobody writes to it, and virtiofsd still answers others.
        fifo = guest.mknod(self.upper, "fifo", stat.S_IFIFO | 0o666)
        fuse.attempt(guest.open, fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.assertGreater(guest.lookup(self.upper, "directory"), 0)

    def test_what_comes_later(self):
        """Names that appear beside the upper directory after the launch: no content comes out or goes in."""
        _, guest = self.launched()
        with open(f"{self.layer}/late", "w", encoding="ascii") as out:
            out.write(self.SECRET)
        os.makedirs(f"{self.layer}/late-directory/below")
        with open(f"{self.layer}/late-directory/file", "w", encoding="ascii") as out:
            out.write(self.SECRET)
        before = self.host()
        late, directory = guest.lookup(self.overlay, "late"), guest.lookup(self.overlay, "late-directory")
        below = guest.lookup(directory, "file")
        file = guest.lookup(self.upper, "file")
        for label, node in (("late", late), ("late directory", directory), ("file in it", below)):
            self.run_attacks(label, self.attack_node(node))
        for name in (b"late", b"late-directory", b"lower", b"new"):
            self.run_attacks(name, self.attack_names(self.overlay, name, file)[1:])
        for name in (b"file", b"below", b"new"):
            self.run_attacks(name, self.attack_names(directory, name, file)[1:])
        self.assertEqual(before, self.host())
        self.assert_nothing_told()

    def test_malformed_requests(self):
        """Virtiofsd may end because of them, and with it the VM, but nothing else may happen."""
        _, guest = self.launched()
        before = self.host()
        source = random.Random(5)
        try:
            for _ in range(3000):
                opcode = source.choice([*range(1, 52), 4096, 1 << 31])
                if opcode in (fuse.INIT, fuse.DESTROY, fuse.FORGET, 42):
                    continue
                payload = source.randbytes(source.choice([0, 1, 7, 8, 16, 24, 40, 88, 300]))
                if source.random() < 0.5:
                    payload = source.choice(self.NAMES) + b"\0" + payload
                node = source.choice([fuse.ROOT, self.overlay, self.upper, 0, source.getrandbits(64)])
                fuse.attempt(guest.ask, opcode, node, payload)
        except fuse.Gone:
            pass
        self.assertEqual(before, self.host())
        self.assert_nothing_told()

    def test_confinement(self):
        """The least that lets it act for the owners of the guest's files."""
        container, _ = self.launched()
        status = contents(f"/proc/{self.virtiofsd}/status")
        self.assertRegex(status, "NoNewPrivs:\t1\n")
        self.assertRegex(status, "Seccomp:\t2\n")
        # chown, dac_override, fowner, fsetid, setgid, setuid, mknod, setfcap, and sys_admin for trusted.*
        allowed = sum(1 << bit for bit in (0, 1, 3, 4, 6, 7, 21, 27, 31))
        for name in ("CapPrm", "CapEff"):
            held = int(re.search(f"{name}:\t([0-9a-f]+)", status)[1], 16)
            self.assertEqual(0, held & ~allowed, f"{name} {held:x}")
        self.assertEqual(container.path("shared"), os.readlink(f"/proc/{self.virtiofsd}/root"))
        self.assertNotEqual(os.readlink("/proc/self/ns/mnt"), os.readlink(f"/proc/{self.virtiofsd}/ns/mnt"))
        writable = set()
        for line in contents(f"/proc/{self.virtiofsd}/mountinfo").splitlines():
            fields = line.split(" ")
            if "rw" in fields[5].split(","):
                writable.add(fields[4])
            if fields[4].startswith(("/overlay", "/volumes")):
                self.assertIn("nodev", fields[5], line)
                self.assertIn("nosuid", fields[5], line)
        self.assertEqual({"/overlay", "/volumes/0"}, writable)


class Refresh(Case):
    # Each run is a line: what the marker of a test has become.
    PROGRAM = ("/bin/sh", "-c", 'echo "$(ip -o -4 address show dev lo | tr "\n" " ")" >> "$0/runs"')

    def watched(self, *program, records=(), **keywords):
        """A container in a network of its own, which is watched."""
        self.folder = tempfile.mkdtemp(prefix="limpid-shim-test-")
        self.addCleanup(shutil.rmtree, self.folder)
        container = self.container(records=[
            ("network", "new"), ("refresh", *(program or self.PROGRAM), self.folder),
            ("log", f"{self.folder}/log", "text"), *records], **keywords)
        container.run()
        # No addresses that the kernel makes when it likes.
        subprocess.run(["nsenter", f"--net=/proc/{container.process.pid}/ns/net", "sh", "-c",
                        "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6;"
                        "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"], check=True)
        self.watch(container)
        return container

    def watch(self, container, times=1):
        link = container.connect()
        for _ in range(times):
            link.send(WATCH)
            self.assertEqual(WATCHING, link.receive().kind)
        link.close()

    def lines(self, name):
        with contextlib.suppress(FileNotFoundError):
            return contents(f"{self.folder}/{name}").splitlines()
        return []

    def runs(self):
        return self.lines("runs")

    def mark(self, container, number):
        """Changes the network, and waits until it has been seen by a run."""
        ip(container.process.pid, "address", "add", f"198.51.100.{number}/32", "dev", "lo")
        wait_until(lambda: any(f"198.51.100.{number}/32" in run for run in self.runs()), f"run for {number}")

    def test_a_link_that_is_added(self):
        container = self.watched()
        self.assertEqual([], self.runs())
        ip(container.process.pid, "link", "add", "v0", "type", "veth", "peer", "name", "v1")
        wait_until(lambda: len(self.runs()) == 1, "a run")
        # The program itself changes nothing, and is not run for ever.
        time.sleep(0.5)
        self.assertEqual(1, len(self.runs()))
        self.mark(container, 1)
        ip(container.process.pid, "link", "delete", "v0")
        wait_until(lambda: len(self.runs()) == 3, "a run")
        self.assertEqual([], self.lines("log"))

    def test_each_kind_of_change(self):
        container = self.watched()
        for change in (
            "link add v0 type veth peer name v1", "link set v0 up", "link set v0 name e0", "link set e0 mtu 1400",
            "address add 192.0.2.1/24 dev e0", "address delete 192.0.2.1/24 dev e0",
            "route add 203.0.113.0/24 dev lo", "route delete 203.0.113.0/24 dev lo",
            "rule add to 203.0.113.1 table 7", "-6 rule add to 2001:db8::1 table 7",
        ):
            before = len(self.runs())
            ip(container.process.pid, *change.split())
            wait_until(lambda: len(self.runs()) > before, change)
            time.sleep(0.15)

    def test_links_of_its_own(self):
        """Also if the host has no address of IPv6 for them."""
        container = self.watched()
        ip(container.process.pid, "tuntap", "add", "dev", "limpid1", "mode", "tap", "multi_queue", "vnet_hdr")
        ip(container.process.pid, "link", "set", "limpid1", "up")
        ip(container.process.pid, "link", "set", "limpid1", "mtu", "1400")
        time.sleep(0.5)
        self.assertEqual([], self.runs())
        ip(container.process.pid, "tuntap", "add", "dev", "limpi", "mode", "tap")
        wait_until(lambda: len(self.runs()) == 1, "a run")

    def test_many_changes_at_once(self):
        container = self.watched()
        ip(container.process.pid, "-batch", "-", text="".join(
            f"address add 10.0.{high}.{low}/32 dev lo\n" for high in range(2) for low in range(100)))
        self.mark(container, 1)
        self.assertLessEqual(len(self.runs()), 3)

    def test_changes_without_end(self):
        """They can't put it off for ever."""
        container = self.watched()
        stop = threading.Event()

        def flap():
            while not stop.is_set():
                ip(container.process.pid, "address", "replace", "192.0.2.1/32", "dev", "lo")
                ip(container.process.pid, "address", "delete", "192.0.2.1/32", "dev", "lo")

        thread = threading.Thread(target=flap)
        thread.start()
        try:
            wait_until(lambda: len(self.runs()) >= 2, "runs")
        finally:
            stop.set()
            thread.join()

    def test_more_changes_than_are_kept(self):
        container = self.watched()
        os.kill(container.process.pid, signal.SIGSTOP)
        ip(container.process.pid, "-batch", "-", text="".join(
            f"address add 10.{top}.{high}.{low}/32 dev lo\n"
            for top in range(2) for high in range(20) for low in range(200)))
        os.kill(container.process.pid, signal.SIGCONT)
        wait_until(lambda: any("10.1.19.199/32" in run for run in self.runs()), "a run")
        self.mark(container, 1)

    def test_watching_again_changes_nothing(self):
        container = self.watched()
        self.watch(container, times=5)
        self.mark(container, 1)
        self.watch(container)
        time.sleep(0.3)
        self.assertEqual(1, len(self.runs()))
        self.mark(container, 2)

    def test_while_the_container_is_created(self):
        self.folder = tempfile.mkdtemp(prefix="limpid-shim-test-")
        self.addCleanup(shutil.rmtree, self.folder)
        container = self.container(records=[("network", "new"), ("refresh", *self.PROGRAM, self.folder)])
        container.spawn()
        container.greet()
        container.launched()
        container.link.send(WATCH)
        self.assertEqual(WATCHING, container.link.receive().kind)
        self.mark(container, 1)
        self.assertEqual((RESULT, {"did": "create"}), container.request("create"))
        container.commit()
        container.link.close()
        self.mark(container, 2)

    def test_without_being_asked(self):
        container = self.container(records=[("network", "new"), ("refresh", "/bin/sh", "-c", "echo > runs")])
        container.run()
        ip(container.process.pid, "link", "add", "v0", "type", "veth", "peer", "name", "v1")
        time.sleep(0.5)
        self.assertNotIn("runs", os.listdir(container.directory))

    def test_one_at_a_time(self):
        """What changes meanwhile is one more run."""
        container = self.watched(
            "/bin/sh", "-c", 'echo x >> "$0/begun"; until test -e "$0/go"; do sleep 0.01; done; echo x >> "$0/ended"',
            shim=DELIVERED)
        ip(container.process.pid, "address", "add", "192.0.2.1/32", "dev", "lo")
        wait_until(lambda: self.lines("begun"), "a run")
        for number in range(2, 6):
            ip(container.process.pid, "address", "add", f"192.0.2.{number}/32", "dev", "lo")
            time.sleep(0.15)
        self.assertEqual(["x"], self.lines("begun"))
        os.mkdir(f"{self.folder}/go")
        wait_until(lambda: len(self.lines("ended")) == 2, "one more")
        time.sleep(0.3)
        self.assertEqual(["x"] * 2, self.lines("begun"))

    def test_surroundings(self):
        """The program is the host's, and not confined as the VM's are."""

        def inherit():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            ignore = (ctypes.c_ulong * 4)(1)  # SIG_IGN
            self.assertEqual(0, LIBC.syscall(13, 32, ignore, None, 8))  # rt_sigaction of one that libc has for itself
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])

        os.environ["LIMPID_TEST"] = "seen"
        self.addCleanup(os.environ.pop, "LIMPID_TEST")
        container = self.watched(PYTHON, "-c", """if True:
            import json, os, sys
            fds = {fd: os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")[:-1]}
            found = {"fds": fds, "cwd": os.getcwd(), "environment": dict(os.environ),
                     "status": open("/proc/self/status").read(),
                     "namespaces": [os.readlink(f"/proc/self/ns/{kind}") for kind in ("net", "mnt")]}
            with open(sys.argv[1] + "/found", "w") as out:
                json.dump(found, out)
            os.rename(sys.argv[1] + "/found", sys.argv[1] + "/runs")
        """, records=[("share", "shared"), ("virtiofsd", "/bin/sleep", "60")], preexec_fn=inherit)
        ip(container.process.pid, "address", "add", "192.0.2.1/32", "dev", "lo")
        wait_until(self.runs, "a run")
        found = json.loads(self.runs()[0])
        self.assertEqual({"0": "/dev/null", "1": "/dev/null", "2": "/dev/null"}, found["fds"])
        for field in ("SigBlk", "SigIgn"):
            self.assertRegex(found["status"], rf"{field}:\t000000000[01]00[01]000\n")
        self.assertRegex(found["status"], "NoNewPrivs:\t0")
        capabilities = re.search("CapEff:\t.*", contents(f"/proc/{container.process.pid}/status")).group()
        self.assertIn(capabilities, found["status"])
        self.assertEqual("seen", found["environment"]["LIMPID_TEST"])
        self.assertEqual(os.environ["PATH"], found["environment"]["PATH"])
        self.assertEqual("/", found["cwd"])
        self.assertEqual([os.readlink(f"/proc/{container.process.pid}/ns/{kind}") for kind in ("net", "mnt")],
                         found["namespaces"])

    def test_failure_is_logged(self):
        container = self.watched("/bin/sh", "-c", 'echo x >> "$0/runs"; exit 3')
        ip(container.process.pid, "address", "add", "192.0.2.1/32", "dev", "lo")
        wait_until(lambda: self.lines("log"), "the log")
        self.assertRegex(self.lines("log")[0], "level=error .*the VM's may not have: refresh exited with status 3")
        ip(container.process.pid, "address", "add", "192.0.2.2/32", "dev", "lo")
        wait_until(lambda: len(self.lines("log")) == 2, "the log")
        self.assertEqual((RESULT, {"did": "m"}), container.request("m", container.connect()))

    def test_program_that_is_not_there(self):
        container = self.watched("/nowhere/limpid")
        for number in (1, 2):
            ip(container.process.pid, "address", "add", f"192.0.2.{number}/32", "dev", "lo")
            wait_until(lambda: len(self.lines("log")) >= number, "the log")
        time.sleep(0.3)
        self.assertEqual(2, len(self.lines("log")))
        self.assertRegex(self.lines("log")[0], "refresh: /nowhere/limpid: exec: No such file")
        self.assertIsNone(container.process.poll())

    def test_failures_that_are_changes(self):
        """A guest that refuses everything, whereupon everything is undone, does not keep the host busy."""
        container = self.watched(
            "/bin/sh", "-c", 'echo $(date +%s.%N) >> "$0/runs"; ip tuntap add dev limpid1 mode tap;'
            'ip link delete dev limpid1; test $(wc -l < "$0/runs") -gt 3')
        ip(container.process.pid, "address", "add", "192.0.2.1/32", "dev", "lo")
        wait_until(lambda: len(self.runs()) == 5, "runs")
        pauses = [float(later) - float(run) for run, later in zip(self.runs(), self.runs()[1:])]
        for pause, least in zip(pauses, (0.5, 1, 2)):
            self.assertGreater(pause, least)
        # The first one that succeeds is the last that has to wait: the next one comes sooner than the last pause was long.
        self.assertLess(pauses[3], 2)
        self.assertEqual(3, len(self.lines("log")))

    HANGING = ("/bin/sh", "-c", 'sleep 1000 & echo $$ $! >> "$0/pids"; wait')

    def hanging(self, **keywords):
        container = self.watched(*self.HANGING, **keywords)
        ip(container.process.pid, "address", "add", "192.0.2.1/32", "dev", "lo")
        return container, self.pids(1)

    def pids(self, run):
        wait_until(lambda: len(self.lines("pids")) == run, "a run")
        pids = [int(pid) for pid in self.lines("pids")[-1].split()]
        self.assertEqual(2, len(pids))
        return pids

    def test_program_that_hangs(self):
        container, pids = self.hanging()
        for pid in pids:
            wait_until(lambda: not is_alive(pid), "end of the program")
        wait_until(lambda: self.lines("log"), "the log")
        self.assertRegex(self.lines("log")[0], "refresh has not ended within 1500 ms")
        ip(container.process.pid, "address", "add", "192.0.2.2/32", "dev", "lo")
        for pid in self.pids(2):
            wait_until(lambda: not is_alive(pid), "end of the program")
        wait_until(lambda: len(self.lines("log")) == 2, "the log")
        self.assertIsNone(container.process.poll())

    def gone(self, pids):
        """The program when the shim is; what it has started has been killed with it, and is about to be."""
        self.assertFalse(is_alive(pids[0]))
        wait_until(lambda: not is_alive(pids[1]), "the end of what the program has started", DIES_AT_ONCE)

    def test_it_ends_with_the_container(self):
        container, pids = self.hanging(behaviour="until_signal", shim=DELIVERED)
        container.process.terminate()
        self.assertEqual(143, container.wait())
        self.gone(pids)
        self.assertEqual([], self.lines("log"))

    def test_it_ends_with_the_vm(self):
        container, pids = self.hanging(shim=DELIVERED)
        os.kill(container.pids[0], signal.SIGKILL)
        self.assertEqual(255, container.wait())
        self.gone(pids)

    def test_it_ends_with_a_killed_shim(self):
        container, pids = self.hanging(shim=DELIVERED)
        container.process.kill()
        container.wait()
        wait_until(lambda: not is_alive(pids[0]), "end of the program")
        # What it had started is not the shim's, which can't see to it any more.
        os.kill(pids[1], signal.SIGKILL)

    def test_refused(self):
        container = self.container("flood", "size=50000", records=[("refresh", "/bin/true")])
        container.create(stdout=subprocess.PIPE)
        fcntl.fcntl(container.process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        container.start()
        wait_until(lambda: "exit" in os.listdir(container.directory), "exit")
        self.assertEqual(("no-process", "process already finished"), self.refusal(container.connect()))
        container.process.stdout.close()
        other = self.container()
        other.run()
        self.assertEqual(("state", "the plan names no program that refreshes the network"),
                         self.refusal(other.connect()))
        exec_shim = Exec(other, "wait").begin()
        self.assertEqual("state", self.refusal(exec_shim.link)[0])
        self.assertEqual(1, exec_shim.wait())
        self.assertIsNone(other.process.poll())

    def refusal(self, link):
        link.send(WATCH)
        frame = link.receive()
        self.assertEqual((FAILURE, 0), (frame.kind, frame.request), frame)
        failure = json.loads(frame.payload)
        with self.assertRaises(Disconnected):
            link.receive()
        return failure["code"], failure["message"]


PASST = "/usr/bin/passt"


class Merged(Case):
    """What the host's own mount of an overlay shows when somebody else has changed the upper directory."""

    def setUp(self):
        super().setUp()
        self.files = tempfile.mkdtemp(prefix="limpid-shim-test-")
        self.addCleanup(shutil.rmtree, self.files)
        for name in ("lower/dir", "lower/other", "upper", "work", "limpid-work", "merged"):
            os.makedirs(f"{self.files}/layer/{name}")
        for name in ("dir/low", "gone", "other/low"):
            self.put("lower/" + name)
        self.merged = f"{self.files}/layer/merged"
        self.mount()
        self.addCleanup(lambda: subprocess.run(["umount", "-l", self.merged], check=False, capture_output=True))

    def mount(self):
        layer = f"{self.files}/layer"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                        f"lowerdir={layer}/lower,upperdir={layer}/upper,workdir={layer}/work", self.merged], check=True)

    def put(self, name):
        with open(f"{self.files}/layer/{name}", "w", encoding="utf-8") as out:
            out.write(name)

    def launched(self, watched=True, *behaviour):
        layer = f"{self.files}/layer"
        upper = [("share", "shared"), ("upper", layer, "upper", "limpid-work", "o")] if watched else []
        container = self.container(
            *behaviour, records=[*upper, ("merged", self.merged), ("log", f"{self.files}/log", "text")])
        container.run()
        # After this one the first look, in which directories begin to be watched, is over.
        self.ask(container)
        # Names are kept, also of what is not there.
        self.look()
        return container

    def look(self):
        found = set()
        for name in ("new", "gone", "dir/low", "dir/new", "other/low", "other/a/b/c"):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                found.add(f"{name}={contents(f'{self.merged}/{name}').rpartition('/')[0]}")
        return found

    BEFORE = {"gone=lower", "dir/low=lower/dir", "other/low=lower/other"}
    AFTER = {"new=upper", "dir/low=upper/dir", "dir/new=upper/dir", "other/low=lower/other", "other/a/b/c=upper/other/a/b"}

    def change(self):
        """As a guest does it: a copy in the work directory first."""
        upper = f"{self.files}/layer/upper"
        self.put("upper/new")
        os.mknod(f"{upper}/gone", 0o600 | stat.S_IFCHR, 0)
        work = f"{self.files}/layer/limpid-work"
        os.mkdir(f"{work}/dir")
        self.put("limpid-work/dir/low")
        os.rename(f"{work}/dir", f"{upper}/dir")
        self.put("upper/dir/low")
        self.put("upper/dir/new")
        os.makedirs(f"{upper}/other/a/b")
        self.put("upper/other/a/b/c")

    def log(self):
        with contextlib.suppress(FileNotFoundError):
            return contents(f"{self.files}/log")
        return ""

    def ask(self, container):
        link = container.connect()
        link.send(REFRESH_ROOT)
        self.assertEqual(ROOT_REFRESHED, link.receive().kind)
        link.close()

    def test_changes_are_noticed(self):
        self.launched()
        self.assertEqual(self.BEFORE, self.look())
        self.change()
        wait_until(lambda: self.look() == self.AFTER, "what has changed is seen")
        # In a directory that has come meanwhile, too.
        self.assertFalse(os.path.exists(f"{self.merged}/other/a/b/later"))
        self.put("upper/other/a/b/later")
        wait_until(lambda: os.path.exists(f"{self.merged}/other/a/b/later"), "what comes later is seen")
        os.chmod(f"{self.files}/layer/upper/dir", 0o700)
        wait_until(lambda: os.stat(f"{self.merged}/dir").st_mode & 0o777 == 0o700, "the mode is seen")
        self.assertEqual("", self.log())

    def test_without_it_nothing_is_noticed(self):
        """Or this would test nothing."""
        layer = f"{self.files}/layer"
        container = self.container(records=[("share", "shared"), ("upper", layer, "upper", "limpid-work", "o")])
        container.run()
        self.ask(container)
        self.look()
        self.change()
        time.sleep(0.5)
        self.assertNotEqual(self.AFTER, self.look())

    def test_who_asks_is_answered_when_it_is_done(self):
        container = self.launched(watched=False)
        self.change()
        time.sleep(0.5)
        self.assertNotEqual(self.AFTER, self.look())
        for _ in range(3):
            self.ask(container)
            self.assertEqual(self.AFTER, self.look())
            self.put("upper/more")
            self.assertFalse(os.path.exists(f"{self.merged}/absent"))
        links = [container.connect() for _ in range(8)]
        for link in links:
            link.send(REFRESH_ROOT)
        for link in links:
            self.assertEqual(ROOT_REFRESHED, link.receive().kind)

    def test_at_the_end(self):
        container = self.launched(False, "until_signal")
        self.change()
        self.assertNotEqual(self.AFTER, self.look())
        container.process.terminate()
        wait_until(lambda: os.path.exists(container.path("exit")), "the file exit")
        self.assertEqual(self.AFTER, self.look())
        container.wait()

    def test_at_the_end_while_it_is_looked_for(self):
        """A look that takes its time, in a tree that is large, does not keep the last one from what it is for."""
        for at in range(20000):
            self.put(f"upper/file{at}")
        container = self.launched(True, "until_signal")
        self.look()
        shim = container.process.pid

        def state(pid):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                return contents(f"/proc/{pid}/stat").rpartition(")")[2].split()[0]
            return "gone"

        def stopped():
            """A directory that has come has another look begin."""
            os.mkdir(tempfile.mktemp(dir=f"{self.files}/layer/upper"))
            end = time.monotonic() + 1
            while time.monotonic() < end:
                for pid in map(int, contents(f"/proc/{shim}/task/{shim}/children").split()):
                    if pid in container.pids:
                        continue
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGSTOP)
                    wait_until(lambda: state(pid) not in "RSD", "it stands still")
                    return state(pid) == "T"
            return False

        wait_until(stopped, "a look is stopped")
        self.look()
        self.change()
        container.process.terminate()
        wait_until(lambda: os.path.exists(container.path("exit")), "the file exit")
        self.assertEqual(self.AFTER, self.look())
        self.assertEqual("", self.log())
        container.wait()

    def test_when_the_vm_dies(self):
        container = self.launched(watched=False)
        self.change()
        os.kill(container.pids[0], signal.SIGKILL)
        self.assertEqual(255, container.wait())
        self.assertEqual(self.AFTER, self.look())

    def test_the_directory_around_it(self):
        """It keeps its mode and owner, whoever changes them; what is known of it from before stays."""
        layer = f"{self.files}/layer"
        os.chmod(layer, 0o710)
        os.setxattr(layer, "trusted.before", b"1")
        container = self.launched()
        before = os.stat(layer)

        def as_before():
            now = os.stat(layer)
            return ((now.st_mode, now.st_uid, now.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
                    and os.listxattr(layer) == ["trusted.before"])

        for change in (lambda: os.chmod(layer, 0o4777), lambda: os.chown(layer, 5, 6),
                       lambda: os.setxattr(layer, "trusted.overlay.opaque", b"y"),
                       lambda: subprocess.run(["setfacl", "-m", "u:7:rwx", layer], check=True)
                       if shutil.which("setfacl") else None):
            self.assertTrue(as_before())
            change()
            wait_until(as_before, "it is as before")
        # Also at the very end.
        os.chmod(layer, 0o777)
        os.kill(container.pids[0], signal.SIGKILL)
        container.wait()
        self.assertTrue(as_before())

    def test_it_does_not_keep_the_mount(self):
        """Nor what it is of: the same upper directory can be mounted anew, even by those who insist on being alone."""
        container = self.launched()
        subprocess.run(["umount", self.merged], check=True)
        self.put("upper/new")
        self.ask(container)
        self.mount()
        self.ask(container)
        self.assertTrue(is_alive(container.process.pid))
        self.assertEqual("", self.log())

    def test_more_than_is_watched(self):
        """Directories without number: what is in them is seen all the same, only later."""
        for at in range(1100):
            os.makedirs(f"{self.files}/layer/upper/d{at}/e")
        self.launched()
        self.assertFalse(any(os.path.exists(f"{self.merged}/d{at}/e/f") for at in range(1100)))
        for at in range(1100):
            self.put(f"upper/d{at}/e/f")
        wait_until(lambda: all(os.path.exists(f"{self.merged}/d{at}/e/f") for at in range(1100)), "all is seen")
        time.sleep(0.5)
        self.assertFalse(any(os.path.exists(f"{self.merged}/d{at}/e/g") for at in range(1100)))
        for at in range(1100):
            self.put(f"upper/d{at}/e/g")
        wait_until(lambda: all(os.path.exists(f"{self.merged}/d{at}/e/g") for at in range(1100)), "all is seen")

    def test_a_flood_of_changes(self):
        """They cost no more than some runs a second, and none is missed."""
        container = self.launched()
        upper = f"{self.files}/layer/upper"
        end = time.monotonic() + 2
        count = 0
        while time.monotonic() < end:
            os.mkdir(f"{upper}/n{count % 50}")
            os.rmdir(f"{upper}/n{count % 50}")
            count += 1
        times = os.times()
        with open(f"/proc/{container.process.pid}/stat", encoding="ascii") as status:
            fields = status.read().rpartition(")")[2].split()
        used = sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
        self.assertLess(used, 1.5, times)
        self.assertFalse(os.path.exists(f"{self.merged}/last"))
        self.put("upper/last")
        wait_until(lambda: os.path.exists(f"{self.merged}/last"), "the last one is seen")

    def test_the_watch_is_nobodys(self):
        """Of root's groups, of which there are few, none is taken."""
        taken = []
        while (group := LIBC.fanotify_init(0x201, 0)) >= 0:
            taken.append(group)
        try:
            container = self.launched()
        finally:
            for group in taken:
                os.close(group)
        self.assertEqual("", self.log())
        text = contents(f"/proc/{container.process.pid}/status")
        self.assertRegex(text, "Uid:\t0\t0\t0\t0\n")
        self.assertRegex(text, "CapEff:\t0*[1-9a-f]")
        links = [os.readlink(f"/proc/{container.process.pid}/fd/{fd}")
                 for fd in os.listdir(f"/proc/{container.process.pid}/fd")]
        self.assertIn("anon_inode:[fanotify]", links)

    def test_what_is_no_overlay(self):
        layer = f"{self.files}/layer"
        for path, why in ((f"{layer}/lower", "merged: .*: no overlay is mounted there"),
                          (f"{layer}/nowhere", "merged: .*/nowhere: No such file"),
                          (f"{self.merged}/dir", "merged: .*: no overlay is mounted there"),
                          ("/tmp", "merged: .*: no overlay is mounted there")):
            self.fails_to_launch(self.container(records=[("merged", path)]), why)
        os.symlink(self.merged, f"{layer}/link")
        self.fails_to_launch(self.container(records=[("merged", f"{layer}/link")]), "merged: .*symbolic links")


class Passt(Case):
    """The VM's network by a process that needs nothing of the namespace but to be in it."""

    # Sends back what comes, and ends with its socket, as the real one does.
    FAKE = (PYTHON, "-c", """if True:
        import json, os, socket, sys
        own = socket.socket(fileno=3)
        status = dict(line.rstrip("\\n").split(":\\t", 1) for line in open("/proc/self/status"))
        own.sendall(json.dumps({"fds": sorted(os.listdir("/proc/self/fd")[:-1]), "status": status,
                                "net": os.readlink("/proc/self/ns/net"), "argv": sys.argv[1:]}).encode() + b"\\n")
        print("passt: words", file=sys.stderr, flush=True)
        print(os.getpid(), flush=True)
        while data := own.recv(1000):
            own.sendall(data.upper())
        sys.exit(7)
    """)

    def running(self, *passt, records=(), **keywords):
        container = self.container(*keywords.pop("behaviour", ("wait",)), records=[
            ("network", "new"), ("passt", *passt), *records], **keywords)
        container.create()
        return container

    @staticmethod
    def passt(container):
        """Its pid: it is the shim's child that is not QEMU."""
        pid = container.process.pid
        children = [int(child) for child in contents(f"/proc/{pid}/task/{pid}/children").split()]
        passt, = set(children) - set(container.pids)
        container.pids.append(passt)
        return passt

    def test_it_has_a_socket_in_common_with_qemu(self):
        for disks in (0, 2):
            with contextlib.ExitStack() as stack:
                devices = [stack.enter_context(self.loop_device()) for _ in range(disks)]
                container = self.running(*self.FAKE, "word", "", behaviour=("network", f"descriptor={6 + disks}"),
                                         records=[("disk", *device, "rw") for device in devices])
                container.start()
                container.noted("network PING")
                found = json.loads(container.notes()[container.notes().index("network PING") - 1])
                self.assertEqual(["0", "1", "2", "3"], found["fds"])
                self.assertEqual(["word", ""], found["argv"])
                self.assertEqual(os.readlink(f"/proc/{container.process.pid}/ns/net"), found["net"])
                self.assertEqual("1", found["status"]["NoNewPrivs"])
                self.assertEqual("0000000000000000", found["status"]["SigBlk"])
                container.process.kill()
                container.wait()
                for pid in container.pids:
                    wait_until(lambda: not is_alive(pid), "the end of QEMU")

    def test_its_end_is_not_the_end(self):
        with tempfile.NamedTemporaryFile() as log:
            container = self.running(*self.FAKE, records=[("log", log.name, "text")],
                                     behaviour=("network", "descriptor=6"))
            container.start()
            container.noted("network PING")
            os.kill(self.passt(container), signal.SIGKILL)
            wait_until(lambda: contents(log.name), "the log")
            self.assertRegex(contents(log.name), r"level=error .*the VM has no network: passt was killed by signal 9")
            self.assertIn(r"passt's last lines:\n  passt: words", contents(log.name))
            self.assertEqual((RESULT, {"did": "m"}), container.request("m", container.connect()))

    def test_before_commit_it_ends_the_launch(self):
        for program, pattern in (
            (("/bin/sh", "-c", "echo no such port >&2; exit 1"), "passt exited with status 1\n.*\n  no such port"),
            (("/nowhere/passt",), "passt: /nowhere/passt: exec: No such file"),
        ):
            container = self.container("wait", "early", records=[("passt", *program)])
            self.fails_to_launch(container, pattern)

    @contextlib.contextmanager
    def unserved(self, before, after):
        """A container whose passt does the one, waits until somebody tells it to go, and does the other."""
        with tempfile.TemporaryDirectory() as folder:
            os.mkfifo(f"{folder}/go")
            container = self.container("wait", records=[
                ("network", "new"), ("passt", "/bin/sh", "-c", f"{before}; read word <{folder}/go; {after}")])
            container.spawn()
            container.greet()
            container.launched()
            for method in ("prepare", "create"):
                self.assertEqual((RESULT, {"did": method}), container.request(method))

            def go():
                with open(f"{folder}/go", "w", encoding="utf-8") as file:
                    print("go", file=file)

            yield container, go

    def refuses_to_commit(self, container, pattern):
        frame = container.link.receive()
        self.assertEqual((FAILURE, 0), (frame.kind, frame.request))
        self.assertRegex(json.loads(frame.payload)["message"], pattern)
        self.assertEqual(1, container.wait())
        container.assert_nothing_left()

    def test_there_is_no_container_before_it_serves(self):
        """It may be slower than everything else, and fail then: at a port that is taken, for instance."""
        for after in ("echo ready; exec sleep 1000", "echo no such port >&2; exit 1", "exec >&2; sleep 0.3; echo no such port; exit 1"):
            with self.subTest(after), self.unserved(":", after) as (container, go):
                container.link.send(COMMIT)
                with self.assertRaises(TimeoutError):
                    container.link.receive(patience=0.5)
                go()
                if "ready" in after:
                    self.assertEqual(COMMITTED, container.link.receive().kind)
                else:
                    self.refuses_to_commit(container, "passt exited with status 1\n.*\n  no such port")

    def test_it_serves_no_more_before_commit(self):
        """The shim knows that, and only waits for the cause."""
        with self.unserved("echo ready", "echo lost >&2; exit 1") as (container, go):
            passt = self.passt(container)
            go()
            wait_until(lambda: not os.path.exists(f"/proc/{passt}"), "the end of passt")
            container.link.send(COMMIT)
            self.refuses_to_commit(container, "passt exited with status 1\n.*\n  lost")

    def test_it_takes_too_long(self):
        with self.unserved("echo busy >&2", ":") as (container, _):
            container.link.send(COMMIT)
            self.refuses_to_commit(container, "passt takes too long to serve\n.*\n  busy")

    def test_who_has_ended_does_not_wait_for_it(self):
        with self.unserved(":", ":") as (container, _):
            container.link.send(COMMIT)
            other = container.connect()
            self.assertEqual((RESULT, {}), container.request("end", other))
            self.assertEqual(COMMITTED, container.link.receive().kind)
            self.assertEqual("signaled 9\n", container.read("exit"))

    def test_qemu_that_ends_first_is_the_cause(self):
        """Its socket ends before its own end can be seen."""
        for ending in ("die", "killed"):
            container = self.container(ending, "early", records=[("network", "new"), ("passt", *self.FAKE)])
            container.spawn()
            container.greet()
            container.launched()
            frame = container.link.receive()
            self.assertEqual((FAILURE, 0), (frame.kind, frame.request))
            self.assertRegex(json.loads(frame.payload)["message"], "^QEMU ")
            self.assertEqual(255, container.wait())
        with tempfile.NamedTemporaryFile() as log:
            lost = self.running(*self.FAKE, records=[("log", log.name, "text")],
                                behaviour=("lose_passt", "descriptor=6"))
            lost.start()
            lost.noted("lost")
            self.assertEqual(255, lost.wait())
            self.assertRegex(lost.read("exit"), "^vm-died\nQEMU exited with status 5")
            self.assertNotIn("has no network", contents(log.name))

    def test_it_ends_with_the_others(self):
        for behaviour, end in (
            ("until_signal", lambda container: container.process.terminate()),
            ("wait", lambda container: container.process.kill()),
            ("wait", lambda container: os.kill(container.pids[0], signal.SIGKILL)),
        ):
            for program in ((PYTHON, "-c", "import time; print(flush=True); time.sleep(1000)"), self.FAKE):
                with tempfile.NamedTemporaryFile() as log:
                    container = self.running(*program, behaviour=(behaviour,), records=[("log", log.name, "text")],
                                             shim=DELIVERED)
                    container.start()
                    self.passt(container)
                    end(container)
                    container.wait()
                    for pid in container.pids:
                        wait_until(lambda: not is_alive(pid), "the end of all")
                    self.assertNotIn("has no network", contents(log.name))

    @unittest.skipUnless(os.path.exists(PASST), "there is no passt")
    def test_the_real_one(self):
        """It answers for the gateway, has no privileges, and dies with a killed shim, though it is nobody's."""
        first = self.container(records=[("network", "new")])
        first.run()
        for command in ("link add e0 type veth peer name r0", "link set e0 up", "link set r0 up",
                        "address add 192.0.2.2/24 dev e0", "route add default via 192.0.2.1"):
            ip(first.process.pid, *command.split())
        container = self.container("arp", "descriptor=6", "address=192.0.2.1", shim=DELIVERED, records=[
            ("network", "join", f"/proc/{first.process.pid}/ns/net"),
            ("passt", PASST, "--fd", "3", "--foreground", "--quiet", "--pid", "/proc/self/fd/1", "--ipv4-only", "--no-map-gw", "--no-dhcp",
             "--no-ra", "--no-dhcpv6", "-t", "none", "-u", "none")])
        container.run()
        container.noted("arp 192.0.2.1")
        passt = self.passt(container)
        status = contents(f"/proc/{passt}/status")
        self.assertRegex(status, "Uid:\t65534\t65534\t65534\t65534")
        self.assertRegex(status, "CapEff:\t0000000000000000")
        self.assertRegex(status, "Seccomp:\t2")
        container.process.kill()
        container.wait()
        wait_until(lambda: not is_alive(passt), "end of passt")


class Dns:
    """What answers at 127.0.0.11:53 in a process's network namespace, in the way in which the query asks for it."""

    def __init__(self, test, pid, udp=True, tcp=True):
        self.heard = []
        self.answered = []  # those by UDP
        self.kept = []
        self.udp = in_network(pid, lambda: self.bound(socket.SOCK_DGRAM)) if udp else None
        self.other = in_network(pid, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) if udp else None
        self.tcp = in_network(pid, lambda: self.bound(socket.SOCK_STREAM)) if tcp else None
        self.stopping, self.stop = os.pipe()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        test.addCleanup(self.close)

    @staticmethod
    def bound(kind):
        server = socket.socket(socket.AF_INET, kind)
        server.bind(("127.0.0.11", 53))
        if kind == socket.SOCK_STREAM:
            server.listen(128)
        return server

    def serve(self):
        sources = [source for source in (self.udp, self.tcp) if source]
        while True:
            ready = select.select([*sources, self.stopping], [], [])[0]
            if self.stopping in ready:
                return
            if self.udp in ready:
                query, client = self.udp.recvfrom(65535)
                self.heard.append(query)
                self.answer_datagram(query, client)
            if self.tcp in ready:
                accepted = self.tcp.accept()[0]
                accepted.settimeout(PATIENCE)
                self.kept.append(accepted)
                threading.Thread(target=self.answer_connection, args=(accepted,)).start()

    @staticmethod
    def words(query):
        return query[12:].split(b"\0")[0].decode().split()

    @staticmethod
    def answer(query, size):
        return query[:2] + b"\x81\x80" + (query * (size // len(query) + 1))[: size - 4]

    def answer_datagram(self, query, client):
        what, *rest = self.words(query)
        wrong = bytes([query[0] ^ 1]) + query[1:]
        if what in ("wrong", "wrongs"):
            self.udp.sendto(wrong, client)
            self.udp.sendto(b"", client)
            self.udp.sendto(query[:11], client)
        elif what == "stranger":
            self.other.sendto(query, client)
        if what in ("answer", "wrong"):
            self.udp.sendto(self.answer(query, int(rest[0])), client)
        self.answered.append(query)

    def answer_connection(self, accepted):
        def take(size):
            data = b""
            while len(data) < size:
                data += accepted.recv(size - len(data)) or b"\0" * size
            return data

        query = take(struct.unpack(">H", take(2))[0])
        self.heard.append(query)
        what, *rest = self.words(query)
        if what == "answer":
            answer = self.answer(query, int(rest[0]))
            pieces = struct.pack(">H", len(answer)) + answer
            for at in (0, 1, 2, 7):
                accepted.sendall(pieces[at : at + 1 if at < 2 else at + 5] if at < 7 else pieces[7:])
        elif what == "cut":
            accepted.sendall(struct.pack(">H", 1000)[: int(rest[0])] + b"x" * (int(rest[0]) - 2))
            accepted.shutdown(socket.SHUT_RDWR)
        elif what == "short":
            accepted.sendall(struct.pack(">H", int(rest[0])) + b"x" * int(rest[0]))

    def close(self):
        os.write(self.stop, b"x")
        self.thread.join()
        for opened in (self.udp, self.other, self.tcp, *self.kept):
            if opened:
                opened.close()
        os.close(self.stop)
        os.close(self.stopping)


UDP, TCP = 0, 1


class Resolver(Case):
    def running(self, behaviour="wait", *options, records=(("network", "new"),), **keywords):
        container = self.container(behaviour, *options, records=records, **keywords)
        container.run()
        return container

    @staticmethod
    def query(number, what, size=100):
        return (struct.pack(">H", number) + b"\x01\x00" + bytes(8) + what.encode()).ljust(size, b"\0")

    def look_up(self, container, *queries, **more):
        """Each is number, transport, message."""
        self.assertEqual((RESULT, {"did": "lookup"}), container.request(
            "lookup", container.connect(), queries=[(*query[:2], query[2].hex()) for query in queries], **more))

    @staticmethod
    def note(number, transport, message=b""):
        return f"answer {number} {transport} {len(message)} {hashlib.sha1(message).hexdigest()}"

    def answers(self, container):
        return [note for note in container.notes() if note.startswith("answer ")]

    def test_queries_and_answers(self):
        container = self.running()
        dns = Dns(self, container.process.pid)
        expected = []
        for number, transport, size, answer in (
            (1, UDP, 100, 12), (2, TCP, 100, 12), (3, UDP, 1232, 4096), (4, TCP, 30, 65535), (5, TCP, 65535, 30),
            (6, TCP, 65535, 65535), (7, UDP, 65000, 65000), (0xFFFFFFFF, UDP, 40, 100),
        ):
            query = self.query(number & 0xFFFF, f"answer {answer}", size)
            self.look_up(container, (number, transport, query))
            expected.append(self.note(number, transport, dns.answer(query, answer)))
            container.noted(expected[-1])
            self.assertEqual(query, dns.heard[-1])
        self.assertEqual(expected, self.answers(container))

    def test_the_shortest_query(self):
        container = self.running()
        dns = Dns(self, container.process.pid)
        dns.words = lambda query: ["answer", "500"]
        for transport in (UDP, TCP):
            self.look_up(container, (9, transport, b"\x07\x08" + bytes(10)))
            container.noted(self.note(9, transport, dns.answer(b"\x07\x08" + bytes(10), 500)))

    def test_many_at_once(self):
        container = self.running()
        dns = Dns(self, container.process.pid)
        queries = [(number, number % 2, self.query(number, f"answer {100 + number}")) for number in range(1, 65)]
        for _ in range(5):
            before = len(self.answers(container))
            self.look_up(container, *queries)
            wait_until(lambda: len(self.answers(container)) == before + 64, "answers")
            self.assertEqual({self.note(*query[:2], dns.answer(query[2], 100 + query[0])) for query in queries},
                             set(self.answers(container)[before:]))

    def test_datagrams_that_answer_nothing(self):
        """Another id, too short, from somebody else: the right answer, if there is one, comes after them."""
        container = self.running()
        dns = Dns(self, container.process.pid)
        query = self.query(77, "wrong 50")
        self.look_up(container, (1, UDP, query))
        container.noted(self.note(1, UDP, dns.answer(query, 50)))
        self.look_up(container, (2, UDP, self.query(78, "wrongs")), (3, UDP, self.query(79, "stranger")))
        wait_until(lambda: len(self.answers(container)) == 3, "the end of the patience")
        self.assertEqual({self.note(2, UDP), self.note(3, UDP)}, set(self.answers(container)[1:]))

    def test_nobody_listens(self):
        """That is known at once: before the patience with one who does not answer is at its end."""
        for transport, other in ((UDP, TCP), (TCP, UDP)):
            container = self.running()
            Dns(self, container.process.pid, udp=transport == TCP, tcp=transport == UDP)
            self.look_up(container, (1, other, self.query(1, "silent")))
            self.look_up(container, (2, transport, self.query(2, "answer 30")))
            wait_until(lambda: len(self.answers(container)) == 2, "both")
            self.assertEqual([self.note(2, transport), self.note(1, other)], self.answers(container))

    def test_connections_that_end_too_early(self):
        container = self.running()
        Dns(self, container.process.pid)
        for number, what in enumerate(("cut 0", "cut 1", "cut 2", "cut 500", "short 0", "short 11"), 1):
            self.look_up(container, (number, TCP, self.query(number, what)))
            container.noted(self.note(number, TCP))

    def test_more_than_there_may_be(self):
        container = self.running()
        dns = Dns(self, container.process.pid)
        self.look_up(container, *((number, number % 2, self.query(number, "silent")) for number in range(1, 67)))
        wait_until(lambda: len(self.answers(container)) == 66, "the end of the patience")
        self.assertEqual([self.note(65, TCP), self.note(66, UDP)], self.answers(container)[:2])
        self.assertEqual({self.note(number, number % 2) for number in range(1, 65)},
                         set(self.answers(container)[2:]))
        query = self.query(1, "answer 60")
        self.look_up(container, (1, UDP, query), (2, TCP, query))
        container.noted(self.note(1, UDP, dns.answer(query, 60)))
        container.noted(self.note(2, TCP, dns.answer(query, 60)))

    def test_namespace_that_is_joined(self):
        first = self.running()
        dns = Dns(self, first.process.pid)
        container = self.running(records=[("network", "join", f"/proc/{first.process.pid}/ns/net")])
        query = self.query(1, "answer 60")
        self.look_up(container, (1, UDP, query))
        container.noted(self.note(1, UDP, dns.answer(query, 60)))

    def test_the_host_is_not_asked(self):
        """Neither if its namespace is named by a path."""
        for records in (), (("network", "join", "/proc/self/ns/net"),):
            container = self.running(records=records, preexec_fn=network_of_its_own)
            dns = Dns(self, container.process.pid)
            self.look_up(container, (1, UDP, self.query(1, "answer 60")), (2, TCP, self.query(2, "answer 60")))
            container.noted(self.note(1, UDP))
            container.noted(self.note(2, TCP))
            self.assertEqual([], dns.heard)

    def test_guest_that_does_not_read(self):
        """Answers by TCP wait, those by UDP are lost, and both are whole."""
        container = self.running()
        dns = Dns(self, container.process.pid)
        link = container.connect()
        for transport in (TCP, UDP):
            queries = [(number, transport, self.query(number, "answer 60000")) for number in range(1, 65)]
            expected = {self.note(*query[:2], dns.answer(query[2], 60000)) for query in queries}
            dns.heard.clear()
            link.send_json(REQUEST, 7, {"method": "lookup", "until": f"go{transport}", "queries": [
                (*query[:2], query[2].hex()) for query in queries]})
            wait_until(lambda: len(dns.heard) == 64, "queries")
            if transport == UDP:
                # What the shim has been sent before it greets somebody has been taken, or dropped, by then.
                wait_until(lambda: len(dns.answered) == 64, "answers to the shim")
                for _ in range(2):
                    container.connect().close()
            os.mkdir(container.path(f"go{transport}"))
            self.assertEqual(RESULT, link.receive().kind)
            if transport == TCP:
                wait_until(lambda: len(self.answers(container)) == 64, "answers")
                self.assertEqual(expected, set(self.answers(container)))
        query = self.query(99, "answer 99")
        self.look_up(container, (99, TCP, query))
        container.noted(self.note(99, TCP, dns.answer(query, 99)))
        datagrams = set(self.answers(container)) - {self.note(99, TCP, dns.answer(query, 99))}
        datagrams = {note for note in datagrams if note.split()[2] == str(UDP)}
        self.assertLess(datagrams, expected)
        self.assertGreater(len(datagrams), 10)

    def test_queries_without_end(self):
        container = self.container("flood_lookups", "quiet", records=[("network", "new")])
        container.run()
        container.noted("enough")
        self.assertEqual((RESULT, {"did": "m"}), container.request("m", container.connect()))
        answers = container.request("answers", container.connect())[1]["answers"]
        self.assertLess(answers, 250000)
        self.assertGreater(answers, 64)

    def test_the_end_waits_for_no_answer(self):
        container = self.running("until_signal", shim=DELIVERED)
        dns = Dns(self, container.process.pid)
        self.look_up(container, *((number, number % 2, self.query(number, "silent")) for number in range(1, 65)))
        wait_until(lambda: len(dns.heard) == 64, "queries")
        container.process.terminate()
        self.assertEqual(143, container.wait(DIES_AT_ONCE))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
