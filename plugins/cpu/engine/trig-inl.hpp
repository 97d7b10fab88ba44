// SPDX-License-Identifier: Apache-2.0
//
// sin, cos, tan and their inverses of F32, in float with exact range reductions, which need a fused
// multiply-add: one-lane targets run libm (micro_scalar.cpp).  Polynomials are Chebyshev fits made
// with mpmath; tests/unit/cpu measures the error of every function.

#if defined(PLUGINS_CPU_ENGINE_TRIG_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGINS_CPU_ENGINE_TRIG_INL_HPP_
#undef PLUGINS_CPU_ENGINE_TRIG_INL_HPP_
#else
#define PLUGINS_CPU_ENGINE_TRIG_INL_HPP_
#endif

#include <cmath>

#include "hwy/highway.h"
#include "plugins/cpu/engine/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

// Above this the reductions would lose bits and libm takes over.
inline constexpr float kMaxReduced = 65536.0f;
inline constexpr float kRoundToInteger = 12582912.0f;  // 1.5 * 2^23: adding it leaves an integer in the low bits

template <class D, class V>
HWY_INLINE V sign_of(D d, V x) {
  return hn::And(x, hn::SignBit(d));
}
// x + x z p(z), z = x^2
template <class D, class V, std::size_t N>
HWY_INLINE V odd_series(D d, V x, V z, const float (&c)[N]) {
  return hn::MulAdd(hn::Mul(x, z), horner(d, z, c), x);
}

// |x| - q pi/2 with pi/2 in three parts: the first difference is exact, because both are multiples of
// 2^-23 and it is below 1.
inline constexpr float kHalfPi = 1.57079637f, kHalfPiLow = -4.37113883e-08f, kHalfPiLeast = -1.71510221e-15f;

// Of r = |x| - q pi/2.  Bit 0 of the quadrant chooses the series, bit 1 the sign.
template <int QUADRANT, class D, class V>
HWY_INLINE V sin_cos_f32(D d, V x, double (*libm)(double)) {
  constexpr float kSin[] = {-0.166666642f, 0.00833273679f, -0.000195853674f};
  constexpr float kCos[] = {0.0416666642f, -0.00138882909f, 2.45454121e-05f};
  const hn::RebindToUnsigned<D> du;
  const V a = hn::Abs(x), one = hn::Set(d, 1.0f);
  if (HWY_UNLIKELY(!hn::AllFalse(d, hn::Gt(a, hn::Set(d, kMaxReduced))))) return libm_lanes(d, x, libm);
  const V t = hn::MulAdd(a, hn::Set(d, 0.636619772f), hn::Set(d, kRoundToInteger));
  const V q = hn::Sub(t, hn::Set(d, kRoundToInteger));
  V r = hn::NegMulAdd(q, hn::Set(d, kHalfPi), a);
  r = hn::NegMulAdd(q, hn::Set(d, kHalfPiLow), r);
  r = hn::NegMulAdd(q, hn::Set(d, kHalfPiLeast), r);
  const V z = hn::Mul(r, r), half_z = hn::Mul(z, hn::Set(d, 0.5f));
  const V sin = odd_series(d, r, z, kSin);
  const V cos = hn::Add(hn::Sub(one, half_z), hn::Mul(hn::Mul(z, z), horner(d, z, kCos)));
  const auto quadrant = hn::Add(hn::BitCast(du, t), hn::Set(du, std::uint32_t{QUADRANT}));
  const auto odd = sign_bit_set(d, hn::BitCast(d, hn::ShiftLeft<31>(quadrant)));
  const V sign = sign_of(d, hn::BitCast(d, hn::ShiftLeft<30>(quadrant)));
  const V y = hn::Xor(hn::IfThenElse(odd, cos, sin), sign);
  return QUADRANT == 0 ? hn::Xor(y, sign_of(d, x)) : y;
}
template <class D, class V>
HWY_INLINE V sin_f32(D d, V x) {
  return sin_cos_f32<0>(d, x, static_cast<double (*)(double)>(std::sin));
}
template <class D, class V>
HWY_INLINE V cos_f32(D d, V x) {
  return sin_cos_f32<1>(d, x, static_cast<double (*)(double)>(std::cos));
}

// tan of r + lo = |x| - q pi/2, |r| <= pi / 4; for odd q it is -1 / tan(r + lo).
template <class D, class V>
HWY_INLINE V tan_f32(D d, V x) {
  constexpr float kTan[] = {0.333333343f,  0.133332238f,   0.053996101f,  0.0216083024f,
                            0.0100068972f, 0.00111418671f, 0.00388514041f};
  const V a = hn::Abs(x);
  if (HWY_UNLIKELY(!hn::AllFalse(d, hn::Gt(a, hn::Set(d, kMaxReduced))))) {
    return libm_lanes(d, x, static_cast<double (*)(double)>(std::tan));
  }
  const V one = hn::Set(d, 1.0f), t = hn::MulAdd(a, hn::Set(d, 0.636619772f), hn::Set(d, kRoundToInteger));
  const V q = hn::Sub(t, hn::Set(d, kRoundToInteger));
  const V high = hn::NegMulAdd(q, hn::Set(d, kHalfPi), a);
  const V p = hn::Mul(q, hn::Set(d, kHalfPiLow)), p_lost = hn::MulSub(q, hn::Set(d, kHalfPiLow), p);
  const V r = hn::Sub(high, p);
  const V lo = hn::NegMulAdd(q, hn::Set(d, kHalfPiLeast), hn::Sub(hn::Sub(hn::Sub(high, r), p), p_lost));
  const V z = hn::Mul(r, r);
  // tan(r + lo) - r; its derivative is 1 + r^2 + ...
  const V c = hn::MulAdd(hn::Mul(r, z), horner(d, z, kTan), hn::MulAdd(lo, z, lo));
  const V s = hn::Add(r, c), lost = hn::Add(hn::Sub(r, s), c);
  // 1 / (s + lost), one Newton step from 1 / s.
  const V inverse = hn::Div(one, s);
  const V rest = hn::NegMulAdd(lost, inverse, hn::NegMulAdd(s, inverse, one));
  const hn::RebindToUnsigned<D> du;
  const V parity = hn::BitCast(d, hn::ShiftLeft<31>(hn::BitCast(du, t)));
  const V y = hn::IfThenElse(sign_bit_set(d, parity), hn::MulAdd(inverse, rest, inverse), s);
  return hn::Xor(y, hn::Xor(parity, sign_of(d, x)));
}

