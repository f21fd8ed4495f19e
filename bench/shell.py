#!/usr/bin/env python3
"""How long the prompt and scripts make a person wait, beside jshell, a Java that says hello, and the
Kotlin compiler's own -script, in one run and in turns. Prints medians, ratios, and whether each is
within what we allow; exit status 1 when one is not.

    bench/shell.py [--rounds 5] [--only prompt,run,tab,interrupt] [--jdk 17] [--jdk25 /usr/lib/jvm/temurin-25-jdk-amd64]
"""

import argparse
import json
import os
import pty
import random
import re
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
ESCAPE = re.compile(rb"\x1b(?:\[[0-9;?=>]*[A-Za-z]|[()][A-Z0-9]|[=>])")

# The same work in both languages, one entry after the other; the first is the first compiled.
ENTRIES = [
    ("listOf(1, 2, 3).map { it * 2 }", "java.util.List.of(1, 2, 3).stream().map(x -> x * 2).toList()"),
    ("fun twice(n: Int) = n * 2", "int twice(int n) { return n * 2; }"),
    ("twice(21)", "twice(21)"),
    ('val words = "a b c".split(" ")', 'String[] words = "a b c".split(" ")'),
    ("words.size + twice(3)", "words.length + twice(3)"),
    ("(1..10).filter { it % 2 == 0 }.sum()",
     "java.util.stream.IntStream.rangeClosed(1, 10).filter(x -> x % 2 == 0).sum()"),
]

# Seconds from the prompt to the first entry that has to be compiled.
AFTER = (0, 3)

