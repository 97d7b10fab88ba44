#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The report's page in Chromium: its elements are there, its script ran, nothing was said on the console,
# and it never scrolls sideways, at the width of a telephone and of a desk.
#   page_test.sh <program that prints the page> [FOLDER for screenshots]
set -uo pipefail
program=$1 keep=${2:-}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

complain() {
  printf 'page_test: %s\n' "$*"
  failed=1
}

command -v chromium >/dev/null || { echo 'page_test: chromium is missing: install the package chromium'; exit 1; }
"$program" >"$folder/page.html" || { echo "page_test: $program failed"; exit 1; }

# browser ARGUMENTS...: with a home of its own, and no sandbox where root has none.
browser() {
  local sandbox=()
  [[ $(id -u) == 0 ]] && sandbox=(--no-sandbox)
  timeout 120 chromium --headless "${sandbox[@]}" --disable-gpu --hide-scrollbars --no-first-run --disable-dev-shm-usage \
    --allow-file-access-from-files --user-data-dir="$folder/home" --enable-logging=stderr "$@"
}

# A window has a least width, a frame has none: the page is looked at through a frame of the width asked for.
# The attribute `inner` is what the page's own script found out, as JSON.
frame() {
  cat <<HTML
<!doctype html><meta charset="utf-8"><style>body { margin: 0 } iframe { border: 0; height: 1800px }</style>
<iframe width="$1" src="page.html"
 onload="document.documentElement.dataset.inner = JSON.stringify(this.contentDocument.documentElement.dataset)"></iframe>
HTML
}

browser --dump-dom "file://$folder/page.html" >"$folder/dom" 2>"$folder/said" || complain 'the browser failed'
for id in verdict totals environment failures matrix histograms timings left-out operator-filter; do
  grep -q "id=\"$id\"" "$folder/dom" || complain "the page has no element $id"
done
grep -q '<title>fg-conformance' "$folder/dom" || complain 'the title is gone: a text became script'
for tag in 'path class="h4"' 'rect class="bar"' 'details class="failure"' 'td class="severe"'; do
  grep -q "<$tag" "$folder/dom" || complain "the page has no <$tag"
done

for width in 400 1600; do
  frame "$width" >"$folder/$width.html"
  browser --window-size="$((width + 200)),1800" --dump-dom "file://$folder/$width.html" >"$folder/dom" 2>>"$folder/said"
  found=$(grep -o 'data-inner="[^"]*"' "$folder/dom" | sed 's/&quot;//g')
  [[ $found == "data-inner=\"{width:$width,overflow:0}\"" ]] || complain "at $width px: ${found:-the script did not run}, expected width $width, overflow 0"
  browser --window-size="$width,1800" --screenshot="$folder/$width.png" "file://$folder/$width.html" 2>>"$folder/said"
  [[ -s $folder/$width.png ]] || complain "no screenshot at $width px"
  [[ -z $keep ]] || { mkdir -p "$keep" && cp "$folder/$width.png" "$keep/"; }
done

console=$(grep 'CONSOLE' "$folder/said") && complain "said on the console: $console"
exit $failed
