#!/usr/bin/env bash
# What a stranger does, on a fresh Debian (trixie): clone, `npm ci && npm start -- demo`, `npm test`, then install the packed project
# for everybody and run it there. Needs root and debootstrap. The commit at HEAD is what is tried.
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d /var/tmp/pi-caption-stranger-XXXXXX)
system=$work/trixie
trap 'umount -R -l "$system/dev"; umount -l "$system/proc"; rm -rf --one-file-system "$work"' EXIT

step() { printf '\n▶ %s\n' "$*"; }
inside() { chroot "$system" /usr/bin/env -i HOME=/root PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8 TERM=xterm bash -euc "cd /root; $1"; }

step 'A fresh Debian with nodejs, npm and git'
debootstrap --variant=minbase --include=ca-certificates trixie "$system" >"$work/debootstrap.log"
cp /etc/resolv.conf /etc/hosts "$system/etc/"
# A machine behind a proxy has certificates of its own.
cp /etc/ssl/certs/ca-certificates.crt "$system/etc/ssl/certs/"
mount -t proc proc "$system/proc"
mount --rbind /dev "$system/dev"
mount --make-rslave "$system/dev"
inside 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm git' >"$work/apt.log" 2>&1
cp /etc/ssl/certs/ca-certificates.crt "$system/etc/ssl/certs/"
inside 'npm config set cafile /etc/ssl/certs/ca-certificates.crt; echo "Node $(node -v), npm $(npm -v)"'

step 'git clone'
git clone --quiet --no-local "$project" "$system/root/pi-caption"

step 'npm ci && npm start -- demo'
inside 'cd pi-caption && npm ci && npm start -- demo'

step 'npm ci && npm test'
inside 'cd pi-caption && npm ci && npm test'

step 'npm pack && npm i -g, then pi-caption demo from elsewhere'
inside 'cd pi-caption && npm pack && npm i -g ./pi-caption-*.tgz && rm -rf /root/pi-caption && cd / && pi-caption demo --fast'

printf '\nstranger: passed\n'
