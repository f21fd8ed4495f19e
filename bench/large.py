#!/usr/bin/env python3
"""A store of 1 TiB, and what the usual verbs take of time and memory with it.

  bench/large.py [--packs 16384] [--work DIR]

As many packs, pages and digests as 1 TiB of full packs have: 368 million pages of 16,384 packs. One
pack of fifteen holds pages; the frames of the others are holes, so that it takes some 25 GB of disk.
Every verb runs in the 160 MB of heap that the launcher gives it.
"""
import argparse
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BLKSH = os.path.join(TOP, 'blksh')
PAGES = 22500


class Memory(threading.Thread):
    """The most memory of its own a process has; what it maps of files is the system's to take back."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.status = '/proc/%d/status' % process.pid
        self.peak = 0
        self.start()

    def run(self):
        try:
            while True:
                with open(self.status) as f:
                    for line in f:
                        if line.startswith('RssAnon'):
                            self.peak = max(self.peak, int(line.split()[1]))
                time.sleep(0.02)
        except (OSError, ValueError):
            pass


def run(what, *command, home, status=0):
    began = time.time()
    process = subprocess.Popen([BLKSH, '--quiet', '--home', home, 'run', *command],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    memory = Memory(process)
    said = process.stdout.read().decode()
    _, ended, used = os.wait4(process.pid, 0)
    wall = time.time() - began
    code = os.waitstatus_to_exitcode(ended)
    print('| %s | %.1f | %.1f | %d |'
          % (what, wall, used.ru_utime + used.ru_stime, memory.peak // 1024), flush=True)
    if code != status:
        sys.exit('%s ended with %d:\n%s' % (what, code, said))


def main():
    options = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    options.add_argument('--packs', type=int, default=16384)
    options.add_argument('--work', default=None)
    options = options.parse_args()
    work = tempfile.mkdtemp(dir=options.work)
    try:
        measure(work, options.packs)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def measure(work, packs):
    real = packs // 15 + 1  # what is read is a twentieth of the bytes, and small captures count
    store, home = work + '/store', work + '/home'
    subprocess.run(['mvn', '-q', '-f', TOP + '/pom.xml', '-Pbench', '-pl', 'engine,bench', '-am',
                    '-DskipTests', 'package'], check=True)
    subprocess.run(['java', '-Xmx2g', '-cp', TOP + '/bench/target/bench.jar',
                    'blksh.bench.LargeStore', store, str(packs), str(real)], check=True)
    for i in (1, 2, 3):
        with open('%s/small%d' % (work, i), 'wb') as f:
            f.write(random.Random(i).randbytes(64 << 20))
    with open(work + '/keep.kts', 'w') as f:
        f.write('store("%s").keepLast("large", 1)\n' % store)
    subprocess.run([BLKSH, '--home', home, '--dry-run', 'run', work + '/keep.kts'], check=True,
                   stdout=subprocess.DEVNULL)
    print('%d packs, %d pages\n' % (packs, packs * PAGES))
    print('| | seconds | CPU seconds | MiB of its own |\n|---|---|---|---|')
    run('list, no index.db', 'list', '--store', store, home=home)
    run('list', 'list', '--store', store, home=home)
    run('info', 'info', '--store', store, 'large', home=home)
    capture = ['capture', '--store', store, '--name', 'small']
    run('capture of 64 MiB, no pages.idx', *capture, work + '/small1', home=home)
    run('capture of other 64 MiB', *capture, work + '/small2', home=home)
    run('capture of the same once more', *capture, work + '/small2', home=home)
    run('verify of one twentieth', 'verify', '--store', store, '--sample', '5', home=home)
    mount(work, store, home, real)
    run('keepLast(1) of two versions of 1 TiB', work + '/keep.kts', home=home)
    run('capture after it', *capture, work + '/small3', home=home)


def mount(work, store, home, real):
    where = work + '/mounted'
    run('mount', 'mount', '--store', store, '--background', 'large@2', where, home=home)
    try:
        name = where + '/' + [n for n in os.listdir(where) if n.startswith('large')][0]
        at = random.Random(4)
        with open(name, 'rb', buffering=0) as f:
            began = time.time()
            for _ in range(5000):
                page = at.randrange(real * PAGES)
                f.seek(page * 4096)
                found = struct.unpack('<Q', f.read(4096)[:8])[0]
                assert found == (page // PAGES << 32 | page % PAGES) + 1, page
            print('| 5000 pages read at random through it | %.1f | | |' % (time.time() - began))
    finally:
        run('unmount', 'unmount', where, home=home)


main()
