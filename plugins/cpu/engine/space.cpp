// SPDX-License-Identifier: Apache-2.0

#include "plugins/cpu/engine/space.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "plugins/cpu/engine/micro.hpp"
#include "plugins/cpu/engine/transpose.hpp"

namespace fg::cpu {
namespace {

std::size_t at(int d) { return static_cast<std::size_t>(d); }

template <class F>
void with_element(std::uint32_t bytes, F&& f) {
  switch (bytes) {
    case 1: f(std::uint8_t{}); break;
    case 2: f(std::uint16_t{}); break;
    case 4: f(std::uint32_t{}); break;
    default: f(std::uint64_t{}); break;
  }
}

// One run along the innermost dimension.  memcpy of a constant size: addresses may be unaligned
// for T only in views made by hand, and it costs nothing.
template <class T>
void gather_run(T* dst, const std::byte* src, std::int64_t stride, std::int64_t n) {
  if (stride == static_cast<std::int64_t>(sizeof(T))) {
    std::memcpy(dst, src, static_cast<std::size_t>(n) * sizeof(T));
  } else if (stride == 0) {
    T v;
    std::memcpy(&v, src, sizeof v);
    std::fill(dst, dst + n, v);
  } else {
    for (std::int64_t i = 0; i < n; ++i) std::memcpy(dst + i, src + i * stride, sizeof(T));
  }
}
template <class T>
void scatter_run(std::byte* dst, const T* src, std::int64_t stride, std::int64_t n) {
  if (stride == static_cast<std::int64_t>(sizeof(T))) {
    std::memcpy(dst, src, static_cast<std::size_t>(n) * sizeof(T));
  } else {
    for (std::int64_t i = 0; i < n; ++i) std::memcpy(dst + i * stride, src + i, sizeof(T));
  }
}

// Calls run(offset, position in the block, length) for every piece of [start, start + count) that
// stays within the innermost dimension.
template <class Run>
void for_each_run(const Space& space, const Dims& stride, std::int64_t start, std::int64_t count, Run&& run) {
  if (space.ndim == 0) {
    if (count > 0) run(std::int64_t{0}, std::int64_t{0}, count);
    return;
  }
  Dims index{};
  std::int64_t offset = 0;
  for (int d = space.ndim - 1; d >= 0; --d) {
    index[at(d)] = start % space.size[at(d)];
    start /= space.size[at(d)];
    offset += index[at(d)] * stride[at(d)];
  }
  const int last = space.ndim - 1;
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t n = std::min(count - done, space.size[at(last)] - index[at(last)]);
    run(offset, done, n);
    done += n;
    index[at(last)] += n;
    offset += n * stride[at(last)];
    for (int d = last; d > 0 && index[at(d)] == space.size[at(d)]; --d) {
      offset += stride[at(d - 1)] - space.size[at(d)] * stride[at(d)];
      index[at(d)] = 0;
      ++index[at(d - 1)];
    }
  }
}

}  // namespace

std::int64_t offset_of(const Space& space, const Dims& stride, std::int64_t linear) {
  std::int64_t offset = 0;
  for (int d = space.ndim - 1; d >= 0; --d) {
    offset += (linear % space.size[at(d)]) * stride[at(d)];
    linear /= space.size[at(d)];
  }
  return offset;
}

void coalesce(Space& space, Operand* operand, std::size_t n) {
  int kept = 0;
  for (int d = 0; d < space.ndim; ++d) {
    const std::int64_t size = space.size[at(d)];
    if (size == 1) continue;
    bool joins = kept > 0;
    for (std::size_t k = 0; joins && k < n; ++k) {
      joins = operand[k].stride[at(kept - 1)] == operand[k].stride[at(d)] * size;
    }
    const int to = joins ? kept - 1 : kept++;
    space.size[at(to)] = joins ? space.size[at(to)] * size : size;
    for (std::size_t k = 0; k < n; ++k) operand[k].stride[at(to)] = operand[k].stride[at(d)];
  }
  space.ndim = kept;
}

void gather(const Space& space, const Operand& from, std::int64_t start, std::int64_t count, void* dst) {
  const std::int64_t inner = space.ndim > 0 ? from.stride[at(space.ndim - 1)] : 0;
  if (from.index) {
    auto* out = static_cast<std::int64_t*>(dst);
    for_each_run(space, from.stride, start, count, [&](std::int64_t offset, std::int64_t position, std::int64_t n) {
      fill_index(out + position, from.index_base + offset, inner, static_cast<std::size_t>(n));
    });
    return;
  }
  with_element(from.element_bytes, [&](auto tag) {
    using T = decltype(tag);
    for_each_run(space, from.stride, start, count, [&](std::int64_t offset, std::int64_t position, std::int64_t n) {
      gather_run(static_cast<T*>(dst) + position, from.base + offset, inner, n);
    });
  });
}

void scatter(const Space& space, const Operand& to, std::int64_t start, std::int64_t count, const void* src) {
  const std::int64_t inner = space.ndim > 0 ? to.stride[at(space.ndim - 1)] : 0;
  with_element(to.element_bytes, [&](auto tag) {
    using T = decltype(tag);
    for_each_run(space, to.stride, start, count, [&](std::int64_t offset, std::int64_t position, std::int64_t n) {
      scatter_run(to.base + offset, static_cast<const T*>(src) + position, inner, n);
    });
  });
}

std::byte* contiguous_run(const Space& space, const Operand& from, std::int64_t start, std::int64_t count) {
  if (from.index) return nullptr;
  if (space.ndim == 0) return count <= 1 ? from.base : nullptr;
  const int last = space.ndim - 1;
  const std::int64_t inner = space.size[at(last)];
  if (count > 1 && from.stride[at(last)] != static_cast<std::int64_t>(from.element_bytes)) return nullptr;
  if (space.ndim == 1) return from.base + start * from.stride[0];
  if (start % inner + count > inner) return nullptr;
  return from.base + offset_of(space, from.stride, start);
}

void gather_tile(const Operand& from, const Tile& tile, void* dst) {
  if (tile.row_stride == static_cast<std::int64_t>(from.element_bytes)) {
    transpose({static_cast<std::byte*>(dst), from.base, tile.cols * from.element_bytes, tile.col_stride, tile.rows,
               tile.cols, from.element_bytes});
    return;
  }
  with_element(from.element_bytes, [&](auto tag) {
    using T = decltype(tag);
    T* out = static_cast<T*>(dst);
    for (std::int64_t r = 0; r < tile.rows; ++r) {
      gather_run(out + r * tile.cols, from.base + r * tile.row_stride, tile.col_stride, tile.cols);
    }
  });
}

void scatter_tile(const Operand& to, const Tile& tile, const void* src) {
  with_element(to.element_bytes, [&](auto tag) {
    using T = decltype(tag);
    for (std::int64_t r = 0; r < tile.rows; ++r) {
      scatter_run(to.base + r * tile.row_stride, static_cast<const T*>(src) + r * tile.cols, tile.col_stride,
                  tile.cols);
    }
  });
}

}  // namespace fg::cpu
