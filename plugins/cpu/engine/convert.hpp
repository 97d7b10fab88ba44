// SPDX-License-Identifier: Apache-2.0
//
// The conversion rules of fg/abi/expr.h for one value.

#ifndef FG_PLUGINS_CPU_ENGINE_CONVERT_HPP_
#define FG_PLUGINS_CPU_ENGINE_CONVERT_HPP_

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "fg/abi/types.h"
#include "fg/sdk/dtype.hpp"

namespace fg::cpu {

template <class T>
inline constexpr bool kIsSmallFloat =
    std::is_same_v<T, f16> || std::is_same_v<T, bf16> || std::is_same_v<T, f8_e4m3fn> || std::is_same_v<T, f8_e5m2>;

// Float to integer: towards zero, saturating, NaN to 0.
template <class To, class From>
To saturate(From x) {
  constexpr From kTop = static_cast<From>(std::uint64_t{1} << (std::numeric_limits<To>::digits - 1)) * 2;  // max + 1
  if (x != x) return 0;
  if (x >= kTop) return std::numeric_limits<To>::max();
  if (x <= static_cast<From>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
  return static_cast<To>(x);
}

// Rounds to odd: a later rounding to fewer bits gives what one rounding of `x` would have given
// (Boldo and Melquiond, IEEE Transactions on Computers 57(4), 2008).
inline float round_to_odd(double x) {
  const float f = static_cast<float>(x);
  if (static_cast<double>(f) == x || x != x) return f;
  std::uint32_t bits = std::bit_cast<std::uint32_t>(f);
  if (std::fabs(static_cast<double>(f)) > std::fabs(x)) bits -= 1;
  return std::bit_cast<float>(bits | 1u);
}

// Integers keep their low bits, anything to bool is "!= 0".
template <class To, class From>
To convert_value(From x) {
  if constexpr (std::is_same_v<To, From>) {
    return x;
  } else if constexpr (kIsSmallFloat<From>) {
    return convert_value<To>(static_cast<float>(x));
  } else if constexpr (kIsSmallFloat<To>) {
    if constexpr (std::is_same_v<From, float>) {
      return To(x);
    } else {
      return To(round_to_odd(static_cast<double>(x)));
    }
  } else if constexpr (std::is_same_v<To, bool>) {
    return x != From{0};
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    return saturate<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

template <class T>
T scalar_as(const fg_scalar& s) {
  return s.kind == FG_SCALAR_FLOAT ? convert_value<T>(s.v.f) : convert_value<T>(s.v.i);
}

// Calls f(TypeTag<T>) with the C type of a compute type; BOOL is bool.
template <class F>
auto with_compute_type(std::uint16_t type, F&& f) {
  switch (type) {
    case FG_CT_BOOL: return f(TypeTag<bool>{});
    case FG_CT_I32: return f(TypeTag<std::int32_t>{});
    case FG_CT_I64: return f(TypeTag<std::int64_t>{});
    case FG_CT_F32: return f(TypeTag<float>{});
    default: return f(TypeTag<double>{});
  }
}

constexpr std::size_t compute_bytes(std::uint16_t type) {
  switch (type) {
    case FG_CT_BOOL: return 1;
    case FG_CT_I32:
    case FG_CT_F32: return 4;
    default: return 8;
  }
}

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_ENGINE_CONVERT_HPP_
