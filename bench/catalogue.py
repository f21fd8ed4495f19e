#!/usr/bin/env python3
"""A catalogue of millions of files: how long planning and looking take, and how much memory.

    bench/catalogue.py [--files 5000000] [--media bd] [--rounds 3] [--work DIR]

Makes a catalogue whose files there never were: names, sizes, times and hashes are synthetic, in 40 files
a directory, 5 in 100 the copy of another. blksh makes the file and its tables; the rows are put in by
SQLite. Printed are what the index of names takes, then for `segment`, with directories kept together
and not, wall seconds and the most memory of the process, medians of the rounds; and for `which` and
`find` milliseconds within one process: the first time, and the median of all names that are asked for.
With --work the catalogue stays, and is taken up by the next run.
"""
import argparse
import hashlib
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BLKSH = os.path.join(TOP, 'blksh')

IN_DIRECTORY = 40
KINDS = [('IMG_%07d.jpg', 3_000_000), ('DSC%06d.NEF', 20_000_000), ('track-%06d.flac', 8_000_000),
         ('letter to %06d.odt', 40_000), ('%06d.html', 20_000), ('report-%06d-final.pdf', 300_000),
         ('mail.%08d', 9_000), ('Module%06d.java', 6_000)]


def watch(pid, most):
    """Notes the most memory of a process while it runs, in KiB."""
    try:
        while True:
            with open('/proc/%d/status' % pid) as status:
                most[0] = [int(line.split()[1]) for line in status if line.startswith('VmHWM')][0]
            time.sleep(0.02)
    except (OSError, IndexError):
        pass  # it ended


def measured(command):
    """Wall seconds, the most memory in MiB, and what it said.

    The memory is that of the process alone: what compiles a script that is new is another, which the
    system counts with the one that waits for it.
    """
    began = time.time()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    failing, most = [], [0]
    reader = threading.Thread(target=lambda: failing.append(process.stderr.read()))
    reader.start()
    watcher = threading.Thread(target=watch, args=(process.pid, most))
    watcher.start()
    said = process.stdout.read().decode(errors='replace')
    reader.join()
    watcher.join()
    failed = failing[0].decode(errors='replace')
    process.wait()
    if process.returncode not in (0, 3):
        raise SystemExit('%s ended with %d: %s' % (command, process.returncode, failed[-800:]))
    return time.time() - began, most[0] / 1024, said


def blksh(home, text):
    script = os.path.join(home, 'bench.kts')
    with open(script, 'w') as out:
        out.write(text)
    return measured([BLKSH, '--quiet', '--home', home, 'run', script])


def size(chance, mean):
    return int(chance.lognormvariate(0, 1.2) * mean / 20) + 1


