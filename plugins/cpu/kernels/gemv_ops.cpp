// SPDX-License-Identifier: Apache-2.0
//
// The matrix streams through the core once: every element that arrives is multiplied with all rows
// while it lies in a register, and what comes next is asked for ahead of the hardware's prefetcher,
// which stops at pages.  Sums are kept in f32 or f64, one rounding a step (FMA).

#include "plugins/cpu/kernels/gemv_ops.hpp"

#include <algorithm>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/kernels/gemv_ops.cpp"
// foreach_target.h stands first: it includes this file once for each target.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/kernels/simd-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3
constexpr bool kManyRegisters = true;  // 32, else 16.
#else
constexpr bool kManyRegisters = false;
#endif
constexpr std::int64_t kLineBytes = 64;
// Where what is asked for goes: rows a power of two apart share their sets of the first level, which then
// loses them before they are used.
constexpr int kSecondLevel = 2;
constexpr std::int64_t kAheadBytes = 4096;

constexpr int kDepth = kManyRegisters ? 8 : 4;  // Rows of b that axpy takes at a time.
// bf16 is taken two elements a lane: a shift makes the even ones f32, a mask the odd ones, which is half the
// work of widening each half of a vector.
template <class S>
constexpr bool kPaired = std::is_same_v<S, bf16>&& HWY_TARGET != HWY_SCALAR;
// Of packed a: whole vectors or pairs of them, and no step of axpy lies in two.
template <class S>
constexpr std::int64_t kWidth = std::max<std::int64_t>((kPaired<S> ? 2 : 1) *
                                                           hn::MaxLanes(hn::ScalableTag<Compute<S>>()),
                                                       8);

// Two vectors of elements that follow each other: the lower and the upper half, of pairs the even and the odd.
template <class D, class S>
HWY_INLINE void load_two(D d, const S* p, hn::Vec<D>& v0, hn::Vec<D>& v1) {
  if constexpr (kPaired<S>) {
    const hn::RebindToUnsigned<D> d32;
    const hn::Repartition<std::uint16_t, D> d16;
    const auto bits = hn::BitCast(d32, hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(p)));
    v0 = hn::BitCast(d, hn::ShiftLeft<16>(bits));
    v1 = hn::BitCast(d, hn::And(bits, hn::Set(d32, 0xFFFF0000u)));
  } else {
    v0 = load(d, p);
    v1 = load(d, p + hn::Lanes(d));
  }
}

// kM rows of a times kN columns of b.  `step` leads from one width of a to the next.
template <class S, int kM, int kN>
HWY_INLINE void dot_tile(const Compute<S>* HWY_RESTRICT a, std::int64_t step, std::int64_t k, const S* HWY_RESTRICT b,
                         std::int64_t stride, Compute<S>* HWY_RESTRICT acc, std::int64_t acc_row) {
  using C = Compute<S>;
  const hn::ScalableTag<C> d;
  constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(d));
  constexpr std::int64_t kPart = std::max<std::int64_t>(kWidth<S>, kLineBytes / static_cast<std::int64_t>(sizeof(S)));
  constexpr bool kTwo = kPaired<S> && kM <= 2;  // With more rows the widening is shared, and registers are not left.
  const std::int64_t ahead = std::min(k, kAheadBytes / static_cast<std::int64_t>(sizeof(S)));
  hn::Vec<decltype(d)> sum[kM][kN];
#pragma GCC unroll 8
  for (int i = 0; i < kM; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < kN; ++j) sum[i][j] = hn::Zero(d);
  }
  const auto a_at = [&](std::int64_t p) { return a + p / kWidth<S> * step + p % kWidth<S>; };
  const auto multiply = [&](std::int64_t p) HWY_ATTR {
    const C* from = a_at(p);
    hn::Vec<decltype(d)> bv[kN];
#pragma GCC unroll 8
    for (int j = 0; j < kN; ++j) bv[j] = load(d, b + j * stride + p);
#pragma GCC unroll 8
    for (int i = 0; i < kM; ++i) {
      const auto av = hn::LoadU(d, from + i * kWidth<S>);
#pragma GCC unroll 8
      for (int j = 0; j < kN; ++j) sum[i][j] = hn::MulAdd(av, bv[j], sum[i][j]);
    }
  };
  const auto multiply_two = [&](std::int64_t p) HWY_ATTR {
    hn::Vec<decltype(d)> a0[kM], a1[kM];
#pragma GCC unroll 8
    for (int i = 0; i < kM; ++i) hn::LoadInterleaved2(d, a_at(p) + i * kWidth<S>, a0[i], a1[i]);
#pragma GCC unroll 8
    for (int j = 0; j < kN; ++j) {
      hn::Vec<decltype(d)> b0, b1;
      load_two(d, b + j * stride + p, b0, b1);
#pragma GCC unroll 8
      for (int i = 0; i < kM; ++i) sum[i][j] = hn::MulAdd(a1[i], b1, hn::MulAdd(a0[i], b0, sum[i][j]));
    }
  };
  std::int64_t p = 0;
  for (; p + kPart <= k; p += kPart) {
    // Behind the end of these columns come the next ones.
    const S* next = b + p + ahead + (p + ahead < k ? 0 : kN * stride - k);
    for (int j = 0; j < kN; ++j) __builtin_prefetch(next + j * stride, 0, kSecondLevel);
    if constexpr (kTwo) {
      for (std::int64_t u = 0; u < kPart; u += 2 * kLanes) multiply_two(p + u);
    } else {
      for (std::int64_t u = 0; u < kPart; u += kLanes) multiply(p + u);
    }
  }
  for (; p + kLanes <= k; p += kLanes) multiply(p);
