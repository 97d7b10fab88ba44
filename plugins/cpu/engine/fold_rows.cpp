// SPDX-License-Identifier: Apache-2.0
//
// Folds of neighbouring elements.

#include <algorithm>
#include <cstring>
#include <limits>

#include "plugins/cpu/engine/fold.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/engine/fold_rows.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/engine/fold-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {

// Terms of one accumulator are added up in the compute type, and those sums in double.
template <class S, Term TERM>
double sum_of(const S* x, std::size_t n) {
  using T = Compute<S>;
  const hn::ScalableTag<T> d;
  const hn::ScalableTag<double> wide;
  const std::size_t lanes = hn::Lanes(d), step = 4 * lanes;
  HWY_ALIGN T part[kVectorBytes / sizeof(T)];
  auto total = hn::Zero(wide);
  const auto flush = [&](auto s) HWY_ATTR {
    hn::Store(s, d, part);
    for (std::size_t k = 0; k < lanes; k += hn::Lanes(wide)) total = hn::Add(total, load_f64(wide, part + k));
  };
  std::size_t i = 0;
  while (i + step <= n) {
    const std::size_t stop = std::min(n, i + step * kPartialTerms);
    auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
    for (; i + step <= stop; i += step) {
      s0 = hn::Add(s0, term<TERM>(d, load(d, x + i)));
      s1 = hn::Add(s1, term<TERM>(d, load(d, x + i + lanes)));
      s2 = hn::Add(s2, term<TERM>(d, load(d, x + i + 2 * lanes)));
      s3 = hn::Add(s3, term<TERM>(d, load(d, x + i + 3 * lanes)));
    }
    flush(hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)));
  }
  if (i + lanes <= n) {
    auto s = hn::Zero(d);
    for (; i + lanes <= n; i += lanes) s = hn::Add(s, term<TERM>(d, load(d, x + i)));
    flush(s);
  }
  HWY_ALIGN double lane[kVectorBytes / sizeof(double)];
  hn::Store(total, wide, lane);
  double r = lane[0];
  for (std::size_t k = 1; k < hn::Lanes(wide); ++k) r += lane[k];
  for (; i < n; ++i) r += static_cast<double>(term<TERM>(static_cast<T>(x[i])));
  return r;
}
template <class S, Term TERM>
void row_sum(State& s, const void* x, std::size_t n) {
  s = State{sum_of<S, TERM>(static_cast<const S*>(x), n), 0, 0, -1};
}

// In double, so that no part of the product leaves the range of a float before the product does.
template <class S>
void row_prod(State& s, const void* px, std::size_t n) {
  using T = Compute<S>;
  const S* x = static_cast<const S*>(px);
  const hn::ScalableTag<double> d;
  const hn::Rebind<T, hn::ScalableTag<double>> narrow;
  const std::size_t lanes = hn::Lanes(d), step = 4 * lanes;
  const auto wide = [&](const S* p) HWY_ATTR {
    if constexpr (std::is_same_v<T, double>) {
      return hn::LoadU(d, p);
    } else {
      return hn::PromoteTo(d, load(narrow, p));
    }
  };
  auto p0 = hn::Set(d, 1.0), p1 = p0, p2 = p0, p3 = p0;
  std::size_t i = 0;
  for (; i + step <= n; i += step) {
    p0 = hn::Mul(p0, wide(x + i));
    p1 = hn::Mul(p1, wide(x + i + lanes));
    p2 = hn::Mul(p2, wide(x + i + 2 * lanes));
    p3 = hn::Mul(p3, wide(x + i + 3 * lanes));
  }
  HWY_ALIGN double lane[kVectorBytes / sizeof(double)];
  hn::Store(hn::Mul(hn::Mul(p0, p1), hn::Mul(p2, p3)), d, lane);
  double r = 1;
  for (std::size_t k = 0; k < lanes; ++k) r *= lane[k];
  for (; i < n; ++i) r *= static_cast<double>(static_cast<T>(x[i]));
  s = State{r, 0, 0, -1};
}

