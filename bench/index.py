#!/usr/bin/env python3
"""A page index of a billion pages: made as one stream, a million looked up and a million entered.

  bench/index.py [--pages 1000000000] [--some 1000000] [--work DIR]

A billion pages are 4 TiB of images without a page twice. The index takes 34 GB of disk then, and 16
GB more while it is made. Each line says the seconds and the memory of its own that the process has.
"""
import argparse
import os
import shutil
import subprocess
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main():
    options = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    options.add_argument('--pages', type=int, default=10 ** 9)
    options.add_argument('--some', type=int, default=10 ** 6)
    options.add_argument('--work', default=None)
    options = options.parse_args()
    subprocess.run(['mvn', '-q', '-f', TOP + '/pom.xml', '-Pbench', '-pl', 'engine,bench', '-am',
                    '-DskipTests', 'package'], check=True)
    work = tempfile.mkdtemp(dir=options.work)
    try:
        subprocess.run(['java', '-Xmx160m', '-cp', TOP + '/bench/target/bench.jar',
                        'blksh.bench.LargeIndex', work + '/pages.idx', str(options.pages),
                        str(options.some)], check=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
