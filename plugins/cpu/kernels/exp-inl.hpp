// SPDX-License-Identifier: Apache-2.0
//
// exp of numbers that are not above 0, per Highway target.  Include after foreach_target.h, outside of
// any namespace.

#include <cmath>
#include <limits>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "plugins/cpu/engine/math-inl.hpp"

#if defined(FG_PLUGINS_CPU_KERNELS_EXP_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef FG_PLUGINS_CPU_KERNELS_EXP_INL_HPP_
#undef FG_PLUGINS_CPU_KERNELS_EXP_INL_HPP_
#else
#define FG_PLUGINS_CPU_KERNELS_EXP_INL_HPP_
#endif

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// exp(x), x <= 0 or NaN; 1.2 ulp for f32 (subnormals included).  With AVX-512 the power of two is one
// instruction that also rounds to subnormals once: e^r = 1 + r + r^2 q(r), q a Chebyshev fit on
// |r| <= ln 2 / 2 whose error is 1.1e-8 of the result.
template <class D>
HWY_INLINE hn::Vec<D> exp_negative(D d, hn::Vec<D> x) {
#if HWY_TARGET <= HWY_AVX3
  if constexpr (std::is_same_v<hn::TFromD<D>, float> && hn::MaxLanes(d) == 16) {
    const auto low = hn::Set(d, -105.0f);
    const auto in = hn::Max(low, x);  // the second operand where one is NaN
    const auto n = hn::Round(hn::Mul(in, hn::Set(d, 1.44269504088896341f)));
    auto r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), in);
    r = hn::NegMulAdd(n, hn::Set(d, -2.12194440054690583e-4f), r);
    auto q = hn::MulAdd(r, hn::Set(d, 0.0013933643522833032f), hn::Set(d, 0.008363175565468608f));
    q = hn::MulAdd(q, r, hn::Set(d, 0.04166646497612282f));
    q = hn::MulAdd(q, r, hn::Set(d, 0.16666577003160277f));
    q = hn::MulAdd(q, r, hn::Set(d, 0.500000001346222f));
    const auto p = hn::Add(hn::MulAdd(q, hn::Mul(r, r), r), hn::Set(d, 1.0f));
    return hn::Vec<D>{_mm512_scalef_ps(p.raw, n.raw)};
  }
#endif
  if constexpr (std::is_same_v<hn::TFromD<D>, float>) {
    return exp_f32(d, x);
  } else {
    return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(d, x));
  }
}

// exp of any number.  Highway's for doubles does not reach infinity.
template <class D>
HWY_INLINE hn::Vec<D> exp_any(D d, hn::Vec<D> x) {
  if constexpr (std::is_same_v<hn::TFromD<D>, float>) {
    return exp_f32(d, x);
  } else {
    HWY_ALIGN double lanes[hn::MaxLanes(d)];
    hn::Store(x, d, lanes);
    for (std::size_t i = 0; i < hn::Lanes(d); ++i) lanes[i] = std::exp(lanes[i]);
    return hn::Load(d, lanes);
  }
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
