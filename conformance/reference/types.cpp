// SPDX-License-Identifier: Apache-2.0
//
// Rounding and storage, by arithmetic on the wide type rather than by bit tricks.

#include "conformance/reference/types.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace fg::reference {
namespace {

struct Row {
  std::string_view name;
  std::size_t bytes;
  int digits, min_exponent;  // 0 for integers
  bool has_infinity;
};
constexpr std::array<Row, 12> kRows{{{"f64", 8, 53, -1022, true},
                                     {"f32", 4, 24, -126, true},
                                     {"f16", 2, 11, -14, true},
                                     {"bf16", 2, 8, -126, true},
                                     {"f8_e4m3fn", 1, 4, -6, false},
                                     {"f8_e5m2", 1, 3, -14, true},
                                     {"i64", 8, 0, 0, false},
                                     {"i32", 4, 0, 0, false},
                                     {"i16", 2, 0, 0, false},
                                     {"i8", 1, 0, 0, false},
                                     {"u8", 1, 0, 0, false},
                                     {"bool", 1, 0, 0, false}}};

const Row& row(Type type) { return kRows[static_cast<std::size_t>(type)]; }

// Significand and exponent field of a small float, as unsigned integers.
struct SmallFloat {
  int exponent_bits, fraction_bits;
};
SmallFloat small(Type type) {
  switch (type) {
    case Type::f16: return {5, 10};
    case Type::bf16: return {8, 7};
    case Type::f8_e4m3fn: return {4, 3};
    default: return {5, 2};
  }
}

Real decode(Type type, std::uint32_t bits) {
  const auto [e_bits, f_bits] = small(type);
  const std::uint32_t fraction = bits & ((1u << f_bits) - 1u);
  const int exponent = static_cast<int>((bits >> f_bits) & ((1u << e_bits) - 1u));
  const int top = (1 << e_bits) - 1;
  const bool negative = ((bits >> (e_bits + f_bits)) & 1u) != 0;
  Real x = 0;
  if (exponent == top && row(type).has_infinity) {
    x = fraction != 0 ? std::numeric_limits<Real>::quiet_NaN() : std::numeric_limits<Real>::infinity();
  } else if (exponent == top && fraction == (1u << f_bits) - 1u) {
    x = std::numeric_limits<Real>::quiet_NaN();
  } else {
    const int bias = (1 << (e_bits - 1)) - 1;
    const std::uint32_t significand = exponent == 0 ? fraction : fraction + (1u << f_bits);
    x = std::ldexp(static_cast<Real>(significand), std::max(exponent, 1) - bias - f_bits);
  }
  return negative ? -x : x;
}

std::uint32_t encode(Type type, Real x) {
  const auto [e_bits, f_bits] = small(type);
  const std::uint32_t sign = (std::signbit(x) ? 1u : 0u) << (e_bits + f_bits);
  const std::uint32_t top = ((1u << e_bits) - 1u) << f_bits;
  if (std::isnan(x)) return sign | top | (row(type).has_infinity ? 1u << (f_bits - 1) : (1u << f_bits) - 1u);
  const Real a = std::fabs(x);
  if (std::isinf(a)) return sign | top;
  const int bias = (1 << (e_bits - 1)) - 1;
  if (a < std::ldexp(Real{1}, 1 - bias)) return sign | static_cast<std::uint32_t>(std::ldexp(a, bias - 1 + f_bits));
  const int exponent = std::ilogb(a);
  const auto significand = static_cast<std::uint32_t>(std::ldexp(a, f_bits - exponent));
  return sign | (static_cast<std::uint32_t>(exponent + bias) << f_bits) | (significand - (1u << f_bits));
}

template <class T>
Real load_as(const std::byte* at) {
  T x;
  std::memcpy(&x, at, sizeof x);
  return static_cast<Real>(x);
}
template <class T>
void save_as(T x, std::byte* at) {
  std::memcpy(at, &x, sizeof x);
}

}  // namespace

std::int64_t numel(const Shape& shape) {
  std::int64_t n = 1;
  for (const std::int64_t d : shape) n *= d;
  return n;
}

std::string_view name(Type type) { return row(type).name; }
std::size_t bytes(Type type) { return row(type).bytes; }
bool is_float(Type type) { return row(type).digits != 0; }
bool is_integer(Type type) { return !is_float(type) && type != Type::boolean; }

std::optional<Type> type_from_name(std::string_view text) {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].name == text) return static_cast<Type>(i);
  }
  return std::nullopt;
}

