#!/usr/bin/env python3
"""Runs the agent on this machine, in namespaces of its own, with this machine's crun: test_agent.py <agent> [test…]

Nothing of it is seen outside but a cgroup, which is removed again.
"""

import base64
import contextlib
import ctypes
import hashlib
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from unittest import mock

from host import *

BUSYBOX = "/usr/bin/busybox"
RUN = pathlib.Path("/run/limpid")
IMAGE_CACHE = pathlib.Path("/run/block/{}:{}/queue/write_cache".format(*(of(os.stat("/").st_dev) for of in (os.major, os.minor))))
PORT = "/run/port.sock"
SCRATCH = pathlib.Path(tempfile.gettempdir()) / "limpid-agent-test"
KMSG = SCRATCH / "kmsg"
CGROUPS = pathlib.Path("/sys/fs/cgroup")
UNIT = "limpid-agent-test."  # and a number

AGENT = None
TESTS = []


def test(function):
    TESTS.append(function)
    return function


# ---- the stage


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def set_stage():
    """Once: scratch space, a /dev/kmsg that is only a file, the unified cgroups where they are in a guest."""
    SCRATCH.mkdir(exist_ok=True)
    mount("-t", "tmpfs", "none", str(SCRATCH))
    KMSG.touch()
    mount("--bind", str(KMSG), "/dev/kmsg")
    mount("-t", "cgroup2", "none", str(CGROUPS))


