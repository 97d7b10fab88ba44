// SPDX-License-Identifier: Apache-2.0
//
// Numbers of the oracle: storage types, their rounding, and the wide real type in which everything
// is computed.  The oracle includes the standard library alone and shares no code with the core.

#ifndef FG_CONFORMANCE_REFERENCE_TYPES_HPP_
#define FG_CONFORMANCE_REFERENCE_TYPES_HPP_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

namespace fg::reference {

// x87 extended: 64 bits of significand hold every int64 and every product of two f32 exactly.
using Real = long double;
static_assert(std::numeric_limits<Real>::digits >= 64, "the oracle needs a wider type than double");

enum class Type : std::uint8_t { f64, f32, f16, bf16, f8_e4m3fn, f8_e5m2, i64, i32, i16, i8, u8, boolean };

using Shape = std::vector<std::int64_t>;
std::int64_t numel(const Shape& shape);

std::string_view name(Type type);
std::optional<Type> type_from_name(std::string_view text);
std::size_t bytes(Type type);
bool is_float(Type type);
bool is_integer(Type type);  // i64 .. u8; bool is neither

// Of a floating type: significand bits with the hidden one, exponents, largest finite value.
struct Format {
  int digits;
  int min_exponent;  // 2^min_exponent is the smallest normal number
  Real max;
  bool has_infinity;
};
Format format(Type type);

// 2^-digits: relative error of one rounding to nearest.
Real unit_roundoff(Type type);
// Distance of neighbours around x; the smallest subnormal around 0.
Real ulp(Type type, Real x);
// Nearest value of the floating `type`, ties to even, overflow to infinity (NaN where there is none).
Real round_to(Type type, Real x);
// Range of an integer type or bool.
Real lowest(Type type);
Real highest(Type type);
// Low bits of an integer in an integer type; != 0 for bool.
Real wrap(Type type, Real x);
// Float to integer: towards zero, saturating, NaN to 0.
Real saturate(Type type, Real x);
// Any value stored as `type`: rounded; integers wrapped, floats saturated at the range of `type`.
Real store(Type type, Real x, bool from_float);

// Reads and writes one element in memory.
Real load(Type type, const std::byte* at);
void save(Type type, Real x, std::byte* at);  // x must be a value of `type`

}  // namespace fg::reference

#endif  // FG_CONFORMANCE_REFERENCE_TYPES_HPP_
