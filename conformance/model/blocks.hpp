// SPDX-License-Identifier: Apache-2.0
//
// The blocks that language models are made of, as chains.

#ifndef FG_CONFORMANCE_MODEL_BLOCKS_HPP_
#define FG_CONFORMANCE_MODEL_BLOCKS_HPP_

#include "conformance/model/chain.hpp"

namespace fg::conformance {

struct BlockShape {
  reference::Type type = reference::Type::f32;
  std::int64_t batch = 1, tokens = 1;
  std::int64_t past = 0;  // keys before the first token: Llama's cache
  std::int64_t heads = 1, kv_heads = 1, head = 1;
  std::int64_t ffn = 1;
};

// rms_norm, q, k and v, rotary, attention over the keys of the past and its own (causal without a past),
// o, fused_add_rms_norm, silu_and_mul between gate, up and down, and the residual.
Chain llama_block(const BlockShape& shape);
// Embeddings of words and positions, layer_norm, attention with a mask of padding, residual and layer_norm,
// gelu between two linears, residual and layer_norm.
Chain bert_block(const BlockShape& shape);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_MODEL_BLOCKS_HPP_
