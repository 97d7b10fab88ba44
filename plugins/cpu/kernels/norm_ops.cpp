// SPDX-License-Identifier: Apache-2.0
//
// Row kernels.  Sums run in four vectors of the compute type at once, which both hides the latency
// of the additions and keeps their error far below that of recursive summation; means and variances
// take two passes over a row that is in cache by then.

#include "plugins/cpu/kernels/norm_ops.hpp"

#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/kernels/norm_ops.cpp"
// foreach_target.h stands first: it includes this file once for each target.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "plugins/cpu/kernels/simd-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace {

template <class C>
using Tag = hn::ScalableTag<C>;

// Greater, with NaN above everything.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V max_nan(D, V best, V x) {
  return hn::IfThenElse(hn::Or(hn::Gt(x, best), hn::IsNaN(x)), x, best);
}

template <class C>
C max_of(const C* x, std::int64_t n) {
  const Tag<C> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto best0 = hn::Set(d, -std::numeric_limits<C>::infinity()), best1 = best0;
  std::int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    best0 = max_nan(d, best0, hn::LoadU(d, x + i));
    best1 = max_nan(d, best1, hn::LoadU(d, x + i + lanes));
  }
  HWY_ALIGN C lane[hn::MaxLanes(d)];
  hn::Store(max_nan(d, best0, best1), d, lane);
  C best = lane[0];
  for (std::int64_t l = 1; l < lanes; ++l) {
    if (lane[l] > best || lane[l] != lane[l]) best = lane[l];
  }
  for (; i < n; ++i) {
    if (x[i] > best || x[i] != x[i]) best = x[i];
  }
  return best;
}

// Sum of f(vector) over the row; the last part is filled up with `fill`, for which f yields 0.
template <class C, class F>
HWY_INLINE C sum_of(const C* x, std::int64_t n, C fill, F&& f) {
  const Tag<C> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  std::int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    s0 = hn::Add(s0, f(hn::LoadU(d, x + i)));
    s1 = hn::Add(s1, f(hn::LoadU(d, x + i + lanes)));
    s2 = hn::Add(s2, f(hn::LoadU(d, x + i + 2 * lanes)));
    s3 = hn::Add(s3, f(hn::LoadU(d, x + i + 3 * lanes)));
  }
  for (; i + lanes <= n; i += lanes) s0 = hn::Add(s0, f(hn::LoadU(d, x + i)));
  if (i < n) s1 = hn::Add(s1, f(load_n(d, x + i, static_cast<std::size_t>(n - i), fill)));
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
}

// y[i] = f(x[i], i) with x of the compute type and y of the storage type.
template <class C, class S, class F>
HWY_INLINE void map_row(const C* x, S* y, std::int64_t n, F&& f) {
  const Tag<C> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) store(d, f(hn::LoadU(d, x + i), i, lanes), y + i);
  if (i < n) {
    const auto rest = static_cast<std::size_t>(n - i);
    store_n(d, f(load_n(d, x + i, rest, C{0}), i, n - i), y + i, rest);
  }
}

template <class S>
void widen(const void* x_, std::int64_t n, void* wide_) {
  using C = Compute<S>;
  const Tag<C> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const S* x = static_cast<const S*>(x_);
  C* wide = static_cast<C*>(wide_);
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(load(d, x + i), d, wide + i);
  for (; i < n; ++i) wide[i] = static_cast<C>(x[i]);
}

template <class S>
const Compute<S>* as_compute(const void* x, std::int64_t n, void* wide) {
  if constexpr (std::is_same_v<S, Compute<S>>) {
    return static_cast<const S*>(x);
  } else {
    widen<S>(x, n, wide);
    return static_cast<const Compute<S>*>(wide);
  }
}

// e[i] = exp(x[i] - max), all finite; returns the sum.
template <class C>
C exp_row(const C* x, C* e, std::int64_t n, C max) {
  const Tag<C> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto top = hn::Set(d, max);
  auto s0 = hn::Zero(d), s1 = s0;
  std::int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const auto e0 = hn::Exp(d, hn::Sub(hn::LoadU(d, x + i), top));
    const auto e1 = hn::Exp(d, hn::Sub(hn::LoadU(d, x + i + lanes), top));
    hn::StoreU(e0, d, e + i);
    hn::StoreU(e1, d, e + i + lanes);
    s0 = hn::Add(s0, e0);
    s1 = hn::Add(s1, e1);
  }
  for (; i < n; i += lanes) {
    const auto rest = static_cast<std::size_t>(std::min(lanes, n - i));
    const auto v = hn::Exp(d, hn::Sub(load_n(d, x + i, rest, -std::numeric_limits<C>::infinity()), top));
    store_n(d, v, e + i, rest);
    s0 = hn::Add(s0, v);
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(s0, s1)));
}

template <class S>
void softmax(const void* x_, void* y_, std::int64_t n, void* wide_) {
  using C = Compute<S>;
  if (n == 0) return;
  S* y = static_cast<S*>(y_);
  const C* x = as_compute<S>(x_, n, wide_);
  const C max = max_of(x, n);
  if (!std::isfinite(max)) {  // NaN, or inf - inf somewhere: the sum is NaN.
    for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<S>(std::numeric_limits<C>::quiet_NaN());
    return;
  }
  C* e = nullptr;
  if constexpr (std::is_same_v<S, C>) {
    e = y;
  } else {
    e = static_cast<C*>(wide_);
  }
  const Tag<C> d;
  const auto factor = hn::Set(d, C{1} / exp_row(x, e, n, max));
  map_row(e, y, n, [&](auto v, std::int64_t, std::int64_t) HWY_ATTR { return hn::Mul(v, factor); });
}

