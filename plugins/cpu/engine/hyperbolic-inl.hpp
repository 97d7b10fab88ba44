// SPDX-License-Identifier: Apache-2.0
//
// sinh, cosh and the inverse hyperbolic functions of F32.  Polynomials are Chebyshev fits made with
// mpmath; asinh and acosh work in double, like log.

#if defined(PLUGINS_CPU_ENGINE_HYPERBOLIC_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGINS_CPU_ENGINE_HYPERBOLIC_INL_HPP_
#undef PLUGINS_CPU_ENGINE_HYPERBOLIC_INL_HPP_
#else
#define PLUGINS_CPU_ENGINE_HYPERBOLIC_INL_HPP_
#endif

#include "hwy/highway.h"
#include "plugins/cpu/engine/math-inl.hpp"
#include "plugins/cpu/engine/trig-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

// exp(a) / 2 for a >= 0; infinite from 90 on.
template <class D, class V>
HWY_INLINE V half_exp(D d, V a) {
  const ExpParts<V> e = exp_parts(d, hn::Min(a, hn::Set(d, 90.0f)));
  return scale_f32(d, one_plus(d, e), hn::Sub(e.n, hn::Set(d, 1.0f)));
}
template <class D, class V>
HWY_INLINE V sinh_f32(D d, V x) {
  constexpr float kSinh[] = {0.166666672f, 0.00833333936f, 0.000198381022f, 2.80628024e-06f};
  const V a = hn::Abs(x), h = half_exp(d, a);
  const V large = hn::Sub(h, hn::Div(hn::Set(d, 0.25f), h));
  const auto is_large = hn::Gt(a, hn::Set(d, 1.0f));
  return hn::CopySign(hn::IfThenElse(is_large, large, odd_series(d, a, hn::Mul(a, a), kSinh)), x);
}
template <class D, class V>
HWY_INLINE V cosh_f32(D d, V x) {
  const V h = half_exp(d, hn::Abs(x));
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Add(h, hn::Div(hn::Set(d, 0.25f), h)));
}

// atanh(a) by its series up to 1/2.  Above, with u = 1 + a and 1 - a = 2^-j w, 1 <= w < 2, it is
// j ln 2 / 2 + atanh((u - w) / (u + w)).
template <class D, class V>
HWY_INLINE V atanh_f32(D d, V x) {
  constexpr float kAtanh[] = {0.333333313f, 0.200004727f, 0.142639801f, 0.114698753f, 0.0649348944f, 0.157517806f};
  const hn::RebindToSigned<D> di;
  const V a = hn::Abs(x), one = hn::Set(d, 1.0f), zero = hn::Zero(d);
  const V u = hn::Add(one, a), v = hn::Sub(one, a), lost = hn::Sub(a, hn::Sub(u, one));
  const auto exponent = hn::Sub(hn::ShiftRight<23>(hn::BitCast(di, v)), hn::Set(di, 127));
  const V w = hn::BitCast(d, hn::Sub(hn::BitCast(di, v), hn::ShiftLeft<23>(exponent)));
  const auto large = hn::Gt(a, hn::Set(d, 0.5f));
  const V quotient = hn::Div(hn::Add(hn::Sub(u, w), lost), hn::Add(u, w));
  const V s = hn::IfThenElse(large, quotient, a);
  const V logarithm = hn::IfThenElse(large, hn::Mul(hn::ConvertTo(d, exponent), hn::Set(d, -0.34657359028f)), zero);
  const V z = hn::Mul(s, s);
  const V y = hn::Add(logarithm, odd_series(d, s, z, kAtanh));
  const V edge = hn::IfThenElse(hn::Eq(a, one), hn::Inf(d), hn::NaN(d));
  return hn::CopySign(hn::IfThenElse(hn::Lt(a, one), y, edge), x);
}

// log(1 + f) with f = |x| - 1 + sqrt(x^2 + 1), written without cancellation.
struct AsinhF64 {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V a = hn::Abs(x), one = hn::Set(d, 1.0), a2 = hn::Mul(a, a);
    const V f = hn::Add(a, hn::Div(a2, hn::Add(one, hn::Sqrt(hn::Add(one, a2)))));
    const V y = log_core(d, hn::Add(one, f), f, true);
    return hn::IfThenElse(hn::Lt(a, hn::Inf(d)), hn::CopySign(y, x), x);
  }
};
struct AcoshF64 {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V one = hn::Set(d, 1.0), t = hn::Sub(x, one);
    const V f = hn::Add(t, hn::Sqrt(hn::Mul(t, hn::Add(x, one))));
    const V y = log_core(d, hn::Add(one, f), f, true);
    return hn::IfThenElse(hn::Ge(x, one), hn::IfThenElse(hn::Eq(x, hn::Inf(d)), x, y), hn::NaN(d));
  }
};
template <class D, class V>
HWY_INLINE V asinh_f32(D d, V x) {
  return in_double<AsinhF64>(d, x);
}
template <class D, class V>
HWY_INLINE V acosh_f32(D d, V x) {
  return in_double<AcoshF64>(d, x);
}

#endif  // HWY_TARGET

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
