#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# tune.sh FG_TUNE DEVICE: products of a small model are tuned, and the next process is given what was found.
set -euo pipefail
tune=$1 device=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME="$work/cache" NO_COLOR=1
unset FG_CONFIG
fail() { printf '%s\n' "$*"; cat "$work/err"; exit 1; }

"$tune" --plugin "$device" --model tiny -f 'mm/f16/3x72x72' -f 'mm/f16/40x72x72' >"$work/out" 2>"$work/err" || fail "exit $?"
for point in 'product .* nn 4x64x64 ' 'product_rows .* nn 4x64x64 ' 'product .* nn 64x64x64 '; do
  grep -q "$point" "$work/out" || fail "no result for $point"
done
rows=$(wc -l <"$work/out")
"$tune" --list >"$work/list" 2>"$work/err" || fail "exit $?"
[ "$(wc -l <"$work/list")" -eq "$rows" ] || fail "$rows results were kept, --list has $(wc -l <"$work/list")"
FG_LOG=info "$tune" --plugin "$device" --model tiny -f 'add/f16/1x72' >"$work/out" 2>"$work/err" || fail "exit $?"
grep -q "$rows of $rows tuning results set" "$work/err" || fail "the next process was not given $rows results"
