// SPDX-License-Identifier: Apache-2.0
//
// A tensor seen as rows: some dimensions are walked (outer), the others make up a row that a kernel
// wants contiguous.  Rows that are contiguous already are used in place; others are copied through
// scratch, several neighbours at a time, so that each cache line is touched once.

#ifndef FG_PLUGINS_CPU_KERNELS_ROWS_HPP_
#define FG_PLUGINS_CPU_KERNELS_ROWS_HPP_

#include <array>
#include <cstdint>

#include "fg/abi/kernel.h"
#include "plugins/cpu/kernels/exec.hpp"

namespace fg::cpu {

// Calls f with a zero of the unsigned type of that many bytes: 1, 2, 4 or 8.
template <class F>
void with_bytes(std::int64_t bytes, F&& f) {
  switch (bytes) {
    case 1: return f(std::uint8_t{});
    case 2: return f(std::uint16_t{});
    case 4: return f(std::uint32_t{});
    default: return f(std::uint64_t{});
  }
}

// Dimensions of an index space with the strides (elements) of up to kMany tensors over it.
struct Space {
  static constexpr std::size_t kMany = 5;
  int ndim = 0;
  std::array<std::int64_t, FG_MAX_NDIM> size{};
  std::array<std::array<std::int64_t, FG_MAX_NDIM>, kMany> stride{};

  void add(std::int64_t length, std::array<std::int64_t, kMany> strides) {
    if (length == 1) return;
    size[static_cast<std::size_t>(ndim)] = length;
    for (std::size_t t = 0; t < kMany; ++t) stride[t][static_cast<std::size_t>(ndim)] = strides[t];
    ++ndim;
  }
  std::int64_t count() const {
    std::int64_t n = 1;
    for (int d = 0; d < ndim; ++d) n *= size[static_cast<std::size_t>(d)];
    return n;
  }
  // Joins neighbouring dimensions that one stride can walk in every tensor.
  void coalesce();
  // Element offsets of the row-major position `linear`.
  std::array<std::int64_t, kMany> offsets(std::int64_t linear) const;
};

// Tensor 0 is the input x, 1 the output y; 2 and 3 are whatever else has one element a row.
struct Rows {
  void* x = nullptr;
  void* y = nullptr;
  std::int64_t element_bytes = 0;  // 1, 2, 4 or 8, of x and y.
  Space outer, row;

  std::int64_t length() const { return row.count(); }
  bool contiguous(std::size_t tensor) const { return row.ndim == 0 || (row.ndim == 1 && row.stride[tensor][0] == 1); }
};

// dst[i] = element i (row-major) of the `space` seen through `tensor`'s strides, and back.
void gather(const void* src, const Space& space, std::size_t tensor, std::int64_t element_bytes, void* dst);
void scatter(const void* src, const Space& space, std::size_t tensor, std::int64_t element_bytes, void* dst);

// Bytes of scratch that for_rows() needs for each worker.
std::int64_t rows_scratch(const Rows& rows);

// What for_rows() hands over: contiguous rows and where their single elements of tensors 2 and 3 lie; and
// the next row's x and element of tensor 2, null where there is none or x is a copy.
struct RowAt {
  const void* x;
  void* y;
  std::int64_t offset2, offset3;
  int worker;
  const void* next = nullptr;
  std::int64_t next_offset2 = 0;
};
using RowFn = void (*)(void* context, const RowAt& row);
void for_rows(const Rows& rows, const Exec& exec, std::byte* scratch, RowFn fn, void* context);

template <class F>
void for_rows(const Rows& rows, const Exec& exec, std::byte* scratch, F&& f) {
  using Body = std::remove_reference_t<F>;
  for_rows(
      rows, exec, scratch, [](void* c, const RowAt& r) { (*static_cast<Body*>(c))(r); },
      const_cast<void*>(static_cast<const void*>(&f)));
}

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_ROWS_HPP_
