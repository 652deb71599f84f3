"""Does to files of the image, and with new ones, all that leaves a trace in a writable layer. With `again`: some more."""

import mmap
import os
import shutil
import struct
import sys

OLD = 1_100_000_000

os.chdir("/t")


def put(name, text="new", mode="w"):
    with open(name, mode, encoding="utf-8") as file:
        file.write(text)


def change():
    put("new")
    os.mkdir("new-directory", 0o750)
    put("new-directory/file")
    put("new-directory/\u00e4\u00f6 x\ty")
    put(b"new-directory/not-utf8-\xff")
    os.unlink("deleted")
    os.truncate("truncated", 7)
    put("appended", "more", "a")
    put("overwritten", "other")
    put("same", "same" * 100)
    os.rename("renamed", "renamed-to")
    os.rename("moved", "moved-into/moved")
    shutil.move("renamed-directory", "renamed-directory-to")
    shutil.copytree("partly", "copied")
    os.chmod("chmod", 0o4711)
    os.chown("chown", 1234, 70000)
    os.utime("utimes", ns=(OLD * 10**9 + 123456789, OLD * 10**9 + 987654321))
    os.setxattr("xattr", "user.test", b"value\0binary")
    os.setxattr("xattr-directory", "user.test", b"1")
    # cap_net_raw+ep, as setcap writes it
    os.setxattr("setcap", "security.capability", struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0))
    os.link("linked", "hard")
    os.link("new", "new-hard")
    os.unlink("becomes-directory")
    os.mkdir("becomes-directory")
    put("becomes-directory/file")
    shutil.rmtree("becomes-file")
    put("becomes-file")
    shutil.rmtree("removed-directory")
    shutil.rmtree("opaque")
    os.mkdir("opaque")
    put("opaque/file1", "another")
    put("opaque/only-new")
    os.chmod("chmod-directory", 0o700)
    os.unlink("partly/file1")
    put("partly/file2", "changed")
    for at in range(3):
        os.unlink(f"emptied/file{at}")
    put("replacement")
    os.rename("replacement", "replaced")
    put("deep/a/b/c/d/e/f/new")
    os.makedirs("x/" * 40)
    put("x/" * 40 + "bottom")
    os.symlink("new", "new-link")
    os.unlink("link")
    os.symlink("elsewhere", "link")
    os.lchown("dangling", 55, 66)
    os.mkfifo("new-fifo", 0o640)
    os.unlink("fifo")
    os.mknod("device", 0o20600, os.makedev(1, 3))
    with open("mmap", "r+b") as file:
        with mmap.mmap(file.fileno(), 100) as memory:
            memory[0:6] = b"mapped"
            memory.flush()
    with open("fallocated", "r+b") as file:
        os.posix_fallocate(file.fileno(), 0, 100000)
    with open("sparse", "wb") as file:
        file.truncate(1 << 24)
        file.seek(1 << 23)
        file.write(b"middle")
    put("swap")
    os.rename("exchanged-a", "swap")
    os.rename("exchanged-b", "exchanged-a")
    os.rename("swap", "exchanged-b")
    os.unlink("written-and-unlinked")
    for at in range(0, 1000, 3):
        os.unlink(f"many/{at % 10}/{at}")
    for at in range(1000):
        put(f"many/{at % 10}/new{at}", str(at))
    for name in ("new", "new-directory/file", "opaque/only-new", "x"):
        os.utime(name, (OLD, OLD))


def change_again():
    put("again")
    os.unlink("new")
    put("deleted", "back again")
    shutil.rmtree("new-directory")
    os.rename("renamed-to", "renamed")


change_again() if sys.argv[1:] == ["again"] else change()
