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
constexpr int kLeastNormal = -126;  // exponent, of f32 and tf32
constexpr int kDigitsOfTf32 = 11;

// Exponent of the lowest set bit of a finite x != 0.
int lowest_bit(Real x) {
  int exponent = 0;
  const Real fraction = std::frexp(std::fabs(x), &exponent);
  const auto digits = static_cast<std::uint64_t>(std::ldexp(fraction, 64));
  return exponent - 64 + std::countr_zero(digits);
}

// In which a sum of values of `type` is kept, by the class that was declared.
struct Accumulator {
  Type type;
  bool narrow = false, truncates = false;

  Real unit() const { return unit_roundoff(type); }
  Real worst_unit() const { return truncates ? 2 * unit() : unit(); }
  int finest_bit() const { return std::ilogb(ulp(type, 0)); }  // exponent of the smallest subnormal
};
Accumulator accumulator(Ct type) {
  const SumClass c = arithmetic().sums;
  if (c == SumClass::f16 && type == Ct::f32) return {Type::f16, true};
  return {storage_of(is_float(type) ? type : Ct::f64), false, c == SumClass::f32_rz};
}

Real gamma_of(Real n, Real unit) { return n * unit < 1 ? n * unit / (1 - n * unit) : kInf; }

// Relative error of an f32 that is read as tf32: none for what that holds.  Its subnormals lose more.
Real error_as_tf32(Real x) {
  if (x == 0 || !std::isfinite(x)) return 0;
  const int exponent = std::max(std::ilogb(x), kLeastNormal);
  if (lowest_bit(x) > exponent - kDigitsOfTf32) return 0;
  return std::ilogb(x) < kLeastNormal ? 1 : std::ldexp(Real{1}, -kDigitsOfTf32);
}
bool overflows_as_tf32(Real x) { return std::isfinite(x) && std::fabs(x) >= std::ldexp(2 - 0x1p-11L, 127); }

}  // namespace

Real roundoff(Ct type) { return unit_roundoff(storage_of(is_float(type) ? type : Ct::f64)); }

Real gamma(Real n, Ct type) { return gamma_of(n, roundoff(type)); }

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

// A factor that is flushed takes the term along, or meets an infinity as zero.
void Sum::read_as_zero(Real p) {
  if (!std::isfinite(p)) {
    reading_.inf_by_zero = true;
  } else {
    (p > 0 ? reading_.lo : reading_.hi) += std::fabs(p);
  }
}

void Sum::read_rounded(Real r, Real p) {
  if (!std::isfinite(p)) return;
  reading_.absolute += r * std::fabs(p);
  reading_.squares += r * r * p * p;
  reading_.sum += r * p;
}

void Sum::add_product(Real a, Real b, Real scale) {
  const Real p = scale * a * b;
  products_ = true;
  scale_ = std::max(scale_, std::fabs(scale));
  add_real(p);
  if (may_flush(Ct::f32, a) || may_flush(Ct::f32, b) || may_flush(Ct::f32, scale * a)) read_as_zero(p);
  if (arithmetic().sums != SumClass::tf32) return;
  const Real ra = error_as_tf32(a), rb = error_as_tf32(b);
  read_rounded(ra + rb + ra * rb, p);
  reading_.overflow = reading_.overflow || overflows_as_tf32(a) || overflows_as_tf32(b);
}

void Sum::add_product(const Value& a, const Value& b) {
  const Value p = mul(a, b);
  add(p);
  if (arithmetic().sums != SumClass::tf32 || p.nan == Nan::always) return;
  // What an interval holds beside its middle may have any number of bits.
  const Real most = std::ldexp(Real{1}, -kDigitsOfTf32);
  const Real ra = a.point() ? error_as_tf32(a.mid) : most, rb = b.point() ? error_as_tf32(b.mid) : most;
  read_rounded(ra + rb + ra * rb, p.mid);
  reading_.overflow = reading_.overflow || overflows_as_tf32(a.mid) || overflows_as_tf32(b.mid);
}

void Sum::add_scaled(Real x, Real scale) {
  products_ = true;
  scale_ = std::max(scale_, std::fabs(scale));
  add_real(scale * x);
}

