#!/bin/bash
# Makes the sample disk in two generations: disk-1.img.gz, disk-2.img.gz and their SHA256SUMS.
#
# A 24 MiB ext4 file system with letters, a log, measurements, pictures, a sound, a sparse virtual
# disk and free space. Generation 2 is generation 1 a day later: a log grown, a letter edited, a
# picture moved, another deleted, a new one added. Nothing is taken from the machine it runs on:
# contents, names, times and identities are fixed, so one version of e2fsprogs always makes the
# same bytes (the images here: e2fsprogs 1.47.0). Needs e2fsprogs and python3; no root.
set -euo pipefail
umask 022
export LC_ALL=C TZ=UTC

[ $# -le 1 ] || { echo "usage: samples/make-disk.sh [DIR]   (default: samples/)" >&2; exit 2; }
out=$(cd "${1:-$(dirname "$0")}" && pwd)
PATH=$PATH:/usr/sbin:/sbin
for tool in mke2fs debugfs e2fsck python3 gzip sha256sum; do
  command -v "$tool" >/dev/null || { echo "make-disk: $tool is missing" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/contents.py" <<'PY'
"""Writes the files of one generation of the sample disk, the same bytes every time."""

import hashlib
import math
import os
import struct
import sys

root, generation = sys.argv[1], int(sys.argv[2])
WORDS = (
    "harbour lantern winter copper letter garden river window morning paper station island "
    "orchard signal thread marble engine kettle pocket shadow silver bridge market candle "
    "the a of and to in was her his they with from over under before after while not "
    "kept turned opened carried waited answered walked wrote counted mended folded found"
).split()


def stream(name):
    """An endless sequence of pseudo-random bytes that belongs to a name."""
    counter = 0
    while True:
        yield from hashlib.sha256(f"{name}/{counter}".encode()).digest()
        counter += 1


def write(path, content):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def prose(name, sentences):
    numbers = stream(name)
    text, column = [], 0
    for _ in range(sentences):
        words = [WORDS[next(numbers) % len(WORDS)] for _ in range(5 + next(numbers) % 12)]
        sentence = " ".join(words).capitalize() + "."
        text.append(sentence)
        column += len(sentence) + 1
        if column > 72:
            text.append("\n")
            column = 0
        else:
            text.append(" ")
    return "".join(text) + "\n"


def log(first, last):
    numbers = stream("log")
    lines = []
    for n in range(last):
        value = next(numbers)
        line = (
            f"2026-01-{1 + n // 1440 % 28:02d}T{n // 60 % 24:02d}:{n % 60:02d}:00Z"
            f" pump{value % 4} pressure={980 + value % 40} state={'open' if value & 64 else 'shut'}\n"
        )
        if n >= first:
            lines.append(line)
    return "".join(lines)


def measurements(rows):
    numbers = stream("measurements")
    lines = ["second,celsius,volt\n"]
    for n in range(rows):
        celsius = 21 + 4 * math.sin(n / 900) + next(numbers) / 2560
        lines.append(f"{n},{celsius:.2f},{3.2 + next(numbers) / 5120:.3f}\n")
    return "".join(lines)


def picture(centre_x, centre_y, scale, width=176, height=132):
    """A BMP of the Mandelbrot set."""
    rows = []
    for y in range(height):
        row = bytearray()
        for x in range(width):
            c = complex(
                centre_x + (x - width / 2) * scale / width,
                centre_y + (y - height / 2) * scale / width,
            )
            z, steps = 0j, 0
            while steps < 60 and z.real * z.real + z.imag * z.imag < 4:
                z = z * z + c
                steps += 1
            row += bytes((steps * 4 % 256, steps * 2 % 256, 255 - steps * 4))
        rows.append(bytes(row))
    pixels = b"".join(rows)
    head = b"BM" + struct.pack("<IHHI", 54 + len(pixels), 0, 0, 54)
    return head + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(pixels), 2835, 2835, 0, 0) + pixels


def sound(seconds=1, rate=8000):
    """A WAV of a chord."""
    samples = b"".join(
        struct.pack("<h", round(sum(7000 * math.sin(2 * math.pi * f * n / rate) for f in (220, 277, 330))))
        for n in range(seconds * rate)
    )
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16,
                       1, 1, rate, rate * 2, 2, 16, b"data", len(samples))
    return head + samples


def noise(name, size):
    numbers = stream(name)
    return bytes(next(numbers) for _ in range(size))


for n in range(1, 13):
    text = prose(f"letter {n}", 60 + 10 * n)
    if generation == 2 and n == 5:
        text = text.replace("harbour", "haven") + "P.S. The kettle is mended.\n"
    if generation == 2 and n == 9:
        continue
    write(f"home/ada/letters/{n:02d}.txt", text)
