// SPDX-License-Identifier: Apache-2.0
//
// How a value joins what a place holds.  Integers wrap, NaN stays, bool is or (sum) and and (product).

#ifndef FG_PLUGINS_CPU_KERNELS_COMBINE_HPP_
#define FG_PLUGINS_CPU_KERNELS_COMBINE_HPP_

#include <cstdint>
#include <limits>
#include <type_traits>

#include "fg/sdk/dtype.hpp"

namespace fg::cpu {

// The type in which values of storage type T are combined.
template <class T>
struct CombinedAs {
  using type = std::conditional_t<std::is_integral_v<T> && sizeof(T) < 4 && !std::is_same_v<T, bool>, std::int32_t, T>;
};
template <>
struct CombinedAs<f16> {
  using type = float;
};
template <>
struct CombinedAs<bf16> {
  using type = float;
};

// The unsigned integer in which C wraps without undefined behaviour.
template <class C>
using Wrapped = std::make_unsigned_t<std::conditional_t<sizeof(C) < sizeof(int), int, C>>;

struct Assign {
  template <class C>
  C operator()(C, C x) const {
    return x;
  }
};
struct Plus {
  template <class C>
  C operator()(C a, C x) const {
    if constexpr (std::is_same_v<C, bool>)
      return a || x;
    else if constexpr (std::is_integral_v<C>)
      return static_cast<C>(static_cast<Wrapped<C>>(a) + static_cast<Wrapped<C>>(x));
    else
      return a + x;
  }
};
struct Times {
  template <class C>
  C operator()(C a, C x) const {
    if constexpr (std::is_same_v<C, bool>)
      return a && x;
    else if constexpr (std::is_integral_v<C>)
      return static_cast<C>(static_cast<Wrapped<C>>(a) * static_cast<Wrapped<C>>(x));
    else
      return a * x;
  }
};
template <class C>
struct PlusScaled {
  C alpha;
  C operator()(C a, C x) const { return Plus{}(a, Times{}(alpha, x)); }
};
struct Max {
  template <class C>
  C operator()(C a, C x) const {
    return x > a || x != x ? x : a;
  }
};
struct Min {
  template <class C>
  C operator()(C a, C x) const {
    return x < a || x != x ? x : a;
  }
};

// The sum of n values divided by n; integers towards minus infinity.  Of bool, as 0 and 1, that is
// the product.
template <class C>
C mean_of(C sum, std::int32_t n) {
  if constexpr (std::is_same_v<C, bool>) {
    return sum;
  } else if constexpr (std::is_integral_v<C>) {
    const auto q = static_cast<std::int64_t>(sum) / n;
    return static_cast<C>(q - static_cast<std::int64_t>(static_cast<std::int64_t>(sum) % n < 0));
  } else {
    return sum / static_cast<C>(n);
  }
}

// A number as a value of storage type T: integers wrap, floats saturate in integers, NaN is 0 there.
template <class T>
T number_as(const fg_scalar& s) {
  if constexpr (std::is_same_v<T, bool>) {
    return s.kind == FG_SCALAR_FLOAT ? s.v.f != 0 : s.v.i != 0;
  } else if constexpr (std::is_integral_v<T>) {
    if (s.kind != FG_SCALAR_FLOAT) return static_cast<T>(static_cast<std::uint64_t>(s.v.i));
    if (s.v.f != s.v.f) return 0;
    constexpr auto kLow = static_cast<double>(std::numeric_limits<T>::lowest());
    constexpr auto kHigh = static_cast<double>(std::numeric_limits<T>::max());
    if (s.v.f <= kLow) return std::numeric_limits<T>::lowest();
    return s.v.f >= kHigh ? std::numeric_limits<T>::max() : static_cast<T>(s.v.f);
  } else {
    const double x = s.kind == FG_SCALAR_FLOAT ? s.v.f : static_cast<double>(s.v.i);
    if constexpr (std::is_same_v<T, double>)
      return x;
    else
      return static_cast<T>(static_cast<float>(x));
  }
}

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_COMBINE_HPP_
