#!/usr/bin/env bash
# On an emulated Debian for 64-bit ARM: naudiodon's own build fails or finds no library for the machine, scripts/rebuild-naudiodon.mjs builds it against the system's
# PortAudio, and `pi-caption devices` lists and hears through it; before, through koffi. Needs root, debootstrap and qemu-user-static; takes 10 to 20 minutes. What is
# tried is the working tree.
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
system=$("$project/bench/proofs/arm64-chroot.sh" g++ make python3 npm libnode-dev libportaudio2)
work=$system/root/naudiodon
trap 'rm -rf --one-file-system "$work"' EXIT

step() { printf '\n▶ %s\n' "$*"; }
inside() { chroot "$system" /usr/bin/env -i HOME=/root PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8 ALSA_CONFIG_PATH=/root/naudiodon/asound.conf bash -euc "cd /root/naudiodon; $1"; }
expect() { grep -q "$1" "$work/output" || { echo "Expected: $1"; exit 1; }; }

step 'The program, with packages for arm64'
rm -rf --one-file-system "$work"
mkdir -p "$work"
(cd "$project" && npm run -s build && cp -r package.json package-lock.json .npmrc bin dist models scripts "$work/")
(cd "$work" && npm ci --cpu=arm64 --os=linux --libc=glibc --ignore-scripts --omit=dev --no-audit --no-fund --silent)
# A microphone without a sound card: ALSA's file plugin gives a square wave of 100 Hz, 6 dB below full scale.
node -e "process.stdout.write(Buffer.from(Int16Array.from({length: 24000}, (_, i) => (i % 240 < 120 ? 16384 : -16384)).buffer))" >"$work/square.raw"
printf 'pcm.!default {\n\ttype file\n\tslave.pcm { type null }\n\tfile /dev/null\n\tinfile "/root/naudiodon/square.raw"\n\tformat raw\n}\n' >"$work/asound.conf"
inside 'node -p "\`Node \${process.version} \${process.arch}, \${require(\"os\").version()}\`"'

step 'Before: naudiodon does not build, devices are heard through koffi'
inside 'node bin/pi-caption.cjs devices' 2>&1 | tee "$work/output"
expect 'PortAudio (naudiodon) is passed over'
expect 'Heard through PortAudio (koffi)'

step 'npm’s own build'
if inside 'npm rebuild naudiodon --foreground-scripts' >"$work/output" 2>&1; then
	echo 'It builds: the script is no longer needed.'
else
	grep -m 3 -iE 'error|incompatible|cannot find' "$work/output"
fi

step 'node scripts/rebuild-naudiodon.mjs'
inside 'node scripts/rebuild-naudiodon.mjs' >"$work/output" 2>&1 || { tail -20 "$work/output"; exit 1; }
tail -1 "$work/output"
expect '^naudiodon works'
inside 'file=node_modules/naudiodon/build/Release/naudiodon.node; python3 -c "print(open(\"$file\", \"rb\").read(20)[18:20].hex())"; ldd $file | grep portaudio' | tee "$work/output"
# b700: AArch64.
expect '^b700'
expect 'aarch64-linux-gnu/libportaudio.so.2'

step 'After: devices are listed and heard through naudiodon'
inside 'PI_CAPTION_MICROPHONE=naudiodon node bin/pi-caption.cjs devices' 2>&1 | tee "$work/output"
expect '^\*  *1  default .* 24000 '
expect 'Heard through PortAudio (naudiodon)'
inside 'PI_CAPTION_MICROPHONE=naudiodon node bin/pi-caption.cjs devices --level --json --seconds 20' 2>&1 | tee "$work/output"
expect '"backend":"naudiodon"'
expect '"levelDb":-6'

printf '\nnaudiodon-arm64: passed\n'
