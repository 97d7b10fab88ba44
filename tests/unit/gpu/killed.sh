#!/usr/bin/env bash
# killed.sh PROGRAM DEVICE: a process that compiles kernels is killed again and again; what was in the cache stays as it
# was, and the next process works without a word about it.
set -euo pipefail
program=$1 device=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Drivers keep caches of their own beside ours.
export XDG_CACHE_HOME="$work/cache" POCL_CACHE_DIR="$work/pocl" XDG_CONFIG_HOME="$work/config" FG_TEST_DEVICE=$device FG_LOG=warn
export FG_CONFIG="$work/config.yaml"
echo 'plugins: {opencl: {options: {keep_binaries: true}}}' >"$FG_CONFIG"  # PoCL's are left to its own cache otherwise.
kept() { (cd "$work/cache/fg/kernels" && find . -type f ! -name '.tmp-*' -exec sha256sum {} + | LC_ALL=C sort); }
fail() { printf '%s\n' "$*"; exit 1; }

"$program" --gtest_filter='*ReadingGivesZeros*' >"$work/first.log" 2>&1 || { cat "$work/first.log"; fail "the first run failed"; }
kept >"$work/before"
[ -s "$work/before" ] || fail "nothing was kept in $work/cache"

killed=0
for round in $(seq 1 12); do
  "$program" >/dev/null 2>&1 &
  pid=$!
  sleep "0.$(printf '%02d' $((round * 7 % 90 + 5)))"
  if kill -9 "$pid" 2>/dev/null; then killed=$((killed + 1)); fi
  wait "$pid" 2>/dev/null || true
done
[ "$killed" -gt 0 ] || fail "no process lived long enough to be killed"
kept >"$work/after"
missing=$(LC_ALL=C comm -23 "$work/before" "$work/after" | head -5)
[ -z "$missing" ] || fail "lost or changed: $missing"

"$program" >"$work/last.log" 2>&1 || { cat "$work/last.log"; fail "the run after the kills failed"; }
if grep -i 'cache' "$work/last.log"; then fail "the cache was complained about"; fi
echo "$killed of 12 processes were killed, $(wc -l <"$work/before") entries before, $(kept | wc -l) now"
