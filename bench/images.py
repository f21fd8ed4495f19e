#!/usr/bin/env python3
"""Proves, restores and writes an image of one ext4 disk, beside partclone, whole processes in turn.

partclone.chkimg, partclone.restore to a file and partclone.ext4 -c are each followed by blksh doing
the same; the order turns from round to round. A restore counts only when both wrote the same bytes,
an image only when partclone.chkimg accepts it. Then the image is packed by pigz, read once to the
end, and one byte at 90 % of its data is read by a fresh process and by a running one.

With --files another image, of a file system that this kernel mounts (XFS), is read without mounting it:
every file found, and all of it copied out, beside find and cp -a in a mount of it by the kernel, which
has to be mounted first and taken off again. A copy counts only when diff finds it the same. As root.

Printed are median wall and CPU seconds, the ratios, and the verdicts; exit status 1 when a target is
missed. Needs partclone and pigz; Python 3.9, no packages.

    bench/images.py DISK.img [--files XFS.img] [--rounds 3] [--work DIR] [--blksh CHECKOUT]
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TARGETS = {"verify": 0.3, "restore": 0.5, "convert": 0.6}
FIRST_BYTE_MS = 50


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


def compare_files(options, blksh, here):
    """Finds and copies out what an image holds, beside the kernel's mount of it."""
    mount, theirs, ours = here("mount"), here("copied-theirs"), here("copied-ours")
    os.makedirs(mount, exist_ok=True)
    read = blksh + [os.path.join(HERE, "files.kts"), options.files]

    def by_kernel(*command):
        # caches go with the mount
        script = 'mount -o loop,ro,norecovery,nouuid "$1" "$2"; shift; "${@:2}" > /dev/null; s=$?; umount "$1"; exit $s'
        return ["bash", "-c", script, "bash", options.files, mount] + list(command)

    def copied(figures, target, command):
        shutil.rmtree(target, ignore_errors=True)
        timed(figures, command)

    work_of = {
        "find": (
            lambda figures: timed(figures, by_kernel("find", mount, "-printf", "%p %s\\n")),
            lambda figures: timed(figures, read)),
        "copy out": (
            lambda figures: copied(figures, theirs, by_kernel("cp", "-a", mount, theirs)),
            lambda figures: copied(figures, ours, read + ["--to", ours])),
    }
    figures = {name: (Figures(), Figures()) for name in work_of}
    run(read)
    for round_number in range(options.rounds):
        for name, contenders in work_of.items():
            pairs = list(zip(contenders, figures[name]))
            for contender, noted in pairs if round_number % 2 == 0 else pairs[::-1]:
                contender(noted)
    run(["diff", "-r", "--no-dereference", theirs, ours])
    print("wall s / CPU s      the kernel       blksh     ratio")
    for name, (one, other) in figures.items():
        print("%-12s  %s  %s   %5.2f" % (
            name, one, other, statistics.median(other.wall) / statistics.median(one.wall)))
    shutil.rmtree(theirs)
    shutil.rmtree(ours)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("disk")
    parser.add_argument("--files")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work")
    parser.add_argument("--blksh", default=os.path.dirname(HERE))
    options = parser.parse_args()
    work = options.work or tempfile.mkdtemp(prefix="blksh-images")
    os.makedirs(work, exist_ok=True)
    here = lambda name: os.path.join(work, name)
    blksh = [os.path.join(options.blksh, "blksh"), "--home", here("home"), "run"]
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
            lambda figures: timed(figures, blksh + ["vpartclone", image, "-v"])),
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
    if options.files:
        compare_files(options, blksh, here)
    if not options.work:
        shutil.rmtree(work)
    raise SystemExit(1 if missed else 0)


main()