Format format(Type type) {
  const Row& r = row(type);
  // The largest exponent is 1 - min_exponent; e4m3fn uses one more and loses its all-ones value.
  Real max = std::ldexp(2 - std::ldexp(Real{1}, 1 - r.digits), 1 - r.min_exponent);
  if (!r.has_infinity) max = 448;
  return {r.digits, r.min_exponent, max, r.has_infinity};
}

Real unit_roundoff(Type type) { return std::ldexp(Real{1}, -row(type).digits); }

Real ulp(Type type, Real x) {
  const Row& r = row(type);
  if (!std::isfinite(x)) return 0;
  const int exponent = x == 0 ? r.min_exponent : std::max(std::ilogb(x), r.min_exponent);
  return std::ldexp(Real{1}, exponent - (r.digits - 1));
}

Real round_to(Type type, Real x) {
  if (type == Type::f32) return static_cast<float>(x);
  if (type == Type::f64) return static_cast<double>(x);
  if (!std::isfinite(x) && row(type).has_infinity) return x;
  if (x == 0) return x;
  if (!std::isfinite(x)) return std::numeric_limits<Real>::quiet_NaN();
  const Real step = ulp(type, x);
  const Real y = std::nearbyint(x / step) * step;  // a power of two divides exactly; mode is to nearest even
  if (std::fabs(y) <= format(type).max) return y;
  if (!row(type).has_infinity) return std::numeric_limits<Real>::quiet_NaN();
  return std::copysign(std::numeric_limits<Real>::infinity(), x);
}

Real lowest(Type type) {
  if (type == Type::boolean || type == Type::u8) return 0;
  return -std::ldexp(Real{1}, static_cast<int>(8 * bytes(type)) - 1);
}
Real highest(Type type) {
  if (type == Type::boolean) return 1;
  return std::ldexp(Real{1}, static_cast<int>(8 * bytes(type)) - (type == Type::u8 ? 0 : 1)) - 1;
}

Real wrap(Type type, Real x) {
  if (type == Type::boolean) return x != 0 ? 1 : 0;
  if (x >= lowest(type) && x <= highest(type)) return x;
  const Real span = std::ldexp(Real{1}, static_cast<int>(8 * bytes(type)));
  const Real r = std::fmod(x, span);  // exact, sign of x
  if (r > highest(type)) return r - span;
  return r < lowest(type) ? r + span : r;
}

Real saturate(Type type, Real x) {
  if (std::isnan(x)) return type == Type::boolean ? 1 : 0;
  if (type == Type::boolean) return x != 0 ? 1 : 0;
  return std::clamp(std::trunc(x), lowest(type), highest(type));
}

Real store(Type type, Real x, bool from_float) {
  if (is_float(type)) return round_to(type, x);
  return from_float ? saturate(type, x) : wrap(type, x);
}

Real load(Type type, const std::byte* at) {
  switch (type) {
    case Type::f64: return load_as<double>(at);
    case Type::f32: return load_as<float>(at);
    case Type::f16:
    case Type::bf16: {
      std::uint16_t bits;
      std::memcpy(&bits, at, sizeof bits);
      return decode(type, bits);
    }
    case Type::f8_e4m3fn:
    case Type::f8_e5m2: return decode(type, static_cast<std::uint32_t>(*at));
    case Type::i64: return load_as<std::int64_t>(at);
    case Type::i32: return load_as<std::int32_t>(at);
    case Type::i16: return load_as<std::int16_t>(at);
    case Type::i8: return load_as<std::int8_t>(at);
    case Type::u8:
    case Type::boolean: return load_as<std::uint8_t>(at);
  }
  return 0;
}

void save(Type type, Real x, std::byte* at) {
  switch (type) {
    case Type::f64: return save_as(static_cast<double>(x), at);
    case Type::f32: return save_as(static_cast<float>(x), at);
    case Type::f16:
    case Type::bf16: return save_as(static_cast<std::uint16_t>(encode(type, x)), at);
    case Type::f8_e4m3fn:
    case Type::f8_e5m2: return save_as(static_cast<std::uint8_t>(encode(type, x)), at);
    case Type::i64: return save_as(static_cast<std::int64_t>(x), at);
    case Type::i32: return save_as(static_cast<std::int32_t>(x), at);
    case Type::i16: return save_as(static_cast<std::int16_t>(x), at);
    case Type::i8: return save_as(static_cast<std::int8_t>(x), at);
    case Type::u8:
    case Type::boolean: return save_as(static_cast<std::uint8_t>(x), at);
  }
}

}  // namespace fg::reference
