// SPDX-License-Identifier: Apache-2.0
//
// Kernels over rows (kernels/rows.fgk): some work-items of a group take a row, which they hold in
// registers where it fits, so that it is read once.

#ifndef FG_PLUGINS_GPU_ROWS_HPP_
#define FG_PLUGINS_GPU_ROWS_HPP_

#include <cstdint>
#include <span>

#include "plugins/gpu/launch.hpp"
#include "plugins/gpu/reading.hpp"

namespace fg::gpu {

// `count` rows of `length` elements, `inner` elements apart: 1 where rows are contiguous and follow one another.
struct RowSpace {
  std::int64_t count = 0, length = 0, inner = 1;
};
// Rows along dimension `dim` of a dense tensor.
RowSpace row_space_along(const fg_tensor& t, std::int64_t dim);
// Rows of the last `dims` dimensions.
RowSpace row_space_of_last(const fg_tensor& t, std::int64_t dims);

// How a kernel goes about it.
struct RowForm {
  int lanes = 1;        // Work-items of a row, a power of two.
  int rows = 1;         // Rows of a group.
  int vec = 1;          // Elements read at once.
  int held = 0;         // Such pieces of a work-item, a power of two; 0: the row is read in every pass.
  bool across = false;  // Elements of a row are apart; rows are neighbours.
  bool full = false;    // Every work-item has all its pieces.
  bool wide = false;    // Indices beyond 2^31.

  std::uint64_t groups(const RowSpace& s) const {
    return groups_for(static_cast<std::uint64_t>(s.count), static_cast<std::uint64_t>(rows));
  }
  Number number() const;
};
// Whose rows they are, for a tuner.
enum class RowKernel : std::uint8_t { softmax, softmax_backward, norm, loss };
// `tensors`: all that are read or written along the rows; those left out do not count.
RowForm row_form(RowKernel kernel, const RowSpace& space, std::span<const fg_tensor> tensors, Device& device);
// Group, width of idx, the words of rows.fgk, and ACC for sums of `dtype`.
Result<void> add_rows(Source& source, const RowForm& form, fg_dtype dtype);
// The words of row_scores.fgk for buffer "x"; `keep`: what becomes of a held element `x` whose exponential is `e`.
Result<void> add_scores(Source& source, const RowForm& form, fg_dtype dtype, const char* keep);
// X_PIECE, X_LOAD, X_OF of reading.hpp for buffer `x`.
void add_row_input(Source& source, const char* x, const char* X, const RowForm& form);
// Y_PIECE, Y_NONE, Y_PUT(p, j, v): element j of a piece becomes v; Y_STORE(i, p): the piece goes to element i.
void add_row_output(Source& source, const char* y, const char* Y, const RowForm& form);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_ROWS_HPP_
