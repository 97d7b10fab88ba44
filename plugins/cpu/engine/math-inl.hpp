// SPDX-License-Identifier: Apache-2.0
//
// Vector functions of F32, at most 2 ulp (tests/unit/cpu measures every one).  Included once per
// Highway target.  exp, exp2, sigmoid, tanh and erf work in float; the others here in double, where
// a short series is enough for an error below 0.51 ulp of the float result.  functions-inl.hpp names all.

#if defined(PLUGINS_CPU_ENGINE_MATH_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGINS_CPU_ENGINE_MATH_INL_HPP_
#undef PLUGINS_CPU_ENGINE_MATH_INL_HPP_
#else
#define PLUGINS_CPU_ENGINE_MATH_INL_HPP_
#endif

#include <cmath>
#include <limits>

#include "hwy/highway.h"
#include "plugins/cpu/engine/math_avx3-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// c[0] + x (c[1] + x (c[2] + ...))
template <class D, class V, std::size_t N>
HWY_INLINE V horner(D d, V x, const hn::TFromD<D> (&c)[N]) {
  V r = hn::Set(d, c[N - 1]);
  for (std::size_t k = N - 1; k-- > 0;) r = hn::MulAdd(r, x, hn::Set(d, c[k]));
  return r;
}

template <class D, class V>
HWY_INLINE hn::Mask<D> sign_bit_set(D d, V x) {
  const hn::RebindToSigned<D> di;
  return hn::RebindMask(d, hn::Lt(hn::BitCast(di, x), hn::Zero(di)));
}

// exp(x) = 2^n (1 + r + r^2 q(r)) with |r| <= ln 2 / 2.  q is the Taylor series of
// (exp(r) - 1 - r) / r^2 to r^5: the first term left out is below 5.3e-9, 0.1 ulp.
template <class V>
struct ExpParts {
  V n;     // integer-valued
  V r, q;  // exp(r) - 1 = r + q
};
template <class D, class V>
HWY_INLINE ExpParts<V> exp_parts(D d, V x) {
  constexpr float kTaylor[] = {0.5f, 1.0f / 6, 1.0f / 24, 1.0f / 120, 1.0f / 720, 1.0f / 5040};
  const V n = hn::Round(hn::Mul(x, hn::Set(d, 1.44269504088896341f)));
  // ln 2 = 355/512 - 2.12e-4; n has at most 8 bits and 355/512 nine, so the product is exact.
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440054690583e-4f), r);
  return {n, r, hn::Mul(hn::Mul(r, r), horner(d, r, kTaylor))};
}
// 2^n for integer-valued n in [-126, 127].
template <class D, class V>
HWY_INLINE V power_of_two(D d, V n) {
  const hn::RebindToSigned<D> di;
  return hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127))));
}
// 2^n y for 1/2 < y < 2, in two factors, so that overflow and denormal results come out with one rounding.
template <class D, class V>
HWY_INLINE V scale_f32(D d, V y, V n) {
  const V half = hn::Trunc(hn::Mul(n, hn::Set(d, 0.5f)));
  return hn::Mul(hn::Mul(y, power_of_two(d, half)), power_of_two(d, hn::Sub(n, half)));
}
// 1 + r + q with what 1 + r rounds away: below 0.7 ulp instead of 1.
template <class D, class V>
HWY_INLINE V one_plus(D d, const ExpParts<V>& e) {
  const V one = hn::Set(d, 1.0f), one_r = hn::Add(one, e.r);
  return hn::Add(one_r, hn::Add(e.q, hn::Add(hn::Sub(one, one_r), e.r)));
}
template <class D, class V>
HWY_INLINE V exp_f32(D d, V x) {
  // Beyond these the result is 0 or infinity in any case.
  const V in = hn::Min(hn::Max(x, hn::Set(d, -104.0f)), hn::Set(d, 89.0f));
  const ExpParts<V> e = exp_parts(d, in);
  return hn::IfThenElse(hn::IsNaN(x), x, scale_f32(d, one_plus(d, e), e.n));
}
// 2^n 2^r, |r| <= 1/2: a Chebyshev fit of (2^r - 1) / r made with mpmath, error below 4e-9.
template <class D, class V>
HWY_INLINE V exp2_f32(D d, V x) {
  constexpr float kFit[] = {0.693147182f,  0.240226507f,    0.0555041097f,  0.00961805694f,
                            0.0013333502f, 0.000154614449f, 1.52973244e-05f};
  const V in = hn::Min(hn::Max(x, hn::Set(d, -152.0f)), hn::Set(d, 129.0f));
  const V n = hn::Round(in), r = hn::Sub(in, n);
  const V y = hn::MulAdd(r, horner(d, r, kFit), hn::Set(d, 1.0f));
  return hn::IfThenElse(hn::IsNaN(x), x, scale_f32(d, y, n));
}

