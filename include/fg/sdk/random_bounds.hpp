// SPDX-License-Identifier: Apache-2.0
//
// The interval of uniform_ (docs/random.md) in numbers that a dtype can store.

#ifndef FG_SDK_RANDOM_BOUNDS_HPP_
#define FG_SDK_RANDOM_BOUNDS_HPP_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "fg/sdk/dtype.hpp"

namespace fg::sdk {

struct UniformBounds {
  double least = 0, greatest = 0;
};

namespace detail {

template <class S>
double stored(double x) {
  if constexpr (std::is_floating_point_v<S>) {
    return static_cast<double>(static_cast<S>(x));
  } else {
    return static_cast<double>(static_cast<float>(static_cast<S>(static_cast<float>(x))));
  }
}

// The storable number next to storable x, towards +-infinity.
template <class S>
double neighbour(double x, bool up) {
  if constexpr (std::is_floating_point_v<S>) {
    const S infinity = std::numeric_limits<S>::infinity();
    return static_cast<double>(std::nextafter(static_cast<S>(x), up ? infinity : -infinity));
  } else {
    S s(static_cast<float>(x));
    if ((s.bits & 0x7FFFu) == 0) {
      s.bits = up ? 0x0001u : 0x8001u;
    } else {
      s.bits = static_cast<std::uint16_t>(((s.bits & 0x8000u) == 0) == up ? s.bits + 1 : s.bits - 1);
    }
    return static_cast<double>(static_cast<float>(s));
  }
}

}  // namespace detail

// S: double, float, f16 or bf16.
template <class S>
UniformBounds uniform_bounds(double from, double to) {
  UniformBounds b{detail::stored<S>(from), detail::stored<S>(to)};
  while (b.least < from) b.least = detail::neighbour<S>(b.least, true);
  while (!(b.greatest < to)) {
    const double lower = detail::neighbour<S>(b.greatest, false);
    if (lower == b.greatest || std::isinf(lower)) break;
    b.greatest = lower;
  }
  b.greatest = std::max(b.least, b.greatest);  // No storable number may lie in between.
  return b;
}

}  // namespace fg::sdk

#endif  // FG_SDK_RANDOM_BOUNDS_HPP_
