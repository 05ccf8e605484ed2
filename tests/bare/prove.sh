#!/usr/bin/env bash
# Proves the promise "two commands on a fresh Debian 12": makes a bare root with debootstrap (minbase and git, nothing
# else), clones this repository into it and runs ./dev there. Needs root, debootstrap and a Debian mirror, which it
# takes from this machine's own apt sources. Not part of ./dev test: it takes as long as the whole build from nothing.
#
#   tests/bare/prove.sh [-k ROOT] [COMMAND…]     default: demo test
#
# -k ROOT keeps the root at ROOT and uses it again next time; without it a temporary one is made and removed.
set -euo pipefail

keep=''
if [[ ${1:-} == -k ]]; then keep=$2; shift 2; fi
commands=("$@")
((${#commands[@]})) || commands=(demo test)
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
root=${keep:-$(mktemp -d)}

((EUID == 0)) || { echo 'prove.sh: needs root (debootstrap, chroot)' >&2; exit 2; }
command -v debootstrap >/dev/null || { echo 'prove.sh: needs debootstrap' >&2; exit 2; }

cleanup() {
  ! mountpoint -q "$root/proc" || umount "$root/proc"
  [[ -n $keep ]] || rm -rf --one-file-system "$root"
}
trap cleanup EXIT

# One line a suite of bookworm: URI, suite, component.
suites() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(CODENAME)' 'Created-By: Packages' |
    awk '$4 ~ /^bookworm(-updates|-security)?$/ && $3 == "main" {print $1, $4, $3}' | sort -u
}

if [[ ! -e $root/etc/debian_version ]]; then
  mirror=$(suites | awk '$2 == "bookworm" {print $1; exit}')
  [[ -n $mirror ]] || { echo 'prove.sh: no bookworm among the apt sources (apt-get update run?)' >&2; exit 2; }
  debootstrap --variant=minbase --include=git bookworm "$root" "$mirror"
  suites | sed 's/^/deb /' >"$root/etc/apt/sources.list"
  apt-config dump | grep '^Acquire::Check-' >"$root/etc/apt/apt.conf.d/90host" || true # a frozen mirror needs these
  rm -rf "$root"/var/lib/apt/lists/* # as in a container image: no package lists yet
fi
cp /etc/resolv.conf /etc/hosts "$root/etc/"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"

rm -rf "$root/root/wavetank"
git clone -q --no-hardlinks "$source" "$root/root/wavetank"

for command in "${commands[@]}"; do
  echo "--- bare Debian 12: ./dev $command"
  start=$SECONDS
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb CI="${CI:-}" \
    chroot "$root" bash -c "cd /root/wavetank && ./dev $command" </dev/null
  echo "--- ./dev $command: done in $((SECONDS - start)) s"
done
echo '--- proven'
