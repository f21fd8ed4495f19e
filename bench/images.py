#!/usr/bin/env python3
"""Proves, restores and writes an image of one ext4 disk, beside partclone, whole processes in turn.
With --files, instead, finds and copies out the files of a file system, beside a mount by the kernel.

partclone.chkimg, partclone.restore to a file and partclone.ext4 -c are each followed by blksh doing
the same; the order turns from round to round. A restore counts only when both wrote the same bytes,
an image only when partclone.chkimg accepts it. Then the image is packed by pigz, read once to the
end, and one byte at 90 % of its data is read by a fresh process and by a running one.

Printed are median wall and CPU seconds, the ratios, and the verdicts; exit status 1 when a target is
missed. Needs partclone and pigz; Python 3.9, no packages.

With --files KIND a volume of that kind is made and filled (as root), or one is given: its files are
listed by find(1) and copied by cp -a through a read-only mount, mounting and unmounting included,
and by blksh without one. A copy counts only when both are the same; no target is set.

With --qcow2 the disk is made a qcow2 image by qemu-img, which is written out in order by qemu-img
convert and by blksh, and read in pieces of 4 KiB at random places over NBD, of qemu-nbd and of blksh.
Both must write the same bytes. Needs qemu-utils.

    bench/images.py DISK.img [--rounds 3] [--work DIR] [--blksh CHECKOUT]
    bench/images.py DISK.img --qcow2 [--reads 20000] [--rounds 3] [--work DIR] [--blksh CHECKOUT]
    bench/images.py --files btrfs|xfs [VOLUME.img] [--mib 400] [--rounds 3] [--work DIR] [--blksh CHECKOUT]
"""

import argparse
import hashlib
import json
import os
import random
import resource
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TARGETS = {"verify": 0.3, "restore": 0.5, "convert": 0.6}
FIRST_BYTE_MS = 50
QCOW2_TARGETS = {"in order": 0.7, "random 4 KiB": 1.0}

# How each file system is made whose files are read beside a mount, how that is mounted to be filled,
# and how to be read.
MADE = {
    "btrfs": (["mkfs.btrfs", "-q"], ",compress=zstd", ""),
    "xfs": (["mkfs.xfs", "-q"], "", ",norecovery,nouuid"),
}


class Figures:
    def __init__(self):
        self.wall, self.cpu = [], []

    def __str__(self):
        return "%5.2f / %5.2f" % (statistics.median(self.wall), statistics.median(self.cpu))


def cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(figures, command):
    subprocess.run(["sync"], check=True)
    before, used = time.time(), cpu()
    run(command)
    figures.wall.append(time.time() - before)
    figures.cpu.append(cpu() - used)


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.stderr.write(done.stdout.decode(errors="replace")[-2000:])
        raise SystemExit("images: %s ended with %d" % (" ".join(command), done.returncode))
    return done.stdout.decode(errors="replace")


def removed(path):
    if os.path.exists(path):
        os.remove(path)
    return path


