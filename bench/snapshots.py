#!/usr/bin/env python3
"""Snapshots of a file tree by blksh, in both forms, beside rsync --link-dest, restic and borg.

    bench/snapshots.py [--files 34000] [--bytes 420] [--rounds 3] [--work DIR] [--tiny 1000000]

The tree is copied from what this machine has below /usr. Each round gives each tool a new place, in
turns: a first snapshot, then one more of the unchanged tree. With --tiny there is besides a tree of so
many files of a few bytes, for the unchanged snapshot, beside `find -printf` and `cp -al` over it.
Printed are medians of wall and CPU seconds, the most memory, the bytes of what was stored, and the
ratios to what we want. Needs rsync, restic and borg (tools/install-peers.sh); as root, to keep owners.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BLKSH = os.path.join(TOP, 'blksh')


def measured(command, environment=None):
    """Wall and CPU seconds and the most memory of a command and what it starts, in MiB."""
    began = time.time()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               env=dict(os.environ, **(environment or {})))
    said = process.stderr.read().decode(errors='replace')
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit('%s ended with %d: %s' % (command[0], process.returncode, said[-500:]))
    return time.time() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def occupied(path):
    out = subprocess.run(['du', '-s', '--block-size=1', path], check=True, capture_output=True)
    return int(out.stdout.split()[0]) / 2 ** 20


class Linked:
    name = 'blksh, linked'

    def first(self, tree, place):
        return measured([BLKSH, '--quiet', '--home', place + '.home', 'run', 'snapshot', tree,
                         '--to', place])

    again = first


class Stored(Linked):
    name = 'blksh, stored'

    def first(self, tree, place):
        return measured([BLKSH, '--quiet', '--home', place + '.home', 'run', 'snapshot', tree,
                         '--store', place, '--name', 'tree'])

    again = first


class Rsync:
    name = 'rsync'

    def first(self, tree, place):
        os.makedirs(place)
        return measured(['rsync', '-a', tree + '/', place + '/1/'])

    def again(self, tree, place):
        return measured(['rsync', '-a', '--link-dest', place + '/1/', tree + '/', place + '/2/'])


class Restic:
    name = 'restic'
    environment = {'RESTIC_PASSWORD': 'bench'}

    def first(self, tree, place):
        at = {**self.environment, 'RESTIC_CACHE_DIR': place + '.cache'}
        measured(['restic', '-r', place, 'init'], at)
        return measured(['restic', '-r', place, 'backup', tree], at)

    def again(self, tree, place):
        return measured(['restic', '-r', place, 'backup', tree],
                        {**self.environment, 'RESTIC_CACHE_DIR': place + '.cache'})


class Borg:
    name = 'borg'

    def at(self, place):
        return {'BORG_BASE_DIR': place + '.borg', 'BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK': 'yes'}

    def first(self, tree, place):
        measured(['borg', 'init', '-e', 'none', place], self.at(place))
        return measured(['borg', 'create', place + '::1', tree], self.at(place))

    def again(self, tree, place):
        return measured(['borg', 'create', place + '::2', tree], self.at(place))


def corpus(tree, files, size):
    """So many files of so many MiB, with their directories, the same ones in every run."""
    left, room = files, size << 20
    for root, directories, names in os.walk('/usr'):
        directories.sort()
        directories[:] = [d for d in directories if not os.path.islink(os.path.join(root, d))]
        to = tree + root
        for name in sorted(names):
            path = os.path.join(root, name)
            try:
                bytes_ = os.lstat(path).st_size
                if bytes_ > 1 << 20 or os.path.islink(path) or bytes_ > room or not left:
                    continue
                os.makedirs(to, exist_ok=True)
                shutil.copy2(path, to)
            except OSError:
                continue
            left -= 1
            room -= bytes_
    print('%d files, %d MiB' % (files - left, size - (room >> 20)))


def tiny(tree, count):
    for i in range(count):
        if i % 1000 == 0:
            folder = '%s/%03d/%03d' % (tree, i // 100000, i // 1000 % 100)
            os.makedirs(folder)
        with open('%s/f%06d' % (folder, i), 'wb') as f:
            f.write(b'%d' % i)


def table(rows, header):
    print('\n| ' + ' | '.join(header) + ' |\n|' + '---|' * len(header))
    for row in rows:
        print('| ' + ' | '.join('%.2f' % c if isinstance(c, float) else str(c) for c in row) + ' |')


def median(runs):
    return [statistics.median(column) for column in zip(*runs)]


def beside(work, options):
    tree = work + '/tree'
    corpus(tree, options.files, options.bytes)
    tools = [t() for t in (Linked, Rsync, Stored, Restic, Borg) if t in (Linked, Stored)
             or shutil.which(t.name)]
    first, again, space = {}, {}, {}
    for tool in tools[:1] + tools[2:3]:
        tool.first(tree + '/usr/bin', work + '/warm-' + tool.name[-6:])  # scripts are compiled once
    for i in range(options.rounds):
        for tool in tools[i % len(tools):] + tools[:i % len(tools)]:
            place = '%s/%s' % (work, tool.name.replace(', ', '-'))
            subprocess.run(['sync'], check=True)
            first.setdefault(tool.name, []).append(tool.first(tree, place))
            space[tool.name] = occupied(place)
            subprocess.run(['sync'], check=True)
            again.setdefault(tool.name, []).append(tool.again(tree, place))
            shutil.rmtree(place)
    rows = []
    for tool in tools:
        one, two = median(first[tool.name]), median(again[tool.name])
        rows.append((tool.name, *one, *two, space[tool.name]))
    table(rows, ('', 'first s', 'CPU s', 'MiB', 'unchanged s', 'CPU s', 'MiB', 'stored MiB'))
    named = {row[0]: row for row in rows}
    print()
    for ours, peer, one, two, size in (('blksh, linked', 'rsync', 1.0, 0.6, None),
                                       ('blksh, stored', 'restic', 0.6, 0.4, 1.0)):
        if peer in named:
            a, b = named[ours], named[peer]
            print('%s to %s: first %.2f (%.1f wanted), unchanged %.2f (%.1f)%s' % (
                ours, peer, a[1] / b[1], one, a[4] / b[4], two,
                ', bytes %.2f (%.1f)' % (a[7] / b[7], size) if size else ''))


def many(work, count):
    tree = work + '/tiny'
    tiny(tree, count)
    rows = []
    find = measured(['find', tree, '-printf', '%y %m %U %G %T@ %n %l %s\n'])
    link = measured(['cp', '-al', tree, work + '/linked-copy'])
    shutil.rmtree(work + '/linked-copy')
    rows += [('find -printf', *find), ('cp -al', *link)]
    for tool in (Linked(), Stored(), Rsync()):
        place = work + '/many-' + tool.name[-6:]
        rows.append((tool.name + ', first', *tool.first(tree, place)))
        rows.append((tool.name + ', unchanged', *tool.again(tree, place)))
        shutil.rmtree(place)
    table(rows, ('%d files' % count, 's', 'CPU s', 'MiB'))
    named = {row[0]: row for row in rows}
    print('\nCPU, unchanged: linked %.2f of find and cp (1.3 wanted), stored %.2f of find (2.0); wall of'
          ' rsync: linked %.2f, stored %.2f (0.6)' % (
              named['blksh, linked, unchanged'][2] / (find[1] + link[1]),
              named['blksh, stored, unchanged'][2] / find[1],
              named['blksh, linked, unchanged'][1] / named['rsync, unchanged'][1],
              named['blksh, stored, unchanged'][1] / named['rsync, unchanged'][1]))


def main():
    options = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    options.add_argument('--files', type=int, default=34000)
    options.add_argument('--bytes', type=int, default=420, help='MiB')
    options.add_argument('--rounds', type=int, default=3)
    options.add_argument('--work')
    options.add_argument('--tiny', type=int, default=0)
    options = options.parse_args()
    for peer in ('rsync', 'restic', 'borg'):
        if shutil.which(peer):
            version = subprocess.run([peer, 'version' if peer == 'restic' else '--version'],
                                     capture_output=True, text=True).stdout.split('\n')[0]
            print(version.strip())
    work = tempfile.mkdtemp(dir=options.work)
    try:
        beside(work, options)
        if options.tiny:
            many(work, options.tiny)
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