template <class C>
double softmax_step(void* s_, std::int64_t n, double* max, double* sum) {
  C* s = static_cast<C*>(s_);
  const C before = static_cast<C>(*max);
  C top = max_of(s, n);
  if (!(top > before) && top == top) top = before;
  if (before != before) top = before;
  *max = top;
  if (std::isinf(top) && top < 0) {  // Nothing seen yet that is not masked.
    std::fill_n(s, n, C{0});
    return 1;
  }
  if (!std::isfinite(top)) {
    std::fill_n(s, n, std::numeric_limits<C>::quiet_NaN());
    *sum = std::numeric_limits<double>::quiet_NaN();
    return 1;
  }
  const C factor = std::exp(before - top);  // exp(-inf) = 0 at the first step
  *sum = *sum * factor + exp_row(s, s, n, top);
  return factor;
}

template <class C>
void scale(void* x_, std::int64_t n, double factor) {
  const Tag<C> d;
  C* x = static_cast<C*>(x_);
  const auto by = hn::Set(d, static_cast<C>(factor));
  map_row(x, x, n, [&](auto v, std::int64_t, std::int64_t) HWY_ATTR { return hn::Mul(v, by); });
}

template <class C>
void add(void* x_, const void* y_, std::int64_t n) {
  const Tag<C> d;
  C* x = static_cast<C*>(x_);
  const C* y = static_cast<const C*>(y_);
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(hn::Add(hn::LoadU(d, x + i), hn::LoadU(d, y + i)), d, x + i);
  for (; i < n; ++i) x[i] += y[i];
}

// The part of `w` beside lanes [i, i + count) of a row.
template <class D, class C>
HWY_INLINE hn::Vec<D> part(D d, const C* w, std::int64_t i, std::int64_t count) {
  if (count == static_cast<std::int64_t>(hn::Lanes(d))) return hn::LoadU(d, w + i);
  return load_n(d, w + i, static_cast<std::size_t>(count), C{0});
}

template <class S>
void layer_norm(const void* x_, void* y_, std::int64_t n, const void* weight_, const void* bias_, double eps,
                void* mean_, void* rstd_, void* wide_) {
  using C = Compute<S>;
  const Tag<C> d;
  const C* x = as_compute<S>(x_, n, wide_);
  const C* weight = static_cast<const C*>(weight_);
  const C* bias = static_cast<const C*>(bias_);
  const C mean = sum_of(x, n, C{0}, [](auto v) HWY_ATTR { return v; }) / static_cast<C>(n);
  const auto m = hn::Set(d, mean);
  const C squares = sum_of(x, n, mean, [&](auto v) HWY_ATTR {
    const auto c = hn::Sub(v, m);
    return hn::Mul(c, c);
  });
  const C rstd = C{1} / std::sqrt(squares / static_cast<C>(n) + static_cast<C>(eps));
  const auto r = hn::Set(d, rstd);
  map_row(x, static_cast<S*>(y_), n, [&](auto v, std::int64_t i, std::int64_t count) HWY_ATTR {
    auto z = hn::Mul(hn::Sub(v, m), r);
    if (weight != nullptr) z = hn::Mul(z, part(d, weight, i, count));
    if (bias != nullptr) z = hn::Add(z, part(d, bias, i, count));
    return z;
  });
  *static_cast<C*>(mean_) = mean;
  *static_cast<C*>(rstd_) = rstd;
}

template <class S>
void rms_norm(const void* x_, void* y_, std::int64_t n, const void* weight_, double eps, void* wide_) {
  using C = Compute<S>;
  const Tag<C> d;
  const C* x = as_compute<S>(x_, n, wide_);
  const C* weight = static_cast<const C*>(weight_);
  const C squares = sum_of(x, n, C{0}, [](auto v) HWY_ATTR { return hn::Mul(v, v); });
  const auto r = hn::Set(d, C{1} / std::sqrt(squares / static_cast<C>(n) + static_cast<C>(eps)));
  map_row(x, static_cast<S*>(y_), n, [&](auto v, std::int64_t i, std::int64_t count) HWY_ATTR {
    const auto z = hn::Mul(v, r);
    return weight == nullptr ? z : hn::Mul(z, part(d, weight, i, count));
  });
}

template <class S>
const NormOps* table() {
  using C = Compute<S>;
  static constexpr NormOps kOps{sizeof(C), &softmax<S>,      &layer_norm<S>, &rms_norm<S>,
                                &widen<S>, &softmax_step<C>, &scale<C>,      &add<C>};
  return &kOps;
}

}  // namespace

const NormOps* find_norm_ops(fg_dtype dtype) {
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
HWY_EXPORT(find_norm_ops);
const NormOps* norm_ops(fg_dtype dtype) { return HWY_DYNAMIC_DISPATCH(find_norm_ops)(dtype); }
}  // namespace fg::cpu
#endif
