// SPDX-License-Identifier: Apache-2.0

#include "plugins/cpu/engine/copy.hpp"

#include <algorithm>
#include <cstring>

#include "plugins/cpu/engine/engine.hpp"
#include "plugins/cpu/engine/micro.hpp"
#include "plugins/cpu/engine/transpose.hpp"

namespace fg::cpu {
namespace {

// Bytes of one unit of a row, and of the shortest row worth a call of memcpy.
constexpr std::int64_t kUnitBytes = 64 << 10, kShortRowBytes = 64;
// Parallel work of fewer bytes than this costs more than it gains.
constexpr std::int64_t kGrainBytes = 256 << 10;

std::size_t at(int d) { return static_cast<std::size_t>(d); }

struct RowCopy {
  Space space;
  Operand dst, src;
  std::int64_t row_bytes, units_per_row, unit;
  bool stream;

  std::int64_t units() const { return rows() * units_per_row; }
  std::int64_t rows() const { return space.ndim == 0 ? 1 : space.count() / space.size[at(space.ndim - 1)]; }
  std::int64_t offset(const Operand& o, std::int64_t row) const {
    if (space.ndim <= 1) return 0;
    if (space.ndim == 2) return row * o.stride[0];
    return offset_of(space, o.stride, row * space.size[at(space.ndim - 1)]);
  }
  void operator()(std::int64_t first, std::int64_t last) const {
    for (std::int64_t u = first; u < last;) {
      const std::int64_t row = u / units_per_row, in_row = u % units_per_row;
      const std::int64_t count = std::min(last - u, units_per_row - in_row);
      const std::int64_t begin = in_row * unit, bytes = std::min(count * unit, row_bytes - begin);
      std::byte* const to = dst.base + offset(dst, row) + begin;
      const std::byte* const from = src.base + offset(src, row) + begin;
      if (stream)
        stream_copy(to, from, static_cast<std::size_t>(bytes));
      else
        std::memcpy(to, from, static_cast<std::size_t>(bytes));
      u += count;
    }
    if (stream) stream_fence();
  }
};

// Blocks of the dimensions `across`, along which the source is contiguous, and the last one, along
// which the destination is.
struct BlockCopy {
  // Bytes along either side: lines enough to use whole pages' prefetching, few enough for L2.
  static constexpr std::int64_t kSideBytes = 1024;

  Space space, outer;  // outer: `space` without the two.
  Operand dst, src;
  std::size_t across, last;
  std::int64_t side, down, along;
  bool stream;

  std::int64_t units() const { return outer.count() * down * along; }
  std::int64_t outer_offset(const Operand& o, std::int64_t number) const {
    std::int64_t offset = 0;
    for (std::size_t d = last; d-- > 0;) {
      if (d == across) continue;
      offset += number % space.size[d] * o.stride[d];
      number /= space.size[d];
    }
    return offset;
  }
  void operator()(std::int64_t first, std::int64_t end) const {
    for (std::int64_t u = first; u < end; ++u) {
      const std::int64_t r = u % down * side, rest = u / down;
      const std::int64_t c = rest % along * side, number = rest / along;
      transpose({dst.base + outer_offset(dst, number) + r * dst.stride[across] + c * dst.stride[last],
                 src.base + outer_offset(src, number) + r * src.stride[across] + c * src.stride[last],
                 dst.stride[across], src.stride[last], std::min(side, space.size[across] - r),
                 std::min(side, space.size[last] - c), dst.element_bytes, stream});
    }
    if (stream) stream_fence();
  }
};

// A dimension along which the source is contiguous and both sides are long enough for a tile; or -1.
int transposed_dimension(const Space& space, const Operand& src) {
  const std::int64_t shortest = 32 / src.element_bytes;
  if (space.ndim < 2 || space.size[at(space.ndim - 1)] < shortest) return -1;
  for (int d = 0; d < space.ndim - 1; ++d) {
    if (src.stride[at(d)] == static_cast<std::int64_t>(src.element_bytes) && space.size[at(d)] >= shortest) return d;
  }
  return -1;
}

void copy_rows(ThreadPool& pool, const Space& space, const Operand& dst, const Operand& src, bool stream) {
  const std::int64_t bytes = dst.element_bytes;
  RowCopy rows{space, dst, src, bytes * (space.ndim == 0 ? 1 : space.size[at(space.ndim - 1)]), 1, 0, stream};
  rows.unit = std::min(rows.row_bytes, kUnitBytes);
  rows.units_per_row = (rows.row_bytes + rows.unit - 1) / rows.unit;
  parallel_for(pool, rows.units(), std::max<std::int64_t>(1, kGrainBytes / rows.unit), rows);
}

void copy_blocks(ThreadPool& pool, const Space& space, const Operand& dst, const Operand& src, int across,
                 bool stream) {
  BlockCopy blocks{space, {}, dst, src, at(across), at(space.ndim - 1), 0, 0, 0, stream};
  blocks.side = BlockCopy::kSideBytes / dst.element_bytes;
  blocks.down = (space.size[blocks.across] + blocks.side - 1) / blocks.side;
  blocks.along = (space.size[blocks.last] + blocks.side - 1) / blocks.side;
  for (std::size_t d = 0; d < blocks.last; ++d) {
    if (d != blocks.across) blocks.outer.size[at(blocks.outer.ndim++)] = space.size[d];
  }
  const std::int64_t unit_bytes = dst.element_bytes * std::min(blocks.side, space.size[blocks.across]) *
                                  std::min(blocks.side, space.size[blocks.last]);
  parallel_for(pool, blocks.units(), std::max<std::int64_t>(1, kGrainBytes / 4 / unit_bytes), blocks);
}

}  // namespace

bool copy_operand(ThreadPool& pool, Space space, Operand dst, Operand src, bool stream) {
  if (dst.base == src.base && dst.stride == src.stride) return true;
  Operand both[] = {dst, src};
  coalesce(space, both, 2);
  const std::int64_t bytes = dst.element_bytes;
  if (space.ndim > 0) {
    const std::size_t inner = at(space.ndim - 1);
    if (both[0].stride[inner] != bytes) return false;
    if (both[1].stride[inner] != bytes) {
      const int across = transposed_dimension(space, both[1]);
      if (across < 0 || both[1].stride[inner] <= 0) return false;
      copy_blocks(pool, space, both[0], both[1], across, stream);
      return true;
    }
    if (space.ndim > 1 && space.size[inner] * bytes < kShortRowBytes) return false;
  }
  copy_rows(pool, space, both[0], both[1], stream);
  return true;
}

}  // namespace fg::cpu