template <class D, class V>
HWY_INLINE V sigmoid_f32(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V e = exp_f32(d, hn::Neg(hn::Abs(x)));
  const auto negative = hn::Lt(x, hn::Zero(d));
  const V s = hn::Add(one, e), lost = hn::Sub(e, hn::Sub(s, one));
  const V q = hn::Div(hn::IfThenElse(negative, e, one), s);
  // 1 / s is q or 1 - q; s + lost is the exact sum.
  const V inverse = hn::IfThenElse(negative, hn::Sub(one, q), q);
  return hn::NegMulAdd(hn::Mul(q, lost), inverse, q);
}

// tanh(x) = t / (t + 2), t = exp(2|x|) - 1; from |x| = 10 on it rounds to 1.
template <class D, class V>
HWY_INLINE V tanh_f32(D d, V x) {
  const V a = hn::Min(hn::Abs(x), hn::Set(d, 10.0f));
  const ExpParts<V> e = exp_parts(d, hn::Add(a, a));
  const V scale = power_of_two(d, e.n);
  const V t = hn::MulAdd(scale, hn::Add(e.r, e.q), hn::Sub(scale, hn::Set(d, 1.0f)));
  const V two = hn::Set(d, 2.0f), sum = hn::Add(t, two);
  // sum + lost is the exact sum, and 1 / sum is (1 - q) / 2, too coarse where q is almost 1.
  const V lost = hn::IfThenElseZero(hn::Lt(t, hn::Set(d, 16.0f)), hn::Sub(t, hn::Sub(sum, two)));
  const V q = hn::Div(t, sum), half = hn::Set(d, 0.5f), inverse = hn::NegMulAdd(q, half, half);
  const V r = hn::CopySign(hn::NegMulAdd(hn::Mul(q, lost), inverse, q), x);
  return hn::IfThenElse(hn::IsNaN(x), x, r);
}

// Chebyshev fits made with mpmath: erf(x)/x - 1 in x^2 on |x| <= 0.9 (error 3e-10), and
// log(erfc(x)) on 0.9 <= x <= 4.1 (error 1.8e-8, of which erf sees at most a fifth).
template <class D, class V>
HWY_INLINE V erf_f32(D d, V x) {
  constexpr float kSmall[] = {0.12837916679f,    -0.37612635194f,     0.112837180496f,  -0.0268606647911f,
                              0.00520422669375f, -0.000817963218089f, 8.52940132284e-5f};
  constexpr float kLogErfc[] = {0.000366373615542f, -1.13046871853f,    -0.631318899652f,   -0.110689524023f,
                                0.0268724061008f,   -0.00497376225534f, 0.000662145247162f, -5.84512932669e-5f,
                                2.96691952404e-6f,  -6.16541966163e-8f};
  const V a = hn::Min(hn::Abs(x), hn::Set(d, 4.1f));
  const V small = hn::MulAdd(a, horner(d, hn::Mul(a, a), kSmall), a);
  const V large = hn::Sub(hn::Set(d, 1.0f), exp_f32(d, horner(d, a, kLogErfc)));
  const V r = hn::CopySign(hn::IfThenElse(hn::Lt(a, hn::Set(d, 0.9f)), small, large), x);
  return hn::IfThenElse(hn::IsNaN(x), x, r);
}

// --- in double ---

// Integer-valued n in [-1022, 1023]: adding 1.5 * 2^52 leaves n in the low bits.
template <class D, class V>
HWY_INLINE V power_of_two_f64(D d, V n) {
  const hn::RebindToUnsigned<D> du;
  const auto bits = hn::BitCast(du, hn::Add(n, hn::Set(d, 6755399441055744.0)));
  return hn::BitCast(d, hn::ShiftLeft<52>(hn::Add(bits, hn::Set(du, std::uint64_t{1023}))));
}
// exp(r) - 1 for |r| <= ln 2 / 2: Taylor to r^9, relative error below 7e-12.
template <class D, class V>
HWY_INLINE V expm1_small(D d, V r) {
  constexpr double kTaylor[] = {1.0,       1.0 / 2,    1.0 / 6,     1.0 / 24,    1.0 / 120,
                                1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880};
  return hn::Mul(r, horner(d, r, kTaylor));
}