// Multiples of the least normal number have no subnormal sums.
Real Sum::flushed_away(Ct type) const { return quantum_ >= kLeastNormal ? 0 : count_ * scale_ * flush_loss(type); }

Real Sum::soft_radius(Ct type, Real lost) const {
  const Accumulator acc = accumulator(type);
  const Reading read = type == Ct::f32 ? reading_ : Reading{};
  const Real s = total();
  const Real u = acc.unit();
  const Real variance = u * u * (count_ / 2 * squares_ + count_ / 3 * s * s + squares_) + count_ * lost * lost / 3 +
                        read.squares + read.sum * read.sum;
  const Real drift = acc.truncates ? 2 * u * count_ * std::sqrt(squares_ / 2 + s * s / 3) + count_ * lost : 0;
  return 6 * std::sqrt(variance) + drift;
}

Real Sum::radius(Ct type, Real roundings, bool statistical) const {
  const Accumulator acc = accumulator(type);
  const bool rounds_terms = products_ || acc.narrow;
  // Half the smallest subnormal, the whole of it when truncating.
  const Real lost =
      rounds_terms && quantum_ < acc.finest_bit() ? std::ldexp(Real{1}, acc.finest_bit() - (acc.truncates ? 0 : 1)) : 0;
  const Real read = type == Ct::f32 ? reading_.absolute : 0;
  const Real worst = gamma_of(roundings, acc.worst_unit()) * (absolute_ + read) + read + count_ * lost;
  return (statistical ? std::min(worst, soft_radius(type, lost)) : worst) + flushed_away(type);
}

Value Sum::mean(Ct type, bool statistical) const {
  const Value sum = bounded(type, statistical);
  const Value n = exact(count_, type);
  if (count_ <= 1 || !std::isfinite(sum.lo) || !std::isfinite(sum.hi)) return div(sum, n);
  const Real steps = 8 + 2 * std::log(count_);
  const Real r = radius(type, count_ + steps, statistical) +
                 (statistical ? steps * roundoff(type) * absolute_ / count_ : 0) + count_ * flushed_away(type);
  return div(widened(exact(total(), type), std::max(r + slack_lo_, r + slack_hi_)), n);
}

bool Sum::exact_in_any_order(Ct type) const {
  const Accumulator acc = accumulator(type);
  if (flushed_away(type) > 0 || (type == Ct::f32 && reading_.absolute > 0)) return false;
  if (count_ <= 1 && !acc.narrow && !acc.truncates) return true;
  const bool on_grid = !(products_ || acc.narrow) || quantum_ >= acc.finest_bit();
  const bool no_slack = slack_lo_ == 0 && slack_hi_ == 0;
  return no_slack && on_grid && absolute_ <= std::ldexp(1 / acc.unit(), quantum_);
}

Value Sum::bounded(Ct type, bool statistical) const {
  const Accumulator acc = accumulator(type);
  const Reading read = type == Ct::f32 ? reading_ : Reading{};
  const Real total_value = plus_inf_ ? kInf : minus_inf_ ? -kInf : total();
  Value v = exact(total_value, type);
  if (nan_ == Nan::always || (plus_inf_ && minus_inf_)) return exact(std::numeric_limits<Real>::quiet_NaN(), type);
  v.nan = read.inf_by_zero ? Nan::maybe : nan_;
  const bool may_overflow =
      read.overflow || (absolute_ + read.absolute) * (1 + gamma_of(count_, acc.worst_unit())) > format(acc.type).max;
  if ((plus_inf_ || minus_inf_) && !may_overflow) return v;
  const Real r = exact_in_any_order(type) ? 0 : radius(type, count_, statistical);
  v.lo -= r + slack_lo_ + read.lo;
  v.hi += r + slack_hi_ + read.hi;
  if (nonnegative_) v.lo = std::max(v.lo, Real{0});
  if (may_overflow) {
    v.lo = -kInf;
    v.hi = kInf;
    v.nan = Nan::maybe;
  }
  return rounded(v);
}

}  // namespace fg::reference
