"""The runtimes that are compared, and the bundle that they are given."""

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from measuring import PATIENCE_SECONDS, Failure, configure, run, tell, timed

# Says of one container whether its VM is a clone of a template.
TEMPLATE = "dev.limpid.template"
LINKS = ("sh", "true", "echo", "sleep", "dd")


class Runtime:
    """One of those that are compared, with its own folder of states."""

    def __init__(self, name, command, folder, **environment):
        self.name = name
        self.command = [str(part) for part in command]
        self.root = folder / f"state-{name}"
        self.environment = environment

    def verb(self, *arguments):
        return [*self.command, "--root", str(self.root), *map(str, arguments)]

    def timed(self, *arguments):
        """Milliseconds until a verb has returned."""
        # What lives longer than the verb must not hold a pipe to this program.
        with tempfile.TemporaryFile() as output:
            status, milliseconds, _ = timed(self.verb(*arguments), output, **self.environment)
            if status != 0:
                output.seek(0)
                raise Failure(f"{self.name}: {' '.join(map(str, arguments))}: {output.read().decode(errors='replace').strip()}")
        return milliseconds

    def first_byte(self, *arguments):
        """Milliseconds until the workload's first output is here."""
        with tempfile.TemporaryFile() as errors:
            started = time.perf_counter()
            with subprocess.Popen(self.verb(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors) as process:
                data = process.stdout.read(1)
                milliseconds = 1e3 * (time.perf_counter() - started)
                process.stdout.read()
            if process.returncode != 0 or not data:
                errors.seek(0)
                raise Failure(f"{self.name}: {' '.join(map(str, arguments))}: {errors.read().decode(errors='replace').strip()}")
        return milliseconds

    def status(self, container):
        done = subprocess.run(self.verb("state", container), capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
        return json.loads(done.stdout)["status"] if done.returncode == 0 else "gone"

    def remove(self, container):
        with contextlib.suppress(Failure):
            self.timed("delete", "--force", container)


def names():
    """For containers, one after the other."""
    return (f"limpid-bench-{os.getpid()}-{number}" for number in itertools.count())


def clean_up():
    """runsc leaves empty control groups."""
    for group in Path("/sys/fs/cgroup").glob(f"*/limpid-bench-{os.getpid()}-*"):
        with contextlib.suppress(OSError):
            group.rmdir()


def make_bundle(folder, arguments, name=None, annotations=None):
    """A bundle whose root is a plain directory with busybox. Unless it has another name, it is called as its program."""
    bundle = folder / (name or arguments[0].rpartition("/")[2])
    programs = bundle / "rootfs/bin"
    programs.mkdir(parents=True)
    shutil.copy("/bin/busybox", programs)
    for name in LINKS:
        (programs / name).symlink_to("busybox")
    run(["runc", "spec", "-b", bundle])
    file = bundle / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["process"].update(terminal=False, args=arguments)
    config.setdefault("annotations", {}).update(annotations or {})
    file.write_text(json.dumps(config), encoding="utf-8")
    return bundle


def add_only(parser):
    parser.add_argument("--only", nargs="+", default=[], metavar="RUNTIME", help="leave the other runtimes out")


def wanted(options, folder):
    """Those that are installed, without those that are left out."""
    return [runtime for runtime in runtimes(options, folder) if not options.only or runtime.name in options.only]


def runtimes(options, folder):
    """Those that are installed."""
    found = [Runtime("runc", [shutil.which("runc") or "runc"], folder)]
    if crun := shutil.which("crun"):
        found.append(Runtime("crun", [crun], folder))
    if runsc := shutil.which("runsc"):
        # A new network namespace has nothing to offer but loopback, which is what runsc calls none.
        found.append(Runtime("runsc", [runsc, "--network=none"], folder))
    configure(folder, {"layers": str(folder / "layers"), "allow": [TEMPLATE], **options.configuration})
    found.append(Runtime("limpid", [options.limpid.resolve()], folder))
    return found


def that_work(found, bundle):
    """Those that can make a container of a bundle whose program ends by itself."""
    working = []
    for runtime in found:
        try:
            runtime.timed("run", "--bundle", bundle, f"limpid-bench-{os.getpid()}-try")
            working.append(runtime)
        except Failure as failure:
            # With both versions of cgroups on a host, crun makes no container.
            if runtime.name in ("runc", "limpid"):
                raise
            runtime.remove(f"limpid-bench-{os.getpid()}-try")
            tell(f"left out: {failure}")
    return working
