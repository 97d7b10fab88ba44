// SPDX-License-Identifier: Apache-2.0
//
// The operations that languages lack or define otherwise, written once for all C-like dialects.
// expr_printer.hpp replaces the words that begin with a dollar:
//   $T $U $I $N   the type, the unsigned and the signed type of its width, its short name ("f32")
//   $V            the type of a variable whose arithmetic no compiler may fuse or reorder
//   $P $Q         two and three numbers of the type, parts x, y, z, made by $pair(a, b), $triple(a, b, c)
//   $u32          unsigned, of 32 bits
//   $W            bits of the type
//   $(1.5)        a literal of the type; $(1.5|2.5) the first for f32, the second for f64; so do
//   $n(1|2) $x(FF|FFF)    for plain integers, and hexadecimals of $U
//   $u(text) $t(text) $i(text) $int(text)   conversion to $U, $T, $I, int
//   $bits(text) $float(text)                the bits of a number as $U, and back
//   $nan(x)       whether x, a name, is NaN
//   $sqrt(        the dialect's own function, however accurate
//   $exp2(x)      the dialect's own, which may be 3 + 2 |x| ulp off in f32
//   $over(a, b)   the dialect's own division, which may be 2.5 ulp off in f32
//   $inverse(d)   1 / d of 1 <= d <= 2, which may be 6 ulp off in f32
//   $fma(a, b, c) a * b + c, fused or not
//   $lesser(a, b) $greater(a, b)   of two names of numbers that are not NaN
//   $fg_erf(      what the dialect has for that operation: its own function, or the helper
//   $poly(exp, x) a polynomial of expr_series.hpp; $wide_poly(...) in two parts; $ln2_hi: a constant from there
// Floating functions assume + - * correctly rounded and f64 / and sqrt too; f64 needs 64-bit integers.
// They are within 2 ulp of the true result, sigmoid and rsqrt 4, / and sqrt rounded correctly.
// Integer arithmetic that may overflow goes through $U: overflow of signed integers is undefined in C.
// No helper uses % on signed integers, which GLSL leaves undefined for negative ones.

#ifndef FG_SDK_EXPR_HELPERS_HPP_
#define FG_SDK_EXPR_HELPERS_HPP_

#include <cstdint>
#include <span>

#include "fg/abi/expr.h"
#include "fg/sdk/expr_helper.hpp"
#include "fg/sdk/expr_helpers_arith.hpp"
#include "fg/sdk/expr_helpers_exp.hpp"
#include "fg/sdk/expr_helpers_special.hpp"
#include "fg/sdk/expr_helpers_trig.hpp"
#include "fg/sdk/expr_helpers_turn.hpp"

