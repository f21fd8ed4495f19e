#!/usr/bin/env python3
"""Measures what each codec of a store costs: bytes, CPU, and random reads through a mount.

A corpus is a list of images, captured one after another into one new store, or the trees that an
ext4 image is made of first. Each round takes each codec in turn, on each corpus: CPU seconds of the
first capture as a whole process (user and system, all its threads), bytes of the packs after the
first and after the last, CPU of restoring the first image to /dev/null, and 4 KiB reads a second at
random places of the first image, O_DIRECT, through a mount, with one client: by fio. restic, where
it is installed, stores the same images (its defaults, --stdin) beside. Printed are medians as a
table for docs/benchmarks.md. Needs FUSE and fio; mkfs.ext4 for --tree. Python 3.9, no packages.

    bench/codecs.py --corpus system=disk1.img,disk2.img,disk3.img --tree documents=/usr/share/doc,/usr/include
                    [--codecs lz4,zstd-1,zstd,zstd-6,auto,auto-6] [--rounds 3] [--seconds 5] [--work DIR]
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BLKSH = os.path.join(os.path.dirname(HERE), "blksh")
COLUMNS = ["capture 1, CPU s", "packs 1, MiB", "packs all, MiB", "restore 1, CPU s", "random 4K, reads/s"]


def cpu(command, stdin=None):
    """Runs a program to its end. Returns the CPU seconds it and what it started took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdin=stdin, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def size(folder):
    """Bytes of all files below a directory."""
    return sum(os.lstat(os.path.join(at, name)).st_size for at, _, names in os.walk(folder) for name in names)


def at_random(path, seconds):
    out = subprocess.run(
        ["fio", "--name=r", "--filename=" + path, "--rw=randread", "--bs=4k", "--direct=1",
         "--ioengine=psync", "--readonly", "--time_based", "--runtime=%d" % seconds,
         "--norandommap", "--randseed=7", "--output-format=json"],
        check=True, capture_output=True, text=True).stdout
    return json.loads(out[out.index("{"):])["jobs"][0]["read"]["iops"]


def mounted(home, store, point, seconds):
    process = subprocess.Popen(
        [BLKSH, "run", "mount", "image@1", point, "--store", store, "--quiet", "--home", home],
        stdout=subprocess.DEVNULL)
    try:
        end = time.time() + 60
        while not os.path.ismount(point):
            if process.poll() is not None or time.time() > end:
                raise SystemExit("codecs: nothing was mounted")
            time.sleep(0.05)
        files = [os.path.join(point, name) for name in os.listdir(point)]
        return at_random(max(files, key=os.path.getsize), seconds)
    finally:
        subprocess.run(["fusermount", "-u", point], stderr=subprocess.DEVNULL)
        process.terminate()
        process.wait(30)


def measure(codec, images, options):
    work = os.path.join(options.work, "one")
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    home, store = os.path.join(work, "home"), os.path.join(work, "store")
    common = ["--store", store, "--quiet", "--home", home]
    subprocess.run([BLKSH, "run", "create", "--codec", codec, *common], check=True, stdout=subprocess.DEVNULL)
    figures = []
    for number, image in enumerate(images):
        took = cpu([BLKSH, "run", "capture", image, "--name", "image", *common])
        if number == 0:
            figures += [took, size(os.path.join(store, "packs")) / 2**20]
    figures.append(size(os.path.join(store, "packs")) / 2**20)
    figures.append(cpu([BLKSH, "run", "restore", "image@1", "--to", "-", *common]))
    point = os.path.join(work, "point")
    os.makedirs(point)
    figures.append(mounted(home, store, point, options.seconds))
    shutil.rmtree(work)
    return figures


def restic(images, options):
    work = os.path.join(options.work, "restic")
    shutil.rmtree(work, ignore_errors=True)
    os.environ.update(RESTIC_PASSWORD="bench", RESTIC_CACHE_DIR=os.path.join(options.work, "cache"))
    subprocess.run(["restic", "-q", "-r", work, "init"], check=True, stdout=subprocess.DEVNULL)
    figures = []
    for number, image in enumerate(images):
        with open(image, "rb") as data:
            took = cpu(["restic", "-q", "-r", work, "backup", "--stdin", "--stdin-filename", "image"], data)
        if number == 0:
            figures += [took, size(os.path.join(work, "data")) / 2**20]
    figures.append(size(os.path.join(work, "data")) / 2**20)
    shutil.rmtree(work)
    return figures + [float("nan")] * (len(COLUMNS) - len(figures))


def tree_image(name, folders, options):
    """An ext4 image of the files of directories, with room to spare."""
    content = os.path.join(options.work, name)
    os.makedirs(content)
    for number, folder in enumerate(folders):
        subprocess.run(["cp", "-a", "--reflink=auto", folder, os.path.join(content, str(number))], check=True)
    image = os.path.join(options.work, name + ".img")
    blocks = int(size(content) * 1.5) // 4096 + 16384
    subprocess.run(["mkfs.ext4", "-q", "-F", "-b", "4096", "-d", content, image, str(blocks)], check=True)
    shutil.rmtree(content)
    return image


def named(text):
    name, _, paths = text.partition("=")
    if not paths:
        raise argparse.ArgumentTypeError("write NAME=PATH,PATH")
    return name, [os.path.abspath(path) for path in paths.split(",")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpus", type=named, action="append", default=[], metavar="NAME=IMAGE,IMAGE")
    parser.add_argument("--tree", type=named, action="append", default=[], metavar="NAME=DIR,DIR")
    parser.add_argument("--codecs", default="lz4,zstd-1,zstd,zstd-6,auto,auto-6")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="of random reads")
    parser.add_argument("--work", help="where all of it lies; keep it in memory")
    options = parser.parse_args()
    if not options.corpus + options.tree:
        parser.error("name a --corpus or a --tree")
    made = options.work is None
    options.work = options.work or tempfile.mkdtemp(prefix="codecs")
    os.makedirs(options.work, exist_ok=True)
    try:
        corpora = options.corpus + [(name, [tree_image(name, dirs, options)]) for name, dirs in options.tree]
        contenders = options.codecs.split(",") + (["restic"] if shutil.which("restic") else [])
        found = {}
        for turn in range(options.rounds):
            for name, images in corpora:
                for codec in contenders[turn % 2:] + contenders[:turn % 2]:
                    run = restic(images, options) if codec == "restic" else measure(codec, images, options)
                    found.setdefault((name, codec), []).append(run)
    finally:
        if made:
            shutil.rmtree(options.work, ignore_errors=True)
    print("| corpus | codec | " + " | ".join(COLUMNS) + " |")
    print("|---|---|" + "---:|" * len(COLUMNS))
    for (name, codec), runs in found.items():
        medians = [statistics.median(values) for values in zip(*runs)]
        cells = ["" if value != value else "%.1f" % value if value < 100 else "%.0f" % value for value in medians]
        print("| %s | %s | %s |" % (name, codec, " | ".join(cells)))


if __name__ == "__main__":
    main()
