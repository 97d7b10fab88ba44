// SPDX-License-Identifier: Apache-2.0
//
// topk: the first k elements of each row in order, without sorting the rest.

#ifndef FG_PLUGINS_CPU_KERNELS_TOPK_HPP_
#define FG_PLUGINS_CPU_KERNELS_TOPK_HPP_

#include "plugins/cpu/kernels/rows.hpp"

namespace fg::cpu {

struct TopkArgs {
  fg_dtype dtype = FG_F32;
  const void* self = nullptr;
  void* values = nullptr;
  std::int64_t* indices = nullptr;
  Space outer;              // Tensors 0 self, 1 values, 2 indices.
  std::int64_t length = 1;  // Of the rows of self.
  std::int64_t self_step = 1, values_step = 1, indices_step = 1;
  std::int64_t k = 0;
  bool largest = true;
};
std::size_t topk_workspace(const TopkArgs& args, int workers);
void topk(const TopkArgs& args, const Exec& exec, void* ws);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_TOPK_HPP_
