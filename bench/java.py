"""A Java program that does nothing, started as Limpid's launcher starts the JVM."""

import os

from measuring import Failure, run

SOURCE = "public class Empty { public static void main(String[] arguments) { Runtime.getRuntime().halt(0); } }"


def java(limpid):
    """The launcher's JVM."""
    launcher = limpid.resolve().parent.parent / "lib/limpid/launcher"
    if launcher.exists():
        for line in launcher.read_text(encoding="utf-8").splitlines():
            if line.startswith("java=${LIMPID_JAVA:-"):
                return line.split(":-")[1].rstrip("}")
    raise Failure(f"{launcher}: is not Limpid's launcher")


def flags(limpid, folder):
    """Those of the launcher's flags that are of no particular program."""
    script = folder / "print-arguments"
    script.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    every = run([limpid], env={**os.environ, "LIMPID_JAVA": str(script)}).splitlines()
    return [flag for flag in every[:every.index("-cp")] if not flag.startswith(("-D", "-XX:SharedArchiveFile="))]


def empty_java(limpid, folder):
    """Its command line; the program is made in the folder."""
    (folder / "Empty.java").write_text(SOURCE, encoding="utf-8")
    run(["javac", "-d", folder, folder / "Empty.java"])
    return [java(limpid), *flags(limpid, folder), "-cp", str(folder), "Empty"]