// Mean first, then the deviations from it rounded to the compute type; their own sum corrects what
// that rounding changed.
template <class S>
void row_welford(State& s, const void* px, std::size_t n) {
  using T = Compute<S>;
  const S* x = static_cast<const S*>(px);
  const hn::ScalableTag<T> d;
  const hn::ScalableTag<double> wide;
  const std::size_t lanes = hn::Lanes(d), step = 2 * lanes;
  const auto count = static_cast<double>(n);
  const T shift = static_cast<T>(sum_of<S, Term::plain>(x, n) / count);
  const auto center = hn::Set(d, shift);
  HWY_ALIGN T part[kVectorBytes / sizeof(T)];
  auto sum = hn::Zero(wide), squares = hn::Zero(wide);
  std::size_t i = 0;
  while (i + step <= n) {
    const std::size_t stop = std::min(n, i + step * kPartialTerms);
    auto a0 = hn::Zero(d), a1 = a0, q0 = a0, q1 = a0;
    for (; i + step <= stop; i += step) {
      const auto u = hn::Sub(load(d, x + i), center), v = hn::Sub(load(d, x + i + lanes), center);
      a0 = hn::Add(a0, u), a1 = hn::Add(a1, v);
      q0 = hn::MulAdd(u, u, q0), q1 = hn::MulAdd(v, v, q1);
    }
    hn::Store(hn::Add(a0, a1), d, part);
    for (std::size_t k = 0; k < lanes; k += hn::Lanes(wide)) sum = hn::Add(sum, load_f64(wide, part + k));
    hn::Store(hn::Add(q0, q1), d, part);
    for (std::size_t k = 0; k < lanes; k += hn::Lanes(wide)) squares = hn::Add(squares, load_f64(wide, part + k));
  }
  HWY_ALIGN double lane[2][kVectorBytes / sizeof(double)];
  hn::Store(sum, wide, lane[0]);
  hn::Store(squares, wide, lane[1]);
  double off = 0, m2 = 0;
  for (std::size_t k = 0; k < hn::Lanes(wide); ++k) off += lane[0][k], m2 += lane[1][k];
  for (; i < n; ++i) {
    const double u = static_cast<double>(static_cast<T>(x[i])) - static_cast<double>(shift);
    off += u;
    m2 += u * u;
  }
  s = State{static_cast<double>(shift) + off / count, std::max(m2 - off * (off / count), 0.0),
            static_cast<std::int64_t>(n), -1};
  if (m2 != m2) s.b = m2;  // max() drops NaN
}

template <class S, Term TERM, bool MAX>
Compute<S> extreme_of(const S* x, std::size_t n) {
  using T = Compute<S>;
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto pick = [](auto a, auto b) HWY_ATTR { return MAX ? hn::Max(a, b) : hn::Min(a, b); };
  T r = term<TERM>(static_cast<T>(x[0]));
  bool nan = r != r;
  std::size_t i = 0;
  if (n >= 2 * lanes) {
    auto m0 = term<TERM>(d, load(d, x)), m1 = term<TERM>(d, load(d, x + lanes));
    // x86 min and max drop a NaN in their first operand, so NaN are collected on the side.
    auto odd = hn::Lt(m0, m0);  // none yet
    for (; i + 2 * lanes <= n; i += 2 * lanes) {
      const auto a = term<TERM>(d, load(d, x + i)), b = term<TERM>(d, load(d, x + i + lanes));
      if constexpr (hwy::IsFloat<T>()) odd = hn::Or(odd, hn::Or(hn::IsNaN(a), hn::IsNaN(b)));
      m0 = pick(m0, a);
      m1 = pick(m1, b);
    }
    nan = nan || !hn::AllFalse(d, odd);
    HWY_ALIGN T lane[kVectorBytes / sizeof(T)];
    hn::Store(pick(m0, m1), d, lane);
    r = lane[0];
    for (std::size_t k = 1; k < lanes; ++k) r = MAX ? std::max(r, lane[k]) : std::min(r, lane[k]);
  }
  for (; i < n; ++i) {
    const T v = term<TERM>(static_cast<T>(x[i]));
    nan = nan || v != v;
    r = MAX ? std::max(r, v) : std::min(r, v);
  }
  if constexpr (hwy::IsFloat<T>()) {
    if (nan) r = std::numeric_limits<T>::quiet_NaN();
  }
  return r;
}
template <class T>
State state_of(T value, std::int64_t index) {
  if constexpr (hwy::IsFloat<T>())
    return State{static_cast<double>(value), 0, 0, index};
  else
    return State{0, 0, static_cast<std::int64_t>(value), index};
}
template <class S, Term TERM, bool MAX>
void row_extreme(State& s, const void* x, std::size_t n) {
  s = state_of(extreme_of<S, TERM, MAX>(static_cast<const S*>(x), n), -1);
}

