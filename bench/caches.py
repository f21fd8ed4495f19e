#!/usr/bin/env python3
"""Reads one device through a cache of blksh and through nbdkit's cache filter, side by side.

blksh serves it with scripts/blkcache.kts, nbdkit with --filter=cache (which also keeps what was
read) under nbdfuse. Each round takes each contender in turn, with a cache that is new: 4 KiB at
random places, a quarter of the device, by fio; then all of it in order by dd; then, everything
being kept, both once more. Then anew: all of it in order at once. All with O_DIRECT, so that the
page cache of the kernel answers nothing. Printed are medians, and the ratio of blksh to nbdkit.
Needs root for a loop device, fio, nbdkit, libnbd-bin and FUSE; Python 3.9, no packages.

    bench/caches.py [--size 256] [--rounds 3] [--work DIR]
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BLKSH = os.path.join(os.path.dirname(HERE), "blksh")
FIGURES = ["random 4K, cold, reads/s", "in order after that, MB/s", "in order, kept, MB/s",
           "random 4K, kept, reads/s", "in order, cold, MB/s"]


def until(condition, process, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        if condition():
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise SystemExit("caches: nothing was served")


def in_order(path, size):
    before = time.time()
    subprocess.run(["dd", "if=" + path, "of=/dev/null", "bs=1M", "iflag=direct"], check=True,
                   stderr=subprocess.DEVNULL)
    return size / 1e6 / (time.time() - before)


def at_random(path, count, seed):
    out = subprocess.run(
        ["fio", "--name=r", "--filename=" + path, "--rw=randread", "--bs=4k", "--direct=1",
         "--ioengine=psync", "--readonly", "--number_ios=%d" % count, "--randseed=%d" % seed,
         "--allrandrepeat=1", "--output-format=json"],
        check=True, capture_output=True, text=True).stdout
    return json.loads(out[out.index("{"):])["jobs"][0]["read"]["iops"]


class Blksh:
    name = "blksh"

    def start(self, device, work):
        self.file = os.path.join(work, "disc.img")
        self.process = subprocess.Popen(
            [BLKSH, "run", "blkcache", device, self.file, "--no-keep-cache", "-b", "64KiB",
             "--quiet", "--home", work],
            stdout=subprocess.DEVNULL)
        until(lambda: os.path.exists(self.file), self.process)
        return self.file

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Nbdkit:
    name = "nbdkit"

    def start(self, device, work):
        self.point = os.path.join(work, "point")
        os.makedirs(self.point, exist_ok=True)
        file = os.path.join(self.point, "nbd")
        self.process = subprocess.Popen(
            ["nbdfuse", "--readonly", file, "[", "nbdkit", "--exit-with-parent", "--filter=cache",
             "file", device, "cache-on-read=true", "]"],
            env=dict(os.environ, TMPDIR=work))
        until(lambda: os.path.exists(file), self.process)
        return file

    def stop(self):
        subprocess.run(["fusermount3", "-u", self.point], check=True)
        self.process.wait(30)


def measure(contender, device, options, size):
    figures = {}

    def note(figure, value):
        figures[FIGURES[figure]] = value

    path = contender.start(device, options.work)
    try:
        note(0, at_random(path, size // 4096 // 4, 7))
        note(1, in_order(path, size))
        note(2, in_order(path, size))
        note(3, at_random(path, size // 4096 // 4, 8))
    finally:
        contender.stop()
    path = contender.start(device, options.work)
    try:
        note(4, in_order(path, size))
    finally:
        contender.stop()
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=256, help="MiB of the device")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", help="where device and caches lie; keep it in memory")
    options = parser.parse_args()
    made = options.work is None
    options.work = options.work or tempfile.mkdtemp(prefix="caches")
    os.makedirs(options.work, exist_ok=True)
    size = options.size << 20
    image = os.path.join(options.work, "device.img")
    with open(image, "wb") as out:
        for _ in range(options.size):
            out.write(os.urandom(1 << 20))
    device = subprocess.run(["losetup", "-f", "--show", "-r", image], check=True,
                            capture_output=True, text=True).stdout.strip()
    contenders = [Blksh(), Nbdkit()]
    all_figures = {contender.name: [] for contender in contenders}
    try:
        subprocess.run([BLKSH, "--version"], check=True, stdout=subprocess.DEVNULL)
        with open(device, "rb") as warm:
            while warm.read(1 << 20):
                pass
        for number in range(options.rounds):
            for contender in contenders if number % 2 == 0 else contenders[::-1]:
                all_figures[contender.name].append(measure(contender, device, options, size))
    finally:
        subprocess.run(["losetup", "-d", device], check=True)
        if made:
            shutil.rmtree(options.work)
        else:
            os.remove(image)
    print("%-28s %10s %10s %7s" % ("", "blksh", "nbdkit", "ratio"))
    for figure in FIGURES:
        ours, theirs = (statistics.median(f[figure] for f in all_figures[c.name])
                        for c in contenders)
        print("%-28s %10.0f %10.0f %7.2f" % (figure, ours, theirs, ours / theirs))


if __name__ == "__main__":
    main()
