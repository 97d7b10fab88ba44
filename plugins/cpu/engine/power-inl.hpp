// SPDX-License-Identifier: Apache-2.0
//
// pow of F32: exp2(y log2 |x|) in double, with an error of 1e-9 at the limits of float.

#if defined(PLUGINS_CPU_ENGINE_POWER_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGINS_CPU_ENGINE_POWER_INL_HPP_
#undef PLUGINS_CPU_ENGINE_POWER_INL_HPP_
#else
#define PLUGINS_CPU_ENGINE_POWER_INL_HPP_
#endif

#include "hwy/highway.h"
#include "plugins/cpu/engine/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

struct PowF64 {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x, V y) const {
    const V a = hn::Abs(x);
    return Exp2F64()(d, hn::Mul(y, LogF64<2>()(d, a)));
  }
};
template <class D, class V>
HWY_INLINE V pow_f32(D d, V x, V y) {
  const V one = hn::Set(d, 1.0f), zero = hn::Zero(d), half_y = hn::Mul(y, hn::Set(d, 0.5f)), inf = hn::Inf(d);
  const auto whole = hn::Eq(hn::Round(y), y), even = hn::Eq(hn::Round(half_y), half_y);
  V r = in_double<PowF64>(d, x, y);
  r = hn::Xor(r, hn::IfThenElseZero(hn::AndNot(even, whole), hn::And(x, hn::SignBit(d))));
  const auto no_real = hn::AndNot(whole, hn::And(hn::Lt(x, zero), hn::Gt(x, hn::Neg(inf))));
  r = hn::IfThenElse(no_real, hn::NaN(d), r);
  const auto minus_one = hn::And(hn::Eq(x, hn::Neg(one)), hn::Eq(hn::Abs(y), inf));
  return hn::IfThenElse(hn::Or(hn::Or(hn::Eq(x, one), hn::Eq(y, zero)), minus_one), one, r);
}

#endif  // HWY_TARGET

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
