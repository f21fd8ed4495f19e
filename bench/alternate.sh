#!/bin/bash
# Reads a disk through a mounted manifest and through the floor in turn, a second each, while both
# are mounted: on a machine that others use too the two then suffer the same.
#   bench/alternate.sh DISK.img WORK [TURNS]
set -eu
disk=$(realpath "$1")
work=$(realpath "$2")
cd "$(dirname "$0")"
classes=target/bench.jar:$(printf '%s:' target/lib/*.jar)
floor=$work/floor manifest=$work/manifest
mkdir -p "$floor" "$manifest"
java -Xmx160m -XX:+UseSerialGC -cp "$classes" blksh.bench.FuseFloor "$disk" "$floor" direct >/dev/null 2>&1 &
java -Xmx160m -XX:+UseSerialGC -cp "$classes" blksh.bench.Serving "$work/home" \
  "store:$work/store=$disk" direct "$manifest" >/dev/null 2>&1 &
trap 'fusermount -u "$floor"; fusermount -u "$manifest"; wait' EXIT
file() {
  until mountpoint -q "$1" && [ -n "$(ls "$1")" ]; do sleep 0.1; done
  echo "$1/$(ls "$1")"
}
random() {
  fio --name=r --filename="$1" --rw=randread --bs=4k --direct=1 --ioengine=psync --readonly \
    --time_based --runtime=1 --numjobs="$2" --group_reporting --randrepeat=0 | grep -o 'IOPS=[0-9.k]*'
}
in_order() {
  dd if="$1" of=/dev/null bs=1M iflag=direct 2>&1 | grep -o '[0-9.]* .B/s'
}
a=$(file "$floor") b=$(file "$manifest")
for turn in $(seq "${3:-5}"); do
  echo "turn $turn: 4K x1 floor $(random "$a" 1) manifest $(random "$b" 1)," \
    "4K x4 floor $(random "$a" 4) manifest $(random "$b" 4)," \
    "in order floor $(in_order "$a") manifest $(in_order "$b")"
done
