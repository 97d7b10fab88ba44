// SPDX-License-Identifier: Apache-2.0
//
// Loops over blocks for one Highway target.  Included once per target, inside foreach_target.
// The last, partial vector is computed first from untouched operands, so a result may overwrite an
// operand in place.

#if defined(PLUGINS_CPU_ENGINE_LOOPS_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGINS_CPU_ENGINE_LOOPS_INL_HPP_
#undef PLUGINS_CPU_ENGINE_LOOPS_INL_HPP_
#else
#define PLUGINS_CPU_ENGINE_LOOPS_INL_HPP_
#endif

#include <cstring>

#include "hwy/highway.h"
#include "plugins/cpu/engine/micro.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Vectors of 64 bytes at most; a local buffer of this many bytes holds one.
inline constexpr std::size_t kVectorBytes = 64;

// How operand K is read: vector by vector, or one value for all (bit K of FORM).
template <Form FORM, unsigned K, class D, class T>
HWY_INLINE hn::Vec<D> operand(D d, const T* p, std::size_t i) {
  if constexpr ((FORM & (1u << K)) != 0) {
    (void)i;
    return hn::Set(d, *p);
  } else {
    return hn::LoadU(d, p + i);
  }
}
// A copy of a partial vector, so that whole vectors can be loaded.
template <Form FORM, unsigned K, class T>
HWY_INLINE const T* padded(T* buffer, const T* p, std::size_t n) {
  if constexpr ((FORM & (1u << K)) != 0) {
    (void)buffer, (void)n;
    return p;
  } else {
    std::memcpy(buffer, p, n * sizeof(T));
    return buffer;
  }
}

template <Form FORM, class D, class F, class T = hn::TFromD<D>>
HWY_INLINE void loop1(D d, T* dst, const T* a, std::size_t n, const F& f) {
  const std::size_t lanes = hn::Lanes(d);
  if (HWY_UNLIKELY(n < lanes)) {
    if (n == 0) return;
    HWY_ALIGN T in[kVectorBytes / sizeof(T)] = {}, out[kVectorBytes / sizeof(T)];
    hn::Store(f(d, operand<FORM, 0>(d, padded<FORM, 0>(in, a, n), 0)), d, out);
    std::memcpy(dst, out, n * sizeof(T));
    return;
  }
  const auto last = f(d, operand<FORM, 0>(d, a, n - lanes));
  for (std::size_t i = 0; i + lanes <= n; i += lanes) hn::StoreU(f(d, operand<FORM, 0>(d, a, i)), d, dst + i);
  hn::StoreU(last, d, dst + n - lanes);
}

template <Form FORM, class D, class F, class T = hn::TFromD<D>>
HWY_INLINE void loop2(D d, T* dst, const T* a, const T* b, std::size_t n, const F& f) {
  const std::size_t lanes = hn::Lanes(d);
  if (HWY_UNLIKELY(n < lanes)) {
    if (n == 0) return;
    HWY_ALIGN T in[2][kVectorBytes / sizeof(T)] = {}, out[kVectorBytes / sizeof(T)];
    const T *pa = padded<FORM, 0>(in[0], a, n), *pb = padded<FORM, 1>(in[1], b, n);
    hn::Store(f(d, operand<FORM, 0>(d, pa, 0), operand<FORM, 1>(d, pb, 0)), d, out);
    std::memcpy(dst, out, n * sizeof(T));
    return;
  }
  const auto last = f(d, operand<FORM, 0>(d, a, n - lanes), operand<FORM, 1>(d, b, n - lanes));
  for (std::size_t i = 0; i + lanes <= n; i += lanes) {
    hn::StoreU(f(d, operand<FORM, 0>(d, a, i), operand<FORM, 1>(d, b, i)), d, dst + i);
  }
  hn::StoreU(last, d, dst + n - lanes);
}

template <Form FORM, class D, class F, class T = hn::TFromD<D>>
HWY_INLINE void loop3(D d, T* dst, const T* a, const T* b, const T* c, std::size_t n, const F& f) {
  const std::size_t lanes = hn::Lanes(d);
  if (HWY_UNLIKELY(n < lanes)) {
    if (n == 0) return;
    HWY_ALIGN T in[3][kVectorBytes / sizeof(T)] = {}, out[kVectorBytes / sizeof(T)];
    const T *pa = padded<FORM, 0>(in[0], a, n), *pb = padded<FORM, 1>(in[1], b, n), *pc = padded<FORM, 2>(in[2], c, n);
    hn::Store(f(d, operand<FORM, 0>(d, pa, 0), operand<FORM, 1>(d, pb, 0), operand<FORM, 2>(d, pc, 0)), d, out);
    std::memcpy(dst, out, n * sizeof(T));
    return;
  }
  const std::size_t at = n - lanes;
  const auto last = f(d, operand<FORM, 0>(d, a, at), operand<FORM, 1>(d, b, at), operand<FORM, 2>(d, c, at));
  for (std::size_t i = 0; i + lanes <= n; i += lanes) {
    hn::StoreU(f(d, operand<FORM, 0>(d, a, i), operand<FORM, 1>(d, b, i), operand<FORM, 2>(d, c, i)), d, dst + i);
  }
  hn::StoreU(last, d, dst + at);
}

// Between element sizes: f(d_to, vector of `From`) with as many lanes of both.  No aliasing.
template <class To, class DFrom, class F, class From = hn::TFromD<DFrom>>
HWY_INLINE void loop_convert(DFrom df, To* dst, const From* a, std::size_t n, const F& f) {
  const hn::Rebind<To, DFrom> dt;
  const std::size_t lanes = hn::Lanes(df);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(f(dt, hn::LoadU(df, a + i)), dt, dst + i);
  if (i == n) return;
  HWY_ALIGN From in[kVectorBytes] = {};
  HWY_ALIGN To out[kVectorBytes];
  std::memcpy(in, a + i, (n - i) * sizeof(From));
  hn::Store(f(dt, hn::Load(df, in)), dt, out);
  std::memcpy(dst + i, out, (n - i) * sizeof(To));
}

// Bytes 0 or 1 from a mask, and back.
template <class D, class D8 = hn::Rebind<std::uint8_t, D>>
HWY_INLINE hn::Vec<D8> to_bytes(D d, hn::Mask<D> m) {
  const hn::RebindToUnsigned<D> du;
  const auto ones = hn::BitCast(du, hn::VecFromMask(d, m));
  if constexpr (sizeof(hn::TFromD<D>) == 1) {
    return hn::And(ones, hn::Set(du, 1));
  } else {
    return hn::TruncateTo(D8(), hn::And(ones, hn::Set(du, 1)));
  }
}
template <class D>
HWY_INLINE hn::Mask<D> from_bytes(D d, const std::uint8_t* p) {
  const hn::Rebind<std::uint8_t, D> d8;
  const hn::RebindToUnsigned<D> du;
  if constexpr (sizeof(hn::TFromD<D>) == 8) {
    const hn::Rebind<std::uint32_t, D> d32;
    return hn::RebindMask(d, hn::Ne(hn::PromoteTo(du, hn::PromoteTo(d32, hn::LoadU(d8, p))), hn::Zero(du)));
  } else {
    return hn::RebindMask(d, hn::Ne(hn::PromoteTo(du, hn::LoadU(d8, p)), hn::Zero(du)));
  }
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
