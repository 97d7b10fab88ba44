// SPDX-License-Identifier: Apache-2.0
//
// lgamma and erfc of F32, in double.  Polynomials are Chebyshev fits made with mpmath.

#if defined(PLUGINS_CPU_ENGINE_GAMMA_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGINS_CPU_ENGINE_GAMMA_INL_HPP_
#undef PLUGINS_CPU_ENGINE_GAMMA_INL_HPP_
#else
#define PLUGINS_CPU_ENGINE_GAMMA_INL_HPP_
#endif

#include "hwy/highway.h"
#include "plugins/cpu/engine/libm.hpp"
#include "plugins/cpu/engine/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

// exp(x) for -110 <= x <= 0.
template <class D, class V>
HWY_INLINE V exp_f64(D d, V x) {
  const ExpF64<V> e = exp_parts_f64(d, x);
  return hn::MulAdd(e.scale, e.p, e.scale);
}

// erfc(a) = exp(-a^2) g / (1 + 2a); g, between 1 and 1.28, is a polynomial in t = (a - 3) / (a + 3), error 3.6e-9.
// At 10.25 the result rounds to 0.
struct ErfcF64 {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    constexpr double kScaled[] = {1.2530080579366303,      -0.13562114554789972,   -0.047562293934386893,
                                  0.1296466303373042,      -0.1192723837413585,    0.068293301860595235,
                                  -0.023791903686348734,   0.002578536352206741,   0.0019973068511900962,
                                  -0.00079446296959070982, -0.00027592281439229081};
    const V a = hn::Min(hn::Abs(x), hn::Set(d, 10.25)), three = hn::Set(d, 3.0), one = hn::Set(d, 1.0);
    const V p = hn::Add(a, three), q = hn::Add(hn::Add(a, a), one);
    const V inverse = hn::Div(one, hn::Mul(p, q));
    const V t = hn::Mul(hn::Mul(hn::Sub(a, three), q), inverse);
    const V e = hn::Mul(exp_f64(d, hn::Neg(hn::Mul(a, a))), hn::Mul(p, inverse));
    const V y = hn::Mul(e, horner(d, t, kScaled));
    const V r = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Sub(hn::Set(d, 2.0), y), y);
    return hn::IfThenElse(hn::IsNaN(x), x, r);
  }
};
template <class D, class V>
HWY_INLINE V erfc_f32(D d, V x) {
  return in_double<ErfcF64>(d, x);
}

// Of 1 <= w <= 2: (w - 1) (w - 2) times a polynomial, relative error 2e-11.
template <class D, class V>
HWY_INLINE V lgamma_unit(D d, V w) {
  constexpr double kGamma[] = {0.48312895054098087,    -0.14595989573182686,   0.062911400960166355,
                               -0.031308507866704825,  0.016797111398391927,   -0.0094249764758695814,
                               0.0054460529105781674,  -0.0032207885312005016, 0.0019283782552744898,
                               -0.0011080558310978198, 0.00067620478104544893, -0.00060712484420353966,
                               0.00037721545217415394};
  const V zeros = hn::Mul(hn::Sub(w, hn::Set(d, 1.0)), hn::Sub(w, hn::Set(d, 2.0)));
  return hn::Mul(zeros, horner(d, hn::Sub(w, hn::Set(d, 1.5)), kGamma));
}
// Stirling's series from x = 8 on, with log(x) given.
template <class D, class V>
HWY_INLINE V lgamma_large(D d, V x, V log_x) {
  constexpr double kStirling[] = {0.0833333333298584, -0.0027777737671553205, 0.00079292156130797301,
                                  -0.00055214987340417596};
  const V inverse = hn::Div(hn::Set(d, 1.0), x);
  const V series =
      hn::MulAdd(inverse, horner(d, hn::Mul(inverse, inverse), kStirling), hn::Set(d, 0.91893853320467274));
  const V y = hn::Add(hn::MulSub(hn::Sub(x, hn::Set(d, 0.5)), log_x, x), series);
  return hn::IfThenElse(hn::Eq(x, hn::Inf(d)), x, y);
}

inline constexpr double kStirlingFrom = 8, kLeastGamma = -8;

// x is moved to 1 <= w < 2: gamma(x) = gamma(w) / (x (x + 1) ... (w - 1)), or times (x - 1) ... w.
struct LgammaF64 {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V one = hn::Set(d, 1.0), two = hn::Set(d, 2.0), far = hn::Set(d, kLeastGamma);
    const auto large = hn::Ge(x, hn::Set(d, kStirlingFrom)), above = hn::Ge(x, two);
    V w = hn::IfThenElse(large, one, hn::IfThenElse(hn::Lt(x, far), one, x));
    V product = hn::IfThenElse(large, x, one);
    for (auto low = hn::Lt(w, one); !hn::AllFalse(d, low); low = hn::Lt(w, one)) {
      product = hn::IfThenElse(low, hn::Mul(product, w), product);
      w = hn::IfThenElse(low, hn::Add(w, one), w);
    }
    for (auto high = hn::Ge(w, two); !hn::AllFalse(d, high); high = hn::Ge(w, two)) {
      w = hn::IfThenElse(high, hn::Sub(w, one), w);
      product = hn::IfThenElse(high, hn::Mul(product, w), product);
    }
    product = hn::Abs(product);
    const V log = log_edges(d, product, log_core(d, product, product, false));
    const V y = hn::Add(lgamma_unit(d, w), hn::IfThenElse(above, log, hn::Sub(hn::Zero(d), log)));  // Not Neg: 0 of 1
    if (hn::AllFalse(d, large)) return y;
    return hn::IfThenElse(large, lgamma_large(d, x, log), y);
  }
};
// Far to the left, and near the zeros between the poles, where the terms cancel, libm takes over.
template <class D, class V>
HWY_INLINE V lgamma_f32(D d, V x) {
  const V y = in_double<LgammaF64>(d, x);
  const auto cancels = hn::And(hn::Lt(x, hn::Set(d, -2.0f)), hn::Lt(hn::Abs(y), hn::Set(d, 0.0078125f)));
  const auto far = hn::Lt(x, hn::Set(d, static_cast<float>(kLeastGamma)));
  if (HWY_UNLIKELY(!hn::AllFalse(d, hn::Or(cancels, far)))) return libm_lanes(d, x, log_gamma);
  return y;
}

#endif  // HWY_TARGET

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
