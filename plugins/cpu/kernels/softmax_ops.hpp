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

// `a` is the input, or the result of the forward operator; `g` the gradient (backward only).  A block has
// `width` lines.  Those that are columns are neighbours, and steps are elements along the dimension; those
// that are rows are contiguous, and steps are elements from one row to the next.
struct SoftmaxBlock {
  const void* a;
  const void* g;
  void* y;
  std::int64_t a_step, g_step, y_step;
  std::int64_t length, width;
  void* scratch;  // softmax_scratch() bytes
  bool streams;   // y goes past the cache
};

// Of a row x: its maximum, sum of exp(x - peak) and sum of weight (x - peak).
struct LineSums {
  double peak, total, shifted;
};

struct SoftmaxOps {
  std::int64_t compute_bytes;
  void (*rows)(SoftmaxKind kind, const SoftmaxBlock& b);
  void (*columns)(SoftmaxKind kind, const SoftmaxBlock& b);
  LineSums (*line_sums)(const void* x, std::int64_t n, const void* weight);  // weight of the compute type, or null
  // e[i] = exp(x[i] - peak of x), in the compute type; their sum is returned, NaN with any NaN.
  double (*exponentials)(const void* x, std::int64_t n, void* e);
};

// Bytes for a block of columns, and for any number of rows.
constexpr std::int64_t softmax_scratch(std::int64_t length, std::int64_t columns, std::int64_t compute_bytes) {
  return (length + 2) * columns * compute_bytes;
}
// Of a row: what each of its pieces has besides its exponentials, twice, since two rows are at work.
inline constexpr std::int64_t kSoftmaxPiece = 1024;
constexpr std::int64_t softmax_pieces(std::int64_t length) { return (length + kSoftmaxPiece - 1) / kSoftmaxPiece; }
constexpr std::int64_t softmax_rows_scratch(std::int64_t length, std::int64_t compute_bytes) {
  constexpr std::int64_t kBeside = 4096 + 64;  // Lets the kernel choose where in a page its rows begin.
  return (length + 2 * softmax_pieces(length)) * compute_bytes + kBeside;
}

// Null when the dtype is no float of 16 bits or more.
const SoftmaxOps* softmax_ops(fg_dtype dtype);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_SOFTMAX_OPS_HPP_
