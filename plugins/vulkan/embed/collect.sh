#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# collect.sh FOLDER OUT PACK CALLS HELLO MODELS [DEVICE:SIZE...]: runs programs on the device that collects kernels (the
# plugin in FOLDER/../collect) and packs what they asked for into OUT.  SIZE: a model of fg-models bench --random.
set -eu
folder=$1 out=$2 pack=$3 calls=$4 hello=$5 models=$6
shift 6
rm -rf "$folder"
mkdir -p "$folder"
export FG_PLUGIN_PATH="${folder%/*}/collect" FG_CONFIG="$folder/fg.yaml"
export XDG_CACHE_HOME="$folder/cache" GEMS_VENDOR=vulkan ASAN_OPTIONS=detect_leaks=0

quietly() { "$@" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; echo "collect.sh: $* failed" >&2; exit 1; }; }

for device in gpu processor; do
  printf 'log: warn\nplugins: {vulkan: {options: {as: %s, into: "%s"}}}\n' "$device" "$folder" >"$folder/fg.yaml"
  quietly "$calls"
  quietly "$hello"
  for model in "$@"; do
    [ "${model%%:*}" = "$device" ] || continue
    for dtype in f32 f16 bf16; do
      quietly "$models" bench -q --random "${model#*:}" --dtype $dtype -n 2 --prompt 16 --repeats 1
    done
  done
done
"$pack" "$folder" "$out"
