// SPDX-License-Identifier: Apache-2.0
//
// Row kernels.  Sums run in four vectors of the compute type at once, which both hides the latency
// of the additions and keeps their error far below that of recursive summation.  layer_norm sums the
// next row while it writes one, so that memory never rests.

#include "plugins/cpu/kernels/norm_ops.hpp"

#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/kernels/norm_ops.cpp"
// foreach_target.h stands first: it includes this file once for each target.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/kernels/exp-inl.hpp"
#include "plugins/cpu/kernels/line-inl.hpp"
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

// Sum of f(vector) over the row; the last part is filled up with `fill`, for which f yields 0.  Calls
// meanwhile(position) for every other vector.
template <class C, class F, class M>
HWY_INLINE C sum_of(const C* x, std::int64_t n, C fill, F&& f, M&& meanwhile) {
  const Tag<C> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  std::int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    s0 = hn::Add(s0, f(hn::LoadU(d, x + i)));
    s1 = hn::Add(s1, f(hn::LoadU(d, x + i + lanes)));
    s2 = hn::Add(s2, f(hn::LoadU(d, x + i + 2 * lanes)));
    s3 = hn::Add(s3, f(hn::LoadU(d, x + i + 3 * lanes)));
    meanwhile(i);
    meanwhile(i + 2 * lanes);
  }
  for (; i + lanes <= n; i += lanes) s0 = hn::Add(s0, f(hn::LoadU(d, x + i)));
  if (i < n) s1 = hn::Add(s1, f(load_n(d, x + i, static_cast<std::size_t>(n - i), fill)));
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
}
template <class C, class F>
HWY_INLINE C sum_of(const C* x, std::int64_t n, C fill, F&& f) {
  return sum_of(x, n, fill, f, [](std::int64_t) HWY_ATTR {});
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

// e[i] = exp(x[i] - max), all finite; returns the sum.
template <class C>
C exp_row(const C* x, C* e, std::int64_t n, C max) {
  const Tag<C> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto top = hn::Set(d, max);
  auto s0 = hn::Zero(d), s1 = s0;
  std::int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const auto e0 = exp_negative(d, hn::Sub(hn::LoadU(d, x + i), top));
    const auto e1 = exp_negative(d, hn::Sub(hn::LoadU(d, x + i + lanes), top));
    hn::StoreU(e0, d, e + i);
    hn::StoreU(e1, d, e + i + lanes);
    s0 = hn::Add(s0, e0);
    s1 = hn::Add(s1, e1);
  }
  for (; i < n; i += lanes) {
    const auto rest = static_cast<std::size_t>(std::min(lanes, n - i));
    const auto v = exp_negative(d, hn::Sub(load_n(d, x + i, rest, -std::numeric_limits<C>::infinity()), top));
    store_n(d, v, e + i, rest);
    s0 = hn::Add(s0, v);
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(s0, s1)));
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

// Elements of a row that are summed up before they leave the L1 cache.
constexpr std::int64_t kChunk = 4096;

// The row in the compute type: x itself, or x + residual in scratch.  Called for one part at a time, so
// that what it writes is still in the cache when the part is summed.
template <class S>
const Compute<S>* take_part(const NormRow& r, std::int64_t begin, std::int64_t count) {
  using C = Compute<S>;
  const Tag<C> d;
  const S* x = static_cast<const S*>(r.x) + begin;
  if constexpr (std::is_same_v<S, C>) {
    if (r.residual == nullptr) return x;
  }
  C* wide = static_cast<C*>(r.wide) + begin;
  if (r.residual == nullptr) {
    each_vector(d, wide, count, false, [&](std::int64_t i, std::int64_t n) HWY_ATTR {
      store_part(d, load_part(d, x + i, n, C{0}), wide + i, n, false);
    });
    return wide;
  }
  const S* residual = static_cast<const S*>(r.residual) + begin;
  S* sum = r.sum == nullptr ? nullptr : static_cast<S*>(r.sum) + begin;
  const S* to = sum;
  // Every element is read before it is written, so that sum may be x or residual.
  each_vector(d, to, count, r.streams_sum, [&](std::int64_t i, std::int64_t n) HWY_ATTR {
    const auto v = hn::Add(load_part(d, x + i, n, C{0}), load_part(d, residual + i, n, C{0}));
    store_part(d, v, wide + i, n, false);
    if (sum != nullptr) store_part(d, v, sum + i, n, r.streams_sum);
  });
  return wide;
}

