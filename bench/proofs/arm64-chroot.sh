#!/usr/bin/env bash
# Makes or renews a Debian (trixie) for 64-bit ARM at /var/tmp/pi-caption-arm64, run by emulation, for the proofs that need a Raspberry Pi's instructions.
# Needs root, debootstrap and qemu-user-static. Installs the packages that are named as arguments as well. Prints the folder.
#   system=$(bench/proofs/arm64-chroot.sh g++ make) && chroot "$system" uname -m
# `/dev` and `/proc` are mounted into it: unmount them before the folder is deleted (`arm64-chroot.sh --remove` does both).
set -euo pipefail
system=/var/tmp/pi-caption-arm64
packages=(nodejs ca-certificates "$@")
log=/var/tmp/pi-caption-arm64.log

exec 9>/var/tmp/pi-caption-arm64.lock
flock 9

unmount() {
	for folder in dev proc; do
		if mountpoint -q "$system/$folder"; then umount -R -l "$system/$folder"; fi
	done
}

if [ "${1:-}" = --remove ]; then
	unmount
	rm -rf --one-file-system "$system"
	exit
fi

# The kernel hands programs of another machine to their emulator; containers often come without that.
if [ "$(uname -m)" != aarch64 ] && [ ! -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ]; then
	mountpoint -q /proc/sys/fs/binfmt_misc || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
	cat /usr/lib/binfmt.d/qemu-aarch64.conf >/proc/sys/fs/binfmt_misc/register
fi

if [ ! -e "$system/etc/pi-caption-ready" ]; then
	unmount
	rm -rf --one-file-system "$system"
	debootstrap --arch=arm64 --variant=minbase --include=ca-certificates trixie "$system" >"$log"
	touch "$system/etc/pi-caption-ready"
fi
cp /etc/resolv.conf /etc/hosts "$system/etc/"
mountpoint -q "$system/proc" || mount -t proc proc "$system/proc"
if ! mountpoint -q "$system/dev"; then
	mount --rbind /dev "$system/dev"
	mount --make-rslave "$system/dev"
fi

inside() { chroot "$system" /usr/bin/env -i HOME=/root PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
missing=()
for package in "${packages[@]}"; do
	[ "$(inside dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
	inside apt-get update -qq >>"$log" 2>&1
	inside apt-get install -y -qq --no-install-recommends "${missing[@]}" >>"$log" 2>&1
fi
# A machine behind a proxy has certificates of its own.
cp /etc/ssl/certs/ca-certificates.crt "$system/etc/ssl/certs/"
echo "$system"
