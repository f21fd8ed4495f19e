#!/bin/bash
# How long blksh takes to start: a bundled script with nothing to do beside a Java that says hello,
# in turns. Prints the medians and their ratio; 4 is what we allow.   bench/start.sh [ROUNDS]
set -eu
rounds=${1:-21}
top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo 'class Hello { public static void main(String[] a) { System.out.println("hello"); } }' >"$work/Hello.java"
javac -d "$work" "$work/Hello.java"
"$top/blksh" --home "$work/home" run runs --help >/dev/null

millis() {
  local began=$EPOCHREALTIME
  "$@" >/dev/null
  local ended=$EPOCHREALTIME
  echo $(((${ended/./} - ${began/./}) / 100)) # tenths of a millisecond
}
for ((i = 0; i < rounds; i++)); do
  millis java -Xshare:auto -cp "$work" Hello >>"$work/hello"
  millis "$top/blksh" --home "$work/home" run runs --help >>"$work/blksh"
done
median() { sort -n "$1" | sed -n "$((rounds / 2 + 1))p"; }
hello=$(median "$work/hello")
blksh=$(median "$work/blksh")
awk -v h="$hello" -v b="$blksh" 'BEGIN { printf "hello %.1f ms, blksh %.1f ms, ratio %.2f\n", h / 10, b / 10, b / h }'
