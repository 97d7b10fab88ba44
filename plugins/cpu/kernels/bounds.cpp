// SPDX-License-Identifier: Apache-2.0

#include "plugins/cpu/kernels/bounds.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/kernels/bounds.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE hn::Vec<D> load_indices(D d, const std::int64_t* p) {
  return hn::LoadU(d, p);
}
template <class D>
HWY_INLINE hn::Vec<D> load_indices(D d, const std::int32_t* p) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<std::int32_t, D>(), p));
}

// With x counted from the lowest, the sign of x | (range - 1 - x) is set outside of [0, range).
template <class I>
bool outside(const I* at, std::int64_t count, std::int64_t lowest, std::int64_t range) {
  const hn::ScalableTag<std::int64_t> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto low = hn::Set(d, lowest), most = hn::Set(d, range - 1);
  auto any0 = hn::Zero(d), any1 = any0;
  const auto odd = [&](const I* p) HWY_ATTR {
    const auto x = hn::Sub(load_indices(d, p), low);
    return hn::Or(x, hn::Sub(most, x));
  };
  std::int64_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    any0 = hn::Or(any0, odd(at + i));
    any1 = hn::Or(any1, odd(at + i + lanes));
  }
  bool found = !hn::AllFalse(d, hn::Lt(hn::Or(any0, any1), hn::Zero(d)));
  for (; i < count; ++i) {
    found = found || static_cast<std::uint64_t>(std::int64_t{at[i]}) - static_cast<std::uint64_t>(lowest) >=
                         static_cast<std::uint64_t>(range);
  }
  return found;
}
bool outside_i64(const std::int64_t* at, std::int64_t count, std::int64_t lowest, std::int64_t range) {
  return outside(at, count, lowest, range);
}
bool outside_i32(const std::int32_t* at, std::int64_t count, std::int64_t lowest, std::int64_t range) {
  return outside(at, count, lowest, range);
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fg::cpu {
HWY_EXPORT(outside_i64);
HWY_EXPORT(outside_i32);

bool any_outside(const std::int64_t* at, std::int64_t count, std::int64_t lowest, std::int64_t range) {
  return HWY_DYNAMIC_DISPATCH(outside_i64)(at, count, lowest, range);
}
bool any_outside(const std::int32_t* at, std::int64_t count, std::int64_t lowest, std::int64_t range) {
  return HWY_DYNAMIC_DISPATCH(outside_i32)(at, count, lowest, range);
}
}  // namespace fg::cpu
#endif
