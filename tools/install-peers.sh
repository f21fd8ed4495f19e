#!/bin/bash
# Installs what blksh is built, tested and compared with, where it is missing: a JDK and Maven, the
# programs whose files the tests read, and the peers of bench/. Debian 12 or newer, as root.
# Packages that are there are left alone and never removed, so a second run ends at once.
#
#   tools/install-peers.sh           install what is missing
#   tools/install-peers.sh --check   only name it
#
# Exit status: 0 everything is there, 1 something still is not (each named, with the reason).
set -uo pipefail

packages=(
  # Disks and file systems.
  e2fsprogs xfsprogs btrfs-progs dosfstools mtools ntfs-3g exfatprogs exfat-fuse util-linux fdisk dmsetup mdadm cryptsetup-bin lvm2 thin-provisioning-tools
  # Images and rescue.
  partclone qemu-utils gddrescue zstd lz4 xz-utils pigz
  # Discs: their images made and read by others. genisoimage brings isoinfo.
  genisoimage xorriso p7zip-full libarchive-tools python3-pycdlib udftools
  # Mounting and serving: jnr-fuse wants libfuse2. fuse3 brings the fusermount both use; the older
  # package fuse conflicts with it, so it must not stand in this list.
  fuse3 libfuse2 nbdkit libnbd-bin python3-libnbd fio
  # Guests: qemu-storage-daemon.
  qemu-system-common
  # Other machines, their login shells and how one becomes root there.
  openssh-client openssh-server sudo tcsh fish openssl
  # Shells whose completion is made, and what reads the manual.
  zsh groff-base
  # A gateway to a cluster of Ceph, for stores in buckets.
  ceph-mon ceph-osd ceph-common radosgw
  # Calls of the system that go wrong: a library built for the test.
  gcc libc6-dev
  # Terminals and peers.
  tmux python3 python3-lz4 python3-cryptography python3-argon2 rsync restic borgbackup casync hyperfine
)

check=false
case "${1-}" in
  '') ;;
  --check) check=true ;;
  *) echo "usage: tools/install-peers.sh [--check]" >&2; exit 2 ;;
esac

# A JDK 17 or newer and Maven count wherever they came from.
jdk_there() {
  local javac version
  for javac in ${JAVA_HOME:+"$JAVA_HOME/bin/javac"} "$(command -v javac)" /usr/lib/jvm/*/bin/javac; do
    [ -x "$javac" ] || continue
    version=$("$javac" -version 2>/dev/null)
    version=${version#javac }
    [[ ${version%%[.-]*} =~ ^[0-9]+$ ]] && [ "${version%%[.-]*}" -ge 17 ] && return
  done
  return 1
}

# t64: since Debian 13 some libraries carry that suffix in their package's name.
is_there() {
  [[ $installed == *$'\n'"$1 installed"$'\n'* || $installed == *$'\n'"$1t64 installed"$'\n'* ]]
}

if ! command -v dpkg-query >/dev/null; then
  echo "install-peers: no dpkg here: install by hand what the tests report as skipped: ${packages[*]}" >&2
  exit 1
fi
list_installed() {
  installed=$'\n'$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null)$'\n'
}
list_missing() {
  missing=()
  for package in "${packages[@]}"; do is_there "$package" || missing+=("$package"); done
  jdk_there || missing+=(openjdk-17-jdk-headless)
  command -v mvn >/dev/null || missing+=(maven)
}
list_installed
list_missing
[ ${#missing[@]} = 0 ] && exit 0
if $check || [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "install-peers: missing: ${missing[*]}" >&2
  $check || echo "install-peers: run tools/install-peers.sh as root to install them" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt=(apt-get -q -y --no-remove -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2)
reason() {
  grep -E '^(E:|W:)|Unable|Breaks|Conflicts|Depends' "$log" | head -2 | tr '\n' ' '
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "install-peers: installing ${missing[*]}" >&2
"${apt[@]}" update >"$log" 2>&1 || echo "install-peers: apt-get update: $(reason)" >&2
# A newer release's default JDK, when it has none of 17.
for n in "${!missing[@]}"; do
  if [ "${missing[n]}" = openjdk-17-jdk-headless ] && ! apt-cache show openjdk-17-jdk-headless >/dev/null 2>&1; then
    missing[n]=default-jdk-headless
  fi
done
if ! "${apt[@]}" install --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
  # One package that cannot be had must not keep the others away.
  for package in "${missing[@]}"; do
    "${apt[@]}" install --no-install-recommends "$package" >"$log" 2>&1 ||
      echo "install-peers: $package: $(reason)" >&2
  done
fi
list_installed
list_missing
[ ${#missing[@]} = 0 ] && exit 0
echo "install-peers: still missing: ${missing[*]}" >&2
exit 1
