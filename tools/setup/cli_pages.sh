#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# cli_pages.sh [--check] BIN_DIR OUT_DIR
#
# Writes the pages that built programs say of themselves: OUT_DIR/<program>.md and OUT_DIR/README.md
# from --help, OUT_DIR/../support.md from `fg-info --ops`.  With --check it writes nothing, shows the
# difference to what is there and exits 1 when there is any.
set -euo pipefail

programs=(fg-info fg-conformance fg-bench fg-gen fg-tune fg-models)
# Plugins whose device every machine has: a page must not depend on who makes it.
plugins=(cpu)

check=false
if [ "${1:-}" = --check ]; then
  check=true
  shift
fi
[ $# -eq 2 ] || { echo "usage: cli_pages.sh [--check] BIN_DIR OUT_DIR" >&2; exit 2; }
bin=$1 out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/cli"

# Only the plugins beside the programs, no one's configuration, nothing remembered.
unset FG_PLUGIN_PATH GEMS_VENDOR FLAGGEMS_VENDOR GEMS_BACKEND FLAGGEMS_BACKEND FG_ALLOW_UNNOTED FG_LOG
unset FORCE_COLOR CLICOLOR_FORCE
printf 'probe: {timeout: 60}\n' >"$work/fg.yaml"  # a sanitizer's build on a busy machine
export FG_CONFIG="$work/fg.yaml" XDG_CACHE_HOME="$work/cache" NO_COLOR=1

# subcommands TEXT: the names under "Subcommands:" of a help text
subcommands() { awk '/^Subcommands:/ { on = 1; next } !NF || /^[^ ]/ { on = 0 } on { print $1 }' <<<"$1"; }

# block COMMAND...: the command and what it says
block() { printf '\n```console\n$ %s\n%s\n```\n' "${*##*/}" "$("$@" | sed 's/[[:space:]]*$//')"; }

program_page() {
  local name=$1 help
  help=$("$bin/$name" --help)
  printf '# %s\n\nMade by `./dev docs` from the program itself; do not edit.\n' "$name"
  block "$bin/$name" --help
  local verb
  for verb in $(subcommands "$help"); do
    printf '\n## %s %s\n' "$name" "$verb"
    block "$bin/$name" "$verb" --help
  done
}

index_page() {
  printf '# Programs\n\nMade by `./dev docs` from the programs themselves; do not edit.\n\n'
  local name
  for name in "${programs[@]}"; do printf -- '- [%s](%s.md)\n' "$name" "$name"; done
}

support_page() {
  cat <<'END'
# Who serves which operator

Made by `./dev docs` from `fg-info --ops`; do not edit.

`engine`: the plugin's map, reduce or scan engine runs the operator's expression. `kernel`: the plugin has a kernel of this name.
`composite`: the core composes it of other operators. `view`: the core makes another view of the same memory. `none`: nobody.

END
  "$bin/fg-info" --ops >"$work/ops"
  awk -v wanted="${plugins[*]}" '
    NR == 1 {
      n = split(wanted, plugin, " ")
      line = "| operator | kind |"; rule = "|---|---|"
      for (i = 1; i <= n; ++i) {
        for (c = 3; c <= NF; ++c) if ($c == plugin[i] ":0") column[i] = c
        if (!column[i]) { print "no device of plugin " plugin[i] " in fg-info --ops" > "/dev/stderr"; exit 1 }
        line = line " " plugin[i] " |"; rule = rule "---|"
      }
      print line; print rule
      next
    }
    NF < 3 || $1 == "none" { exit }
    {
      line = "| [`" $1 "`](ops/" $1 ".md) | " $2 " |"
      for (i = 1; i <= n; ++i) line = line " " $column[i] " |"
      print line
    }' "$work/ops"
}

for name in "${programs[@]}"; do program_page "$name" >"$work/cli/$name.md"; done
index_page >"$work/cli/README.md"
support_page >"$work/support.md"

if ! $check; then
  mkdir -p "$out"
  rm -f "$out"/*.md
  cp "$work"/cli/*.md "$out/"
  cp "$work/support.md" "$out/../support.md"
  exit 0
fi
status=0
diff -ru "$out" "$work/cli" || status=1
diff -u "$out/../support.md" "$work/support.md" || status=1
[ "$status" -eq 0 ] || echo "cli_pages: the programs say something else than the pages; run ./dev docs" >&2
exit "$status"
