// SPDX-License-Identifier: Apache-2.0
//
// layer_norm and rms_norm of one contiguous row, and steps of attention, per dtype and instruction set.

#ifndef FG_PLUGINS_CPU_KERNELS_NORM_OPS_HPP_
#define FG_PLUGINS_CPU_KERNELS_NORM_OPS_HPP_

#include <cstdint>

#include "fg/abi/types.h"

namespace fg::cpu {

// What layer_norm knows of the row that the same thread takes next.
struct alignas(64) NormCarry {
  const void* x = nullptr;  // Of that row; null: nothing.
  double mean = 0, m2 = 0;  // m2: the sum of squared deviations.
};

// One row of n elements of the dtype.  x and y may be the same row, and so may residual and sum, in any
// pairing.
struct NormRow {
  const void* x;
  const void* residual;  // Added to x; null: none.
  void* y;
  void* sum;  // Receives x + residual; null: not wanted.
  std::int64_t n;
  // Of the compute type (f32 for 16-bit floats, else the dtype); null when left out.  One for each
  // `segment` elements of the row.
  const void* weight;
  const void* bias;
  std::int64_t segment;
  double eps;
  void* mean;  // One of the compute type each; null: not wanted.
  void* rstd;
  void* wide;        // Scratch for n elements of the compute type.
  bool streams;      // y goes past the cache.
  bool streams_sum;  // sum does.
  const void* next;  // The x and residual of the row that is asked for next; null: none.
  const void* next_residual;
  NormCarry* carried;  // From row to row; null: nothing is.
};

struct NormOps {
  std::int64_t compute_bytes;
  void (*layer_norm)(const NormRow& row);
  void (*rms_norm)(const NormRow& row);
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
