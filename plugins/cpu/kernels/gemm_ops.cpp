// SPDX-License-Identifier: Apache-2.0
//
// Register tiles of the matrix product.  A tile of MR rows by two vectors stays in registers while
// k runs; every product is added to its own running sum with one rounding (FMA), so that a sum of k
// products has the error of plain recursive summation in the compute type or less.

#include "plugins/cpu/kernels/gemm_ops.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/kernels/gemm_ops.cpp"
// foreach_target.h stands first: it includes this file once for each target.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/kernels/simd-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace {

// Integers compute in an unsigned type of 32 or 64 bits: the low bits of a product do not depend on
// the sign extension.
template <class S>
using GemmCompute = std::conditional_t<std::is_integral_v<S>,
                                       std::conditional_t<sizeof(S) == 8, std::uint64_t, std::uint32_t>, Compute<S>>;

#if HWY_TARGET <= HWY_AVX3
constexpr int kRegisters = 32;
#else
constexpr int kRegisters = 16;
#endif
// Two vectors of b and one of a beside the accumulators; integer products need a temporary more.
template <class C>
constexpr int kMr = std::is_same_v<C, std::uint64_t> ? 4
                    : kRegisters == 32               ? (std::is_integral_v<C> ? 12 : 14)
                    : std::is_integral_v<C>          ? 4
                                                     : 6;
template <class C>
constexpr int kNr = std::is_same_v<C, std::uint64_t> ? 8 : static_cast<int>(2 * hn::MaxLanes(hn::ScalableTag<C>()));

template <class C, std::size_t... I>
HWY_INLINE void micro_vector(std::int64_t k, const C* HWY_RESTRICT a, const C* HWY_RESTRICT b, C* HWY_RESTRICT tile,
                             std::index_sequence<I...>) {
  const hn::ScalableTag<C> d;
  constexpr std::size_t kLanes = hn::MaxLanes(d);
  constexpr std::size_t kRows = sizeof...(I);
  using V = hn::Vec<decltype(d)>;
  V s0[kRows] = {hn::LoadU(d, tile + I * 2 * kLanes)...};
  V s1[kRows] = {hn::LoadU(d, tile + (I * 2 + 1) * kLanes)...};
  for (std::int64_t p = 0; p < k; ++p, a += kRows, b += 2 * kLanes) {
    const V b0 = hn::LoadU(d, b), b1 = hn::LoadU(d, b + kLanes);
    if constexpr (std::is_integral_v<C>) {
      ((s0[I] = hn::Add(s0[I], hn::Mul(hn::Set(d, a[I]), b0)), s1[I] = hn::Add(s1[I], hn::Mul(hn::Set(d, a[I]), b1))),
       ...);
    } else {
      ((s0[I] = hn::MulAdd(hn::Set(d, a[I]), b0, s0[I]), s1[I] = hn::MulAdd(hn::Set(d, a[I]), b1, s1[I])), ...);
    }
  }
  ((hn::StoreU(s0[I], d, tile + I * 2 * kLanes), hn::StoreU(s1[I], d, tile + (I * 2 + 1) * kLanes)), ...);
}

template <class C>
void micro(std::int64_t k, const void* a_, const void* b_, void* tile_) {
  const C* a = static_cast<const C*>(a_);
  const C* b = static_cast<const C*>(b_);
  C* tile = static_cast<C*>(tile_);
  if constexpr (std::is_same_v<C, std::uint64_t>) {
    C sum[kMr<C> * kNr<C>];
    std::copy_n(tile, kMr<C> * kNr<C>, sum);
    for (std::int64_t p = 0; p < k; ++p, a += kMr<C>, b += kNr<C>) {
      for (int i = 0; i < kMr<C>; ++i) {
        for (int j = 0; j < kNr<C>; ++j) sum[i * kNr<C> + j] += a[i] * b[j];
      }
    }
    std::copy_n(sum, kMr<C> * kNr<C>, tile);
  } else {
    micro_vector<C>(k, a, b, tile, std::make_index_sequence<kMr<C>>());
  }
}

