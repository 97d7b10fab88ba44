// SPDX-License-Identifier: Apache-2.0
//
// Exponentials, logarithms, powers and hyperbolic functions for expr_printer.hpp; the language of these
// texts is explained in expr_helpers.hpp, the fits stand in expr_series.hpp.

#ifndef FG_SDK_EXPR_HELPERS_EXP_HPP_
#define FG_SDK_EXPR_HELPERS_EXP_HPP_

#include "fg/abi/expr.h"
#include "fg/sdk/expr_helper.hpp"

namespace fg::sdk::detail {

inline constexpr ExprHelper kExpHelpers[] = {
    // exp(x) = a 2^n for |x| <= 1500: a, 0.7 < a < 1.42, and n plus a number so large that n stands in its last bits.
    {0, For::floats, "exp_parts", R"($P ($T x) {
  $V t = $fma(x, $(1.4426950408889634), $(12582912|6755399441055744));
  $V n = t - $(12582912|6755399441055744);
  $V r = $fma(n, -$ln2_lo, $fma(n, -$ln2_hi, x));
  $V y = $fma(r, $fma(r, $poly(exp, r), $(1)), $(1));
  return $pair(y, t);
}
)"},
    // exp(h + l) = x 2^n for |l| far below |h|, |h| <= 1500: y has n in its last bits, 0.7 < x < 1.42, z is x - 1
    // before its rounding.
    {0, For::floats, "exp_split", R"($Q ($T h, $T l) {
  $V t = h * $(1.4426950408889634) + $(12582912|6755399441055744);
  $V n = t - $(12582912|6755399441055744);
  $V r0 = h - n * $ln2_hi;
  $V n_low = n * $ln2_lo - l;
  $V r = r0 - n_low;
  $V rl = (r0 - r) - n_low;
  $V q = rl + r * r * $poly(exp, r);
  $V sum = $(1) + r;
  $V y = sum + (q + (($(1) - sum) + r));
  $V p = r + q;
  return $triple(y, t, p);
}
)"},
    // y 2^n in two factors, so that overflow and subnormal results come out with one rounding; n in the last bits of t.
    {0, For::floats, "scale", R"(($T y, $T t) {
  $U first = ($bits(t) << $n(22|51)) & $x(FF800000|FFF0000000000000);
  $U rest = ($bits(t) << $n(23|52)) - first;
  $V p = y * $float(first + $x(3F800000|3FF0000000000000)) * $float(rest + $x(3F800000|3FF0000000000000));
  return p;
}
)"},
    // 2^n, normal.
    {0, For::floats, "power", R"(($T t) {
  return $float(($bits(t) << $n(23|52)) + $x(3F800000|3FF0000000000000));
}
)"},
    // 0 and infinity in any case beyond the limits; a NaN becomes a limit until the end.
    {FG_EX_EXP, For::floats, "exp", R"(($T a) {
  $V low = $(-104|-746);
  $V high = $(89|710);
  $V x = $greater(a, low);
  $V y = $lesser(x, high);
  $P e = $fg_exp_parts(y);
  return $nan(a) ? a : $fg_scale(e.x, e.y);
}
)"},
    // The same where the result is stored as f16 and nothing else: exp(12) is infinite there, exp(-18) is 0.
    {0, For::f32, "exp_f16", R"(($T a) {
  $V low = $(-18);
  $V high = $(12);
  $V x = $greater(a, low);
  $V y = $lesser(x, high);
  $P e = $fg_exp_parts(y);
  $V p = e.x * $fg_power(e.y);
  return $nan(a) ? a : p;
}
)"},
    {FG_EX_EXP2, For::floats, "exp2", R"(($T a) {
  $V x = a < $(129|1025) ? (a > $(-151|-1076) ? a : $(-151|-1076)) : $(129|1025);
  $V t = x + $(12582912|6755399441055744);
  $V n = t - $(12582912|6755399441055744);
  $V d = x - n;
  $V r = d * $(0.6931471805599453);
  $V y = $(1) + $fma(r * r, $poly(exp, r), r);
  return $nan(a) ? a : $fg_scale(y, t);
}
)"},
    // 2 (s - 1/2 + s (exp(r) - 1)), s = 2^(n - 1), the sum with what its first step rounds away.
    {FG_EX_EXPM1, For::floats, "expm1", R"(($T a) {
  $V x = a < $(89|710) ? (a > $(-20|-45) ? a : $(-20|-45)) : $(89|710);
  $V t = x * $(1.4426950408889634) + $(12582912|6755399441055744);
  $V n = t - $(12582912|6755399441055744);
  $V r0 = x - n * $ln2_hi;
  $V n_low = n * $ln2_lo;
  $V r = r0 - n_low;
  $V rl = (r0 - r) - n_low;
  $V s = $float(($bits(t) << $n(23|52)) + $x(3F000000|3FE0000000000000));
  $V c = s - $(0.5);
  $P sum = $fg_two_sum(c, s * r);
  $V y = $(2) * (sum.x + (sum.y + s * (rl + r * r * $poly(exp, r))));
  $V tiny = $fabs(a) < $(0.00000002|0.00000000000000004) ? a : y;
  return $nan(a) ? a : tiny;
}
)"},
    // log(2^k (1 + f)) = k ln 2 + f - f^2/2 + f^3 p(f).
    {0, For::f32, "log_sum", R"(($T k, $T f) {
  $V f2 = f * f;
  $V p = f2 * f * $poly(log, f) + k * $ln2_lo;
  $V y = k * $ln2_hi + (f + (p - f2 * $(0.5)));
  return y;
}
)"},
    // k and f, -0.3 <= f < 0.42, of a number 2^k (1 + f) > 0.
    {0, For::floats, "log_parts", R"($P ($T a) {
  bool tiny = a < $least_normal;
  $V x = tiny ? a * $(16777216|18014398509481984) : a;
  $I k = $i($bits(x) - $x(3F3504F3|3FE6A09E667F3BCD)) >> $n(23|52);
  $V m = $float($bits(x) - ($u(k) << $n(23|52)));
  $V f = m - $(1);
  $V n = $t(k) - (tiny ? $(24|54) : $(0));
  return $pair(n, f);
}
)"},
    // y for a number > 0, the logarithm of the edges of its domain else.
    {0, For::floats, "log_edges", R"(($T a, $T y) {
  return a > $(0) ? (a < $(inf) ? y : a) : (a == $(0) ? $(-inf) : $(nan));
}
)"},
    {FG_EX_LOG, For::f32, "log", R"(($T a) {
  $P p = $fg_log_parts(a > $(0) ? a : $(1));
  return $fg_log_edges(a, $fg_log_sum(p.x, p.y));
}
)"},
    // 1 + a with what the sum rounds away.
    {FG_EX_LOG1P, For::f32, "log1p", R"(($T a) {
  $V u = $(1) + a;
  $P p = $fg_log_parts(u > $(0) ? u : $(1));
  $V part = u - $(1);
  $V lost = ($(1) - (u - part)) + (a - part);
  $I down = $i(127) - $i(p.x);
  $V f = p.y + lost * $float($u(down < $i(1) ? $i(0) : down) << 23);
  $V y = $fg_log_edges(u, $fg_log_sum(p.x, f));
  return a == $(0) ? a : y;
}
)"},
    // log(a), a > 0, in two parts with twice the digits: k ln 2 + 2 atanh(s), s = f / (2 + f).
    {0, For::floats, "log_wide", R"($P ($T a) {
  $P p = $fg_log_parts(a);
  $V f = p.y;
  $V d = f + $(2);
  $V d_low = f - (d - $(2));
  $V s0 = $over(f, d);
  $P back = $fg_two_prod(s0, d);
  $V s = s0 + s0;
  $V s_low = $(2) * $over((f - back.x) - back.y - s0 * d_low, d);
  $P z = $fg_two_prod(s0, s0);
  $V z_low = z.y + s0 * s_low;
  $P third = $fg_two_prod(z.x, $third_hi);
  $V w0 = third.y + (z.x * $third_lo + z_low * $third_hi + z.x * (z.x * $poly(atanh, z.x)));
  $V w = third.x + w0;
  $V w_low = (third.x - w) + w0;
  $P c = $fg_two_prod(s, w);
  $V c_low = c.y + (s * w_low + s_low * w);
  $V k = p.x * $ln2_hi;
  $V h1 = k + s;
  $V e1 = s - (h1 - k);
  $V h2 = h1 + c.x;
  $V e2 = c.x - (h2 - h1);
  $V low = e1 + (e2 + (p.x * $ln2_lo + (s_low + c_low)));
  $V hi = h2 + low;
  $V rest = (h2 - hi) + low;
  return $pair(hi, rest);
}
)"},
    // log(1 + h + l), h > -1, |l| far below |h|.
    {0, For::floats, "log1p_wide", R"($P ($T h, $T l) {
  $P u = $fg_two_sum($(1), h);
  $P w = $fg_log_wide(u.x);
  $V c = w.y + $fg_quotient(u.y + l, u.x);
  $V hi = w.x + c;
  $V rest = (w.x - hi) + c;
  return $pair(hi, rest);
}
)"},
    // k k_log + log(1 + f) (h + l), the logarithm and h in two parts, the first of half the digits.
    {0, For::f32, "log_times", R"(($T a, $T k_hi, $T k_lo, $T h, $T l) {
  $P p = $fg_log_parts(a > $(0) ? a : $(1));
  $V f = p.y;
  $V f2 = f * f;
  $V rest = f2 * f * $poly(log, f) - f2 * $(0.5);
  $V g = f + rest;
  $V g_low = (f - g) + rest;
  $V gh = $fg_upper(g);
  $V gl = (g - gh) + g_low;
  $V hh = $fg_upper(h);
  $V hl = (h - hh) + l;
  $V y = p.x * k_hi + (p.x * k_lo + (gh * hh + (gh * hl + gl * h)));
  return $fg_log_edges(a, y);
}
)"},
    {FG_EX_LOG2, For::f32, "log2", R"(($T a) {
  return $fg_log_times(a, $(1), $(0), $log2e_hi, $log2e_lo);
}
)"},
    {FG_EX_LOG10, For::f32, "log10", R"(($T a) {
  return $fg_log_times(a, $log10_2_hi, $log10_2_lo, $log10e_hi, $log10e_lo);
}
)"},
    {0, For::f64, "log_times", R"(($T a, $T h, $T l) {
  $P w = $fg_log_wide(a > $(0) && a < $(inf) ? a : $(1));
  $P p = $fg_two_prod(w.x, h);
  $V y = p.x + (p.y + (w.x * l + w.y * h));
  return $fg_log_edges(a, y);
}
)"},
    {FG_EX_LOG2, For::f64, "log2", R"(($T a) {
  return $fg_log_times(a, $log2e_hi, $log2e_lo);
}
)"},
    {FG_EX_LOG10, For::f64, "log10", R"(($T a) {
  return $fg_log_times(a, $log10e_hi, $log10e_lo);
}
)"},
    {FG_EX_LOG, For::f64, "log", R"(($T a) {
  $P w = $fg_log_wide(a > $(0) && a < $(inf) ? a : $(1));
  return $fg_log_edges(a, w.x);
}
)"},
    {FG_EX_LOG1P, For::f64, "log1p", R"(($T a) {
  $P w = $fg_log1p_wide(a > $(-1) && a < $(inf) ? a : $(1), $(0));
  $V u = a + $(1);
  return $fabs(a) < $(0.00000000000000004) ? a : $fg_log_edges(u, w.x);
}
)"},
    // exp(b log |a|); beyond the limits of b the result is 0, 1 or infinity.
    {FG_EX_POW, For::floats, "pow", R"(($T a, $T b) {
  if (b == $(0) || a == $(1)) return $(1);
  if ($nan(a) || $nan(b)) return $(nan);
  $V half_b = b * $(0.5);
  bool whole = $floor(b) == b;
  bool odd = whole && $fabs(b) < $(inf) && $floor(half_b) != half_b;
  $V x = $fabs(a);
  if (x == $(1)) return whole ? (odd ? a : $(1)) : $(nan);
  if (x == $(0)) return b < $(0) ? (odd ? $fg_with_sign($(inf), a) : $(inf)) : (odd ? a : $(0));
  if (a < $(0) && !whole && x < $(inf)) return $(nan);
  if (x == $(inf)) return b < $(0) ? (odd && a < $(0) ? -$(0) : $(0)) : (odd ? a : x);
  $V limit = $(17179869184|73786976294838206464);
  $V y = b > limit ? limit : (b < -limit ? -limit : b);
  $P w = $fg_log_wide(x);
  $P p = $fg_two_prod(y, w.x);
  bool inside = $fabs(p.x) < $(120|800);
  $V h = inside ? p.x : (p.x < $(0) ? $(-120|-800) : $(120|800));
  $Q e = $fg_exp_split(h, inside ? p.y + y * w.y : $(0));
  $V r = $fg_scale(e.x, e.y);
  return a < $(0) && odd ? -r : r;
}
)"},
    // exp(x), x <= 0, as in scale, the second factor a constant; a NaN passes the limit and all the rest.  One step
    // makes 1 / d good to 2 ulp even where it is not fused: 1 for its product, 1/2 for its result.  With 1 for d, 1.2
    // for e and 1/2 for the last product, not all of them where y is small, that is below 4.
    {FG_EX_SIGMOID, For::floats, "sigmoid", R"(($T a) {
  $V size = $fabs(a);
  $V x = size > $(104|746) ? $(-104|-746) : -size;
  $P p = $fg_exp_parts(x);
  $V e = p.x * $float(($bits(p.y) << $n(23|52)) + $x(5F800000|47F0000000000000)) * $(5.421010862427522e-20|2.938735877055719e-39);
  $V d = $(1) + e;
  $V v = $inverse(d);
  $V inverse = $fma(v, $fma(-d, v, $(1)), v);
  return a < $(0) ? e * inverse : inverse;
}
)"},
    // 1 - 2 / (exp(2a) + 1), from 10 (20) on rounded to 1; near 0 the series.
    {FG_EX_TANH, For::floats, "tanh", R"(($T a) {
  $V x = $fabs(a) < $(10|20) ? $fabs(a) : $(10|20);
  $V z = x * x;
  $V small = x + x * z * $poly(tanh, z);
  $Q e = $fg_exp_split(x + x, $(0));
  $V sum = e.x * $fg_power(e.y) + $(1);
  $V large = $(1) - $fg_quotient($(2), sum);
  $V y = x < $(0.55) ? small : large;
  return $nan(a) ? a : $fg_with_sign(y, a);
}
)"},
    // exp(a) / 2 for a >= 0.
    {0, For::floats, "half_exp", R"(($T a) {
  $Q e = $fg_exp_split(a < $(90|711) ? a : $(90|711), $(0));
  return $fg_scale(e.x, e.y - $(1));
}
)"},
    {FG_EX_SINH, For::floats, "sinh", R"(($T a) {
  $V x = $fabs(a);
  $V z = x < $(1) ? x * x : $(0);
  $V small = x + x * z * $poly(sinh, z);
  $V h = $fg_half_exp(x);
  $V large = x < $(20|40) ? h - $fg_quotient($(0.25), h < $(1e10|1e20) ? h : $(1)) : h;
  return $nan(a) ? a : $fg_with_sign(x < $(1) ? small : large, a);
}
)"},
    {FG_EX_COSH, For::floats, "cosh", R"(($T a) {
  $V x = $fabs(a);
  $V h = $fg_half_exp(x);
  $V y = x < $(20|40) ? h + $fg_quotient($(0.25), h < $(1e10|1e20) ? h : $(1)) : h;
  return $nan(a) ? a : y;
}
)"},
    // log(1 + f), f = x + x^2 / (1 + sqrt(1 + x^2)); log(2x) where x^2 would overflow.
    {FG_EX_ASINH, For::floats, "asinh", R"(($T a) {
  $V x = $fabs(a);
  if ($nan(a) || x == $(inf) || x < $(0.0001|0.00000001)) return a;
  $V far = $(10000|1000000000);
  $V s = x < far ? x : $(1);
  $V s2 = s * s;
  $P f = $fg_two_sum(s, $fg_quotient(s2, $(1) + $fg_sqrt($(1) + s2)));
  $P w = $fg_log1p_wide(x < far ? f.x : x, x < far ? f.y : $(-1));
  $V y = x < far ? w.x : $ln2 + w.x;
  return $fg_with_sign(y, a);
}
)"},
    // log(1 + f), f = t + sqrt(2t + t^2), t = a - 1.
    {FG_EX_ACOSH, For::floats, "acosh", R"(($T a) {
  if ($nan(a) || a < $(1)) return $(nan);
  if (a == $(inf) || a == $(1)) return a == $(1) ? $(0) : a;
  $V far = $(10000|1000000000);
  $V t = a < far ? a - $(1) : $(1);
  $P square = $fg_two_prod(t, t);
  $P v = $fg_two_sum(t + t, square.x);
  $P s = $fg_root_wide(v.x, v.y + square.y);
  $P f = $fg_two_sum(s.x, t);
  $P w = $fg_log1p_wide(a < far ? f.x : a, a < far ? f.y + s.y : $(-1));
  $V y = a < far ? w.x : $ln2 + w.x;
  return y;
}
)"},
    // log(1 + 2x / (1 - x)) / 2
    {FG_EX_ATANH, For::floats, "atanh", R"(($T a) {
  $V x = $fabs(a);
  if ($nan(a) || x < $(0.0001|0.00000001)) return a;
  if (x >= $(1)) return x == $(1) ? $fg_with_sign($(inf), a) : $(nan);
  $P d = $fg_two_sum($(1), -x);
  $P f = $fg_ratio_wide(x + x, $(0), d.x, d.y);
  $P w = $fg_log1p_wide(f.x, f.y);
  return $fg_with_sign($(0.5) * w.x, a);
}
)"},
};

}  // namespace fg::sdk::detail

#endif  // FG_SDK_EXPR_HELPERS_EXP_HPP_
