// SPDX-License-Identifier: Apache-2.0
//
// Monoids.  Bounds beyond those of sums.hpp:
//   prod       n - 1 roundings: every term within gamma_n of the true product
//   welford    mean: the sum's bound and one division.  m2 (Chan, Golub, LeVeque 1983, for updating and
//              two-pass algorithms): n u kappa m2 with kappa = sqrt(1 + n mean^2 / m2), doubled for
//              pairwise merging, and n (delta mean)^2 for a two-pass sum around an inexact mean; the
//              statistical form has 6 sqrt(n) in the place of n
//   logsumexp  the peak is exact; each term exp(x - peak) carries 2 ulp and the rounding of its argument

#include "conformance/reference/states.hpp"

#include <algorithm>
#include <cmath>

namespace fg::reference {
namespace {

constexpr Real kInf = std::numeric_limits<Real>::infinity();

bool keeps_position(Monoid m) {
  return m == Monoid::argmax || m == Monoid::argmin || m == Monoid::lastmax || m == Monoid::lastmin;
}

Value identity(Monoid m, Ct type) {
  const bool real = is_float(type);
  switch (m) {
    case Monoid::prod:
    case Monoid::logical_and: return exact(1, type);
    case Monoid::max:
    case Monoid::argmax:
    case Monoid::lastmax: return exact(real ? -kInf : lowest(storage_of(type)), type);
    case Monoid::min:
    case Monoid::argmin:
    case Monoid::lastmin: return exact(real ? kInf : highest(storage_of(type)), type);
    default: return exact(0, type);
  }
}

Real number_of(const Value& term) {
  return term.nan == Nan::always ? std::numeric_limits<Real>::quiet_NaN() : term.mid;
}

}  // namespace

std::vector<std::string> state_names(Monoid monoid) {
  if (keeps_position(monoid)) return {"value", "position"};
  if (monoid == Monoid::welford) return {"mean", "m2", "count"};
  if (monoid == Monoid::logsumexp) return {"peak", "total"};
  return {"acc"};
}

void State::add_position(Best& best, const Value& term, Real compared) const {
  const bool last = monoid_ == Monoid::lastmax || monoid_ == Monoid::lastmin;
  const bool greatest = monoid_ == Monoid::argmax || monoid_ == Monoid::lastmax;
  const Real old = best.compared;
  const bool old_nan = best.value.nan == Nan::always;
  const bool new_nan = term.nan == Nan::always;
  bool better = greatest ? compared > old : compared < old;
  if (last && compared == old) better = true;
  if (old_nan || new_nan) better = new_nan && (!old_nan || last);
  if (count_ == 0 || better) best = {term, compared, count_};
}

// Between what a kernel that keeps subnormals finds and what one finds that compares them as zero.
std::vector<Value> State::best() const {
  Value value = flushed(kept_.value);
  Value position = exact(static_cast<Real>(kept_.position), Ct::i64);
  if (!arithmetic().subnormals) {
    value = hull(value, flushed(flushed_.value));
    position = hull(position, exact(static_cast<Real>(flushed_.position), Ct::i64));
  }
  return {value, position};
}

// The same term added again and again in one binade is rounded the same way each time: errors add up
// instead of cancelling, and the statistical bound, which takes them for independent, does not hold.
bool State::repeats() const {
  return distinct_.size() <= kFewTerms && count_ > 8 * static_cast<std::int64_t>(distinct_.size());
}

void State::note(Real term) {
  if (distinct_.size() > kFewTerms || std::isnan(term)) return;
  if (std::find(distinct_.begin(), distinct_.end(), term) == distinct_.end()) distinct_.push_back(term);
}

// sum_ holds the exponentials of all terms less the peak; a new peak, which is rare in a long line, makes
// it anew.
void State::add_exponential(Real x) {
  terms_.push_back(x);
  note(x);
  const Real before = peak_;
  peak_ = std::isnan(x) || std::isnan(before) ? x + before : std::max(before, x);
  const bool same = peak_ == before || (std::isnan(peak_) && std::isnan(before));
  if (!same) sum_ = Sum();
  for (std::size_t i = same ? terms_.size() - 1 : 0; i < terms_.size(); ++i) {
    const Real shifted = std::isinf(peak_) && terms_[i] == peak_ ? 0 : terms_[i] - peak_;
    sum_.add(call("exp", rounded(exact(shifted, type_))));
  }
}

void State::add(const Value& term) {
  switch (monoid_) {
    case Monoid::sum:
      if (is_float(type_)) {
        sum_.add(term);
        note(term.mid);
      } else {
        running_ = count_ == 0 ? term : fg::reference::add(running_, term);
      }
      break;
    case Monoid::prod:
      running_ = count_ == 0 ? term : mul(running_, term);
      if (std::isfinite(term.mid)) {
        largest_ *= std::max(std::fabs(term.mid), Real{1});
        if (term.mid != 0) smallest_ *= std::min(std::fabs(term.mid), Real{1});
      }
      break;
    case Monoid::max: running_ = count_ == 0 ? term : maximum(running_, term); break;
    case Monoid::min: running_ = count_ == 0 ? term : minimum(running_, term); break;
    case Monoid::logical_and:
    case Monoid::logical_or: {
      const Value truth = cast(term, Ct::boolean);
      const Binary combine = find_binary(monoid_ == Monoid::logical_and ? "&&" : "||");
      running_ = count_ == 0 ? truth : combine(running_, truth);
      break;
    }
    case Monoid::welford:
      sum_.add(term);
      note(term.mid);
      terms_.push_back(number_of(term));
      break;
    case Monoid::logsumexp: add_exponential(number_of(term)); break;
    default:
      add_position(kept_, term, term.mid);
      add_position(flushed_, term, may_flush(type_, term.mid) ? 0 : term.mid);
      break;
  }
  ++count_;
}

std::vector<Value> State::welford(bool statistical) const {
  const Real n = static_cast<Real>(count_);
  const Value count = exact(n, type_);
  if (count_ == 0) return {exact(0, type_), exact(0, type_), count};
  Value mean = sum_.mean(type_, statistical);
  const bool finite = std::all_of(terms_.begin(), terms_.end(), [](Real x) { return std::isfinite(x); });
  if (!finite) {  // inf - mean and inf - inf: no finite variance
    Value m2 = exact(std::numeric_limits<Real>::quiet_NaN(), type_);
    mean.nan = std::max(mean.nan, Nan::maybe);  // an updating mean meets inf - inf
    return {mean, m2, count};
  }
  const Real center = sum_.total() / n;
  Sum squares;
  for (const Real x : terms_) squares.add_product(x - center, x - center);
  const Real m2_value = squares.total();
  Value m2 = exact(m2_value, type_);
  if (mean.point() && count_ == 1) return {mean, m2, count};
  const Real delta = std::max(mean.hi - center, center - mean.lo);
  const Real kappa_m2 = std::sqrt(m2_value * m2_value + m2_value * n * center * center);
  const Real depth = statistical ? std::min(n + 2, 6 * std::sqrt(n + 2)) : n + 2;
  const Real zeroed = flush_loss(type_) * (n + 2 * std::sqrt(n * m2_value));  // differences and their squares
  const Real radius = 2 * gamma(depth, type_) * kappa_m2 + n * delta * delta + zeroed;
  m2 = rounded(widened(m2, radius));
  m2.lo = std::max(m2.lo, Real{0});
  if (m2.hi > format(storage_of(type_)).max) m2 = anything(type_);
  return {mean, m2, count};
}

// Whatever the order of the factors: n - 1 roundings, and what a partial product may lose to
// underflow times the factors that are left.
Value State::product() const {
  Value v = running_;
  if (!is_float(type_) || count_ <= 1 || v.nan == Nan::always) return flushed(v);
  const bool overflows = largest_ > format(storage_of(type_)).max;
  const Real finest = ulp(storage_of(type_), 0) + flush_loss(type_);
  const bool underflows = smallest_ < finest / roundoff(type_);
  if (overflows || (underflows && !std::isfinite(v.mid))) return anything(type_);
  if (!std::isfinite(v.mid) || (v.point() && !underflows)) return v;
  const Real n = static_cast<Real>(count_);
  const Real radius = gamma(n - 1, type_) * std::fabs(v.mid) + (underflows ? n * largest_ * finest : 0);
  v.lo = std::min(v.lo, v.mid - radius);
  v.hi = std::max(v.hi, v.mid + radius);
  return rounded(v);
}

std::vector<Value> State::values(bool statistical) const {
  statistical = statistical && !repeats();
  if (monoid_ == Monoid::sum && is_float(type_)) return {statistical ? sum_.soft(type_) : sum_.hard(type_)};
  if (monoid_ == Monoid::welford) return welford(statistical);
  if (monoid_ == Monoid::logsumexp) {
    if (count_ == 0) return {exact(-kInf, type_), exact(0, type_)};
    return {exact(peak_, type_), statistical ? sum_.soft(type_) : sum_.hard(type_)};
  }
  if (count_ == 0) {
    const Value start = identity(monoid_, type_);
    return keeps_position(monoid_) ? std::vector<Value>{start, exact(0, Ct::i64)} : std::vector<Value>{start};
  }
  if (monoid_ == Monoid::prod) return {product()};
  return keeps_position(monoid_) ? best() : std::vector<Value>{flushed(running_)};
}

}  // namespace fg::reference
