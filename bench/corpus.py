#!/usr/bin/env python3
"""Chooses and edits the files of the benchmark corpus; see corpus.sh."""

import os
import random
import stat
import sys

SEED = 20260101
MIB = 1 << 20


def walk(root):
    """Every directory, regular file and symbolic link under root, in path order."""
    found = []
    for folder, folders, files in os.walk(root):
        folders.sort()
        found.append(folder)
        found.extend(os.path.join(folder, name) for name in files)
        found.extend(
            os.path.join(folder, name)
            for name in folders
            if os.path.islink(os.path.join(folder, name))
        )
    return sorted(found)


def choose(arguments):
    """Prints, NUL separated, paths relative to / within the budgets ROOT=MIB and --total=MIB."""
    budgets, total = [], None
    for argument in arguments:
        name, _, size = argument.partition("=")
        if name == "--total":
            total = int(size) * MIB
        else:
            budgets.append((name, int(size) * MIB))
    seen, inodes = set(), set()
    for root, budget in budgets:
        for path in walk(root):
            if path in seen:
                continue
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode) and status.st_ino not in inodes:
                size = max(4096, -(-status.st_size // 4096) * 4096)
                # One huge file would make the corpus unlike a system disk.
                if size > budget or size > total or size > 64 * MIB or not os.access(path, os.R_OK):
                    continue
                budget -= size
                total -= size
                inodes.add(status.st_ino)
            seen.add(path)
            sys.stdout.write(path[1:] + "\0")


def edit(root):
    """Edits 3 % of the files, deletes 1 % and adds as many new ones as 1 %."""
    chance = random.Random(SEED)
    files = [
        path
        for path in walk(root)
        if not os.path.islink(path) and os.path.isfile(path) and os.path.getsize(path) > 0
    ]
    words = [f"word{n:x}" for n in range(4000)]
    text = lambda count: (" ".join(chance.choice(words) for _ in range(count)) + "\n").encode()
    edited = chance.sample(files, len(files) * 3 // 100)
    for path in edited:
        size = os.path.getsize(path)
        kind = chance.random()
        if kind < 0.4:  # a few bytes changed in place, as a database or a configuration is
            with open(path, "r+b") as file:
                file.seek(chance.randrange(size))
                file.write(text(6)[:40])
        elif kind < 0.7:  # appended to, as a log is
            with open(path, "ab") as file:
                file.write(text(200))
        else:  # rewritten with a line put in, as an editor does
            with open(path, "rb") as file:
                content = file.read()
            at = chance.randrange(size)
            with open(path + ".new", "wb") as file:
                file.write(content[:at] + text(8) + content[at:])
            os.replace(path + ".new", path)
    left = sorted(set(files) - set(edited))
    gone = chance.sample(left, len(files) // 100)
    for path in gone:
        os.remove(path)
    new = os.path.join(root, "new")
    os.mkdir(new)
    count = len(files) // 100
    for n in range(count):
        with open(os.path.join(new, f"file{n:04d}"), "wb") as file:
            if n % 10 == 0:
                file.write(chance.randbytes(chance.randrange(1, 128) * 1024))
            else:
                file.write(b"".join(text(12) for _ in range(chance.randrange(1, 400))))
    print(f"corpus: of {len(files)} files {len(edited)} edited, {len(gone)} deleted, {count} new")


def most(root):
    """Prints, NUL separated and relative to root, everything but each hundredth file."""
    number = 0
    for path in walk(root):
        if os.path.isfile(path) and not os.path.islink(path):
            number += 1
            if number % 100 == 0:
                continue
        if path != root:
            sys.stdout.write(os.path.relpath(path, root) + "\0")


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="surrogateescape")
    if sys.argv[1] == "choose":
        choose(sys.argv[2:])
    elif sys.argv[1] == "edit":
        edit(sys.argv[2])
    else:
        most(sys.argv[2])
