#!/usr/bin/env python3
"""Captures a drive of another machine, by blksh, by a client as diskdump's, and by borg, side by side.

The other machine is an sshd on loopback with its own keys: behind a way of 25 ms each way and 100
Mbit/s each way (long_wire.py), and at the speed of loopback. Each round gives each tool a fresh
store and captures the same unchanged disk twice; measured are the whole process and the bytes on
the wire. diskdump's is diskdump_wire.py; borg runs where the disk is and stores over ssh, by its own
defaults but --sparse and without a cache of files. Then the disk of a guest as qcow2, served by
qemu-nbd with a dirty bitmap: captured, 1 % of it written, captured by the bitmap, restored, compared by qemu-img.
The disk is filled to about two thirds with files of this machine. Root, openssh-server, borg,
qemu-utils, python3-lz4; Python 3.9.

    bench/remote.py [--size 2G] [--rounds 3] [--work DIR] [--wires long,loopback] [--json FILE]

Exit status 1 when a target is missed.
"""

import argparse
import filecmp
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BLKSH = os.path.join(os.path.dirname(HERE), "blksh")
PAGE = 4096
WIRES = {"long": (25, 12.5e6), "loopback": None}
SERVER = """
set -e
mount -t overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/overlay" overlay /etc
mount -t tmpfs tmpfs /run
mkdir -p /run/sshd
grep -q ^sshd: /etc/passwd || echo sshd:x:4712:65534::/run/sshd:/usr/sbin/nologin >> /etc/passwd
echo "bench:x:0:0::$1/home:/bin/bash" >> /etc/passwd
echo 'bench:*:19000:0:99999:7:::' >> /etc/shadow
exec /usr/sbin/sshd -D -e -f "$1/sshd_config"
"""


def until(condition, what, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        if condition():
            return
        time.sleep(0.05)
    raise SystemExit("remote: " + what)


def free_port():
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return some.getsockname()[1]


def is_open(port):
    with socket.socket() as some:
        return some.connect_ex(("127.0.0.1", port)) == 0


def size_of(text):
    units = {"K": 10, "M": 20, "G": 30}
    return int(text[:-1]) << units[text[-1].upper()] if text[-1].upper() in units else int(text)


def run(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    if done.returncode:
        raise SystemExit("remote: %s\n%s" % (" ".join(map(str, command)), done.stderr.decode()))
    return done.stdout


def fill(path, size):
    """Files of this machine one after the other, from page to page, up to two thirds; then a hole. Returns the used bytes."""
    used = 0
    with open(path, "wb") as out:
        for top in ("/usr/lib", "/usr/bin", "/usr/share"):
            for folder, folders, names in os.walk(top):
                folders.sort()
                for name in sorted(names):
                    file = os.path.join(folder, name)
                    if os.path.islink(file) or not os.path.isfile(file) or used >= size * 2 // 3:
                        continue
                    with open(file, "rb") as source:
                        data = source.read(size * 2 // 3 - used)
                    data += bytes(-len(data) % PAGE)
                    out.write(data)
                    used += len(data)
        out.truncate(size)
    return used


class Server:
    """An sshd on loopback; its clients find it by ssh in a directory of programs."""

    def __init__(self, work):
        self.folder = os.path.join(work, "sshd")
        for name in ("upper", "overlay", "home", "bin"):
            os.makedirs(os.path.join(self.folder, name))
        for key in ("id", "host"):
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", os.path.join(self.folder, key)])
        self.port = free_port()
        with open(os.path.join(self.folder, "sshd_config"), "w") as config:
            config.write(
                "Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %s/id.pub\nStrictModes no\n"
                "UsePAM no\nPidFile none\nPermitRootLogin yes\nPasswordAuthentication no\nPrintMotd no\n"
                % (self.port, self.folder, self.folder))
        os.chmod(self.folder, 0o755)
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "bash", "-c", SERVER, "sshd", self.folder],
            stdout=self.log, stderr=self.log, start_new_session=True)
        until(lambda: is_open(self.port) or self.process.poll() is not None, "no sshd was started")

    def reach(self, port):
        """The environment in which ssh leads to it by a port."""
        with open(os.path.join(self.folder, "config"), "w") as config:
            config.write(
                "Host srv\nHostName 127.0.0.1\nPort %d\nUser bench\nIdentityFile %s/id\nIdentitiesOnly yes\n"
                "UserKnownHostsFile /dev/null\nStrictHostKeyChecking no\nLogLevel ERROR\n" % (port, self.folder))
        program = os.path.join(self.folder, "bin", "ssh")
        with open(program, "w") as script:
            script.write('#!/bin/sh\nexec /usr/bin/ssh -F %s/config "$@"\n' % self.folder)
        os.chmod(program, 0o755)
        return dict(os.environ, PATH=os.path.dirname(program) + ":" + os.environ["PATH"])

    def close(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()
        self.log.close()


class LongWire:
    """A way to a port, and afterwards what passed it. Without delay and rate it only counts."""

    def __init__(self, port, wire, listen=0):
        words = ["--listen", str(listen)] + (["--delay", str(wire[0]), "--rate", str(wire[1])] if wire else [])
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "long_wire.py"), str(port)] + words, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())

    def close(self):
        self.process.terminate()
        counted = json.loads(self.process.stdout.readline())
        self.process.wait()
        return counted["down"] + counted["up"]


