#!/bin/bash
# What grows with the damage and with the free space, in the 160 MB the launcher gives. First a medium
# every other sector of which is bad: its map is loaded, saved, all bad sectors tried once more, in
# vain, and the medium captured. Then an image of a file system every other block of which is free,
# captured without those. Prints seconds and the most memory each process had.
#   bench/ranges.sh [RANGES] [WORK]   (ten million; the map alone takes 28 bytes a range)
set -eu
ranges=${1:-10000000}
top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d -p "${2:-${TMPDIR:-/tmp}}")
trap 'rm -rf "$work"' EXIT
PATH=$PATH:/usr/sbin:/sbin
mvn -q -f "$top/pom.xml" -Pbench -pl engine,bench -am -DskipTests package
limited() { java -Xmx160m -XX:+UseSerialGC -cp "$top/bench/target/bench.jar" "$@"; }

echo "== $ranges bad ranges"
limited blksh.bench.BadRanges "$work" "$ranges"

truncate -s $((8 * ranges))K "$work/image"
mke2fs -q -F -t ext2 -b 4096 -N 5000 "$work/image"
python3 - "$work/image" <<'P'
import struct, sys
with open(sys.argv[1], 'r+b') as image:
    image.seek(1024)
    superblock = bytearray(image.read(1024))
    blocks, = struct.unpack_from('<I', superblock, 4)
    in_group, = struct.unpack_from('<I', superblock, 32)
    groups = (blocks + in_group - 1) // in_group
    image.seek(4096)
    table = bytearray(image.read(groups * 32))
    total = 0
    for group in range(groups):
        at, = struct.unpack_from('<I', table, group * 32)
        image.seek(at * 4096)
        bitmap = image.read(4096)
        used = min(in_group, blocks - group * in_group)
        bitmap = bytes(b | 0xAA for b in bitmap[:used // 8]) + bitmap[used // 8:]
        free = used - sum(bin(b).count('1') for b in bitmap[:used // 8]) - sum(
            bitmap[i // 8] >> i % 8 & 1 for i in range(used // 8 * 8, used))
        image.seek(at * 4096)
        image.write(bitmap)
        struct.pack_into('<H', table, group * 32 + 12, free)
        total += free
    image.seek(4096)
    image.write(table)
    struct.pack_into('<I', superblock, 12, total)
    image.seek(1024)
    image.write(superblock)
    print('== %d free ranges' % total)
P
limited blksh.bench.ManyFree "$work" "$work/image"
