// SPDX-License-Identifier: Apache-2.0
//
// scaled_dot_product_attention without the matrix of scores.

#ifndef FG_PLUGINS_CPU_KERNELS_ATTENTION_HPP_
#define FG_PLUGINS_CPU_KERNELS_ATTENTION_HPP_

#include "plugins/cpu/kernels/rows.hpp"

namespace fg::cpu {

struct AttentionArgs {
  // One tensor's strides; a group is the query heads that share a key head.
  struct Side {
    std::int64_t group = 0, position = 0, channel = 0;
  };
  enum : std::size_t { kQuery = 0, kKey = 1, kValue = 2, kOut = 3, kMask = 4 };
  fg_dtype dtype = FG_F32;
  const void* query = nullptr;
  const void* key = nullptr;
  const void* value = nullptr;
  void* out = nullptr;
  const void* mask = nullptr;  // null: none
  bool mask_is_bool = false;   // true keeps; otherwise of `dtype` and added to the scaled scores
  Space heads;                 // Key heads of all sequences; tensors in the order above.
  std::int64_t group = 1;      // Query heads for each key head.
  std::int64_t queries = 0, keys = 0, channels = 0, value_channels = 0;
  Side q, k, v, o, m;   // m.channel walks the keys.
  bool causal = false;  // Query i sees keys 0 .. i.
  double scale = 1;
};

std::size_t attention_workspace(const AttentionArgs& args, int workers);

// A query that sees no key gets zeros.
void attention(const AttentionArgs& args, const Exec& exec, void* ws);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_ATTENTION_HPP_