// Position of the first element equal to `value`, or of the first NaN; there is one.
template <class S, class T>
std::size_t find_first(const S* x, std::size_t n, T value) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto v = hn::Set(d, value);
  const bool nan = value != value;
  const auto hit = [&](auto a) HWY_ATTR {
    if constexpr (hwy::IsFloat<T>()) {
      if (nan) return hn::IsNaN(a);
    }
    return hn::Eq(a, v);
  };
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const std::intptr_t at = hn::FindFirstTrue(d, hit(load(d, x + i)));
    if (at >= 0) return i + static_cast<std::size_t>(at);
  }
  for (; i + 1 < n; ++i) {
    const T a = static_cast<T>(x[i]);
    if (nan ? a != a : a == value) break;
  }
  return i;
}
template <class S, bool MAX>
void row_arg(State& s, const void* px, std::size_t n) {
  const S* x = static_cast<const S*>(px);
  const auto value = extreme_of<S, Term::plain, MAX>(x, n);
  s = state_of(value, static_cast<std::int64_t>(find_first(x, n, value)));
}

// Of f32 and narrower: the peak, and the sum of exp(x - peak).
template <class S>
void row_log_sum_exp(State& s, const void* px, std::size_t n) {
  const S* x = static_cast<const S*>(px);
  const hn::ScalableTag<float> d;
  const hn::ScalableTag<double> wide;
  const std::size_t lanes = hn::Lanes(d), step = 2 * lanes;
  const float peak = extreme_of<S, Term::plain, true>(x, n);
  const auto shift = exponent_shift(d, hn::Set(d, peak));
  HWY_ALIGN float part[kVectorBytes / sizeof(float)];
  auto total = hn::Zero(wide);
  std::size_t i = 0;
  while (i + step <= n) {
    const std::size_t stop = std::min(n, i + step * kPartialTerms);
    auto a = hn::Zero(d), b = a;
    for (; i + step <= stop; i += step) {
      a = hn::Add(a, exp_f32(d, hn::Sub(load(d, x + i), shift)));
      b = hn::Add(b, exp_f32(d, hn::Sub(load(d, x + i + lanes), shift)));
    }
    hn::Store(hn::Add(a, b), d, part);
    for (std::size_t k = 0; k < lanes; k += hn::Lanes(wide)) total = hn::Add(total, load_f64(wide, part + k));
  }
  HWY_ALIGN double lane[kVectorBytes / sizeof(double)];
  hn::Store(total, wide, lane);
  double sum = 0;
  for (std::size_t k = 0; k < hn::Lanes(wide); ++k) sum += lane[k];
  while (i < n) {
    const std::size_t rest = std::min(lanes, n - i);
    const auto v = load_n(d, x + i, rest, -std::numeric_limits<float>::infinity());
    hn::Store(exp_f32(d, hn::Sub(v, shift)), d, part);
    for (std::size_t k = 0; k < rest; ++k) sum += static_cast<double>(part[k]);
    i += rest;
  }
  s = State{static_cast<double>(peak), sum, 0, -1};
}

template <class S>
void row_sum_int(State& s, const void* px, std::size_t n) {
  const S* x = static_cast<const S*>(px);
  std::uint64_t r = 0;
  if constexpr (sizeof(S) < 4) {
    // Sums of this many 16-bit values fit 32 bits.
    constexpr std::size_t kPiece = std::size_t{1} << 15;
    for (std::size_t i = 0; i < n; i += kPiece) {
      const std::size_t stop = std::min(n, i + kPiece);
      std::int32_t part = 0;
      for (std::size_t k = i; k < stop; ++k) part += static_cast<std::int32_t>(x[k]);
      r += static_cast<std::uint64_t>(static_cast<std::int64_t>(part));
    }
  } else {
    for (std::size_t i = 0; i < n; ++i) r += static_cast<std::uint64_t>(static_cast<std::int64_t>(x[i]));
  }
  s = State{0, 0, static_cast<std::int64_t>(r), -1};
}

