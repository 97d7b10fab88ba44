// SPDX-License-Identifier: Apache-2.0
//
// The chosen elements of a tensor, in row-major order: groups count theirs, the counts are summed up, then every group
// writes behind those before it.

#ifndef FG_PLUGINS_GPU_COMPACT_HPP_
#define FG_PLUGINS_GPU_COMPACT_HPP_

#include <limits>
#include <string>

#include "plugins/gpu/named.hpp"

namespace fg::gpu {

// Which elements: those whose bits are not 0; of floats all bits but the sign's.
struct Compact {
  BufferRef chosen;  // What is asked, of `dtype` ...
  fg_dtype dtype = FG_BOOL;
  Walk walk = make_walk(2);  // ... operand 0; 1 is x.
  const char* emit = "";     // Writes number `place` (i64), from place `at` of the walk, o1 in x, positions p0 ...
  BufferRef y, x;
  fg_dtype y_dtype = FG_I8, x_dtype = FG_I8;
  std::int64_t limit = std::numeric_limits<std::int64_t>::max();  // Numbers from here on are not written.
  BufferRef count;                                                // i64: how many there are.
};

// Bytes, of the workspace from `offset` on, for so many elements.
std::uint64_t compact_bytes(std::int64_t count);
Result<void> compact(const Prepared& k, const sdk::Launch& l, const Compact& c, std::uint64_t offset);

// The row-major numbers (i64) of a mask's true elements.
Result<void> compact_mask(const Prepared& k, const sdk::Launch& l, const fg_tensor& mask, const BufferRef& numbers,
                          const BufferRef& count, std::uint64_t offset);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_COMPACT_HPP_
