#!/usr/bin/env bash
# two_devices.sh PROGRAM ICD: a test of the second device, where lavapipe, whose manifest ICD is, stands twice.
set -euo pipefail
program=$1 icd=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
library=$(sed -n 's/.*"library_path": *"\([^"]*\)".*/\1/p' "$icd")
[ -f "$library" ] || library=$(find /usr/lib /usr/lib64 -name "$(basename "$library")" 2>/dev/null | head -1)
cp "$(readlink -f "$library")" "$work/second.so"  # the loader takes one library once
sed "s|\"library_path\": *\"[^\"]*\"|\"library_path\": \"$work/second.so\"|" "$icd" >"$work/second.json"
VK_ICD_FILENAMES="$icd:$work/second.json" FG_TEST_DEVICE=vulkan:1 timeout 120 "$program"
