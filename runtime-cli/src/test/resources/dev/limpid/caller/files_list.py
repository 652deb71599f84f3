"""
Lists a folder, or the tar file on standard input (`-`), a line a file: all that is to be the same wherever it is looked at. Times
of today are not told.
"""

import hashlib
import os
import stat
import sys
import tarfile
import time

TODAY = time.time() - 86400


def line(name, kind, mode, owner, group, size, changed, link, content, attributes):
    when = "today" if changed > TODAY else f"{changed:.0f}"
    digest = hashlib.sha1(content).hexdigest()[:12] if content is not None else ""
    known = sorted(f"{key}={value.hex()}" for key, value in attributes.items() if not key.startswith("trusted."))
    return f"{name!r} {kind} {mode:o} {owner}:{group} {size} {when} {link!r} {digest} {','.join(known)}"


def of_folder(top):
    for directory, directories, names in os.walk(os.fsencode(top)):
        for name in sorted([*directories, *names]):
            path = os.path.join(directory, name)
            status = os.lstat(path)
            regular = stat.S_ISREG(status.st_mode)
            content = None
            if regular:
                with open(path, "rb") as file:
                    content = file.read()
            link = os.readlink(path) if stat.S_ISLNK(status.st_mode) else b""
            attributes = {} if stat.S_ISLNK(status.st_mode) else {
                key: os.getxattr(path, key) for key in os.listxattr(path)}
            kind = stat.filemode(status.st_mode)[0]
            links = status.st_nlink if regular else ""
            yield line(path, f"{kind}{links}", stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid,
                       status.st_size if regular else 0, status.st_mtime, link, content, attributes)  # fmt: skip


def of_tar(source):
    with tarfile.open(fileobj=source, mode="r|", encoding="utf-8", errors="surrogateescape") as tar:
        for member in tar:
            if member.name.removeprefix("./").startswith(("proc", "sys", "dev")):
                continue
            content = tar.extractfile(member).read() if member.isreg() else None
            attributes = {key.removeprefix("SCHILY.xattr."): value.encode("utf-8", "surrogateescape")
                          for key, value in member.pax_headers.items() if key.startswith("SCHILY.xattr.")}
            yield line(os.fsencode(member.name), member.type.decode(), member.mode, member.uid, member.gid, member.size,
                       member.mtime, member.linkname, content, attributes)  # fmt: skip


top = sys.argv[1]
print("\n".join(sorted(of_tar(sys.stdin.buffer) if top == "-" else of_folder(top))))
