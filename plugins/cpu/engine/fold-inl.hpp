// SPDX-License-Identifier: Apache-2.0
//
// What the folds of rows and of columns share, for one Highway target.

#if defined(PLUGINS_CPU_ENGINE_FOLD_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGINS_CPU_ENGINE_FOLD_INL_HPP_
#undef PLUGINS_CPU_ENGINE_FOLD_INL_HPP_
#else
#define PLUGINS_CPU_ENGINE_FOLD_INL_HPP_
#endif

#include <limits>

#include "hwy/highway.h"
#include "plugins/cpu/engine/fold.hpp"
#include "plugins/cpu/engine/loops-inl.hpp"
#include "plugins/cpu/engine/math-inl.hpp"
#include "plugins/cpu/engine/ops-inl.hpp"
#include "plugins/cpu/kernels/simd-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A vector of double from `lanes` elements.
template <class D>
HWY_INLINE hn::Vec<D> load_f64(D d, const double* p) {
  return hn::LoadU(d, p);
}
template <class D>
HWY_INLINE hn::Vec<D> load_f64(D d, const float* p) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, D>(), p));
}

// f32 partial sums of at most this many terms go into double: few enough that their error is that
// of the terms, many enough that the conversion costs nothing.
inline constexpr std::size_t kPartialTerms = 64;

template <Term TERM, class D, class V>
HWY_INLINE V term(D, V x) {
  if constexpr (TERM == Term::number) return hn::IfThenZeroElse(hn::IsNaN(x), x);
  if constexpr (TERM == Term::absolute) return hn::Abs(x);
  if constexpr (TERM == Term::square) return hn::Mul(x, x);
  return x;
}
template <Term TERM, class T>
HWY_INLINE T term(T x) {
  if constexpr (TERM == Term::number) return x == x ? x : T{0};
  if constexpr (TERM == Term::absolute) return x < 0 ? -x : x;
  if constexpr (TERM == Term::square) return x * x;
  return x;
}

template <bool MAX, class D, class V>
HWY_INLINE V extreme(D d, V a, V b) {
  if constexpr (MAX)
    return OpMax()(d, a, b);
  else
    return OpMin()(d, a, b);
}

// What to subtract from values whose peak this is: an infinite peak would make inf - inf of it.
template <class D, class V>
HWY_INLINE V exponent_shift(D d, V peak) {
  return hn::IfThenElse(hn::Eq(hn::Abs(peak), hn::Set(d, std::numeric_limits<hn::TFromD<D>>::infinity())), hn::Zero(d),
                        peak);
}

// Calls f(TypeTag<S>) with the storage type; false when it is not one of these.
template <class F>
bool with_float(fg_dtype storage, F&& f) {
  switch (storage) {
    case FG_F64: f(TypeTag<double>{}); return true;
    case FG_F32: f(TypeTag<float>{}); return true;
    case FG_F16: f(TypeTag<f16>{}); return true;
    case FG_BF16: f(TypeTag<bf16>{}); return true;
    default: return false;
  }
}
template <class F>
bool with_int(fg_dtype storage, F&& f) {
  switch (storage) {
    case FG_I64: f(TypeTag<std::int64_t>{}); return true;
    case FG_I32: f(TypeTag<std::int32_t>{}); return true;
    case FG_I16: f(TypeTag<std::int16_t>{}); return true;
    case FG_I8: f(TypeTag<std::int8_t>{}); return true;
    case FG_U8: f(TypeTag<std::uint8_t>{}); return true;
    default: return false;
  }
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
