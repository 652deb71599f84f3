"""odd_layer.py DIRECTORY: fills a layer with what file systems have trouble with.
odd_layer.py --change DIRECTORY: changes what an overlay shows of it, so that its upper directory becomes an odd layer."""
import os
import shutil
import socket
import struct
import sys


def write(name, content=b'x'):
    with open(name, 'wb') as file:
        file.write(content)


def acl(*entries):
    return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in entries)


def fill():
    os.chmod('.', 0o751)
    os.mknod('null', 0o020666, os.makedev(1, 3))
    os.mknod('large-numbers', 0o060600, os.makedev(259, 1048575))
    os.mknod('large-major', 0o020600, os.makedev(4095, 255))
    os.mkfifo('fifo')
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind('socket')
    for size in (0, 1, 4095, 4096, 4097, 1000000):
        write('size-%d' % size, os.urandom(size))
    write('capability')
    os.setxattr('capability', 'security.capability', struct.pack('<IIIII', 0x02000001, 0x400, 0, 0, 0))
    write('capability-of-a-namespace')
    os.setxattr('capability-of-a-namespace', 'security.capability',
                struct.pack('<IIIIII', 0x03000001, 0x400, 0, 0, 0, 100000))
    write('attributes')
    os.setxattr('attributes', 'user.empty', b'')
    os.setxattr('attributes', 'user.' + 'n' * 200, b'v' * 1000)
    os.setxattr('attributes', 'trusted.some', b'\0\1\2')
    for index in range(40):
        os.setxattr('attributes', 'user.k%d' % index, b'v' * index)
    entries = [(1, 6, 0xffffffff), (2, 6, 1234), (2, 4, 70000), (4, 4, 0xffffffff), (0x10, 6, 0xffffffff), (0x20, 4, 0xffffffff)]
    write('acl')
    os.setxattr('acl', 'system.posix_acl_access', acl(*entries))
    os.mkdir('acl-of-a-directory')
    os.setxattr('acl-of-a-directory', 'system.posix_acl_default', acl(*entries))
    write('linked', b'linked')
    os.link('linked', 'linked-again')
    os.mkdir('sub')
    os.link('linked', 'sub/linked-below')
    os.mknod('linked-device', 0o020600, os.makedev(1, 5))
    os.link('linked-device', 'linked-device-again')
    os.symlink('target', 'symlink')
    os.link('symlink', 'symlink-again', follow_symlinks=False)
    for size in (1, 59, 60, 4031, 4032, 4064, 4095):
        os.symlink('s' * size, 'symlink-%d' % size)
    for name in (b'\xff\xfe not UTF-8', b'n' * 254, b'line\nfeed', b'back\\slash', b'comma,colon:', b' blank ', b'-dash'):
        write(name, name)
    for owner in (65535, 65536, 70000, 0xfffffffe):
        write('owner-%d' % owner)
        os.chown('owner-%d' % owner, owner, 0xfffffffe - owner + 1)
    write('setuid')
    os.chmod('setuid', 0o6755)
    write('no-mode')
    os.chmod('no-mode', 0)
    os.mkdir('sticky')
    os.chmod('sticky', 0o1777)
    os.mkdir('setgid')
    os.chmod('setgid', 0o2775)
    for time in (0, 1, 1700000000123456789, -1500000000, -86400 * 3650 * 10**9 + 7, 5000000000 * 10**9 + 123):
        write('time%d' % time)
        os.utime('time%d' % time, ns=(time, time))
    with open('sparse', 'wb') as file:
        file.seek(80 << 20)
        file.write(b'end')
    with open('sparse-end', 'wb') as file:
        file.write(b'begin')
        file.truncate(20 << 20)
    os.mkdir('many')
    for index in range(2000):
        write('many/%d' % index, b'%d' % index)
    for name in ('empty', 'removed-directory', 'replaced', 'renamed', 'renamed/below', 'renamed/below/further'):
        os.mkdir(name)
    for name in ('removed', 'removed-directory/file', 'replaced/old', 'renamed/below/file', 'of-another-mode', 'written'):
        write(name, os.urandom(10000))
    os.utime('sub', ns=(5, 1600000000987654321))
    os.utime('symlink', ns=(1, 1500000000111222333), follow_symlinks=False)
    os.utime('.', ns=(5, 1600000000987654321))


def change():
    os.unlink('removed')
    shutil.rmtree('removed-directory')
    shutil.rmtree('replaced')
    os.mkdir('replaced')
    write('replaced/new')
    os.rename('renamed', 'under-another-name')
    os.rename('under-another-name/below', 'moved')
    os.chmod('of-another-mode', 0o4711)
    os.chown('linked', 70001, 70002)
    with open('written', 'r+b') as file:
        file.write(b'changed')


changes = sys.argv[1] == '--change'
os.chdir(sys.argv[2] if changes else sys.argv[1])
os.umask(0)
change() if changes else fill()