class Blksh:
    name = "blksh"

    def __init__(self, work, disk):
        self.work, self.disk = work, disk
        self.store = os.path.join(work, "store")

    def prepare(self, environment):
        pass

    def capture(self):
        return [BLKSH, "run", "capture", "ssh://srv" + self.disk, "--store", self.store, "--name", "disk", "--quiet",
                "--home", os.path.join(self.work, "home")]

    def check(self):
        copy = os.path.join(self.work, "copy")
        run([BLKSH, "run", "restore", "disk", "--store", self.store, "--to", copy, "--quiet",
             "--home", os.path.join(self.work, "home")])
        return filecmp.cmp(copy, self.disk, shallow=False)


class Diskdump(Blksh):
    name = "diskdump"

    def capture(self):
        return ["/usr/bin/python3", os.path.join(HERE, "diskdump_wire.py"), "dump", "srv", self.disk, "disk"]

    def check(self):
        copy = os.path.join(self.work, "copy")
        run(["/usr/bin/python3", os.path.join(HERE, "diskdump_loop.py"), "restore", "disk", "1", copy], cwd=self.work)
        return filecmp.cmp(copy, self.disk, shallow=False)


class Borg(Blksh):
    name = "borg"

    def prepare(self, environment):
        self.number = 0
        self.repository = "ssh://srv" + self.store
        run(["borg", "init", "--encryption", "none", self.repository], env=environment)

    def capture(self):
        self.number += 1
        return ["borg", "create", "--sparse", "--files-cache", "disabled", "%s::%d" % (self.repository, self.number),
                self.disk]

    def check(self):
        run(["borg", "extract", "--sparse", self.store + "::2"], cwd=self.work,
            env=dict(os.environ, HOME=os.path.join(self.work, "home"), BORG_RELOCATED_REPO_ACCESS_IS_OK="yes"))
        return filecmp.cmp(os.path.join(self.work, self.disk.lstrip("/")), self.disk, shallow=False)


def measure(kind, server, wire, disk, work):
    """Wall and wire of both captures by one tool."""
    os.makedirs(work)
    tool = kind(work, disk)
    environment = dict(server.reach(server.port), HOME=os.path.join(work, "home"), BORG_RELOCATED_REPO_ACCESS_IS_OK="yes",
                       BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK="yes")
    os.makedirs(environment["HOME"], exist_ok=True)
    tool.prepare(environment)
    figures = []
    try:
        for _ in range(2):
            way = LongWire(server.port, wire) if wire else None
            server.reach(way.port if way else server.port)
            before = time.time()
            run(tool.capture(), env=environment, cwd=work)
            figures.append({"wall": time.time() - before, "wire": way.close() if way else None})
        server.reach(server.port)
        if not tool.check():
            raise SystemExit("remote: what %s restores is not what was captured" % kind.name)
    finally:
        shutil.rmtree(work)
    return figures


def medians(all_figures):
    """Of rounds of pairs of figures."""
    return [{key: statistics.median(one[turn][key] for one in all_figures) if all_figures[0][turn][key] is not None
             else None for key in ("wall", "wire")} for turn in range(2)]


class Guest:
    """The disk of a virtual machine as qcow2, with a bitmap in which its writes are recorded."""

    def __init__(self, work, disk, size):
        os.makedirs(work)
        self.work, self.size = work, size
        self.image = os.path.join(work, "vm.qcow2")
        self.store = os.path.join(work, "store")
        self.chance = random.Random(1)
        self.place = free_port()  # part of what the bitmap is believed by
        run(["qemu-img", "convert", "-O", "qcow2", disk, self.image])
        run(["qemu-img", "bitmap", "--add", self.image, "b0"])

    def write(self, share):
        """In pieces of 64 KiB, anywhere. Returns the bytes."""
        pieces = max(1, int(self.size * share) >> 16)
        chosen = self.chance.sample(range(self.size >> 16), pieces)
        lines = ["write -P %d %d 64k" % (self.chance.randrange(1, 256), at << 16) for at in chosen]
        run(["qemu-io", self.image], input="\n".join(lines + ["q", ""]).encode())
        return pieces << 16

    def capture(self):
        port = free_port()
        served = subprocess.Popen(
            ["qemu-nbd", "-r", "-t", "-e", "8", "-b", "127.0.0.1", "-p", str(port), "-x", "vm", "-D", "vm", "-B", "b0",
             self.image])
        until(lambda: is_open(port), "qemu-nbd serves nothing")
        way = LongWire(port, None, self.place)
        before = time.time()
        run([BLKSH, "run", "capture", "nbd://127.0.0.1:%d/vm" % self.place, "--store", self.store, "--name", "vm",
             "--bitmap", "b0", "--quiet", "--home", os.path.join(self.work, "home")])
        wall = time.time() - before
        moved = way.close()
        served.terminate()
        served.wait()
        return {"wall": wall, "wire": moved}

    def restores(self):
        copy = os.path.join(self.work, "copy.img")
        run([BLKSH, "run", "restore", "vm", "--store", self.store, "--to", copy, "--quiet",
             "--home", os.path.join(self.work, "home")])
        return b"identical" in run(["qemu-img", "compare", "-f", "raw", "-F", "qcow2", copy, self.image])


