#!/usr/bin/env python3
"""Runs blksh and its peers over the corpus, side by side, and prints a table of medians and ratios.

Each round gives every tool a fresh store in turn: capture disk1, disk2 and disk3, restore
generation 2, verify everything. What is measured is the whole process, start of the JVM or of
Python included: wall time, CPU time (user + system), peak resident memory, and afterwards what the
store occupies. A restore counts only when the result equals its source. Python 3.9 or newer, no
packages (the diskdump loop wants Debian's python3-lz4).
"""

import argparse
import filecmp
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
MIB = 1 << 20
OPERATIONS = ["capture 1", "capture 2", "capture 3", "restore 2", "verify all"]


@dataclass
class Figures:
    """One process, and the store after it."""

    wall: float  # seconds
    cpu: float  # seconds, user + system, children included
    peak: int  # bytes resident, the largest process of the run
    allocated: int  # bytes the store occupies (for a restore: the restored file)
    apparent: int  # bytes the store's files hold
    files: int  # regular files in the store


class Failed(Exception):
    pass


class Tool:
    """One tool with its store under a working directory; each operation is a command line."""

    name = ""
    program = ""
    verifies = True

    def __init__(self, work, corpus, options):
        self.work = work
        self.corpus = corpus
        self.options = options
        self.store = os.path.join(work, "store")
        self.restored = os.path.join(work, "restored.img")
        self.environment = dict(os.environ, HOME=work, LC_ALL="C.UTF-8")

    @classmethod
    def missing(cls, options):
        """Why the tool cannot run here, or None."""
        return None if shutil.which(cls.program) else f"{cls.program} is not installed"

    def disk(self, generation):
        return os.path.join(self.corpus, f"disk{generation}.img")

    def prepare(self):
        """Creates the store; not measured."""

    def capture(self, generation):
        raise NotImplementedError

    def restore(self):
        raise NotImplementedError

    def verify(self):
        raise NotImplementedError

    def restored_path(self):
        return self.restored

    def directory(self):
        """Where its commands run."""
        return self.work


class Blksh(Tool):
    name = "blksh"

    @classmethod
    def missing(cls, options):
        launcher = os.path.join(options.blksh, "blksh")
        return None if os.access(launcher, os.X_OK) else f"{launcher} is not there"

    def prepare(self):
        # The launcher builds at its first use, with the user's own Maven repository.
        subprocess.run(
            [self.launcher(), "run", "list", "--help"], check=True, stdout=subprocess.DEVNULL
        )
        self.environment = dict(os.environ, BLKSH_HOME=os.path.join(self.work, "home"))

    def launcher(self):
        return os.path.join(self.options.blksh, "blksh")

    def capture(self, generation):
        return [
            *[self.launcher(), "run", "capture", self.disk(generation)],
            *["--store", self.store, "--name", "disk", "--quiet"],
        ]

    def restore(self):
        return [
            *[self.launcher(), "run", "restore", "disk@2"],
            *["--store", self.store, "--to", self.restored, "--quiet"],
        ]

    def verify(self):
        return [
            *[self.launcher(), "run", "verify"],
            *["--store", self.store, "--mode", "full", "--quiet"],
        ]


class Restic(Tool):
    name = "restic"
    program = "restic"

    def prepare(self):
        self.environment["RESTIC_PASSWORD"] = "bench"
        self.environment["RESTIC_CACHE_DIR"] = os.path.join(self.work, "cache")
        quietly([*self.base(), "init"], self.environment)

    def base(self):
        return ["restic", "--quiet", "--repo", self.store]

    def capture(self, generation):
        return [*self.base(), "backup", "--host", "bench", "--tag", f"g{generation}", self.disk(generation)]

    def restore(self):
        # A listing of snapshots, not measured, finds the one to restore: no "latest" by tag in 0.14.
        listed = subprocess.run(
            [*self.base(), "snapshots", "--json", "--tag", "g2"],
            env=self.environment,
            check=True,
            capture_output=True,
        )
        return [
            *[*self.base(), "restore", json.loads(listed.stdout)[0]["id"]],
            *["--target", os.path.join(self.work, "restored")],
        ]

    def restored_path(self):
        return os.path.join(self.work, "restored") + os.path.abspath(self.disk(2))

    def verify(self):
        return [*self.base(), "check", "--read-data"]


class Borg(Tool):
    program = "borg"
    create = []

    def prepare(self):
        self.environment["BORG_BASE_DIR"] = os.path.join(self.work, "borg")
        self.environment["BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK"] = "yes"
        quietly(["borg", "init", "--encryption", "none", self.store], self.environment)

    def directory(self):
        return os.path.join(self.work, "restored")

    def capture(self, generation):
        return [
            *["borg", "create", "--compression", "lz4", *self.create],
            *[f"{self.store}::g{generation}", self.disk(generation)],
        ]

    def restore(self):
        return ["borg", "extract", "--sparse", f"{self.store}::g2"]

    def restored_path(self):
        return self.directory() + os.path.abspath(self.disk(2))

    def verify(self):
        return ["borg", "check", "--verify-data", self.store]


