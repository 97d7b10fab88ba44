#!/usr/bin/env bash
# Journals of real runs: continued after Ctrl-C, joined from shards, refused when they do not fit.
#   journal.sh <fg-conformance> <cpu plugin> <null plugin>
set -uo pipefail
tool=$1 cpu=$2 null=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0
some=(--tier quick -f 'op.add/*' -f 'op.softmax/*' -f 'claim.*' -f 'memory.*')

complain() { printf '%s\n' "$*"; failed=1; }
# expect CODE TEXT ARGUMENTS...
expect() {
  local code=$1 text=$2 said status
  shift 2
  said=$("$tool" "$@" 2>&1)
  status=$?
  [[ $status == "$code" && $said == *"$text"* ]] || complain "fg-conformance $*: exit $status, expected $code and: $text
${said: -1500}"
}
verdicts() { sed -n 's/.*"id":"\([^"]*\)".*"verdict":"\([A-Z_]*\)".*/\1 \2/p' "$@" | sort; }

expect 0 ' 0 failed' --plugin "$cpu" "${some[@]}" --journal "$folder/whole.jsonl"
expect 2 'exists already' --plugin "$cpu" "${some[@]}" --journal "$folder/whole.jsonl"
expect 2 'needs the --journal' --plugin "$cpu" "${some[@]}" --resume

# Shards together are the whole run; without one of them they are not.
for i in 1 2 3; do
  expect 0 ' 0 failed' --plugin "$cpu" "${some[@]}" --shard $i/3 --journal "$folder/shard$i.jsonl"
done
expect 0 ' 0 failed' merge "$folder"/shard{1,2,3}.jsonl --journal "$folder/merged.jsonl"
[[ $(verdicts "$folder/merged.jsonl") == "$(verdicts "$folder/whole.jsonl")" ]] || complain 'merged shards differ from the whole run'
expect 2 'have no verdict' merge "$folder"/shard{1,3}.jsonl
expect 1 ' failed' --plugin "$null" "${some[@]}" --shard 2/3 --journal "$folder/null2.jsonl"
expect 2 'different plugins' merge "$folder"/shard{1,3}.jsonl "$folder/null2.jsonl"
sed 's/"PASS"/"FAIL"/' "$folder/shard2.jsonl" >"$folder/edited.jsonl"
expect 2 'changed after it was written' merge "$folder"/shard{1,3}.jsonl "$folder/edited.jsonl"

# Ctrl-C: a partial summary, exit 130, and the rest later.
"$tool" --plugin "$cpu" --tier quick --journal "$folder/cut.jsonl" >"$folder/cut.log" 2>&1 &
run=$!
for _ in $(seq 300); do
  [[ $(cat "$folder/cut.jsonl" 2>/dev/null | wc -l) -gt 200 ]] && break
  sleep 0.1
done
kill -INT $run
wait $run
status=$?
[[ $status == 130 ]] || complain "interrupted run: exit $status, expected 130"
case $(tail -n 1 "$folder/cut.log") in *interrupted*) ;; *) complain "no partial summary: $(tail -n 2 "$folder/cut.log")" ;; esac
before=$(verdicts "$folder/cut.jsonl" | wc -l)
printf '{"id":"op.add/half a li' >>"$folder/cut.jsonl"
expect 0 ' 0 failed' --plugin "$cpu" --tier quick --journal "$folder/cut.jsonl" --resume
planned=$("$tool" list --tier quick | wc -l)
after=$(verdicts "$folder/cut.jsonl" | uniq | wc -l)
[[ $before -lt $planned && $after == "$planned" ]] || complain "continued run: $before, then $after of $planned verdicts"
expect 2 'cannot be continued' --plugin "$null" --tier quick --journal "$folder/cut.jsonl" --resume
exit $failed
