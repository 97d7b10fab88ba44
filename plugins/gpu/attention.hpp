// SPDX-License-Identifier: Apache-2.0
//
// scaled_dot_product_attention without the matrix of scores.

#ifndef FG_PLUGINS_GPU_ATTENTION_HPP_
#define FG_PLUGINS_GPU_ATTENTION_HPP_

#include "plugins/gpu/launch.hpp"
#include "plugins/gpu/reading.hpp"

namespace fg::gpu {

struct Attention {
  // One tensor's strides; `head` is the next key head's, `group` the next query head's that shares it.
  struct Side {
    BufferRef at;
    std::int64_t batch = 0, head = 0, group = 0, row = 0, col = 0;
  };
  fg_dtype dtype = FG_F32;
  Side q, k, v, mask, out;  // mask.col walks the keys.
  fg_dtype mask_dtype = 0;  // 0: none; FG_BOOL keeps where it is true; otherwise added to the scaled scores.
  std::int64_t batch = 1, key_heads = 1, group = 1;
  std::int64_t queries = 0, keys = 0, channels = 0, values = 0;  // keys: those that some query sees.
  bool causal = false;                                           // Query i sees keys 0 .. i.
  bool wide = false;                                             // Indices beyond 2^31.
  double scale = 1;

  std::int64_t rows() const { return group * queries; }  // Of a key head.
  std::int64_t lines() const { return batch * key_heads; }
  std::int64_t results() const { return lines() * rows() * values; }
};

// A query that sees no key gets zeros.
Result<void> run_attention(const Attention& a, Variants& variants, const sdk::Launch& launch);
std::uint64_t attention_workspace(const Attention& a, Device& device);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_ATTENTION_HPP_
