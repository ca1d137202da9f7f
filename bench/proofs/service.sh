#!/bin/bash
# npm run prove -- service: the systemd user unit under a real `systemd --user`, in a mount namespace, with folders of its own. Kills the recorder, then everything, stops the unit
# in the middle of a session, and records at boot. Needs root and systemd 250 or later; changes nothing outside its folder.
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)

if [ "${1:-}" != inside ]; then
	home=$(mktemp -d)
	made=
	# What programs look at to know that systemd runs.
	[ -d /run/systemd/system ] || { mkdir -p /run/systemd/system && made=yes; }
	trap 'rm -rf "$home"; [ -z "$made" ] || rmdir /run/systemd/system' EXIT
	unshare -m --propagation private "$0" inside "$home"
	exit
fi

export HOME=$2 XDG_RUNTIME_DIR=$2/run
unset DBUS_SESSION_BUS_ADDRESS XDG_DATA_HOME XDG_STATE_HOME XDG_CONFIG_HOME XDG_CACHE_HOME
mkdir -m 0700 "$XDG_RUNTIME_DIR"
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
group=/sys/fs/cgroup/pi-caption-proof
mkdir -p "$group"
echo $$ >"$group/cgroup.procs"
"$(command -v systemd || echo /lib/systemd/systemd)" --user --log-target=null &
manager=$!
trap 'pi-caption service uninstall >/dev/null 2>&1 || true; kill $manager; wait $manager || true' EXIT

pi-caption() { node "$project/bin/pi-caption.cjs" "$@"; }
property() { systemctl --user show pi-caption -p "$1" --value; }
# check SENTENCE COMMAND…: retries for a while; a service takes its time.
check() {
	local sentence=$1
	shift
	for _ in $(seq 100); do
		if "$@" >/dev/null 2>&1; then
			echo "✔ $sentence"
			return
		fi
		sleep 0.2
	done
	echo "✘ $sentence"
	pi-caption status || true
	systemctl --user status pi-caption --no-pager || true
	exit 1
}
says() { grep -q "$1" <<<"$(pi-caption "${@:2}" 2>&1)"; }
is() { [ "$(property "$1")" = "$2" ]; }
captures() { pgrep -f "capture-process.js.*$HOME" || true; }
is_another_recorder() { [ "$(pgrep -f "$project/dist/cli/recorder-process.js --service\$" | head -1)" != "$recorder" ] && says '^recording' status; }
begin() { pi-caption start --detach --device "file:$project/test/fixtures/embedded/parity/minute.wav?then=loop" >/dev/null; }

check 'systemd runs for this user' systemctl --user is-system-running
pi-caption service install >/dev/null
check 'the unit is active' is ActiveState active
check 'the microphone is closed' says '^Nothing is recording' status
[ -z "$(captures)" ]

begin
sleep 5
recorder=$(property MainPID)
kill -9 "$recorder"
check 'a recorder that was killed is started again, in the same session' is_another_recorder
check 'the unit stays active, without a restart of its own' is NRestarts 0
is ActiveState active
[ "$(captures | wc -l)" = 1 ]
pi-caption stop >/dev/null
check 'and is active with nothing to record' is ActiveState active

begin
sleep 5
systemctl --user kill -s KILL pi-caption
check 'all of its processes killed, systemd starts it again' is NRestarts 1
check 'the session that was broken off is saved, and that is said' says 'was broken off .* it is saved' status

begin
sleep 5
systemctl --user stop pi-caption
check 'stopping the unit saves the session' is Result success
[ "$(pi-caption sessions | grep -c ' stopped ')" = 3 ]
[ "$(find "$HOME" -name transcript.md | wc -l)" = 3 ]
[ -z "$(captures)" ]

pi-caption config set device "file:$project/test/fixtures/embedded/parity/minute.wav?then=loop" >/dev/null
pi-caption service install --record-at-boot >/dev/null
check 'with --record-at-boot it records by itself, and says so' says '^This recording began by itself' status
pi-caption stop >/dev/null
pi-caption service uninstall >/dev/null
check 'uninstalled, it is gone' is LoadState not-found
