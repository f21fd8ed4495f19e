#!/bin/bash
# One gateway of Ceph (RGW) on this machine, a whole cluster of one node with its objects in a file, for
# tests of stores in buckets and to try them. As root, without systemd.
#
#   tools/rgw.sh start DIR [PORT]   make what is missing in DIR, start it, and print how to use it
#   tools/rgw.sh stop DIR           end what was started there
#
# Needs ceph-mon, ceph-osd, ceph-common and radosgw (tools/install-peers.sh). Takes half a minute at first.
set -euo pipefail

usage() {
  echo "usage: tools/rgw.sh start DIR [PORT] | stop DIR" >&2
  exit 2
}
[ $# -ge 2 ] || usage
mkdir -p "$2"
dir=$(cd "$2" && pwd)
conf=$dir/ceph.conf
key=blksh
secret=blksh-rgw-secret

stop() {
  local file pid
  for file in "$dir"/run/client.rgw.pid "$dir"/run/osd.0.pid "$dir"/run/mon.a.pid; do
    pid=$(cat "$file" 2>/dev/null) || continue
    # A number may be another's by now.
    grep -qa -- "$conf" "/proc/$pid/cmdline" 2>/dev/null || continue
    kill "$pid" 2>/dev/null || continue
    for _ in {1..100}; do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
  done
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

configure() {
  local mon
  mon=$(free_port)
  mkdir -p "$dir"/{mon,osd,rgw,run,log,crash}
  # No keys: whoever can reach the loopback device may do everything, as in a test he shall. Without
  # them the gateway must be told not to ask its monitor for what only keys give.
  cat >"$conf" <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon host = v2:127.0.0.1:$mon
public network = 127.0.0.0/8
auth cluster required = none
auth service required = none
auth client required = none
keyring = /dev/null
mon data = $dir/mon
osd data = $dir/osd
rgw data = $dir/rgw
run dir = $dir/run
crash dir = $dir/crash
log file = $dir/log/\$name.log
pid file = $dir/run/\$name.pid
admin socket = $dir/run/\$name.asok
mon allow pool size one = true
mon data avail warn = 2
mon data avail crit = 1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon max pg per osd = 1000
[osd]
osd objectstore = bluestore
bluestore block size = $((${RGW_GIB:-8} << 30))
bluestore block create = true
bluestore cache size = $((128 << 20))
osd memory target = $((896 << 20))
osd class load list = *
osd class default list = *
[client.rgw]
ms mon client mode = crc
rgw frontends = beast endpoint=127.0.0.1:$1
rgw thread pool size = 32
rgw enable usage log = false
rgw dynamic resharding = false
CONF
  monmaptool --create --addv a "[v2:127.0.0.1:$mon]" \
    --fsid "$(sed -n 's/^fsid = //p' "$conf")" "$dir/monmap" >/dev/null
  ceph-mon -c "$conf" --mkfs -i a --monmap "$dir/monmap"
}

start() {
  local new= port osd
  if [ ! -e "$conf" ]; then
    new=yes
    configure "${1:-$(free_port)}"
  fi
  port=$(sed -n 's/.*endpoint=127.0.0.1://p' "$conf")
  ceph-mon -c "$conf" -i a
  if [ -n "$new" ]; then
    osd=$(cat /proc/sys/kernel/random/uuid)
    ceph -c "$conf" osd new "$osd" >/dev/null
    ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$osd"
  fi
  ceph-osd -c "$conf" -i 0 >/dev/null
  for _ in {1..150}; do
    ceph -c "$conf" osd stat 2>/dev/null | grep -q '1 up' && break
    sleep 0.2
  done
  radosgw -c "$conf" -n client.rgw
  for _ in {1..300}; do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    sleep 0.2
  done
  (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || {
    echo "rgw.sh: the gateway does not answer; see $dir/log" >&2
    exit 1
  }
  if [ -n "$new" ]; then
    radosgw-admin -c "$conf" user create --uid=blksh --display-name=blksh \
      --access-key="$key" --secret-key="$secret" >/dev/null
  fi
  printf 'export AWS_ENDPOINT_URL=http://127.0.0.1:%s AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s\n' \
    "$port" "$key" "$secret"
}

case $1 in
  start) start "${3:-}" ;;
  stop) stop ;;
  *) usage ;;
esac
