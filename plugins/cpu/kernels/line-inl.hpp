// SPDX-License-Identifier: Apache-2.0
//
// Rows walked vector by vector, with masks at their ends and stores past the cache, per Highway target.
// Include after foreach_target.h, outside of any namespace.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "plugins/cpu/kernels/simd-inl.hpp"

#if defined(FG_PLUGINS_CPU_KERNELS_LINE_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef FG_PLUGINS_CPU_KERNELS_LINE_INL_HPP_
#undef FG_PLUGINS_CPU_KERNELS_LINE_INL_HPP_
#else
#define FG_PLUGINS_CPU_KERNELS_LINE_INL_HPP_
#endif

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// From AVX2 on, loads and stores of 32 and 64 bits have masks.
inline constexpr bool kMasked = HWY_TARGET <= HWY_AVX2;

// For lambdas that are called in a loop and named in several places: one left out of line would keep what all of
// them capture in memory.
#define FG_INLINE_ATTR HWY_ATTR __attribute__((always_inline))

// What is read after the row in hand, asked for into the second level while that row is computed from the
// cache: otherwise memory rests in every pass but the first.  Asks at places that depend on nothing: a cursor
// that stops at an end costs more than all the lines that are asked for in vain.
class Ahead {
 public:
  // `next` may be null; rows that would fill a good part of that level are not asked for.  Both have `bytes`.
  Ahead(const void* row, const void* next, std::int64_t bytes)
      : at_(static_cast<const char*>(next == nullptr || bytes > kMostBytes ? row : next)) {}
  HWY_INLINE void ask(std::int64_t byte) const { __builtin_prefetch(at_ + byte, 0, 2); }

 private:
  static constexpr std::int64_t kMostBytes = 128 << 10;
  const char* at_;
};

// Room in `scratch` (kBesideBytes more than is used) for what is written while `row` is read: half a page
// from it, since a load whose low address bits are those of a store before it waits for that store.
inline constexpr std::int64_t kPageBytes = 4096;
inline void* beside(const void* row, void* scratch) {
  const auto at = reinterpret_cast<std::uintptr_t>(scratch), wanted = reinterpret_cast<std::uintptr_t>(row) / 64 * 64;
  return static_cast<std::byte*>(scratch) + (wanted + kPageBytes / 2 - at) % kPageBytes;
}

// store() past the cache; p is aligned to what is written.
template <class D, class T>
HWY_INLINE void stream(D d, hn::Vec<D> v, T* p) {
  if constexpr (std::is_same_v<T, hn::TFromD<D>>) {
    hn::Stream(v, d, p);
  } else {
    const hn::Rebind<std::uint16_t, D> d16;
    HWY_ALIGN T narrow[hn::MaxLanes(d)];
    store(d, v, narrow);
    hn::Stream(hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(narrow)), d16,
               reinterpret_cast<std::uint16_t*>(p));
  }
}

// f(position, count) for the vectors of a row of n elements: whole ones first, then the rest; between() after
// every four whole ones.  With `streams` the first call ends where y is aligned, so that the others may go past
// the cache.
template <class D, class T, class F, class G>
HWY_INLINE void each_vector(D d, const T* y, std::int64_t n, bool streams, F&& f, G&& between) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  if (streams) {
    const auto bytes = static_cast<std::uintptr_t>(lanes) * sizeof(T);
    const std::uintptr_t beyond = reinterpret_cast<std::uintptr_t>(y) % bytes;
    if (beyond != 0) {
      i = std::min(n, static_cast<std::int64_t>((bytes - beyond) / sizeof(T)));
      f(std::int64_t{0}, i);
    }
  }
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    for (std::int64_t k = 0; k < 4; ++k) f(i + k * lanes, lanes);
    between();
  }
  for (; i < n; i += lanes) f(i, std::min(lanes, n - i));
}
template <class D, class T, class F>
HWY_INLINE void each_vector(D d, const T* y, std::int64_t n, bool streams, F&& f) {
  each_vector(d, y, n, streams, f, []() FG_INLINE_ATTR {});
}
template <class D, class T>
HWY_INLINE hn::Vec<D> load_part(D d, const T* p, std::int64_t n, hn::TFromD<D> fill) {
  if (n == static_cast<std::int64_t>(hn::Lanes(d))) return load(d, p);
  if constexpr (std::is_same_v<T, hn::TFromD<D>> && kMasked) {
    const auto mask = hn::FirstN(d, static_cast<std::size_t>(n));
    return hn::IfThenElse(mask, hn::MaskedLoad(mask, d, p), hn::Set(d, fill));
  } else {
    return load_n(d, p, static_cast<std::size_t>(n), fill);
  }
}
template <class D, class T>
HWY_INLINE void store_part(D d, hn::Vec<D> v, T* p, std::int64_t n, bool streams) {
  if (n != static_cast<std::int64_t>(hn::Lanes(d))) {
    if constexpr (std::is_same_v<T, hn::TFromD<D>> && kMasked) {
      hn::BlendedStore(v, hn::FirstN(d, static_cast<std::size_t>(n)), d, p);
    } else {
      store_n(d, v, p, static_cast<std::size_t>(n));
    }
  } else if (streams) {
    stream(d, v, p);
  } else {
    store(d, v, p);
  }
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
