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

// exp(x), x <= 0 or NaN, for x that is itself a rounded difference: 1.2 ulp for f32 (subnormals included) and, with
// AVX-512, 0.05 u |x| more, u = 2^-24, as ln 2 is one number there; the difference has up to u |x| already.
// With AVX-512 one instruction looks up 2^(j/16), and one scales by a power of two, rounding to subnormals once:
// x = (n + j/16) ln 2 + r, |r| <= ln 2 / 32, e^r = 1 + r + r^2 q(r) with an error below 3e-9.
template <class D>
HWY_INLINE hn::Vec<D> exp_negative(D d, hn::Vec<D> x) {
#if HWY_TARGET <= HWY_AVX3
  if constexpr (std::is_same_v<hn::TFromD<D>, float> && hn::MaxLanes(d) == 16) {
    HWY_ALIGN static constexpr float kRoots[16] = {
        1.0f,        1.04427378f, 1.09050773f, 1.13878863f, 1.18920712f, 1.24185781f, 1.29683955f, 1.35425555f,
        1.41421356f, 1.47682615f, 1.54221083f, 1.61049033f, 1.68179283f, 1.7562522f,  1.83400809f, 1.91520656f};
    const auto in = hn::Max(hn::Set(d, -105.0f), x);  // the second operand where one is NaN
    // 1.5 * 2^19: the sum has an ulp of 1/16, so its low bits are j.
    const auto magic = hn::Set(d, 786432.0f), sum = hn::MulAdd(in, hn::Set(d, 1.44269504088896341f), magic);
    const auto n = hn::Sub(sum, magic);  // with j/16, which scaling leaves out
    const hn::Vec<D> root{_mm512_permutexvar_ps(_mm512_castps_si512(sum.raw), _mm512_load_ps(kRoots))};
    const auto r = hn::NegMulAdd(n, hn::Set(d, 0.693147182464599609f), in);
    const auto q = hn::MulAdd(r, hn::Set(d, 0.166666672f), hn::Set(d, 0.500019550f));
    const auto p = hn::MulAdd(hn::Mul(r, r), q, r);
    return hn::Vec<D>{_mm512_scalef_ps(hn::MulAdd(root, p, root).raw, n.raw)};
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
