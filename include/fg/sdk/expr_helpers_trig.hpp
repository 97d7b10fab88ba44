// SPDX-License-Identifier: Apache-2.0
//
// Trigonometric functions and their inverses for expr_printer.hpp; the language of these texts is
// explained in expr_helpers.hpp, the fits stand in expr_series.hpp.

#ifndef FG_SDK_EXPR_HELPERS_TRIG_HPP_
#define FG_SDK_EXPR_HELPERS_TRIG_HPP_

#include "fg/abi/expr.h"
#include "fg/sdk/expr_helper.hpp"

namespace fg::sdk::detail {

inline constexpr ExprHelper kTrigHelpers[] = {
    // Eight bits of 2/pi from bit `at` on, bits before the binary point being 0.
    {0, For::floats, "turn_bits", R"($u32 (int at) {
  int i = at >> 5;
  int s = at & 31;
  $u32 word = $fg_turn_word(i) << s;
  if (s != 0) word = word | ($fg_turn_word(i + 1) >> (32 - s));
  return word >> 24;
}
)"},
    // Payne and Hanek: a = m 2^e, and a 2/pi modulo 4 is a product of m and the bits of 2/pi from e - 2 on,
    // made digit by digit in base 256 from the right.  r, its rest, and the quadrant.
    {0, For::floats, "turn_large", R"($Q ($T a) {
  $U b = $bits(a);
  $U m = (b & $x(7FFFFF|FFFFFFFFFFFFF)) | $x(800000|10000000000000);
  int at = $int(b >> $n(23|52)) - $n(152|1077);
  $U carry = $u(0);
  int d[$n(12|22)];
  for (int j = $n(11|21); j >= 0; j--) {
    $U p = m * $u($fg_turn_bits(at + 8 * j)) + carry;
    d[j] = $int(p & $u(255));
    carry = p >> 8;
  }
  int quadrant = d[0] >> 6;
  d[0] = d[0] & 63;
  bool up = d[0] >= 32;
  $V hi = $(0);
  $V low = $(0);
  $V unit = $(0.015625);
  for (int j = 0; j < $n(12|22); j++) {
    int digit = up ? (j == 0 ? 63 : 255) - d[j] : d[j];
    $V part = $t(digit) * unit;
    $V sum = hi + part;
    low = low + ((hi - sum) + part);
    hi = sum;
    unit = unit * $(0.00390625);
  }
  $V h = hi + low;
  $V l = (hi - h) + low;
  $P p = $fg_two_prod(h, $half_pi_hi);
  $V rest = p.y + (h * $half_pi_lo + l * $half_pi_hi);
  $V r = p.x + rest;
  $V rl = (p.x - r) + rest;
  return $triple(up ? -r : r, up ? -rl : rl, $t(up ? quadrant + 1 : quadrant));
}
)"},
    // r + rl = a - n pi/2 for a >= 0, and n, modulo 4 where it is large.  The products with the first
    // parts of pi/2 and the first two differences are exact.
    {0, For::floats, "turn", R"($Q ($T a) {
  if (a > $(1600)) return $fg_turn_large(a);
  $V t = a * $(0.6366197723675814) + $(12582912|6755399441055744);
  $V n = t - $(12582912|6755399441055744);
  $V r2 = (a - n * $half_pi_1) - n * $half_pi_2;
  $V p = n * $half_pi_3;
  $V q = n * $half_pi_4;
  $V r = r2 - p;
  $V rl = ((r2 - r) - p) - q;
  return $triple(r, rl, n);
}
)"},
    {0, For::floats, "wave", R"(($T r, $T rl, $I quadrant) {
  $V z = r * r;
  $V s = r + (rl + r * z * $poly(sin, z));
  $V h = z * $(0.5);
  $V w = $(1) - h;
  $V c = w + ((($(1) - w) - h) + (z * z * $poly(cos, z) - r * rl));
  $V y = (quadrant & $i(1)) != $i(0) ? c : s;
  return (quadrant & $i(2)) != $i(0) ? -y : y;
}
)"},
    {FG_EX_SIN, For::floats, "sin", R"(($T a) {
  $V x = $fabs(a) < $(inf) ? $fabs(a) : $(0);
  $Q t = $fg_turn(x);
  $V y = $fg_wave(t.x, t.y, $i(t.z));
  return $fabs(a) < $(inf) ? $fg_flip_sign(y, a) : $(nan);
}
)"},
    {FG_EX_COS, For::floats, "cos", R"(($T a) {
  $V x = $fabs(a) < $(inf) ? $fabs(a) : $(0);
  $Q t = $fg_turn(x);
  $V y = $fg_wave(t.x, t.y, $i(t.z) + $i(1));
  return $fabs(a) < $(inf) ? y : $(nan);
}
)"},
    // Sine and cosine in two parts each.
    {FG_EX_TAN, For::floats, "tan", R"(($T a) {
  $V x = $fabs(a) < $(inf) ? $fabs(a) : $(0);
  if (x < $(0.0001|0.00000001)) return $fabs(a) < $(inf) ? a : $(nan);
  $Q t = $fg_turn(x);
  $V z = t.x * t.x;
  $V h = z * $(0.5);
  $V w = $(1) - h;
  $V s_low = t.y + t.x * z * $poly(sin, z) - t.y * h;
  $V c_low = (($(1) - w) - h) + (z * z * $poly(cos, z) - t.x * t.y);
  $P s = $fg_two_sum(t.x, s_low);
  $P c = $fg_two_sum(w, c_low);
  bool odd = ($i(t.z) & $i(1)) != $i(0);
  $P y = $fg_ratio_wide(odd ? -c.x : s.x, odd ? -c.y : s.y, odd ? s.x : c.x, odd ? s.y : c.y);
  return $fg_flip_sign(y.x, a);
}
)"},
    // asin(x) = x + x y of x <= 1/2; above, asin(x) = pi/2 - 2 asin(s), s^2 = (1 - x) / 2.  s, what it lacks, s y.
    {0, For::floats, "asin_parts", R"($Q ($T x) {
  bool big = x > $(0.5);
  $V z = big ? ($(1) - x) * $(0.5) : x * x;
  $P root = $fg_root_wide(big ? z : $(0.25), $(0));
  $V s = big ? root.x : x;
  $V p = s * z * $poly(asin, z);
  return $triple(s, big ? root.y : $(0), p);
}
)"},
    {FG_EX_ASIN, For::floats, "asin", R"(($T a) {
  $V x = $fabs(a);
  if ($nan(a) || x > $(1)) return $(nan);
  $Q p = $fg_asin_parts(x);
  $V twice = p.x + p.x;
  $V h = $half_pi_hi - twice;
  $V e = ($half_pi_hi - h) - twice;
  $V large = h + (e + ($half_pi_lo - $(2) * (p.y + p.z)));
  $V small = p.x + p.z;
  return $fg_with_sign(x > $(0.5) ? large : small, a);
}
)"},
    {FG_EX_ACOS, For::floats, "acos", R"(($T a) {
  $V x = $fabs(a);
  if ($nan(a) || x > $(1)) return $(nan);
  $Q p = $fg_asin_parts(x);
  $V s = a < $(0) || x > $(0.5) ? -p.x : p.x;
  $V rest = a < $(0) || x > $(0.5) ? -(p.y + p.z) : p.y + p.z;
  $V h = $half_pi_hi - s;
  $V e = ($half_pi_hi - h) - s;
  $V small = h + (e + ($half_pi_lo - rest));
  if (x <= $(0.5)) return small;
  $V near = p.x + (p.y + p.z);
  $V g = $half_pi_hi + s;
  $V f = ($half_pi_hi - g) + s;
  $V left = g + (f + ($half_pi_lo + rest));
  return $(2) * (a < $(0) ? left : near);
}
)"},
    // atan(y / x) of 0 <= y <= x in two parts; both of moderate size.  Above tan(pi/8) it is pi/4 and
    // the angle of (y - x) / (y + x).
    {0, For::floats, "angle", R"($P ($T y, $T x) {
  bool big = y > x * $(0.4142135623730950);
  $P n = $fg_two_sum(y, big ? -x : $(0));
  $P d = $fg_two_sum(x, big ? y : $(0));
  $P t = $fg_ratio_wide(n.x, n.y, d.x, d.y);
  $V z = t.x * t.x;
  $V base = big ? $half_pi_hi * $(0.5) : $(0);
  $V low = big ? $half_pi_lo * $(0.5) : $(0);
  $V h = base + t.x;
  $V e = big ? (base - h) + t.x : $(0);
  $V rest = e + (low + (t.y - t.y * z + t.x * z * $poly(atan, z)));
  return $pair(h, rest);
}
)"},
    // pi/2 minus the angle where it is steep, pi minus that on the left, in two parts until the end.
    {0, For::floats, "angle_turned", R"(($T h, $T l, bool steep, bool left) {
  $V turns = steep ? $(1) : (left ? $(2) : $(0));
  $V s = steep != left ? -h : h;
  $V c = steep != left ? -l : l;
  $V base = turns * $half_pi_hi;
  $V y = base + s;
  $V e = turns == $(0) ? $(0) : (base - y) + s;
  $V r = y + (e + (turns * $half_pi_lo + c));
  return r;
}
)"},
    {FG_EX_ATAN, For::floats, "atan", R"(($T a) {
  $V x = $fabs(a);
  if ($nan(a) || x < $(0.0001|0.00000001)) return a;
  bool steep = x > $(1);
  $V v = x < $(1e10|1e20) ? x : $(1e10|1e20);
  $P p = $fg_angle(steep ? $(1) : v, steep ? v : $(1));
  $V y = $fg_angle_turned(p.x, p.y, steep, false);
  return $fg_with_sign(y, a);
}
)"},
    // Moved to moderate sizes; a quotient of nearly 0 is the angle.
    {FG_EX_ATAN2, For::floats, "atan2", R"(($T a, $T b) {
  if ($nan(a) || $nan(b)) return $(nan);
  $V y = $fabs(a);
  $V x = $fabs(b);
  bool left = b < $(0) || (b == $(0) && $(1) / b < $(0));
  bool steep = y > x;
  $V greatest = steep ? y : x;
  $V least = steep ? x : y;
  if (greatest == $(inf)) {
    greatest = $(1);
    least = least == $(inf) ? $(1) : $(0);
  }
  if (greatest == $(0)) greatest = $(1);
  $V q = $fg_div(least, greatest);
  $V r = $(0);
  if (q < $(0.0001|0.00000001)) {
    r = $fg_angle_turned(q, $(0), steep, left);
  } else {
    $V by = greatest > $(1) ? $(5.421010862427522e-20|7.458340731200207e-155) : $(18446744073709551616|1.3407807929942597e154);
    $P p = $fg_angle(least * by, greatest * by);
    r = $fg_angle_turned(p.x, p.y, steep, left);
  }
  return $fg_with_sign(r, a);
}
)"},
};

}  // namespace fg::sdk::detail

#endif  // FG_SDK_EXPR_HELPERS_TRIG_HPP_
