"""Makes, in the image, what files_change.py changes in a container of it."""

import os

TOP = "/t"
OLD = 1_000_000_000


def put(name, text, mode=0o644):
    path = os.path.join(TOP, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


for name in ("deleted", "truncated", "appended", "overwritten", "renamed", "moved", "chmod", "chown", "utimes", "xattr", "setcap",
             "linked", "becomes-directory", "replaced", "untouched", "mmap", "same", "fallocated", "exchanged-a", "exchanged-b",
             "written-and-unlinked"):  # fmt: skip
    put(name, name * 100)
for name in ("removed-directory", "opaque", "renamed-directory", "becomes-file", "chmod-directory", "deep/a/b/c/d/e/f", "moved-into",
             "partly", "xattr-directory", "emptied"):  # fmt: skip
    for at in range(3):
        put(f"{name}/file{at}", f"{name} {at}")
os.link(f"{TOP}/linked", f"{TOP}/linked-in-image")
os.symlink("untouched", f"{TOP}/link")
os.symlink("nowhere", f"{TOP}/dangling")
os.mkfifo(f"{TOP}/fifo")
for at in range(1000):
    put(f"many/{at % 10}/{at}", str(at))
for directory, directories, names in os.walk(TOP):
    for name in [*directories, *names]:
        os.utime(os.path.join(directory, name), (OLD, OLD), follow_symlinks=False)
os.utime(TOP, (OLD, OLD))
