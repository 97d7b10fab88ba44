// SPDX-License-Identifier: Apache-2.0
//
// softmax and its relatives along one contiguous row, or along the rows of a block of columns.

#ifndef FG_PLUGINS_CPU_KERNELS_SOFTMAX_OPS_HPP_
#define FG_PLUGINS_CPU_KERNELS_SOFTMAX_OPS_HPP_

#include <cstdint>

#include "fg/abi/types.h"

namespace fg::cpu {

// softmax, log_softmax, softmax with zeros for a line that is -inf throughout; and the gradients of the
// first two, from their results.
enum class SoftmaxKind : std::uint8_t { plain, log, safe, plain_backward, log_backward };

// `a` is the input, or the result of the forward operator; `g` the gradient (backward only).  Steps are
// elements between neighbours along the dimension; a block has `width` neighbouring columns.
struct SoftmaxBlock {
  const void* a;
  const void* g;
  void* y;
  std::int64_t a_step, g_step, y_step;
  std::int64_t length, width;
  void* scratch;  // softmax_scratch() elements of the compute type
  bool streams;   // y goes past the cache
};

// Of a row x: its maximum, sum of exp(x - peak) and sum of weight (x - peak).
struct LineSums {
  double peak, total, shifted;
};

struct SoftmaxOps {
  std::int64_t compute_bytes;
  void (*row)(SoftmaxKind kind, const SoftmaxBlock& b);  // steps are 1, width is not read
  void (*columns)(SoftmaxKind kind, const SoftmaxBlock& b);
  LineSums (*line_sums)(const void* x, std::int64_t n, const void* weight);  // weight of the compute type, or null
};

constexpr std::int64_t softmax_scratch(std::int64_t length, std::int64_t width) { return (length + 2) * width; }

// Null when the dtype is no float of 16 bits or more.
const SoftmaxOps* softmax_ops(fg_dtype dtype);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_SOFTMAX_OPS_HPP_
