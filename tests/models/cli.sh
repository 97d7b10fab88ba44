#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# cli.sh FG_MODELS: what the program says about bad input, and with which exit code.
set -euo pipefail
models=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# expect CODE TEXT ARGUMENT...: stderr has TEXT, stdout nothing when it fails
expect() {
  local code=$1 text=$2 got=0
  shift 2
  "$models" "$@" >"$work/out" 2>"$work/err" || got=$?
  if [ "$got" -ne "$code" ] || ! grep -F -- "$text" "$work/err" >/dev/null || { [ "$code" -ne 0 ] && [ -s "$work/out" ]; }; then
    printf 'fg-models %s\n  exit code %s, expected %s; expected to say: %s\n  says: %s\n' "$*" "$got" "$code" "$text" "$(cat "$work/err")"
    failures=$((failures + 1))
  fi
}

# model NAME CONFIG: a folder with that config.json
model() {
  mkdir -p "$work/$1"
  printf '%s' "$2" >"$work/$1/config.json"
}
# weights NAME HEADER BYTES: its model.safetensors: a JSON header and so many zero bytes
weights() {
  {
    printf "\\x$(printf '%02x' $((${#2} % 256)))\\x$(printf '%02x' $((${#2} / 256)))\\0\\0\\0\\0\\0\\0"
    printf '%s' "$2"
    head -c "$3" /dev/zero
  } >"$work/$1/model.safetensors"
}
llama='{"model_type": "llama", "hidden_size": 4, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 2, "max_position_embeddings": 8}'

expect 2 'A subcommand is required'
expect 2 'a folder or --random SIZE is needed' generate
expect 2 'not in {f32,f16,bf16,f64}' generate --random tiny --ids 1 --dtype f8
expect 3 'no size is named "huge", there are tiny' generate --random huge --ids 1
expect 3 'config.json' generate "$work/nowhere" --ids 1
expect 2 '--ids is "1,x", expected numbers' generate --random tiny --ids 1,x
expect 2 'token 512 of the prompt, expected 0 to 511' generate --random tiny --ids 512
expect 2 'there is no prompt' generate --random tiny
expect 2 'are longer than the context of 4096 tokens' generate --random tiny --ids 1,2 -n 4095
expect 2 'a prompt of 2 tokens and 63 new ones are longer than the context of 64 tokens' generate --random tiny --context 64 --ids 1,2 -n 63
expect 2 'has no tokenizer, give --ids' generate --random tiny -p hello
expect 3 'sentence vectors need an encoder' embed --random tiny --ids 1
expect 3 'takes no images' generate --random tiny --ids 1 --image "$work/picture.png"
expect 3 'zulu' generate --random tiny --ids 1 --vendor zulu

model unknown '{"model_type": "perceiver"}'
expect 3 'perceiver' generate "$work/unknown" --ids 1
model torn "$llama"
expect 3 'model.safetensors' generate "$work/torn" --ids 1
weights torn '{"model.embed_tokens.weight":{"dtype":"F32","shape":[2,4],"data_offsets":[0,32]}}' 31
expect 2 'model.safetensors' generate "$work/torn" --ids 1
weights torn '{"model.embed_tokens.weight":{"dtype":"F32","shape":[4,2],"data_offsets":[0,32]}}' 32
expect 2 '"model.embed_tokens.weight" has shape [4, 2], expected [2, 4]' generate "$work/torn" --ids 1
weights torn '{"model.embed_tokens.weight":{"dtype":"I32","shape":[2,4],"data_offsets":[0,32]}}' 32
expect 3 '"model.embed_tokens.weight" has dtype i32, expected f32' generate "$work/torn" --ids 1
weights torn '{"model.embed_tokens.weight":{"dtype":"F32","shape":[2,4],"data_offsets":[0,32]}}' 32
expect 3 'has no tensor "model.layers.0' generate "$work/torn" --ids 1
model yarned "${llama%\}}, \"hidden_act\": \"relu\"}"
weights yarned '{"model.embed_tokens.weight":{"dtype":"F32","shape":[2,4],"data_offsets":[0,32]}}' 32
expect 3 'relu' generate "$work/yarned" --ids 1

expect 3 'does not fit' bench --random tiny --batch 100000 --prompt 1 -n 4000
expect 0 '' generate --random tiny --ids 1,2,3 -n 4
expect 0 'as a graph' generate --random tiny --ids 1,2,3 -n 4
expect 0 'calls as on the CPU plugin' generate --random tiny --ids 1,2,3 -n 4 --check
expect 0 'scaled_dot_product_attention' generate --random tiny --ids 1,2,3 -n 4 --record "$work/record"
[ -s "$work/record" ] || { echo "--record wrote nothing"; failures=$((failures + 1)); }
exit $((failures > 0))