template <class C>
struct Moments {
  C mean = 0, m2 = 0;
};

// Mean and sum of squared deviations in two passes.
template <class C>
HWY_NOINLINE Moments<C> exact_moments(const C* x, std::int64_t n) {
  const Tag<C> d;
  const C mean = sum_of(x, n, C{0}, [](auto v) HWY_ATTR { return v; }) / static_cast<C>(n);
  const auto m = hn::Set(d, mean);
  const auto square = [&](auto v) HWY_ATTR {
    const auto c = hn::Sub(v, m);
    return hn::Mul(c, c);
  };
  return {mean, sum_of(x, n, mean, square)};
}

// The same in one pass: sums of what the elements of a row differ by from a pivot, the mean of the first of them.
// Of elements d = x - pivot with the mean e, m2 = sum d^2 - n e^2 loses what n e^2 is of m2; where that is more than
// an eighth, two passes are taken instead, so that the error stays below twice theirs.  One lane takes two passes
// always: its sums are four long ones, whose errors have no room for more.
template <class C>
class Shifted {
 public:
  using D = Tag<C>;
  using V = hn::Vec<D>;

  Shifted(const C* x, std::int64_t n) : x_(x), n_(n) {
    const std::int64_t first = std::min(n, kFirst);
    pivot_ =
        sum_of(x, first, C{0}, [](auto v) HWY_ATTR { return v; }) / static_cast<C>(std::max<std::int64_t>(first, 1));
  }
  // The next four vectors; there must be as many.
  HWY_INLINE void four() {
    if constexpr (kLanes == 1) return;
    const V p = hn::Set(D(), pivot_);
    take(hn::Sub(hn::LoadU(D(), x_ + at_), p), s0_, q0_);
    take(hn::Sub(hn::LoadU(D(), x_ + at_ + kLanes), p), s1_, q1_);
    take(hn::Sub(hn::LoadU(D(), x_ + at_ + 2 * kLanes), p), s2_, q2_);
    take(hn::Sub(hn::LoadU(D(), x_ + at_ + 3 * kLanes), p), s3_, q3_);
    at_ += 4 * kLanes;
  }
  // Of the whole row, after what is left of it.
  template <class M>
  HWY_INLINE Moments<C> rest(M&& meanwhile) {
    if constexpr (kLanes == 1) return exact_moments(x_, n_);
    const D d;
    const V p = hn::Set(d, pivot_);
    while (at_ + 4 * kLanes <= n_) {
      meanwhile(at_);
      meanwhile(at_ + 2 * kLanes);
      four();
    }
    for (; at_ + kLanes <= n_; at_ += kLanes) take(hn::Sub(hn::LoadU(d, x_ + at_), p), s0_, q0_);
    if (at_ < n_) take(hn::Sub(load_part(d, x_ + at_, n_ - at_, pivot_), p), s1_, q1_);
    const C sum = total(s0_, s1_, s2_, s3_), squares = total(q0_, q1_, q2_, q3_);
    const C apart = sum / static_cast<C>(n_), lost = sum * apart, m2 = squares - lost;
    if (!(8 * lost <= m2)) return exact_moments(x_, n_);  // NaN too
    return {pivot_ + apart, m2};
  }

