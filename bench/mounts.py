#!/usr/bin/env python3
"""Reads one disk through mounts of blksh and through the floor, side by side.

The floor is a bare jnr-fuse pass-through of the same bytes as a raw file (blksh.bench.FuseFloor).
Each round mounts each contender afresh, in turn, and reads it: a warm-up; all of it in order, by
dd with O_DIRECT and without; 4 KiB at random places with O_DIRECT, by fio, with one client and with
four. NBD is read by nbdcopy, beside nbdkit's file plugin. Printed are medians, and their ratio to
the floor of the same caching. Needs fio, libnbd-bin and nbdkit, and FUSE; Python 3.9, no packages.

    mvn -Pbench -pl engine,bench -am -DskipTests package
    bench/mounts.py DISK.img [--image DISK.pcl] [--rounds 3] [--seconds 5] [--work DIR]
"""

import argparse
import glob
import json
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
JAR = os.path.join(HERE, "target", "bench.jar")
JAVA = ["-Xmx160m", "-XX:+UseSerialGC"]


def java():
    home = os.environ.get("JAVA_HOME")
    return os.path.join(home, "bin", "java") if home else "java"


def classpath():
    jars = glob.glob(os.path.join(HERE, "target", "lib", "*.jar"))
    return ":".join([JAR] + jars)


def until(condition, seconds=120):
    end = time.time() + seconds
    while time.time() < end:
        if condition():
            return
        time.sleep(0.05)
    raise SystemExit("mounts: nothing was served in %d s" % seconds)


def timed(command):
    before = time.time()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.time() - before


def fio(path, jobs, seconds):
    out = subprocess.run(
        ["fio", "--name=r", "--filename=" + path, "--rw=randread", "--bs=4k", "--direct=1",
         "--ioengine=psync", "--readonly", "--time_based", "--runtime=%d" % seconds,
         "--numjobs=%d" % jobs, "--group_reporting", "--output-format=json"],
        check=True, capture_output=True, text=True).stdout
    return json.loads(out[out.index("{"):])["jobs"][0]["read"]["iops"]


def peak(pid):
    with open("/proc/%d/status" % pid) as status:
        for line in status:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0


class Contender:
    def __init__(self, name, floor, arguments):
        self.name, self.floor, self.arguments = name, floor, arguments
        self.figures = {}

    def note(self, figure, value):
        self.figures.setdefault(figure, []).append(value)


def run_fuse(contender, options, size):
    point = os.path.join(options.work, "point")
    os.makedirs(point, exist_ok=True)
    command = [java(), *JAVA, "-cp", classpath()]
    command += [word.replace("POINT", point) for word in contender.arguments]
    process = subprocess.Popen(command)
    try:
        until(lambda: os.path.ismount(point) and os.listdir(point))
        file = os.path.join(point, os.listdir(point)[0])
        seconds = options.seconds
        fio(file, 1, 2)
        timed(["dd", "if=" + file, "of=/dev/null", "bs=1M", "iflag=direct"])
        contender.note("direct MB/s", size / 1e6 / timed(
            ["dd", "if=" + file, "of=/dev/null", "bs=1M", "iflag=direct"]))
        drop(file)
        contender.note("buffered MB/s", size / 1e6 / timed(
            ["dd", "if=" + file, "of=/dev/null", "bs=1M"]))
        contender.note("4K x1 IOPS", fio(file, 1, seconds))
        contender.note("4K x4 IOPS", fio(file, 4, seconds))
        contender.note("peak MiB", peak(process.pid))
    finally:
        subprocess.run(["fusermount", "-u", point], stderr=subprocess.DEVNULL)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


def drop(file):
    """Makes the kernel forget what it read of a file."""
    descriptor = os.open(file, os.O_RDONLY)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def answers(path):
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


def run_nbd(contender, options, size):
    path = os.path.join(options.work, "nbd.sock")
    command = [word.replace("SOCKET", path) for word in contender.arguments]
    if command[0] == "JAVA":
        command = [java(), *JAVA, "-cp", classpath(), *command[1:]]
    process = subprocess.Popen(command)
    try:
        until(lambda: answers(path))
        uri = "nbd+unix:///%s?socket=%s" % ("disk" if "java" in command[0] else "", path)
        timed(["nbdcopy", uri, "null:"])
        contender.note("nbdcopy MB/s", size / 1e6 / timed(["nbdcopy", uri, "null:"]))
        contender.note("peak MiB", peak(process.pid))
    finally:
        process.terminate()
        process.wait(15)
        if os.path.exists(path):
            os.remove(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("disk")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--image", help="an image of the same disk, such as partclone makes")
    parser.add_argument("--work")
    options = parser.parse_args()
    made = options.work is None
    options.work = options.work or tempfile.mkdtemp(prefix="mounts")
    disk = os.path.abspath(options.disk)
    size = os.path.getsize(disk)
    home = os.path.join(options.work, "home")
    store = "store:%s=%s" % (os.path.join(options.work, "store"), disk)
    floor, serving = "blksh.bench.FuseFloor", "blksh.bench.Serving"
    fuse = []
    for caching in "direct", "cached":
        first = Contender("floor " + caching, None, [floor, disk, "POINT", caching])
        fuse += [
            first,
            Contender("file " + caching, first, [serving, home, "file:" + disk, caching, "POINT"]),
            Contender("manifest " + caching, first, [serving, home, store, caching, "POINT"]),
        ]
        if options.image:
            image = "image:" + os.path.abspath(options.image)
            fuse.append(
                Contender("image " + caching, first, [serving, home, image, caching, "POINT"]))
    kit = Contender("nbdkit file", None, ["nbdkit", "-f", "-r", "-U", "SOCKET", "file", disk])
    nbd = [
        kit,
        Contender("file nbd", kit, ["JAVA", serving, home, "file:" + disk, "nbd", "SOCKET"]),
        Contender("manifest nbd", kit, ["JAVA", serving, home, store, "nbd", "SOCKET"]),
    ]
    try:
        for turn in range(options.rounds):
            for contender in fuse[turn % 2:] + fuse[:turn % 2]:
                run_fuse(contender, options, size)
            for contender in nbd:
                run_nbd(contender, options, size)
    finally:
        if made:
            shutil.rmtree(options.work, ignore_errors=True)
    for contender in fuse + nbd:
        cells = []
        for figure, values in contender.figures.items():
            value = statistics.median(values)
            ratio = ""
            if contender.floor and figure in contender.floor.figures and figure != "peak MiB":
                ratio = " (%.2f)" % (value / statistics.median(contender.floor.figures[figure]))
            cells.append("%s %.0f%s" % (figure, value, ratio))
        print("%-16s %s" % (contender.name, ", ".join(cells)))


if __name__ == "__main__":
    main()
