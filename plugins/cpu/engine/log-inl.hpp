// SPDX-License-Identifier: Apache-2.0
//
// log and log1p of F32 in float.

#if defined(PLUGINS_CPU_ENGINE_LOG_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGINS_CPU_ENGINE_LOG_INL_HPP_
#undef PLUGINS_CPU_ENGINE_LOG_INL_HPP_
#else
#define PLUGINS_CPU_ENGINE_LOG_INL_HPP_
#endif

#include "hwy/highway.h"
#include "plugins/cpu/engine/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// x = 2^k m, sqrt(1/2) <= m < sqrt(2), of a normal x.
template <class D, class V>
struct LogParts {
  hn::Vec<hn::RebindToSigned<D>> k;
  V m;
};
template <class D, class V>
HWY_INLINE LogParts<D, V> log_parts(D d, V x) {
  const hn::RebindToSigned<D> di;
  const auto bits = hn::BitCast(di, x);
  const auto k = hn::ShiftRight<23>(hn::Sub(bits, hn::Set(di, 0x3F3504F3)));
  return {k, hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(k)))};
}
// log(2^k (1 + f)) = k ln 2 + f - f^2/2 + f^3 p(f); p is a Chebyshev fit made with mpmath, error 3e-8 of at most
// a fifth of the result.  355/512 times k is exact.
template <class D, class V>
HWY_INLINE V log_sum(D d, V k, V f) {
  constexpr float kFit[] = {0.333333313f,  -0.24999997f, 0.200007156f,  -0.166678026f, 0.142490581f,
                            -0.124256872f, 0.116854198f, -0.114797339f, 0.0697161183f};
  const V f2 = hn::Mul(f, f);
  V rest = hn::Mul(hn::Mul(f2, f), horner(d, f, kFit));
  rest = hn::MulAdd(k, hn::Set(d, -2.12194440054690583e-4f), rest);
  rest = hn::NegMulAdd(f2, hn::Set(d, 0.5f), rest);
  return hn::MulAdd(k, hn::Set(d, 0.693359375f), hn::Add(f, rest));
}

template <class D, class V>
HWY_INLINE V log_f32(D d, V x) {
  const auto denormal = hn::Lt(x, hn::Set(d, 0x1p-126f));
  const LogParts<D, V> p = log_parts(d, hn::IfThenElse(denormal, hn::Mul(x, hn::Set(d, 0x1p24f)), x));
  V k = hn::ConvertTo(d, p.k);
  k = hn::IfThenElse(denormal, hn::Sub(k, hn::Set(d, 24.0f)), k);
  return log_edges(d, x, log_sum(d, k, hn::Sub(p.m, hn::Set(d, 1.0f))));
}
// u = 1 + x with what the sum rounds away.
template <class D, class V>
HWY_INLINE V log1p_f32(D d, V x) {
  const hn::RebindToSigned<D> di;
  const V one = hn::Set(d, 1.0f), u = hn::Add(one, x), part = hn::Sub(u, one);
  const V lost = hn::Add(hn::Sub(one, hn::Sub(u, part)), hn::Sub(x, part));
  const LogParts<D, V> p = log_parts(d, u);
  const auto exponent = hn::Max(hn::Sub(hn::Set(di, 127), p.k), hn::Zero(di));
  const V f = hn::MulAdd(lost, hn::BitCast(d, hn::ShiftLeft<23>(exponent)), hn::Sub(p.m, one));
  const V y = log_edges(d, u, log_sum(d, hn::ConvertTo(d, p.k), f));
  return hn::IfThenElse(hn::Eq(x, hn::Zero(d)), x, y);
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