write("etc/pump.conf", "pumps = 4\ninterval = 60\n" if generation == 1 else "pumps = 4\ninterval = 30\n")
write("var/log/pump.log", log(0, 5000 if generation == 1 else 6440))
write("srv/data/measurements.csv", measurements(5000))
write("srv/data/key.bin", noise("key", 24 * 1024))
write("srv/sounds/chord.wav", sound())
whole = picture(-0.5, 0.0, 3.0)
write("srv/pictures/whole.bmp", whole)
write("home/ada/desktop.bmp", whole)
if generation == 1:
    write("srv/pictures/valley.bmp", picture(-0.745, 0.11, 0.02))
    write("srv/pictures/spiral.bmp", picture(-0.088, 0.654, 0.04))
else:
    write("srv/pictures/best/spiral.bmp", picture(-0.088, 0.654, 0.04))
    write("srv/pictures/antenna.bmp", picture(-1.77, 0.0, 0.1))
# A virtual disk: 4 MiB long, of which three stretches hold something.
disk = os.path.join(root, "srv/vm/guest.raw")
os.makedirs(os.path.dirname(disk), exist_ok=True)
with open(disk, "wb") as file:
    file.truncate(4 << 20)
    for position, size in ((0, 8192), (1 << 20, 16384), (3 << 20, 8192)):
        file.seek(position)
        file.write(noise(f"guest {position}", size))
    if generation == 2:
        file.seek((1 << 20) + 4096)
        file.write(noise("guest, later", 4096))
PY

# debugfs requests that make a file system hold a tree.
requests() {
  (cd "$1" && find . -mindepth 1 -type d | LC_ALL=C sort) | while read -r path; do
    echo "mkdir \"${path#.}\""
  done
  (cd "$1" && find . -type f | LC_ALL=C sort) | while read -r path; do
    echo "write \"$1/${path#./}\" \"${path#.}\""
  done
}

# Runs debugfs requests; debugfs reports failed ones only in what it prints.
change() {
  E2FSPROGS_FAKE_TIME=$2 SOURCE_DATE_EPOCH=$2 debugfs -w -f - "$1" >/dev/null 2>"$work/errors"
  if grep -v '^debugfs [0-9]' "$work/errors" >&2; then exit 1; fi
}

day1=1767229200 # 2026-01-01T01:00:00Z
day2=1767315600
python3 "$work/contents.py" "$work/tree1" 1
python3 "$work/contents.py" "$work/tree2" 2

image="$work/disk.img"
truncate -s 24M "$image"
E2FSPROGS_FAKE_TIME=$day1 SOURCE_DATE_EPOCH=$day1 mke2fs -q -F -t ext4 -b 4096 -N 512 -J size=4 \
  -U 00000000-0000-4000-8000-00000000b1c5 -L sample \
  -E hash_seed=00000000-0000-4000-8000-00000000005e,lazy_itable_init=0,lazy_journal_init=0 \
  -O ^resize_inode "$image"
{
  requests "$work/tree1"
  echo 'symlink /home/ada/latest.txt letters/12.txt'
} | change "$image" "$day1"
cp --sparse=always "$image" "$work/disk-1.img"

{
  (cd "$work" && diff -rq tree1 tree2 || true) | LC_ALL=C sort | while read -r first second third rest; do
    case "$first $second" in
      "Files tree1/"*) path=${second#tree1}; echo "rm $path"; echo "write $work/tree2$path $path" ;;
      "Only in") folder=${third%:}; path=/${folder#tree?}/$rest; path=${path//\/\//\/}
        if [ "${folder:0:5}" = tree1 ]; then
          echo "rm $path"
        elif [ -d "$work/tree2$path" ]; then
          echo "mkdir $path"
          (cd "$work/tree2$path" && ls) | while read -r name; do
            echo "write $work/tree2$path/$name $path/$name"
          done
        else
          echo "write $work/tree2$path $path"
        fi ;;
    esac
  done
} >"$work/requests"
change "$image" "$day2" <"$work/requests"
cp --sparse=always "$image" "$work/disk-2.img"

for n in 1 2; do
  e2fsck -fn "$work/disk-$n.img" >"$work/fsck" 2>&1 || { cat "$work/fsck" >&2; exit 1; }
  gzip -9nc "$work/disk-$n.img" >"$out/disk-$n.img.gz"
done
(
  cd "$work"
  cp "$out/disk-1.img.gz" "$out/disk-2.img.gz" .
  sha256sum disk-1.img disk-2.img disk-1.img.gz disk-2.img.gz
) >"$out/SHA256SUMS"