def fill(path, files):
    """Puts the rows in, in the order in which a scan does."""
    chance = random.Random(16)
    base = sqlite3.connect(path, isolation_level=None)
    kept = [row[0] for row in base.execute(
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        " AND tbl_name IN ('entry', 'content')")]
    for (name,) in base.execute(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            " AND tbl_name IN ('entry', 'content')").fetchall():
        base.execute('DROP INDEX ' + name)
    base.execute('PRAGMA synchronous = OFF')
    base.execute('PRAGMA cache_size = -262144')
    base.execute('BEGIN')
    base.execute('INSERT INTO source (id, root, imported) VALUES (1, ?, 0)', (b'/srv/archive',))
    base.execute('INSERT INTO scan (id, source, began, ended, files) VALUES (1, 1, 1, 2, ?)', (files,))
    directories = {}
    entries, contents = [], []
    state = {'directory': 0, 'entry': 0, 'content': 0}

    def entry(directory, name, kind, length, content, when):
        state['entry'] += 1
        entries.append((state['entry'], directory, name, kind, 0o40755 if kind else 0o100644, 1000, 1000,
                        length, when, when % 1000 * 1000000, when, 0, 2049, state['entry'], 1, 0, None, None,
                        content, 1, None, 1))

    def flush():
        base.executemany(
            'INSERT INTO entry (id, directory, name, type, mode, uid, gid, size, mtime, mtime_ns, ctime,'
            ' ctime_ns, device, inode, links, special, target, attributes, content, settled, told, scan)'
            ' VALUES (?, ?, CAST(? AS TEXT), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
            entries)
        base.executemany('INSERT INTO content (id, head, size, sha512, sha256) VALUES (?, ?, ?, ?, ?)',
                         contents)
        entries.clear()
        contents.clear()

    def directory(steps):
        key = b'\0'.join(steps)
        if key not in directories:
            state['directory'] += 1
            number = directories[key] = state['directory']
            base.execute('INSERT INTO directory (id, source, path) VALUES (?, 1, ?)', (number, key))
            if steps:
                entry(directory(steps[:-1]), steps[-1], 1, 0, None, 1500000000)
            else:
                entry(number, b'', 1, 0, None, 1500000000)
        return directories[key]

    root = directory(())
    made = 0
    while made < files:
        n = made // IN_DIRECTORY
        steps = (b'%04d' % (2000 + n // 5000 % 25), b'%02d-batch' % (n // 200 % 25),
                 b'box %03d' % (n % 200))
        here = directory(steps)
        kind, mean = KINDS[n % len(KINDS)]
        for i in range(min(IN_DIRECTORY, files - made)):
            if state['content'] and chance.random() < 0.05:
                content = chance.randrange(max(1, state['content'] - 100000), state['content'] + 1)
                length = sizes[content % len(sizes)]
            else:
                state['content'] += 1
                content = state['content']
                length = size(chance, mean)
                if content == 1:
                    sizes = [0] * 100003
                sizes[content % len(sizes)] = length
                digest = hashlib.sha512(b'%d' % content).digest()
                head = int.from_bytes(digest[:8], 'big') - 2 ** 63
                contents.append((content, head, length, digest, hashlib.sha256(b'%d' % content).digest()))
            entry(here, (kind % (made + i)).encode(), 0, length, content, 1400000000 + made + i)
        made += IN_DIRECTORY
        if len(entries) > 100000:
            flush()
    flush()
    for sql in kept:
        base.execute(sql)
    base.execute('COMMIT')
    base.close()
    return root


def table(rows):
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print('  '.join(str(cell).ljust(width) if i == 0 else str(cell).rjust(width)
                        for i, (cell, width) in enumerate(zip(row, widths))))


LOOK = '''
val c = catalogue("%s")
fun timed(what: String, names: List<String>, look: (String) -> Int) {
  val times = names.map { name ->
    val began = System.nanoTime()
    val found = look(name)
    check(found > 0 || what.startsWith("no")) { "$what $name: nothing" }
    (System.nanoTime() - began) / 1e6
  }
  println("$what|${times.first()}|${times.sorted()[times.size / 2]}|${times.max()}")
}
%s
'''


def looks(files):
    chance = random.Random(5)

    def names(form, many=20):
        kinds = [n for n in range(files) if (n // IN_DIRECTORY) % len(KINDS) == form] \
            if files < 100000 else None
        chosen = []
        while len(chosen) < many:
            n = chance.choice(kinds) if kinds else chance.randrange(files)
            if (n // IN_DIRECTORY) % len(KINDS) == form:
                chosen.append(KINDS[form][0] % n)
        return chosen

    def words(all):
        return 'listOf(%s)' % ', '.join('"%s"' % each for each in all)

    whole = names(0)
    prefixes = [each[:-6] + '*' for each in names(0)]
    parts = ['*' + each[3:8] + '*' for each in names(1)]
    few = ['DSC*', 'IM*', '*lett*', '*.flac', '*er*', 'M*', '*-final*', '*' + names(5)[0][3:11] + '*']
    return '\n'.join([
        'timed("which NAME", %s) { c.which(it).size }' % words(whole),
        'timed("find PREFIX*", %s) { c.find(it, 100).size }' % words(prefixes),
        'timed("find *PART*", %s) { c.find(it, 100).size }' % words(parts),
    ] + ['timed("find %s", %s) { c.find(it, 100).size }' % (each, words([each] * 5)) for each in few]
      + ['timed("nothing: find %s", %s) { c.find(it, 100).size }' % (each, words([each] * 5))
         for each in ('*nowhere*', 'IMG*.flac', 'zz*')])


def main():
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--files', type=int, default=5_000_000)
    options.add_argument('--media', default='bd')
    options.add_argument('--rounds', type=int, default=3)
    options.add_argument('--work')
    given = options.parse_args()
    work = given.work or tempfile.mkdtemp(prefix='blksh-catalogue-')
    home = os.path.join(work, 'home')
    os.makedirs(home, exist_ok=True)
    path = os.path.join(work, 'bench.catalogue')
    try:
        if not os.path.exists(path):
            blksh(home, 'catalogue("%s").job("bench", id = "00000000-0000-4000-8000-000000000016")' % path)
            began = time.time()
            fill(path, given.files)
            print('made the rows in %.0f s' % (time.time() - began))
            before = os.path.getsize(path)
            wall, memory, _ = blksh(home, 'catalogue("%s").find("IMG_0000001.jpg", 1)' % path)
            print('%d files: %.0f MiB; names indexed in %.0f s, with %.0f MiB and %.0f MiB of memory' % (
                given.files, before / 2 ** 20, wall, (os.path.getsize(path) - before) / 2 ** 20, memory))
        rows = [('segment %s' % given.media, 'seconds', 'MiB', 'discs', 'bound')]
        for together in ('true', 'false'):
            took = []
            for _ in range(given.rounds):
                took.append(blksh(home, 'val s = catalogue("%s").segment("%s", keepDirectoriesTogether = %s)\n'
                                        'println("discs ${s.size} ${s.bound}")'
                                  % (path, given.media, together)))
            discs = [line.split()[1:] for line in took[0][2].splitlines() if line.startswith('discs ')][0]
            rows.append(('together' if together == 'true' else 'apart',
                         '%.1f' % statistics.median(each[0] for each in took),
                         '%.0f' % max(each[1] for each in took)) + tuple(discs))
        table(rows)
        print()
        _, memory, said = blksh(home, LOOK % (path, looks(given.files)))
        rows = [('milliseconds', 'first', 'median', 'most')]
        for line in said.splitlines():
            if line.count('|') == 3:
                what, *times = line.split('|')
                rows.append((what,) + tuple('%.1f' % float(each) for each in times))
        table(rows)
        print('\n%.0f MiB of memory while looking' % memory)
    finally:
        if not given.work:
            shutil.rmtree(work)


if __name__ == '__main__':
    main()
