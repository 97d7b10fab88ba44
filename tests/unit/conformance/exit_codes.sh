#!/usr/bin/env bash
# The exit codes of fg-conformance, and that every report names what was wrong.
#   exit_codes.sh <fg-conformance> <cpu plugin> <null plugin>
set -uo pipefail
tool=$1 cpu=$2 null=$3
failed=0

# expect CODE TEXT ARGUMENTS...: the tool leaves with CODE and says TEXT.
expect() {
  local code=$1 text=$2 said status
  shift 2
  said=$("$tool" "$@" 2>&1)
  status=$?
  if [[ $status != "$code" || $said != *"$text"* ]]; then
    printf 'fg-conformance %s\n  exit %s, expected %s; expected to read: %s\n%s\n' "$*" "$status" "$code" "$text" "${said:0:2000}"
    failed=1
  fi
}

relu='op.relu/self=f32:3x5/exact/out#0'
expect 0 'Examples' --help
expect 0 'fg-conformance ' --version
expect 2 'nonsense' --nonsense
expect 2 'slow' --tier slow
expect 2 'dtype' --plugin "$cpu" repro 'op.relu/self=f99:3/exact/out#0'
expect 2 'cases.json' --plugin "$cpu" --golden /nowhere
expect 3 'absent' --plugin libfg_absent.so
expect 5 'selected nothing' --plugin "$cpu" -f 'op.no_such_operator/*'
expect 5 'selected nothing' list -f 'op.no_such_operator/*'
expect 0 'op.relu/' list --tier quick -f 'op.relu/*'
expect 0 '1 passed, 0 failed' --plugin "$cpu" repro "$relu"
expect 0 '"passed": 1' --plugin "$cpu" --json - repro "$relu"
expect 0 '<testsuites' --plugin "$cpu" --junit - repro "$relu"
expect 0 'PASS op.relu/' --plugin "$cpu" --verbose repro "$relu"
expect 0 'engine' --plugin "$cpu" info
# An empty plugin must not pass.
expect 1 'PROFILE_GAP' --plugin "$null" --tier quick -f 'op.relu/*' -f 'op.mm/*'
# A profile decides what is missing: fused_add_rms_norm is of llm, gelu_backward of train.
expect 2 'core,llm,train,full' --plugin "$null" --profile edge
expect 0 'NOT_CLAIMED' --plugin "$null" --tier quick --verbose -f 'op.fused_add_rms_norm/*' -f 'op.gelu_backward/*'
expect 1 'PROFILE_GAP' --plugin "$null" --tier quick --profile llm -f 'op.fused_add_rms_norm/*'
expect 0 'NOT_CLAIMED' --plugin "$null" --tier quick --profile llm --verbose -f 'op.gelu_backward/*'
expect 1 'PROFILE_GAP' --plugin "$null" --tier quick --profile train -f 'op.gelu_backward/*'
expect 1 'PROFILE_GAP' --plugin "$null" --tier quick --profile full -f 'op.gelu_backward/*'
expect 1 '"profile": "full"' --plugin "$null" --tier quick --profile full --json - -f 'op.gelu_backward/*'
expect 0 'gap' --plugin "$null" --profile llm info
# Where memory does not reach, a case is RESOURCE and nothing worse.
if [[ -z $(nm -D "$cpu" 2>/dev/null | grep -E '__(asan|tsan)_init') ]]; then
  (ulimit -v 3000000 && "$tool" --plugin "$cpu" -j1 --verbose -f 'value.many_bytes' -f 'value.far_positions') >"${TMPDIR:-/tmp}/fg-few-$$" 2>&1
  grep -q 'RESOURCE value.many_bytes' "${TMPDIR:-/tmp}/fg-few-$$" && grep -q 'RESOURCE value.far_positions' "${TMPDIR:-/tmp}/fg-few-$$" || {
    echo 'little memory was not RESOURCE:'
    cat "${TMPDIR:-/tmp}/fg-few-$$"
    failed=1
  }
  rm -f "${TMPDIR:-/tmp}/fg-few-$$"
fi
# What it does not serve is a gap, never a wrong answer.
for verdict in BAD_ERROR FAIL LIED; do
  if "$tool" --plugin "$null" --tier quick 2>&1 | grep -E "^$verdict "; then
    printf 'the empty plugin got %s\n' "$verdict"
    failed=1
  fi
done
exit $failed
