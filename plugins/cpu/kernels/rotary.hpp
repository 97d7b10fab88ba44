// SPDX-License-Identifier: Apache-2.0
//
// apply_rotary_pos_emb: rotates pairs of channels of query and key by their position's angle.

#ifndef FG_PLUGINS_CPU_KERNELS_ROTARY_HPP_
#define FG_PLUGINS_CPU_KERNELS_ROTARY_HPP_

#include "plugins/cpu/kernels/index.hpp"

namespace fg::cpu {

struct RotaryArgs {
  // One of query and key: x is read, y written; both over `space` plus heads and channels.
  struct Side {
    const void* x = nullptr;
    void* y = nullptr;
    std::int64_t heads = 0;
    std::int64_t x_head = 0, x_channel = 0, y_head = 0, y_channel = 0;
  };
  enum : std::size_t { kQ = 0, kQOut = 1, kK = 2, kKOut = 3, kIds = 4 };
  fg_dtype dtype = FG_F32, table_dtype = FG_F32;
  Side q, k;
  Space space;  // Dimensions before the heads; tensors in the order above.
  Indices ids;  // In range.  data null: the position is the offset of tensor kIds itself.
  const void* cos = nullptr;
  const void* sin = nullptr;
  std::int64_t cos_row = 0, cos_col = 0, sin_row = 0, sin_col = 0;
  std::int64_t channels = 0;
  bool interleaved = false;  // Pairs (2i, 2i + 1) instead of (i, i + channels / 2).
};

std::size_t rotary_workspace(const RotaryArgs& args, int workers);
void rotary(const RotaryArgs& args, const Exec& exec, void* ws);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_ROTARY_HPP_
