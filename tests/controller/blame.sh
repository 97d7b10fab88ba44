#!/usr/bin/env bash
# A plugin that crashes in some cases, hangs in others and writes over memory in a third sort: the run
# ends, exactly those are blamed, all others are judged.  Others that crash, flood or fork end no run.
#   blame.sh <fg-conformance> <libfg_mutant.so>
set -uo pipefail
tool=$1 mutant=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

complain() { printf '%s\n' "$*"; failed=1; }
# verdicts NAME: how often each verdict stands in the journal of that run
verdicts() { sed -n 's/.*"verdict":"\([A-Z_]*\)".*/\1/p' "$folder/$1.jsonl" | sort | uniq -c | awk '{ printf "%s:%s ", $2, $1 }'; }
# A case whose worker died after it gets a second verdict.
judged() { sed -n 's/.*"id":"\([^"]*\)".*"verdict".*/\1/p' "$folder/$1.jsonl" | sort -u | wc -l; }
blamed() { sed -n 's/.*"id":"\([^"]*\)".*"verdict":"\(CRASH\|HANG\|OOB_WRITE\)".*/\1/p' "$folder/$1.jsonl"; }
# run NAME FAULT ARGUMENTS...: leaves with the tool's exit code
run() {
  local name=$1 fault=$2
  shift 2
  FG_MUTANT_FAULT=$fault timeout 280 "$tool" --plugin "$mutant" --tier quick --deadline 2 --quiet --journal "$folder/$name.jsonl" "$@" \
    >"$folder/$name.log" 2>&1
}

run menace menace -f 'op.a*' -f 'op.s*' -f 'op.m*'
[[ $? == 1 ]] || complain "the run did not end as one with failures: $(tail -n 1 "$folder/menace.log")"
said=$(verdicts menace)
for verdict in CRASH HANG OOB_WRITE PASS; do
  [[ $said == *"$verdict:"* ]] || complain "no $verdict in: $said"
done
[[ $(tr ' ' '\n' <<<"$said" | grep -vc '^\(CRASH\|HANG\|OOB_WRITE\|PASS\):') == 1 ]] || complain "other verdicts in: $said"
planned=$("$tool" list --tier quick -f 'op.a*' -f 'op.s*' -f 'op.m*' | wc -l)
judged=$(judged menace)
[[ $judged == "$planned" ]] || complain "$judged of $planned cases were judged"
printf 'menace: %s of %s cases\n' "$said" "$planned"

# Blamed alone is blamed again; what was not blamed runs to its end without a failure.
mapfile -t guilty < <(blamed menace)
for id in "${guilty[@]:0:6}"; do
  FG_MUTANT_FAULT=menace "$tool" --plugin "$mutant" --deadline 2 --quiet repro "$id" >"$folder/alone" 2>&1 &&
    complain "blamed, and passes alone: $id"
done

# A wild write may show later: whatever it is called, the run goes on and says where.
for fault in crasher corrupter forker flooder liar; do
  run $fault $fault -f 'op.add/*' -f 'op.sum/*' -f 'op.mul/*' -f 'op.neg/*'
  status=$?
  planned=$("$tool" list --tier quick -f 'op.add/*' -f 'op.sum/*' -f 'op.mul/*' -f 'op.neg/*' | wc -l)
  judged=$(judged $fault)
  [[ $judged == "$planned" ]] || complain "$fault: $judged of $planned cases were judged (exit $status)"
  [[ $(tail -n 1 "$folder/$fault.jsonl") == '{"end"'* ]] || complain "$fault: the journal has no end"
  printf '%s: %s\n' $fault "$(verdicts $fault)"
done
[[ $(verdicts liar) == *LIED:* ]] || complain 'a liar was not called one'
[[ $(verdicts forker) == *ABI:* ]] || complain 'a process that was left behind was not seen'
[[ $(verdicts crasher) == *CRASH:* ]] || complain 'a crash was not called one'
exit $failed
