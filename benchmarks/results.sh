#!/usr/bin/env bash
# Measures SM2 three times and writes the tables to benchmarks/results: with all the
# assembly of ours that this processor can run (sm2.txt), without AVX512-IFMA, as on
# most processors since 2015 (sm2_adx.txt), and without any, as on other architectures
# (sm2_go.txt). gmsm, the baseline, keeps its own assembly each time: the build tag
# purego would take it away too, so the third builds our packages by an overlay.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

measure() {
	local name="$1"
	shift
	go test "$@" ./benchmarks -run '^Test(SM2|Gate|Recheck)Ratios$' -v -count=1 -rounds "${ROUNDS:-15}" -openssl -results "$name"
}

measure default
# The go command does not know this name and says so; the processor's detection does.
GODEBUG=cpu.avx512ifma=off measure adx 2> >(grep -v 'unknown cpu feature' >&2)

{
	separator='{"Replace":{'
	for file in citycode/internal/sm2verify citycode/internal/sm3lanes; do
		for gone in "$file"/*_amd64.go "$file"/*_amd64.s; do
			printf '%s"%s":""' "$separator" "$PWD/$gone"
			separator=,
		done
		for other in "$file"/*_other.go; do
			copy="$work/$(basename "$file")_$(basename "$other")"
			sed 's|^//go:build !amd64 .. purego$||' "$other" >"$copy"
			printf ',"%s":"%s"' "$PWD/$other" "$copy"
		done
	done
	printf '}}'
} >"$work/overlay.json"
measure go -overlay "$work/overlay.json"
