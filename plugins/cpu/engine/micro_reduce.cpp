// SPDX-License-Identifier: Apache-2.0
//
// Folds of one block to a value, and elementwise accumulation of rows.  Sums and products of floats
// are kept in double: of f32 values that is exact for any sum a block can have, for f64 four
// accumulators of few terms each keep the error at a few ulp.

#include <cstring>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/engine/micro_reduce.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/engine/fold-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {

struct StepSum {
  static constexpr double kIdentity = 0;
  template <class V>
  static HWY_INLINE V vector(V s, V x) {
    return hn::Add(s, x);
  }
  static double scalar(double s, double x) { return s + x; }
};
struct StepProd {
  static constexpr double kIdentity = 1;
  template <class V>
  static HWY_INLINE V vector(V s, V x) {
    return hn::Mul(s, x);
  }
  static double scalar(double s, double x) { return s * x; }
};

// What is folded of each element: itself, or its squared distance from a mean.
struct Plain {
  explicit Plain(const void*) {}
  template <class D, class V>
  HWY_INLINE V operator()(D, V x) const {
    return x;
  }
  double operator()(double x) const { return x; }
};
struct SquareDeviation {
  explicit SquareDeviation(const void* mean) : mean_(*static_cast<const double*>(mean)) {}
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V delta = hn::Sub(x, hn::Set(d, mean_));
    return hn::Mul(delta, delta);
  }
  double operator()(double x) const { return (x - mean_) * (x - mean_); }
  double mean_;
};

template <class T, class Step, class Term>
void fold_float(void* result, const void* px, const void* argument, std::size_t n) {
  const hn::ScalableTag<double> d;
  const std::size_t lanes = hn::Lanes(d);
  const T* x = static_cast<const T*>(px);
  const Term term(argument);
  auto s0 = hn::Set(d, Step::kIdentity), s1 = s0, s2 = s0, s3 = s0;
  std::size_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    s0 = Step::vector(s0, term(d, load_f64(d, x + i)));
    s1 = Step::vector(s1, term(d, load_f64(d, x + i + lanes)));
    s2 = Step::vector(s2, term(d, load_f64(d, x + i + 2 * lanes)));
    s3 = Step::vector(s3, term(d, load_f64(d, x + i + 3 * lanes)));
  }
  for (; i + lanes <= n; i += lanes) s0 = Step::vector(s0, term(d, load_f64(d, x + i)));
  HWY_ALIGN double lane[kVectorBytes / sizeof(double)];
  hn::Store(Step::vector(Step::vector(s0, s1), Step::vector(s2, s3)), d, lane);
  double r = lane[0];
  for (std::size_t k = 1; k < lanes; ++k) r = Step::scalar(r, lane[k]);
  for (; i < n; ++i) r = Step::scalar(r, term(static_cast<double>(x[i])));
  *static_cast<double*>(result) = r;
}

template <class T, bool SUM>
void fold_int(void* result, const void* px, const void*, std::size_t n) {
  const T* x = static_cast<const T*>(px);
  std::uint64_t r = SUM ? 0 : 1;
  for (std::size_t i = 0; i < n; ++i) {
    const auto v = static_cast<std::uint64_t>(static_cast<std::int64_t>(x[i]));
    r = SUM ? r + v : r * v;
  }
  *static_cast<std::int64_t*>(result) = static_cast<std::int64_t>(r);
}

template <bool MAX>
struct StepExtreme {
  template <class V>
  static HWY_INLINE V vector(V a, V b) {
    return MAX ? hn::Max(a, b) : hn::Min(a, b);
  }
  template <class T>
  static T scalar(T a, T b) {
    return MAX ? (a > b ? a : b) : (a < b ? a : b);
  }
};
template <class T, bool MAX>
void fold_extreme(void* result, const void* px, const void*, std::size_t n) {
  using Step = StepExtreme<MAX>;
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const T* x = static_cast<const T*>(px);
  T r = x[0];
  bool nan = r != r;
  std::size_t i = 0;
  if (n >= 2 * lanes) {
    auto m0 = hn::LoadU(d, x), m1 = hn::LoadU(d, x + lanes);
    // x86 min and max drop a NaN in their first operand, so NaN are collected on the side.
    auto odd = hn::Lt(m0, m0);  // none yet
    for (; i + 2 * lanes <= n; i += 2 * lanes) {
      const auto a = hn::LoadU(d, x + i), b = hn::LoadU(d, x + i + lanes);
      if constexpr (hwy::IsFloat<T>()) odd = hn::Or(odd, hn::Or(hn::IsNaN(a), hn::IsNaN(b)));
      m0 = Step::vector(m0, a);
      m1 = Step::vector(m1, b);
    }
    nan = nan || !hn::AllFalse(d, odd);
    HWY_ALIGN T lane[kVectorBytes / sizeof(T)];
    hn::Store(Step::vector(m0, m1), d, lane);
    r = lane[0];
    for (std::size_t k = 1; k < lanes; ++k) r = Step::scalar(r, lane[k]);
  }
  for (; i < n; ++i) {
    nan = nan || x[i] != x[i];
    r = Step::scalar(r, x[i]);
  }
  if constexpr (hwy::IsFloat<T>()) {
    if (nan) r = std::numeric_limits<T>::quiet_NaN();
  }
  *static_cast<T*>(result) = r;
}