def make_rootfs(path):
    for name in "bin proc dev etc tmp private".split():
        (path / name).mkdir(parents=True)
    subprocess.run(["cp", BUSYBOX, path / "bin/busybox"], check=True)
    for name in "sh cat true id sleep ls stat stty yes head kill echo test tty printf dd touch".split():
        (path / "bin" / name).symlink_to("busybox")
    (path / "bin/plain").write_text("no program\n")
    (path / "bin/nonsense").write_text("\x7fnonsense\n")
    (path / "bin/nonsense").chmod(0o755)
    (path / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\n")
    (path / "etc/escape").symlink_to("/")


def members(directory):
    try:
        return (directory / "cgroup.procs").read_text().split()
    except OSError:
        return []


class Agent:
    """A running agent with an empty /run and a cgroup as its unit would have."""

    sanitizer = ""

    def __init__(self):
        mount("-t", "tmpfs", "none", "/run")
        self.process = None
        try:
            self.start()
        except BaseException:
            if self.process:
                self.process.kill()
            self.leave_stage()
            raise

    def start(self):
        KMSG.write_text("")
        IMAGE_CACHE.parent.mkdir(parents=True, exist_ok=True)
        IMAGE_CACHE.write_text("")
        self.unit = CGROUPS / (UNIT + os.environ["LIMPID_TEST_INSIDE"])
        self.unit.mkdir()
        self.prepare_unit()

        def enter():
            (self.unit / "cgroup.procs").write_text("0")
            pathlib.Path("/proc/self/oom_score_adj").write_text("500")

        options = f"log_path={SCRATCH}/asan:" + Agent.sanitizer
        environment = dict(os.environ, ASAN_OPTIONS=options, UBSAN_OPTIONS="print_stacktrace=1")
        self.process = subprocess.Popen(
            [AGENT], preexec_fn=enter, stdin=subprocess.DEVNULL, env=environment, stderr=open(SCRATCH / "stderr", "w")
        )
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists(PORT):
            assert time.monotonic() < deadline and self.process.poll() is None, "the agent does not listen"
            time.sleep(0.01)
        # only now: the directory above is the agent's to make
        make_rootfs(RUN / "shared/rootfs")

    def prepare_unit(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "none: it had to be killed"
        self.leave_stage()
        reports = ""
        for path in SCRATCH.glob("asan*"):
            reports += path.read_text()
            path.unlink()
        reports += (SCRATCH / "stderr").read_text()
        assert not reports, reports
        assert status == 0, f"exit status {status}; {self.log()}"
        return False

    def leave_stage(self):
        self.remove_cgroups()
        subprocess.run(["umount", "-l", "/run"], check=True)

    def remove_cgroups(self):
        (self.unit / "cgroup.kill").write_text("1")
        deadline = time.monotonic() + PATIENCE
        for directory, _, _ in os.walk(self.unit, topdown=False):
            while True:
                try:
                    os.rmdir(directory)
                    break
                except OSError:
                    assert time.monotonic() < deadline, directory
                    time.sleep(0.01)

    def log(self):
        return KMSG.read_text()

    def logged(self, text):
        deadline = time.monotonic() + PATIENCE
        while text not in self.log():
            assert time.monotonic() < deadline, f"{text!r} is not in {self.log()!r}"
            time.sleep(0.01)

    def container_processes(self):
        return members(self.unit / "container")

    def ticks(self):
        """CPU time used so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def config(self, arguments, terminal=False, terminals=False, uid=0, cwd="/",
               namespaces=("pid", "mount", "ipc", "uts"), **more):  # fmt: skip
        return json.dumps(
            {
                "ociVersion": "1.0.2",
                "process": {
                    "terminal": terminal,
                    "user": {"uid": uid, "gid": uid},
                    "args": arguments,
                    "cwd": cwd,
                    "env": ["PATH=/bin"],
                    "noNewPrivileges": True,
                    **more,
                },
                "root": {"path": str(RUN / "rootfs")},
                "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}]
                + [{"destination": "/dev/pts", "type": "devpts", "source": "devpts"}] * (terminal or terminals),
                "linux": {
                    "cgroupsPath": f"/{self.unit.name}/container",
                    "namespaces": [{"type": name} for name in namespaces],
                },
            }
        )


BIND_ROOT = {
    "type": "bind",
    "source": str(RUN / "shared/rootfs"),
    "target": str(RUN / "rootfs"),
    "flags": ["bind", "rec"],
    "data": "",
}


def preparation(**changes):
    members = {
        "clock": {"seconds": 1700000000, "nanoseconds": 5},
        "entropy": base64.b64encode(os.urandom(64)).decode(),
        "mounts": [BIND_ROOT],
        "sync": [str(RUN / "rootfs")],
    }
    return {name: value for name, value in {**members, **changes}.items() if value is not None}


@contextlib.contextmanager
def prepared(window=WINDOW):
    with Agent() as agent:
        host = Host(PORT, window)
        assert host.call("prepare", **preparation()) == {}
        yield agent, host
        host.close()


@contextlib.contextmanager
def created(arguments, window=WINDOW, **options):
    with prepared(window) as (agent, host):
        host.pid = host.call("create", config=agent.config(arguments, **options))["pid"]
        assert pathlib.Path(f"/proc/{host.pid}").exists()
        yield agent, host


@contextlib.contextmanager
def started(arguments, window=WINDOW, unread=(), **options):
    with created(arguments, window, **options) as (agent, host):
        host.unread.update(unread)
        assert host.call("start") == {}
        yield agent, host


def shell(script, **options):
    return started(["sh", "-c", script], **options)


GATE = "while [ ! -e /go ]; do sleep 0.05; done; "


def let_go():
    """What comes after the gate in a container's script."""
    (RUN / "rootfs/go").touch()


# ---- prepare


@test
def loopback_is_up():
    # first of all: the tests share a network namespace
    with socket.socket() as listener, socket.socket() as probe:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        address = ("127.0.0.1", listener.getsockname()[1])
        assert probe.connect_ex(address) != 0
        with Agent():
            # before it is asked to: the clones of a template find it so
            host = Host(PORT)
            assert probe.connect_ex(address) == 0
            host.call("prepare", **preparation())


@test
def image_has_nothing_to_flush():
    with Agent():
        assert IMAGE_CACHE.read_text() == "write through"


@test
def clone_has_its_devices_and_an_id_of_its_own():
    rescan, machine = RUN / "shared/rescan", RUN / "shared/machine-id"
    nothing = "0" * 32 + "\n"

    @contextlib.contextmanager
    def waiting():
        with Agent():
            rescan.parent.mkdir(exist_ok=True)
            rescan.write_text("")
            machine.write_text(nothing)
            yield Host(PORT)

    for missing in (rescan, machine):
        with waiting() as host:
            missing.unlink()
            code, message = host.refused("prepare", **preparation(cloned=True))
            assert code == "system" and message == f"open {missing}: No such file or directory", message
    seen = set()
    for cloned in (False, True, True):
        with waiting() as host:
            host.call("prepare", **preparation(cloned=cloned))
            assert rescan.read_text() == ("1" if cloned else "")
            seen.add(machine.read_text())
    assert len(seen) == 3 and nothing in seen, seen
    assert all(re.fullmatch("[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}\n", each) for each in seen - {nothing}), seen


@test
def prepare_sets_clock_and_mounts():
    with Agent() as agent:
        host = Host(PORT)
        assert (host.lowest, host.highest) == (1, 1)
        subprocess.run(["mkdir", "-p", RUN / "shared/file.d"], check=True)
        (RUN / "shared/file").write_text("content")
        mounts = [
            BIND_ROOT,
            {"type": "tmpfs", "source": "tmpfs", "target": str(RUN / "a/b/c"), "flags": ["nosuid", "noexec"],
             "data": "size=64k,mode=700"},
            {"type": "bind", "source": str(RUN / "shared/file"), "target": str(RUN / "a/file"),
             "flags": ["bind", "ro"]},
            {"type": "bind", "source": str(RUN / "shared"), "target": str(RUN / "bound"),
             "flags": ["bind", "ro", "nodev", "noatime"], "data": ""},
        ]  # fmt: skip
        assert host.call("prepare", **preparation(mounts=mounts)) == {}
        assert pathlib.Path("/run/clock").read_text() == "1700000000.000000005\n"
        # the agent shares the mount namespace of the tests
        table = {line.split()[4]: line.split() for line in open("/proc/self/mountinfo")}
        assert {"nosuid", "noexec"} <= set(table[str(RUN / "a/b/c")][5].split(","))
        assert "size=64k" in table[str(RUN / "a/b/c")][-1]
        assert (RUN / "a/file").read_text() == "content"
        assert "ro" in table[str(RUN / "a/file")][5].split(",")
        assert {"ro", "nodev", "noatime"} <= set(table[str(RUN / "bound")][5].split(","))
        assert host.refused("prepare", **preparation())[0] == "state"


@test
def failed_prepare_is_undone():
    with Agent() as agent:
        host = Host(PORT)
        bad = {"type": "nofs", "source": "x", "target": str(RUN / "bad"), "flags": [], "data": ""}
        code, message = host.refused("prepare", **preparation(mounts=[BIND_ROOT, bad]))
        assert (code, message) == ("system", "mount nofs on /run/limpid/bad: No such device"), message
        assert str(RUN) + "/" not in open("/proc/self/mountinfo").read()
        missing = {**BIND_ROOT, "source": str(RUN / "shared/missing")}
        code, message = host.refused("prepare", **preparation(mounts=[missing]))
        assert (code, message) == ("system", "mount bind on /run/limpid/rootfs: No such file or directory"), message
        code, message = host.refused("prepare", **preparation(sync=[str(RUN / "nowhere")]))
        assert code == "system" and "/run/limpid/nowhere" in message
        assert host.refused("create", config=agent.config(["true"]))[0] == "state"
        assert host.call("prepare", **preparation()) == {}


@test
def mounts_follow_no_links():
    with Agent():
        host = Host(PORT)
        outside = SCRATCH / "outside"
        outside.mkdir()
        (RUN / "shared/link").symlink_to(outside)
        (RUN / "shared/inner").symlink_to("rootfs")
        for mounts in (
            [{**BIND_ROOT, "target": str(RUN / "shared/link/x")}],
            [{**BIND_ROOT, "target": str(RUN / "shared/link")}],
            [{**BIND_ROOT, "source": str(RUN / "shared/link")}],
            [{**BIND_ROOT, "source": str(RUN / "shared/inner/etc")}],
            [{**BIND_ROOT, "target": str(RUN / "shared/inner/new")}],
            [{"type": "tmpfs", "target": str(RUN / "shared/link/x")}],
        ):
            code, message = host.refused("prepare", **preparation(mounts=mounts, sync=[]))
            assert code == "system", message
        assert not list(outside.iterdir()) and not (RUN / "shared/rootfs/new").exists()


@test
def missing_layer_is_waited_for_and_told():
    with Agent():
        host = Host(PORT)
        layer = {"type": "erofs", "source": "layer:01234567-89ab-cdef-0123-456789abcdef", "target": str(RUN / "l/0"),
                 "flags": ["ro"], "data": "dax=always"}  # fmt: skip
        before = time.monotonic()
        number = host.ask("prepare", **preparation(mounts=[layer]))
        later = host.ask("kill", signal=9)
        host.quiet(1)
        assert not host.answers
        kind, value = host.answer(number)
        assert kind == FAILURE and value["code"] == "system" and "layer:01234567" in value["message"], value
        assert 2.5 < time.monotonic() - before < 10
        assert host.answer(later)[1]["code"] == "state"


@test
def missing_disk_of_a_mount_is_waited_for_and_told():
    # The kernel makes its node after it has shown it.
    for shown in False, True:
        with Agent():
            host = Host(PORT)
            if shown:
                add_disk("vd-none", "upper", "254:0")
            disk = {"type": "ext4", "source": "disk:upper", "target": str(RUN / "upper"), "flags": [], "data": ""}
            number = host.ask("prepare", **preparation(mounts=[disk]))
            host.quiet(1)
            assert not host.answers
            kind, value = host.answer(number)
            assert kind == FAILURE and value["code"] == "system", value
            assert "the device of disk:upper" in value["message"], value


# ---- an upper layer of the guest's own


UPPER = RUN / "upper/upper"


def host_directories(size="16m"):
    """What a guest has of the host's: a directory with a system in it, and one beside it to make things in."""
    (RUN / "shared/host").mkdir()
    if size is None:
        # One that can be brought to a standstill. Its image goes with the mount.
        with tempfile.NamedTemporaryFile(dir=SCRATCH) as image:
            image.truncate(16 << 20)
            subprocess.run(["mkfs.ext4", "-q", image.name], check=True)
            mount("-o", "loop", image.name, str(RUN / "shared/host"))
    else:
        mount("-t", "tmpfs", "-o", f"size={size}", "none", str(RUN / "shared/host"))
    (RUN / "shared/host/aside").mkdir()
    subprocess.run(["cp", "-a", RUN / "shared/rootfs", RUN / "shared/host/diff"], check=True)
    return RUN / "shared/host/diff", RUN / "shared/host/aside"


def with_upper(size="16m", **upper):
    members = {"target": str(RUN / "upper"), "source": str(RUN / "shared/host/diff"),
               "aside": str(RUN / "shared/host/aside"), **upper}  # fmt: skip
    tmpfs = {"type": "tmpfs", "source": "none", "target": str(RUN / "upper"), "flags": [], "data": f"size={size}"}
    bind = {**BIND_ROOT, "source": str(UPPER)}
    return preparation(
        mounts=[tmpfs, bind], upper={name: value for name, value in members.items() if value is not None})


@contextlib.contextmanager
def on_upper(script, size="16m", **upper):
    with Agent() as agent:
        diff, aside = host_directories(size)
        host = Host(PORT)
        assert host.call("prepare", **with_upper(**upper)) == {}
        host.call("create", config=agent.config(["sh", "-c", script]))
        assert host.call("start") == {}
        yield agent, host, diff, aside
        host.close()
        subprocess.run(["umount", "-l", RUN / "shared/host"], check=True)


@test
def upper_layer_is_filled_and_brought_back():
    script = "cat /etc/passwd; echo one > /etc/new; echo ready; while [ ! -e /go ]; do sleep 0.05; done; echo two > /etc/new"
    with on_upper(script) as (agent, host, diff, aside):
        host.until(lambda: b"ready" in host.output[STDOUT])
        assert host.output[STDOUT].startswith(b"root:x"), host.output
        assert not (diff / "etc/new").exists()
        assert host.call("pause") == {}
        assert (diff / "etc/new").read_text() == "one\n"
        assert not list(aside.iterdir())
        assert host.call("resume") == {}
        (UPPER / "go").touch()
        assert host.end() == (0, 0)
        assert (diff / "etc/new").read_text() == "two\n" and (diff / "go").exists()
        assert [name.name for name in aside.iterdir()] == ["returned"]


@test
def upper_layer_that_is_complete_counts():
    with Agent():
        diff, _ = host_directories()
        host = Host(PORT)
        # As a former guest has left it: on a file system that is mounted again.
        former = RUN / "shared/former"
        for name in ("upper/etc", "work", "aside"):
            (former / name).mkdir(parents=True)
        (former / "upper/etc/passwd").write_text("of the former\n")
        (former / "complete").touch()
        bind = {**BIND_ROOT, "source": str(former), "target": str(RUN / "upper")}
        members = {"target": str(RUN / "upper"), "source": str(diff), "aside": str(RUN / "shared/host/aside")}
        assert host.call("prepare", **preparation(mounts=[bind], sync=[], upper=members)) == {}
        assert (UPPER / "etc/passwd").read_text() == "of the former\n" and not (UPPER / "bin").exists()
        host.close()
        subprocess.run(["umount", "-l", RUN / "shared/host"], check=True)


@test
def upper_layer_of_attributes_alone():
    with on_upper("true", aside=None) as (agent, host, diff, aside):
        assert host.end() == (0, 0)
        assert not list(aside.iterdir())
    with Agent():
        diff, _ = host_directories()
        diff.chmod(0o1750)
        host = Host(PORT)
        members = with_upper(aside=None, attributesAlone=True)
        members["mounts"] = members["mounts"][:1]
        assert host.call("prepare", **{**members, "sync": []}) == {}
        assert UPPER.stat().st_mode & 0o7777 == 0o1750 and not list(UPPER.iterdir())
        host.close()
        subprocess.run(["umount", "-l", RUN / "shared/host"], check=True)


@test
def upper_layer_that_the_host_has_no_room_for():
    script = "dd if=/dev/zero of=/big bs=1024 count=4096; echo ready; while [ ! -e /go ]; do sleep 0.05; done"
    with on_upper(script, size="4m") as (agent, host, diff, aside):
        host.until(lambda: b"ready" in host.output[STDOUT])
        code, message = host.refused("pause")
        assert code == "system" and message == "/big: No space left on device", (code, message)
        # It is not paused, but goes on.
        assert "frozen 0" in (agent.unit / "container/cgroup.events").read_text()
        (UPPER / "go").touch()
        assert host.end() == (0, 0)
        assert {"event": "kept", "message": "/big: No space left on device"} in host.events, host.events
        assert not list(aside.iterdir()), list(aside.iterdir())
        assert "stays on its disk" in agent.log()


@test
def upper_layer_that_does_not_fit():
    with Agent():
        host_directories()
        host = Host(PORT)
        code, message = host.refused("prepare", **with_upper(size="64k"))
        assert code == "system" and message.endswith(": No space left on device"), (code, message)
        # What was mounted is not any more, and it can be tried again.
        assert host.call("prepare", **with_upper()) == {}
        host.close()
        subprocess.run(["umount", "-l", RUN / "shared/host"], check=True)


@contextlib.contextmanager
def standing_still(path):
    """Who writes there waits."""
    subprocess.run(["fsfreeze", "-f", path], check=True)
    try:
        yield
    finally:
        subprocess.run(["fsfreeze", "-u", path], check=True)


@test
def others_are_served_while_it_is_brought_back():
    script = "echo one > /etc/new; echo ready; sleep 100"
    with on_upper(script, size=None) as (agent, host, diff, aside):
        host.until(lambda: b"ready" in host.output[STDOUT])
        with standing_still(RUN / "shared/host"):
            asked = host.ask("pause")
            host.call("stats")
            assert host.exec_refused(1, ["true"]) == ("state", "container is paused")
            for method in ("pause", "resume"):
                assert host.refused(method) == ("state", f"{method}: the container is being paused")
            assert asked not in host.answers
        assert host.answer(asked) == (RESULT, {})
        assert (diff / "etc/new").read_text() == "one\n"
        assert host.call("resume") == {}

        (UPPER / "etc/new").write_text("two\n")
        with standing_still(RUN / "shared/host"):
            host.ask("pause")
            host.call("stats")
            # Whoever asked has gone, and nobody else is told.
            host.close()
            other = Host(PORT)
            other.call("stats")
        deadline = time.monotonic() + PATIENCE
        while (diff / "etc/new").read_text() != "two\n":
            assert time.monotonic() < deadline
            time.sleep(0.01)
        kind, value = other.answer(other.ask("resume"))
        while kind == FAILURE and time.monotonic() < deadline:
            assert value["message"] == "resume: the container is being paused", value
            kind, value = other.answer(other.ask("resume"))
        assert (kind, value) == (RESULT, {}) and not other.answers, value

        (UPPER / "etc/new").write_text("three\n")
        with standing_still(RUN / "shared/host"):
            asked = other.ask("pause")
            assert other.call("kill", signal=9) == {}
            assert other.answer(asked)[1] == {"code": "state", "message": "pause: the container has ended"}
        assert other.end() == (0, signal.SIGKILL)
        assert (diff / "etc/new").read_text() == "three\n" and (aside / "returned").exists()
        other.close()


@test
def killed_while_it_is_brought_back():
    script = "i=0; while [ $i -lt 3000 ]; do echo $i > /etc/$i; i=$((i+1)); done; echo ready; sleep 100"
    with on_upper(script) as (agent, host, diff, aside):
        host.until(lambda: b"ready" in host.output[STDOUT])
        asked = host.ask("pause")
        time.sleep(0.05)
        for pid in members(agent.unit / "container"):
            os.kill(int(pid), signal.SIGKILL)
        kind, value = host.answer(asked)
        assert kind == RESULT or value["code"] == "state", value
        assert host.end() == (0, signal.SIGKILL)
        assert (diff / "etc/2999").read_text() == "2999\n" and (aside / "returned").exists()


# ---- disks


def add_disk(name, serial, dev):
    disk = RUN / "shared/block" / name
    disk.mkdir(parents=True)
    (disk / "dev").write_text(dev + "\n")
    (disk / "serial").write_text(serial)


@test
def disks_are_told_in_the_order_asked_for():
    with Agent():
        host = Host(PORT)
        add_disk("vda", "two", "254:0")
        add_disk("vdb", "one", "254:16")
        assert host.call("disks", serials=["one", "two", "one"]) == {"disks": [
            {"major": 254, "minor": 16}, {"major": 254, "minor": 0}, {"major": 254, "minor": 16}]}  # fmt: skip
        assert host.call("disks", serials=[]) == {"disks": []}


@test
def missing_disk_is_waited_for_and_told():
    with Agent():
        host = Host(PORT)
        add_disk("vda", "one", "254:0")
        number = host.ask("disks", serials=["one", "two"])
        host.quiet(0.3)
        assert not host.answers
        add_disk("vdb", "two", "254:16")
        assert host.answer(number)[1] == {"disks": [{"major": 254, "minor": 0}, {"major": 254, "minor": 16}]}
        code, message = host.refused("disks", serials=["one", "three"])
        assert (code, message) == ("system", "disks: the one with the serial number three is not there")


# ---- network


def ip(*arguments, pid=None):
    enter = ["nsenter", "-t", str(pid), "-n"] if pid else []
    text = subprocess.run([*enter, "ip", "-j", *arguments], check=True, capture_output=True, text=True).stdout
    return json.loads(text) if text.strip() else []


def link(name, pid=None):
    return ip("link", "show", "dev", name, pid=pid)[0]


def show_nic(slot, name):
    """What the kernel shows of a device behind the bridge; it does not follow what becomes of the device."""
    device = RUN / f"shared/nics/0000:01:{slot:02x}.0/virtio{slot}/net"
    subprocess.run(["rm", "-rf", device], check=True)
    (device / name).mkdir(parents=True)


ONE, TWO = "02:00:00:00:00:01", "02:00:00:00:00:02"


@contextlib.contextmanager
def two_nics():
    """The ends of a cable, in slots 1 and 31."""
    ip("link", "add", "one", "address", ONE, "type", "veth", "peer", "name", "two", "address", TWO)
    try:
        show_nic(1, "one")
        show_nic(31, "two")
        yield
    finally:
        # The other end goes with it, wherever that is.
        for left in ip("link", "show", "type", "veth")[:1]:
            ip("link", "del", left["ifname"])


@test
def network_is_set_up():
    with Agent() as agent, two_nics():
        host = Host(PORT)
        assert host.call("network") == {}
        missing = {"name": "net/ipv4/conf/one/no_such_thing", "value": "1"}
        assert host.call(
            "network",
            undo="link del nobody\nlink set one mtu 1300\n",
            nics=[{"slot": 1, "name": "two"}, {"slot": 31, "name": "one"}],  # the names change places
            links="link set one mtu 1400\n",
            sysctls=[missing, {"name": "net/ipv4/conf/one/rp_filter", "value": "2"}],
            configuration="link set one up\naddr add 10.9.0.1/24 dev one\nroute add 10.8.0.0/16 via 10.9.0.7",
        ) == {}  # fmt: skip
        assert (link("two")["address"], link("one")["address"]) == (ONE, TWO)
        assert link("one")["mtu"] == 1400
        assert link("two")["mtu"] == 1300, "undo stopped at what failed"
        assert pathlib.Path("/proc/sys/net/ipv4/conf/one/rp_filter").read_text() == "2\n"
        assert ip("route", "show", "10.8.0.0/16")[0]["gateway"] == "10.9.0.7"
        assert "there is no /proc/sys/net/ipv4/conf/one/no_such_thing" in agent.log()
        assert 'undo: ip: Cannot find device "nobody"' in agent.log()
        # What has its name already stays up; another name can be given to what is up too.
        show_nic(1, "two")
        show_nic(31, "one")
        assert host.call("network", nics=[{"slot": 31, "name": "one"}, {"slot": 1, "name": "three"}]) == {}
        assert link("three")["address"] == ONE
        assert "UP" in link("one")["flags"]
        assert host.call("network", nics=[{"slot": 31, "name": "four"}]) == {}
        assert link("four")["address"] == TWO


@test
def missing_nic_is_waited_for_and_told():
    with Agent(), two_nics():
        host = Host(PORT)
        subprocess.run(["rm", "-rf", RUN / "shared/nics"], check=True)
        number = host.ask("network", nics=[{"slot": 1, "name": "eth0"}])
        host.quiet(0.3)
        assert not host.answers
        show_nic(17, "two")
        show_nic(1, "one")
        assert host.answer(number)[1] == {}
        assert link("eth0")["address"] == ONE
        told = host.refused("network", nics=[{"slot": 17, "name": "a"}, {"slot": 18, "name": "b"}])
        assert told == ("system", "nics: there is no network device in slot 18")
        assert link("two")["address"] == TWO


@test
def nic_that_has_no_name_yet_is_waited_for():
    """The kernel shows it in /sys first."""
    for namespaces in ("pid", "mount", "ipc", "uts"), ("pid", "mount", "ipc", "uts", "network"):
        with created(["sleep", "100"], namespaces=namespaces) as (agent, host):
            show_nic(1, "one")
            number = host.ask("network", nics=[{"slot": 1, "name": "eth0"}])
            host.quiet(0.3)
            assert not host.answers
            with two_nics():
                assert host.answer(number)[1] == {}
                assert link("eth0", host.pid)["address"] == ONE


@test
def what_ip_refuses_is_told_with_its_line():
    with Agent(), two_nics():
        host = Host(PORT)
        for text, expected in (
            ("link set lo up\nlink set nobody up\nlink set one mtu 1234",
             'ip: Cannot find device "nobody": `link set nobody up`'),
            ("link set lo up\naddr add 1.2.3.x dev lo\nlink set one mtu 1234\n",
             'ip: Error: any valid prefix is expected rather than "1.2.3.x".: `addr add 1.2.3.x dev lo`'),
            ("route add 10.8.0.0/16 dev one", "ip: Error: Device for nexthop is not up.: `route add 10.8.0.0/16 dev one`"),
        ):  # fmt: skip
            for member in "links", "configuration":
                told = host.refused("network", **{member: text})
                assert told == ("system", expected), told
        told = host.refused("network", sysctls=[{"name": "net/ipv4/conf/one/rp_filter", "value": "x"}],
                            configuration="link set one mtu 1234")  # fmt: skip
        assert told == ("system", "write `x` to /proc/sys/net/ipv4/conf/one/rp_filter: Invalid argument"), told
        told = host.refused("network", nics=[{"slot": 1, "name": "lo"}], configuration="link set limpid1 mtu 1234")
        assert told == ("system", "nics: rename limpid1 to lo: File exists"), told
        assert link("limpid1")["mtu"] == 1500
        # `ip` alone would take this for a rule of IPv4.
        assert host.call("network", configuration6="rule add pref 77 to 2001:db8::/32 lookup 5\nrule add pref 78 lookup 6\n") == {}
        assert [rule["priority"] for rule in ip("-6", "rule", "show") if rule["priority"] in (77, 78)] == [77, 78]
        assert host.call("network", undo6="rule del pref 78\nrule del pref 79\nrule del pref 77\n") == {}
        assert all(rule["priority"] not in (77, 78) for rule in ip("-6", "rule", "show"))
        code, message = host.refused("network", links="link set nobody up " + "x" * 2000)
        assert code == "system" and message.startswith("ip: ") and len(message) < 2000, message


@test
def ip_that_hangs_holds_up_nothing_but_requests():
    with shell("sleep 0.3; echo on; exec sleep 100") as (agent, host):
        number = host.ask("network", links="link set lo up\nmonitor all\n")
        host.until(lambda: host.output[STDOUT] == b"on\n")
        assert not host.answers
        assert host.answer(number)[1] == {"code": "system", "message": "ip: takes longer than 1000 ms"}
        assert host.call("network", undo="monitor all\n", links="link set lo up\n") == {}
        assert "undo: ip takes longer than 1000 ms" in agent.log()


@test
def network_is_that_of_the_container():
    namespaces = ("pid", "mount", "ipc", "uts", "network")
    with created(["sleep", "100"], namespaces=namespaces) as (agent, host), two_nics():
        assert host.call(
            "network",
            nics=[{"slot": 1, "name": "two"}, {"slot": 31, "name": "one"}],
            links="link set one mtu 1400\n",
            sysctls=[{"name": "net/ipv4/conf/one/rp_filter", "value": "2"}],
            configuration="link set one up\naddr add 10.9.0.1/24 dev one",
        ) == {}  # fmt: skip
        assert [each["ifname"] for each in ip("link")] == ["lo"]
        assert (link("two", host.pid)["address"], link("one", host.pid)["address"]) == (ONE, TWO)
        assert link("one", host.pid)["mtu"] == 1400
        assert ip("addr", "show", "dev", "one", pid=host.pid)[0]["addr_info"][0]["local"] == "10.9.0.1"
        setting = ["nsenter", "-t", str(host.pid), "-n", "cat", "/proc/sys/net/ipv4/conf/one/rp_filter"]
        assert subprocess.run(setting, check=True, capture_output=True).stdout == b"2\n"
        # found again where it is now
        show_nic(1, "two")
        assert host.call("network", undo="addr flush dev one\n", nics=[{"slot": 1, "name": "three"}]) == {}
        assert link("three", host.pid)["address"] == ONE
        assert ip("addr", "show", "dev", "one", pid=host.pid)[0]["addr_info"] == []
        host.call("kill", signal=9)
        host.end()
        assert host.refused("network") == ("no-process", "network: the container has ended")


# ---- the resolver

RESOLVER = ("127.0.0.11", 53)
MAPPED = ("::ffff:127.0.0.11", 53)


def enter_cgroup(directory):
    (directory / "cgroup.procs").write_text("0")


@contextlib.contextmanager
def among_containers(agent, pid=None):
    """Sockets that are made here are like those of a process in a container: a socket stays where it was made."""
    before = CGROUPS / pathlib.Path("/proc/self/cgroup").read_text().split("0::/")[1].split("\n")[0]
    group = agent.unit / "client"
    group.mkdir(exist_ok=True)
    libc = ctypes.CDLL(None, use_errno=True)
    own, other = os.open("/proc/self/ns/net", os.O_RDONLY), os.open(f"/proc/{pid or 'self'}/ns/net", os.O_RDONLY)
    try:
        enter_cgroup(group)
        assert libc.setns(other, 0) == 0
        yield
    finally:
        assert libc.setns(own, 0) == 0
        os.close(own)
        os.close(other)
        enter_cgroup(before)


def client(agent, kind=socket.SOCK_DGRAM, address=RESOLVER, pid=None, family=socket.AF_INET):
    """A socket of a container's, connected if there is an address."""
    with among_containers(agent, pid):
        made = socket.socket(family, kind)
    made.settimeout(PATIENCE)
    if address:
        made.connect(address)
    return made


def query(number, size=12):
    return struct.pack(">H", number) + b"q" * (size - 2)


def framed(message):
    return struct.pack(">H", len(message)) + message


def receive_framed(connection):
    def exactly(size):
        data = b""
        while len(data) < size:
            piece = connection.recv(size - len(data))
            assert piece, "closed"
            data += piece
        return data

    return exactly(struct.unpack(">H", exactly(2))[0])


def looked_up(host, transport, message):
    """Waits for a LOOKUP; its number."""
    host.until(lambda: (transport, message) in host.lookups.values())
    number = next(number for number, lookup in host.lookups.items() if lookup == (transport, message))
    del host.lookups[number]
    return number


def answer(host, transport, number, message):
    host.send(ANSWER, transport, 0, number, message)


UDP, TCP = 0, 1


@contextlib.contextmanager
def resolving():
    with prepared() as (agent, host):
        assert host.call("network", resolver=True) == {}
        yield agent, host


@test
def resolver_answers_by_udp():
    with resolving() as (agent, host):
        sockets = (
            (client(agent), None, RESOLVER),
            (client(agent, address=None), RESOLVER, RESOLVER),
            (client(agent, address=MAPPED, family=socket.AF_INET6), None, MAPPED),
            (client(agent, address=None, family=socket.AF_INET6), MAPPED, MAPPED),
        )
        for number, (made, to, name) in enumerate(sockets):
            made.sendto(query(number, 12 + number), to) if to else made.send(query(number, 12 + number))
        for number, (made, to, name) in reversed(list(enumerate(sockets))):
            asked = looked_up(host, UDP, query(number, 12 + number))
            answer(host, TCP, asked, b"by the wrong transport")
            answer(host, UDP, asked + 1000, b"of nobody")
            answer(host, UDP, asked, b"answer %d" % number)
            answer(host, UDP, asked, b"a second time")
            data, sender = made.recvfrom(100)
            assert data == b"answer %d" % number and sender[:2] == name, (data, sender)
            if not to:
                assert made.getpeername()[:2] == name
        last = sockets[0][0]
        last.send(query(7)[:11])
        last.send(query(8, 60000))
        answer(host, UDP, looked_up(host, UDP, query(8, 60000)), b"")
        last.send(query(9))
        answer(host, UDP, looked_up(host, UDP, query(9)), b"x" * 60000)
        assert last.recv(65536) == b"x" * 60000
        assert not host.lookups


@test
def resolver_takes_no_port():
    with resolving() as (agent, host):
        for kind in socket.SOCK_DGRAM, socket.SOCK_STREAM:
            with among_containers(agent), socket.socket(socket.AF_INET, kind) as server:
                server.bind(("0.0.0.0", 53))
            with socket.socket(socket.AF_INET, kind) as other:
                other.bind(("127.0.0.12", 53))
        # neither another address, nor another port
        for address in ("127.0.0.12", 53), ("127.0.0.11", 54):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.bind(address)
                other.settimeout(PATIENCE)
                client(agent, address=address).send(b"here")
                assert other.recv(10) == b"here"
        # who is not in a container is not sent elsewhere
        with socket.socket() as outside:
            assert outside.connect_ex(RESOLVER) != 0
        assert not host.lookups


@test
def resolver_answers_by_tcp():
    with resolving() as (agent, host):
        for family, address in (socket.AF_INET, RESOLVER), (socket.AF_INET6, MAPPED):
            connection = client(agent, socket.SOCK_STREAM, address, family=family)
            assert connection.getpeername()[:2] == address
            # two at once, of which the second waits for the first, and a prefix in pieces
            connection.sendall(framed(query(1, 65535)) + framed(query(2))[:1])
            asked = looked_up(host, TCP, query(1, 65535))
            connection.sendall(framed(query(2))[1:])
            host.quiet(0.1)
            assert not host.lookups
            answer(host, UDP, asked, b"by the wrong transport")
            answer(host, TCP, asked, b"y" * 65535)
            assert receive_framed(connection) == b"y" * 65535
            answer(host, TCP, looked_up(host, TCP, query(2)), b"short")
            assert receive_framed(connection) == b"short"
            # no answer ends it
            connection.sendall(framed(query(3)))
            answer(host, TCP, looked_up(host, TCP, query(3)), b"")
            assert connection.recv(1) == b""
        for nonsense in b"\0\x0b" + b"x" * 11, b"\0\0":
            connection = client(agent, socket.SOCK_STREAM)
            connection.sendall(nonsense)
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1) == b""
        # neither does one stay that says nothing, nor one that says half of it
        before = time.monotonic()
        for part in b"", b"\0\x0cxx":
            connection = client(agent, socket.SOCK_STREAM)
            connection.sendall(part)
            assert connection.recv(1) == b""
        assert 2.5 < time.monotonic() - before < 10
        # one that goes without having heard the answer
        connection = client(agent, socket.SOCK_STREAM)
        connection.sendall(framed(query(4)))
        asked = looked_up(host, TCP, query(4))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        answer(host, TCP, asked, b"too late")
        assert not host.lookups


@test
def resolver_has_bounds():
    with resolving() as (agent, host):
        udp = client(agent)
        for number in range(70):
            udp.send(query(number))
        host.until(lambda: len(host.lookups) == 64)
        connections = [client(agent, socket.SOCK_STREAM) for _ in range(40)]
        for connection in connections:
            connection.sendall(framed(query(1000)))
        host.quiet(0.2)
        assert len(host.lookups) == 64, "more than 64 at a time"
        assert sorted(message for _, message in host.lookups.values()) == [query(number) for number in range(64)]
        # One by TCP has waited for its turn.
        number, (_, message) = host.lookups.popitem()
        answer(host, UDP, number, b"first")
        assert udp.recv(10) == b"first"
        answer(host, TCP, looked_up(host, TCP, query(1000)), b"second")
        # The host answers nothing more: those who wait are told so, and then there is room again.
        for connection in connections:
            with contextlib.suppress(ConnectionResetError):
                while connection.recv(100):
                    pass
            connection.close()
        host.quiet(0.2)
        host.lookups.clear()
        time.sleep(1.6)
        host.quiet(0.1)
        host.lookups.clear()
        udp.send(query(9))
        answer(host, UDP, looked_up(host, UDP, query(9)), b"room")
        assert udp.recv(10) == b"room"


@test
def resolver_serves_the_next_host():
    with resolving() as (agent, host):
        udp, tcp = client(agent), client(agent, socket.SOCK_STREAM)
        udp.send(query(1))
        tcp.sendall(framed(query(2)))
        asked = looked_up(host, UDP, query(1))
        looked_up(host, TCP, query(2))
        host.hello()
        assert tcp.recv(1) == b"", "the answer to a former host is waited for"
        answer(host, UDP, asked, b"of a former host")
        udp.send(query(3))
        answer(host, UDP, looked_up(host, UDP, query(3)), b"now")
        assert udp.recv(100) == b"now"
        host.close()
        # Nobody can be asked now: by TCP that is waited for.
        tcp = client(agent, socket.SOCK_STREAM)
        tcp.sendall(framed(query(4)))
        time.sleep(0.2)
        other = Host(PORT)
        answer(other, TCP, looked_up(other, TCP, query(4)), b"again")
        assert receive_framed(tcp) == b"again"
        other.close()


@test
def resolver_is_where_the_container_is():
    namespaces = ("pid", "mount", "ipc", "uts", "network")
    with resolving() as (agent, host):
        host.pid = host.call("create", config=agent.config(["sleep", "100"], namespaces=namespaces))["pid"]
        assert host.call("network", configuration="link set lo up") == {}
        udp = client(agent, pid=host.pid)
        udp.send(query(1))
        answer(host, UDP, looked_up(host, UDP, query(1)), b"there")
        assert udp.recv(10) == b"there"
        # In another namespace 127.0.0.11 is another's.
        with among_containers(agent), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as another:
            another.bind(RESOLVER)
            another.settimeout(PATIENCE)
            client(agent).send(query(2))
            assert another.recv(100) == query(2)
        assert not host.lookups
        host.call("kill", signal=9)
        host.end()


# ---- requests


FIFO = {"policy": 1, "flags": 0, "nice": 0, "priority": 3, "runtime": 0, "deadline": 0, "period": 0}


@test
def requests_are_judged():
    with Agent():
        host = Host(PORT)
        base = preparation()
        mount = dict(BIND_ROOT)
        upper = {"target": mount["target"], "source": mount["source"]}
        cases = [
            ("nonsense", {}, "method: `nonsense` unknown"),
            ("start", {"x": 1}, "x: unknown"),
            ("kill", {}, "signal: missing"),
            ("kill", {"signal": 0}, "signal: a number from 1 to 64 expected"),
            ("kill", {"signal": 65}, "signal: a number from 1 to 64 expected"),
            ("kill", {"signal": "9"}, "signal: an integer expected"),
            ("kill", {"signal": 9.5}, "signal: an integer expected"),
            ("kill", {"signal": 9, "all": 1}, "all: a boolean expected"),
            ("create", {}, "config: missing"),
            ("create", {"config": {}}, "config: a string expected"),
            ("create", {"config": ""}, "config: not JSON"),
            ("create", {"config": "{"}, "config: not JSON"),
            ("create", {"config": "[]"}, "config: an object expected"),
            ("create", {"config": '{"process":{"terminal":1}}'}, "config: process.terminal: a boolean expected"),
            ("create", {"config": "{}", "rows": 1}, "rows, columns: one without the other"),
            ("create", {"config": "{}", "rows": 1, "columns": 65536}, "columns: a number from 0 to 65535 expected"),
            ("create", {"config": "{}", "sysctls": {}}, "sysctls: an array expected"),
            ("create", {"config": "{}", "sysctls": [3]}, "sysctls[0]: an object expected"),
            ("create", {"config": "{}", "sysctls": [{"name": "a"}]}, "sysctls[0].value: missing"),
            ("create", {"config": "{}", "sysctls": [{"name": "a", "value": "x" * 4096}]}, "sysctls[0].value: a length"),
            ("create", {"config": "{}", "sysctls": [{"name": "a", "value": ""}] * 257}, "sysctls: a length"),
            ("create", {"config": "{}", "mountAttributes": [{}]}, "mountAttributes[0].target: missing"),
            ("create", {"config": "{}", "mountAttributes": [{"target": "a", "flags": ["private"]}]},
             "mountAttributes[0].target: not absolute"),
            ("create", {"config": "{}", "mountAttributes": [{"target": "/a", "flags": []}]},
             "mountAttributes[0].flags: a length"),
            ("create", {"config": "{}", "mountAttributes": [{"target": "/a", "flags": ["ro"]}]},
             "mountAttributes[0].flags: `ro` unknown"),
            ("create", {"config": "{}", "mountAttributes": [{"target": "/a", "flags": ["rec"]}]},
             "mountAttributes[0].flags: not what a mount can become"),
            ("create", {"config": "{}", "mountAttributes": [{"target": "/a", "flags": ["shared", "slave"]}]},
             "mountAttributes[0].flags: not what a mount can become"),
            ("create", {"config": "{}", "timeOffsets": {}}, "timeOffsets.monotonic: missing"),
            ("create", {"config": "{}", "timeOffsets": {"monotonic": {"seconds": 1, "nanoseconds": -1}, "boottime": {}}},
             "timeOffsets.monotonic.nanoseconds: a number"),
            ("network", {"links": 1}, "links: a string expected"),
            ("network", {"undo": "x" * 262145}, "undo: a length"),
            ("network", {"links": "x" * 262145}, "links: a length"),
            ("network", {"configuration": "x" * 262145}, "configuration: a length"),
            ("network", {"undo6": "x" * 262145}, "undo6: a length"),
            ("network", {"configuration6": 7}, "configuration6: "),
            ("network", {"container": 3}, "container: the network is that of container 0"),
            ("network", {"resolver": 1}, "resolver: a boolean expected"),
            ("network", {"nics": [1]}, "nics[0]: an object expected"),
            ("network", {"nics": [{"slot": 1}]}, "nics[0].name: missing"),
            ("network", {"nics": [{"slot": 0, "name": "a"}]}, "nics[0].slot: a number from 1 to 31 expected"),
            ("network", {"nics": [{"slot": 32, "name": "a"}]}, "nics[0].slot: a number from 1 to 31 expected"),
            ("network", {"nics": [{"slot": 1, "name": "x" * 16}]}, "nics[0].name: a length"),
            ("network", {"nics": [{"slot": 1, "name": "a/b"}]}, "nics[0].name: not a name for a network device"),
            ("network", {"nics": [{"slot": 1, "name": "a"}, {"slot": 1, "name": "b"}]}, "nics[1].slot: 1 a second time"),
            ("network", {"nics": [{"slot": 1, "name": "a"}, {"slot": 2, "name": "a"}]},
             "nics[1].name: `a` a second time"),
            ("network", {"nics": [{}] * 32}, "nics: a length"),
            ("network", {"sysctls": [{"name": "../x", "value": ""}]}, "sysctls[0].name: "),
            ("create", {"config": "{}", "ioPriority": {"class": 4, "priority": 0}}, "ioPriority.class: a number"),
            ("create", {"config": "{}", "scheduler": {"policy": 0}}, "scheduler.flags: missing"),
            ("create", {"config": "{}", "scheduler": {**FIFO, "policy": 7}}, "scheduler.policy: a number"),
            ("create", {"config": "{}", "scheduler": {**FIFO, "nice": -21}}, "scheduler.nice: a number"),
            ("create", {"config": "{}", "scheduler": {**FIFO, "runtime": -1}}, "scheduler.runtime: a number"),
            ("prepare", {**base, "clock": 3}, "clock: an object expected"),
            ("prepare", {**base, "clock": {}}, "clock.seconds: missing"),
            ("prepare", {**base, "clock": {"seconds": -1, "nanoseconds": 0}}, "clock.seconds: a number"),
            ("prepare", {**base, "clock": {"seconds": 1, "nanoseconds": 10**9}}, "clock.nanoseconds: a number"),
            ("prepare", {**base, "entropy": "AAAA"}, "entropy: 32 to 512 bytes in base64 expected"),
            ("prepare", {**base, "entropy": "A" * 63}, "entropy: 32 to 512"),
            ("prepare", {**base, "entropy": "*" * 64}, "entropy: 32 to 512"),
            ("prepare", {**base, "entropy": "A" * 684 + "===="}, "entropy: 32 to 512"),
            ("prepare", {**base, "mounts": [1]}, "mounts[0]: an object expected"),
            ("prepare", {**base, "mounts": [mount, {**mount, "more": 1}]}, "mounts[1].more: unknown"),
            ("prepare", {**base, "mounts": [{**mount, "flags": ["rw"]}]}, "mounts[0].flags: `rw` unknown"),
            ("prepare", {**base, "mounts": [{**mount, "flags": [1]}]}, "mounts[0].flags: strings expected"),
            ("prepare", {**base, "mounts": [{**mount, "type": "x", "flags": ["rec"]}]}, "mounts[0].flags: `rec`"),
            ("prepare", {**base, "mounts": [{**mount, "data": "x"}]}, "mounts[0].data: a bind has none"),
            ("prepare", {**base, "mounts": [{**mount, "data": "x" * 4096}]}, "mounts[0].data: a length"),
            ("disks", {}, "serials: missing"),
            ("disks", {"serials": "one"}, "serials: an array expected"),
            ("disks", {"serials": ["one", 2]}, "serials[1]: not a serial number"),
            ("disks", {"serials": ["a/b"]}, "serials[0]: not a serial number"),
            ("disks", {"serials": ["x" * 21]}, "serials[0]: not a serial number"),
            ("disks", {"serials": ["x"] * 17}, "serials: a length from 0 to 16 expected"),
            ("prepare", {**base, "sync": ["/etc"]}, "sync[0]: not a plain path"),
            ("prepare", {**base, "sync": [4]}, "sync[0]: not a plain path"),
            ("prepare", {**base, "mounts": [{**mount, "source": "layer:1", "type": "erofs", "flags": []}]},
             "mounts[0].source: not a UUID"),
            ("prepare", {**base, "mounts": [{**mount, "source": "disk:a/b", "type": "ext4", "flags": []}]},
             "mounts[0].source: not a serial number"),
            ("prepare", {**base, "upper": 1}, "upper: an object expected"),
            ("prepare", {**base, "upper": {}}, "upper.target: missing"),
            ("prepare", {**base, "upper": {**upper, "target": str(RUN / "elsewhere")}}, "upper.target: not the target"),
            ("prepare", {**base, "upper": {**upper, "source": "/etc"}}, "upper.source: not a plain path"),
            ("prepare", {**base, "upper": {**upper, "aside": "/etc"}}, "upper.aside: not a plain path"),
            ("prepare", {**base, "upper": {**upper, "aside": str(RUN / "a"), "attributesAlone": True}},
             "upper: `aside` and `attributesAlone`"),
            ("prepare", {**base, "upper": {**upper, "more": 1}}, "upper.more: unknown"),
        ]  # fmt: skip
        for target in ("/run/limpid", "/run/limpid/", "/run/limpidx/a", "/etc/x", "/run/limpid/../x", "x",
                       "/run/limpid/a/..", "/run/limpid//a", "/run/limpid/./a", "/run/limpid/a/",
                       "/run/limpid/" + 256 * "a"):  # fmt: skip
            for name in ("target", "source"):
                changed = {**base, "mounts": [{**mount, name: target}]}
                cases.append(("prepare", changed, f"mounts[0].{name}: not a plain"))
        for name in ("", "/a", "a/", "a//b", "a/../b", ".", "a b", "é", "a" * 256):
            members = {"config": "{}", "sysctls": [{"name": name, "value": "1"}]}
            cases.append(("create", members, "sysctls[0].name: "))
        for name in base:
            cases.append(("prepare", preparation(**{name: None}), f"{name}: missing"))
        for method, members, expected in cases:
            code, message = host.refused(method, **members)
            assert code == "invalid" and message.startswith(expected), (method, members, code, message)
        for text in (
            b"[]", b"{}", b"{} {}", b'{"method":1}', b'{"method":"start","method":"start"}', b'{"method":"start",}',
            b'{"method":"start"/**/}', b'{"method":"st\\u0000art"}', b'{"method":"start"}\0', b"\xff\xff", b'"a"',
            b'{"method":"\xff"}', b"[" * 100000, b'{"a":' * 100000, b"nul", b"null", b"12",
        ):  # fmt: skip
            host.number += 1
            host.send(REQUEST, request=host.number, payload=text)
            kind, value = host.answer(host.number)
            assert kind == FAILURE and value["code"] == "invalid", (text[:40], value)


@test
def requests_need_their_state():
    with Agent() as agent:
        host = Host(PORT)
        assert host.refused("start")[0] == "state"
        assert host.refused("kill", signal=9)[0] == "state"
        assert host.refused("create", config=agent.config(["true"]))[0] == "state"
        host.call("prepare", **preparation())
        host.call("create", config=agent.config(["true"]))
        assert host.refused("create", config=agent.config(["true"]))[0] == "state"
        host.call("start")
        host.end()
        assert host.refused("start")[0] == "no-process"
        assert host.refused("kill", signal=15)[0] == "no-process"
        assert host.refused("kill", signal=9, all=True)[0] == "no-process"


@test
def requests_are_carried_out_in_order():
    with Agent() as agent:
        host = Host(PORT)
        numbers = [
            host.ask("prepare", **preparation()),
            host.ask("create", config=agent.config(["sleep", "100"])),
            host.ask("start"),
            host.ask("kill", signal=9),
            host.ask("kill", signal=9),
        ]
        for number in numbers[:4]:
            kind, value = host.answer(number)
            assert kind == RESULT, value
        host.answer(numbers[4])
        assert host.end() == (0, 9)


@test
def too_many_requests_are_refused():
    with Agent():
        host = Host(PORT)
        layer = {"type": "erofs", "source": "layer:01234567-89ab-cdef-0123-456789abcdef", "target": str(RUN / "l")}
        host.ask("prepare", **preparation(mounts=[layer]))
        for _ in range(64):
            host.ask("start")
        number = host.ask("start")
        kind, value = host.answer(number)
        assert kind == FAILURE and value["code"] == "system" and len(host.answers) == 0, value


# ---- processes


@test
def status_and_both_streams():
    with shell("echo out; echo err >&2; exit 7") as (agent, host):
        assert host.end() == (7, 0)
        assert (bytes(host.output[STDOUT]), bytes(host.output[STDERR])) == (b"out\n", b"err\n")
        host.send(CLOSED, STDOUT)  # no second EOF
        host.quiet()


@test
def start_is_answered_before_exited():
    for _ in range(5):
        with started(["true"]) as (agent, host):
            assert host.end() == (0, 0)
            assert host.order.index(RESULT) < host.order.index(EXITED)


@test
def user_namespace_of_other_ids():
    """The root of a container may be nobody in the guest: it gets as far as its root directory, and no further."""
    mapping = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    with prepared() as (agent, host):
        script = "cat /proc/self/uid_map; id -u; exit 6"
        config = json.loads(
            agent.config(["sh", "-c", script], namespaces=("pid", "mount", "ipc", "uts", "user"))
        )
        config["linux"].update(uidMappings=mapping, gidMappings=mapping)
        # as an engine hands it over
        subprocess.run(["chown", "-hR", "100000:100000", RUN / "shared/rootfs"], check=True)
        host.call("create", config=json.dumps(config))
        readable = subprocess.run(
            ["find", str(RUN), "-path", str(RUN / "shared"), "-prune", "-o", "-path", str(RUN / "rootfs"), "-prune",
             "-o", "(", "-readable", "-o", "-writable", ")", "-not", "-type", "l", "-print"],
            user=100000, group=100000, extra_groups=[], capture_output=True, text=True, check=False,
        ).stdout.split()
        assert not [path for path in readable if pathlib.Path(path).name not in ("crun.pid", "crun.log")], readable
        for secret in (RUN, RUN / "bundle", RUN / "bundle/config.json", RUN / "crun"):
            status = os.stat(secret)
            assert status.st_uid == 0 and status.st_mode & 0o066 == 0, secret
        assert host.call("start") == {}
        assert host.end() == (6, 0), host.output
        assert bytes(host.output[STDOUT]).split() == [b"0", b"100000", b"65536", b"0"]


@test
def killed_by_a_signal():
    with shell("kill -KILL $$; sleep 100", namespaces=("mount",)) as (agent, host):
        assert host.end() == (0, 9)
    with started(["sleep", "100"]) as (agent, host):
        assert host.call("kill", signal=9) == {}
        assert host.end() == (0, 9)


@test
def signals_reach_init():
    script = "trap 'echo term' TERM; trap 'echo usr1; exit 3' USR1; echo ready; while :; do sleep 0.01; done"
    with shell(script) as (agent, host):
        host.until(lambda: b"ready" in host.output[STDOUT])
        host.call("kill", signal=signal.SIGTERM)
        host.until(lambda: b"term" in host.output[STDOUT])
        host.signal(signal.SIGUSR1)
        assert host.end() == (3, 0)
        host.signal(signal.SIGUSR1)
        host.quiet()


@test
def kill_all_reaches_everyone():
    script = "(trap 'echo child; exit' TERM; echo one; while :; do sleep 0.01; done) & trap 'echo init' TERM; " \
             "echo two; while :; do sleep 0.01; done"  # fmt: skip
    with shell(script) as (agent, host):
        host.until(lambda: b"one" in host.output[STDOUT] and b"two" in host.output[STDOUT])
        host.call("kill", signal=signal.SIGTERM, all=True)
        host.until(lambda: b"child" in host.output[STDOUT] and b"init" in host.output[STDOUT])
        host.call("kill", signal=9, all=True)
        assert host.end() == (0, 9)
        assert not agent.container_processes()


@test
def nothing_outlives_init():
    # without a pid namespace the kernel would let it
    with shell("sleep 1000 & sleep 1000 & exit 4", namespaces=("mount",)) as (agent, host):
        assert host.end() == (4, 0)
        assert not agent.container_processes()


@test
def created_and_killed_before_start():
    with created(["sleep", "100"]) as (agent, host):
        assert len(agent.container_processes()) == 1
        assert host.call("kill", signal=9) == {}
        assert host.end() == (0, 9)
        assert host.refused("start")[0] == "no-process"
    with created(["sleep", "100"]) as (agent, host):
        host.signal(9)
        assert host.end() == (0, 9)


@test
def created_waits_for_start():
    with created(["echo", "now"]) as (agent, host):
        host.quiet()
        assert not host.output[STDOUT]
        host.call("start")
        assert host.end() == (0, 0)
        assert host.output[STDOUT] == b"now\n"


REFUSALS = [
    ("missing", ["missing"], {}, "executable file `missing` not found in $PATH: No such file or directory"),
    ("missing, absolute", ["/missing"], {}, "executable file `/missing` not found in $PATH: No such file or directory"),
    ("not executable", ["/bin/plain"], {}, "open executable: Permission denied"),
    ("a directory", ["/tmp"], {}, "open executable: Operation not permitted"),
    ("cwd is a file", ["true"], {"cwd": "/etc/passwd"}, "chdir `/etc/passwd`: Not a directory"),
]


@test
def refusals_carry_the_runtimes_message():
    with prepared() as (agent, host):
        for name, arguments, options, expected in REFUSALS:
            code, message = host.refused("create", config=agent.config(arguments, **options))
            assert (code, message) == ("runtime", expected), (name, code, message)
        code, message = host.refused("create", config='{"ociVersion":"1.0.2"}')
        assert code == "runtime" and message, message
        # and a container can still be made
        host.call("create", config=agent.config(["true"]))
        host.call("start")
        assert host.end() == (0, 0)
        assert not host.output[STDOUT] and not host.output[STDERR]


@test
def refusals_with_a_terminal_too():
    with prepared() as (agent, host):
        code, message = host.refused("create", config=agent.config(["missing"], terminal=True))
        assert code == "runtime" and message.startswith("executable file `missing` not found"), message


@test
def not_a_program():
    with created(["/bin/nonsense"]) as (agent, host):
        kind, value = host.answer(host.ask("start"))
        status, number = host.end()
        assert status != 0 or number != 0
        said = value.get("message", "") + host.output[STDERR].decode()
        assert "Exec format error" in said, (kind, value, said)


@test
def missing_cwd_is_made():
    with started(["sh", "-c", "pwd"], cwd="/new/place") as (agent, host):
        assert host.end() == (0, 0)
        assert host.output[STDOUT] == b"/new/place\n"


@test
def only_the_streams_are_inherited():
    script = "ls -l /proc/self/fd; stat -c '%u %F' -L /proc/self/fd/0; echo x > /proc/self/fd/1"
    with shell(script, uid=1000) as (agent, host):
        host.end()
        listing = host.output[STDOUT].decode()
        names = [line.split()[8] for line in listing.splitlines() if "->" in line or line.startswith("l")]
        assert set(names) <= {"0", "1", "2", "3"}, listing  # 3 is ls's own
        assert "1000 fifo" in listing and listing.endswith("\nx\n"), listing


class AgentPutBack(Agent):
    """One that process 1 puts into its unit's cgroup once more when it has moved on."""

    def prepare_unit(self):
        # As crun does; none of them is there where version 1 has them all.
        root = (CGROUPS / "cgroup.controllers").read_text().split()
        (CGROUPS / "cgroup.subtree_control").write_text(" ".join("+" + name for name in root))
        self.file = self.unit / "cgroup.controllers"
        self.controllers = self.file.read_text()
        # The agent reads it when it has moved.
        pipe = SCRATCH / "controllers"
        os.mkfifo(pipe)
        mount("--bind", str(pipe), str(self.file))
        threading.Thread(target=self.play_process_1, args=(pipe,), daemon=True).start()

    def play_process_1(self, pipe):
        with open(pipe, "w") as opened:
            subprocess.run(["umount", "-l", str(self.file)], check=True)
            pipe.unlink()
            (agent,) = members(self.unit / "agent")
            (self.unit / "cgroup.procs").write_text(agent)
            opened.write(self.controllers)


@test
def process_1_puts_the_agent_back():
    with AgentPutBack() as agent:
        if not agent.controllers.split():
            print("skipped: no controller in the unified hierarchy")
            return
        assert (members(agent.unit / "agent"), members(agent.unit)) == ([str(agent.process.pid)], []), agent.log()
        assert (agent.unit / "cgroup.subtree_control").read_text() == agent.controllers
        assert "settle" not in agent.log(), agent.log()


@test
def agents_oom_score_is_its_own():
    for options, expected in ({}, b"0"), ({"oomScoreAdj": 300}, b"300"), ({"oomScoreAdj": 0}, b"0"):
        with started(["cat", "/proc/self/oom_score_adj"], **options) as (agent, host):
            host.end()
            assert host.output[STDOUT].strip() == expected


@test
def failed_start_ends_the_container():
    # What the init waits at has gone.
    with created(["sleep", "100"]) as (agent, host):
        subprocess.run(["rm", "-r", "/run/limpid/crun/container"], check=True)
        code, message = host.refused("start")
        assert code == "system" and message == "start: /run/limpid/crun/container/exec.fifo: No such file or directory"
        assert host.end() == (0, 9)


@test
def start_of_what_has_just_ended():
    """The agent does not know it yet when it reads the request."""
    with created(["sleep", "100"]) as (agent, host):
        agent.process.send_signal(signal.SIGSTOP)
        number = host.ask("start")
        os.kill(host.pid, signal.SIGKILL)
        # The agent, its parent, can't have reaped it.
        deadline = time.monotonic() + PATIENCE
        while state_of(host.pid) != "Z":
            assert time.monotonic() < deadline, "it does not end"
            time.sleep(0.01)
        agent.process.send_signal(signal.SIGCONT)
        kind, value = host.answer(number)
        assert kind == FAILURE and value["code"] == "no-process", value
        assert host.end() == (0, 9)


@contextlib.contextmanager
def crun_that(verb, does):
    """In place of crun, one that does more after a verb."""
    real, script = SCRATCH / "crun", SCRATCH / "crun.sh"
    subprocess.run(["cp", "/usr/bin/crun", real], check=True)
    script.write_text(f"""#!/bin/sh
case "$*" in
*" {verb} "*) {real} "$@"; status=$?; {does}; exit $status;;
esac
exec {real} "$@"
""")
    script.chmod(0o755)
    mount("--bind", str(script), "/usr/bin/crun")
    try:
        yield
    finally:
        subprocess.run(["umount", "/usr/bin/crun"], check=True)


@test
def start_is_answered_before_exited():
    with started(["true"]) as (agent, host):
        assert host.order[-1] == RESULT and EXITED not in host.order
        assert host.end() == (0, 0)


@test
def ended_before_create_was_answered():
    with crun_that("create", "kill -9 $(cat /run/limpid/crun.pid); sleep 0.2"), prepared() as (agent, host):
        assert host.call("create", config=agent.config(["true"]))["pid"] > 1
        assert host.end() == (0, 9)


@test
def requests_wait_while_crun_runs_and_streams_flow():
    with crun_that("update", "sleep 0.3"), started(["cat"]) as (agent, host):
        update, kill = host.ask("update", resources="{}"), host.ask("kill", signal=9)
        host.write(b"meanwhile")
        host.until(lambda: host.output[STDOUT] == b"meanwhile")
        assert RESULT not in host.order[-1:] and not host.answers
        assert host.answer(update)[0] == RESULT and host.answer(kill)[0] == RESULT
        assert host.end() == (0, 9)


# ---- streams


def echo(host, total):
    sent, received, left = hashlib.sha256(), hashlib.sha256(), total
    chunk = bytes(range(256)) * 128
    data = b""
    while left or data:
        if not data:
            data = chunk[: min(len(chunk), left)]
            left -= len(data)
            sent.update(data)
            chunk = chunk[1:] + chunk[:1]
        rest = host.write(data)
        if rest == data:
            host.sort(host.receive())
        data = rest
        received.update(host.output[STDOUT])
        host.output[STDOUT].clear()
    host.send(EOF, STDIN)
    host.end()
    received.update(host.output[STDOUT])
    return sent.hexdigest() == received.hexdigest()


@test
def echo_of_64_mib():
    with started(["cat"], window=256 * 1024) as (agent, host):
        assert echo(host, 64 * 1024 * 1024)
        assert host.exited == (0, 0)


@test
def echo_with_the_smallest_window():
    with started(["cat"], window=1024) as (agent, host):
        assert echo(host, 256 * 1024)


@test
def unread_stream_holds_up_nobody():
    with shell("yes >&2 & cat", unread=[STDERR]) as (agent, host):
        host.until(lambda: len(host.output[STDERR]) == WINDOW)
        data = os.urandom(300000)
        rest = data
        while rest or len(host.output[STDOUT]) < len(data):
            rest = host.write(rest)
            if rest or len(host.output[STDOUT]) < len(data):
                host.sort(host.receive())
        assert host.output[STDOUT] == data
        assert len(host.output[STDERR]) == WINDOW
        before = agent.ticks()
        host.quiet(0.5)
        assert agent.ticks() - before < 10, "it spins"
        host.call("kill", signal=9)
        host.unread.clear()
        host.give(STDERR)
        assert host.end() == (0, 9)


@test
def late_reader_gets_everything():
    script = "yes | head -c 4000000 & yes | head -c 4000000 >&2; wait"
    with shell(script, window=1 << 20) as (agent, host):
        number = host.ask("kill", signal=64)
        time.sleep(0.3)  # all that the socket, the queue and the credit hold
        before = agent.ticks()
        time.sleep(0.2)
        assert agent.ticks() - before < 5, "it spins"
        host.until(lambda: number in host.answers)
        assert sum(len(data) for data in host.output.values()) < 2000000, "answers do not wait for data"
        assert host.end() == (0, 0)
        assert [len(data) for data in host.output.values()] == [4000000, 4000000]


@test
def exited_does_not_wait_for_the_streams():
    with shell("head -c 60000 /bin/busybox", window=1024, unread=[STDOUT]) as (agent, host):
        host.until(lambda: host.exited is not None)
        host.quiet()
        assert len(host.output[STDOUT]) == 1024
        host.unread.clear()
        host.give(STDOUT)
        host.end()
        assert len(host.output[STDOUT]) == 60000


@test
def unwritable_stdin_holds_up_nobody():
    with shell("echo ready; sleep 1000") as (agent, host):
        host.until(lambda: b"ready" in host.output[STDOUT])
        rest = host.write(os.urandom(1000000))
        host.quiet()
        rest = host.write(rest)
        assert len(rest) >= 1000000 - 131072 - 65536 and host.credit == 0, (len(rest), host.credit)
        host.call("kill", signal=9)
        assert host.end() == (0, 9)


@test
def closed_stdin_is_told():
    with shell("exec <&-; echo done; sleep 0.3") as (agent, host):
        host.until(lambda: host.closed)
        assert host.exited is None
        host.write(b"into the void")
        host.send(EOF, STDIN)
        assert host.end() == (0, 0)


@test
def closed_stdout_is_a_broken_pipe():
    with shell("yes; echo $? >&2", window=4096) as (agent, host):
        host.until(lambda: len(host.output[STDOUT]) == 4096 or host.output[STDOUT])
        host.send(CLOSED, STDOUT)
        host.end()
        assert host.output[STDERR].split()[-1] in (b"1", b"141"), host.output[STDERR]


@test
def eof_ends_stdin():
    with shell("cat; echo end") as (agent, host):
        host.write(b"text", eof=True)
        assert host.end() == (0, 0)
        assert host.output[STDOUT] == b"textend\n"


# ---- terminals


@contextlib.contextmanager
def on_terminal(script, **size):
    with prepared() as (agent, host):
        host.streams = {STDOUT}
        host.call("create", config=agent.config(["sh", "-c", script], terminal=True), **size)
        host.call("start")
        yield agent, host


@test
def terminal_has_its_size():
    with on_terminal("tty; stty size; read x; stty size; exit 5", rows=33, columns=101) as (agent, host):
        host.until(lambda: b"33 101" in host.output[STDOUT])
        assert b"/dev/" in host.output[STDOUT], host.output
        host.send(RESIZE, payload=struct.pack("<HHHH", 44, 55, 0, 0))
        host.write(b"\n")
        assert host.end() == (5, 0)
        assert b"44 55" in host.output[STDOUT]


@test
def terminal_relays_both_ways():
    with on_terminal("read line; echo got:$line") as (agent, host):
        host.write(b"hello\n")
        host.send(EOF, STDIN)
        assert host.end() == (0, 0)
        assert b"got:hello\r\n" in host.output[STDOUT]
        assert not host.output[STDERR] and STDERR not in host.ended


@test
def terminal_passes_control_keys():
    with on_terminal("trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.01; done") as (agent, host):
        host.until(lambda: b"ready" in host.output[STDOUT])
        host.write(b"\x03")
        assert host.end() == (9, 0)
        assert b"interrupted" in host.output[STDOUT]


@test
def closed_terminal_hangs_up():
    with on_terminal("trap 'exit 6' HUP; echo ready; while :; do sleep 0.01; done") as (agent, host):
        host.until(lambda: b"ready" in host.output[STDOUT])
        host.send(CLOSED, STDOUT)
        assert host.end() == (6, 0)


@test
def much_through_a_terminal():
    with on_terminal("stty -opost; yes | head -c 1000000") as (agent, host):
        host.end()
        assert len(host.output[STDOUT]) == 1000000


@test
def terminal_may_be_closed_for_a_while():
    """As login and systemd do it: nobody has it open, then somebody has it again."""
    script = "echo one; exec <&- >&- 2>&-; sleep 0.5; exec </dev/console >/dev/console 2>&1; echo two; read x; echo $x"
    with on_terminal(script) as (agent, host):
        host.until(lambda: b"one" in host.output[STDOUT])
        time.sleep(0.25)
        before = agent.ticks()
        host.write(b"typed\n")
        host.until(lambda: b"two" in host.output[STDOUT])
        assert agent.ticks() - before < 10, "it spins"
        assert not host.ended and not host.closed
        host.write(b"again\n")
        assert host.end() == (0, 0)
        assert host.output[STDOUT].count(b"two\r\n") == 1, host.output


@test
def closed_terminal_ends_with_the_process():
    with on_terminal("exec <&- >&- 2>&-; sleep 0.3; exit 4") as (agent, host):
        host.write(b"typed")
        assert host.end() == (4, 0)


# ---- exec


def execd(number, script, host, **more):
    return host.exec(number, ["sh", "-c", script], **more)


@test
def exec_status_is_exact():
    with started(["sleep", "1000"]) as (agent, host):
        for number, status in enumerate((0, 1, 42, 254, 255), 1):
            process = execd(number, f"echo out; echo error >&2; exit {status}", host)
            assert process.pid > 1
            assert process.end() == (status, 0)
            assert (process.output[STDOUT], process.output[STDERR]) == (b"out\n", b"error\n")
        for number, by in ((4095, 9), (7, 15), (7, 6), (7, 11), (7, 64)):
            process = execd(number, f"kill -{by} $$; sleep 1000", host)
            assert process.end() == (0, by), by
        assert host.exec(1, ["true"]).end() == (0, 0)
        assert host.exited is None and not os.listdir(RUN / "exec")


@test
def exec_relays_its_own_streams():
    with started(["cat"]) as (agent, host):
        one, two = host.exec(1, ["cat"]), execd(2, "cat >&2", host)
        host.write(b"zero")
        two.write(b"two", eof=True)
        one.write(b"one", eof=True)
        assert one.end() == (0, 0) and two.end() == (0, 0)
        assert (one.output[STDOUT], two.output[STDERR]) == (b"one", b"two")
        host.until(lambda: host.output[STDOUT] == b"zero")
        host.send(EOF, STDIN)
        assert host.end() == (0, 0)


@test
def exec_in_a_created_container():
    with created(["cat"]) as (agent, host):
        assert execd(1, "echo $PPID; exit 7", host).end() == (7, 0)
        host.call("start")
        host.send(EOF, STDIN)
        assert host.end() == (0, 0)


@test
def exec_is_in_the_container():
    with started(["sleep", "1000"]) as (agent, host):
        process = execd(1, "echo $$; ls /; cat /proc/self/cgroup; ls -l /proc/self/fd >&2; cat /proc/self/oom_score_adj",
                        host)  # fmt: skip
        process.end()
        words = process.output[STDOUT].split()
        assert 1 < int(words[0]) < 10 and b"private" in words and words[-1] == b"0", words
        inherited = [line.split()[-3] for line in process.output[STDERR].decode().splitlines() if " -> " in line]
        assert sorted(inherited) == ["0", "1", "2"], inherited
        adjusted = execd(1, "cat /proc/self/oom_score_adj; id -u", host, oomScoreAdj=77, user={"uid": 5, "gid": 5})
        adjusted.end()
        assert adjusted.output[STDOUT] == b"77\n5\n"
        assert pathlib.Path(f"/proc/{agent.process.pid}/oom_score_adj").read_text() == "500\n"


def policy_of(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[37]), int(fields[38])


def io_priority_of(pid):
    return ctypes.CDLL(None).syscall(252, 1, pid)


def gone(agent):
    """Nothing is left of a container that was refused late; it was killed, and takes a moment."""
    deadline = time.monotonic() + PATIENCE
    while agent.container_processes():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@test
def init_is_scheduled():
    with prepared() as (agent, host):
        pid = host.call("create", config=agent.config(["sleep", "1000"]), scheduler={**FIFO, "flags": 1},
                        ioPriority={"class": 3, "priority": 7})["pid"]  # fmt: skip
        assert policy_of(pid) == (3, 1) and io_priority_of(pid) == 3 << 13 | 7
        host.call("start")
        assert policy_of(pid) == (3, 1)
    with prepared() as (agent, host):
        code, message = host.refused("create", config=agent.config(["true"]), scheduler={**FIFO, "priority": 0})
        assert (code, message) == ("system", "set the scheduler to policy 1, priority 0: Invalid argument")
        gone(agent)


@test
def exec_is_scheduled():
    with started(["sleep", "1000"]) as (agent, host):
        for scheduler, policy in (
            (FIFO, (3, 1)),
            ({**FIFO, "flags": 1}, (3, 1)),
            ({**FIFO, "policy": 3, "priority": 0, "nice": 4}, (0, 3)),
            ({**FIFO, "policy": 6, "priority": 0, "flags": 1, "runtime": 10**7, "deadline": 10**8, "period": 10**8},
             (0, 6)),
        ):  # fmt: skip
            settings = {"scheduler": scheduler, "ioPriority": {"class": 2, "priority": 6}}
            process = host.exec(1, ["sleep", "1000"], settings=settings)
            pid = process.pid
            assert policy_of(pid) == policy and io_priority_of(pid) == 2 << 13 | 6, (policy, policy_of(pid))
            assert policy_of(agent.process.pid) == (0, 0) and io_priority_of(agent.process.pid) == 0
            process.signal(9)
            process.end()


@test
def mounts_get_their_attributes():
    with prepared() as (agent, host):
        config = json.loads(agent.config(["cat", "/proc/self/mountinfo"]))
        for name in ("a", "a/b", "c", "d"):
            mount = {"destination": f"/tmp/{name}", "type": "tmpfs", "source": name}
            config["mounts"].append(mount)
        attributes = [
            {"target": "/tmp/a", "flags": ["shared", "rec"]},
            {"target": "/tmp/a/b", "flags": ["private", "nosymfollow"]},
            {"target": "/tmp/c", "flags": ["unbindable"]},
            {"target": "/tmp/d", "flags": ["slave"]},
        ]
        host.call("create", config=json.dumps(config), mountAttributes=attributes)
        host.call("start")
        host.end()
        lines = [line.split() for line in host.output[STDOUT].decode().splitlines()]
        mounts = {line[4]: line[5:] for line in lines}
        assert mounts["/tmp/a"][1].startswith("shared:"), mounts
        assert mounts["/tmp/a/b"][:2] == ["rw,relatime,nosymfollow", "-"], mounts
        assert mounts["/tmp/c"][1] == "unbindable" and mounts["/tmp/d"][1] == "-", mounts
    with prepared() as (agent, host):
        attributes = [{"target": "/proc", "flags": ["private"]}, {"target": "/nowhere", "flags": ["private"]}]
        answer = host.refused("create", config=agent.config(["true"]), mountAttributes=attributes)
        assert answer == ("system", "change the mount on /nowhere: No such file or directory"), answer
        gone(agent)


@test
def sysctls_are_written():
    name = "kernel/domainname"
    with Agent() as agent:
        host = Host(PORT)
        host.call("prepare", **preparation())
        before = pathlib.Path("/proc/sys", name).read_text()
        sysctls = [{"name": name, "value": "of.the.test"}, {"name": "kernel/of_tomorrow", "value": "1"}]
        answer = host.refused("create", config=agent.config(["true"]), sysctls=sysctls)
        assert answer == ("system", "write `1` to /proc/sys/kernel/of_tomorrow: No such file or directory"), answer
        assert pathlib.Path("/proc/sys", name).read_text() == "of.the.test\n"
        host.call("create", config=agent.config(["true"]), sysctls=[{"name": name, "value": before.strip()}])
        assert pathlib.Path("/proc/sys", name).read_text() == before


@test
def clocks_are_set_off():
    offsets = {"monotonic": {"seconds": 1000, "nanoseconds": 3}, "boottime": {"seconds": 100000, "nanoseconds": 0}}
    script = "cat /proc/self/timens_offsets"
    with prepared() as (agent, host):
        host.call("create", config=agent.config(["sh", "-c", f"{script}; exec cat"]), timeOffsets=offsets)
        host.call("start")
        process = execd(1, script, host)
        process.end()
        host.call("pause")
        host.call("resume")
        host.call("kill", signal=9)
        host.end()
        expected = [b"monotonic", b"1000", b"3", b"boottime", b"100000", b"0"]
        assert host.output[STDOUT].split() == expected, host.output
        assert process.output[STDOUT].split() == expected, process.output
        own = pathlib.Path(f"/proc/{agent.process.pid}/timens_offsets").read_text().split()
        assert own[1] == "0" and own[4] == "0", own
    with prepared() as (agent, host):
        offsets["boottime"]["seconds"] = -(1 << 62)
        code, message = host.refused("create", config=agent.config(["true"]), timeOffsets=offsets)
        assert code == "runtime" and message.startswith("set the clocks off by 1000 and -4611686018427387904 seconds: ")
        host.call("create", config=agent.config(["true"]))
        host.call("start")
        assert host.end() == (0, 0)


@test
def exec_refusals():
    with prepared() as (agent, host):
        assert host.exec_refused(1, ["true"])[0] == "state"
        host.call("create", config=agent.config(["sleep", "1000"], terminals=True))
        host.call("start")
        cases = [
            (["nowhere"], {}, "runtime", "executable file `nowhere` not found in $PATH: No such file or directory"),
            (["/bin/plain"], {}, "runtime", "open executable: Permission denied"),
            (["/bin"], {}, "runtime", "open executable: Operation not permitted"),
            (["true"], {"cwd": "/nowhere"}, "runtime", "chdir `/nowhere`: No such file or directory"),
            (["true"], {"terminal": 1}, "invalid", "process: terminal: a boolean expected"),
            (["true"], {"oomScoreAdj": 1001}, "invalid", "process: oomScoreAdj: a number from -1000 to 1000 expected"),
            ([], {"process": "{"}, "invalid", "process: not JSON: parse error: premature EOF"),
            ([], {"process": "[]"}, "invalid", "process: an object expected"),
            ([], {"process": '{"cwd":"/"}'}, "runtime", None),
            ([], {"process": "x" * (1024 * 1024 + 1)}, "invalid", "process: a length from 0 to 1048576 expected"),
            (["true"], {"size": {"rows": 3}}, "invalid", "rows, columns: one without the other"),
            (["true"], {"size": {"config": "x"}}, "invalid", "config: unknown"),
            (["nowhere"], {"terminal": True}, "runtime",
             "executable file `nowhere` not found in $PATH: No such file or directory"),
        ]  # fmt: skip
        for arguments, more, code, message in cases:
            found = host.exec_refused(1, arguments, **more)
            assert found[0] == code and (message is None or found[1] == message), (arguments, more, found)
        assert host.refused("exec", process="{}")[0] == "invalid"
        kind, value = host.answer(host.ask("kill", 1, signal=9))
        assert kind == FAILURE and value["code"] == "invalid" and host.exited is None
        process = host.exec(1, ["cat"])
        number = host.ask("exec", 1, process='{"args":["true"],"cwd":"/"}')
        kind, value = host.answer(number)
        assert (kind, value["code"], value["message"]) == (FAILURE, "state", "exec: process 1 is in use")
        process.send(EOF)
        assert process.end() == (0, 0)
        assert process.output == {STDOUT: b"", STDERR: b""} and not os.listdir(RUN / "exec")
        host.call("kill", signal=9)
        host.end()
        assert host.exec_refused(1, ["true"])[0] == "no-process"


@test
def exec_of_what_is_no_program():
    with started(["sleep", "1000"]) as (agent, host):
        assert host.exec(1, ["/bin/nonsense"]).end() == (1, 0)


@test
def exec_holds_up_nobody():
    slow = "sleep 0.5"
    with crun_that("exec", slow), started(["cat"]) as (agent, host):
        before = time.monotonic()
        asked = [host.ask_exec(number, ["true"]) for number in range(1, 7)]
        assert host.call("kill", signal=28) == {}
        host.write(b"meanwhile")
        host.until(lambda: host.output[STDOUT] == b"meanwhile")
        assert not host.answers and EXITED not in host.order
        for process, number in asked:
            assert host.answer(number)[0] == RESULT
            assert process.end() == (0, 0)
        assert time.monotonic() - before < 6 * 0.5, "one after the other"


@test
def exec_that_ended_before_it_was_answered():
    with crun_that("exec", "sleep 0.3"), started(["sleep", "1000"]) as (agent, host):
        processes = [(host.ask_exec(number, ["sh", "-c", f"exit {number}"]), number) for number in (5, 6)]
        for (process, asked), status in processes:
            assert host.answer(asked)[0] == RESULT
            assert process.end() == (status, 0)
        assert host.order.index((EXITED, 5)) > host.order.index(RESULT)


@test
def stuck_crun_is_killed():
    with crun_that("exec", "exec sleep 1000"), started(["sleep", "1000"]) as (agent, host):
        stuck = [host.ask_exec(number, ["sleep", "1000"])[1] for number in (1, 2)]
        time.sleep(1.2)  # nothing is begun beside it
        later = host.ask_exec(3, ["sleep", "1000"])[1]
        for number in stuck:
            assert host.answer(number)[1] == {"code": "runtime", "message": "crun exec: killed by signal 9"}
        assert later not in host.answers
        host.call("kill", signal=9)
        assert host.end() == (0, 9) and host.answer(later)[0] == FAILURE


@test
def many_at_once():
    with started(["sleep", "1000"]) as (agent, host):
        asked = [host.ask_exec(number, ["sh", "-c", f"cat; exit {number}"]) for number in range(1, 41)]
        for process, number in asked:
            kind, value = host.answer(number)
            assert kind == RESULT, value
        for process, _ in asked:
            process.write(b"%d" % process.number, eof=True)
        for process, _ in asked:
            assert process.end() == (process.number, 0)
            assert process.output[STDOUT] == b"%d" % process.number


@test
def too_many_are_refused():
    gate = SCRATCH / "all-are-asked-for"
    waits = f"while [ ! -e {gate} ]; do sleep 0.05; done"
    # The init of a pid namespace would wait for what has been begun in there.
    with crun_that("exec", waits), started(["sleep", "1000"], namespaces=("mount",)) as (agent, host):
        asked = [host.ask_exec(number, ["nowhere"]) for number in range(1, 301)]
        codes = [host.answer(number)[1]["code"] for _, number in asked[256:]]
        assert codes == ["busy"] * 44, codes
        host.call("kill", signal=9)
        deadline = time.monotonic() + PATIENCE
        while os.path.exists(f"/proc/{host.pid}"):
            assert time.monotonic() < deadline, "the agent does not reap it"
            time.sleep(0.01)
        gate.touch()
        assert host.end() == (0, 9)
        codes = [host.answer(number)[1]["code"] for _, number in asked[:256]]
        assert set(codes) <= {"runtime", "no-process"} and codes.count("no-process") > 128, codes


@test
def exec_ends_its_streams_though_a_child_holds_them():
    with started(["sleep", "1000"]) as (agent, host):
        process = execd(1, "sleep 1000 & printf x; yes | head -c 60000; exit 3", host)
        assert process.end() == (3, 0)
        assert len(process.output[STDOUT]) == 60001
        busy = execd(2, "yes & yes >&2 & sleep 0.2; exit 4", host)
        assert busy.end() == (4, 0)
        late = execd(3, "yes | head -c 50000; exit 5", host)
        late.unread.add(STDOUT)
        host.until(lambda: late.exited is not None)
        assert late.end() == (5, 0)


@test
def unread_execd_holds_up_nobody():
    with started(["sleep", "1000"]) as (agent, host):
        stuck = execd(1, "yes & yes >&2 & sleep 1000", host)
        stuck.unread.update((STDOUT, STDERR))
        host.until(lambda: len(stuck.output[STDOUT]) == len(stuck.output[STDERR]) == WINDOW)
        echo = host.exec(2, ["cat"])
        data = os.urandom(500000)
        rest = data
        while rest or len(echo.output[STDOUT]) < len(data):
            rest = echo.write(rest)
            if rest or len(echo.output[STDOUT]) < len(data):
                host.sort(host.receive())
        echo.send(EOF)
        assert echo.end() == (0, 0) and echo.output[STDOUT] == data
        stuck.write(os.urandom(300000))
        before = agent.ticks()
        host.quiet(0.4)
        assert agent.ticks() - before < 10, "it spins"
        stuck.send(CLOSED, STDOUT)
        stuck.send(CLOSED, STDERR)
        stuck.signal(9)
        assert stuck.end() == (0, 9)


@test
def execd_gets_signals_and_closed_streams():
    with started(["sleep", "1000"]) as (agent, host):
        trapped = execd(1, "trap 'exit 9' USR1; echo ready; while :; do sleep 0.01; done", host)
        host.until(lambda: trapped.output[STDOUT] == b"ready\n")
        trapped.signal(10)
        assert trapped.end() == (9, 0)
        broken = execd(2, "yes; echo $? >&2", host)
        host.until(lambda: broken.output[STDOUT])
        broken.send(CLOSED, STDOUT)
        broken.end()
        assert broken.output[STDERR].split()[-1] in (b"1", b"141"), broken.output[STDERR]
        closed = execd(3, "exec <&-; sleep 0.2", host)
        host.until(lambda: closed.closed)
        assert closed.end() == (0, 0)
        assert host.exited is None


@test
def execd_dies_with_init():
    for namespaces in (("pid", "mount", "ipc", "uts"), ("mount", "ipc", "uts")):
        with created(["sleep", "1000"], namespaces=namespaces) as (agent, host):
            host.call("start")
            processes = [execd(number, "trap '' TERM; sleep 1000 & sleep 1000", host) for number in (1, 2, 3)]
            host.call("kill", signal=9)
            assert host.end() == (0, 9)
            assert [process.end() for process in processes] == [(0, 9)] * 3
            order = [entry for entry in host.order if entry == EXITED or entry in ((EXITED, 1), (EXITED, 2), (EXITED, 3))]
            assert order[-1] == EXITED and len(order) == 4, order
            assert not agent.container_processes()


@test
def kill_all_reaches_execd():
    with started(["sleep", "1000"]) as (agent, host):
        process = host.exec(1, ["sleep", "1000"])
        host.call("kill", signal=15, all=True)
        assert process.end() == (0, 15)


@test
def exec_on_a_terminal():
    with started(["sleep", "1000"], terminals=True) as (agent, host):
        shell = execd(1, "tty; read line; echo got:$line; stty size; exit 5", host, terminal=True,
                      size={"rows": 33, "columns": 101})  # fmt: skip
        host.until(lambda: STDERR in shell.ended)
        host.until(lambda: b"/dev/" in shell.output[STDOUT])
        shell.write(b"hello\n")
        assert shell.end() == (5, 0)
        assert b"got:hello\r\n33 101\r\n" in shell.output[STDOUT], shell.output
        resized = execd(1, "trap 'exit 6' INT; echo ready; read x; stty size; read y", host, terminal=True)
        host.until(lambda: b"ready" in resized.output[STDOUT])
        resized.send(RESIZE, payload=struct.pack("<HHHH", 44, 55, 0, 0))
        resized.write(b"\n")
        host.until(lambda: b"44 55" in resized.output[STDOUT])
        resized.write(b"\x03")
        assert resized.end() == (6, 0)
        hung_up = execd(2, "trap 'exit 8' HUP; echo ready; while :; do sleep 0.01; done", host, terminal=True)
        host.until(lambda: b"ready" in hung_up.output[STDOUT])
        hung_up.send(CLOSED, STDOUT)
        assert hung_up.end() == (8, 0)


@test
def terminal_of_execd_ends_though_others_have_it_open():
    with started(["sleep", "1000"], terminals=True) as (agent, host):
        script = "(trap '' HUP; exec setsid sh -c 'sleep 1000' || sleep 1000) & (trap '' HUP; yes) & sleep 0.2; exit 4"
        process = execd(1, script, host, terminal=True)
        assert process.end() == (4, 0)
        much = execd(2, "stty -opost; yes | head -c 300000; printf end", host, terminal=True)
        assert much.end() == (0, 0)
        assert len(much.output[STDOUT]) == 300003 and much.output[STDOUT].endswith(b"end"), len(much.output[STDOUT])


@test
def execd_is_not_for_the_next_host():
    with started(["sleep", "1000"]) as (agent, host):
        running = execd(1, "yes", host)
        ending = execd(2, "echo text; exit 3", host)
        asked, _ = host.ask_exec(3, ["sleep", "1000"])
        host.until(lambda: ending.exited is not None)
        host.close()
        other = Host(PORT)
        again = execd(1, "echo $0; exit 6", other)
        assert again.end() == (6, 0)
        assert other.exec(3, ["true"]).end() == (0, 0) and other.exec(2, ["true"]).end() == (0, 0)
        other.quiet()
        deadline = time.monotonic() + PATIENCE
        while len(agent.container_processes()) > 1:
            assert time.monotonic() < deadline, agent.container_processes()
            time.sleep(0.01)
        other.call("kill", signal=9)
        assert other.end() == (0, 9)


@test
def a_thousand_in_a_row():
    # freed memory is kept by the sanitizer: not much of it here
    with mock.patch.object(Agent, "sanitizer", "quarantine_size_mb=1"), started(["sleep", "1000"], terminals=True) as (agent, host):
        proc = pathlib.Path(f"/proc/{agent.process.pid}")

        def descriptors():
            return len(os.listdir(proc / "fd"))

        def one(number):
            if number % 10 == 9:
                assert host.exec_refused(number, ["nowhere"])[0] == "runtime"
            elif number % 10 == 8:
                assert host.exec(number, ["true"], terminal=True).end() == (0, 0)
            else:
                process = host.exec(number, ["sh", "-c", "cat; exit 3"])
                process.write(b"x", eof=True)
                assert process.end() == (3, 0) and process.output[STDOUT] == b"x"

        def resident():
            fields = dict(line.split(":") for line in (proc / "status").read_text().splitlines())
            return int(fields["RssAnon"].split()[0])

        for number in range(1, 201):
            one(number)
        before, memory = descriptors(), resident()
        for number in range(201, 1201):
            one(number)
        host.quiet(0.1)
        assert descriptors() == before
        # the sanitizer's own books grow by a few MiB, then no more
        assert resident() < memory + 8192, (memory, resident())
        assert not os.listdir(RUN / "exec") and len(members(agent.unit / "agent")) == 1


# ---- pause, resume, stats and update


PAUSED = ("state", "container is paused")
COUNTING = "i=0; while :; do i=$((i + 1)); echo $i; sleep 0.01; done"


def stands_still(host):
    host.quiet(0.1)
    before = len(host.output[STDOUT])
    host.quiet(0.3)
    return len(host.output[STDOUT]) == before


def state_of(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


@test
def paused_and_resumed():
    with shell(COUNTING) as (agent, host):
        process = execd(1, COUNTING, host)
        for _ in range(2):
            assert host.call("pause") == {}
            assert "frozen 1" in (agent.unit / "container/cgroup.events").read_text()
        assert stands_still(host)
        count = len(process.output[STDOUT])
        before = agent.ticks()
        host.quiet(0.3)
        assert agent.ticks() - before < 5 and len(process.output[STDOUT]) == count
        assert host.exec_refused(2, ["true"]) == PAUSED
        host.call("stats")
        for _ in range(2):
            assert host.call("resume") == {}
        before = len(host.output[STDOUT])
        host.until(lambda: len(host.output[STDOUT]) > before and len(process.output[STDOUT]) > count)
        assert host.exec(2, ["true"]).end() == (0, 0)


@test
def pause_needs_a_container():
    with prepared() as (agent, host):
        for method in ("pause", "resume"):
            assert host.refused(method) == ("state", f"{method}: there is no container")
        for method in ("stats", "update"):
            members = {"resources": "{}"} if method == "update" else {}
            assert host.refused(method, **members) == ("state", f"{method}: there is no container")
        host.call("create", config=agent.config(["sh", "-c", "exit 3"]))
        assert host.call("pause") == {}
        assert host.refused("start") == PAUSED
        assert host.exec_refused(1, ["true"]) == PAUSED
        assert host.call("resume") == {}
        assert host.call("resume") == {}
        host.call("start")
        assert host.end() == (3, 0)
        for method in ("pause", "resume"):
            assert host.refused(method) == ("state", f"{method}: the container has ended")
        assert host.refused("stats") == ("no-process", "stats: the container has ended")
        assert host.refused("update", resources="{}") == ("no-process", "update: the container has ended")


@test
def kill_reaches_a_paused_container():
    for namespaces in (("pid", "mount", "ipc", "uts"), ("mount", "ipc", "uts")):
        for members in ({"signal": 9}, {"signal": 9, "all": True}, None):
            with started(["sleep", "1000"], namespaces=namespaces) as (agent, host):
                process = host.exec(1, ["sleep", "1000"])
                host.call("pause")
                if members:
                    assert host.call("kill", **members) == {}
                else:
                    host.signal(9)
                assert host.end() == (0, 9)
                assert process.end() == (0, 9)
                assert not agent.container_processes()


@test
def paused_processes_get_signals_later():
    script = "trap 'echo caught; exit 4' TERM; echo ready; while :; do sleep 0.01; done"
    with shell(script) as (agent, host):
        process = host.exec(1, ["sleep", "1000"])
        host.until(lambda: host.output[STDOUT] == b"ready\n")
        host.call("pause")
        process.signal(9)
        assert process.end() == (0, 9)
        host.call("kill", signal=15)
        host.quiet(0.3)
        assert host.output[STDOUT] == b"ready\n" and host.exited is None
        host.call("resume")
        assert host.end() == (4, 0)
        assert host.output[STDOUT] == b"ready\ncaught\n"


@test
def init_that_ends_while_paused():
    with started(["sleep", "1000"]) as (agent, host):
        host.call("pause")
        os.kill(host.pid, signal.SIGKILL)
        assert host.end() == (0, 9)


@test
def the_next_host_resumes():
    with shell(COUNTING) as (agent, host):
        host.call("pause")
        host.close()
        other = Host(PORT)
        other.quiet(0.2)
        assert other.exec_refused(1, ["true"]) == PAUSED
        assert stands_still(other)
        other.call("resume")
        before = len(other.output[STDOUT])
        other.until(lambda: len(other.output[STDOUT]) > before)


@test
def pause_that_does_not_come_to_an_end():
    with shell(COUNTING) as (agent, host):
        cgroup = agent.unit / "container"
        events = SCRATCH / "events"
        events.write_text("populated 1\nfrozen 0\n")
        mount("--bind", str(events), str(cgroup / "cgroup.events"))
        try:
            asked = host.ask("pause")
            before = time.monotonic()
            # nothing but requests waits for it
            host.signal(28)
            kind, value = host.answer(asked)
            assert kind == FAILURE and value["code"] == "system" and value["message"].startswith("pause: not "), value
            assert 1.4 < time.monotonic() - before < 5
            assert (cgroup / "cgroup.freeze").read_text() == "0\n"
            before = len(host.output[STDOUT])
            host.until(lambda: len(host.output[STDOUT]) > before)
            # the container ends meanwhile
            asked = host.ask("pause")
            later = host.ask("stats")
            host.quiet(0.2)
            host.signal(9)
            assert host.answer(asked)[1] == {"code": "state", "message": "pause: the container has ended"}
            assert host.answer(later)[1]["code"] == "no-process"
            events.write_text("populated 1\nfrozen 1\n")
        finally:
            subprocess.run(["umount", str(cgroup / "cgroup.events")], check=True)
        assert host.end() == (0, 9)


@test
def pause_waits_for_what_is_being_begun():
    with crun_that("exec", "sleep 0.3"), started(["sleep", "1000"]) as (agent, host):
        asked = [host.ask_exec(number, ["sleep", "1000"])[1] for number in range(1, 13)]
        pause = host.ask("pause")
        late = host.ask("exec", 13, process='{"args":["true"],"cwd":"/"}')
        assert host.answer(pause) == (RESULT, {})
        assert [host.answer(number)[0] for number in asked] == [RESULT] * 12
        assert host.answer(late)[1]["message"] == PAUSED[1]
        assert len(agent.container_processes()) == 13
        assert {state_of(pid) for pid in agent.container_processes()} == {"S"}
        host.call("kill", signal=9)
        assert host.end() == (0, 9)
    with crun_that("exec", "exec sleep 1000"), started(["sleep", "1000"]) as (agent, host):
        stuck = host.ask_exec(1, ["sleep", "1000"])[1]
        assert host.refused("pause") == ("system", "pause: processes are still being begun")
        assert (agent.unit / "container/cgroup.freeze").read_text() == "0\n"
        assert host.answer(stuck)[1]["code"] == "runtime"
        assert host.call("pause") == {}


@test
def stats_of_a_container():
    with shell("i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; echo done; exec sleep 1000") as (agent, host):
        host.until(lambda: host.output[STDOUT])
        stats = host.call("stats")
        cpu = stats["cpu"]
        assert cpu["usage"] > 1000 and cpu["user"] >= 0 and cpu["system"] >= 0, cpu
        cgroup = agent.unit / "container"
        # what this machine's unified hierarchy has
        for section, file in (("memory", "memory.current"), ("pids", "pids.current"), ("io", "io.stat")):
            assert (section in stats) == (cgroup / file).exists(), stats
        assert bool(stats.get("hugetlb")) == bool(list(cgroup.glob("hugetlb.*.current"))), stats
        names = {line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]} - {"lo"}
        assert {entry["name"] for entry in stats["network"]} == names


@test
def update_is_judged():
    with started(["sleep", "1000"]) as (agent, host):
        for members, message in (
            ({}, "resources: missing"),
            ({"resources": {}}, "resources: a string expected"),
            ({"resources": "[]"}, "resources: an object expected"),
            ({"resources": "{"}, "resources: not JSON"),
            ({"resources": " " * 65535 + "{}"}, "resources: a length from 0 to 65536 expected"),
            ({"resources": "{}", "x": 1}, "x: unknown"),
        ):
            code, found = host.refused("update", **members)
            assert code == "invalid" and found.startswith(message), (members, code, found)
        for method in ("pause", "resume", "stats"):
            assert host.refused(method, x=1) == ("invalid", "x: unknown")
        assert host.call("update", resources="{}" + " " * 65534) == {}
        code, message = host.refused("update", resources='{"hugepageLimits":[{"pageSize":"3MB","limit":1}]}')
        assert code == "runtime" and "hugetlb.3MB" in message, message


@test
def update_changes_limits():
    """With the one controller that this machine may have in the unified hierarchy."""
    with started(["sleep", "1000"]) as (agent, host):
        limit = agent.unit / "container/hugetlb.2MB.max"
        if not limit.exists():
            print("skipped: no hugetlb in the unified hierarchy")
            return
        for paused in (False, True):
            if paused:
                host.call("pause")
            for number in (4194304, 8388608):
                text = json.dumps({"hugepageLimits": [{"pageSize": "2MB", "limit": number}]})
                assert host.call("update", resources=text) == {}
                assert int(limit.read_text()) == number
                sizes = {entry["pageSize"]: entry["limit"] for entry in host.call("stats")["hugetlb"]}
                assert sizes["2MB"] == number, sizes
        assert "frozen 1" in (agent.unit / "container/cgroup.events").read_text()
        assert not (RUN / "crun.resources").exists()


@test
def stuck_update_is_killed():
    with crun_that("update", "exec sleep 1000"), started(["sleep", "1000"]) as (agent, host):
        before = time.monotonic()
        asked = host.ask("update", resources="{}")
        assert host.answer(asked)[1] == {"code": "runtime", "message": "crun update: killed by signal 9"}
        assert 0.9 < time.monotonic() - before < 5
        asked = host.ask("update", resources="{}")
        host.quiet(0.2)
        host.signal(9)
        assert host.answer(asked)[1] == {"code": "no-process", "message": "update: the container has ended"}
        assert host.end() == (0, 9)
        assert time.monotonic() - before < 5


# ---- containers beside the first

JOINED = RUN / "joined"


def joining(agent, arguments, container=1, join=(), mounts=None, sync=None, namespaces=(), **options):
    """The members of `join`. join: types of namespaces that are those of container 0."""
    place = JOINED / str(container)
    config = json.loads(agent.config(arguments, namespaces=("mount", *namespaces), **options))
    config["root"]["path"] = str(place / "rootfs")
    config["linux"]["cgroupsPath"] = f"/{agent.unit.name}/joined-{container}"
    files = {"network": "net"}
    config["linux"]["namespaces"] += [
        {"type": kind, "path": f"{RUN}/ns/0/{files.get(kind, kind)}"} for kind in join
    ]
    bind = {**BIND_ROOT, "target": str(place / "rootfs")}
    return {
        "container": container,
        "mounts": [bind] if mounts is None else mounts,
        "sync": [str(place / "rootfs")] if sync is None else sync,
        "config": json.dumps(config),
    }


def is_left(agent, container=1):
    """What there is of a container that has joined."""
    left = [line.split()[4] for line in open("/proc/self/mountinfo") if f" {JOINED}/{container}/" in line]
    left += [str(path) for path in (JOINED / str(container)).glob("*") if path.is_dir() and any(path.iterdir())]
    left += [str(path) for path in (JOINED / str(container)).glob("*") if not path.is_dir()]
    left += [str(path) for path in (RUN / "crun").glob(f"container-{container}*")]
    left += [str(path) for path in agent.unit.glob(f"joined-{container}*")]
    left += [str(path) for path in (RUN / "ns").glob(str(container)) if path.is_symlink()]
    return left


SLEEPS = ["sleep", "1000"]


@test
def join_from_beginning_to_end():
    with started(SLEEPS) as (agent, host):
        for _ in range(2):
            asked = joining(agent, ["sh", "-c", "echo out; echo err >&2; cat; exit 7"], namespaces=("pid", "ipc", "uts"))
            joined = host.join(9, **asked)
            assert pathlib.Path(f"/proc/{joined.pid}").exists() and len(is_left(agent)) >= 4, is_left(agent)
            assert not joined.output[STDOUT]
            assert host.call("start", container=1) == {}
            joined.write(b"in", eof=True)
            assert joined.end() == (7, 0)
            assert joined.output == {STDOUT: b"out\nin", STDERR: b"err\n"}
            assert is_left(agent) == []
        assert host.refused("start", container=1) == ("no-process", "start: there is no container 1")
        assert host.call("stats")["cpu"] and host.exited is None


@test
def join_shares_what_it_is_asked_to():
    links = "for n in ipc uts pid net mnt; do readlink /proc/self/ns/$n; done; hostname; echo $$; ps"
    with started(SLEEPS) as (agent, host):
        root = RUN / "shared/rootfs/bin"
        for name in ("readlink", "hostname", "ps"):
            (root / name).symlink_to("busybox")

        def seen(container, number, **options):
            process = host.join(number, **joining(agent, ["sh", "-c", links], container, **options))
            host.call("start", container=container)
            assert process.end() == (0, 0), process.output
            lines = process.output[STDOUT].decode().splitlines()
            return dict(zip(("ipc", "uts", "pid", "net", "mnt"), lines)), lines[6], lines[7:]

        first = {name: os.readlink(f"/proc/{host.pid}/ns/{name}") for name in ("ipc", "uts", "pid", "net", "mnt")}
        shares, pid, _ = seen(1, 1, join=("ipc", "uts"), namespaces=("pid",))
        assert pid == "1" and {name for name in first if first[name] == shares[name]} == {"ipc", "uts", "net"}, shares
        shares, pid, processes = seen(2, 2, join=("pid",), namespaces=("ipc", "uts"))
        assert int(pid) > 1 and any("sleep 1000" in line for line in processes), processes
        assert {name for name in first if first[name] == shares[name]} == {"pid", "net"}, shares
        shares, _, _ = seen(3, 3, join=("network", "pid", "ipc", "uts"))
        assert {name for name in first if first[name] == shares[name]} == {"ipc", "uts", "pid", "net"}, shares
        shares, _, _ = seen(3, 3, namespaces=("network", "pid", "ipc", "uts"))
        assert not {name for name in first if first[name] == shares[name]}, shares


@test
def requests_name_their_container():
    with started(SLEEPS) as (agent, host):
        joined = host.join(5, **joining(agent, SLEEPS, 31, namespaces=("pid",), terminals=True))
        assert host.refused("start") == ("state", "start: the container has been started")
        assert host.exec_refused(6, ["true"], size={"container": 30}) == (
            "no-process", "exec: there is no container 30")  # fmt: skip
        host.call("start", container=31)
        assert host.refused("start", container=31)[0] == "state"
        process = host.exec(6, ["sh", "-c", "echo; exec sleep 1000"], size={"container": 31})
        host.until(lambda: process.output[STDOUT])
        assert set(members(agent.unit / "joined-31")) == {str(joined.pid), str(process.pid)}
        assert agent.container_processes() == [str(host.pid)], agent.container_processes()
        assert host.call("stats", container=31)["cpu"]["usage"] != host.call("stats")["cpu"]["usage"]
        assert host.call("update", container=31, resources="{}") == {}
        host.call("pause", container=31)
        assert host.exec_refused(7, ["true"], size={"container": 31}) == PAUSED
        assert host.exec(7, ["true"]).end() == (0, 0)
        assert "frozen 1" in (agent.unit / "joined-31/cgroup.events").read_text()
        host.call("resume", container=31)
        for number in (5, 6):
            kind, value = host.answer(host.ask("exec", number, process='{"args":["true"],"cwd":"/"}'))
            assert (kind, value["message"]) == (FAILURE, f"exec: process {number} is in use")
        host.call("kill", container=31, signal=15, all=True)
        assert process.end() == (0, 15)
        joined.signal(9)
        assert joined.end() == (0, 9)
        assert is_left(agent, 31) == [] and agent.container_processes() == [str(host.pid)]


@test
def what_is_left_in_a_joined_container_is_killed():
    with started(SLEEPS) as (agent, host):
        script = "sleep 1001 & sleep 1002 & echo; read line; exit 3"
        joined = host.join(1, **joining(agent, ["sh", "-c", script], join=("pid", "ipc", "uts")))
        host.call("start", container=1)
        process = host.exec(2, SLEEPS, size={"container": 1})
        host.until(lambda: joined.output[STDOUT])
        assert len(members(agent.unit / "joined-1")) == 4
        joined.write(b"\n")
        assert joined.end() == (3, 0)
        assert process.exited == (0, 9), "the end of the others comes first"
        assert is_left(agent) == []


@test
def join_on_a_terminal():
    with started(SLEEPS) as (agent, host):
        options = {"terminal": True, "namespaces": ("pid",)}
        joined = host.join(1, rows=11, columns=22, **joining(agent, ["sh", "-c", "stty size; tty"], **options))
        host.until(lambda: STDERR in joined.ended)
        host.call("start", container=1)
        assert joined.end() == (0, 0)
        assert joined.output[STDOUT].startswith(b"11 22\r\n/dev/"), joined.output


@test
def join_that_fails_leaves_nothing():
    with started(SLEEPS) as (agent, host):
        good = joining(agent, SLEEPS)
        bind = good["mounts"][0]
        nowhere = {**bind, "source": str(RUN / "nowhere")}
        layer = {**bind, "type": "erofs", "flags": ["ro"], "source": "layer:00000000-0000-0000-0000-000000000001"}
        cases = [
            (joining(agent, ["nowhere"]), "runtime", "executable file `nowhere` not found in $PATH: No such file or directory"),
            (joining(agent, SLEEPS, mounts=[bind, nowhere]), "system", None),
            (joining(agent, SLEEPS, mounts=[bind, layer]), "system", None),
            (joining(agent, SLEEPS, sync=[str(JOINED / "1/nowhere")]), "system", None),
            ({**good, "config": "{"}, "invalid", None),
            ({**good, "config": good["config"].replace("/run/limpid/joined", "/run/limpid/nowhere")}, "runtime", None),
            ({**good, "container": 0}, "invalid", "container: a number from 1 to 31 expected"),
            ({**good, "container": 32}, "invalid", None),
            ({**good, "clock": {"seconds": 1, "nanoseconds": 0}}, "invalid", "clock: unknown"),
        ]  # fmt: skip
        for asked, code, message in cases:
            found = host.join_refused(1, **asked)
            assert found[0] == code and (message is None or found[1] == message), (asked, found)
            assert is_left(agent) == [], (asked, is_left(agent))
        joined = host.join(1, **good)
        assert host.join_refused(2, **good) == ("state", "join: container 1 is there already")
        number = host.ask("join", 1, **joining(agent, SLEEPS, 2))
        kind, value = host.answer(number)
        assert (kind, value["message"]) == (FAILURE, "join: process 1 is in use")
        assert host.refused("join", **joining(agent, SLEEPS, 2))[0] == "invalid"
        joined.signal(9)
        assert joined.end() == (0, 9) and is_left(agent) == []
        host.call("kill", signal=9)
        host.end()
        assert host.join_refused(2, **good) == ("no-process", "join: the container has ended")


@test
def join_needs_a_container():
    with prepared() as (agent, host):
        assert host.join_refused(1, **joining(agent, SLEEPS)) == ("state", "join: there is no container")


@test
def join_holds_up_nobody():
    with started(["cat"]) as (agent, host):
        asked = joining(agent, SLEEPS)
        late = {**asked["mounts"][0], "type": "erofs", "flags": [], "source": "layer:" + "0" * 8 + "-0000" * 3 + "-" + "0" * 12}
        process, number = host.ask_join(1, **{**asked, "mounts": [late]})
        assert host.exec(2, ["true"]).end() == (0, 0)
        assert number not in host.answers
        assert host.refused("start", container=1) == ("state", "start: there is no container")
        host.call("kill", signal=9)
        assert host.end() == (0, 9)
        kind, value = host.answer(number)
        assert (kind, value["code"]) == (FAILURE, "no-process")
        assert is_left(agent) == []


@test
def the_end_of_the_first_is_that_of_all():
    with started(SLEEPS) as (agent, host):
        processes = [
            host.join(number, **joining(agent, SLEEPS, number, namespaces=namespaces, join=join))
            for number, namespaces, join in ((1, ("pid",), ()), (2, (), ("pid", "ipc")), (3, (), ()))
        ]
        for number in (1, 3):
            host.call("start", container=number)
        host.call("kill", signal=9)
        assert host.end() == (0, 9)
        assert [process.exited for process in processes] == [(0, 9)] * 3, "they end first"
        for process in processes:
            assert process.end() == (0, 9) and is_left(agent, process.number) == []


@test
def joined_containers_belong_to_their_host():
    with started(["cat"]) as (agent, host):
        joined = host.join(1, **joining(agent, SLEEPS))
        host.call("start", container=1)
        host.close()
        other = Host(PORT)
        deadline = time.monotonic() + PATIENCE
        while is_left(agent):
            assert time.monotonic() < deadline, is_left(agent)
            time.sleep(0.01)
        other.quiet()
        assert not os.path.exists(f"/proc/{joined.pid}")
        again = other.join(1, **joining(agent, ["true"]))
        other.call("start", container=1)
        assert again.end() == (0, 0)
        other.write(b"still here", eof=True)
        assert other.end() == (0, 0) and other.output[STDOUT] == b"still here"


@test
def a_host_that_goes_while_it_joins():
    with crun_that("create", "sleep 0.3"), started(["cat"]) as (agent, host):
        host.ask_join(1, **joining(agent, SLEEPS))
        host.quiet(0.1)
        host.close()
        other = Host(PORT)
        other.quiet(0.1)
        deadline = time.monotonic() + PATIENCE
        while is_left(agent):
            assert time.monotonic() < deadline, is_left(agent)
            time.sleep(0.01)
        other.send(EOF, STDIN)
        assert other.end() == (0, 0)


# ---- the link


@test
def agent_speaks_after_hello_only():
    with Agent() as agent:
        host = Host(PORT, hello=False)
        host.quiet()
        host.hello()


@test
def violations_end_the_link():
    hello = b"LMPD" + struct.pack("<HHI", 1, 1, WINDOW)

    def frame(kind, stream=0, process=0, request=0, payload=b"", length=None):
        header = (len(payload) if length is None else length, kind, stream, process, request)
        return struct.pack("<IBBHI", *header) + payload

    greeting = frame(HELLO, payload=hello)
    cases = {
        "unknown kind": greeting + frame(0x99),
        "a frame before HELLO": frame(REQUEST, request=1, payload=b"{}"),
        "no magic": frame(HELLO, payload=b"XMPD" + hello[4:]),
        "too long": greeting + frame(REQUEST, request=1, length=9 << 20),
        "wrong way": greeting + frame(EXITED, payload=bytes(8)),
        "control link's": greeting + frame(0x41),
        "credit 0": greeting + frame(CREDIT, 1, payload=bytes(4)),
        "stream": greeting + frame(DATA, 1, payload=b"x"),
        "process": greeting + frame(EOF, 0, process=4096),
        "request 0": greeting + frame(REQUEST, payload=b"{}"),
    }
    with Agent() as agent:
        for name, data in cases.items():
            host = Host(PORT, hello=False)
            host.raw(data)
            agent.logged("the host broke the protocol")
            with contextlib.suppress(OSError):
                host.raw(frame(REQUEST, request=5, payload=b'{"method":"start"}'))
            while True:  # its HELLO at most
                try:
                    answer = host.receive(0.05)
                    assert answer.kind == HELLO, (name, answer)
                except TimeoutError:
                    break
            before = agent.ticks()
            time.sleep(0.05)
            assert agent.ticks() - before < 4, f"{name}: it spins"
            KMSG.write_text("")
            host.close()
            other = Host(PORT)
            assert other.refused("start")[0] == "state"
            other.close()


@test
def violations_of_credit():
    def violate(act):
        with started(["sleep", "100"]) as (agent, host):
            act(host)
            agent.logged("the host broke the protocol")
            other = Host(PORT) if not host.close() else None
            other.call("kill", signal=9)
            assert other.end() == (0, 9)
            other.close()

    # the credit, what the workload's pipe takes, and a little more: from then on nothing is read
    violate(lambda host: [host.send(DATA, STDIN, payload=bytes(32768)) for _ in range(8)])
    violate(lambda host: host.send(CREDIT, STDOUT, payload=struct.pack("<I", 1)))
    violate(lambda host: (host.send(EOF, STDIN), host.send(DATA, STDIN, payload=b"x")))


@test
def frames_for_nobody_are_dropped():
    with prepared() as (agent, host):
        for process in (0, 1, 4095):
            host.send(DATA, STDIN, process, payload=b"x")
            host.send(EOF, STDIN, process)
            host.send(CREDIT, STDOUT, process, payload=struct.pack("<I", 1 << 20))
            host.send(CLOSED, STDERR, process)
            host.send(SIGNAL, 0, process, payload=struct.pack("<I", 9))
            host.send(RESIZE, 0, process, payload=bytes(8))
        host.call("create", config=agent.config(["echo", "fine"]))
        host.call("start")
        assert host.end() == (0, 0)
        host.send(DATA, STDIN, payload=b"x")
        host.send(SIGNAL, payload=struct.pack("<I", 9))
        host.send(RESIZE, payload=bytes(8))
        assert host.refused("start")[0] == "no-process"


@test
def no_common_version():
    with Agent() as agent:
        host = Host(PORT, hello=False)
        host.hello(7, 9)
        host.until(lambda: 0 in host.answers)
        kind, value = host.answers.pop(0)
        assert kind == FAILURE and "1 to 1" in value["message"] and "7 to 9" in value["message"]
        host.send(REQUEST, request=1, payload=b'{"method":"start"}')
        host.quiet()
        assert not host.answers
        host.close()
        Host(PORT).close()
        newer = Host(PORT, hello=False)
        newer.hello(1, 9)
        assert newer.refused("start")[0] == "state"


@test
def waiting_for_a_host_does_not_spin():
    with Agent() as agent:
        Host(PORT).close()
        time.sleep(0.1)
        before = agent.ticks()
        time.sleep(0.3)
        assert agent.ticks() - before < 5


@test
def the_next_host_takes_over():
    with started(["cat"]) as (agent, host):
        host.write(b"first")
        host.until(lambda: host.output[STDOUT] == b"first")
        host.close()
        next_host = Host(PORT)
        rest = next_host.write(b"second")
        next_host.until(lambda: next_host.output[STDOUT] == b"second")
        next_host.send(EOF, STDIN)
        assert next_host.end() == (0, 0)


@test
def unwritten_input_is_dropped():
    with shell(GATE + "cat") as (agent, host):
        assert len(host.write(bytes(200000))) == 200000 - host.credit - 131072 and host.credit == 0
        host.until(lambda: host.credit > 0)  # the pipe is full, and the agent has the rest
        host.close()
        other = Host(PORT)
        other.write(b"fresh", eof=True)
        let_go()
        assert other.end() == (0, 0)
        assert other.output[STDOUT] == bytes(65536) + b"fresh", len(other.output[STDOUT])


@test
def what_waited_is_not_for_the_next_host():
    with shell("yes", window=1 << 20) as (agent, host):
        time.sleep(0.2)
        host.close()
        other = Host(PORT, window=4096)
        other.unread.add(STDOUT)
        other.quiet()
        assert len(other.output[STDOUT]) == 4096
        assert other.call("kill", signal=9) == {}
        other.unread.clear()
        other.give(STDOUT)
        assert other.end() == (0, 9)


@test
def hello_again_begins_anew():
    with shell("yes & cat >&2", window=8192, unread=[STDOUT]) as (agent, host):
        host.until(lambda: len(host.output[STDOUT]) == 8192)
        host.window = 4096
        host.send(HELLO, payload=b"LMPD" + struct.pack("<HHI", 1, 1, 4096))
        frame = host.receive()
        assert frame.kind == HELLO
        host.consumed[STDOUT] = 0
        host.output[STDOUT].clear()
        host.until(lambda: len(host.output[STDOUT]) == 4096)
        host.quiet()
        assert len(host.output[STDOUT]) == 4096
        host.credit = 131072
        host.write(b"anew")
        host.until(lambda: host.output[STDERR] == b"anew")
        host.call("kill", signal=9)


@test
def answers_of_a_former_link_are_not_sent():
    with prepared() as (agent, host):
        host.ask("create", config=agent.config(["sleep", "100"]))
        for _ in range(3):
            host.ask("start")
        host.close()
        other = Host(PORT)
        other.quiet(1)
        assert other.order == []
        assert other.call("kill", signal=9) == {}
        assert other.end() == (0, 9)


@test
def output_without_a_host_waits_for_the_next():
    with shell(GATE + "echo first; sleep 0.2; echo second; exec sleep 100") as (agent, host):
        host.close()
        let_go()
        time.sleep(1)
        other = Host(PORT)
        other.until(lambda: other.output[STDOUT] == b"first\nsecond\n")
        other.call("kill", signal=9)
        assert other.end() == (0, 9)


@test
def end_without_a_host_is_told_later():
    with shell(GATE) as (agent, host):
        host.close()
        let_go()
        time.sleep(0.6)
        other = Host(PORT)
        assert other.end() == (0, 0)


# ---- running them


def inside(names):
    failures = 0
    set_stage()
    for function in TESTS:
        if names and function.__name__ not in names:
            continue
        before = time.monotonic()
        try:
            function()
            result = "ok"
        except BaseException:
            failures += 1
            result = "FAILED"
            traceback.print_exc(file=sys.stdout)
            print("kmsg:", KMSG.read_text())
        print(f"{result:6} {function.__name__} ({time.monotonic() - before:.2f} s)", flush=True)
    print(f"{failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    AGENT = os.path.abspath(sys.argv[1])
    if os.environ.get("LIMPID_TEST_INSIDE"):
        sys.exit(inside(sys.argv[2:]))
    os.environ["LIMPID_TEST_INSIDE"] = str(os.getpid())
    os.execvp(
        "unshare",
        ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private",
         sys.executable, *sys.argv],
    )  # fmt: skip
