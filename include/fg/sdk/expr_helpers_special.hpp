// SPDX-License-Identifier: Apache-2.0
//
// erf, erfc and lgamma for expr_printer.hpp; the language of these texts is explained in
// expr_helpers.hpp, the fits stand in expr_series.hpp.

#ifndef FG_SDK_EXPR_HELPERS_SPECIAL_HPP_
#define FG_SDK_EXPR_HELPERS_SPECIAL_HPP_

#include "fg/abi/expr.h"
#include "fg/sdk/expr_helper.hpp"

namespace fg::sdk::detail {

inline constexpr ExprHelper kSpecialHelpers[] = {
    // Below 1.32 x p(x^2 - c), c amid the range, so that terms are small and the last two roundings, 1.4 ulp, are
    // nearly
    // all; no subnormal on the way.  Above 1 - 2^q(x), q a fit of log2(erfc(x)) that falls for ever: 2^q < 1/16, so
    // that
    // 13 ulp of it, the error of a poor exp2, are 0.8 ulp of the result; its rounding is 1/2, that of q 0.2, the fit
    // 0.05.  NaN goes through both.
    {FG_EX_ERF, For::f32, "erf", R"(($T a) {
  $V x = $fabs(a);
  $V w = $fma(x, x, $(-0.709));
  $V small = x * $poly(erf_near, w);
  $V large = $(1) - $exp2($poly(log2_erfc, x));
  $V y = x < $(1.32) ? small : large;
  return $fg_with_sign(y, a);
}
)"},
    // 0.5 a (1 + erf(a / sqrt(2))).  Below 1.35 a (1/2 + a p(a^2 - c)): erf is within 1.9 ulp, of which the fit is 0.4.
    // Above 2^q(x), or 1 - 2^q(x) with the sum's one rounding, in sixteenths: q is near 0 then, where a poor exp2 is
    // 4 ulp off, 1.1 ulp of erf; the fit and the roundings of q are 0.8.  NaN goes through; infinity leaves 0 or 1.
    {0, For::f32, "gelu", R"(($T a) {
  $V x = $fabs(a);
  $V w = $fma(a, a, $(-0.91125));
  $V near = $fma(a, $poly(gelu_near, w), $(0.5));
  $V tail = $exp2($poly(gelu_tail, x)) * $(0.0625);
  $V far = a < $(0) ? tail : $(1) - tail;
  $V y = a * (x < $(1.35) ? near : far);
  return y;
}
)"},
    // erfc(x) = exp(-x^2) g(t) / (1 + 2x), t = (x - 3) / (x + 3), x >= 0.45, and exp(-x^2) = 2^n e.
    {0, For::floats, "erfc_tail", R"(($T x) {
  $V t = $fg_quotient(x - $(3), x + $(3));
  $V g = $erfc_lo + t * $poly(erfc_rest, t);
  $P n = $fg_two_sum($erfc_hi, g);
  $P d = $fg_two_sum($(1), x + x);
  $P w = $fg_ratio_wide(n.x, n.y, d.x, d.y);
  $P s = $fg_two_prod(x, x);
  $Q e = $fg_exp_split(-s.x, -s.y);
  $V y = w.x + (w.y + w.x * e.z);
  return $fg_scale(y, e.y);
}
)"},
    {FG_EX_ERF, For::f64, "erf", R"(($T a) {
  $V x = $fabs(a) < $(6) ? $fabs(a) : $(6);
  $V z = x * x;
  $V small = x + x * $poly(erf, z);
  $V large = $(1) - $fg_erfc_tail(x < $(0.9) ? $(0.9) : x);
  $V y = x < $(0.9) ? small : large;
  return $nan(a) ? a : $fg_with_sign(y, a);
}
)"},
    {FG_EX_ERFC, For::floats, "erfc", R"(($T a) {
  $V x = $fabs(a) < $(10.3|27.4) ? $fabs(a) : $(10.3|27.4);
  $V z = a * a;
  $V tail = $fg_erfc_tail(x < $(0.46) ? $(0.46) : x);
  $V near = $(1) - (a + a * $poly(erf, z));
  $V far = a < $(0) ? $(2) - tail : tail;
  $V y = x < $(0.46) ? near : far;
  return $nan(a) ? a : y;
}
)"},
    // log(gamma(x)), x > 0, in two parts.  x is moved to 2 + u, |u| <= 1/2, where it is u p(u), by factors
    // whose logarithm remains; from 8 on Stirling's series.
    {0, For::floats, "lgamma_wide", R"($P ($T x) {
  if (x >= $(8)) {
    $P w = $fg_log_wide(x);
    $P m = $fg_two_sum(w.x, $(-1));
    $P s = $fg_two_sum(x, $(-0.5));
    $V y = $fg_quotient($(1), x);
    $V z = y * y;
    $P p = $fg_two_prod(s.x, m.x);
    $V rest = p.y + (s.x * (m.y + w.y) + s.y * m.x);
    $V series = $gamma_base + y * $poly(stirling, z);
    $P r = $fg_two_sum(p.x, series);
    $V low = r.y + rest;
    return $pair(r.x, low);
  }
  $V u = x - $(2);
  $P f = $pair($(1), $(0));
  bool below = x < $(1.5);
  if (below) {
    u = x < $(0.5) ? x : x - $(1);
    f = $pair(x, $(0));
    if (x < $(0.5)) {
      $P square = $fg_two_prod(x, x);
      f = $fg_two_sum(x, square.x);
      $V low = f.y + square.y;
      f = $pair(f.x, low);
    }
  }
  $V up = x;
  for (int n = 0; n < 6; n++) {
    if (up >= $(2.5)) {
      up = up - $(1);
      u = up - $(2);
      $P p = $fg_two_prod(f.x, up);
      $V low = p.y + f.y * up;
      f = $pair(p.x, low);
    }
  }
  $P w = $fg_log_wide(f.x);
  $V w_low = w.y + $over(f.y, f.x);
  $V c = $poly(gamma, u);
  $P p = $fg_two_prod(u, c);
  $P r = $fg_two_sum(p.x, below ? -w.x : w.x);
  $V low = r.y + (p.y + (below ? -w_low : w_low));
  return $pair(r.x, low);
}
)"},
    // r x + hi + low
    {0, For::floats, "step_wide", R"($P ($P r, $T x, $T hi, $T low) {
  $P p = $fg_two_prod(r.x, x);
  $P s = $fg_two_sum(hi, p.x);
  $V rest = s.y + (p.y + (r.y * x + low));
  $V y = s.x + rest;
  $V y_low = (s.x - y) + rest;
  return $pair(y, y_low);
}
)"},
    // Of -26 < x < 2 and not whole below 1, where lgamma has zeros: gamma(w) / |x (x + 1) ... (w - 1)|, 1 <= w < 2, in
    // two
    // parts, and the logarithm of 1 + d where the quotient is nearly 1.
    {0, For::floats, "lgamma_left", R"(($T x) {
  $V w = x;
  $P f = $pair($(1), $(0));
  for (int n = 0; n < 28; n++) {
    if (w < $(1)) {
      f = $fg_step_wide(f, w, $(0), $(0));
      w = w + $(1);
    }
  }
  if (f.x < $(0)) f = $pair(-f.x, -f.y);
  $V v = w - $(1.5);
  $P g = $wide_poly(gamma_wide, v);
  $P d = $fg_two_sum(g.x, -f.x);
  $V d_low = d.y + (g.y - f.y);
  $P q = $fg_ratio_wide(d.x, d_low, f.x, f.y);
  if ($fabs(q.x) < $(0.5)) {
    $P near = $fg_log1p_wide(q.x, q.y);
    return near.x;
  }
  q = $fg_ratio_wide(g.x, g.y, f.x, f.y);
  $P y = $fg_log_wide(q.x);
  $V r = y.x + (y.y + $over(q.y, q.x));
  return r;
}
)"},
    // Far below 0 by reflection: log(pi / |sin(pi x)|) - log(gamma(1 - x)).
    {FG_EX_LGAMMA, For::floats, "lgamma", R"(($T a) {
  if ($nan(a)) return a;
  if ($fabs(a) == $(inf) || (a <= $(0) && $floor(a) == a)) return $(inf);
  $V x = $fabs(a);
  if (x < $(1e-9|1e-18)) {
    $P tiny = $fg_log_wide(x);
    return -tiny.x;
  }
  if (x > $(1e10|1e20)) {
    $P huge = $fg_log_wide(x);
    $V y = x * (huge.x - $(1));
    return a < $(0) ? -y : y;
  }
  if ((a < $(0) && x < $(16|26)) || (a > $(1.1) && a < $(1.8))) return $fg_lgamma_left(a);
  $P g = $fg_lgamma_wide(x);
  if (a > $(0)) {
    $V y = g.x + g.y;
    return y;
  }
  $V part = $fabs(a - $rint(a));
  $P s = $fg_two_prod(part, $half_pi_hi);
  $V s_low = $(2) * (s.y + part * $half_pi_lo);
  bool steep = part > $(0.25);
  $P s2 = $fg_two_sum($(0.5), -part);
  $P c = $fg_two_prod(s2.x, $half_pi_hi);
  $V v = steep ? c.x + c.x : s.x + s.x;
  $V v_low = steep ? $(2) * (c.y + s2.x * $half_pi_lo) : s_low;
  $V wave = $fg_wave(v, v_low, steep ? $i(1) : $i(0));
  $P p = $fg_two_prod(x, wave);
  $P w = $fg_log_wide(p.x);
  $P h = $fg_two_sum($log_pi_hi, -w.x);
  $P r = $fg_two_sum(h.x, -g.x);
  $V y = r.x + (r.y + (h.y + ($log_pi_lo - (w.y + $over(p.y, p.x)) - g.y)));
  return y;
}
)"},
};

}  // namespace fg::sdk::detail

#endif  // FG_SDK_EXPR_HELPERS_SPECIAL_HPP_
