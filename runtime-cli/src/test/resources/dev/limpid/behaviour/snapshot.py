"""snapshot.py PATH... [except PATH...]: prints all that the host knows of what is at and below the paths, on which nothing may change."""

import hashlib
import os
import stat
import sys


def content(path, status):
    if stat.S_ISLNK(status.st_mode):
        return os.readlink(path)
    if stat.S_ISREG(status.st_mode):
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    return "-"


def show(path, left_out):
    if path in left_out:
        return
    status = os.lstat(path)
    attributes = {name: os.getxattr(path, name, follow_symlinks=False) for name in sorted(os.listxattr(path, follow_symlinks=False))}
    print(path, f"{status.st_mode:o}", f"{status.st_uid}:{status.st_gid}", "links", status.st_nlink, "size", status.st_size,
          "device", status.st_rdev, "inode", status.st_ino, "mtime", status.st_mtime_ns, "content", content(path, status), attributes,
          "ctime", status.st_ctime_ns)
    if stat.S_ISDIR(status.st_mode):
        for name in sorted(os.listdir(path)):
            show(os.path.join(path, name), left_out)


arguments = [*sys.argv[1:], "except"]
end = arguments.index("except")
for top in arguments[:end]:
    show(top, set(arguments[end + 1 : -1]))
