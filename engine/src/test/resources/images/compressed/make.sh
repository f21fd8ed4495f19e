#!/bin/sh -e
# Makes these files anew, in a directory given, with the real tools:
# apt-get install gzip pigz zstd xz-utils pixz lz4 bzip2 lbzip2 lzip plzip lzop
cd "$1"
for i in $(seq 1 8000); do echo "line $i of the sample"; done > sample.txt
split -n 3 sample.txt part.
each() { for part in part.*; do "$@" -c $part; done; }
pigz -p 2 -c sample.txt > pigz.gz
each gzip > members.gz
(cat pigz.gz; head -c 1000 /dev/zero) > padded.gz
zstd -q -c sample.txt > frame.zst
zstd -q -c < sample.txt > piped.zst
each zstd -q > frames.zst
pzstd -q -p 2 -c sample.txt > pzstd.zst
xz -c sample.txt > block.xz
xz -T2 --block-size=50000 -c sample.txt > blocks.xz
each xz > streams.xz
pixz -k sample.txt pixz.xz
lz4 -q -BD -B4 -c sample.txt > linked.lz4
lz4 -q -B4 -BX --content-size -c sample.txt > checked.lz4
each lz4 -q > frames.lz4
bzip2 -1 -c sample.txt > blocks.bz2
lbzip2 -n2 -1 -c sample.txt > lbzip2.bz2
each bzip2 > streams.bz2
xz --format=lzma -c sample.txt > alone.lzma
lzip -c sample.txt > member.lz
plzip -B 64KiB -c sample.txt > members.lz
lzop -9 -c sample.txt > best.lzo
each lzop --crc32 > files.lzo
rm sample.txt part.*
