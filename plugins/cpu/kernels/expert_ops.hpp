// SPDX-License-Identifier: Apache-2.0
//
// What experts do beside products; one table per dtype and instruction set.

#ifndef FG_PLUGINS_CPU_KERNELS_EXPERT_OPS_HPP_
#define FG_PLUGINS_CPU_KERNELS_EXPERT_OPS_HPP_

#include <cstdint>

#include "fg/abi/types.h"

namespace fg::cpu {

struct ExpertOps {
  // out[i] = silu(both[i]) * both[n + i], i < n, all of the storage type.
  void (*gate)(const void* both, std::int64_t n, void* out);
  // out[i] = sum over j < count of weights[j] * rows[j][i], i < n, rounded once.
  void (*mix)(const float* weights, const void* const* rows, std::int64_t count, std::int64_t n, void* out);
};

// For the processor the program runs on; `dtype` is a float.
const ExpertOps& expert_ops(fg_dtype dtype);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_EXPERT_OPS_HPP_
