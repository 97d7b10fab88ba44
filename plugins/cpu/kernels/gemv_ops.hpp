// SPDX-License-Identifier: Apache-2.0
//
// Products of few rows with a large matrix, which is read once and at the speed of memory; one table
// per dtype and instruction set.

#ifndef FG_PLUGINS_CPU_KERNELS_GEMV_OPS_HPP_
#define FG_PLUGINS_CPU_KERNELS_GEMV_OPS_HPP_

#include <cstdint>

#include "fg/abi/types.h"

namespace fg::cpu {

// `a` and sums are in the compute type (f32 for 16-bit floats), b in the storage type; strides and
// lengths in elements.  a is packed: element (i, p) of m rows is a[p / width][i][p % width].
struct GemvOps {
  std::int64_t width;
  // b is contiguous along k: acc[m][cols] = a . b, column c at b + c * stride.
  void (*dot)(const void* a, std::int64_t m, std::int64_t k, const void* b, std::int64_t stride, std::int64_t cols,
              void* acc);
  // b is contiguous along n: acc[m][cols] = a . b, row p at b + p * stride.
  void (*axpy)(const void* a, std::int64_t m, std::int64_t k, const void* b, std::int64_t stride, std::int64_t cols,
               void* acc);
  // *sum = the sum of the products of k elements, both contiguous and of the storage type.
  void (*inner)(const void* a, const void* b, std::int64_t k, void* sum);
};

// For the processor the program runs on.  Null when the dtype is no float.
const GemvOps* gemv_ops(fg_dtype dtype);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_GEMV_OPS_HPP_
