// SPDX-License-Identifier: Apache-2.0
//
// tril, triu: matrices with the elements on one side of a diagonal, zeros on the other.

#ifndef FG_PLUGINS_CPU_KERNELS_TRIANGLE_HPP_
#define FG_PLUGINS_CPU_KERNELS_TRIANGLE_HPP_

#include "plugins/cpu/kernels/rows.hpp"

namespace fg::cpu {

struct TriangleArgs {
  std::int64_t element_bytes = 4;
  const void* self = nullptr;
  void* out = nullptr;  // May be `self`, in the same layout.
  std::int64_t rows = 0, columns = 0;
  std::int64_t self_row = 0, self_column = 0, out_row = 0, out_column = 0;  // Strides.
  Space batch;                // The dimensions before: tensor 0 self, 1 out.
  std::int64_t diagonal = 0;  // Kept: column - row <= diagonal, >= for the upper one.
  bool upper = false;
};
void triangle(const TriangleArgs& args, const Exec& exec);

// Rows and columns of the positions that triangle() keeps, in row-major order.
struct TriangleIndicesArgs {
  std::int64_t rows = 0, columns = 0, diagonal = 0;
  bool upper = false;
  std::int64_t* out = nullptr;                 // [2, positions]
  std::int64_t out_row = 0, out_position = 1;  // Strides.
};
void triangle_indices(const TriangleIndicesArgs& args, const Exec& exec);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_TRIANGLE_HPP_