SCRIPT = """\
// A report over numbers, thirty lines of ordinary Kotlin.
data class Sale(val region: String, val units: Int, val price: Double)

val regions = listOf("north", "south", "east", "west")
val sales = (1..200).map { Sale(regions[it % 4], it % 7 + 1, 9.5 + it % 13) }

fun total(of: List<Sale>) = of.sumOf { it.units * it.price }

fun line(name: String, value: Double) = name.padEnd(8) + "%10.2f".format(value)

interface Rule { fun keeps(sale: Sale): Boolean }

class AtLeast(private val units: Int) : Rule {
  override fun keeps(sale: Sale) = sale.units >= units
}

val rules: List<Rule> = listOf(AtLeast(2), AtLeast(3))
val kept = sales.filter { sale -> rules.all { it.keeps(sale) } }
val byRegion = kept.groupBy { it.region }.toSortedMap()

for ((region, of) in byRegion) {
  println(line(region, total(of)))
}

val best = byRegion.maxByOrNull { (_, of) -> total(of) }
val when0 = when (best?.key) {
  null -> "nobody"
  else -> best.key
}
println("best: $when0, ${"%.1f".format(100 * total(kept) / total(sales))} % kept")
"""


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command, env, columns=120, rows=40):
        self.began = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, env)
        import fcntl, struct, termios
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.seen = b""

    def read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return b""
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        if not data:
            raise EOFError(self.text())
        self.seen += data
        return data

    def text(self):
        return ESCAPE.sub(b"", self.seen).decode(errors="replace")

    def until(self, pattern, seconds=60):
        """Waits for what is new to match; the time it took, in milliseconds."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text()):
            if time.monotonic() > end:
                raise TimeoutError(f"no {pattern!r} in {self.text()!r}")
            self.read(0.5)
        return (time.monotonic() - self.began) * 1000

    def rest(self, seconds=0.25):
        """Reads until nothing comes for a while."""
        while self.read(seconds):
            pass

    def answer(self, seconds=2):
        """Reads what comes until nothing does; milliseconds from the last key to the end of it."""
        ended = time.monotonic()
        if self.read(seconds):
            ended = time.monotonic()
            while self.read(0.2):
                ended = time.monotonic()
        return (ended - self.began) * 1000

    def send(self, text):
        self.seen = b""
        self.began = time.monotonic()
        os.write(self.fd, text.encode())

    def enter(self, text, prompt):
        """Types an entry, then presses Enter; milliseconds until the prompt is back."""
        self.send(text)
        self.rest()
        self.send("\r")
        return self.until(r"\n" + prompt)

    def cpu(self):
        """CPU milliseconds of the program and of all it started, since it was started."""
        tick = os.sysconf("SC_CLK_TCK")
        stats = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                stats[int(entry)] = (int(fields[1]), sum(map(int, fields[11:15])))
        ours, more = set(), {self.pid}
        while more:
            ours |= more
            more = {pid for pid, (parent, _) in stats.items() if parent in ours} - ours
        return sum(stats[pid][1] for pid in ours if pid in stats) * 1000 / tick

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def environment(java_home, work):
    env = {k: v for k, v in os.environ.items() if k not in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS")}
    env.update(JAVA_HOME=java_home, TERM="xterm-256color", BLKSH_NO_BUILD="1", BLKSH_HOME=f"{work}/home",
               HOME=f"{work}/user", PS1="$ ")
    os.makedirs(f"{work}/user", exist_ok=True)
    return env


def sitting(command, prompt, entries, env, first=None):
    """One sitting: time to the prompt; of a first entry at once; then of the others two seconds on."""
    figures = {}
    terminal = Terminal(command, env)
    try:
        figures["prompt"] = terminal.until(prompt)
        if first:
            figures["first"] = terminal.enter(first, prompt)
            return figures
        time.sleep(2)
        times = [terminal.enter(entry, prompt) for entry in entries]
        figures["compiled"] = times[0]
        figures["later"] = statistics.median(times[1:])
        return figures
    finally:
        terminal.close()


def compiled_first(command, prompt, entry, env, after):
    """The first entry that has to be compiled, so many seconds after the prompt: milliseconds from Enter to
    the next prompt, with what it took to the first one, and CPU milliseconds of all processes from the
    start until then."""
    terminal = Terminal(command, env)
    try:
        waited = terminal.until(prompt)
        time.sleep(after)
        if after:
            wall = terminal.enter(entry, prompt)
        else:
            terminal.send(entry + "\r")
            wall = terminal.until(r"\n" + prompt)
        return {f"wall {after}": wall, f"whole {after}": waited + wall, f"cpu {after}": terminal.cpu()}
    finally:
        terminal.close()


def medians(rounds):
    keys = {key for figures in rounds for key in figures}
    return {key: statistics.median(f[key] for f in rounds if key in f) for key in sorted(keys)}


def prompts(java_home, rounds, work):
    env = environment(java_home, work)
    blksh = [str(TOP / "blksh")]
    jshell = [f"{java_home}/bin/jshell"]
    Terminal(blksh, env).until("blksh> ", 180)  # the archive is made
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(sitting(blksh, "blksh> ", [], env, first="stores"))
        theirs.append(sitting(jshell, "jshell> ", [], env, first="1 + 1"))
        ours.append(sitting(blksh, "blksh> ", [e[0] for e in ENTRIES], env))
        theirs.append(sitting(jshell, "jshell> ", [e[1] for e in ENTRIES], env))
        for after in AFTER:
            ours.append(compiled_first(blksh, "blksh> ", ENTRIES[0][0], env, after))
            theirs.append(compiled_first(jshell, "jshell> ", ENTRIES[0][1], env, after))
    return medians(ours), medians(theirs)


def clock(command, env):
    began = time.monotonic()
    subprocess.run(command, env=env, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return (time.monotonic() - began) * 1000


def runs(java_home, rounds, work):
    env = environment(java_home, work)
    (Path(work) / "Hello.java").write_text(
        'class Hello { public static void main(String[] a) { System.out.println("hello"); } }')
    subprocess.run([f"{java_home}/bin/javac", "-d", work, f"{work}/Hello.java"], check=True)
    java = f"{java_home}/bin/java"
    hello = [java, "-Xshare:auto", "-cp", work, "Hello"]
    blksh = str(TOP / "blksh")
    cached = Path(work) / "cached.kts"
    cached.write_text(SCRIPT)
    fresh = Path(work) / "fresh.kts"
    jars = ":".join(str(jar) for jar in (TOP / "shell/target/dist/lib").glob("*.jar")
                    if re.match(r"kotlin|annotations", jar.name))
    stdlib = next((TOP / "shell/target/dist/lib").glob("kotlin-stdlib-2*.jar"))
    runtime = next(iter((TOP / "shell/target/dist/lib").glob("kotlin-script-runtime*.jar")), stdlib)
    kotlinc = [java, "-Xmx256M", "-Xms32M", "-cp", jars, "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler",
               "-no-stdlib", "-no-reflect", "-cp", f"{stdlib}:{runtime}", "-script", str(fresh)]
    clock([blksh, "run", "runs", "--help"], env)
    clock([blksh, "run", str(cached)], env)
    figures = []
    for number in range(rounds):
        one = {"hello": clock(hello, env)}
        one["bundled"] = clock([blksh, "run", "runs", "--help"], env)
        one["cached"] = clock([blksh, "run", str(cached)], env)
        fresh.write_text(SCRIPT + f"// {number} {os.getpid()}\n")
        one["uncached"] = clock([blksh, "run", str(fresh)], env)
        one["kotlinc"] = clock(kotlinc, env)
        figures.append(one)
    return medians(figures)


def workspace(java_home, work):
    """A home that knows stores with many manifests, made by blksh itself."""
    env = environment(java_home, work)
    script = Path(work) / "many.kts"
    script.write_text(MANY.read_text())
    subprocess.run([str(TOP / "blksh"), "--quiet", "run", str(script)], env=env, check=True,
                   stdout=subprocess.DEVNULL)


TABS = TOP / "shell/src/test/resources/blksh/prompt/complete/tabs.txt"
# As people type who type fast: TAB follows the last key as that followed the one before.
LAST_KEYS = 4
BETWEEN_KEYS = 0.08
MANY = TOP / "shell/src/test/resources/blksh/prompt/complete/many.kts"


def tabs(java_home, work):
    """Every recorded position: milliseconds from TAB to the end of what it shows, the positions whose
    menu came without what was expected at first, and those that never had it."""
    env = environment(java_home, work)
    workspace(java_home, work)
    positions = [line.split("\t") for line in TABS.read_text().splitlines()
                 if line and not line.startswith("#")]
    terminal = Terminal([str(TOP / "blksh")], env, 160, 60)
    times, late, wrong = [], [], []
    try:
        terminal.until("blksh> ", 180)
        time.sleep(5)
        for typed, expected in positions:
            if expected == "":
                terminal.enter(typed, "blksh> ")
                continue
            terminal.send(typed[:-LAST_KEYS])
            terminal.rest(0.06)
            for character in typed[-LAST_KEYS:]:
                terminal.send(character)
                terminal.rest(BETWEEN_KEYS)
            terminal.send("\t")
            took = terminal.answer()
            if expected not in terminal.text():
                terminal.send("\x0c")  # a list goes, but the line is drawn anew, to be read whole
                terminal.rest(0.15)
            if expected not in terminal.text():
                late.append(typed)
                took = terminal.answer(3)
                if expected not in terminal.text():
                    wrong.append((typed, expected, terminal.text()))
            times.append(took)
            terminal.send("\x03")
            terminal.until(r"\nblksh> ")
            terminal.rest(0.1)
    finally:
        terminal.close()
    return times, late, wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="prompt,run,tab")
    parser.add_argument("--jdk", default="/usr/lib/jvm/java-17-openjdk-amd64")
    parser.add_argument("--jdk25", default="/usr/lib/jvm/temurin-25-jdk-amd64")
    parser.add_argument("--json", help="write the figures there")
    options = parser.parse_args()
    parts = options.only.split(",")
    # In memory where there is a place for that: thousands of captures are thousands of syncs.
    work = tempfile.mkdtemp(prefix="blksh-bench",
                            dir="/dev/shm" if "tab" in parts and os.access("/dev/shm", os.W_OK) else None)
    figures, missed = {}, []

    def verdict(what, ours, theirs, allowed):
        ratio = ours / theirs
        within = ratio <= allowed
        if not within:
            missed.append(what)
        print(f"{what:<58}{ours:8.0f}{theirs:8.0f}{ratio:7.2f}  {'≤' if within else '>'} {allowed}")

    try:
        print(f"{'milliseconds, medians of ' + str(options.rounds):<58}{'blksh':>8}{'peer':>8}{'ratio':>7}")
        for home, name in ((options.jdk, "17"), (options.jdk25, "25")):
            if "prompt" not in parts or not os.path.isdir(home):
                continue
            ours, theirs = prompts(home, options.rounds, work)
            figures[f"prompt {name}"] = {"blksh": ours, "jshell": theirs}
            verdict(f"{name}: prompt, to jshell", ours["prompt"], theirs["prompt"], 0.3)
            verdict(f"{name}: first path without the compiler, to jshell's first", ours["first"], theirs["first"], 0.5)
            allowed = 1.5 if name == "17" else 1
            # Typed at once it waits for what jshell did before its prompt: the two are counted together.
            verdict(f"{name}: from the start to the result of an entry typed at once", ours["whole 0"],
                    theirs["whole 0"], allowed)
            print(f"{'    of that from Enter':<58}{ours['wall 0']:8.0f}{theirs['wall 0']:8.0f}"
                  f"{ours['wall 0'] / theirs['wall 0']:7.2f}")
            verdict(f"{name}: first compiled, 3 s after the prompt", ours["wall 3"], theirs["wall 3"], allowed)
            for after in AFTER:
                verdict(f"{name}: CPU from the start to its result, {after} s after the prompt",
                        ours[f"cpu {after}"], theirs[f"cpu {after}"], 2)
            verdict(f"{name}: later entries", ours["later"], theirs["later"], 0.8)
        if "run" in parts:
            one = runs(options.jdk, options.rounds, work)
            figures["run"] = one
            verdict("17: run a bundled script, to Java's hello", one["bundled"], one["hello"], 3)
            verdict("17: run a cached script of 30 lines, to Java's hello", one["cached"], one["hello"], 5)
            verdict("17: run it uncached, to the compiler's -script", one["uncached"], one["kotlinc"], 0.6)
        if "tab" in parts and TABS.exists():
            times, late, wrong = tabs(options.jdk, work)
            p95 = statistics.quantiles(times, n=20)[18]
            figures["tab"] = {"median": statistics.median(times), "p95": p95, "max": max(times),
                              "positions": len(times), "late": len(late), "wrong": len(wrong)}
            print(f"TAB at {len(times)} positions, key to the end of the menu: median "
                  f"{statistics.median(times):.0f} ms, p95 {p95:.0f} ms, max {max(times):.0f} ms; "
                  f"{len(late)} late, {len(wrong)} without what was expected")
            for typed in late:
                print(f"  late: {typed!r}")
            for typed, expected, seen in wrong:
                print(f"  without it: {typed!r} -> {expected!r}: {seen!r}")
            if p95 > 100 or wrong:
                missed.append("TAB")
        if "interrupt" in parts:
            times, clean = interrupts(options.jdk, options.rounds, work)
            figures["interrupt"] = times
            print(f"{'Ctrl-C to the prompt, milliseconds':<40}{'times':>6}{'median':>8}{'most':>8}")
            for what, took in times.items():
                print(f"{what:<40}{len(took):6}{statistics.median(took):8.0f}{max(took):8.0f}")
                if max(took) > 200:
                    missed.append(what)
            print("every store verifies clean" if clean else "NOT every store verifies clean")
            if not clean or len(times) < len(ENDLESS):
                missed.append("interrupt")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1))
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
