// SPDX-License-Identifier: Apache-2.0
//
// fmod, remainder and floor_div of F32, exact.  The float quotient truncated is the true one or one more
// while it is below 2^24, and a - q b is exact with a fused multiply-add; a vector with a
// greater quotient goes to libm element by element.

#if defined(PLUGINS_CPU_ENGINE_DIVIDE_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGINS_CPU_ENGINE_DIVIDE_INL_HPP_
#undef PLUGINS_CPU_ENGINE_DIVIDE_INL_HPP_
#else
#define PLUGINS_CPU_ENGINE_DIVIDE_INL_HPP_
#endif

#include "hwy/highway.h"
#include "plugins/cpu/engine/libm.hpp"
#include "plugins/cpu/engine/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

template <class V>
struct Division {
  V quotient;  // a / b, rounded
  V whole;     // Truncated, of |a| and |b|
  V rest;      // fmod(|a|, |b|)
};
template <class D, class V>
HWY_INLINE Division<V> divide(D d, V a, V b) {
  const V x = hn::Abs(a), y = hn::Abs(b), zero = hn::Zero(d), quotient = hn::Div(a, b);
  V whole = hn::Trunc(hn::Abs(quotient));
  V rest = hn::NegMulAdd(whole, y, x);
  const auto over = hn::Lt(rest, zero);
  rest = hn::IfThenElse(over, hn::Add(rest, y), rest);
  whole = hn::IfThenElse(over, hn::Sub(whole, hn::Set(d, 1.0f)), whole);
  // Also for an infinite b, where 0 * b is no number.
  return {quotient, whole, hn::IfThenElse(hn::Lt(x, y), x, rest)};
}
template <class D, class V>
HWY_INLINE bool out_of_reach(D d, const Division<V>& q) {
  return HWY_UNLIKELY(!hn::AllFalse(d, hn::Ge(hn::Abs(q.quotient), hn::Set(d, 16777216.0f))));
}
// Whether the quotient of floor_div is one less than the truncated one.
template <class D, class V>
HWY_INLINE hn::Mask<D> rounds_down(D d, V a, V b, V rest) {
  const auto differ = sign_bit_set(d, hn::Xor(a, b));
  return hn::And(differ, hn::Gt(rest, hn::Zero(d)));
}

template <class D, class V>
HWY_INLINE V fmod_f32(D d, V a, V b) {
  const Division<V> q = divide(d, a, b);
  if (out_of_reach(d, q)) return libm_lanes(d, a, b, float_mod);
  return hn::CopySign(q.rest, a);
}
template <class D, class V>
HWY_INLINE V remainder_f32(D d, V a, V b) {
  const Division<V> q = divide(d, a, b);
  if (out_of_reach(d, q)) return libm_lanes(d, a, b, python_remainder);
  const V mod = hn::CopySign(q.rest, a);
  return hn::IfThenElse(rounds_down(d, a, b, q.rest), hn::Add(mod, b), mod);
}
template <class D, class V>
HWY_INLINE V floor_div_f32(D d, V a, V b) {
  const Division<V> q = divide(d, a, b);
  if (out_of_reach(d, q)) return libm_lanes(d, a, b, floor_div);
  const V size = hn::IfThenElse(rounds_down(d, a, b, q.rest), hn::Add(q.whole, hn::Set(d, 1.0f)), q.whole);
  return hn::CopySign(size, q.quotient);
}

#endif  // HWY_TARGET

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
