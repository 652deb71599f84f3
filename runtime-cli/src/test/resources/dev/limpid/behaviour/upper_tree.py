"""All that can be seen of a directory tree, a line a name, but for what no two runs have in common: upper_tree.py <directory>"""

import hashlib
import os
import stat
import sys

# Marks of the overlay's own by which it finds a lower file again: numbers of a file system.
PASSING = {"trusted.overlay.origin", "trusted.overlay.impure", "trusted.overlay.uuid", "trusted.overlay.nlink"}
SET_BY_HAND = 1_000_000_000


def contents(path, status):
    if stat.S_ISREG(status.st_mode):
        with open(path, "rb") as file:
            return f"{status.st_size} {hashlib.sha256(file.read()).hexdigest()} sparse:{status.st_blocks * 512 < status.st_size}"
    if stat.S_ISLNK(status.st_mode):
        return repr(os.readlink(path))
    return f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"


def is_whiteout(status):
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def line(path, shown, links):
    status = os.lstat(path)
    if is_whiteout(status):
        return f"{shown} whiteout"
    names = [name for name in sorted(os.listxattr(path, follow_symlinks=False)) if name not in PASSING]
    attributes = {name: os.getxattr(path, name, follow_symlinks=False) for name in names}
    time = status.st_mtime_ns if status.st_mtime_ns // 10**9 <= SET_BY_HAND else "now"
    linked = ""
    if not stat.S_ISDIR(status.st_mode):
        linked = f" links:{status.st_nlink} first:{links.setdefault(status.st_ino, shown)}"
    return f"{shown} {status.st_mode:o} {status.st_uid}:{status.st_gid} {time}{linked} {contents(path, status)} {attributes}"


def main(top):
    links = {}
    for directory, directories, files in os.walk(top):
        directories.sort()
        for name in sorted(["."] * (directory == top) + directories + files):
            path = os.path.join(directory, name)
            print(line(path, os.path.relpath(path, top), links))


main(sys.argv[1])