#pragma GCC unroll 8
  for (int i = 0; i < kM; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < kN; ++j) {
      C x = hn::GetLane(hn::SumOfLanes(d, sum[i][j]));
      for (std::int64_t q = p; q < k; ++q) x += a_at(q)[i * kWidth<S>] * static_cast<C>(b[j * stride + q]);
      acc[i * acc_row + j] = x;
    }
  }
}

// Columns at a time that leave registers for a row of a and the columns.
template <int kM>
constexpr int kDotColumns = kManyRegisters ? (kM == 4 ? 6 : 8)
                            : kM <= 2      ? 4
                            : kM == 3      ? 3
                                           : 2;

template <class S, int kM>
void dot_rows(const Compute<S>* a, std::int64_t step, std::int64_t k, const S* b, std::int64_t stride,
              std::int64_t cols, Compute<S>* acc, std::int64_t acc_row) {
  constexpr int kN = kDotColumns<kM>;
  std::int64_t j = 0;
  for (; j + kN <= cols; j += kN) dot_tile<S, kM, kN>(a, step, k, b + j * stride, stride, acc + j, acc_row);
  for (; j < cols; ++j) dot_tile<S, kM, 1>(a, step, k, b + j * stride, stride, acc + j, acc_row);
}

template <class S>
void dot(const void* a_, std::int64_t m, std::int64_t k, const void* b_, std::int64_t stride, std::int64_t cols,
         void* acc_) {
  using C = Compute<S>;
  constexpr std::int64_t kRows = 4, kColumns = 12;  // A group of columns is read again from the second level.
  const std::int64_t group = m <= kRows ? cols : kColumns, step = m * kWidth<S>;
  for (std::int64_t j = 0; j < cols; j += group) {
    const std::int64_t width = std::min(group, cols - j);
    const S* b = static_cast<const S*>(b_) + j * stride;
    for (std::int64_t i = 0; i < m; i += kRows) {
      const C* a = static_cast<const C*>(a_) + i * kWidth<S>;
      C* acc = static_cast<C*>(acc_) + i * cols + j;
      switch (std::min(kRows, m - i)) {
        case 1: dot_rows<S, 1>(a, step, k, b, stride, width, acc, cols); break;
        case 2: dot_rows<S, 2>(a, step, k, b, stride, width, acc, cols); break;
        case 3: dot_rows<S, 3>(a, step, k, b, stride, width, acc, cols); break;
        default: dot_rows<S, 4>(a, step, k, b, stride, width, acc, cols); break;
      }
    }
  }
}

// acc[m][cols] += a[:, 0 .. kK) b[0 .. kK), kK rows of b at a time so that sums are loaded seldom.  Sums of
// whole steps lie as load_two() orders the columns.
template <class S, int kK>
HWY_INLINE void axpy_rows(const Compute<S>* HWY_RESTRICT a, std::int64_t m, const S* HWY_RESTRICT b,
                          std::int64_t stride, std::int64_t cols, Compute<S>* HWY_RESTRICT acc) {
  using C = Compute<S>;
  const hn::ScalableTag<C> d;
  constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(d));
  constexpr std::int64_t kLine = kLineBytes / static_cast<std::int64_t>(sizeof(S));
  const std::int64_t ahead = std::min(cols, kAheadBytes / static_cast<std::int64_t>(sizeof(S)));
  using V = hn::Vec<decltype(d)>;
  std::int64_t j = 0;
  for (; j + 2 * kLanes <= cols; j += 2 * kLanes) {
    // Behind the end of these rows come the next ones.
    const S* next = b + j + ahead + (j + ahead < cols ? 0 : kK * stride - cols);
    V b0[kK], b1[kK];
    for (int p = 0; p < kK; ++p) {
      for (std::int64_t l = 0; l < 2 * kLanes; l += kLine) __builtin_prefetch(next + p * stride + l, 0, kSecondLevel);
      load_two(d, b + p * stride + j, b0[p], b1[p]);
    }
    for (std::int64_t i = 0; i < m; ++i) {
      C* to = acc + i * cols + j;
      V x0 = hn::LoadU(d, to), x1 = hn::LoadU(d, to + kLanes);
      for (int p = 0; p < kK; ++p) {
        const V av = hn::Set(d, a[i * kWidth<S> + p]);
        x0 = hn::MulAdd(av, b0[p], x0);
        x1 = hn::MulAdd(av, b1[p], x1);
      }
      hn::StoreU(x0, d, to);
      hn::StoreU(x1, d, to + kLanes);
    }
  }
  for (; j < cols; ++j) {
    for (std::int64_t i = 0; i < m; ++i) {
      C x = acc[i * cols + j];
      for (int p = 0; p < kK; ++p) x += a[i * kWidth<S> + p] * static_cast<C>(b[p * stride + j]);
      acc[i * cols + j] = x;
    }
  }
}

