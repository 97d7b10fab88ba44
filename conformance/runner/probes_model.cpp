// SPDX-License-Identifier: Apache-2.0
//
// Blocks of models, small enough for the oracle and odd enough for tails.

#include "conformance/cases/operators.hpp"
#include "conformance/model/blocks.hpp"
#include "conformance/model/run_chain.hpp"
#include "conformance/runner/probes_areas.hpp"

namespace fg::conformance {
namespace {

constexpr BlockShape kSmallLlama{.tokens = 7, .heads = 4, .kv_heads = 2, .head = 8, .ffn = 45};
constexpr BlockShape kLlamaWithPast{.batch = 3, .tokens = 1, .past = 37, .heads = 4, .head = 8, .ffn = 45};
constexpr BlockShape kLargeLlama{.tokens = 17, .heads = 4, .kv_heads = 2, .head = 32, .ffn = 172};
constexpr BlockShape kSmallBert{.batch = 2, .tokens = 5, .heads = 4, .head = 8, .ffn = 45};
constexpr BlockShape kLargeBert{.batch = 2, .tokens = 11, .heads = 3, .head = 32, .ffn = 172};

BlockShape of(BlockShape s, fg_dtype dtype) {
  s.type = to_reference(dtype);
  return s;
}

}  // namespace

CaseResult small_llama(const Device& device, fg_dtype dtype) {
  return run_chain(device, llama_block(of(kSmallLlama, dtype)));
}
CaseResult llama_with_past(const Device& device, fg_dtype dtype) {
  return run_chain(device, llama_block(of(kLlamaWithPast, dtype)));
}
CaseResult large_llama(const Device& device, fg_dtype dtype) {
  return run_chain(device, llama_block(of(kLargeLlama, dtype)));
}
CaseResult small_bert(const Device& device, fg_dtype dtype) {
  return run_chain(device, bert_block(of(kSmallBert, dtype)));
}
CaseResult large_bert(const Device& device, fg_dtype dtype) {
  return run_chain(device, bert_block(of(kLargeBert, dtype)));
}

}  // namespace fg::conformance