// Lines that are contiguous across the strip (b row-major) are copied by vectors.
template <class S, class C>
HWY_INLINE void pack_across(const S* src, std::int64_t k_stride, std::int64_t k, std::int64_t width, C* dst) {
  const hn::ScalableTag<C> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t p = 0; p < k; ++p, src += k_stride, dst += width) {
    std::int64_t j = 0;
    if constexpr (std::is_floating_point_v<C>) {
      for (; j + lanes <= width; j += lanes) hn::StoreU(load(d, src + j), d, dst + j);
    }
    for (; j < width; ++j) dst[j] = static_cast<C>(src[j]);
  }
}

// Lines that are contiguous along k (a row-major) are read by blocks, so that each cache line of the
// source is used up while the strip's lines stay in the first-level cache.
template <class S, class C>
HWY_INLINE void pack_along(const S* src, std::int64_t line_stride, std::int64_t k_stride, std::int64_t lines,
                           std::int64_t k, std::int64_t width, C* dst) {
  constexpr std::int64_t kBlock = 64;
  for (std::int64_t p0 = 0; p0 < k; p0 += kBlock) {
    const std::int64_t p1 = std::min(k, p0 + kBlock);
    for (std::int64_t i = 0; i < width; ++i) {
      C* to = dst + p0 * width + i;
      if (i >= lines) {
        for (std::int64_t p = p0; p < p1; ++p, to += width) *to = C{0};
      } else {
        const S* from = src + i * line_stride + p0 * k_stride;
        for (std::int64_t p = p0; p < p1; ++p, to += width, from += k_stride) *to = static_cast<C>(*from);
      }
    }
  }
}

#if HWY_TARGET != HWY_SCALAR
// The same for a full strip whose lines are contiguous: four lines by four places are turned in
// registers.  The last lines are turned again where four do not divide the width.
template <class S>
HWY_INLINE void pack_turned(const S* src, std::int64_t line_stride, std::int64_t k, std::int64_t width, float* dst) {
  constexpr std::int64_t kBlock = 64;
  const hn::FixedTag<float, 4> d;
  const std::int64_t whole = k / 4 * 4;
  for (std::int64_t p0 = 0; p0 < whole; p0 += kBlock) {
    const std::int64_t p1 = std::min(whole, p0 + kBlock);
    for (std::int64_t line = 0; line < width; line += 4) {
      const std::int64_t i = std::min(line, width - 4);
      const S* from = src + i * line_stride;
      for (std::int64_t p = p0; p < p1; p += 4) {
        const auto r0 = load(d, from + p), r1 = load(d, from + line_stride + p);
        const auto r2 = load(d, from + 2 * line_stride + p), r3 = load(d, from + 3 * line_stride + p);
        const auto low02 = hn::InterleaveLower(d, r0, r2), low13 = hn::InterleaveLower(d, r1, r3);
        const auto high02 = hn::InterleaveUpper(d, r0, r2), high13 = hn::InterleaveUpper(d, r1, r3);
        float* to = dst + p * width + i;
        hn::StoreU(hn::InterleaveLower(d, low02, low13), d, to);
        hn::StoreU(hn::InterleaveUpper(d, low02, low13), d, to + width);
        hn::StoreU(hn::InterleaveLower(d, high02, high13), d, to + 2 * width);
        hn::StoreU(hn::InterleaveUpper(d, high02, high13), d, to + 3 * width);
      }
    }
  }
  for (std::int64_t p = whole; p < k; ++p) {
    for (std::int64_t i = 0; i < width; ++i) dst[p * width + i] = static_cast<float>(src[i * line_stride + p]);
  }
}
#endif

