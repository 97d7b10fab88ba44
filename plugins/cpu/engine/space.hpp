// SPDX-License-Identifier: Apache-2.0
//
// Iteration spaces: dimensions, and how an operand moves through them.  The engines treat a space
// as a range of row-major numbers and take blocks from it; gather() and scatter() move a block of
// any strided operand to and from contiguous memory.

#ifndef FG_PLUGINS_CPU_ENGINE_SPACE_HPP_
#define FG_PLUGINS_CPU_ENGINE_SPACE_HPP_

#include <array>
#include <cstddef>
#include <cstdint>

#include "fg/abi/engine.h"

namespace fg::cpu {

using Dims = std::array<std::int64_t, FG_ENGINE_MAX_NDIM>;

struct Space {
  int ndim = 0;
  Dims size{};
  std::int64_t count() const {
    std::int64_t n = 1;
    for (int d = 0; d < ndim; ++d) n *= size[static_cast<std::size_t>(d)];
    return n;
  }
};

// An operand over a space.  Index operands have no memory: their elements are their offsets.
struct Operand {
  std::byte* base = nullptr;
  Dims stride{};  // Bytes; for index operands, what one step adds.
  std::uint32_t element_bytes = 0;
  bool index = false;
  std::int64_t index_base = 0;

  Operand at(std::int64_t offset) const {
    Operand moved = *this;
    if (index) {
      moved.index_base += offset;
    } else {
      moved.base += offset;
    }
    return moved;
  }
};

// Offset of element number `linear`.
std::int64_t offset_of(const Space& space, const Dims& stride, std::int64_t linear);

// Drops dimensions of length 1 and joins neighbours that every operand crosses in one stride.
void coalesce(Space& space, Operand* operand, std::size_t n);

// Copies elements [start, start + count) to dst, contiguous.  Index operands yield std::int64_t.
void gather(const Space& space, const Operand& from, std::int64_t start, std::int64_t count, void* dst);
void scatter(const Space& space, const Operand& to, std::int64_t start, std::int64_t count, const void* src);

// The elements [start, start + count) if they lie contiguous in memory, else NULL.
std::byte* contiguous_run(const Space& space, const Operand& from, std::int64_t start, std::int64_t count);

// Copies rows x cols elements with the given strides (bytes); one of the sides is contiguous
// row by row.  Reads and writes along whichever direction is contiguous.
struct Tile {
  std::int64_t rows, cols;
  std::int64_t row_stride, col_stride;
};
void gather_tile(const Operand& from, const Tile& tile, void* dst);
void scatter_tile(const Operand& to, const Tile& tile, const void* src);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_ENGINE_SPACE_HPP_
