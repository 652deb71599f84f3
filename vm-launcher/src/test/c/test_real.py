"""
Processes in a real container: limpid creates it, the test is the verb of each `limpid-shim exec`.
usage: test_real.py <limpid> [test…]
"""

import fcntl
import json
import os
import pathlib
import pty
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

from frames import *  # noqa: F403

LIMPID = os.path.abspath(sys.argv[1])
SHIM = os.path.join(os.path.dirname(os.path.dirname(LIMPID)), "lib/limpid/limpid-shim")
BUSYBOX = "/usr/bin/busybox"
BOOT_PATIENCE = 120


def make_bundle(bundle):
    rootfs = bundle / "rootfs"
    for name in "bin proc dev etc tmp".split():
        (rootfs / name).mkdir(parents=True)
    shutil.copy(BUSYBOX, rootfs / "bin/busybox")
    for name in "sh cat true sleep stty tty head yes kill echo id ls".split():
        (rootfs / "bin" / name).symlink_to("busybox")
    (rootfs / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\n")
    mounts = [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
         "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
    ]  # fmt: skip
    config = {
        "ociVersion": "1.0.2",
        "process": {"user": {"uid": 0, "gid": 0}, "args": ["sleep", "1000"], "cwd": "/", "env": ["PATH=/bin"]},
        "root": {"path": "rootfs"},
        "mounts": mounts,
        "linux": {"namespaces": [{"type": name} for name in ("pid", "mount", "ipc", "uts", "network")]},
    }
    (bundle / "config.json").write_text(json.dumps(config))


class Exec:
    """What the verb of an exec does."""

    count = 0

    def __init__(self, directory, *arguments, records=(), size=None, spawn=None, **process):
        Exec.count += 1
        name = f"exec-{Exec.count}.sock"
        path = directory / f"exec-{Exec.count}.plan"
        text = json.dumps({"args": arguments, "cwd": "/", "env": ["PATH=/bin"], **process})
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(directory / name))
        listener.listen(1)
        listener.settimeout(PATIENCE)
        with open(path, "wb", opener=lambda file, flags: os.open(file, flags, 0o600)) as out:
            out.write(plan(("directory", directory), ("verb", name), *records))
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **(spawn or {})}
        self.process = subprocess.Popen([SHIM, "exec", path], **streams)
        accepted, _ = listener.accept()
        listener.close()
        os.unlink(directory / name)
        self.link = Link(accepted)
        self.link.receive_hello()
        self.link.send_hello()
        self.link.send_json(REQUEST, 1, {"method": "exec", "process": text, **(size or {})})
        frame = self.link.receive()
        self.answer = json.loads(frame.payload)
        if frame.kind == RESULT:
            self.link.send(COMMIT)
            assert self.link.receive().kind == COMMITTED
        self.link.close()

    def end(self, data=None):
        out, error = self.process.communicate(data, timeout=PATIENCE)
        return self.process.returncode, out, error


