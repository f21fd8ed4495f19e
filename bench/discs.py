#!/usr/bin/env python3
"""Archiving a tree onto a disc by blksh, beside genisoimage, xorriso and tar.

    bench/discs.py [--files 19000] [--bytes 1600] [--rounds 5] [--work DIR]

The tree is copied from what this machine has below /usr, and filled up with files of 20 MiB of noise, as
photographs are to a disc. In each round, in turns: blksh scans it into a
new catalogue, plans one disc and writes its image, all in one process; it writes an image of a catalogue
that is there, which is the write alone; genisoimage -udf -J -r, xorriso -as mkisofs with Joliet and Rock
Ridge, and tar do what they do. Each image goes to the same file system. Printed are medians of wall and
CPU seconds, the most memory, and the ratios to what we want. The size of blksh's image must be the one
that was planned, to the byte. Needs genisoimage and xorriso (tools/install-peers.sh).
"""
import argparse
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BLKSH = os.path.join(TOP, 'blksh')
LARGEST = 32 << 20
PHOTOGRAPH = 20 << 20
MOST_PHOTOGRAPHS = 100

SCAN = '''
val c = catalogue("{place}.catalogue")
c.job("Bench", id = "00000000-0000-4000-8000-000000000016")
c.scan("{tree}")
val disc = c.segment("{bytes}").single()
println("planned ${{disc.size.bytes}}")
'''
WRITE = '''
val image = catalogue("{place}.catalogue").disc(1).writeIso("{out}", "bench.iso")
check(image.good) {{ image.faults }}
'''


def measured(command):
    """Wall and CPU seconds and the most memory of a command and what it starts, in MiB, and its words."""
    began = time.time()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = process.stdout.read().decode(errors='replace')
    _, status, used = os.wait4(process.pid, 0)
    wall = time.time() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit('%s ended with %d: %s' % (command[0], process.returncode, said[-800:]))
    return (wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024), said


class Blksh:
    def __init__(self, work, tree, size):
        self.work, self.given = work, dict(tree=tree, out=work, place=work + '/run', bytes=size)
        self.home = os.path.join(work, 'home')
        os.makedirs(self.home, exist_ok=True)
        self.planned = 0

    def run(self, text, place=None):
        script = os.path.join(self.home, 'bench.kts')
        given = dict(self.given, **({'place': place} if place else {}))
        with open(script, 'w') as out:
            out.write(text.format(**given))
        figures, said = measured([BLKSH, '--quiet', '--home', self.home, 'run', script])
        for line in said.splitlines():
            if line.startswith('planned '):
                self.planned = int(line.split()[1])
        return figures

    def all(self):
        self.forget('run')
        figures = self.run(SCAN + WRITE)
        self.exact()
        return figures

    def ready(self):
        self.forget('ready')
        self.run(SCAN, self.work + '/ready')

    def write(self):
        figures = self.run(WRITE, self.work + '/ready')
        self.exact()
        return figures

    def exact(self):
        written = os.path.getsize(self.work + '/bench.iso')
        if written != self.planned:
            raise SystemExit('planned %d bytes, and wrote %d' % (self.planned, written))

    def forget(self, name):
        for end in ('', '-wal', '-shm', '.lock'):
            path = '%s/%s.catalogue%s' % (self.work, name, end)
            if os.path.exists(path):
                os.remove(path)


def corpus(tree, files, size):
    """So many files of so many MiB, with their directories, the same ones in every run."""
    left, room = files - MOST_PHOTOGRAPHS, size << 20
    for root, directories, names in os.walk('/usr'):
        directories.sort()
        directories[:] = [d for d in directories if not os.path.islink(os.path.join(root, d))]
        to = tree + root
        for name in sorted(names):
            path = os.path.join(root, name)
            try:
                status = os.lstat(path)
                # Small files only once the bytes are there, and large ones only while they are not.
                share = room / max(1, left)
                if os.path.islink(path) or not left or status.st_size > min(LARGEST, room, 400 * share):
                    continue
                os.makedirs(to, exist_ok=True)
                shutil.copy2(path, to)
            except OSError:
                continue
            left -= 1
            room -= status.st_size
    chance = random.Random(16)
    os.makedirs(tree + '/photographs', exist_ok=True)
    photographs = min(MOST_PHOTOGRAPHS, room // PHOTOGRAPH)
    for number in range(photographs):
        with open('%s/photographs/IMG_%04d.NEF' % (tree, number), 'wb') as out:
            out.write(chance.randbytes(PHOTOGRAPH))
    room -= photographs * PHOTOGRAPH
    print('%d files, %d MiB' % (files - MOST_PHOTOGRAPHS - left + photographs, size - (room >> 20)))
    return (size << 20) - room


def main():
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--files', type=int, default=19000)
    options.add_argument('--bytes', type=int, default=1600, help='MiB')
    options.add_argument('--rounds', type=int, default=5)
    options.add_argument('--work')
    given = options.parse_args()
    work = os.path.abspath(given.work or tempfile.mkdtemp(prefix='blksh-discs-'))
    os.makedirs(work, exist_ok=True)
    try:
        tree = work + '/tree'
        total = corpus(tree, given.files, given.bytes)
        ours = Blksh(work, tree, total + (200 << 20) + 8192 * given.files)
        iso = work + '/bench.iso'
        peers = [('genisoimage -udf -J -r', ['genisoimage', '-quiet', '-udf', '-J', '-r', '-joliet-long',
                                             '-allow-limited-size', '-o', iso, tree]),
                 ('xorriso -J -r', ['xorriso', '-as', 'mkisofs', '-quiet', '-J', '-joliet-long', '-r',
                                    '-o', iso, tree]),
                 ('tar', ['tar', '-cf', iso, '-C', work, 'tree'])]
        runs = [('blksh: scan, plan, write', ours.all, None), ('blksh: write alone', ours.write, ours.ready)]
        runs += [(name, lambda command=command: measured(command)[0], None)
                 for name, command in peers if shutil.which(command[0])]
        # Scripts are compiled once, and the tree is read once.
        for warming in (ours.all, ours.ready, ours.write):
            if os.path.exists(iso):
                os.remove(iso)
            warming()
        took = {}
        for i in range(given.rounds):
            for name, run, ready in runs[i % len(runs):] + runs[:i % len(runs)]:
                if ready:
                    ready()
                if os.path.exists(iso):
                    os.remove(iso)
                subprocess.run(['sync'], check=True)
                took.setdefault(name, []).append(run())
        print('\n| | wall s | CPU s | MiB |\n|---|---|---|---|')
        middle = {}
        for name, _, _ in runs:
            middle[name] = [statistics.median(column) for column in zip(*took[name])]
            print('| %s | %.2f | %.2f | %.0f |' % (name, *middle[name]))
        print('\nplanned and written: %d bytes' % ours.planned)
        for what, one, other, wanted in (
                ('scan + write', 'blksh: scan, plan, write', 'genisoimage -udf -J -r', 1.6),
                ('write', 'blksh: write alone', 'tar', 1.5)):
            if other in middle:
                print('%s: %.2f of %s (%.1f wanted)' % (
                    what, middle[one][0] / middle[other][0], other.split()[0], wanted))
        print('memory: %.0f MiB (256 wanted)' % max(middle[name][2] for name in middle if 'blksh' in name))
    finally:
        if not given.work:
            shutil.rmtree(work)


if __name__ == '__main__':
    main()