template <class S>
void pack(const void* src_, std::int64_t line_stride, std::int64_t k_stride, std::int64_t lines, std::int64_t k,
          std::int64_t width, void* dst_) {
  using C = GemmCompute<S>;
  const S* src = static_cast<const S*>(src_);
  C* dst = static_cast<C*>(dst_);
  for (std::int64_t i = 0; i < lines; i += width, src += width * line_stride, dst += width * k) {
    const bool full = lines - i >= width;
    if (full && line_stride == 1) {
      pack_across(src, k_stride, k, width, dst);
      continue;
    }
#if HWY_TARGET != HWY_SCALAR
    if constexpr (std::is_same_v<C, float>) {
      if (full && k_stride == 1 && width >= 4) {
        pack_turned(src, line_stride, k, width, dst);
        continue;
      }
    }
#endif
    pack_along(src, line_stride, k_stride, std::min(width, lines - i), k, width, dst);
  }
}

template <class S, class C>
HWY_INLINE S finish(C sum, const TileStore& t, const S* self) {
  if constexpr (std::is_integral_v<S>) {
    C x = static_cast<C>(t.int_alpha) * sum;
    if (self != nullptr) x += static_cast<C>(t.int_beta) * static_cast<C>(*self);
    return static_cast<S>(x);
  } else {
    C x = t.alpha == 1 ? sum : static_cast<C>(t.alpha) * sum;
    if (self != nullptr) x += static_cast<C>(t.beta) * static_cast<C>(*self);
    return static_cast<S>(x);
  }
}

template <class S>
void store_tile(const void* tile_, std::int64_t tile_row, std::int64_t rows, std::int64_t cols, const TileStore& t) {
  using C = GemmCompute<S>;
  const hn::ScalableTag<C> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t i = 0; i < rows; ++i) {
    const C* tile = static_cast<const C*>(tile_) + i * tile_row;
    S* out = static_cast<S*>(t.out) + i * t.out_row;
    const S* self = t.self == nullptr ? nullptr : static_cast<const S*>(t.self) + i * t.self_row;
    std::int64_t j = 0;
    if constexpr (std::is_floating_point_v<C>) {
      if (t.out_col == 1 && (self == nullptr || t.self_col == 1)) {
        const auto alpha = hn::Set(d, static_cast<C>(t.alpha)), beta = hn::Set(d, static_cast<C>(t.beta));
        for (; j + lanes <= cols; j += lanes) {
          auto x = hn::LoadU(d, tile + j);
          if (t.alpha != 1) x = hn::Mul(x, alpha);
          if (self != nullptr) x = hn::MulAdd(beta, load(d, self + j), x);
          store(d, x, out + j);
        }
      }
    }
    for (; j < cols; ++j) out[j * t.out_col] = finish<S>(tile[j], t, self == nullptr ? nullptr : self + j * t.self_col);
  }
}

template <class S>
const GemmOps* table() {
  using C = GemmCompute<S>;
  static constexpr GemmOps ops{sizeof(C), kMr<C>, kNr<C>, &pack<S>, &micro<C>, &store_tile<S>};
  return &ops;
}

}  // namespace

const GemmOps* find_gemm_ops(fg_dtype dtype) {
  switch (dtype) {
    case FG_F64: return table<double>();
    case FG_F32: return table<float>();
    case FG_F16: return table<f16>();
    case FG_BF16: return table<bf16>();
    case FG_I64: return table<std::int64_t>();
    case FG_I32: return table<std::int32_t>();
    case FG_I16: return table<std::int16_t>();
    case FG_I8: return table<std::int8_t>();
    case FG_U8: return table<std::uint8_t>();
    default: return nullptr;
  }
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fg::cpu {
HWY_EXPORT(find_gemm_ops);
const GemmOps* gemm_ops(fg_dtype dtype) { return HWY_DYNAMIC_DISPATCH(find_gemm_ops)(dtype); }
}  // namespace fg::cpu
#endif