namespace fg::sdk::detail {

inline constexpr ExprHelper kBasicHelpers[] = {
    {FG_EX_TRUNC_DIV, For::integers, "trunc_div",
     "($T a, $T b) {\n  if (b == $(0)) return $(0);\n  if (b == $(-1)) return $t($u($(0)) - $u(a));\n  return a / "
     "b;\n}\n"},
    {FG_EX_FLOOR_DIV, For::integers, "floor_div",
     "($T a, $T b) {\n  if (b == $(0)) return $(0);\n  if (b == $(-1)) return $t($u($(0)) - $u(a));\n  $T q = a / b;\n"
     "  $T r = a - q * b;\n  return r != $(0) && ((r < $(0)) != (b < $(0))) ? q - $(1) : q;\n}\n"},
    {FG_EX_FMOD, For::integers, "fmod",
     "($T a, $T b) {\n  if (b == $(0) || b == $(-1)) return $(0);\n  return a - (a / b) * b;\n}\n"},
    {FG_EX_REMAINDER, For::integers, "remainder",
     "($T a, $T b) {\n  if (b == $(0) || b == $(-1)) return $(0);\n  $T r = a - (a / b) * b;\n"
     "  return r != $(0) && ((r < $(0)) != (b < $(0))) ? r + b : r;\n}\n"},
    {FG_EX_POW, For::integers, "pow",
     "($T a, $T b) {\n  if (b < $(0)) {\n    if (a == $(1)) return $(1);\n    if (a != $(-1)) return $(0);\n"
     "    return (b & $(1)) == $(0) ? $(1) : $(-1);\n  }\n  $U result = $u($(1));\n  $U square = $u(a);\n"
     "  while (b != $(0)) {\n    if ((b & $(1)) != $(0)) result = result * square;\n    square = square * square;\n    "
     "b = b >> 1;\n  }\n"
     "  return $t(result);\n}\n"},
    {FG_EX_FMA, For::integers, "fma", "($T a, $T b, $T c) {\n  return $t($u(a) * $u(b) + $u(c));\n}\n"},
    {FG_EX_ABS, For::integers, "abs", "($T a) {\n  return a < $(0) ? $t($u($(0)) - $u(a)) : a;\n}\n"},
    {FG_EX_SIGN, For::integers, "sign", "($T a) {\n  return a > $(0) ? $(1) : (a < $(0) ? $(-1) : $(0));\n}\n"},
    {FG_EX_MIN, For::integers, "min", "($T a, $T b) {\n  return a < b ? a : b;\n}\n"},
    {FG_EX_MAX, For::integers, "max", "($T a, $T b) {\n  return a > b ? a : b;\n}\n"},
    {FG_EX_SHL, For::integers, "shl",
     "($T a, $T b) {\n  return b < $(0) || b >= $($W) ? $(0) : $t($u(a) << $u(b));\n}\n"},
    {FG_EX_SHR, For::integers, "shr",
     "($T a, $T b) {\n  return a >> (b < $(0) || b >= $($W) ? $($W) - $(1) : b);\n}\n"},

    {FG_EX_MIN, For::floats, "min",
     "($T a, $T b) {\n  if ($nan(a)) return a;\n  if ($nan(b)) return b;\n  return $lesser(a, b);\n}\n"},
    {FG_EX_MAX, For::floats, "max",
     "($T a, $T b) {\n  if ($nan(a)) return a;\n  if ($nan(b)) return b;\n  return $greater(a, b);\n}\n"},
    {FG_EX_SIGN, For::floats, "sign",
     "($T a) {\n  if ($nan(a)) return a;\n  return a > $(0) ? $(1) : (a < $(0) ? $(-1) : $(0));\n}\n"},
    // Exact: a quotient that is small enough is off by less than 0.8, and its product known in two parts; else a step
    // for each of its bits, every difference of numbers within a factor of two.
    {FG_EX_FMOD, For::floats, "fmod", R"(($T a, $T b) {
  if ($nan(a) || $nan(b) || b == $(0) || $fabs(a) == $(inf)) return $(nan);
  $V x = $fabs(a);
  $V y = $fabs(b);
  if (x < y) return a;
  if (y > $(1e-25|1e-250) && x < $(1e30|1e290) && x * $(9.5367431640625e-07|1.7763568394002505e-15) < y) {
    $V q = $rint($over(x, y));
    $P back = $fg_two_prod(q, y);
    $V r = (x - back.x) - back.y;
    $V rest = r < $(0) ? r + y : r;
    return a < $(0) ? -rest : rest;
  }
  $V t = y;
  while (x - t >= t) t = t + t;
  while (t >= y) {
    if (x >= t) x = x - t;
    t = t * $(0.5);
  }
  return a < $(0) ? -x : x;
}
)"},
    {FG_EX_TRUNC_DIV, For::floats, "trunc_div", "($T a, $T b) {\n  return $trunc($fg_div(a, b));\n}\n"},
    // By Python's rule: (a - fmod(a, b)) / b, one less where the signs of both differ; a - fmod(a, b) in two
    // parts, because the quotient may have all the digits of the type, and scaled, so that no device flushes it.  What
    // is not 0 may be when it was multiplied.
    {FG_EX_FLOOR_DIV, For::floats, "floor_div",
     R"(($T a, $T b) {
  bool tiny = $fabs(a) < $(1) && $fabs(b) < $(1e-18|1e-150);
  $V by = tiny ? $(18446744073709551616|1.3407807929942597e154) : $(1);
  $V x = a * by;
  $V y = b * by;
  if (b == $(0) || y == $(0)) return $fg_div(a, b);
  $V r = $fg_fmod(x, y);
  if ($nan(r)) return r;
  bool differ = r != $(0) && ((r < $(0)) != (b < $(0)));
  if ($fabs(b) == $(inf)) return differ ? $(-1) : $fg_flip_sign($(0), $fg_flip_sign(a, b));
  $P d = $fg_two_sum(x, -r);
  $V q = $fg_div(d.x, y);
  if ($fabs(q) > $(1e18|1e40)) return q;
  $P back = $fg_two_prod(q, y);
  $V rest = ((d.x - back.x) - back.y) + d.y;
  $V part = $over(rest, y);
  if ($fabs(q) >= $(16777216|9007199254740992)) part = $rint(part);
  $V exact = q + (part - (differ ? $(1) : $(0)));
  $V whole = $rint(exact);
  return whole == $(0) ? $fg_flip_sign($fabs(whole), $fg_flip_sign(a, b)) : whole;
}
)"},
    {FG_EX_REMAINDER, For::floats, "remainder", R"(($T a, $T b) {
  bool tiny = $fabs(a) < $(1) && $fabs(b) < $(1e-18|1e-150);
  $V by = tiny ? $(18446744073709551616|1.3407807929942597e154) : $(1);
  $V y = b * by;
  $V r = $fg_fmod(a * by, y);
  $V sum = r != $(0) && ((r < $(0)) != (b < $(0))) ? r + y : r;
  return tiny ? sum * $(5.421010862427522e-20|7.458340731200207e-155) : sum;
}
)"},
    {FG_EX_RSQRT, For::floats, "rsqrt", "($T a) {\n  return $over($(1), $fg_sqrt(a));\n}\n"},
};

inline constexpr std::span<const ExprHelper> kExprHelpers[] = {kBasicHelpers, kArithHelpers,   kExpHelpers,
                                                               kTrigHelpers,  kSpecialHelpers, kTurnHelpers};

}  // namespace fg::sdk::detail

#endif  // FG_SDK_EXPR_HELPERS_HPP_
