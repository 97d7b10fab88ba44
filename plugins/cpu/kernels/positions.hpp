// SPDX-License-Identifier: Apache-2.0
//
// Elements at positions that several tensors of indices, broadcast together, name: index, index_put,
// take, put.  Where places meet, the writes happen in the order of the positions: the result does not
// depend on threads.

#ifndef FG_PLUGINS_CPU_KERNELS_POSITIONS_HPP_
#define FG_PLUGINS_CPU_KERNELS_POSITIONS_HPP_

#include <vector>

#include "plugins/cpu/kernels/index.hpp"

namespace fg::cpu {

// One tensor of indices, seen over the broadcast shape.
struct Coordinate {
  Indices indices;  // In [-bound, bound); negative ones count from the end.
  Space space;      // Of the broadcast shape: tensor 0 the indices.
  std::int64_t bound = 0;
  std::int64_t stride = 0;      // What one step of the index is in the indexed tensor ...
  const Space* flat = nullptr;  // ... or, for take and put, the row-major index is counted in this space's tensor 0.
};

struct PositionArgs {
  std::int64_t element_bytes = 4;
  std::vector<Coordinate> coordinates;
  std::int64_t count = 0;  // Elements of the broadcast shape.
  // Dimensions of the result before and after those of the positions: tensor 0 the indexed tensor, 1 the
  // other one.
  Space lead, trail;
  Space other;  // Of the broadcast shape: tensor 1 the other one.
  void* indexed = nullptr;
  void* values = nullptr;
};

// values[lead, position, trail] = indexed[...]
void read_positions(const PositionArgs& args, const Exec& exec);

// indexed[...] = values[lead, position, trail], or += with `accumulate`.  `dtype` is that of both.
// With `widened`, indexed holds f32 for the 16-bit values.
struct WritePositions {
  fg_dtype dtype = FG_F32;
  bool accumulate = false, widened = false;
};
void write_positions(const PositionArgs& args, const WritePositions& how, const Exec& exec);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_POSITIONS_HPP_
