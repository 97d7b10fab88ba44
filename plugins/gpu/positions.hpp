// SPDX-License-Identifier: Apache-2.0
//
// Elements at positions that tensors of indices and masks, broadcast together, name.  How many positions a mask has is
// known to the device alone: the host knows a bound, and that they lie along the last dimension of the positions.

#ifndef FG_PLUGINS_GPU_POSITIONS_HPP_
#define FG_PLUGINS_GPU_POSITIONS_HPP_

#include <vector>

#include "plugins/gpu/join.hpp"

namespace fg::gpu {

using Lengths = std::vector<std::int64_t>;
Lengths row_major(const Lengths& shape);  // Strides.

// One tensor of indices along one dimension of the indexed tensor, or a mask along several, seen as one.
struct Along {
  const fg_tensor* tensor = nullptr;
  Lengths shape;
  std::int64_t bound = 1, stride = 1;  // Of the dimension.
  bool mask = false, wraps = false;    // wraps: negative indices count from the end.
};

struct Positions {
  std::vector<Along> along;
  Lengths shape;                  // Of the positions, masks left out.
  std::int64_t masked = 0;        // Elements of the largest mask.
  Walk rows = make_walk(3);       // Dimensions before, and of the positions but the last: indexed, other, positions.
  Walk behind = make_walk(2);     // Those behind: indexed, other.
  std::int64_t step = 0;          // Of the other tensor along the last dimension of the positions.
  std::int64_t other_length = 1;  // Its length there.

  std::int64_t masks() const;
  std::int64_t length() const { return shape.empty() ? 1 : shape.back(); }
  // At most so many positions along the last dimension.
  std::int64_t longest() const { return masks() > 0 && length() == 1 ? masked : length(); }
  std::int64_t position_rows() const;
  std::int64_t count() const { return position_rows() * longest(); }
  // Slots number the places that indices name; one step is so many elements of the indexed tensor.
  std::int64_t unit() const;
  std::int64_t slots() const;
};

// Where a launch's parts lie in the workspace.
struct PositionMemory {
  BufferRef slots, counts, numbers, claims;
  std::uint64_t scratch = 0;  // Offset of what compacting masks takes.
  JoinMemory join;
  std::uint64_t bytes = 0;
};
enum class Use : std::uint8_t { read, assign, add };

PositionMemory position_memory(const sdk::Launch& l, const Positions& p, Use how);
Result<void> read_positions(const Prepared& k, const sdk::Launch& l, const Positions& p, const fg_tensor& count);
// out, which becomes self first, at the positions from `other`.
Result<void> write_positions(const Prepared& k, const sdk::Launch& l, const Positions& p, const fg_tensor& other,
                             bool accumulate);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_POSITIONS_HPP_
