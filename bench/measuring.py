"""What the benchmarks have in common."""

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent
SCRIPTS = TREE / "runtime-cli/src/test/scripts"
LIMPID = TREE / "build/dist/bin/limpid"
CACHE = os.environ.get("LIMPID_CACHE", "/var/cache/limpid/build")
PATIENCE_SECONDS = 60


class Failure(Exception):
    """Something that a person is told in one sentence."""


def run(command, patience=PATIENCE_SECONDS, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, timeout=patience, **options)
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def timed(command, output=None, **environment):
    """The status of a program, its milliseconds by the clock, and those of the processors. What it prints goes to a file, or nowhere."""
    variables = {**os.environ, **environment}
    with open(os.devnull, "r+b", buffering=0) as nowhere:
        place = (output or nowhere).fileno()
        actions = [(os.POSIX_SPAWN_DUP2, source, stream) for stream, source in enumerate((nowhere.fileno(), place, place))]
        begin = time.perf_counter()
        # Not by subprocess, which asks from time to time whether it has ended if it is not to wait for ever.
        pid = os.posix_spawn(command[0], command, variables, file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
        return os.waitstatus_to_exitcode(status), 1e3 * (time.perf_counter() - begin), 1e3 * (usage.ru_utime + usage.ru_stime)


def idle_ticks():
    """How long all processors have had nothing to do, in ticks, of which there are some hundred a second."""
    with open("/proc/stat", encoding="ascii") as file:
        return int(file.readline().split()[4])


def settle():
    """Waits until the processors have little to do, but not for long: what one program has left behind is not to be the next one's."""
    window, ticks = 0.1, os.cpu_count() * os.sysconf("SC_CLK_TCK")
    for _ in range(10):
        before = idle_ticks()
        time.sleep(window)
        if idle_ticks() - before > 0.85 * window * ticks:
            break


def tell(text):
    print(text, file=sys.stderr, flush=True)


def positive(text):
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def add_limpid(parser):
    parser.add_argument("--limpid", default=LIMPID, type=Path, help="the executable that is compared with the others")


@contextlib.contextmanager
def resident(limpid, folder):
    """A resident process of Limpid's: what a verb's environment has to say to be handed over to it. All others go without, also if the host has one."""
    os.environ["LIMPID_RESIDENT"] = "never"
    socket = folder / "resident/socket"
    environment = {"LIMPID_RESIDENT": str(socket)}
    with subprocess.Popen([limpid, "resident"], env={**os.environ, **environment}, stdin=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not socket.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise Failure(f"{limpid} resident: does not listen")
                time.sleep(0.01)
            yield environment
        finally:
            process.terminate()


def add_configuration(parser):
    parser.add_argument("--configuration", type=json.loads, default={}, help="more of Limpid's configuration, as JSON")


def configure(folder, configuration):
    """Limpid's configuration goes into the environment, also that of an engine."""
    file = folder / "limpid.json"
    file.write_text(json.dumps(configuration), encoding="utf-8")
    os.environ["LIMPID_CONFIG"] = str(file)


def require(*programs):
    for program in programs:
        if not os.access(program, os.X_OK):
            raise Failure(f"{program}: no such program" + ("; `make` builds it" if program == LIMPID else ""))


class Docker:
    """A daemon in namespaces of its own, and its command line."""

    def __init__(self, folder, runtimes):
        self.socket = f"unix://{folder}/docker.sock"
        configuration = folder / "daemon.json"
        configuration.write_text(json.dumps({"runtimes": runtimes}), encoding="utf-8")
        self.log = folder / "dockerd.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [SCRIPTS / "in-namespaces", "dockerd", "--host", self.socket, "--data-root", folder / "data",
                 "--exec-root", folder / "exec", "--pidfile", folder / "docker.pid", "--config-file", configuration,
                 "--storage-driver", "overlay2"],
                stdout=log, stderr=subprocess.STDOUT)

    def wait(self):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while subprocess.run(self.command("version"), capture_output=True, check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Failure("dockerd has not come up:\n" + self.log.read_text(encoding="utf-8", errors="replace")[-2000:])
            time.sleep(0.1)

    def command(self, *arguments):
        return [shutil.which("docker") or "docker", "--host", self.socket, *map(str, arguments)]

    def __call__(self, *arguments):
        return run(self.command(*arguments)).strip()

    def stop(self):
        if self.process.poll() is None:
            with contextlib.suppress(Failure):
                for container in self("ps", "-aq").split():
                    self("rm", "-f", container)
            self.process.terminate()
            self.process.wait(PATIENCE_SECONDS)


class Results:
    """What was measured: for each measure, values of each contender. The first contender is the one the others are compared with."""

    def __init__(self, contenders):
        self.contenders = list(contenders)
        self.values = {}
        self.units = {}

    def add(self, measure, contender, value, unit):
        self.units[measure] = unit
        self.values.setdefault(measure, {}).setdefault(contender, []).append(value)
        tell(f"{measure}: {contender}: {value:.4g} {unit}")

    def rows(self):
        rows = []
        for measure, values in self.values.items():
            medians = {name: statistics.median(each) for name, each in values.items()}
            base = medians.get(self.contenders[0])
            unit = self.units[measure]
            rows.append({"name": measure, "unit": unit, "better": "more" if "/s" in unit else "less", "medians": medians,
                         "ratios": {name: value / base for name, value in medians.items()
                                    if name != self.contenders[0] and base is not None and base > 0}})
        return rows

    def report(self, **circumstances):
        """A table for people, and a last line for programs."""
        rows = self.rows()
        names = [name for name in self.contenders if any(name in row["medians"] for row in rows)]
        print(f"{'':40}{'':12}" + "".join(f"{name:>{12 if name == self.contenders[0] else 22}}" for name in names))
        for row in rows:
            cells = []
            for name in names:
                value = f"{row['medians'][name]:.2f}" if name in row["medians"] else "-"
                if name == self.contenders[0]:
                    cells.append(f"{value:>12}")
                elif name in row["ratios"]:
                    cells.append(f"{value:>13} ({row['ratios'][name]:6.2f})")
                else:
                    cells.append(f"{value:>13}         ")
            print(f"{row['name']:40}{row['unit']:12}" + "".join(cells))
        print(json.dumps({**circumstances, "measures": rows}))
