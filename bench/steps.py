"""Where the time of a verb goes, from the traces that Limpid writes of itself."""

import json
import statistics
from pathlib import Path


def steps_of(file):
    """The milliseconds of each step of a trace, by its path: its process, the steps that it lies in, and its name. Those of one path are added up."""
    document = json.loads(Path(file).read_text(encoding="utf-8"))
    events = document["traceEvents"]
    processes = {event["pid"]: event["args"]["name"] for event in events if event["ph"] == "M" and event["name"] == "process_name"}
    around = {pid: [] for pid in processes}
    steps = {}
    for event in events:
        if event["ph"] != "X":
            continue
        # A step begins before those that lie in it.
        stack = around[event["pid"]]
        while stack and stack[-1]["ts"] + stack[-1]["dur"] <= event["ts"]:
            stack.pop()
        stack.append(event)
        path = (processes[event["pid"]], *(step["name"] for step in stack))
        steps[path] = steps.get(path, 0) + event["dur"] / 1e3
    return steps


def measure_steps(runtime, bundle, rounds, ids, folder):
    """The medians of the steps of a run. Those that not all runs have done count as nothing where they are not."""
    trace = folder / "trace.json"
    runs = []
    for _ in range(rounds):
        runtime.timed("--trace", trace, "run", "--bundle", bundle, next(ids))
        runs.append(steps_of(trace))
    # The verb is the process that began first.
    verb = next(iter(runs[0]))[0]
    paths = sorted(dict.fromkeys(path for run in runs for path in run), key=lambda path: path[0] != verb)
    return [{"process": process, "path": steps, "unit": "ms", "median": statistics.median(run.get((process, *steps), 0) for run in runs)}
            for process, *steps in paths]


def print_steps(rows):
    """Each step below the one that it is a part of, with its share of the whole. The whole comes first."""
    whole = rows[0]["median"]
    process = None
    for row in rows:
        if row["process"] != process:
            process = row["process"]
            print(f"{process:40}{'ms':>12}{'%':>8}")
        name = "  " * len(row["path"]) + row["path"][-1]
        print(f"{name:40}{row['median']:>12.2f}{100 * row['median'] / whole:>8.1f}")
    print()
