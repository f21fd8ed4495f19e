#!/bin/bash
# A medium every other sector of which is bad: its map is loaded, saved, and all bad sectors tried once
# more, in vain, in the 160 MB the launcher gives. Prints seconds and the most memory the process had.
#   bench/ranges.sh [BAD_RANGES] [WORK]   (ten million; the map alone takes 28 bytes a range)
set -eu
ranges=${1:-10000000}
top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d -p "${2:-${TMPDIR:-/tmp}}")
trap 'rm -rf "$work"' EXIT
mvn -q -f "$top/pom.xml" -Pbench -pl engine,bench -am -DskipTests package
java -Xmx160m -XX:+UseSerialGC -cp "$top/bench/target/bench.jar" blksh.bench.BadRanges "$work" "$ranges"