def volume(kind, path, mib):
    """Makes a volume of many small files, some of half a MiB, and a few large ones."""
    make, mounting, _ = MADE[kind]
    with open(path, "wb") as file:
        file.truncate(max(512, 3 * mib) << 20)
    run(make + [path])
    folder = tempfile.mkdtemp(prefix="blksh-volume")
    run(["mount", "-o", "loop" + mounting, path, folder])
    try:
        random.seed(19)
        lines = ["line %d of something to compress\n" % number for number in range(20000)]
        for number in range(mib * 20):
            inside = os.path.join(folder, "d%d" % (number // 500), "e%d" % (number // 50 % 10))
            os.makedirs(inside, exist_ok=True)
            with open(os.path.join(inside, "file %d.txt" % number), "w") as file:
                file.write("".join(random.choices(lines, k=random.randrange(1, 200))))
        for number in range(mib):
            with open(os.path.join(folder, "large-%d" % number), "wb") as file:
                file.write(random.randbytes(1 << 19))
    finally:
        run(["umount", folder])
        os.rmdir(folder)


def files_beside_mount(options, here, blksh):
    image = options.disk or here("volume.img")
    if not options.disk and not os.path.exists(image):
        volume(options.files, image, options.mib)
    folder, theirs, ours = here("mount"), here("theirs"), here("ours")
    os.makedirs(folder, exist_ok=True)
    read = blksh + [os.path.join(HERE, "files.kts"), image]
    mounting = "loop,ro" + MADE[options.files][2]

    def mounted(*command):
        script = "mount -o \"$1\" \"$2\" \"$3\"; \"${@:4}\" > /dev/null; umount \"$3\""
        return ["bash", "-ec", script, "bash", mounting, image, folder] + list(command)

    def fresh(directory, figures, command):
        shutil.rmtree(directory, ignore_errors=True)
        run(["bash", "-c", "sync; echo 1 > /proc/sys/vm/drop_caches"])
        timed(figures, command)

    work_of = {
        "find": (
            lambda figures: timed(figures, mounted("find", folder, "-printf", "%p %s\\n")),
            lambda figures: timed(figures, read)),
        "copy out": (
            lambda figures: fresh(theirs, figures, mounted("cp", "-a", folder, theirs)),
            lambda figures: fresh(ours, figures, read + ["--to", ours])),
    }
    run(read)  # its script is compiled once
    figures = {name: (Figures(), Figures()) for name in work_of}
    for round_number in range(options.rounds):
        for name, contenders in work_of.items():
            pairs = list(zip(contenders, figures[name]))
            for contender, noted in pairs if round_number % 2 == 0 else pairs[::-1]:
                contender(noted)
        run(["diff", "-r", "--no-dereference", theirs, ours])
    print("%s, wall s / CPU s   mounted        blksh     ratio" % options.files)
    for name, (one, other) in figures.items():
        ratio = statistics.median(other.wall) / statistics.median(one.wall)
        print("%-12s  %s  %s   %5.2f" % (name, one, other, ratio))


class Nbd:
    """A client of a network block device on a socket, one read at a time."""

    def __init__(self, path, name):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        magic, option, _ = struct.unpack(">QQH", self.exactly(18))
        if (magic, option) != (0x4e42444d41474943, 0x49484156454F5054):
            raise SystemExit("images: no server of NBD at " + path)
        self.socket.sendall(struct.pack(">IQII", 3, option, 1, len(name)) + name.encode())
        self.size, _ = struct.unpack(">QH", self.exactly(10))

    def exactly(self, length):
        got = b""
        while len(got) < length:
            more = self.socket.recv(length - len(got))
            if not more:
                raise SystemExit("images: the server of NBD ended")
            got += more
        return got

    def read(self, position, length):
        self.socket.sendall(struct.pack(">IHHQQI", 0x25609513, 0, 0, 1, position, length))
        _, error, _ = struct.unpack(">IIQ", self.exactly(16))
        if error:
            raise SystemExit("images: reading at %d ended with %d" % (position, error))
        return self.exactly(length)


def random_reads(command, path, name, count):
    """Seconds that so many reads of 4 KiB take, once the server is there, and what they read."""
    removed(path)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            until = time.time() + 60
            while not os.path.exists(path) and time.time() < until:
                time.sleep(0.05)
            client = Nbd(path, name)
            places = random.Random(19)
            digest = hashlib.sha256()
            for _ in range(count // 10):
                client.read(places.randrange(client.size // 4096) * 4096, 4096)
            before = time.time()
            for _ in range(count):
                digest.update(client.read(places.randrange(client.size // 4096) * 4096, 4096))
            return time.time() - before, digest.digest()
        finally:
            server.terminate()


def qcow2_beside_qemu(options, here, blksh):
    image, theirs, ours, path = here("disk.qcow2"), here("theirs"), here("ours"), here("socket")
    run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", options.disk, image])
    run(blksh + ["vpartclone", "--help"])
    in_order = (Figures(), Figures())
    at_random = ([], [])
    for round_number in range(options.rounds):
        work = [
            lambda: timed(in_order[0], ["qemu-img", "convert", "-O", "raw", image, removed(theirs)]),
            lambda: timed(in_order[1], blksh + ["vpartclone", image, "--restore", removed(ours)]),
        ]
        for each in work if round_number % 2 == 0 else work[::-1]:
            each()
        run(["cmp", theirs, ours])
        read_theirs, seen = random_reads(
            ["qemu-nbd", "-r", "-t", "-k", path, image], path, "", options.reads)
        read_ours, same = random_reads(
            blksh + ["serve", image, "--socket", path], path, "", options.reads)
        if seen != same:
            raise SystemExit("images: qemu-nbd and blksh read different bytes")
        at_random[0].append(read_theirs)
        at_random[1].append(read_ours)
    missed = 0
    rows = {
        "in order": statistics.median(in_order[0].wall) / statistics.median(in_order[1].wall),
        "random 4 KiB": statistics.median(at_random[0]) / statistics.median(at_random[1]),
    }
    print("                 speed of blksh to that of qemu   target")
    for name, ratio in rows.items():
        missed += ratio < QCOW2_TARGETS[name]
        print("%-16s %30.2f   %6.1f %s" % (
            name, ratio, QCOW2_TARGETS[name], "" if ratio >= QCOW2_TARGETS[name] else "missed"))
    return missed


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("disk", nargs="?")
    parser.add_argument("--files", choices=sorted(MADE))
    parser.add_argument("--qcow2", action="store_true")
    parser.add_argument("--reads", type=int, default=20000)
    parser.add_argument("--mib", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work")
    parser.add_argument("--blksh", default=os.path.dirname(HERE))
    options = parser.parse_args()
    if not options.disk and not options.files:
        parser.error("name a disk")
    work = options.work or tempfile.mkdtemp(prefix="blksh-images")
    os.makedirs(work, exist_ok=True)
    here = lambda name: os.path.join(work, name)
    if options.files:
        program = os.path.join(options.blksh, "blksh")
        files_beside_mount(options, here, [program, "--home", here("home"), "run"])
        if not options.work:
            shutil.rmtree(work)
        return
    blksh = [os.path.join(options.blksh, "blksh"), "--home", here("home"), "run"]
    if options.qcow2:
        missed = qcow2_beside_qemu(options, here, blksh)
        if not options.work:
            shutil.rmtree(work)
        raise SystemExit(1 if missed else 0)
    image, theirs, ours = here("disk.pcl"), here("theirs"), here("ours")
    log = ["-L", here("log")]
    run(blksh + ["vpartclone", "--help"])
    run(["partclone.ext4", "-c", "-s", options.disk, "-o", removed(image)] + log)

    def restore_theirs(figures):
        with open(removed(theirs), "wb") as file:
            file.truncate(os.path.getsize(options.disk))
        timed(figures, ["partclone.restore", "-C", "-s", image, "-O", theirs] + log)

    def restore_ours(figures):
        removed(ours)
        timed(figures, blksh + ["vpartclone", image, "--restore", ours])

    def convert_theirs(figures):
        removed(theirs)
        timed(figures, ["partclone.ext4", "-c", "-s", options.disk, "-o", theirs] + log)

    def convert_ours(figures):
        removed(ours)
        timed(figures, blksh + ["vpartclone", options.disk, "--convert", ours])

    work_of = {
        "verify": (
            lambda figures: timed(figures, ["partclone.chkimg", "-s", image] + log),
            lambda figures: timed(figures, blksh + ["vpartclone", image, "-c"])),
        "restore": (restore_theirs, restore_ours),
        "convert": (convert_theirs, convert_ours),
    }
    figures = {name: (Figures(), Figures()) for name in work_of}
    missed = 0
    for round_number in range(options.rounds):
        for name, contenders in work_of.items():
            pairs = list(zip(contenders, figures[name]))
            for contender, noted in pairs if round_number % 2 == 0 else pairs[::-1]:
                contender(noted)
            if name == "restore":
                run(["cmp", theirs, ours])
    run(["partclone.chkimg", "-s", ours] + log)
    removed(theirs)
    removed(ours)
    print("wall s / CPU s      partclone        blksh     ratio  target")
    for name, (one, other) in figures.items():
        ratio = statistics.median(other.wall) / statistics.median(one.wall)
        missed += ratio > TARGETS[name]
        print("%-12s  %s  %s   %5.2f   %4.2f %s" % (
            name, one, other, ratio, TARGETS[name], "" if ratio <= TARGETS[name] else "missed"))

    packed = image + ".gz"
    removed(packed)
    run(["pigz", "-3", image])
    first = [json.loads(run(blksh + [os.path.join(HERE, "first_byte.kts"), packed, "--json"])
                        .splitlines()[-1]) for _ in range(options.rounds + 1)]
    print("first byte at 90 %% of %d MiB of gzip: never opened before %.0f ms; opened before: "
          "fresh process %.0f ms, running process %.0f ms" % (
              os.path.getsize(packed) >> 20, first[0]["first"],
              statistics.median(f["first"] for f in first[1:]),
              statistics.median(f["later"] for f in first[1:])))
    missed += statistics.median(f["later"] for f in first[1:]) > FIRST_BYTE_MS
    if not options.work:
        shutil.rmtree(work)
    raise SystemExit(1 if missed else 0)


main()