class BorgFixed(Borg):
    name = "borg-fixed"
    create = ["--chunker-params", "fixed,131072", "--sparse"]


class BorgDefault(Borg):
    name = "borg-default"


class Casync(Tool):
    name = "casync"
    program = "casync"
    verifies = False

    def capture(self, generation):
        return [
            *["casync", "make", f"--store={self.store}/chunks.castr"],
            *[os.path.join(self.store, f"g{generation}.caibx"), self.disk(generation)],
        ]

    def prepare(self):
        os.makedirs(self.store)

    def restore(self):
        return [
            *["casync", "extract", f"--store={self.store}/chunks.castr", "--seed-output=no"],
            *[os.path.join(self.store, "g2.caibx"), self.restored],
        ]


class DiskdumpLoop(Tool):
    name = "diskdump-loop"
    python = "/usr/bin/python3"

    @classmethod
    def missing(cls, options):
        probe = subprocess.run([cls.python, "-c", "import lz4.frame"], capture_output=True)
        return "Debian's python3-lz4 is not installed" if probe.returncode else None

    def prepare(self):
        os.makedirs(self.store)

    def directory(self):
        return self.store

    def loop(self, *arguments):
        return [self.python, os.path.join(HERE, "diskdump_loop.py"), *arguments]

    def capture(self, generation):
        return self.loop("import", self.disk(generation), "bench.disk")

    def restore(self):
        return self.loop("restore", "bench.disk", "1", self.restored)

    def verify(self):
        return self.loop("verify")


TOOLS = {tool.name: tool for tool in (Blksh, Restic, BorgFixed, BorgDefault, Casync, DiskdumpLoop)}


def quietly(command, environment):
    done = subprocess.run(command, env=environment, capture_output=True)
    if done.returncode:
        raise Failed(f"{' '.join(command)}: {done.stderr.decode(errors='replace').strip()}")