template <class S>
HWY_INLINE void put_in_order(std::int64_t cols, Compute<S>* acc) {
  const hn::ScalableTag<Compute<S>> d;
  constexpr auto kStep = 2 * static_cast<std::int64_t>(hn::MaxLanes(d));
  for (std::int64_t j = 0; j + kStep <= cols; j += kStep)
    hn::StoreInterleaved2(hn::LoadU(d, acc + j), hn::LoadU(d, acc + j + kStep / 2), d, acc + j);
}

template <class S>
void axpy(const void* a_, std::int64_t m, std::int64_t k, const void* b_, std::int64_t stride, std::int64_t cols,
          void* acc_) {
  using C = Compute<S>;
  const auto a_at = [&](std::int64_t p) {
    return static_cast<const C*>(a_) + p / kWidth<S> * m * kWidth<S> + p % kWidth<S>;
  };
  const S* b = static_cast<const S*>(b_);
  C* acc = static_cast<C*>(acc_);
  std::fill_n(acc, m * cols, C{0});
  std::int64_t p = 0;
  for (; p + kDepth <= k; p += kDepth) axpy_rows<S, kDepth>(a_at(p), m, b + p * stride, stride, cols, acc);
  for (; p < k; ++p) axpy_rows<S, 1>(a_at(p), m, b + p * stride, stride, cols, acc);
  if constexpr (kPaired<S>) {
    for (std::int64_t i = 0; i < m; ++i) put_in_order<S>(cols, acc + i * cols);
  }
}

template <class S>
void inner(const void* a_, const void* b_, std::int64_t k, void* sum_) {
  using C = Compute<S>;
  const hn::ScalableTag<C> d;
  constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(d));
  constexpr int kChains = 8;
  constexpr std::int64_t kAhead = kAheadBytes / static_cast<std::int64_t>(sizeof(S));
  constexpr std::int64_t kLine = kLineBytes / static_cast<std::int64_t>(sizeof(S));
  const S* HWY_RESTRICT a = static_cast<const S*>(a_);
  const S* HWY_RESTRICT b = static_cast<const S*>(b_);
  hn::Vec<decltype(d)> sum[kChains];
  for (auto& v : sum) v = hn::Zero(d);
  std::int64_t p = 0;
  for (; p + kChains * kLanes <= k; p += kChains * kLanes) {
    for (std::int64_t l = 0; l < kChains * kLanes; l += kLine) {
      __builtin_prefetch(a + p + kAhead + l, 0, kSecondLevel);
      __builtin_prefetch(b + p + kAhead + l, 0, kSecondLevel);
    }
    for (int c = 0; c < kChains; c += 2) {
      hn::Vec<decltype(d)> a0, a1, b0, b1;
      load_two(d, a + p + c * kLanes, a0, a1);
      load_two(d, b + p + c * kLanes, b0, b1);
      sum[c] = hn::MulAdd(a0, b0, sum[c]);
      sum[c + 1] = hn::MulAdd(a1, b1, sum[c + 1]);
    }
  }
  for (; p + kLanes <= k; p += kLanes) sum[0] = hn::MulAdd(load(d, a + p), load(d, b + p), sum[0]);
  for (int width = kChains / 2; width > 0; width /= 2) {
    for (int c = 0; c < width; ++c) sum[c] = hn::Add(sum[c], sum[c + width]);
  }
  C x = hn::GetLane(hn::SumOfLanes(d, sum[0]));
  for (; p < k; ++p) x += static_cast<C>(a[p]) * static_cast<C>(b[p]);
  *static_cast<C*>(sum_) = x;
}

template <class S>
const GemvOps* table() {
  static constexpr GemvOps kOps{kWidth<S>, &dot<S>, &axpy<S>, &inner<S>};
  return &kOps;
}

}  // namespace

const GemvOps* find_gemv_ops(fg_dtype dtype) {
  switch (dtype) {
    case FG_F64: return table<double>();
    case FG_F32: return table<float>();
    case FG_F16: return table<f16>();
    case FG_BF16: return table<bf16>();
    default: return nullptr;
  }
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fg::cpu {
HWY_EXPORT(find_gemv_ops);
const GemvOps* gemv_ops(fg_dtype dtype) { return HWY_DYNAMIC_DISPATCH(find_gemv_ops)(dtype); }
}  // namespace fg::cpu
#endif
