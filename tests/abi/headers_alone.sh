#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# headers_alone.sh INCLUDE_DIR GENERATED_INCLUDE_DIR: every header of the contract compiles alone, as
# C and as C++, without a warning, with every compiler there is.
set -u
include=$1
generated=$2
work=$(mktemp -d) || exit 4
trap 'rm -rf "$work"' EXIT
failures=0
compiled=0

# try COMPILER STANDARD SUFFIX HEADER
try() {
  printf '#include "%s"\n#include "%s"\n' "$4" "$4" >"$work/alone.$3"
  if ! "$1" -std="$2" -Wall -Wextra -Wpedantic -Wshadow -Werror -fsyntax-only -I"$include" -I"$generated" "$work/alone.$3"; then
    echo "$4: not clean with $1 -std=$2" >&2
    failures=$((failures + 1))
  fi
  compiled=$((compiled + 1))
}

for header in $(cd "$include" && find fg/abi -name '*.h' | sort) fg/abi/ops.h; do
  for pair in gcc:g++ clang:clang++; do
    c=${pair%%:*}
    cxx=${pair##*:}
    if command -v "$c" >/dev/null; then for std in c11 c17; do try "$c" "$std" c "$header"; done; fi
    if command -v "$cxx" >/dev/null; then for std in c++17 c++20; do try "$cxx" "$std" cpp "$header"; done; fi
  done
done
echo "$compiled compilations, $failures failures"
[ "$compiled" -gt 0 ] && [ "$failures" -eq 0 ]
