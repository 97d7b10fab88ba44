#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# needed.sh LIBRARY PAGE
#
# Every library that LIBRARY needs at load time is in the ```needed block of PAGE.
set -euo pipefail
library=$1 page=$2

mapfile -t allowed < <(sed -n '/^```needed$/,/^```$/p' "$page" | grep -v '^```' | tr ' ' '\n' | sed '/^$/d')
[ "${#allowed[@]}" -gt 0 ] || { echo "$page: no \`\`\`needed block"; exit 1; }
mapfile -t needed < <(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
[ "${#needed[@]}" -gt 0 ] || { echo "$library: needs nothing? $(readelf -d "$library" | head -3)"; exit 1; }

status=0
for name in "${needed[@]}"; do
  found=false
  for entry in "${allowed[@]}"; do [ "${name%%.so*}" = "$entry" ] && found=true; done
  $found || { echo "$library needs $name, which $page does not list"; status=1; }
done
exit "$status"
