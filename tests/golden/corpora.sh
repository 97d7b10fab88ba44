#!/usr/bin/env bash
# Runs every corpus of FG_GOLDEN_DIR, by default the folder shared/golden beside the repository, and
# says so when there is none.
#   corpora.sh <fg-conformance> <plugin>
set -euo pipefail
folder=${FG_GOLDEN_DIR:-"$(dirname "${BASH_SOURCE[0]}")/../../../shared/golden"}
found=0
for corpus in "$folder" "$folder"/*/; do
  [[ -f "$corpus/cases.json" && -f "$corpus/tensors.safetensors" ]] || continue
  found=1
  "$1" --plugin "$2" --golden "${corpus%/}" --quiet
done
[[ $found = 1 ]] || echo "no golden corpora in $folder: set FG_GOLDEN_DIR to judge with more than the selection"
