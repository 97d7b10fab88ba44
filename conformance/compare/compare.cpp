// SPDX-License-Identifier: Apache-2.0
//
// Element-wise judgement, statistical bounds and bias.

#include "conformance/compare/compare.hpp"

#include <algorithm>
#include <cmath>

namespace fg::conformance {
namespace {

using reference::Nan;
using reference::Output;
using reference::Real;
using reference::Type;
using reference::Value;

// Mean signed error over the outputs in units of its standard deviation.
Real bias_of(const Output& want, const std::vector<Real>& got) {
  Real sum = 0;
  Real n = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const Value& v = want.soft[i];
    const Real width = v.hi - v.lo;
    if (!std::isfinite(v.mid) || !std::isfinite(got[i]) || !(width > 0) || !std::isfinite(width)) continue;
    const Real rounding = reference::ulp(want.type, v.mid);
    const Real variance = width * width / 144 + rounding * rounding / 12;  // soft is +- 6 deviations
    sum += (got[i] - v.mid) / std::sqrt(variance);
    n += 1;
  }
  return n < 64 ? 0 : sum / std::sqrt(n);
}

bool is_special(Real got, const Value& want) {
  return std::isnan(got) != (want.nan == Nan::always) || std::isinf(got) != std::isinf(want.mid);
}

void set_worst(Comparison& c, const Output& want, std::size_t at, Real got, const Value& v) {
  Mismatch& w = c.worst;
  w.type = want.type;
  w.got = got;
  w.want = v.nan == Nan::always ? std::numeric_limits<Real>::quiet_NaN()
                                : reference::store(want.type, v.mid, reference::is_float(v.type));
  w.error = std::fabs(got - w.want);
  w.allowed = allowed(v, want.type);
  w.index.assign(want.shape.size(), 0);
  auto rest = static_cast<std::int64_t>(at);
  for (std::size_t d = want.shape.size(); d-- > 0;) {
    w.index[d] = rest % want.shape[d];
    rest /= want.shape[d];
  }
}

}  // namespace

Range legal_range(const Value& v, Type type) {
  const bool from_float = reference::is_float(v.type);
  if (v.nan == Nan::always) {
    if (reference::is_float(type)) return {0, 0, true, false};
    const Real zero = reference::store(type, std::numeric_limits<Real>::quiet_NaN(), true);
    return {zero, zero, false, true};
  }
  if (type == Type::boolean && from_float && v.lo < v.hi) {  // truth is not monotone: 0 may lie within
    const bool zero = v.lo <= 0 && v.hi >= 0;
    return {zero ? Real{0} : Real{1}, 1, false, true};
  }
  Range r{reference::store(type, v.lo, from_float), reference::store(type, v.hi, from_float), v.nan != Nan::never,
          true};
  const bool wraps = !reference::is_float(type) && !from_float && v.lo != v.hi && (r.lo != v.lo || r.hi != v.hi);
  if (wraps) r = {reference::lowest(type), reference::highest(type), false, true};
  // Overflow of a type without infinity is NaN.
  if (std::isnan(r.lo) || std::isnan(r.hi)) {
    r.nan = true;
    r.number = !std::isnan(r.lo) || !std::isnan(r.hi);
    if (std::isnan(r.lo)) r.lo = -reference::format(type).max;
    if (std::isnan(r.hi)) r.hi = reference::format(type).max;
  }
  return r;
}

bool legal(const Value& v, Type type, Real x) {
  const Range r = legal_range(v, type);
  return std::isnan(x) ? r.nan : r.number && r.lo <= x && x <= r.hi;
}

Real allowed(const Value& v, Type type) {
  const Range r = legal_range(v, type);
  if (!r.number) return 0;
  const Real mid = std::isnan(v.mid) ? Real{0} : v.mid;
  return std::max({std::fabs(r.hi - mid), std::fabs(mid - r.lo), Real{0}});
}

Real error_ratio(const Value& v, Type type, Real x) {
  return std::fabs(x - v.mid) / (allowed(v, type) + reference::ulp(Type::f64, v.mid));
}

Comparison compare(const Output& want, const std::vector<Real>& got, const CompareOptions& options) {
  Comparison c;
  const auto n = static_cast<std::int64_t>(got.size());
  c.worst.total = n;
  std::vector<bool> bad(got.size(), false);
  std::vector<bool> beyond(got.size(), false);  // the statistical bound alone
  std::int64_t beyond_soft = 0;
  std::size_t soft_at = 0;
  std::size_t worst_at = 0;
  Real worst_excess = -1;
  bool special = false;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const Value& hard = want.hard[i];
    if (legal(hard, want.type, got[i])) {
      if (!want.soft.empty() && !legal(want.soft[i], want.type, got[i])) {
        ++beyond_soft;
        beyond[i] = true;
        soft_at = i;
      }
      const Real limit = allowed(hard, want.type);
      const Real error = std::fabs(got[i] - hard.mid);
      if (limit > 0 && std::isfinite(error) && std::isfinite(limit))
        c.ratio = std::max(c.ratio, static_cast<double>(error / limit));
      continue;
    }
    bad[i] = true;
    ++c.worst.bad;
    const bool odd = is_special(got[i], hard);
    special = special || odd;
    const Real excess = odd ? std::numeric_limits<Real>::infinity() : error_ratio(hard, want.type, got[i]);
    if (excess > worst_excess) {
      worst_excess = excess;
      worst_at = i;
    }
  }
  if (c.worst.bad > 0) {
    c.verdict = special ? Verdict::special_value : Verdict::fail;
    set_worst(c, want, worst_at, got[worst_at], want.hard[worst_at]);
    std::vector<Real> expected(got.size());
    for (std::size_t i = 0; i < got.size(); ++i)
      expected[i] = want.hard[i].nan == Nan::always ? std::numeric_limits<Real>::quiet_NaN() : want.hard[i].mid;
    c.worst.pattern = describe_pattern(want.shape, bad, got, expected);
    c.worst.map = error_map(want.type, want.shape, want.hard, bad, got);
    return c;
  }
  if (beyond_soft > 0) {
    c.verdict = beyond_soft > 1 && beyond_soft * 1000 > n ? Verdict::fail : Verdict::quality_warn;
    c.worst.bad = beyond_soft;
    set_worst(c, want, soft_at, got[soft_at], want.soft[soft_at]);
    c.worst.pattern = "beyond six standard deviations of rounding in any order, within the worst case";
    if (c.verdict == Verdict::fail) c.worst.map = error_map(want.type, want.shape, want.soft, beyond, got);
    return c;
  }
  const Real z = options.check_bias && !want.soft.empty() ? bias_of(want, got) : 0;
  if (std::fabs(z) >= 6) {
    c.verdict = Verdict::bias;
    c.worst.bad = n;
    set_worst(c, want, 0, got[0], want.soft[0]);
    c.worst.pattern = std::string("errors lean to one side (") + std::to_string(static_cast<double>(z)) +
                      " standard deviations): truncation instead of rounding?";
    c.worst.map = error_map(want.type, want.shape, want.soft, beyond, got);
  }
  return c;
}

}  // namespace fg::conformance
