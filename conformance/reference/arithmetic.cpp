// SPDX-License-Identifier: Apache-2.0
//
// Interval arithmetic of the oracle: +, -, *, /, division with remainder, comparisons, conversions,
// and the exact integer forms that wrap.

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "conformance/reference/declared.hpp"

namespace fg::reference {
namespace {

using Wide = __int128_t;
constexpr Real kInf = std::numeric_limits<Real>::infinity();
constexpr Real kNan = std::numeric_limits<Real>::quiet_NaN();

Nan worst(Nan a, Nan b) { return std::max(a, b); }
bool has_zero(const Value& v) { return v.lo <= 0 && v.hi >= 0; }
bool has_infinity(const Value& v) { return std::isinf(v.lo) || std::isinf(v.hi); }

// Operands brought to their common type; a weak one takes that of the other.
struct Pair {
  Value a, b;
  Ct type;
};
Pair of_common_type(const Value& a, const Value& b) {
  Ct type = std::max(a.type, b.type);
  if (a.weak != b.weak) {
    const Value& strong = a.weak ? b : a;
    const Value& weak = a.weak ? a : b;
    type = is_float(weak.type) && !is_float(strong.type) ? Ct::f32 : strong.type;
  }
  if (a.weak && b.weak) return {a, b, type};
  return {cast(a, type), cast(b, type), type};
}
// As an operation reads them.
Pair unify(const Value& a, const Value& b) {
  const Pair p = of_common_type(a, b);
  return {flushed(p.a), flushed(p.b), p.type};
}

// Hull of the interval and its roundings, of what no operation touches.
Value with_roundings(Value v) {
  if (v.nan == Nan::always || v.weak || !is_float(v.type)) return v;
  const Type type = storage_of(v.type);
  // The wide type has rounded already; where that matters (near a tie) both neighbours are legal.
  const Real once = std::ldexp(Real{1}, -63);
  if (std::isfinite(v.lo) && round_to(type, v.lo) != v.lo) v.lo -= std::fabs(v.lo) * once;
  if (std::isfinite(v.hi) && round_to(type, v.hi) != v.hi) v.hi += std::fabs(v.hi) * once;
  v.lo = std::min(v.lo, round_to(type, v.lo));
  v.hi = std::max(v.hi, round_to(type, v.hi));
  return v;
}

// The hull of f over the corners; f's NaN at a corner makes the result a possible NaN.
template <class F>
Value corners(const Value& a, const Value& b, Ct type, F&& f) {
  Value r;
  r.type = type;
  r.weak = a.weak && b.weak;
  r.nan = worst(a.nan, b.nan);
  r.mid = f(a.mid, b.mid);
  if (r.nan == Nan::always || (a.point() && b.point())) {
    r.lo = r.hi = r.mid;
    if (std::isnan(r.mid)) r.nan = Nan::always;
    return r;
  }
  r.lo = kInf;
  r.hi = -kInf;
  for (const Real x : {a.lo, a.hi, a.mid}) {
    for (const Real y : {b.lo, b.hi, b.mid}) {
      const Real z = f(x, y);
      if (std::isnan(z)) {
        r.nan = worst(r.nan, Nan::maybe);
        continue;
      }
      r.lo = std::min(r.lo, z);
      r.hi = std::max(r.hi, z);
    }
  }
  if (r.lo > r.hi) r = {-kInf, kInf, r.mid, Nan::maybe, type, r.weak};
  return r;
}

// An integer operation: exact on 128 bits, then wrapped; any wrap of an interval gives the full range.
template <class F>
Value integers(const Value& a, const Value& b, Ct type, F&& f) {
  const Type storage = storage_of(type);
  auto at = [&](Real x, Real y) { return static_cast<Wide>(f(static_cast<Wide>(x), static_cast<Wide>(y))); };
  auto wrapped = [&](Wide x) {
    const Wide span = Wide{1} << (8 * bytes(storage));
    Wide r = x % span;
    if (r < 0) r += span;
    if (r > static_cast<Wide>(highest(storage))) r -= span;
    return static_cast<Real>(r);
  };
  const Real mid = wrapped(at(a.mid, b.mid));
  Value r{mid, mid, mid, Nan::never, type, a.weak && b.weak};
  if (a.point() && b.point()) return r;
  for (const Real x : {a.lo, a.hi}) {
    for (const Real y : {b.lo, b.hi}) {
      const Wide exact_value = at(x, y);
      const Real z = wrapped(exact_value);
      if (static_cast<Real>(exact_value) != z) return {lowest(storage), highest(storage), mid, Nan::never, type, false};
      r.lo = std::min(r.lo, z);
      r.hi = std::max(r.hi, z);
    }
  }
  return r;
}

Value logical(bool may_be_false, bool may_be_true, bool mid) {
  return {may_be_false ? Real{0} : Real{1},
          may_be_true ? Real{1} : Real{0},
          mid ? Real{1} : Real{0},
          Nan::never,
          Ct::boolean,
          false};
}

Value boolean_and(const Value& a, const Value& b) {
  return corners(a, b, Ct::boolean, [](Real x, Real y) { return Real(x != 0 && y != 0); });
}
Value boolean_or(const Value& a, const Value& b) {
  return corners(a, b, Ct::boolean, [](Real x, Real y) { return Real(x != 0 || y != 0); });
}

Wide floor_quotient(Wide x, Wide y) {
  if (y == 0) return 0;
  const Wide q = x / y;
  return (x % y != 0 && ((x < 0) != (y < 0))) ? q - 1 : q;
}

Wide integer_power(Wide base, Wide exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
  // Modulo 2^64, which keeps the low bits that a wrapping type stores.
  std::uint64_t result = 1;
  auto factor = static_cast<std::uint64_t>(base);
  for (auto e = static_cast<std::uint64_t>(exponent); e != 0; e >>= 1) {
    if ((e & 1u) != 0) result *= factor;
    factor *= factor;
  }
  return static_cast<std::int64_t>(result);
}

// Quotients of floats rounded to integers: exact by way of fmod, but a quotient beyond the
// significand is not an integer of the type, so its rounding joins the hull.
Real real_floor_quotient(Real x, Real y) {
  if (y == 0 || !std::isfinite(x) || std::isnan(y))
    return y == 0 ? x / y : std::isinf(x) && std::isfinite(y) ? kNan : x / y;
  if (std::isinf(y)) return x == 0 || ((x < 0) == (y < 0)) ? 0 : -1;
  Real r = std::fmod(x, y);
  if (r != 0 && ((r < 0) != (y < 0))) r += y;
  return std::nearbyint((x - r) / y);
}

Real real_remainder(Real x, Real y) {
  const Real r = std::fmod(x, y);
  return (r != 0 && ((r < 0) != (y < 0))) ? r + y : r;
}

}  // namespace

Ct compute_type(Type type) {
  if (type == Type::f64) return Ct::f64;
  if (is_float(type)) return Ct::f32;
  if (type == Type::i64) return Ct::i64;
  return type == Type::boolean ? Ct::boolean : Ct::i32;
}

Type storage_of(Ct t) {
  constexpr std::array<Type, 5> kTypes{Type::boolean, Type::i32, Type::i64, Type::f32, Type::f64};
  return kTypes[static_cast<std::size_t>(t)];
}

Value exact(Real x, Ct type) { return {x, x, x, std::isnan(x) ? Nan::always : Nan::never, type, false}; }

Value weak_number(Real x, bool real) {
  Value v = exact(x, real ? Ct::f64 : Ct::i64);
  v.weak = true;
  return v;
}

Value rounded(Value v) { return with_roundings(flushed(v)); }

Value hull(Value a, const Value& b) {
  a.lo = std::min(a.lo, b.lo);
  a.hi = std::max(a.hi, b.hi);
  return a;
}

Value widened(Value v, Real radius) {
  if (v.nan == Nan::always) return v;
  if (std::isfinite(v.lo)) v.lo -= radius;
  if (std::isfinite(v.hi)) v.hi += radius;
  return v;
}

Value cast(const Value& number, Ct to) {
  if (number.type == to && !number.weak) return with_roundings(number);
  const Value v = flushed(number);
  Value r = v;
  r.type = to;
  r.weak = false;
  if (is_float(to)) return rounded(r);
  r.nan = Nan::never;
  const Type type = storage_of(to);
  const bool real = is_float(v.type);
  auto convert = [&](Real x) { return real ? saturate(type, x) : wrap(type, x); };
  r.mid = convert(v.nan == Nan::always ? kNan : v.mid);
  r.lo = v.nan == Nan::always ? r.mid : convert(v.lo);
  r.hi = v.nan == Nan::always ? r.mid : convert(v.hi);
  if (to == Ct::boolean && !v.point() && has_zero(v)) return logical(true, true, r.mid != 0);
  if (v.nan == Nan::maybe) {
    const Real of_nan = convert(kNan);
    r.lo = std::min(r.lo, of_nan);
    r.hi = std::max(r.hi, of_nan);
  }
  if (r.lo > r.hi) std::swap(r.lo, r.hi);
  return r;
}

Value add(const Value& x, const Value& y) {
  const auto [a, b, type] = unify(x, y);
  if (type == Ct::boolean) return boolean_or(a, b);
  if (!is_float(type)) return integers(a, b, type, [](Wide p, Wide q) { return p + q; });
  return rounded(corners(a, b, type, [](Real p, Real q) { return p + q; }));
}

Value sub(const Value& x, const Value& y) {
  const auto [a, b, type] = unify(x, y);
  if (!is_float(type)) return integers(a, b, type, [](Wide p, Wide q) { return p - q; });
  return rounded(corners(a, b, type, [](Real p, Real q) { return p - q; }));
}

Value mul(const Value& x, const Value& y) {
  const auto [a, b, type] = unify(x, y);
  if (type == Ct::boolean) return boolean_and(a, b);
  if (!is_float(type)) return integers(a, b, type, [](Wide p, Wide q) { return p * q; });
  Value r = corners(a, b, type, [](Real p, Real q) { return p * q; });
  if ((has_zero(a) && has_infinity(b)) || (has_zero(b) && has_infinity(a))) r.nan = worst(r.nan, Nan::maybe);
  return rounded(r);
}

Value div(const Value& x, const Value& y) {
  auto [a, b, type] = unify(x, y);
  if (!is_float(type)) {
    type = Ct::f32;
    a = cast(a, type);
    b = cast(b, type);
  }
  if (!b.point() && b.lo < 0 && b.hi > 0) return {-kInf, kInf, a.mid / b.mid, Nan::maybe, type, false};
  Value r = corners(a, b, type, [](Real p, Real q) { return p / q; });
  r.weak = x.weak && y.weak;
  // A zero at the end of an interval of negative numbers is of either sign, unless it is what was flushed.
  if (!b.point() && has_zero(b) && !(b.hi == 0 && std::signbit(b.hi))) {
    r.lo = std::min(r.lo, a.lo < 0 ? -kInf : r.lo);
    r.hi = std::max(r.hi, a.hi > 0 ? kInf : r.hi);
  }
  return rounded(r);
}

namespace {

Value trunc_div(const Value& x, const Value& y) {
  const auto [a, b, type] = unify(x, y);
  if (!is_float(type)) return integers(a, b, type, [](Wide p, Wide q) { return q == 0 ? Wide{0} : p / q; });
  Value q = div(a, b);
  q.lo = std::trunc(q.lo);
  q.hi = std::trunc(q.hi);
  q.mid = std::trunc(q.mid);
  return q;
}

Value floor_div(const Value& x, const Value& y) {
  const auto [a, b, type] = unify(x, y);
  if (!is_float(type)) return integers(a, b, type, floor_quotient);
  Value q = rounded(corners(a, b, type, real_floor_quotient));
  const Real significand = 1 / unit_roundoff(storage_of(type));
  return std::fabs(q.mid) < significand ? q : widened(q, ulp(storage_of(type), q.mid));
}

Value fmod_(const Value& x, const Value& y) {
  const auto [a, b, type] = unify(x, y);
  if (!is_float(type)) return integers(a, b, type, [](Wide p, Wide q) { return q == 0 ? Wide{0} : p % q; });
  return rounded(corners(a, b, type, [](Real p, Real q) { return std::fmod(p, q); }));
}

Value remainder_(const Value& x, const Value& y) {
  const auto [a, b, type] = unify(x, y);
  if (!is_float(type)) {
    return integers(a, b, type, [](Wide p, Wide q) { return q == 0 ? Wide{0} : p - floor_quotient(p, q) * q; });
  }
  Value r = corners(a, b, type, real_remainder);
  // One that compares as zero is not moved to the divisor's side.
  const Real divided = std::fmod(a.mid, b.mid);
  if (may_flush(type, divided)) {
    r.lo = std::min(r.lo, divided);
    r.hi = std::max(r.hi, divided);
  }
  return rounded(r);
}

// Functions of two arguments get the class of functions: 2 ulp.
Value function2(const Value& a, const Value& b, Ct type, Real (*f)(Real, Real)) {
  Value r = corners(a, b, type, f);
  if (r.nan == Nan::always || r.weak) return r;
  const Type storage = storage_of(type);
  const bool exact_result =
      a.point() && b.point() && (a.mid == 0 || b.mid == 0 || !std::isfinite(a.mid) || !std::isfinite(b.mid));
  if (!exact_result) {
    r.lo -= 2 * ulp(storage, r.lo);
    r.hi += 2 * ulp(storage, r.hi);
  }
  return rounded(r);
}

Value pow_(const Value& x, const Value& y) {
  const auto [a, b, type] = unify(x, y);
  if (!is_float(type)) return integers(a, b, type, integer_power);
  // C99, F.9.4.4: 1 to any power and anything to the power 0 are 1, NaN too.
  auto certainly = [](const Value& v, Real at) { return v.nan == Nan::never && v.lo == at && v.hi == at; };
  if (certainly(a, 1) || certainly(b, 0)) return exact(1, type);
  auto possibly = [](const Value& v, Real at) { return v.nan != Nan::always && v.lo <= at && at <= v.hi; };
  const bool no_number = a.nan == Nan::always || b.nan == Nan::always;
  if (no_number && (possibly(a, 1) || possibly(b, 0))) return {1, 1, 1, Nan::maybe, type, false};
  return function2(a, b, type, [](Real p, Real q) { return std::pow(p, q); });
}

Value atan2_(const Value& x, const Value& y) {
  const auto [a, b, type] = unify(x, y);
  return function2(a, b, type, [](Real p, Real q) { return std::atan2(p, q); });
}

template <class F>
Value bits(const Value& x, const Value& y, F&& f) {
  const auto [a, b, type] = unify(x, y);
  return integers(a, b, type,
                  [&](Wide p, Wide q) { return Wide{f(static_cast<std::int64_t>(p), static_cast<std::int64_t>(q))}; });
}
Value and_(const Value& a, const Value& b) {
  if (a.type == Ct::boolean && b.type == Ct::boolean) return boolean_and(a, b);
  return bits(a, b, [](std::int64_t p, std::int64_t q) { return p & q; });
}
Value or_(const Value& a, const Value& b) {
  if (a.type == Ct::boolean && b.type == Ct::boolean) return boolean_or(a, b);
  return bits(a, b, [](std::int64_t p, std::int64_t q) { return p | q; });
}
Value xor_(const Value& a, const Value& b) {
  if (a.type == Ct::boolean && b.type == Ct::boolean) {
    return corners(a, b, Ct::boolean, [](Real x, Real y) { return Real((x != 0) != (y != 0)); });
  }
  return bits(a, b, [](std::int64_t p, std::int64_t q) { return p ^ q; });
}
// Shifts beyond the width give 0, or the sign for >>.
Value shl_(const Value& x, const Value& y) {
  return bits(x, y, [](std::int64_t p, std::int64_t q) {
    return q < 0 || q > 63 ? std::int64_t{0} : static_cast<std::int64_t>(static_cast<std::uint64_t>(p) << q);
  });
}
Value shr_(const Value& x, const Value& y) {
  return bits(x, y, [](std::int64_t p, std::int64_t q) { return p >> (q < 0 || q > 63 ? 63 : q); });
}
Value logical_and_(const Value& a, const Value& b) { return boolean_and(cast(a, Ct::boolean), cast(b, Ct::boolean)); }
Value logical_or_(const Value& a, const Value& b) { return boolean_or(cast(a, Ct::boolean), cast(b, Ct::boolean)); }

Value negate_truth(const Value& v) { return logical(v.hi != 0, v.lo == 0, v.mid == 0); }
Value greater(const Value& a, const Value& b) { return less(b, a); }

Value less_equal(const Value& x, const Value& y) {
  const auto [a, b, type] = unify(x, y);
  const Nan nan = worst(a.nan, b.nan);
  if (nan == Nan::always) return logical(true, false, false);
  return logical(!(a.hi <= b.lo) || nan == Nan::maybe, a.lo <= b.hi, a.mid <= b.mid);
}
Value greater_equal(const Value& a, const Value& b) { return less_equal(b, a); }
Value not_equal(const Value& a, const Value& b) { return negate_truth(equal(a, b)); }

}  // namespace

// NaN wins over every number.
Value maximum(const Value& x, const Value& y) {
  const auto [a, b, type] = unify(x, y);
  return corners(a, b, type, [](Real p, Real q) { return std::isnan(p) || std::isnan(q) ? kNan : p < q ? q : p; });
}
Value minimum(const Value& x, const Value& y) {
  const auto [a, b, type] = unify(x, y);
  return corners(a, b, type, [](Real p, Real q) { return std::isnan(p) || std::isnan(q) ? kNan : q < p ? q : p; });
}

Value less(const Value& x, const Value& y) {
  const auto [a, b, type] = unify(x, y);
  const Nan nan = worst(a.nan, b.nan);
  if (nan == Nan::always) return logical(true, false, false);
  return logical(!(a.hi < b.lo) || nan == Nan::maybe, a.lo < b.hi, a.mid < b.mid);
}

Value equal(const Value& x, const Value& y) {
  const auto [a, b, type] = unify(x, y);
  const Nan nan = worst(a.nan, b.nan);
  if (nan == Nan::always) return logical(true, false, false);
  const bool both_points = a.lo == a.hi && b.lo == b.hi;
  const bool overlap = a.lo <= b.hi && b.lo <= a.hi;
  return logical(!(both_points && overlap) || nan == Nan::maybe, overlap, a.mid == b.mid);
}

Value select(const Value& condition, const Value& yes, const Value& no) {
  const Value c = cast(condition, Ct::boolean);
  const auto [a, b, type] = of_common_type(yes, no);
  if (c.lo == c.hi) return c.lo != 0 ? a : b;
  Value r = c.mid != 0 ? a : b;
  r.nan = a.nan == b.nan ? a.nan : Nan::maybe;
  if (a.nan == Nan::always || b.nan == Nan::always) {
    const Value& number = a.nan == Nan::always ? b : a;
    r.lo = number.lo;
    r.hi = number.hi;
    return r;
  }
  r.lo = std::min(a.lo, b.lo);
  r.hi = std::max(a.hi, b.hi);
  return r;
}

Binary find_binary(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Binary>, 30> kTable{{
      {"+", add},
      {"-", sub},
      {"*", mul},
      {"/", div},
      {"%", remainder_},
      {"<", less},
      {"<=", less_equal},
      {">", greater},
      {">=", greater_equal},
      {"==", equal},
      {"!=", not_equal},
      {"&", and_},
      {"|", or_},
      {"^", xor_},
      {"<<", shl_},
      {">>", shr_},
      {"&&", logical_and_},
      {"||", logical_or_},
      {"trunc_div", trunc_div},
      {"floor_div", floor_div},
      {"fmod", fmod_},
      {"remainder", remainder_},
      {"pow", pow_},
      {"min", minimum},
      {"max", maximum},
      {"atan2", atan2_},
      {"minimum", minimum},
      {"maximum", maximum},
      {"eq", equal},
      {"lt", less},
  }};
  for (const auto& [key, function] : kTable) {
    if (key == name) return function;
  }
  return nullptr;
}

}  // namespace fg::reference
