// SPDX-License-Identifier: Apache-2.0
//
// out[p with the index at p in dimension dim] is combined with src[p], for every position p of the
// index in row-major order: scatter, scatter_add, scatter_reduce, index_add, index_copy, index_fill,
// index_reduce, embedding_dense_backward.  Positions that differ outside dim never meet, so lines
// along dim are independent, and each is walked in index order: the result does not depend on threads.

#ifndef FG_PLUGINS_CPU_KERNELS_SCATTER_HPP_
#define FG_PLUGINS_CPU_KERNELS_SCATTER_HPP_

#include "plugins/cpu/kernels/index.hpp"

namespace fg::cpu {

enum class Combine : std::uint8_t { assign, sum, scaled_sum, prod, mean, amax, amin };

struct ScatterArgs {
  fg_dtype dtype = FG_F32;
  Combine combine = Combine::assign;
  bool include_self = true;
  fg_scalar alpha{};  // scaled_sum: what src is multiplied with.
  void* out = nullptr;
  const void* src = nullptr;
  const void* self = nullptr;  // Given: each line of out is filled from it first.
  Indices indices;             // In [-bound, bound); negative ones count from the end.
  std::int64_t length = 0;     // Of the index along dim.
  std::int64_t bound = 0;      // Of out along dim.
  std::int64_t index_step = 0, out_step = 0, src_step = 0, self_step = 0;  // Along dim.
  Space lines;  // The other dimensions of the index: tensor 0 index, 1 out, 2 src, 3 self.
};

// Whether `self` may be given instead of copying it to out before: lines lie in one piece.
bool fills_lines(const ScatterArgs& args);

std::size_t scatter_workspace(const ScatterArgs& args, int workers);
void scatter(const ScatterArgs& args, const Exec& exec, void* ws);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_SCATTER_HPP_
