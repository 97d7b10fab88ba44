// SPDX-License-Identifier: Apache-2.0
//
// uniform_: Philox 4x32-10 numbers, as docs/random.md defines them.

#ifndef FG_PLUGINS_CPU_KERNELS_UNIFORM_HPP_
#define FG_PLUGINS_CPU_KERNELS_UNIFORM_HPP_

#include "plugins/cpu/kernels/rows.hpp"

namespace fg::cpu {

struct UniformArgs {
  fg_dtype dtype = FG_F32;
  void* self = nullptr;
  Space space;  // Tensor 0 is self; not coalesced across gaps, but the order of elements is row-major.
  double from = 0, to = 1;
  std::uint64_t seed = 0, offset = 0;
};
void uniform(const UniformArgs& args, const Exec& exec);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_UNIFORM_HPP_