struct Exp2F64 {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V in = hn::Min(hn::Max(x, hn::Set(d, -160.0)), hn::Set(d, 140.0));
    const V n = hn::Round(in);
    const V p = expm1_small(d, hn::Mul(hn::Sub(in, n), hn::Set(d, 0.69314718055994531)));
    const V scale = power_of_two_f64(d, n);
    return hn::IfThenElse(hn::IsNaN(x), x, hn::MulAdd(scale, p, scale));
  }
};
// exp(x) = scale (1 + p) for |x| <= 110.
template <class V>
struct ExpF64 {
  V scale, p;
};
template <class D, class V>
HWY_INLINE ExpF64<V> exp_parts_f64(D d, V x) {
  const V n = hn::Round(hn::Mul(x, hn::Set(d, 1.4426950408889634)));
  // ln 2 in two parts, the first of 33 bits: n times it is exact.
  V r = hn::NegMulAdd(n, hn::Set(d, 0x1.62e42fefp-1), x);
  r = hn::NegMulAdd(n, hn::Set(d, 0x1.473de6af278edp-34), r);
  return {power_of_two_f64(d, n), expm1_small(d, r)};
}
struct Expm1F64 {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const ExpF64<V> e = exp_parts_f64(d, hn::Min(hn::Max(x, hn::Set(d, -110.0)), hn::Set(d, 110.0)));
    const V y = hn::MulAdd(e.scale, e.p, hn::Sub(e.scale, hn::Set(d, 1.0)));
    return hn::IfThenElse(hn::Or(hn::IsNaN(x), hn::Eq(x, hn::Zero(d))), x, y);
  }
};

// log(u) = k ln 2 + 2 atanh(f / (2 + f)), u = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2); the series
// of atanh to s^11 has a relative error below 1e-11.  Where k = 0, `f0` is used for f: asinh and
// acosh pass what u = 1 + f0 has rounded.
template <class D, class V>
HWY_INLINE V log_core(D d, V u, V f0, bool use_f0) {
  constexpr double kAtanh[] = {1.0, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11};
  const hn::RebindToUnsigned<D> du;
  const auto bits = hn::BitCast(du, u);
  const auto biased = hn::ShiftRight<52>(hn::Add(bits, hn::Set(du, 0x3FF0000000000000ull - 0x3FE6A09E667F3BCDull)));
  const auto k_bits = hn::Sub(biased, hn::Set(du, std::uint64_t{1023}));
  const V m = hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<52>(k_bits)));
  // biased < 4096 below 2^52's bits is the double 2^52 + biased.
  const V k = hn::Sub(hn::BitCast(d, hn::Or(biased, hn::Set(du, 0x4330000000000000ull))),
                      hn::Set(d, 4503599627370496.0 + 1023.0));
  V f = hn::Sub(m, hn::Set(d, 1.0));
  if (use_f0) f = hn::IfThenElse(hn::Eq(k, hn::Zero(d)), f0, f);
  const V s = hn::Div(f, hn::Add(f, hn::Set(d, 2.0)));
  const V two_s = hn::Add(s, s);
  return hn::MulAdd(k, hn::Set(d, 0.69314718055994531), hn::Mul(two_s, horner(d, hn::Mul(s, s), kAtanh)));
}
// The values at and outside the edge of the domain; `u` is the logarithm's argument.
template <class D, class V>
HWY_INLINE V log_edges(D d, V u, V y) {
  const V inf = hn::Inf(d);
  y = hn::IfThenElse(hn::Eq(u, hn::Zero(d)), hn::Neg(inf), y);
  y = hn::IfThenElse(hn::Eq(u, inf), inf, y);
  return hn::IfThenElse(hn::Ge(u, hn::Zero(d)), y, hn::NaN(d));
}
template <int BASE>
struct LogF64 {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V y = log_core(d, x, x, false);
    return log_edges(d, x, hn::Mul(y, hn::Set(d, BASE == 2 ? 1.4426950408889634 : 0.43429448190325183)));
  }
};
// A function of doubles applied to both halves of float vectors.
template <class F, class D, class... V>
HWY_INLINE hn::Vec<D> in_double(D d, V... x) {
#if HWY_TARGET == HWY_SCALAR
  const hn::Rebind<double, D> one;
  // Not DemoteTo: on one lane it makes the greatest float of an overflow.
  return hn::Set(d, static_cast<float>(hn::GetLane(F()(one, hn::PromoteTo(one, x)...))));
#else
  const hn::Half<D> dh;
  const hn::Rebind<double, decltype(dh)> dd;
  const F f{};
  const auto lo = f(dd, hn::PromoteTo(dd, hn::LowerHalf(dh, x))...);
  const auto hi = f(dd, hn::PromoteTo(dd, hn::UpperHalf(dh, x))...);
  return hn::Combine(d, hn::DemoteTo(dh, hi), hn::DemoteTo(dh, lo));
#endif
}

// libm for the rare vector with an element that the vector form leaves out.
template <class D, class V>
HWY_NOINLINE V libm_lanes(D d, V x, double (*f)(double)) {
  HWY_ALIGN float lane[16];
  hn::Store(x, d, lane);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) lane[i] = static_cast<float>(f(static_cast<double>(lane[i])));
  return hn::Load(d, lane);
}
template <class D, class V>
HWY_NOINLINE V libm_lanes(D d, V x, V y, double (*f)(double, double)) {
  HWY_ALIGN float lane[2][16];
  hn::Store(x, d, lane[0]);
  hn::Store(y, d, lane[1]);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i)
    lane[0][i] = static_cast<float>(f(static_cast<double>(lane[0][i]), static_cast<double>(lane[1][i])));
  return hn::Load(d, lane[0]);
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
