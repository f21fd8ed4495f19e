#!/usr/bin/python3
"""The work of a diskdump-like block store, as plain Python: what blksh replaces.

Each 128 KiB block is known by its SHA-256 and kept as one LZ4 frame in a file of its own
(.blockstore/ab/cd/DIGEST.lz4), listed in SQLite; a manifest names the blocks in order, zero
blocks included. Writes go to a temporary file first and are then renamed, without fsync.

  diskdump_loop.py import IMAGE NAME | restore NAME NUMBER FILE | verify     (in the base directory)
"""

import hashlib
import os
import sqlite3
import sys

import lz4.frame

BLOCK = 131072
STORE = ".blockstore"


def block_path(digest):
    return os.path.join(STORE, digest[:2], digest[2:4], digest + ".lz4")


def write_file(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "wb") as file:
        file.write(content)
    os.rename(temporary, path)


def import_image(image, name):
    os.makedirs(STORE, exist_ok=True)
    index = sqlite3.connect(os.path.join(STORE, "blocks.db"))
    index.execute("PRAGMA journal_mode=WAL")
    index.execute(
        "CREATE TABLE IF NOT EXISTS blocks"
        " (hash TEXT PRIMARY KEY, compressed_size INTEGER NOT NULL)"
    )
    known = {row[0] for row in index.execute("SELECT hash FROM blocks")}
    digests, fresh = [], []
    with open(image, "rb", buffering=0) as source:
        while block := source.read(BLOCK):
            digest = hashlib.sha256(block).hexdigest()
            digests.append(digest)
            if digest not in known:
                frame = lz4.frame.compress(block)
                write_file(block_path(digest), frame)
                known.add(digest)
                fresh.append((digest, len(frame)))
    index.executemany("INSERT OR IGNORE INTO blocks VALUES (?, ?)", fresh)
    index.commit()
    index.close()
    folder = os.path.join(STORE, "manifests", name)
    number = len(os.listdir(folder)) if os.path.isdir(folder) else 0
    head = [
        "# diskdump manifest v1",
        f"# source: {name}",
        "# date: 2026-01-01T00:00:00+00:00",
        f"# block_size: {BLOCK}",
        f"# total_blocks: {len(digests)}",
        f"# total_size: {os.path.getsize(image)}",
    ]
    write_file(
        os.path.join(folder, f"{number}.manifest"), ("\n".join(head + digests) + "\n").encode()
    )


def read_block(digest):
    with open(block_path(digest), "rb") as file:
        return lz4.frame.decompress(file.read())


def restore(name, number, target):
    with open(os.path.join(STORE, "manifests", name, f"{number}.manifest")) as manifest:
        digests = [line.strip() for line in manifest if line.strip() and line[0] != "#"]
    with open(target, "wb") as out:
        for digest in digests:
            out.write(read_block(digest))


def verify():
    damaged = 0
    index = sqlite3.connect(os.path.join(STORE, "blocks.db"))
    for (digest,) in index.execute("SELECT hash FROM blocks ORDER BY hash"):
        if hashlib.sha256(read_block(digest)).hexdigest() != digest:
            print("damaged:", digest)
            damaged += 1
    return 1 if damaged else 0


if __name__ == "__main__":
    if sys.argv[1] == "import":
        import_image(sys.argv[2], sys.argv[3])
    elif sys.argv[1] == "restore":
        restore(sys.argv[2], int(sys.argv[3]), sys.argv[4])
    else:
        sys.exit(verify())
