#!/bin/bash
# Builds the three-generation corpus the benchmarks run on:
#   disk1.img  2 GiB ext4, about 1.3 GiB used: programs, libraries, documents and jars of this machine
#   disk2.img  disk1, mounted: 3 % of its files edited, some deleted, some new
#   disk3.img  2 GiB xfs holding mostly the files of disk2
# The files are chosen in path order within a budget for each directory, and the edits come from a
# seeded generator, so two runs on one machine build the same contents.
# Needs root (loop mounts), e2fsprogs, xfsprogs, python3 and about 4.5 GiB in DIR.
set -euo pipefail

usage() {
  echo "usage: bench/corpus.sh DIR   builds DIR/disk1.img, disk2.img and disk3.img (kept when there)" >&2
  exit 2
}
[ $# -eq 1 ] && [[ $1 != -* ]] || usage
mkdir -p "$1"
dir=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)

if [ -f "$dir/corpus.tsv" ]; then
  echo "corpus: $dir is complete already" >&2
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  echo "corpus: run as root, the images are filled by mounting them" >&2
  exit 1
fi
for tool in mkfs.ext4 mkfs.xfs python3 tar; do
  command -v "$tool" >/dev/null || { echo "corpus: $tool is missing: run tools/install-peers.sh" >&2; exit 1; }
done

mounts=$(mktemp -d)
cleanup() {
  for m in "$mounts"/*; do mountpoint -q "$m" && umount "$m"; done
  rm -rf --one-file-system "$mounts"
}
trap cleanup EXIT
mkdir "$mounts/a" "$mounts/b"

echo "corpus: disk1 (ext4)" >&2
rm -f "$dir"/disk[123].img
truncate -s 2G "$dir/disk1.img"
mkfs.ext4 -q -U 00000000-0000-4000-8000-0000000000d1 -L generation1 \
  -E hash_seed=00000000-0000-4000-8000-00000000005e,lazy_itable_init=0,lazy_journal_init=0 "$dir/disk1.img"
mount -o loop,noatime "$dir/disk1.img" "$mounts/a"
# Where the files come from, with the most to take of each, in MiB. Jars are a third, as on the disk
# of a Java server: they are what makes a disk compress only to about two thirds.
python3 "$here/corpus.py" choose "$HOME/.m2/repository=410" \
  /usr/bin=200 /usr/lib/jvm/java-17-openjdk-amd64=110 /usr/lib/x86_64-linux-gnu=260 /usr/share/doc=70 \
  /usr/share=200 /usr/lib=400 --total=1265 |
  tar -C / --null --no-recursion --files-from=- -cf - 2>/dev/null | tar -C "$mounts/a" -xf -
sync -f "$mounts/a"
df -m --output=used "$mounts/a" | sed -n '2s/^ */corpus: disk1 MiB used: /p' >&2
umount "$mounts/a"

echo "corpus: disk2 (disk1, edited)" >&2
cp --sparse=auto "$dir/disk1.img" "$dir/disk2.img"
mount -o loop,noatime "$dir/disk2.img" "$mounts/a"
python3 "$here/corpus.py" edit "$mounts/a" >&2
umount "$mounts/a"

echo "corpus: disk3 (xfs)" >&2
truncate -s 2G "$dir/disk3.img"
mkfs.xfs -q -m uuid=00000000-0000-4000-8000-0000000000d3 -L gen3 "$dir/disk3.img"
mount -o loop,ro,noload "$dir/disk2.img" "$mounts/a"
mount -o loop,noatime "$dir/disk3.img" "$mounts/b"
python3 "$here/corpus.py" most "$mounts/a" |
  tar -C "$mounts/a" --null --no-recursion --files-from=- -cf - | tar -C "$mounts/b" -xf -
umount "$mounts/a" "$mounts/b"

(
  cd "$dir"
  printf 'image\tsize\tallocated\tsha256\n'
  for n in 1 2 3; do
    printf 'disk%s.img\t%s\t%s\t%s\n' "$n" "$(stat -c %s "disk$n.img")" \
      "$(($(stat -c %b "disk$n.img") * 512))" "$(sha256sum "disk$n.img" | cut -d' ' -f1)"
  done
) >"$dir/corpus.tsv.new"
mv "$dir/corpus.tsv.new" "$dir/corpus.tsv"
cat "$dir/corpus.tsv" >&2
