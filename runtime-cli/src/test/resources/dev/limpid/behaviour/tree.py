"""tree.py DIRECTORY...: prints all that lstat(2), listxattr(2) and the contents tell of everything below."""
import hashlib
import os
import stat
import sys

first = {}


def content(path, kind):
    if kind == stat.S_IFLNK:
        return hashlib.sha1(os.readlink(path)).hexdigest()
    if kind != stat.S_IFREG:
        return '-'
    digest = hashlib.sha1()
    with open(path, 'rb') as file:
        for block in iter(lambda: file.read(1 << 20), b''):
            digest.update(block)
    return digest.hexdigest()


def show(path):
    status = os.lstat(path)
    kind = stat.S_IFMT(status.st_mode)
    attributes = []
    for name in sorted(os.listxattr(path, follow_symlinks=False)):
        value = os.getxattr(path, name, follow_symlinks=False)
        attributes.append('%s=%s' % (name, hashlib.sha1(value).hexdigest()))
    print(repr(path), 'mode %o' % status.st_mode, 'owner', status.st_uid, status.st_gid,
          'size', '-' if kind == stat.S_IFDIR else status.st_size,
          'mtime', status.st_mtime_ns, 'links', status.st_nlink,
          'device', os.major(status.st_rdev), os.minor(status.st_rdev),
          'linked to', repr(first.setdefault(status.st_ino, path)) if kind != stat.S_IFDIR else '-',
          'xattrs', ' '.join(attributes), 'content', content(path, kind))
    if kind == stat.S_IFDIR:
        for name in sorted(os.listdir(path)):
            show(os.path.join(path, name))


for directory in sys.argv[1:]:
    show(os.fsencode(directory))