// Of |x| <= 1/2 by the series; above, asin(x) = pi/2 - 2 asin(s) with s^2 = (1 - |x|) / 2.
template <class V, class M>
struct AsinParts {
  V s, rest;  // asin(s) = s + rest
  M big;
};
template <class D, class V>
HWY_INLINE AsinParts<V, hn::Mask<D>> asin_parts(D d, V a) {
  constexpr float kAsin[] = {0.166666657f, 0.0750009418f, 0.0445994027f, 0.0311006624f, 0.0171492379f, 0.0336908475f};
  const V half = hn::Set(d, 0.5f);
  const auto big = hn::Gt(a, half);
  const V z = hn::IfThenElse(big, hn::NegMulAdd(a, half, half), hn::Mul(a, a));
  const V s = hn::IfThenElse(big, hn::Sqrt(z), a);
  return {s, hn::Mul(hn::Mul(s, z), horner(d, z, kAsin)), big};
}
template <class D, class V>
HWY_INLINE V asin_f32(D d, V x) {
  const auto p = asin_parts(d, hn::Abs(x));
  const V twice = hn::Add(p.s, hn::Sub(p.rest, hn::Set(d, kHalfPiLow / 2)));
  const V large = hn::NegMulAdd(hn::Set(d, 2.0f), twice, hn::Set(d, kHalfPi));
  return hn::CopySign(hn::IfThenElse(p.big, large, hn::Add(p.s, p.rest)), x);
}
template <class D, class V>
HWY_INLINE V acos_f32(D d, V x) {
  const auto p = asin_parts(d, hn::Abs(x));
  const V sign = sign_of(d, x), half_pi = hn::Set(d, kHalfPi), low = hn::Set(d, kHalfPiLow);
  const V small = hn::Sub(half_pi, hn::Sub(hn::Add(hn::Xor(p.s, sign), hn::Xor(p.rest, sign)), low));
  const V positive = hn::Add(p.s, p.rest);  // Half of it.
  const V negative = hn::Sub(half_pi, hn::Add(p.s, hn::Sub(p.rest, low)));
  const V large = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), negative, positive);
  return hn::IfThenElse(p.big, hn::Add(large, large), small);
}

// atan(t) for 0 <= t <= 1, or pi/2 minus or pi minus it, or pi/2 plus it: steep and left say where the
// angle lies.  Each is one sum, so that the multiples of pi/2 come out rounded once.
template <class D, class V>
HWY_INLINE V atan_unit(D d, V t, hn::Mask<D> steep, hn::Mask<D> left) {
  constexpr float kAtan[] = {-0.333333313f, 0.199997395f,   -0.142785683f, 0.110337645f,   -0.0865688026f,
                             0.0625016913f, -0.0358715393f, 0.0135077713f, -0.00238699722f};
  const V z = hn::Mul(t, t), rest = hn::Mul(hn::Mul(t, z), horner(d, z, kAtan));
  const V sign = hn::IfThenElseZero(hn::Xor(steep, left), hn::SignBit(d));
  const V turns = hn::IfThenElse(steep, hn::Set(d, 1.0f), hn::IfThenElseZero(left, hn::Set(d, 2.0f)));
  const V low = hn::MulAdd(turns, hn::Set(d, kHalfPiLow), hn::Xor(rest, sign));
  return hn::MulAdd(turns, hn::Set(d, kHalfPi), hn::Add(hn::Xor(t, sign), low));
}
template <class D, class V>
HWY_INLINE V atan_f32(D d, V x) {
  const V a = hn::Abs(x), one = hn::Set(d, 1.0f);
  const auto steep = hn::Gt(a, one);
  const V t = hn::Div(hn::IfThenElse(steep, one, a), hn::IfThenElse(steep, a, one));
  return hn::CopySign(atan_unit(d, t, steep, hn::MaskFromVec(hn::Zero(d))), x);
}
template <class D, class V>
HWY_INLINE V atan2_f32(D d, V y, V x) {
  const V ay = hn::Abs(y), ax = hn::Abs(x);
  const auto steep = hn::Gt(ay, ax);
  const V least = hn::IfThenElse(steep, ax, ay), greatest = hn::IfThenElse(steep, ay, ax);
  V t = hn::Div(least, greatest);
  // 0 / 0 is taken as 0 and inf / inf as 1.
  t = hn::IfThenElse(hn::Eq(greatest, hn::Zero(d)), hn::Zero(d), t);
  t = hn::IfThenElse(hn::Eq(least, hn::Inf(d)), hn::Set(d, 1.0f), t);
  const V angle = hn::CopySign(atan_unit(d, t, steep, sign_bit_set(d, x)), y);
  return hn::IfThenElse(hn::Or(hn::IsNaN(x), hn::IsNaN(y)), hn::NaN(d), angle);
}

#endif  // HWY_TARGET

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
