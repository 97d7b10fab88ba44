// SPDX-License-Identifier: Apache-2.0
//
// Division, square root and arithmetic of numbers in two parts for expr_printer.hpp; the language of
// these texts is explained in expr_helpers.hpp.

#ifndef FG_SDK_EXPR_HELPERS_ARITH_HPP_
#define FG_SDK_EXPR_HELPERS_ARITH_HPP_

#include "fg/abi/expr.h"
#include "fg/sdk/expr_helper.hpp"

namespace fg::sdk::detail {

inline constexpr ExprHelper kArithHelpers[] = {
    {0, For::floats, "with_sign", R"(($T y, $T a) {
  return $float($bits(y) | ($bits(a) & $x(80000000|8000000000000000)));
}
)"},
    {0, For::floats, "flip_sign", R"(($T y, $T a) {
  return $float($bits(y) ^ ($bits(a) & $x(80000000|8000000000000000)));
}
)"},
    {0, For::floats, "two_sum", R"($P ($T a, $T b) {
  $V s = a + b;
  $V part = s - a;
  $V low = (a - (s - part)) + (b - part);
  return $pair(s, low);
}
)"},
    // The first half of the bits of a number: products of halves are exact.
    {0, For::floats, "upper", R"(($T a) {
  return $float($bits(a) & $x(FFFFF000|FFFFFFFFF8000000));
}
)"},
    {0, For::floats, "two_prod", R"($P ($T a, $T b) {
  $V p = a * b;
  $V ah = $fg_upper(a);
  $V bh = $fg_upper(b);
  $V al = a - ah;
  $V bl = b - bh;
  $V low = ((ah * bh - p) + ah * bl + al * bh) + al * bl;
  return $pair(p, low);
}
)"},
    // a / b within 0.51 ulp, for numbers of moderate size: one step from the language's own 1 / b.
    {0, For::f32, "quotient", R"(($T a, $T b) {
  $V inverse = $over($(1), b);
  $V q = a * inverse;
  $V qh = $fg_upper(q);
  $V bh = $fg_upper(b);
  $V rest = ((a - qh * bh) - qh * (b - bh)) - (q - qh) * b;
  $V y = q + rest * inverse;
  return y;
}
)"},
    {0, For::f64, "quotient", R"(($T a, $T b) {
  return $over(a, b);
}
)"},
    // (a + a_low) / (b + b_low) in two parts.
    {0, For::floats, "ratio_wide", R"($P ($T a, $T a_low, $T b, $T b_low) {
  $V q = $over(a, b);
  $P back = $fg_two_prod(q, b);
  $V rest = ((a - back.x) - back.y) + (a_low - q * b_low);
  $V low = $over(rest, b);
  $V y = q + low;
  $V y_low = (q - y) + low;
  return $pair(y, y_low);
}
)"},
    // sqrt(a + low) in two parts, for numbers of moderate size.
    {0, For::floats, "root_wide", R"($P ($T a, $T low) {
  $V s = a > $(0) ? $sqrt(a) : $(0);
  $P square = $fg_two_prod(s, s);
  $V rest = ((a - square.x) - square.y) + low;
  $V d = s > $(0) ? $over(rest, s + s) : $(0);
  $V y = s + d;
  $V y_low = (s - y) + d;
  return $pair(y, y_low);
}
)"},
    // Of quotients of which one part is 0, infinite or NaN.
    {0, For::f32, "div_edge", R"(($T a, $T b) {
  $V x = $fabs(a);
  $V y = $fabs(b);
  if ($nan(a) || $nan(b) || (x == $(inf) && y == $(inf)) || (x == $(0) && y == $(0))) return $(nan);
  return $fg_flip_sign(x == $(0) || y == $(inf) ? $(0) : $(inf), $fg_flip_sign(a, b));
}
)"},
    // Mantissa and exponent of a positive number as integers, m 2^(e - 150): subnormals have no less digits.
    {0, For::f32, "exponent", R"(int ($U b) {
  if (b >= $x(800000)) return $int(b >> 23);
  return $int($bits($t($int(b))) >> 23) - 149;
}
)"},
    {0, For::f32, "mantissa", R"($U ($U b) {
  $U n = b >= $x(800000) ? b : $bits($t($int(b)));
  return (n & $x(7FFFFF)) | $x(800000);
}
)"},
    // Correctly rounded: the integer quotient of the mantissas, 24 bits of it estimated by the language's
    // own division (up to 3 ulp off), then corrected by the remainder, which is small and so exact modulo 2^32.
    {FG_EX_DIV, For::f32, "div", R"(($T a, $T b) {
  $U ua = $bits(a) & $x(7FFFFFFF);
  $U ub = $bits(b) & $x(7FFFFFFF);
  $U sign = ($bits(a) ^ $bits(b)) & $x(80000000);
  if (ua - $u(1) >= $x(7F7FFFFF) || ub - $u(1) >= $x(7F7FFFFF)) return $fg_div_edge(a, b);
  $U ma = $fg_mantissa(ua);
  $U mb = $fg_mantissa(ub);
  bool less = ma < mb;
  int e = $fg_exponent(ua) - $fg_exponent(ub) + (less ? 126 : 127);
  $V fb = $t($int(mb));
  $V inverse = $over($(1), fb);
  $V guess = $t($int(ma)) * inverse;
  $U q = $u(guess * (less ? $(16777216) : $(8388608)));
  int rest = $int((ma << (less ? 24 : 23)) - q * mb);
  int step = $int($t(rest) * inverse);
  q = q + $u(step);
  rest = rest - step * $int(mb);
  if (rest < 0) {
    rest = rest + $int(mb);
    q = q - $u(1);
  }
  if (rest >= $int(mb)) {
    rest = rest - $int(mb);
    q = q + $u(1);
  }
  if (e >= 255) return $float(sign | $x(7F800000));
  if (e >= 1) return $float(sign | (($u(e) << 23) + (q + $u(2 * rest >= $int(mb) ? 1 : 0) - $x(800000))));
  int down = 1 - e > 25 ? 25 : 1 - e;
  $U whole = q >> down;
  $U part = (q & (($u(1) << down) - $u(1))) * $u(2) + $u(rest != 0 ? 1 : 0);
  $U tie = $u(1) << down;
  bool more = part > tie || (part == tie && (whole & $u(1)) != $u(0));
  return $float(sign | (whole + $u(more ? 1 : 0)));
}
)"},
    {FG_EX_DIV, For::f64, "div", "($T a, $T b) {\n  return $over(a, b);\n}\n"},
    {FG_EX_SQRT, For::f64, "sqrt", "($T a) {\n  return $sqrt(a);\n}\n"},
    // Correctly rounded, in the same way.
    {FG_EX_SQRT, For::f32, "sqrt", R"(($T a) {
  $U ua = $bits(a);
  if (ua - $u(1) >= $x(7F7FFFFF)) return (ua << 1) == $u(0) || a == $(inf) ? a : $(nan);
  int e = $fg_exponent(ua);
  bool even = (e & 1) != 0;
  $U m = $fg_mantissa(ua);
  $V s = $sqrt($t($int(m)) * (even ? $(0.00000011920928955078125) : $(0.0000002384185791015625)));
  int root = $int(s * $(8388608));
  int rest = $int((m << (even ? 23 : 24)) - $u(root) * $u(root));
  int step = $int($over($t(rest), $t(root + root)));
  rest = rest - step * (root + root + step);
  root = root + step;
  if (rest < 0) {
    root = root - 1;
    rest = rest + root + root + 1;
  }
  if (rest > root + root) {
    rest = rest - root - root - 1;
    root = root + 1;
  }
  int up = rest > root ? 1 : 0;
  return $float(($u((e + (even ? 127 : 126)) >> 1) << 23) + $u(root + up - 8388608));
}
)"},
};

}  // namespace fg::sdk::detail

#endif  // FG_SDK_EXPR_HELPERS_ARITH_HPP_
