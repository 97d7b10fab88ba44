// SPDX-License-Identifier: Apache-2.0
//
// The operations that languages lack or define otherwise, written once for all C-like dialects.
// expr_printer.hpp replaces the words that begin with a dollar:
//   $T $U $N      the type, its unsigned type, its short name ("f32")
//   $W            bits of the type
//   $(1.5)        a literal of the type
//   $u(text)      conversion to $U         $t(text)   conversion to $T
//   $nan(x)       whether x, a name, is NaN
//   $sqrt(        the dialect's own function
//   $fg_erf(      what the dialect has for that operation: its own function, or the helper
// Integer arithmetic that may overflow goes through $U: overflow of signed integers is undefined in C.
// No helper uses % on signed integers, which GLSL leaves undefined for negative ones.

#ifndef FG_SDK_EXPR_HELPERS_HPP_
#define FG_SDK_EXPR_HELPERS_HPP_

#include <cstdint>
#include <string_view>

#include "fg/abi/expr.h"

namespace fg::sdk::detail {

struct ExprHelper {
  std::uint16_t op;       // 0: serves other helpers.
  bool floats;            // For F32 and F64, else for I32 and I64.
  std::string_view name;  // Without "fg_" and the type.
  std::string_view text;  // From the parameters on.
};

inline constexpr ExprHelper kExprHelpers[] = {
    {FG_EX_TRUNC_DIV, false, "trunc_div",
     "($T a, $T b) {\n  if (b == $(0)) return $(0);\n  if (b == $(-1)) return $t($u($(0)) - $u(a));\n  return a / "
     "b;\n}\n"},
    {FG_EX_FLOOR_DIV, false, "floor_div",
     "($T a, $T b) {\n  if (b == $(0)) return $(0);\n  if (b == $(-1)) return $t($u($(0)) - $u(a));\n  $T q = a / b;\n"
     "  $T r = a - q * b;\n  return r != $(0) && ((r < $(0)) != (b < $(0))) ? q - $(1) : q;\n}\n"},
    {FG_EX_FMOD, false, "fmod",
     "($T a, $T b) {\n  if (b == $(0) || b == $(-1)) return $(0);\n  return a - (a / b) * b;\n}\n"},
    {FG_EX_REMAINDER, false, "remainder",
     "($T a, $T b) {\n  if (b == $(0) || b == $(-1)) return $(0);\n  $T r = a - (a / b) * b;\n"
     "  return r != $(0) && ((r < $(0)) != (b < $(0))) ? r + b : r;\n}\n"},
    {FG_EX_POW, false, "pow",
     "($T a, $T b) {\n  if (b < $(0)) {\n    if (a == $(1)) return $(1);\n    if (a != $(-1)) return $(0);\n"
     "    return (b & $(1)) == $(0) ? $(1) : $(-1);\n  }\n  $U result = $u($(1));\n  $U square = $u(a);\n"
     "  while (b != $(0)) {\n    if ((b & $(1)) != $(0)) result = result * square;\n    square = square * square;\n    "
     "b = b >> 1;\n  }\n"
     "  return $t(result);\n}\n"},
    {FG_EX_FMA, false, "fma", "($T a, $T b, $T c) {\n  return $t($u(a) * $u(b) + $u(c));\n}\n"},
    {FG_EX_ABS, false, "abs", "($T a) {\n  return a < $(0) ? $t($u($(0)) - $u(a)) : a;\n}\n"},
    {FG_EX_SIGN, false, "sign", "($T a) {\n  return a > $(0) ? $(1) : (a < $(0) ? $(-1) : $(0));\n}\n"},
    {FG_EX_MIN, false, "min", "($T a, $T b) {\n  return a < b ? a : b;\n}\n"},
    {FG_EX_MAX, false, "max", "($T a, $T b) {\n  return a > b ? a : b;\n}\n"},
    {FG_EX_SHL, false, "shl", "($T a, $T b) {\n  return b < $(0) || b >= $($W) ? $(0) : $t($u(a) << $u(b));\n}\n"},
    {FG_EX_SHR, false, "shr", "($T a, $T b) {\n  return a >> (b < $(0) || b >= $($W) ? $($W) - $(1) : b);\n}\n"},

    {FG_EX_MIN, true, "min",
     "($T a, $T b) {\n  if ($nan(a)) return a;\n  if ($nan(b)) return b;\n  return a < b ? a : b;\n}\n"},
    {FG_EX_MAX, true, "max",
     "($T a, $T b) {\n  if ($nan(a)) return a;\n  if ($nan(b)) return b;\n  return a > b ? a : b;\n}\n"},
    {FG_EX_SIGN, true, "sign",
     "($T a) {\n  if ($nan(a)) return a;\n  return a > $(0) ? $(1) : (a < $(0) ? $(-1) : $(0));\n}\n"},
    // Exact: every difference is of numbers within a factor of two.  A step for each bit of the quotient.
    {FG_EX_FMOD, true, "fmod",
     "($T a, $T b) {\n  if ($nan(a) || $nan(b) || b == $(0) || $fabs(a) == $(inf)) return $(nan);\n  $T x = $fabs(a);\n"
     "  $T y = $fabs(b);\n  if (x < y) return a;\n  $T t = y;\n  while (x - t >= t) t = t + t;\n"
     "  while (t >= y) {\n    if (x >= t) x = x - t;\n    t = t * $(0.5);\n  }\n  return a < $(0) ? -x : x;\n}\n"},
    {FG_EX_TRUNC_DIV, true, "trunc_div", "($T a, $T b) {\n  return $trunc(a / b);\n}\n"},
    {FG_EX_FLOOR_DIV, true, "floor_div",
     "($T a, $T b) {\n  if (b == $(0)) return a / b;\n  $T r = $fg_fmod(a, b);\n  $T q = (a - r) / b;\n"
     "  if (r != $(0) && ((r < $(0)) != (b < $(0)))) q = q - $(1);\n  if (q == $(0)) return a / b < $(0) ? -$(0) : "
     "$(0);\n"
     "  $T whole = $floor(q);\n  return q - whole > $(0.5) ? whole + $(1) : whole;\n}\n"},
    {FG_EX_REMAINDER, true, "remainder",
     "($T a, $T b) {\n  $T r = $fg_fmod(a, b);\n  return r != $(0) && ((r < $(0)) != (b < $(0))) ? r + b : r;\n}\n"},
    {FG_EX_RSQRT, true, "rsqrt", "($T a) {\n  return $(1) / $sqrt(a);\n}\n"},
    {FG_EX_SIGMOID, true, "sigmoid", "($T a) {\n  return $(1) / ($(1) + $exp(-a));\n}\n"},
    {FG_EX_POW, true, "pow",
     "($T a, $T b) {\n  if (b == $(0) || a == $(1)) return $(1);\n  if ($nan(a) || $nan(b)) return $(nan);\n  $T "
     "half_b = b * $(0.5);\n"
     "  bool whole = $floor(b) == b;\n  bool odd = whole && $fabs(b) < $(inf) && $floor(half_b) != half_b;\n  $T x = "
     "$fabs(a);\n"
     "  if (x == $(1)) return whole ? (odd ? $(-1) : $(1)) : $(nan);\n"
     "  if (x == $(0)) return b < $(0) ? (odd ? $(1) / a : $(inf)) : (odd ? a : $(0));\n"
     "  if (a < $(0) && !whole && x < $(inf)) return $(nan);\n  $T r = $exp2(b * $log2(x));\n  return a < $(0) && odd "
     "? -r : r;\n}\n"},
    {FG_EX_ATAN2, true, "atan2",
     "($T a, $T b) {\n  if ($nan(a) || $nan(b)) return $(nan);\n  $T y = $fabs(a);\n  $T x = $fabs(b);\n"
     "  $T r;\n  if (y == $(0)) r = $(0);\n  else if (x == y) r = $(0.78539816339744830962);\n"
     "  else if (x > y) r = $atan(y / x);\n  else r = $(1.57079632679489661923) - $atan(x / y);\n"
     "  if (b < $(0) || (b == $(0) && $(1) / b < $(0))) r = $(3.14159265358979323846) - r;\n"
     "  return a < $(0) || (a == $(0) && $(1) / a < $(0)) ? -r : r;\n}\n"},
    // exp(x) - 1 and log(1 + x) with the error of the rounded 1 + x divided out again (Kahan).
    {FG_EX_EXPM1, true, "expm1",
     "($T a) {\n  $T u = $exp(a);\n  if (u == $(1)) return a;\n  $T v = u - $(1);\n  if (v == $(-1) || v == $(inf)) "
     "return v;\n"
     "  return v * (a / $log(u));\n}\n"},
    {FG_EX_LOG1P, true, "log1p",
     "($T a) {\n  $T u = $(1) + a;\n  if (u == $(1)) return a;\n  if (u == a || u == $(0)) return $log(u);\n"
     "  return $log(u) * (a / (u - $(1)));\n}\n"},
    {FG_EX_LOG10, true, "log10", "($T a) {\n  return $log2(a) * $(0.30102999566398119521);\n}\n"},
    // Beyond 10 the result is 1 in f32, and exp() inside a native tanh would overflow.
    {FG_EX_TANH, true, "tanh",
     "($T a) {\n  if ($nan(a)) return a;\n  if ($fabs(a) > $(20)) return a < $(0) ? $(-1) : $(1);\n  return "
     "$tanh(a);\n}\n"},
    // Below 1 a series with terms of one sign, erf(x) = 2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (2n+1)!!.
    {0, true, "erf_series",
     "($T a) {\n  $T s = a * a;\n  $T term = a;\n  $T total = a;\n  for (int n = 1; n < 20; n++) {\n"
     "    term = term * ($(2) * s) / $t(2 * n + 1);\n    total = total + term;\n  }\n"
     "  return $(1.12837916709551257390) * $exp(-s) * total;\n}\n"},
    // From 1 on exp(-x^2) / sqrt(pi) / (x + (1/2) / (x + (2/2) / (x + (3/2) / ...))), x^2 in two parts.
    {0, true, "erfc_tail",
     "($T a) {\n  if (a > $(27)) return $(0);\n  $T f = a;\n  for (int n = 60; n > 0; n--) f = a + $t(n) * $(0.5) / "
     "f;\n"
     "  $T s = a * a;\n  $T rest = $fma(a, a, -s);\n  return $exp(-s) * ($(1) - rest) * $(0.56418958354775628695) / "
     "f;\n}\n"},
    {FG_EX_ERF, true, "erf",
     "($T a) {\n  if ($nan(a)) return a;\n  if ($fabs(a) < $(1)) return $fg_erf_series(a);\n"
     "  return a < $(0) ? $fg_erfc_tail(-a) - $(1) : $(1) - $fg_erfc_tail(a);\n}\n"},
    {FG_EX_ERFC, true, "erfc",
     "($T a) {\n  if ($nan(a)) return a;\n  if ($fabs(a) < $(1)) return $(1) - $fg_erf_series(a);\n"
     "  return a < $(0) ? $(2) - $fg_erfc_tail(-a) : $fg_erfc_tail(a);\n}\n"},
    // x >= 8: Stirling's series; below, x is raised by the recurrence, in a product; below 1/2 by reflection.
    {FG_EX_LGAMMA, true, "lgamma",
     "($T a) {\n  if ($nan(a)) return a;\n  if ($fabs(a) == $(inf) || (a <= $(0) && $floor(a) == a)) return $(inf);\n"
     "  if (a == $(1) || a == $(2)) return $(0);\n  $T x = a < $(0.5) ? $(1) - a : a;\n  $T product = $(1);\n"
     "  for (int n = 0; n < 8; n++) {\n    if (x >= $(8)) break;\n    product = product * x;\n    x = x + $(1);\n  }\n"
     "  $T w = $(1) / (x * x);\n"
     "  $T series = ($(0.08333333333333333333) - w * ($(0.00277777777777777778) - w * $(0.00079365079365079365))) / "
     "x;\n"
     "  $T r = (x - $(0.5)) * ($log(x) - $(1)) + $(0.41893853320467274178) + series - $log(product);\n"
     "  if (a >= $(0.5)) return r;\n  $T part = $fabs(a - $rint(a));\n"
     "  if (part < $(0.00001)) return -$log(part) - r;\n"
     "  return $(1.14472988584940017414) - $log($sin($(3.14159265358979323846) * part)) - r;\n}\n"},
};

}  // namespace fg::sdk::detail

#endif  // FG_SDK_EXPR_HELPERS_HPP_
