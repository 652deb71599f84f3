"""Residents that do not keep to the rules, and what the client makes of them. usage: fake_resident.py CLIENT FOLDER

The client has been made for a home in the folder, where this puts a launcher that tells its arguments.
"""

import os
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

CLIENT, FOLDER = sys.argv[1], Path(sys.argv[2])
HOME = FOLDER / "home"
LAUNCHER = HOME / "launcher"
SOCKET = FOLDER / "socket"
OWN = b"launched"


def prepare():
    (HOME / "jars").mkdir(parents=True, exist_ok=True)
    LAUNCHER.write_text('#!/bin/sh\necho launched "$@"\n', encoding="utf-8")
    LAUNCHER.chmod(0o755)
    SOCKET.unlink(missing_ok=True)


def served_by(act, *arguments, patience=20):
    """The status and output of a client whose call is answered so."""
    SOCKET.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(SOCKET))
        listener.listen(1)

        def answer():
            connection, _ = listener.accept()
            with connection:
                size = struct.unpack(">I", connection.recv(4, socket.MSG_WAITALL))[0]
                act(connection, connection.recv(size, socket.MSG_WAITALL))

        thread = threading.Thread(target=answer)
        thread.start()
        done = subprocess.run([CLIENT, *arguments], env={"LIMPID_RESIDENT": str(SOCKET), "LIMPID_X": "y", "OTHER": "z"},
                              capture_output=True, check=False, timeout=patience)
        thread.join()
    return done.returncode, done.stdout, done.stderr


def taking(answer):
    def act(connection, _):
        connection.sendall(b"T")
        if connection.recv(1) == b"G":
            connection.sendall(answer)

    return act


def done(status, chunks=b""):
    return b"A" + bytes([status]) + struct.pack(">I", len(chunks)) + chunks


def chunk(stream, text):
    return bytes([stream]) + struct.pack(">I", len(text)) + text


def check(what, actual, expected):
    assert actual == expected, f"{what}: {actual} instead of {expected}"


def requests():
    seen = []
    served_by(lambda connection, request: seen.append(request), "--root", "r", "state", "web")
    fields = seen[0].split(b"\0")
    assert fields[0].startswith(b"1 " + str(HOME).encode()), fields[0]
    check("fields", fields[3:], [os.getcwd().encode(), b"4", b"--root", b"r", b"state", b"web",
                                 b"LIMPID_RESIDENT=" + str(SOCKET).encode(), b"LIMPID_X=y", b""])


def answers():
    both = chunk(1, b"out") + chunk(2, b"err") + chunk(1, b"put")
    check("an answer", served_by(taking(done(7, both)), "state", "web"), (7, b"output", b"err"))
    check("an empty answer", served_by(taking(done(0)), "kill", "web"), (0, b"", b""))
    large = bytes(3 << 20)
    check("a large answer", served_by(taking(done(0, chunk(1, large))), "list"), (0, large, b""))


def ways_out():
    own = (0, OWN + b" state web\n", b"")
    lost = (0, OWN + b" --root r resident --lost kill\n", b"")
    for what, act in {
        "gone": lambda connection, _: None,
        "refused": lambda connection, _: connection.sendall(b"R"),
        "silent": lambda connection, _: connection.recv(1),
        "declined": taking(b"D"),
    }.items():
        check(what, served_by(act, "state", "web"), own)
        check(what, served_by(act, "--root", "r", "kill", "web"), (0, OWN + b" --root r kill web\n", b""))
    for what, answer in {
        "nothing": b"",
        "a word that is none": b"X",
        "half a head": done(0)[:3],
        "half an answer": done(0, chunk(1, b"out"))[:-1],
        "a chunk longer than all": done(0, b"\1" + struct.pack(">I", 100) + b"out"),
        "half a chunk's head": done(0, b"\1\0"),
        "a stream that is none": done(0, chunk(3, b"out")),
        "too much": b"A\0" + struct.pack(">I", 0xFFFFFFFF),
    }.items():
        check(what, served_by(taking(answer), "state", "web"), own)
        check(what, served_by(taking(answer), "--root", "r", "kill", "web"), lost)


def patience():
    """What can be repeated is not waited for for ever."""
    def stopped_after(answer):
        def act(connection, request):
            taking(answer)(connection, request)
            check("the client's last word", connection.recv(1), b"")

        return act

    def late(connection, request):
        taking(b"")(connection, request)
        time.sleep(3)
        connection.sendall(done(3))

    for answer in (b"", done(0)[:3], done(0, chunk(1, b"out"))[:-1]):
        check("an answer that does not come", served_by(stopped_after(answer), "list"), (0, OWN + b" list\n", b""))
    check("a late answer", served_by(late, "kill", "web"), (3, b"", b""))


def resident():
    """It keeps its caller's directory only if there may be paths in it."""
    LAUNCHER.write_text('#!/bin/sh\npwd; echo "$@"\n', encoding="utf-8")
    for arguments, directory in (["resident"], "/"), (["--log", "l", "resident"], str(FOLDER)), (["--debug", "resident"], str(FOLDER)):
        done = subprocess.run([CLIENT, *arguments], cwd=FOLDER, env={}, capture_output=True, check=True, timeout=20)
        place, line = done.stdout.decode().splitlines()
        check(arguments, place, directory)
        assert line.startswith(" ".join(arguments) + f" --identity 1 {HOME} "), line


def nobody():
    SOCKET.unlink(missing_ok=True)
    for place in (str(SOCKET), "never", "relative", "/" + "x" * 200, str(FOLDER)):
        done = subprocess.run([CLIENT, "state", "web"], env={"LIMPID_RESIDENT": place}, capture_output=True, check=True, timeout=20)
        check(place, done.stdout, OWN + b" state web\n")


def too_long():
    """What does not fit in a request is not offered."""
    SOCKET.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(SOCKET))
        listener.listen(1)
        environment = {"LIMPID_RESIDENT": str(SOCKET), "LIMPID_LONG": "x" * 70000}
        done = subprocess.run([CLIENT, "state", "web"], env=environment, capture_output=True, check=True, timeout=20)
        check("too long", done.stdout, OWN + b" state web\n")


def closed_streams():
    """A closed standard stream is the launcher's business, whoever listens."""
    with socket.socket(socket.AF_UNIX) as listener:
        SOCKET.unlink(missing_ok=True)
        listener.bind(str(SOCKET))
        listener.listen(1)
        shell = ["sh", "-c", 'exec "$0" state web <&-', CLIENT]
        done = subprocess.run(shell, env={"LIMPID_RESIDENT": str(SOCKET)}, capture_output=True, check=True, timeout=20)
        check("closed", done.stdout, OWN + b" state web\n")


def main():
    prepare()
    for test in (requests, answers, ways_out, nobody, too_long, closed_streams, patience, resident):
        test()
        print(f"fake_resident: {test.__name__}: ok")


main()
