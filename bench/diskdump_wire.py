#!/usr/bin/python3
"""The work of a client and a server as diskdump's over ssh, as plain Python: what blksh replaces.

The client reads a drive by blocks of 128 KiB, tells the SHA-256 of 80 of them, waits for which of
them are needed, sends those by zlib at level 1, and goes on. The server keeps what comes as
diskdump_loop.py does. Frames, as diskdump has them: length of type and payload, type, payload.

  diskdump_wire.py dump HOST PATH NAME     in the base directory; the client is brought to HOST first
"""

import hashlib
import json
import os
import sqlite3
import struct
import subprocess
import sys
import zlib

BLOCK = 131072
BATCH = 80
INIT, BATCH_HASHES, BLOCK_DATA, DONE, BATCH_NEEDED, RESULT = 1, 2, 3, 4, 0x10, 0x11
CLIENT = "/tmp/blksh-bench-diskdump-%d.py"


def send(out, kind, payload):
    out.write(struct.pack("!IB", len(payload) + 1, kind) + payload)


def receive(source):
    head = source.read(5)
    if len(head) < 5:
        raise SystemExit("the other side has gone")
    size, kind = struct.unpack("!IB", head)
    return kind, source.read(size - 1)


def client(path):
    out, source = sys.stdout.buffer, sys.stdin.buffer
    with open(path, "rb", buffering=0) as disk:
        size = disk.seek(0, os.SEEK_END)
        disk.seek(0)
        head = {"block_size": BLOCK, "total_size": size}
        send(out, INIT, json.dumps(head).encode())
        index = 0
        while True:
            blocks = []
            while len(blocks) < BATCH:
                block = disk.read(BLOCK)
                if not block:
                    break
                blocks.append(block)
            if not blocks:
                break
            digests = b"".join(hashlib.sha256(block).digest() for block in blocks)
            send(out, BATCH_HASHES, struct.pack("!II", index, len(blocks)) + digests)
            out.flush()
            kind, payload = receive(source)
            assert kind == BATCH_NEEDED
            for offset in struct.unpack("!%dI" % (len(payload) // 4 - 1), payload[4:]):
                packed = zlib.compress(blocks[offset], 1)
                send(out, BLOCK_DATA, struct.pack("!II", index + offset, len(packed)) + packed)
            index += len(blocks)
        send(out, DONE, b"")
        out.flush()
        receive(source)


def server(host, path, name):
    import lz4.frame

    from diskdump_loop import STORE, block_path, write_file

    there = CLIENT % os.getpid()
    with open(os.path.abspath(__file__), "rb") as own:
        subprocess.run(["ssh", host, "cat > " + there], stdin=own, check=True)
    os.makedirs(STORE, exist_ok=True)
    index = sqlite3.connect(os.path.join(STORE, "blocks.db"))
    index.execute("PRAGMA journal_mode=WAL")
    index.execute("CREATE TABLE IF NOT EXISTS blocks (hash TEXT PRIMARY KEY, compressed_size INTEGER NOT NULL)")
    known = {row[0] for row in index.execute("SELECT hash FROM blocks")}
    command = "python3 %s client '%s'; rm %s" % (there, path, there)
    process = subprocess.Popen(["ssh", host, command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    digests = []
    while True:
        kind, payload = receive(process.stdout)
        if kind == INIT:
            head = json.loads(payload)
        elif kind == BATCH_HASHES:
            first, count = struct.unpack("!II", payload[:8])
            batch = [payload[8 + 32 * i:40 + 32 * i].hex() for i in range(count)]
            needed = []
            for offset, digest in enumerate(batch):
                if digest not in known and digest not in batch[:offset]:
                    needed.append(offset)
            digests += batch
            send(process.stdin, BATCH_NEEDED, struct.pack("!%dI" % (len(needed) + 1), len(needed), *needed))
            process.stdin.flush()
        elif kind == BLOCK_DATA:
            number, _ = struct.unpack("!II", payload[:8])
            frame = lz4.frame.compress(zlib.decompress(payload[8:]))
            write_file(block_path(digests[number]), frame)
            known.add(digests[number])
            index.execute("INSERT OR IGNORE INTO blocks VALUES (?, ?)", (digests[number], len(frame)))
            index.commit()
        elif kind == DONE:
            send(process.stdin, RESULT, json.dumps({"blocks": len(digests)}).encode())
            process.stdin.close()
            break
    folder = os.path.join(STORE, "manifests", name)
    number = len(os.listdir(folder)) if os.path.isdir(folder) else 0
    lines = [
        "# diskdump manifest v1", "# source: %s:%s" % (host, path), "# date: 2026-01-01T00:00:00+00:00",
        "# block_size: %d" % BLOCK, "# total_blocks: %d" % len(digests), "# total_size: %d" % head["total_size"],
    ]
    write_file(os.path.join(folder, "%d.manifest" % number), ("\n".join(lines + digests) + "\n").encode())
    process.wait()


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "client":
        client(sys.argv[2])
    elif len(sys.argv) == 5 and sys.argv[1] == "dump":
        server(*sys.argv[2:])
    else:
        raise SystemExit(__doc__)
