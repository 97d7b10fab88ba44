// SPDX-License-Identifier: Apache-2.0
//
// Functions of one argument: their true value and the error that the accuracy class allows, in ulp
// of the compute type (f32 for 16-bit and f32 data, f64 for f64).
//
//   0 ulp  sign changes, rounding to integers, min, max: exact
//   hull   sqrt: correctly rounded, like the arithmetic
//   2 ulp  exp log sin cos tan tanh erf ... : the class of transcendental functions
//   4 ulp  sigmoid, rsqrt: may be composed.  1 / (1 + exp(-x)): the error of exp (2 ulp) times
//          exp(-x) / (1 + exp(-x)) < 1, half an ulp each for + and /, and a factor below 2 between
//          ulp and relative error.  1 / sqrt(x): two roundings, the same factor, at most 2.
//
// Results that are exact by definition (f(0), f(inf)) are points.

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "conformance/reference/declared.hpp"

namespace fg::reference {
namespace {

using Function = Real (*)(Real);

// Of a function: its value, its error in ulp, and how an interval maps.
struct Rule {
  std::string_view name;
  Function f;
  int ulp;
  enum class Form { monotone, lipschitz_1, even_valley, local } form;
};

Real sigmoid(Real x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
Real rsqrt(Real x) { return 1 / std::sqrt(x); }
Real log_gamma(Real x) { return std::lgamma(x); }

using F = Rule::Form;
constexpr std::array<Rule, 24> kRules{{
    {"exp", [](Real x) { return std::exp(x); }, 2, F::monotone},
    {"exp2", [](Real x) { return std::exp2(x); }, 2, F::monotone},
    {"expm1", [](Real x) { return std::expm1(x); }, 2, F::monotone},
    {"log", [](Real x) { return std::log(x); }, 2, F::monotone},
    {"log2", [](Real x) { return std::log2(x); }, 2, F::monotone},
    {"log10", [](Real x) { return std::log10(x); }, 2, F::monotone},
    {"log1p", [](Real x) { return std::log1p(x); }, 2, F::monotone},
    {"sin", [](Real x) { return std::sin(x); }, 2, F::lipschitz_1},
    {"cos", [](Real x) { return std::cos(x); }, 2, F::lipschitz_1},
    {"tan", [](Real x) { return std::tan(x); }, 2, F::local},
    {"asin", [](Real x) { return std::asin(x); }, 2, F::monotone},
    {"acos", [](Real x) { return std::acos(x); }, 2, F::monotone},
    {"atan", [](Real x) { return std::atan(x); }, 2, F::monotone},
    {"sinh", [](Real x) { return std::sinh(x); }, 2, F::monotone},
    {"cosh", [](Real x) { return std::cosh(x); }, 2, F::even_valley},
    {"tanh", [](Real x) { return std::tanh(x); }, 2, F::monotone},
    {"asinh", [](Real x) { return std::asinh(x); }, 2, F::monotone},
    {"acosh", [](Real x) { return std::acosh(x); }, 2, F::monotone},
    {"atanh", [](Real x) { return std::atanh(x); }, 2, F::monotone},
    {"erf", [](Real x) { return std::erf(x); }, 2, F::monotone},
    {"erfc", [](Real x) { return std::erfc(x); }, 2, F::monotone},
    {"lgamma", log_gamma, 2, F::local},
    {"sigmoid", sigmoid, 4, F::monotone},
    {"rsqrt", rsqrt, 4, F::monotone},
}};

Value in_float(const Value& v) { return is_float(v.type) ? flushed(v) : cast(v, Ct::f32); }

Value image(const Rule& rule, const Value& x) {
  Value r = x;
  r.mid = rule.f(x.mid);
  if (x.point()) {
    r.lo = r.hi = r.mid;
    r.nan = std::isnan(r.mid) ? Nan::always : Nan::never;
    return r;
  }
  const Real a = rule.f(x.lo);
  const Real b = rule.f(x.hi);
  if (std::isnan(a) || std::isnan(b)) r.nan = std::max(r.nan, Nan::maybe);
  const Real left = !std::isnan(a) ? a : std::isnan(r.mid) ? b : r.mid;
  const Real right = !std::isnan(b) ? b : std::isnan(r.mid) ? a : r.mid;
  r.lo = std::min({left, right, r.mid});
  r.hi = std::max({left, right, r.mid});
  if (rule.form == F::lipschitz_1) {
    r.lo = std::max(Real{-1}, r.mid - (x.mid - x.lo) - (x.hi - x.mid));
    r.hi = std::min(Real{1}, r.mid + (x.mid - x.lo) + (x.hi - x.mid));
  } else if (rule.form == F::even_valley && x.lo < 0 && x.hi > 0) {
    r.lo = rule.f(0);
  } else if (rule.form == F::local) {  // not monotone: twice the spread of the ends, good for narrow intervals
    const Real spread = 2 * (r.hi - r.lo);
    const bool pole = !std::isfinite(spread) || !std::isfinite(r.mid);
    r.lo = pole ? -std::numeric_limits<Real>::infinity() : r.mid - spread;
    r.hi = pole ? std::numeric_limits<Real>::infinity() : r.mid + spread;
  }
  return r;
}

Value apply(const Rule& rule, const Value& argument) {
  const Value x = in_float(argument);
  if (x.nan == Nan::always) return x;
  Value r = image(rule, x);
  if (r.nan == Nan::always || r.weak) return r;
  const bool exact_by_definition = x.point() && (x.mid == 0 || !std::isfinite(x.mid)) &&
                                   (r.mid == 0 || r.mid == 1 || r.mid == -1 || !std::isfinite(r.mid));
  if (exact_by_definition) return r;
  const Type type = storage_of(r.type);
  r.lo -= rule.ulp * ulp(type, r.lo);
  r.hi += rule.ulp * ulp(type, r.hi);
  return rounded(r);
}

template <std::size_t I>
Value rule_entry(const Value& x) {
  return apply(kRules[I], x);
}
template <std::size_t... I>
Unary rule_function(std::size_t i, std::index_sequence<I...>) {
  static constexpr std::array<Unary, sizeof...(I)> kEntries{rule_entry<I>...};
  return kEntries[i];
}

// Exact functions: non-decreasing on intervals.
template <Function f>
Value step(const Value& argument) {
  Value v = flushed(argument);
  if (!is_float(v.type) && !v.weak) return v;
  v.lo = f(v.lo);
  v.hi = f(v.hi);
  v.mid = f(v.mid);
  return v;
}

Value square_root(const Value& argument) {
  const Value x = in_float(argument);
  if (x.nan == Nan::always) return x;
  return rounded(image({"sqrt", [](Real y) { return std::sqrt(y); }, 0, F::monotone}, x));
}

Value negate(const Value& argument) {
  const Value v = flushed(argument);
  if (v.type == Ct::boolean) return v;
  Value r = v;
  if (!is_float(v.type) && !v.weak) return sub(exact(0, v.type), v);
  r.lo = -v.hi;
  r.hi = -v.lo;
  r.mid = -v.mid;
  return r;
}

Value absolute(const Value& argument) {
  const Value v = flushed(argument);
  if (!is_float(v.type) && !v.weak && v.point()) return v.mid < 0 ? negate(v) : v;
  Value r = v;
  r.mid = std::fabs(v.mid);
  r.lo = v.lo <= 0 && v.hi >= 0 ? 0 : std::min(std::fabs(v.lo), std::fabs(v.hi));
  r.hi = std::max(std::fabs(v.lo), std::fabs(v.hi));
  return r;
}

Real sign_of(Real x) { return std::isnan(x) ? x : static_cast<Real>((x > 0) - (x < 0)); }
Value sign(const Value& argument) {
  const Value v = flushed(argument);
  Value r = v;
  r.lo = sign_of(v.lo);
  r.hi = sign_of(v.hi);
  r.mid = sign_of(v.mid);
  return r;
}

Value is_nan(const Value& v) {
  const Real low = v.nan == Nan::always ? 1 : 0;
  const Real high = v.nan == Nan::never ? 0 : 1;
  return {low, high, low, Nan::never, Ct::boolean, false};
}

// Whether `f` holds on no, some or every member of the interval; of NaN it is `of_nan`.
template <class F>
Value test(const Value& v, bool of_nan, F&& f) {
  if (v.nan == Nan::always) return exact(of_nan ? 1 : 0, Ct::boolean);
  Real low = std::min<Real>(f(v.lo), f(v.hi));
  Real high = std::max<Real>(f(v.lo), f(v.hi));
  if (v.nan == Nan::maybe) (of_nan ? high : low) = of_nan ? 1 : 0;
  return {low, high, Real(f(v.mid)), Nan::never, Ct::boolean, false};
}
Value is_infinite(const Value& v) {
  return test(v, false, [](Real x) { return std::isinf(x); });
}
Value is_finite(const Value& v) {
  return test(v, false, [](Real x) { return std::isfinite(x); });
}

Value logical_not(const Value& v) {
  const Value c = cast(v, Ct::boolean);
  return {1 - c.hi, 1 - c.lo, 1 - c.mid, Nan::never, Ct::boolean, false};
}
Value bit_not(const Value& v) {
  if (v.type == Ct::boolean) return logical_not(v);
  return sub(exact(-1, v.type), v);
}

template <Ct T>
Value cast_to(const Value& v) {
  return cast(v, T);
}

Real round_half_even(Real x) { return std::nearbyint(x); }
Real floor_of(Real x) { return std::floor(x); }
Real ceil_of(Real x) { return std::ceil(x); }
Real trunc_of(Real x) { return std::trunc(x); }

}  // namespace

std::optional<int> error_class(std::string_view name) {
  for (const Rule& rule : kRules) {
    if (rule.name == name) return rule.ulp;
  }
  return std::nullopt;
}

Unary find_unary(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Unary>, 18> kExact{{
      {"neg", negate},
      {"abs", absolute},
      {"sign", sign},
      {"isnan", is_nan},
      {"isinf", is_infinite},
      {"isfinite", is_finite},
      {"not", bit_not},
      {"!", logical_not},
      {"floor", step<floor_of>},
      {"ceil", step<ceil_of>},
      {"trunc", step<trunc_of>},
      {"round", step<round_half_even>},
      {"sqrt", square_root},
      {"cast_bool", cast_to<Ct::boolean>},
      {"cast_i32", cast_to<Ct::i32>},
      {"cast_i64", cast_to<Ct::i64>},
      {"cast_f32", cast_to<Ct::f32>},
      {"cast_f64", cast_to<Ct::f64>},
  }};
  for (const auto& [key, function] : kExact) {
    if (key == name) return function;
  }
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    if (kRules[i].name == name) return rule_function(i, std::make_index_sequence<kRules.size()>{});
  }
  return nullptr;
}

Value call(std::string_view function, const Value& x) { return find_unary(function)(x); }

}  // namespace fg::reference