 private:
  static constexpr std::int64_t kFirst = 64;
  static constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(D()));
  static HWY_INLINE void take(V c, V& s, V& q) {
    s = hn::Add(s, c);
    q = hn::MulAdd(c, c, q);
  }
  static HWY_INLINE C total(V a, V b, V c, V e) {
    return hn::GetLane(hn::SumOfLanes(D(), hn::Add(hn::Add(a, b), hn::Add(c, e))));
  }

  const C* x_;
  std::int64_t n_, at_ = 0;
  C pivot_;
  V s0_ = hn::Zero(D()), s1_ = s0_, s2_ = s0_, s3_ = s0_, q0_ = s0_, q1_ = s0_, q2_ = s0_, q3_ = s0_;
};

// Of a row in parts in the L1 cache, joined as in Chan, Golub, LeVeque, Updating formulae and a pairwise
// algorithm for computing sample variances.
template <class S>
HWY_INLINE Moments<Compute<S>> moments(const NormRow& r, const Compute<S>*& row, const Ahead& ahead) {
  using C = Compute<S>;
  Moments<C> all;
  for (std::int64_t begin = 0; begin < r.n; begin += kChunk) {
    const std::int64_t count = std::min(kChunk, r.n - begin);
    const C* x = take_part<S>(r, begin, count);
    if (begin == 0) row = x;
    // The first half of the next row; the second is asked for while this one is written.
    const Moments<C> part = Shifted<C>(x, count).rest(
        [&](std::int64_t i) HWY_ATTR { ahead.ask((begin + i) * static_cast<std::int64_t>(sizeof(S)) / 2); });
    if (begin == 0) {
      all = part;
      continue;
    }
    const C apart = part.mean - all.mean, share = static_cast<C>(count) / static_cast<C>(begin + count);
    all.mean += apart * share;
    all.m2 += part.m2 + apart * apart * (static_cast<C>(begin) * share);
  }
  return all;
}

// y = f(x), then the weight and bias of each segment; between() now and then, at most once for four vectors.
template <class S, class F, class G>
HWY_INLINE void write_row(const NormRow& r, const Compute<S>* x, const Ahead& ahead, F&& f, G&& between) {
  using C = Compute<S>;
  const Ahead residual(r.residual, r.next_residual, r.n * static_cast<std::int64_t>(sizeof(S)));
  const bool streams = r.streams, adds = r.residual != nullptr;
  const auto ask = [&](std::int64_t i) FG_INLINE_ATTR {
    ahead.ask(i * static_cast<std::int64_t>(sizeof(S)));
    if (adds) residual.ask(i * static_cast<std::int64_t>(sizeof(S)));
  };
  const Tag<C> d;
  S* y = static_cast<S*>(r.y);
  const C* weight = static_cast<const C*>(r.weight);
  const C* bias = static_cast<const C*>(r.bias);
  if (r.segment > 1 && (weight != nullptr || bias != nullptr)) {
    for (std::int64_t at = 0, k = 0; at < r.n; at += r.segment, ++k) {
      const auto w = hn::Set(d, weight == nullptr ? C{1} : weight[k]), b = hn::Set(d, bias == nullptr ? C{0} : bias[k]);
      const auto part = [&](std::int64_t i, std::int64_t n) FG_INLINE_ATTR {
        auto z = hn::Mul(f(load_part(d, x + at + i, n, C{0})), w);
        if (bias != nullptr) z = hn::Add(z, b);
        store_part(d, z, y + at + i, n, streams);
        ask(at + i);
      };
      each_vector(d, y + at, r.segment, streams, part, between);
    }
    return;
  }
  const auto run = [&](auto has_weight, auto has_bias) FG_INLINE_ATTR {
    const auto part = [&](std::int64_t i, std::int64_t n) FG_INLINE_ATTR {
      auto z = f(load_part(d, x + i, n, C{0}));
      if constexpr (has_weight.value) z = hn::Mul(z, load_part(d, weight + i, n, C{0}));
      if constexpr (has_bias.value) z = hn::Add(z, load_part(d, bias + i, n, C{0}));
      store_part(d, z, y + i, n, streams);
      ask(i);
    };
    each_vector(d, y, r.n, streams, part, between);
  };
  if (weight != nullptr && bias != nullptr) return run(std::true_type{}, std::true_type{});
  if (weight != nullptr) return run(std::true_type{}, std::false_type{});
  if (bias != nullptr) return run(std::false_type{}, std::true_type{});
  run(std::false_type{}, std::false_type{});
}

