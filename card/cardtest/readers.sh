#!/usr/bin/env bash
# Runs a command beside a pcscd of its own, which has two virtual readers and nothing else:
#
#   bash card/cardtest/readers.sh COMMAND [ARGUMENT...]
#   bash card/cardtest/readers.sh go test ./card/cardtest -run '^$' -bench . -count=1
#
# The readers are "Virtual PCD 00 00" and "Virtual PCD 00 01". A virtual card is pushed into them over TCP, at
# 127.0.0.1:$CARDTEST_PORT and the port after it; card/transport/tcp does that.
#
# The virtual reader listens on every interface. So all of this runs in namespaces of its own (network, mounts,
# processes): nobody outside reaches it, it does not disturb the pcscd of the machine, and whatever the command
# leaves running ends with it. It needs root, or a kernel that lets every user make namespaces. Where neither is
# given, as in many containers, root falls back to the machine's own /run/pcscd, if no pcscd is running there.
#
# Exit status: the command's; 77 if something is missing on this machine, with one line that says what; 70 if
# pcscd did not start.
set -uo pipefail

port="${CARDTEST_PORT:-35963}"
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

missing() {
	echo "readers: $1" >&2
	exit 77
}

# inside SOCKET_DIRECTORY COMMAND...: starts pcscd, runs the command, ends pcscd.
inside() {
	local run="$1" library work pcscd status flags=(--foreground --info) i
	shift
	library="$(sed -nE 's/^LIBPATH +(.*libifdvpcd.*)$/\1/p' /etc/reader.conf.d/vpcd 2>/dev/null | head -n 1)"
	[ -e "${library:-}" ] || missing "the virtual reader is missing: apt-get install vsmartcard-vpcd"
	work="$(mktemp -d)" || exit 70
	mkdir "$work/readers"
	{
		echo 'FRIENDLYNAME "Virtual PCD"'
		printf 'DEVICENAME /dev/null:0x%X\n' "$port"
		echo "LIBPATH $library"
		printf 'CHANNELID 0x%X\n' "$port"
	} >"$work/readers/vpcd"
	# From pcsc-lite 2.0 on, polkit asks a desktop that is not there.
	if pcscd --help 2>&1 | grep -q -- --disable-polkit; then
		flags+=(--disable-polkit)
	fi
	pcscd "${flags[@]}" --config "$work/readers" >"$work/log" 2>&1 </dev/null &
	pcscd=$!
	# shellcheck disable=SC2064 # as they are now
	trap "kill $pcscd 2>/dev/null; wait $pcscd 2>/dev/null; rm -rf '$work'" EXIT
	trap 'exit 143' INT TERM
	for ((i = 0; i < 200; i++)); do
		[ ! -S "$run/pcscd.comm" ] || break
		kill -0 "$pcscd" 2>/dev/null || break
		sleep 0.05
	done
	if [ ! -S "$run/pcscd.comm" ] || ! kill -0 "$pcscd" 2>/dev/null; then
		echo "readers: pcscd did not start:" >&2
		tail -n 20 "$work/log" >&2
		exit 70
	fi
	unset PCSCLITE_CSOCK_NAME
	CARDTEST_PORT="$port" "$@"
	status=$?
	if [ -n "${CARDTEST_LOG:-}" ]; then
		cp "$work/log" "$CARDTEST_LOG"
	fi
	exit $status
}

if [ "${1:-}" = --isolated ]; then
	shift
	ip link set lo up || exit 70
	mount -t tmpfs -o mode=755 tmpfs /run && mkdir /run/pcscd || exit 70
	inside /run/pcscd "$@"
fi

[ $# -gt 0 ] || {
	sed -n 's/^# \{0,1\}//p' "${BASH_SOURCE[0]}" | sed -n 2,16p >&2
	exit 2
}
command -v pcscd >/dev/null || missing "pcscd is missing: apt-get install pcscd vsmartcard-vpcd"

namespaces=(--mount --net --pid --fork --kill-child)
[ "$(id -u)" = 0 ] || namespaces=(--map-root-user "${namespaces[@]}")
if command -v unshare >/dev/null && command -v ip >/dev/null && unshare "${namespaces[@]}" \
	bash -c 'ip link set lo up && mount -t tmpfs tmpfs /run' 2>/dev/null; then
	exec unshare "${namespaces[@]}" bash "${BASH_SOURCE[0]}" --isolated "$@"
fi

[ "$(id -u)" = 0 ] || missing "this machine allows no namespaces (unshare --map-root-user --net) and you are not root"
if [ -S /run/pcscd/pcscd.comm ] && kill -0 "$(tr -cd 0-9 </run/pcscd/pcscd.pid 2>/dev/null)" 2>/dev/null; then
	missing "this machine allows no namespaces and has a pcscd of its own running"
fi
echo "readers: no namespaces here, so the virtual reader listens on port $port of every interface" >&2
mkdir -p /run/pcscd || exit 70
inside /run/pcscd "$@"