// NaN is not 0.
template <class S>
void row_count(State& s, const void* px, std::size_t n) {
  using T = Compute<S>;
  const S* x = static_cast<const S*>(px);
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t zeros = 0, i = 0;
  for (; i + lanes <= n; i += lanes) zeros += hn::CountTrue(d, hn::Eq(load(d, x + i), hn::Zero(d)));
  for (; i < n; ++i) zeros += static_cast<T>(x[i]) == T{0} ? 1 : 0;
  s = State{0, 0, static_cast<std::int64_t>(n - zeros), -1};
}
// Whether all (any) are not 0; stops where it is decided.
template <class S, bool ALL>
void row_logic(State& s, const void* px, std::size_t n) {
  using T = Compute<S>;
  const S* x = static_cast<const S*>(px);
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  bool decided = false;
  for (; !decided && i + lanes <= n; i += lanes) {
    const auto zero = hn::Eq(load(d, x + i), hn::Zero(d));
    decided = ALL ? !hn::AllFalse(d, zero) : !hn::AllTrue(d, zero);
  }
  for (; !decided && i < n; ++i) decided = (static_cast<T>(x[i]) == T{0}) == ALL;
  s = State{0, 0, decided != ALL ? 1 : 0, -1};
}

template <class S>
RowFold float_row(const FoldKey& k) {
  const bool max = k.monoid == FG_MONOID_MAX, absolute = k.term == Term::absolute;
  if (k.term == Term::nonzero) {
    if (k.monoid == FG_MONOID_SUM && k.type == FG_CT_I64) return row_count<S>;
    if (k.monoid == FG_MONOID_AND) return row_logic<S, true>;
    return k.monoid == FG_MONOID_OR ? row_logic<S, false> : nullptr;
  }
  switch (k.monoid) {
    case FG_MONOID_SUM:
      return absolute                 ? row_sum<S, Term::absolute>
             : k.term == Term::square ? row_sum<S, Term::square>
             : k.term == Term::number ? row_sum<S, Term::number>
                                      : row_sum<S, Term::plain>;
    case FG_MONOID_MAX:
    case FG_MONOID_MIN:
      if (k.term == Term::square || k.term == Term::number) return nullptr;
      if (absolute) return max ? row_extreme<S, Term::absolute, true> : row_extreme<S, Term::absolute, false>;
      return max ? row_extreme<S, Term::plain, true> : row_extreme<S, Term::plain, false>;
    default: break;
  }
  if (k.term != Term::plain) return nullptr;
  switch (k.monoid) {
    case FG_MONOID_PROD: return row_prod<S>;
    case FG_MONOID_ARGMAX: return row_arg<S, true>;
    case FG_MONOID_ARGMIN: return row_arg<S, false>;
    case FG_MONOID_WELFORD: return row_welford<S>;
    case FG_MONOID_LOGSUMEXP:
      if constexpr (std::is_same_v<Compute<S>, float>) return row_log_sum_exp<S>;
      return nullptr;
    default: return nullptr;
  }
}
template <class S>
RowFold int_row(const FoldKey& k) {
  if (k.term == Term::nonzero) {
    if (k.monoid == FG_MONOID_SUM && k.type == FG_CT_I64) return row_count<S>;
    if (k.monoid == FG_MONOID_AND) return row_logic<S, true>;
    return k.monoid == FG_MONOID_OR ? row_logic<S, false> : nullptr;
  }
  if (k.term != Term::plain) return nullptr;
  switch (k.monoid) {
    case FG_MONOID_SUM: return row_sum_int<S>;
    case FG_MONOID_MAX: return row_extreme<S, Term::plain, true>;
    case FG_MONOID_MIN: return row_extreme<S, Term::plain, false>;
    case FG_MONOID_ARGMAX: return row_arg<S, true>;
    case FG_MONOID_ARGMIN: return row_arg<S, false>;
    default: return nullptr;
  }
}

RowFold choose_row_fold(const FoldKey& k) {
  RowFold f = nullptr;
  if (with_float(k.storage, [&](auto tag) { f = float_row<typename decltype(tag)::type>(k); })) return f;
  if (with_int(k.storage, [&](auto tag) { f = int_row<typename decltype(tag)::type>(k); })) return f;
  if (k.storage != FG_BOOL || (k.term != Term::plain && k.term != Term::nonzero)) return nullptr;
  switch (k.monoid) {
    case FG_MONOID_SUM: return k.type == FG_CT_I64 ? row_count<std::uint8_t> : nullptr;
    case FG_MONOID_AND: return row_logic<std::uint8_t, true>;
    case FG_MONOID_OR: return row_logic<std::uint8_t, false>;
    default: return nullptr;
  }
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fg::cpu {
HWY_EXPORT(choose_row_fold);
RowFold find_row_fold(const FoldKey& key) {
  return key.term == Term::none ? nullptr : HWY_DYNAMIC_DISPATCH(choose_row_fold)(key);
}
}  // namespace fg::cpu
#endif
