// SPDX-License-Identifier: Apache-2.0
//
// softmax, layer_norm and rms_norm of one contiguous row, per dtype and instruction set.

#ifndef FG_PLUGINS_CPU_KERNELS_NORM_OPS_HPP_
#define FG_PLUGINS_CPU_KERNELS_NORM_OPS_HPP_

#include <cstdint>

#include "fg/abi/types.h"

namespace fg::cpu {

// x and y are rows of n elements of the dtype and may be the same row.  `wide` is scratch for n
// elements of the compute type (f32 for 16-bit floats, else the dtype), unused when that is the dtype.
struct NormOps {
  std::int64_t compute_bytes;
  void (*softmax)(const void* x, void* y, std::int64_t n, void* wide);
  // weight and bias are of the compute type, null when left out.
  void (*layer_norm)(const void* x, void* y, std::int64_t n, const void* weight, const void* bias, double eps,
                     void* mean, void* rstd, void* wide);
  void (*rms_norm)(const void* x, void* y, std::int64_t n, const void* weight, double eps, void* wide);
  void (*widen)(const void* x, std::int64_t n, void* wide);
  // One step of an online softmax over n scores of the compute type, in place: s = exp(s - max).
  // Raises *max, scales *sum by the returned factor and adds this step's sum to it.
  double (*softmax_step)(void* s, std::int64_t n, double* max, double* sum);
  void (*scale)(void* x, std::int64_t n, double factor);  // Of the compute type.
  void (*add)(void* x, const void* y, std::int64_t n);    // x += y, of the compute type.
};

// Null when the dtype is no float of 16 bits or more.
const NormOps* norm_ops(fg_dtype dtype);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_NORM_OPS_HPP_
