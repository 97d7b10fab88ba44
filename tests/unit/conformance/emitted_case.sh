#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Cases as C programs: they compile without a warning, agree with the suite about the CPU plugin, and find
# a seeded bug; and what `explain` says of the same cases.
#   emitted_case.sh <case_tool> <C compiler> <include> <generated include> <folder of libfg_core.so> <cpu plugin> <mutant plugin>
set -uo pipefail
tool=$1 cc=$2 include=$3 gen=$4 core=$5 cpu=$6 mutant=$7
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0
complain() {
  printf 'emitted_case: %s\n' "$*"
  failed=1
}

# build ID: the program of a case as $folder/case.
build() {
  "$tool" emit "$1" >"$folder/case.c" || return 1
  "$cc" -std=c11 -O1 -Wall -Wextra -Wpedantic -Werror -I"$include" -I"$gen" "$folder/case.c" -o "$folder/case" \
    -L"$core" -lfg_core -lm -Wl,-rpath,"$core"
}

# expect CODE TEXT ID PLUGIN VENDOR: the program leaves with CODE and says TEXT.
expect() {
  local said status
  build "$3" || { complain "$3 does not compile"; return; }
  said=$(FG_PLUGIN_PATH=$(dirname "$4") "$folder/case" "$5" 2>&1)
  status=$?
  [[ $status == "$1" && $said == *"$2"* ]] || complain "$3 on $5: exit $status, expected $1 and '$2': $said"
}

# explains TEXT PLUGIN ID: what is said of the case holds TEXT.
explains() {
  local said
  said=$("$tool" explain "$2" "$3" 2>&1)
  [[ $said == *"$1"* ]] || complain "explain $3 does not say '$1': $said"
}

product='op.mm/self=bf16:5x33:t,mat2=bf16:33x7:g/real/new#0'
for id in 'op.add/self=f16:3x4:g,other=f16:4,alpha=2.5/special/out#0' \
  'op.exp/self=f32:3x5:r/real/out#0' \
  'op.mul/self=f64:2x3:p,other=f64:0d/real/inplace#0' \
  'op.neg/self=i64:7:o/special/alias#0' \
  'op.cat/tensors=f32:2x3+f32:1x3+f32:0x3,dim=0/real/new#0' \
  'op.clone/self=f8_e4m3fn:3x5:t/special/new#0' 'op.eq/self=bool:3x5,other=u8:5/special/new#0' \
  'op.sum/self=f32:17x9:t,dim=1,keepdim=true/real/new#0' \
  'view.as_strided/self=f32:24,size=4_3,stride=6_2/real/new#0' \
  'op.zeros/size=2_0,dtype=i32/real/new#0' \
  "$product"; do
  expect 0 ' 0 of ' "$id" "$cpu" cpu
done
expect 0 'invalid, shape, argument 1' 'robust.mm/self=f32:2x3,mat2=f32:4x5/real/new/bad=shape:1#0' "$cpu" cpu
expect 1 'ok, none' 'robust.mm/self=f32:2x3,mat2=f32:3x5/real/new/bad=shape:1#0' "$cpu" cpu
"$tool" emit memory.no_such 2>/dev/null && complain 'a probe became a program'

export FG_MUTANT_FAULT=drop_last_k
expect 1 ' of 35 elements are wrong' "$product" "$mutant" mutant
explains 'WRONG' "$mutant" "$product"
explains 'strides [1, 5]' "$mutant" "$product"
explains 'exp 2 ulp' "$cpu" 'op.exp/self=f32:3x5:r/real/out#0'
explains 'self = ' "$cpu" 'op.exp/self=f32:3x5:r/real/out#0'
explains 'must be refused with FG_E_INVALID, reason shape' "$cpu" 'robust.mm/self=f32:2x3,mat2=f32:4x5/real/new/bad=shape:1#0'
explains 'no such case' "$cpu" memory.no_such
exit $failed
