"""
Writes one file after the other into each of the folders, and tells its number once it is flushed. Begins where what is there, and
whole, ends.
"""

import os
import sys

folders = sys.argv[1:]


def text(number):
    return f"{number}\n" * (number % 7 * 1000 + 1)


def is_whole(path, number):
    try:
        with open(path, encoding="ascii") as file:
            return file.read() == text(number)
    except FileNotFoundError:
        return False


def flush(path):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


for folder in folders:
    os.makedirs(folder, exist_ok=True)
    flush(os.path.dirname(folder))
number = 0
while all(is_whole(f"{folder}/{number}", number) for folder in folders):
    number += 1
print("begin", number, flush=True)
while True:
    for folder in folders:
        with open(f"{folder}/new", "w", encoding="ascii") as file:
            file.write(text(number))
            file.flush()
            os.fsync(file.fileno())
        os.rename(f"{folder}/new", f"{folder}/{number}")
        flush(folder)
    print(number, flush=True)
    number += 1
