#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# cli.sh FG_TUNE: exit codes, and results that survive export and import.
set -euo pipefail
tune=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME="$work/cache" NO_COLOR=1
unset FG_CONFIG

expect() {
  local wanted=$1 got=0
  shift
  "$tune" "$@" >"$work/out" 2>"$work/err" || got=$?
  [ "$got" -eq "$wanted" ] || { echo "fg-tune $*: exit $got, expected $wanted"; cat "$work/err"; exit 1; }
}

expect 2
expect 2 --no-such-option
expect 2 --model no-such-model
expect 3 --plugin cpu -f 'add/*/1x4096' # the cpu plugin has nothing tunable
grep -q 'fg.tune/1' "$work/err"
expect 5 --plugin cpu -f 'no_such_step/*'
expect 0 --list
[ ! -s "$work/out" ]

cat >"$work/in.json" <<'END'
{
  "format": "fg-tuning/1",
  "results": [
    {
      "best_us": 1.5, "bucket": "2 <- 2 of 2^20", "build_id": "b", "default_us": 3.0, "device_uuid": "00",
      "driver": "1", "kernel": "map", "kernel_hash": "fedcba9876543210", "plugin": "acme", "values": [4, -2]
    }
  ]
}
END
expect 0 --import "$work/in.json"
expect 0 --list
grep -q '^acme .*2 <- 2 of 2^20 .*4 -2 .*2.00x$' "$work/out"
expect 0 --export "$work/first.json"
rm -r "$work/cache"
expect 0 --import "$work/first.json"
expect 0 --list --json
cmp "$work/out" "$work/first.json"

sed 's/"values": \[4, -2\]/"values": "four"/' "$work/in.json" >"$work/bad.json"
expect 2 --import "$work/bad.json"
expect 2 --import "$work/missing.json"
expect 0 --list --json
cmp "$work/out" "$work/first.json" # a bad file changes nothing
