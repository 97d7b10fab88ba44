// SPDX-License-Identifier: Apache-2.0
//
// A value of the oracle: the interval of everything that a legal kernel may hold at this point.
//
// Every operation of the accuracy class "computed in T or better" maps intervals to intervals:
//   exact operations (+ - * / sqrt fma, conversions)  hull of the true result and its rounding to T,
//                                                     so contraction and wider arithmetic are legal
//   functions (exp, tanh, erf, ...)                   the true result +- k ulp of T, k from the table
//                                                     in functions.cpp
// An operation whose true result is representable in T keeps a point a point, so data chosen to be
// exact are judged bit for bit.  The final rounding is not part of the interval: a stored result is
// legal when it lies between the roundings of the interval's ends (compare/).

#ifndef FG_CONFORMANCE_REFERENCE_VALUE_HPP_
#define FG_CONFORMANCE_REFERENCE_VALUE_HPP_

#include <cstdint>
#include <optional>
#include <string_view>

#include "conformance/reference/types.hpp"

namespace fg::reference {

// Compute types of expressions, in order of promotion.
enum class Ct : std::uint8_t { boolean, i32, i64, f32, f64 };
Ct compute_type(Type type);
constexpr bool is_float(Ct t) { return t >= Ct::f32; }
Type storage_of(Ct t);

enum class Nan : std::uint8_t { never, maybe, always };

struct Value {
  Real lo = 0, hi = 0;
  Real mid = 0;  // The true result, for reports.
  Nan nan = Nan::never;
  Ct type = Ct::f32;
  bool weak = false;  // A literal or scalar: takes the type of what it meets.

  bool point() const { return lo == hi && nan == Nan::never; }
};

Value exact(Real x, Ct type);  // NaN allowed
Value weak_number(Real x, bool is_float);
// Hull of the interval and its roundings to `type`.
Value rounded(Value v);
Value cast(const Value& v, Ct to);
// Everything between the two, which are NaN together or not at all; the true result is a's.
Value hull(Value a, const Value& b);
// Adds `radius` on both sides.
Value widened(Value v, Real radius);

// Names are those of the expression language; nullptr when there is none.
using Unary = Value (*)(const Value&);
using Binary = Value (*)(const Value&, const Value&);
Unary find_unary(std::string_view name);    // functions.cpp
Binary find_binary(std::string_view name);  // arithmetic.cpp

// Error of a function in ulp of its compute type, by its class; nothing for exact ones and other names.
std::optional<int> error_class(std::string_view name);  // functions.cpp

Value add(const Value& a, const Value& b);
Value sub(const Value& a, const Value& b);
Value mul(const Value& a, const Value& b);
Value div(const Value& a, const Value& b);
Value maximum(const Value& a, const Value& b);
Value minimum(const Value& a, const Value& b);
Value less(const Value& a, const Value& b);
Value equal(const Value& a, const Value& b);
Value select(const Value& condition, const Value& yes, const Value& no);
Value call(std::string_view function, const Value& x);  // a unary function that exists

}  // namespace fg::reference

#endif  // FG_CONFORMANCE_REFERENCE_VALUE_HPP_