template <class S>
void layer_norm(const NormRow& r) {
  using C = Compute<S>;
  const Tag<C> d;
  const C* x = static_cast<const C*>(r.x);
  const auto bytes = r.n * static_cast<std::int64_t>(sizeof(S));
  Ahead ahead(r.x, r.next, bytes);
  Moments<C> s;
  if (r.carried != nullptr && r.carried->x == r.x) {
    s = {static_cast<C>(r.carried->mean), static_cast<C>(r.carried->m2)};
  } else {
    s = moments<S>(r, x, ahead);
  }
  if (r.n == 0) s.mean = s.m2 = std::numeric_limits<C>::quiet_NaN();
  const C rstd = C{1} / std::sqrt(s.m2 / static_cast<C>(r.n) + static_cast<C>(r.eps));
  const auto m = hn::Set(d, s.mean), by = hn::Set(d, rstd);
  const auto normalized = [&](auto v) FG_INLINE_ATTR { return hn::Mul(hn::Sub(v, m), by); };
  // Comes last: the mean of a single element may take the place of its weight.
  const auto keep_statistics = [&] {
    if (r.mean != nullptr) *static_cast<C*>(r.mean) = s.mean;
    if (r.rstd != nullptr) *static_cast<C*>(r.rstd) = rstd;
  };
  if constexpr (std::is_same_v<S, C>) {
    if (r.carried != nullptr && r.next != nullptr && r.residual == nullptr && r.n <= kChunk) {
      // The row after the next, if they are evenly apart: the next one is read now.
      const auto apart = reinterpret_cast<std::uintptr_t>(r.next) - reinterpret_cast<std::uintptr_t>(r.x);
      const auto third = reinterpret_cast<std::uintptr_t>(r.next) + apart;
      ahead = Ahead(r.next, reinterpret_cast<const void*>(third), bytes);
      Shifted<C> following(static_cast<const C*>(r.next), r.n);
      write_row<S>(r, x, ahead, normalized, [&]() FG_INLINE_ATTR { following.four(); });
      const Moments<C> next = following.rest([](std::int64_t) FG_INLINE_ATTR {});
      *r.carried = {r.next, next.mean, next.m2};
      return keep_statistics();
    }
  }
  write_row<S>(r, x, ahead, normalized, []() FG_INLINE_ATTR {});
  keep_statistics();
  if (r.carried != nullptr) r.carried->x = nullptr;
}

template <class S>
void rms_norm(const NormRow& r) {
  using C = Compute<S>;
  const Tag<C> d;
  const C* row = nullptr;
  const Ahead ahead(r.x, r.next, r.n * static_cast<std::int64_t>(sizeof(S)));
  C squares = 0;
  for (std::int64_t begin = 0; begin < r.n; begin += kChunk) {
    const std::int64_t count = std::min(kChunk, r.n - begin);
    const C* x = take_part<S>(r, begin, count);
    if (begin == 0) row = x;
    squares += sum_of(x, count, C{0}, [](auto v) HWY_ATTR { return hn::Mul(v, v); });
  }
  const auto by = hn::Set(d, C{1} / std::sqrt(squares / static_cast<C>(r.n) + static_cast<C>(r.eps)));
  write_row<S>(
      r, row, ahead, [&](auto v) FG_INLINE_ATTR { return hn::Mul(v, by); }, []() FG_INLINE_ATTR {});
}

template <class S>
const NormOps* table() {
  using C = Compute<S>;
  static constexpr NormOps kOps{sizeof(C),        &layer_norm<S>, &rms_norm<S>, &widen<S>,
                                &softmax_step<C>, &scale<C>,      &add<C>};
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
