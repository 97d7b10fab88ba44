// SPDX-License-Identifier: Apache-2.0
//
// sort: values and positions along one dimension, always stable.

#ifndef FG_PLUGINS_CPU_KERNELS_SORT_HPP_
#define FG_PLUGINS_CPU_KERNELS_SORT_HPP_

#include "plugins/cpu/kernels/rows.hpp"

namespace fg::cpu {

struct SortArgs {
  fg_dtype dtype = FG_F32;
  Rows rows;                        // x: self, y: values; the row is the sorted dimension.
  std::int64_t* indices = nullptr;  // rows.outer's tensor 2 and rows.row's tensor 2.
  bool descending = false;
};
std::size_t sort_workspace(const SortArgs& args, int workers);
void sort(const SortArgs& args, const Exec& exec, void* ws);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_SORT_HPP_