template <bool ALL>
void fold_bool(void* result, const void* px, const void*, std::size_t n) {
  // Bytes 0 and 1: looking for the one that decides.
  *static_cast<std::uint8_t*>(result) = (std::memchr(px, ALL ? 0 : 1, n) == nullptr) == ALL ? 1 : 0;
}

template <class T, class Step>
void accumulate_float(void* state, const void* px, std::size_t n) {
  const hn::ScalableTag<double> d;
  const std::size_t lanes = hn::Lanes(d);
  auto* s = static_cast<double*>(state);
  const T* x = static_cast<const T*>(px);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(Step::vector(hn::LoadU(d, s + i), load_f64(d, x + i)), d, s + i);
  for (; i < n; ++i) s[i] = Step::scalar(s[i], static_cast<double>(x[i]));
}
template <class T, bool SUM>
void accumulate_int(void* state, const void* px, std::size_t n) {
  auto* s = static_cast<std::uint64_t*>(state);
  const T* x = static_cast<const T*>(px);
  for (std::size_t i = 0; i < n; ++i) {
    const auto v = static_cast<std::uint64_t>(static_cast<std::int64_t>(x[i]));
    s[i] = SUM ? s[i] + v : s[i] * v;
  }
}
template <class T, bool MAX>
void accumulate_extreme(void* state, const void* px, std::size_t n) {
  T* s = static_cast<T*>(state);
  loop2<0>(hn::ScalableTag<T>(), s, s, static_cast<const T*>(px), n, [](auto, auto a, auto b) HWY_ATTR {
    const auto m = StepExtreme<MAX>::vector(a, b);
    if constexpr (hwy::IsFloat<T>())
      return hn::IfThenElse(hn::IsNaN(a), a, hn::IfThenElse(hn::IsNaN(b), b, m));
    else
      return m;
  });
}
template <bool ALL>
void accumulate_bool(void* state, const void* px, std::size_t n) {
  auto* s = static_cast<std::uint8_t*>(state);
  const auto* x = static_cast<const std::uint8_t*>(px);
  for (std::size_t i = 0; i < n; ++i) s[i] = static_cast<std::uint8_t>(ALL ? s[i] & x[i] : s[i] | x[i]);
}

template <class T>
BlockFold find_fold_float(Fold fold) {
  switch (fold) {
    case Fold::sum: return fold_float<T, StepSum, Plain>;
    case Fold::prod: return fold_float<T, StepProd, Plain>;
    case Fold::square_deviations: return fold_float<T, StepSum, SquareDeviation>;
    case Fold::max: return fold_extreme<T, true>;
    case Fold::min: return fold_extreme<T, false>;
    default: return nullptr;
  }
}
template <class T>
BlockFold find_fold_int(Fold fold) {
  switch (fold) {
    case Fold::sum: return fold_int<T, true>;
    case Fold::prod: return fold_int<T, false>;
    case Fold::max: return fold_extreme<T, true>;
    case Fold::min: return fold_extreme<T, false>;
    default: return nullptr;
  }
}
BlockFold find_block_fold(Fold fold, std::uint16_t type) {
  switch (type) {
    case FG_CT_F32: return find_fold_float<float>(fold);
    case FG_CT_F64: return find_fold_float<double>(fold);
    case FG_CT_I32: return find_fold_int<std::int32_t>(fold);
    case FG_CT_I64: return find_fold_int<std::int64_t>(fold);
    default: return fold == Fold::all ? fold_bool<true> : fold == Fold::any ? fold_bool<false> : nullptr;
  }
}

template <class T>
BlockAccumulate find_accumulate_number(Fold fold) {
  switch (fold) {
    case Fold::max: return accumulate_extreme<T, true>;
    case Fold::min: return accumulate_extreme<T, false>;
    case Fold::sum:
      if constexpr (hwy::IsFloat<T>())
        return accumulate_float<T, StepSum>;
      else
        return accumulate_int<T, true>;
    case Fold::prod:
      if constexpr (hwy::IsFloat<T>())
        return accumulate_float<T, StepProd>;
      else
        return accumulate_int<T, false>;
    default: return nullptr;
  }
}
BlockAccumulate find_block_accumulate(Fold fold, std::uint16_t type) {
  switch (type) {
    case FG_CT_F32: return find_accumulate_number<float>(fold);
    case FG_CT_F64: return find_accumulate_number<double>(fold);
    case FG_CT_I32: return find_accumulate_number<std::int32_t>(fold);
    case FG_CT_I64: return find_accumulate_number<std::int64_t>(fold);
    default: return fold == Fold::all ? accumulate_bool<true> : fold == Fold::any ? accumulate_bool<false> : nullptr;
  }
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fg::cpu {
HWY_EXPORT(find_block_fold);
HWY_EXPORT(find_block_accumulate);
BlockFold find_fold(Fold fold, std::uint16_t type) { return HWY_DYNAMIC_DISPATCH(find_block_fold)(fold, type); }
BlockAccumulate find_accumulate(Fold fold, std::uint16_t type) {
  return HWY_DYNAMIC_DISPATCH(find_block_accumulate)(fold, type);
}
}  // namespace fg::cpu
#endif
