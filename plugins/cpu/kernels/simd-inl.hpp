// SPDX-License-Identifier: Apache-2.0
//
// Vector loads and stores of the storage types as their compute type (f32 for 16-bit floats), per
// Highway target.  Include after foreach_target.h, outside of any namespace.

#include "fg/sdk/dtype.hpp"
#include "hwy/highway.h"

#if defined(FG_PLUGINS_CPU_KERNELS_SIMD_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef FG_PLUGINS_CPU_KERNELS_SIMD_INL_HPP_
#undef FG_PLUGINS_CPU_KERNELS_SIMD_INL_HPP_
#else
#define FG_PLUGINS_CPU_KERNELS_SIMD_INL_HPP_
#endif

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class S>
struct ComputeOf {
  using type = S;
};
template <>
struct ComputeOf<f16> {
  using type = float;
};
template <>
struct ComputeOf<bf16> {
  using type = float;
};
template <class S>
using Compute = typename ComputeOf<S>::type;

// F16C comes with the AVX2 target; below it 16-bit floats are converted one by one.
#if HWY_TARGET <= HWY_AVX2
inline constexpr bool kHasF16c = true;
#else
inline constexpr bool kHasF16c = false;
#endif

template <class D, class T>
HWY_INLINE hn::Vec<D> load(D d, const T* p) {
  if constexpr (std::is_same_v<T, hn::TFromD<D>>) {
    return hn::LoadU(d, p);
  } else if constexpr (std::is_same_v<T, bf16>) {
    const hn::Rebind<std::uint16_t, D> d16;
    const hn::RebindToUnsigned<D> d32;
    const auto bits = hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(p));
    return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(d32, bits)));
  } else {
    static_assert(std::is_same_v<T, f16>);
    if constexpr (kHasF16c) {
      const hn::Rebind<hwy::float16_t, D> d16;
      return hn::PromoteTo(d, hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(p)));
    } else {
      HWY_ALIGN float lanes[hn::MaxLanes(d)];
      for (std::size_t i = 0; i < hn::Lanes(d); ++i) lanes[i] = static_cast<float>(p[i]);
      return hn::Load(d, lanes);
    }
  }
}

// Rounds to nearest even; NaN stays NaN.
template <class D, class T>
HWY_INLINE void store(D d, hn::Vec<D> v, T* p) {
  if constexpr (std::is_same_v<T, hn::TFromD<D>>) {
    hn::StoreU(v, d, p);
  } else if constexpr (std::is_same_v<T, bf16>) {
    const hn::Rebind<std::uint16_t, D> d16;
    const hn::RebindToUnsigned<D> d32;
    const hn::RebindToSigned<D> di;
    const auto u = hn::BitCast(d32, v);
    const auto odd = hn::And(hn::ShiftRight<16>(u), hn::Set(d32, 1u));
    const auto rounded = hn::ShiftRight<16>(hn::Add(hn::Add(u, hn::Set(d32, 0x7FFFu)), odd));
    const auto nan = hn::Or(hn::And(hn::ShiftRight<16>(u), hn::Set(d32, 0x8000u)), hn::Set(d32, 0x7FC0u));
    const auto is_nan = hn::RebindMask(d32, hn::IsNaN(v));
    // Sign-extended, so that the signed saturating pack keeps the bits.
    const auto bits = hn::ShiftRight<16>(hn::ShiftLeft<16>(hn::BitCast(di, hn::IfThenElse(is_nan, nan, rounded))));
    const hn::Rebind<std::int16_t, D> di16;
    hn::StoreU(hn::BitCast(d16, hn::DemoteTo(di16, bits)), d16, reinterpret_cast<std::uint16_t*>(p));
  } else {
    static_assert(std::is_same_v<T, f16>);
    if constexpr (kHasF16c) {
      const hn::Rebind<hwy::float16_t, D> d16;
      hn::StoreU(hn::DemoteTo(d16, v), d16, reinterpret_cast<hwy::float16_t*>(p));
    } else {
      HWY_ALIGN float lanes[hn::MaxLanes(d)];
      hn::Store(v, d, lanes);
      for (std::size_t i = 0; i < hn::Lanes(d); ++i) p[i] = f16(lanes[i]);
    }
  }
}

// The first n < Lanes(d) elements; the other lanes are `fill`.
template <class D, class T>
HWY_INLINE hn::Vec<D> load_n(D d, const T* p, std::size_t n, hn::TFromD<D> fill) {
  HWY_ALIGN hn::TFromD<D> lanes[hn::MaxLanes(d)];
  hn::Store(hn::Set(d, fill), d, lanes);
  for (std::size_t i = 0; i < n; ++i) lanes[i] = static_cast<hn::TFromD<D>>(p[i]);
  return hn::Load(d, lanes);
}
template <class D, class T>
HWY_INLINE void store_n(D d, hn::Vec<D> v, T* p, std::size_t n) {
  HWY_ALIGN hn::TFromD<D> lanes[hn::MaxLanes(d)];
  hn::Store(v, d, lanes);
  for (std::size_t i = 0; i < n; ++i) p[i] = static_cast<T>(lanes[i]);
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
