// SPDX-License-Identifier: Apache-2.0
//
// Matrix products: out = alpha * (a @ b) + beta * self, for a batch of matrices of any strides.

#ifndef FG_PLUGINS_CPU_KERNELS_GEMM_HPP_
#define FG_PLUGINS_CPU_KERNELS_GEMM_HPP_

#include <cstdint>

#include "fg/abi/types.h"
#include "plugins/cpu/kernels/exec.hpp"

namespace fg::cpu {

// Strides in elements, of any sign; 0 repeats.
struct Matrix {
  void* data = nullptr;
  std::int64_t row = 0, col = 0, batch = 0;
};

struct GemmArgs {
  fg_dtype dtype = FG_F32;  // Of all operands.
  std::int64_t batch = 1, m = 0, n = 0, k = 0;
  Matrix out, a, b;
  Matrix self;                               // Not read when data is null.
  double alpha = 1, beta = 0;                // Floats.
  std::int64_t int_alpha = 1, int_beta = 0;  // Integers, modulo 2^bits.
};

// Bytes of workspace that gemm() needs for these arguments and as many workers.
std::size_t gemm_workspace(const GemmArgs& args, int workers);

// out shares no memory with a or b; it may be the identical view of self.  ws is 64-byte aligned.
void gemm(const GemmArgs& args, const Exec& exec, void* ws);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_GEMM_HPP_
