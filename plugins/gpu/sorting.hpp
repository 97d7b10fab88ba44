// SPDX-License-Identifier: Apache-2.0
//
// The first elements of lines in a stable order: tiles are sorted in shared memory, then merged.

#ifndef FG_PLUGINS_GPU_SORTING_HPP_
#define FG_PLUGINS_GPU_SORTING_HPP_

#include "plugins/gpu/named.hpp"

namespace fg::gpu {

// What lines are sorted by: elements, NaN greatest; the call's 64 random bits; multinomial's keys without replacement.
enum class SortBy : std::uint8_t { elements, bits, race };

struct Sorting {
  SortBy by = SortBy::elements;
  bool descending = false;
  std::int64_t lines = 1, length = 0, keep = 0;
  std::int64_t inner = 1;  // From one element of a line to the next, in x, values and places.
  fg_dtype dtype = FG_F32, places_dtype = FG_I64;
  BufferRef x, values, places;  // Without values: places alone.
  std::uint64_t seed = 0, offset = 0;
};

// Of the workspace.
std::uint64_t sorting_bytes(const Sorting& s);
Result<void> sort_lines(const Prepared& k, const sdk::Launch& l, const Sorting& s);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_SORTING_HPP_