def measure(command, environment, directory, log):
    """Runs a command; returns wall and CPU seconds and the peak resident bytes."""
    os.makedirs(directory, exist_ok=True)
    with open(log, "wb") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        with open(log, errors="replace") as output:
            said = output.read()[-2000:].strip()
        raise Failed(f"{' '.join(command)}: exit status {process.returncode}\n{said}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def warm_memory(size):
    """Touches and frees size bytes of memory.

    A virtual machine may hand freed pages back to its host, and the next process to touch them then
    waits for the host: seconds for a gigabyte, which would be charged to whichever tool runs next.
    """
    # In a process of its own: a child inherits its parent's peak of resident memory.
    touch = "import sys; bytearray(int(sys.argv[1]))[::4096] = bytes(-(-int(sys.argv[1]) // 4096))"
    if size:
        subprocess.run([sys.executable, "-c", touch, str(size)], check=True)


def occupied(path):
    """(allocated bytes, apparent bytes, number) of the regular files under path, or of path."""
    if os.path.isfile(path):
        status = os.stat(path)
        return status.st_blocks * 512, status.st_size, 1
    allocated = apparent = number = 0
    for folder, _, files in os.walk(path):
        for name in files:
            status = os.lstat(os.path.join(folder, name))
            allocated += status.st_blocks * 512
            apparent += status.st_size
            number += 1
    return allocated, apparent, number


def one_round(kind, parent, corpus, options):
    """All operations of one tool in a fresh store; maps an operation to its figures."""
    work = tempfile.mkdtemp(prefix=f"bench-{kind.name}-", dir=parent)
    result = {}
    try:
        tool = kind(work, corpus, options)
        tool.prepare()
        log = os.path.join(work, "log")
        for operation in OPERATIONS:
            verb, generation = operation.split()
            if verb == "verify" and not tool.verifies:
                continue
            if verb == "capture":
                command = tool.capture(int(generation))
            else:
                command = tool.restore() if verb == "restore" else tool.verify()
            os.sync()
            warm_memory(options.warm_memory * MIB)
            wall, cpu, peak = measure(command, tool.environment, tool.directory(), log)
            if verb == "restore":
                path = tool.restored_path()
                if not filecmp.cmp(path, tool.disk(2), shallow=False):
                    raise Failed(f"{tool.name}: the restored image differs from its source")
                result[operation] = Figures(wall, cpu, peak, *occupied(path))
                os.remove(path)
            else:
                result[operation] = Figures(wall, cpu, peak, *occupied(tool.store))
            print(f"  {tool.name:14} {operation:10} {wall:6.2f} s", file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return result


def sparse_capture(parent, options):
    """Captures a 1 TiB file of holes with 100 MiB of data scattered in it; its figures."""
    work = tempfile.mkdtemp(prefix="bench-sparse-", dir=parent)
    try:
        chance = random.Random(1)
        image = os.path.join(work, "sparse.img")
        with open(image, "wb") as file:
            file.truncate(1 << 40)
            for _ in range(100):
                file.seek(chance.randrange((1 << 40) // 4096 - 256) * 4096)
                file.write(chance.randbytes(MIB))
        tool = Blksh(work, work, options)
        tool.prepare()
        command = [tool.launcher(), "run", "capture", image, "--store", tool.store]
        command += ["--name", "sparse", "--quiet"]
        os.sync()
        return Figures(
            *measure(command, tool.environment, work, os.path.join(work, "log")),
            *occupied(tool.store),
        )
    finally:
        shutil.rmtree(work, ignore_errors=True)


def median(rounds, operation, field):
    values = [getattr(one[operation], field) for one in rounds if operation in one]
    return statistics.median(values) if values else None


def best(rounds, operation, field):
    values = [getattr(one[operation], field) for one in rounds if operation in one]
    return min(values) if values else None


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def report(results, corpus):
    """The tables of one place: figures of each tool, then blksh divided by each peer."""
    rows = []
    for name, rounds in results.items():
        row = [name]
        for operation in OPERATIONS:
            wall = median(rounds, operation, "wall")
            row.append(
                "none"
                if wall is None
                else f"{wall:.2f} ({best(rounds, operation, 'wall'):.2f}) / "
                f"{median(rounds, operation, 'cpu'):.1f}"
            )
        peak = max(median(rounds, operation, "peak") or 0 for operation in OPERATIONS)
        row.append(f"{peak / MIB:.0f}")
        stored = [median(rounds, f"capture {g}", "allocated") / MIB for g in (1, 2, 3)]
        row.append(
            f"{stored[0]:.0f} / +{stored[1] - stored[0]:.1f} / +{stored[2] - stored[1]:.1f}"
            f" = {stored[2]:.0f}"
        )
        row.append(f"{median(rounds, 'capture 3', 'apparent') / MIB:.0f}")
        row.append(f"{median(rounds, 'capture 3', 'files'):.0f}")
        source = occupied(os.path.join(corpus, "disk2.img"))[0]
        row.append(f"{median(rounds, 'restore 2', 'allocated') / source:.2f}")
        rows.append(row)
    yield table(
        ["tool", *OPERATIONS, "peak MiB", "stored MiB 1 / +2 / +3", "apparent", "files", "restored/source"],
        rows,
    )
    ours = results.get("blksh")
    if not ours or len(results) < 2:
        return
    rows = []
    for name, rounds in results.items():
        if name == "blksh":
            continue
        row = [name]
        for operation in OPERATIONS:
            wall, cpu = median(rounds, operation, "wall"), median(rounds, operation, "cpu")
            row.append(
                "none"
                if wall is None
                else f"{median(ours, operation, 'wall') / wall:.2f} / "
                f"{median(ours, operation, 'cpu') / cpu:.2f}"
            )
        stored = median(ours, "capture 3", "allocated") / median(rounds, "capture 3", "allocated")
        row.append(f"{stored:.2f}")
        rows.append(row)
    yield table(["blksh ÷", *OPERATIONS, "stored"], rows)


def targets(results, corpus):
    """Judges blksh; yields (what, figure, limit, passed or None when a peer did not run)."""
    ours = results.get("blksh")
    if not ours:
        return

    def ratio(what, operation, field, peer, limit):
        theirs = results.get(peer)
        other = median(theirs, operation, field) if theirs else None
        if other is None:
            return what, f"no {peer}", f"≤ {limit}", None
        value = median(ours, operation, field) / other
        return what, f"{value:.2f}", f"≤ {limit}", value <= limit

    yield ratio("stored, three generations ÷ restic", "capture 3", "allocated", "restic", 0.75)
    yield ratio("stored, three generations ÷ borg fixed", "capture 3", "allocated", "borg-fixed", 0.5)
    grown = (
        median(ours, "capture 3", "allocated") - median(ours, "capture 2", "allocated")
    ) / MIB
    yield "increment of generation 3, MiB", f"{grown:.1f}", "≤ 15", grown <= 15
    yield ratio("capture 1, wall ÷ restic", "capture 1", "wall", "restic", 0.35)
    yield ratio("capture 1, wall ÷ borg fixed", "capture 1", "wall", "borg-fixed", 0.6)
    yield ratio("capture 2, wall ÷ restic", "capture 2", "wall", "restic", 0.5)
    yield ratio("restore 2, wall ÷ borg fixed", "restore 2", "wall", "borg-fixed", 0.7)
    source = occupied(os.path.join(corpus, "disk2.img"))[0]
    spread = median(ours, "restore 2", "allocated") / source
    yield "restored allocation ÷ source's", f"{spread:.3f}", "≤ 1.02", spread <= 1.02
    yield ratio("full verify, wall ÷ borg fixed", "verify all", "wall", "borg-fixed", 0.6)
    peak = max(median(ours, operation, "peak") for operation in OPERATIONS) / MIB
    yield "peak resident memory, MiB", f"{peak:.0f}", "≤ 256", peak <= 256


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--casync-rounds", type=int, default=1, help="casync is slow and steady (default 1)"
    )
    parser.add_argument("--tools", default=",".join(TOOLS), help="of " + ", ".join(TOOLS))
    parser.add_argument("--where", choices=["tmpfs", "disk", "both"], default="tmpfs")
    parser.add_argument("--tmpfs", default="/dev/shm", help="a directory in memory")
    parser.add_argument("--disk", default="/var/tmp", help="a directory on a disk")
    parser.add_argument("--corpus", default="/dev/shm/blksh-corpus", help="built when not there")
    parser.add_argument(
        "--warm-memory",
        type=int,
        default=2304,
        metavar="MIB",
        help="memory to touch and free before each operation, so that none pays for a virtual"
        " machine's ballooning (default 2304; 0 for none)",
    )
    parser.add_argument("--blksh", default=os.path.dirname(HERE), help="the checkout to measure")
    parser.add_argument("--json", help="write every figure of every round to this file")
    options = parser.parse_args()
    options.blksh = os.path.abspath(options.blksh)
    corpus = os.path.abspath(options.corpus)
    wanted = options.tools.split(",")
    if unknown := [name for name in wanted if name not in TOOLS]:
        parser.error(f"unknown tool {', '.join(unknown)}; there are {', '.join(TOOLS)}")

    if not os.path.exists(os.path.join(corpus, "corpus.tsv")):
        subprocess.run([os.path.join(HERE, "corpus.sh"), corpus], check=True)
    kinds = []
    for name in wanted:
        if why := TOOLS[name].missing(options):
            print(f"left out: {name}: {why}", file=sys.stderr)
        else:
            kinds.append(TOOLS[name])

    everything, failures, judged = {}, [], []
    places = {"tmpfs": options.tmpfs, "disk": options.disk}
    for place in ["tmpfs", "disk"] if options.where == "both" else [options.where]:
        os.makedirs(places[place], exist_ok=True)
        results = {kind.name: [] for kind in kinds}
        for number in range(options.rounds):
            print(f"{place}, round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
            # The order turns, so that no tool always runs after the same neighbour.
            turn = number % max(1, len(kinds))
            for kind in kinds[turn:] + kinds[:turn]:
                if kind is Casync and number >= options.casync_rounds:
                    continue
                try:
                    results[kind.name].append(one_round(kind, places[place], corpus, options))
                except (Failed, OSError, subprocess.CalledProcessError) as failure:
                    print(f"  failed: {kind.name}: {failure}", file=sys.stderr, flush=True)
                    failures.append(f"{place}: {kind.name}: {failure}")
        results = {name: rounds for name, rounds in results.items() if rounds}
        everything[place] = {
            name: [{op: asdict(figures) for op, figures in one.items()} for one in rounds]
            for name, rounds in results.items()
        }
        print(f"\n## {place}: median wall s (best) / median CPU s, of {options.rounds} rounds\n")
        for text in report(results, corpus):
            print(text + "\n")
        verdicts = list(targets(results, corpus))
        if verdicts:
            try:
                sparse = sparse_capture(places[place], options).wall
                what = "capture of 1 TiB sparse with 100 MiB of data, wall s"
                verdicts.append((what, f"{sparse:.2f}", "< 5", sparse < 5))
            except (Failed, OSError, subprocess.CalledProcessError) as failure:
                print(f"  failed: sparse capture: {failure}", file=sys.stderr, flush=True)
                failures.append(f"{place}: sparse capture: {failure}")
            word = {True: "pass", False: "FAIL", None: "not measured"}
            rows = [[what, figure, limit, word[passed]] for what, figure, limit, passed in verdicts]
            print(table(["target", "here", "limit", "verdict"], rows) + "\n")
            judged += verdicts
    if options.json:
        with open(options.json, "w") as file:
            json.dump(everything, file, indent=1)
    for failure in failures:
        print("failed: " + failure.split("\n")[0])
    return 1 if failures or any(passed is False for *_, passed in judged) else 0


if __name__ == "__main__":
    sys.exit(main())
