// SPDX-License-Identifier: Apache-2.0
//
// nonzero: the positions of the elements that are not zero.

#ifndef FG_PLUGINS_CPU_KERNELS_NONZERO_HPP_
#define FG_PLUGINS_CPU_KERNELS_NONZERO_HPP_

#include "plugins/cpu/kernels/rows.hpp"

namespace fg::cpu {

struct NonzeroArgs {
  fg_dtype dtype = FG_F32;
  const void* self = nullptr;
  // The dimensions as the caller has them, none dropped or joined: they are what is written.
  int ndim = 0;
  const std::int64_t* size = nullptr;
  const std::int64_t* stride = nullptr;
  std::int64_t* out = nullptr;  // Room for every element.
  std::int64_t out_row = 0, out_col = 0;
};
std::size_t nonzero_workspace(const NonzeroArgs& args);
// Writes one row for each element found, in row-major order; returns how many.
std::int64_t nonzero(const NonzeroArgs& args, const Exec& exec, void* ws);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_NONZERO_HPP_