class RealContainer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = pathlib.Path(tempfile.mkdtemp(prefix="limpid-exec-test-"))
        make_bundle(cls.top)
        cls.root = cls.top / "root"
        cls.directory = cls.root / "c"
        cls.limpid("create", "--bundle", str(cls.top), "--pid-file", str(cls.top / "pid"), "c")
        cls.limpid("start", "c")

    @classmethod
    def tearDownClass(cls):
        cls.limpid("delete", "--force", "c")
        shutil.rmtree(cls.top)

    @classmethod
    def limpid(cls, *arguments):
        subprocess.run([LIMPID, "--root", str(cls.root), *arguments], check=True, timeout=BOOT_PATIENCE,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def run_in(self, *arguments, **more):
        return Exec(self.directory, *arguments, **more)

    def test_status(self):
        for status in (0, 1, 42, 255):
            execd = self.run_in("sh", "-c", f"echo out; echo error >&2; exit {status}")
            self.assertEqual((status, b"out\n", b"error\n"), execd.end())
        for number in (6, 9, 15):
            self.assertEqual(128 + number, self.run_in("sh", "-c", f"kill -{number} $$; sleep 9").end()[0])

    def test_refusals(self):
        execd = self.run_in("nowhere")
        self.assertEqual({"code": "runtime", "message":
                          "executable file `nowhere` not found in $PATH: No such file or directory"}, execd.answer)
        self.assertEqual((1, b"", b""), execd.end())
        execd = self.run_in("true", cwd="/nowhere")
        self.assertEqual({"code": "runtime", "message": "chdir `/nowhere`: No such file or directory"}, execd.answer)
        self.assertEqual((1, b"", b""), execd.end())

    def test_where_it_is(self):
        status, out, _ = self.run_in("sh", "-c", "cat /proc/1/cmdline; cat /proc/self/oom_score_adj; id -u",
                                     user={"uid": 7, "gid": 7}).end()  # fmt: skip
        self.assertEqual((0, b"sleep\x001000\x000\n7\n"), (status, out))

    def test_echo(self):
        data = random.Random(1).randbytes(16 << 20)
        execd = self.run_in("cat", spawn={"stdin": subprocess.PIPE})
        status, out, _ = execd.end(data)
        self.assertEqual(0, status)
        self.assertTrue(out == data, f"{len(out)} bytes")

    def test_several_at_once(self):
        execds = [None] * 12

        def one(at):
            execds[at] = self.run_in("sh", "-c", f"cat; exit {at}", spawn={"stdin": subprocess.PIPE}).end(b"%d" % at)

        threads = [threading.Thread(target=one, args=(at,)) for at in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([(at, b"%d" % at, b"") for at in range(12)], execds)

    def test_signals(self):
        execd = self.run_in("sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done")
        self.assertEqual(b"ready\n", execd.process.stdout.readline())
        execd.process.terminate()
        self.assertEqual(9, execd.end()[0])

    def test_killed_shim_takes_the_process_with_it(self):
        execd = self.run_in("sh", "-c", "exec sleep 777")
        execd.process.kill()
        execd.end()
        deadline = time.monotonic() + PATIENCE
        while b"777" in self.run_in("sh", "-c", "cat /proc/[0-9]*/cmdline").end()[1]:
            self.assertLess(time.monotonic(), deadline)

    def test_child_that_holds_the_pipe(self):
        execd = self.run_in("sh", "-c", "sleep 500 & yes | head -c 50000; exit 3")
        status, out, _ = execd.end()
        self.assertEqual((3, 50000), (status, len(out)))

    def test_terminal(self):
        master, slave = pty.openpty()
        termios.tcsetwinsize(master, (33, 101))

        def lead():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        execd = self.run_in("sh", "-c", "tty; read x; stty size; read y; stty size; exit 5", terminal=True,
                            records=[("terminal", "inherit")], size={"rows": 33, "columns": 101},
                            consoleSize={"height": 33, "width": 101},
                            spawn={"stdin": slave, "stdout": slave, "stderr": slave, "preexec_fn": lead})
        seen = b""

        def until(text):
            nonlocal seen
            deadline = time.monotonic() + PATIENCE
            while text not in seen:
                self.assertTrue(select.select([master], [], [], max(0, deadline - time.monotonic()))[0], seen)
                seen += os.read(master, 4096)

        until(b"/dev/pts/")
        os.write(master, b"\n")
        until(b"33 101")
        termios.tcsetwinsize(master, (44, 55))
        execd.process.send_signal(signal.SIGWINCH)
        # the resize is on its way before what is typed
        time.sleep(0.2)
        os.write(master, b"\n")
        until(b"44 55")
        self.assertEqual(5, execd.process.wait(PATIENCE))
        os.close(slave)
        os.close(master)

    def ask(self, method, **members):
        """As a verb on a control link of its own: what the answer is, and its content."""
        connected = socket.socket(socket.AF_UNIX)
        connected.connect(str(self.directory / "shim.sock"))
        link = Link(connected)
        link.send_hello()
        link.receive_hello()
        link.send_json(REQUEST, 1, {"method": method, **members})
        frame = link.receive()
        link.close()
        return frame.kind, json.loads(frame.payload)

    def test_pause(self):
        execd = self.run_in("sh", "-c", "while :; do echo x; sleep 0.01; done")
        self.assertEqual(b"x\n", execd.process.stdout.readline())
        self.assertEqual((RESULT, {}), self.ask("pause"))
        before = self.ask("stats")[1]["cpu"]["usage"]
        refused = self.run_in("true")
        self.assertEqual({"code": "state", "message": "container is paused"}, refused.answer)
        refused.end()
        self.assertEqual(before, self.ask("stats")[1]["cpu"]["usage"])
        self.assertEqual((RESULT, {}), self.ask("resume"))
        self.assertEqual(0, self.run_in("true").end()[0])
        execd.process.terminate()
        self.assertEqual(143, execd.end()[0])

    def test_update_and_stats(self):
        resources = {"memory": {"limit": 32 << 20, "swap": 48 << 20}, "pids": {"limit": 50},
                     "cpu": {"quota": 50000, "period": 100000}}  # fmt: skip
        self.assertEqual((RESULT, {}), self.ask("update", resources=json.dumps(resources)))
        greedy = self.run_in("/bin/busybox", "dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1")
        self.assertEqual(137, greedy.end()[0])
        stats = self.ask("stats")[1]
        memory, pids, cpu = stats["memory"], stats["pids"], stats["cpu"]
        self.assertEqual((32 << 20, 16 << 20, 50), (memory["limit"], memory["swapLimit"], pids["limit"]))
        self.assertTrue(0 < memory["usage"] <= memory["max"] <= 32 << 20, memory)
        self.assertTrue(memory["failcnt"] > 0 and memory["oomKills"] > 0 and "kernel_stack" in memory["stat"], memory)
        self.assertTrue(pids["current"] >= 1 and cpu["periods"] > 0 and cpu["usage"] > 0, stats)
        self.assertEqual({"pids", "memory", "cpu", "io", "hugetlb", "network"}, set(stats))
        kind, value = self.ask("update", resources='{"memory":{"limit":4096,"checkBeforeUpdate":true}}')
        self.assertEqual((FAILURE, "runtime"), (kind, value["code"]))
        self.assertEqual("cannot set the memory limit lower than its current usage", value["message"])
        resources = {"memory": {"limit": -1, "swap": -1}, "pids": {"limit": -1}, "cpu": {"quota": -1, "period": 100000}}
        self.assertEqual((RESULT, {}), self.ask("update", resources=json.dumps(resources)))
        stats = self.ask("stats")[1]
        limits = (stats["memory"]["limit"], stats["memory"]["swapLimit"], stats["pids"]["limit"])
        self.assertEqual((-1, -1, -1), limits)

    def test_many_in_a_row(self):
        for at in range(40):
            self.assertEqual(at, self.run_in("sh", "-c", f"exit {at}").end()[0])
        shim = int((self.top / "pid").read_text())
        self.assertLess(len(os.listdir(f"/proc/{shim}/fd")), 30)


class EndOfTheContainer(RealContainer):
    def test_everything_ends_with_it(self):
        log = self.top / "log"
        execds = [self.run_in("sleep", "1000", records=[("log", str(log), "text")]) for _ in range(3)]
        self.limpid("kill", "c", "KILL")
        self.assertEqual([137] * 3, [execd.end()[0] for execd in execds])

    for name in [name for name in dir(RealContainer) if name.startswith("test_")]:
        locals()[name] = None


class EndWhilePaused(EndOfTheContainer):
    def test_everything_ends_with_it(self):
        execd = self.run_in("sleep", "1000")
        self.assertEqual((RESULT, {}), self.ask("pause"))
        self.assertEqual((RESULT, {}), self.ask("kill", signal=9))
        self.assertEqual(137, execd.end()[0])


class DeathOfTheVm(EndOfTheContainer):
    test_everything_ends_with_it = None

    def test_killed_qemu(self):
        log = self.top / "log"
        execd = self.run_in("sleep", "1000", records=[("log", str(log), "text")])
        shim = (self.top / "pid").read_text().strip()
        for child in pathlib.Path(f"/proc/{shim}/task/{shim}/children").read_text().split():
            if "qemu" in pathlib.Path(f"/proc/{child}/comm").read_text():
                os.kill(int(child), signal.SIGKILL)
        self.assertEqual(255, execd.end()[0])
        self.assertIn("the container's shim gave up", log.read_text())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
