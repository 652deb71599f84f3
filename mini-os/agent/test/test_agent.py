#!/usr/bin/env python3
"""Runs the agent on this machine, in namespaces of its own, with this machine's crun: test_agent.py <agent> [test…]

Nothing of it is seen outside but a cgroup, which is removed again.
"""

import base64
import contextlib
import hashlib
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

from host import *

BUSYBOX = "/usr/bin/busybox"
RUN = pathlib.Path("/run/limpid")
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
        self.unit = CGROUPS / (UNIT + os.environ["LIMPID_TEST_INSIDE"])
        self.unit.mkdir()

        def enter():
            (self.unit / "cgroup.procs").write_text("0")
            pathlib.Path("/proc/self/oom_score_adj").write_text("500")

        environment = dict(os.environ, ASAN_OPTIONS=f"log_path={SCRATCH}/asan", UBSAN_OPTIONS="print_stacktrace=1")
        self.process = subprocess.Popen(
            [AGENT], preexec_fn=enter, stdin=subprocess.DEVNULL, env=environment, stderr=open(SCRATCH / "stderr", "w")
        )
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists(PORT):
            assert time.monotonic() < deadline and self.process.poll() is None, "the agent does not listen"
            time.sleep(0.01)
        # only now: the directory above is the agent's to make
        make_rootfs(RUN / "shared/rootfs")

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
        reports = "".join(path.read_text() for path in SCRATCH.glob("asan*"))
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

    def config(self, arguments, terminal=False, uid=0, cwd="/", namespaces=("pid", "mount", "ipc", "uts"), **more):
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
                + [{"destination": "/dev/pts", "type": "devpts", "source": "devpts"}] * terminal,
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


# ---- prepare


@test
def loopback_is_up():
    # first of all: the tests share a network namespace
    with Agent(), socket.socket() as listener, socket.socket() as probe:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        address = ("127.0.0.1", listener.getsockname()[1])
        assert probe.connect_ex(address) != 0
        Host(PORT).call("prepare", **preparation())
        assert probe.connect_ex(address) == 0


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


# ---- requests


@test
def requests_are_judged():
    with Agent():
        host = Host(PORT)
        base = preparation()
        mount = dict(BIND_ROOT)
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
            ("prepare", {**base, "sync": ["/etc"]}, "sync[0]: not a plain path"),
            ("prepare", {**base, "sync": [4]}, "sync[0]: not a plain path"),
            ("prepare", {**base, "mounts": [{**mount, "source": "layer:1", "type": "erofs", "flags": []}]},
             "mounts[0].source: not a UUID"),
        ]  # fmt: skip
        for target in ("/run/limpid", "/run/limpid/", "/run/limpidx/a", "/etc/x", "/run/limpid/../x", "x",
                       "/run/limpid/a/..", "/run/limpid//a", "/run/limpid/./a", "/run/limpid/a/",
                       "/run/limpid/" + 256 * "a"):  # fmt: skip
            for name in ("target", "source"):
                changed = {**base, "mounts": [{**mount, name: target}]}
                cases.append(("prepare", changed, f"mounts[0].{name}: not a plain"))
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


@test
def agents_oom_score_is_its_own():
    for options, expected in ({}, b"0"), ({"oomScoreAdj": 300}, b"300"):
        with started(["cat", "/proc/self/oom_score_adj"], **options) as (agent, host):
            host.end()
            assert host.output[STDOUT].strip() == expected


@test
def failed_start_ends_the_container():
    # crun can't find what it needs to start: its own state
    with created(["sleep", "100"]) as (agent, host):
        subprocess.run(["rm", "-r", "/run/limpid/crun/container"], check=True)
        code, message = host.refused("start")
        assert code == "runtime" and message, message
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
def slow_start_is_answered_before_exited():
    with crun_that("start", "sleep 0.3"), started(["true"]) as (agent, host):
        assert host.order[-1] == RESULT and EXITED not in host.order
        assert host.end() == (0, 0)


@test
def ended_before_create_was_answered():
    with crun_that("create", "kill -9 $(cat /run/limpid/crun.pid); sleep 0.2"), prepared() as (agent, host):
        assert host.call("create", config=agent.config(["true"]))["pid"] > 1
        assert host.end() == (0, 9)


@test
def requests_wait_while_crun_runs_and_streams_flow():
    with crun_that("start", "sleep 0.3"), created(["cat"]) as (agent, host):
        start, kill = host.ask("start"), host.ask("kill", signal=9)
        host.write(b"meanwhile")
        host.until(lambda: host.output[STDOUT] == b"meanwhile")
        assert RESULT not in host.order[-1:] and not host.answers
        assert host.answer(start)[0] == RESULT and host.answer(kill)[0] == RESULT
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
    with shell("sleep 0.5; cat") as (agent, host):
        assert len(host.write(bytes(200000))) == 200000 - host.credit - 131072 and host.credit == 0
        host.until(lambda: host.credit > 0)  # the pipe is full, and the agent has the rest
        host.close()
        other = Host(PORT)
        other.write(b"fresh", eof=True)
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
    with shell("sleep 0.4; echo first; sleep 0.2; echo second; exec sleep 100") as (agent, host):
        host.close()
        time.sleep(1)
        other = Host(PORT)
        other.until(lambda: other.output[STDOUT] == b"first\nsecond\n")
        other.call("kill", signal=9)
        assert other.end() == (0, 9)


@test
def end_without_a_host_is_told_later():
    with started(["sleep", "0.2"]) as (agent, host):
        host.close()
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