def guest(work, disk, size):
    """Three captures by a bitmap: of all, by 1 % of it, and by 2 % of it, as nobody resets it."""
    machine = Guest(work, disk, size)
    figures = []
    try:
        for share in (0, 0.01, 0.01):
            written = machine.write(share) if share else 0
            figures.append(dict(machine.capture(), written=written))
        if not machine.restores():
            raise SystemExit("remote: the guest's disk does not restore to what it is")
    finally:
        shutil.rmtree(work)
    return figures


def mib(value):
    return "-" if value is None else "%.1f" % (value / (1 << 20))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=size_of, default=2 << 30, help="of the disk, such as 64M (default 2G)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", help="where disk and stores lie; keep it in memory")
    parser.add_argument("--wires", default="long,loopback")
    parser.add_argument("--json", help="a file for the figures")
    options = parser.parse_args()
    work = os.path.realpath(options.work or tempfile.mkdtemp(prefix="remote"))
    os.makedirs(work, exist_ok=True)
    own = tempfile.mkdtemp(prefix="bench-remote", dir=work)
    os.chmod(work, 0o755)
    os.chmod(own, 0o755)
    disk = os.path.join(own, "disk.img")
    used = fill(disk, options.size)
    before = time.time()
    run(["sha256sum", disk])
    hashing = time.time() - before
    run([BLKSH, "--version"])
    tools = [Blksh, Diskdump, Borg]
    figures = {}
    server = Server(own)
    try:
        for wire in options.wires.split(","):
            rounds = {tool.name: [] for tool in tools}
            for number in range(options.rounds):
                for tool in tools[number % 3:] + tools[:number % 3]:
                    rounds[tool.name].append(measure(tool, server, WIRES[wire], disk, os.path.join(own, "tool")))
            figures[wire] = {name: medians(each) for name, each in rounds.items()}
        figures["guest"] = guest(os.path.join(own, "guest"), disk, options.size)
    finally:
        server.close()
        shutil.rmtree(own)
        if not options.work:
            os.rmdir(work)
    missed = report(options, figures, used, hashing)
    if options.json:
        with open(options.json, "w") as out:
            json.dump(dict(figures, size=options.size, used=used, sha256sum=hashing), out, indent=2)
    sys.exit(1 if missed else 0)


def report(options, figures, used, hashing):
    print("a disk of %s MiB, %s used; sha256sum of it takes %.1f s; medians of %d" % (
        mib(options.size), mib(used), hashing, options.rounds))
    print("%-10s %-10s %9s %9s %9s %9s" % ("wire", "tool", "first s", "second s", "first MiB", "second MiB"))
    for wire in figures:
        if wire != "guest":
            for name, (first, second) in figures[wire].items():
                print("%-10s %-10s %9.1f %9.1f %9s %9s" % (
                    wire, name, first["wall"], second["wall"], mib(first["wire"]), mib(second["wire"])))
    print("guest, by a bitmap: " + "; ".join(
        "%s MiB written, %s on the wire, %.1f s" % (mib(each["written"]), mib(each["wire"]), each["wall"])
        for each in figures["guest"]))
    targets = []
    if "long" in figures:
        ours, theirs, borg = (figures["long"][name] for name in ("blksh", "diskdump", "borg"))
        targets += [
            ("first, wire, to diskdump's", ours[0]["wire"] / theirs[0]["wire"], 1),
            ("first, wire, to borg's", ours[0]["wire"] / borg[0]["wire"], 1),
            ("first, wall, to diskdump's", ours[0]["wall"] / theirs[0]["wall"], 0.7),
            ("second, wall, to diskdump's", ours[1]["wall"] / theirs[1]["wall"], 0.5),
            ("second, wire, to used bytes", ours[1]["wire"] / used, 0.015),
        ]
    if "loopback" in figures:
        ours, theirs = (figures["loopback"][name] for name in ("blksh", "diskdump"))
        targets += [
            ("loopback, first, wall, to diskdump's", ours[0]["wall"] / theirs[0]["wall"], 0.5),
            ("loopback, second, wall, to diskdump's", ours[1]["wall"] / theirs[1]["wall"], 0.5),
        ]
    targets.append(("guest, 1 % dirty, wire to its disk", figures["guest"][1]["wire"] / options.size, 0.02))
    missed = 0
    for name, ratio, most in targets:
        missed += ratio > most
        print("%-40s %7.4f  at most %-6g %s" % (name, ratio, most, "" if ratio <= most else "MISSED"))
    return missed


if __name__ == "__main__":
    main()
