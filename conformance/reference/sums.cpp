// SPDX-License-Identifier: Apache-2.0
//
// Sums with their bounds.

#include "conformance/reference/sums.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace fg::reference {
namespace {

constexpr Real kInf = std::numeric_limits<Real>::infinity();

// Exponent of the lowest set bit of a finite x != 0.
int lowest_bit(Real x) {
  int exponent = 0;
  const Real fraction = std::frexp(std::fabs(x), &exponent);
  const auto digits = static_cast<std::uint64_t>(std::ldexp(fraction, 64));
  return exponent - 64 + std::countr_zero(digits);
}

// Exponent of the smallest subnormal.
int finest_bit(Ct type) { return std::ilogb(ulp(storage_of(is_float(type) ? type : Ct::f64), 0)); }

}  // namespace

Real roundoff(Ct type) { return unit_roundoff(storage_of(is_float(type) ? type : Ct::f64)); }

Real gamma(Real n, Ct type) {
  const Real nu = n * roundoff(type);
  return nu < 1 ? nu / (1 - nu) : kInf;
}

void Sum::add_real(Real p) {
  count_ += 1;
  if (p < 0) nonnegative_ = false;
  if (std::isnan(p)) nan_ = Nan::always;
  if (std::isinf(p)) (p > 0 ? plus_inf_ : minus_inf_) = true;
  if (!std::isfinite(p)) return;
  const Real next = sum_ + p;  // Neumaier's compensation
  correction_ += std::fabs(sum_) >= std::fabs(p) ? (sum_ - next) + p : (p - next) + sum_;
  sum_ = next;
  absolute_ += std::fabs(p);
  squares_ += p * p;
  if (p != 0) quantum_ = std::min(quantum_, lowest_bit(p));
}

void Sum::add(const Value& term) {
  if (term.nan == Nan::always) {
    nan_ = Nan::always;
    count_ += 1;
    return;
  }
  nan_ = std::max(nan_, term.nan);
  add_real(term.mid);
  if (term.lo < 0) nonnegative_ = false;
  if (term.point() || !std::isfinite(term.mid)) return;
  slack_lo_ += term.mid - term.lo;
  slack_hi_ += term.hi - term.mid;
}

void Sum::add_product(Real a, Real b) {
  products_ = true;
  add_real(a * b);
}

Real Sum::radius(Ct type, Real roundings, bool statistical) const {
  const Real lost = products_ && quantum_ < finest_bit(type) ? std::ldexp(Real{1}, finest_bit(type) - 1) : 0;
  const Real worst = gamma(roundings, type) * absolute_ + count_ * lost;
  if (!statistical) return worst;
  const Real s = total();
  const Real u = roundoff(type);
  const Real variance = u * u * (count_ / 2 * squares_ + count_ / 3 * s * s + squares_) + count_ * lost * lost / 3;
  return std::min(worst, 6 * std::sqrt(variance));
}

Value Sum::mean(Ct type, bool statistical) const {
  const Value sum = bounded(type, statistical);
  const Value n = exact(count_, type);
  if (count_ <= 1 || !std::isfinite(sum.lo) || !std::isfinite(sum.hi)) return div(sum, n);
  const Real steps = 8 + 2 * std::log(count_);
  const Real r =
      radius(type, count_ + steps, statistical) + (statistical ? steps * roundoff(type) * absolute_ / count_ : 0);
  return div(widened(exact(total(), type), std::max(r + slack_lo_, r + slack_hi_)), n);
}

Value Sum::bounded(Ct type, bool statistical) const {
  const Real total_value = plus_inf_ ? kInf : minus_inf_ ? -kInf : total();
  Value v = exact(total_value, type);
  if (nan_ == Nan::always || (plus_inf_ && minus_inf_)) return exact(std::numeric_limits<Real>::quiet_NaN(), type);
  v.nan = nan_;
  const bool may_overflow = absolute_ * (1 + gamma(count_, type)) > format(storage_of(type)).max;
  if ((plus_inf_ || minus_inf_) && !may_overflow) return v;
  const bool no_slack = slack_lo_ == 0 && slack_hi_ == 0;
  const bool on_grid = !products_ || quantum_ >= finest_bit(type);
  const bool is_exact = count_ <= 1 || (no_slack && on_grid && absolute_ <= std::ldexp(1 / roundoff(type), quantum_));
  const Real r = is_exact ? 0 : radius(type, count_, statistical);
  v.lo -= r + slack_lo_;
  v.hi += r + slack_hi_;
  if (nonnegative_) v.lo = std::max(v.lo, Real{0});
  if (may_overflow) {
    v.lo = -kInf;
    v.hi = kInf;
    v.nan = Nan::maybe;
  }
  return rounded(v);
}

}  // namespace fg::reference
