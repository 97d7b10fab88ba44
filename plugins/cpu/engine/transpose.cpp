// SPDX-License-Identifier: Apache-2.0
//
// Tiles of one cache line by one cache line: lines of the source are gathered in a buffer (their
// addresses often share a cache set), then transposed in registers.
//
// A vector is filled with 16 bytes of each of several source rows, as far apart as a 16-byte block
// has elements; interleaving within the blocks is the whole transposition then, and every vector that
// comes out is a piece of one row of the result.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/engine/transpose.cpp"
#include "plugins/cpu/engine/transpose.hpp"

#include <algorithm>
#include <cstring>

#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::int64_t kLine = 64;

template <class T>
void transpose_scalar(const Transpose& t, std::int64_t r0, std::int64_t r1, std::int64_t c0, std::int64_t c1) {
  for (std::int64_t r = r0; r < r1; ++r) {
    std::byte* const to = t.dst + r * t.dst_stride;
    const std::byte* const from = t.src + r * static_cast<std::int64_t>(sizeof(T));
    for (std::int64_t c = c0; c < c1; ++c) {
      std::memcpy(to + c * static_cast<std::int64_t>(sizeof(T)), from + c * t.src_stride, sizeof(T));
    }
  }
}

#if HWY_TARGET == HWY_SCALAR

template <class T>
void transpose_all(const Transpose& t) {
  transpose_scalar<T>(t, 0, t.rows, 0, t.cols);
}

#else

// 16 bytes at p, p + step, p + 2 step, ... as the blocks of one vector.
template <class D, class T = hn::TFromD<D> >
HWY_INLINE hn::Vec<D> load_blocks(D d, const T* p, std::size_t step) {
  if constexpr (D::kPrivateN * sizeof(T) == 16) {
    (void)step;
    return hn::LoadU(d, p);
  } else {
    const hn::Half<D> dh;
    const std::size_t blocks = hn::Lanes(dh) * sizeof(T) / 16;
    return hn::Combine(d, load_blocks(dh, p + blocks * step, step), load_blocks(dh, p, step));
  }
}

// The buffer holds lines of kLine bytes, one for each column of the tile; writes rows of the result.
template <class T, bool STREAM>
HWY_INLINE void transpose_tile(const T* buffer, std::byte* dst, std::int64_t dst_stride) {
  constexpr std::size_t kBlock = 16 / sizeof(T), kPerLine = kLine / sizeof(T);
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t r = 0; r < kPerLine; r += kBlock) {
    for (std::size_t c = 0; c < kPerLine; c += lanes) {
      hn::Vec<decltype(d)> v[kBlock], w[kBlock];
      for (std::size_t k = 0; k < kBlock; ++k)
        v[k] = load_blocks(d, buffer + (c + k) * kPerLine + r, kBlock * kPerLine);
      // log2(kBlock) perfect shuffles of a square are its transposition.
      for (std::size_t stage = kBlock; stage > 1; stage /= 2) {
        for (std::size_t k = 0; k < kBlock / 2; ++k) {
          w[2 * k] = hn::InterleaveLower(d, v[k], v[k + kBlock / 2]);
          w[2 * k + 1] = hn::InterleaveUpper(d, v[k], v[k + kBlock / 2]);
        }
        for (std::size_t k = 0; k < kBlock; ++k) v[k] = w[k];
      }
      for (std::size_t k = 0; k < kBlock; ++k) {
        T* const to = reinterpret_cast<T*>(dst + static_cast<std::int64_t>(r + k) * dst_stride) + c;
        if constexpr (STREAM)
          hn::Stream(v[k], d, to);
        else
          hn::StoreU(v[k], d, to);
      }
    }
  }
}

template <class T, bool STREAM>
void transpose_tiles(const Transpose& t, std::int64_t rows, std::int64_t cols) {
  constexpr std::int64_t kPerLine = kLine / static_cast<std::int64_t>(sizeof(T));
  const hn::ScalableTag<std::uint8_t> d8;
  const std::size_t lanes = hn::Lanes(d8);
  HWY_ALIGN T buffer[kPerLine * kPerLine];
  auto* const bytes = reinterpret_cast<std::uint8_t*>(buffer);
  // Along the source's rows first: its lines come in streams, and the stores wait for nothing.
  for (std::int64_t c = 0; c < cols; c += kPerLine) {
    for (std::int64_t r = 0; r < rows; r += kPerLine) {
      const auto* from =
          reinterpret_cast<const std::uint8_t*>(t.src + c * t.src_stride) + r * static_cast<std::int64_t>(sizeof(T));
      for (std::int64_t k = 0; k < kPerLine; ++k, from += t.src_stride) {
        for (std::size_t i = 0; i < kLine; i += lanes) hn::Store(hn::LoadU(d8, from + i), d8, bytes + k * kLine + i);
      }
      transpose_tile<T, STREAM>(buffer, t.dst + r * t.dst_stride + c * static_cast<std::int64_t>(sizeof(T)),
                                t.dst_stride);
    }
  }
}

template <class T>
void transpose_all(const Transpose& t) {
  constexpr std::int64_t kPerLine = kLine / static_cast<std::int64_t>(sizeof(T));
  const std::int64_t rows = t.rows / kPerLine * kPerLine, cols = t.cols / kPerLine * kPerLine;
  const bool aligned =
      (reinterpret_cast<std::uintptr_t>(t.dst) | static_cast<std::uintptr_t>(t.dst_stride)) % kLine == 0;
  if (t.stream && aligned)
    transpose_tiles<T, true>(t, rows, cols);
  else
    transpose_tiles<T, false>(t, rows, cols);
  transpose_scalar<T>(t, 0, rows, cols, t.cols);
  transpose_scalar<T>(t, rows, t.rows, 0, t.cols);
}

#endif  // HWY_TARGET

void transpose_any(const Transpose& t) {
  switch (t.element_bytes) {
    case 1: return transpose_all<std::uint8_t>(t);
    case 2: return transpose_all<std::uint16_t>(t);
    case 4: return transpose_all<std::uint32_t>(t);
    default: return transpose_all<std::uint64_t>(t);
  }
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fg::cpu {
HWY_EXPORT(transpose_any);
void transpose(const Transpose& t) { HWY_DYNAMIC_DISPATCH(transpose_any)(t); }
}  // namespace fg::cpu
#endif
