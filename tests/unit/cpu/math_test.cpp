// SPDX-License-Identifier: Apache-2.0
//
// Accuracy of every float function: a dense sample of all exponents for f32, every value for the
// 16-bit types, against long double.

#include <math.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "fg/sdk/dtype.hpp"
#include "tests/unit/cpu/support.hpp"

namespace fg::test {
namespace {

struct Function {
  const char* name;
  std::uint16_t op;
  long double (*reference)(long double);
  double bound_ulp;
};

long double sigmoid(long double x) { return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x)); }
long double log_gamma(long double x) {
  int sign = 0;
  return lgammal_r(x, &sign);
}
long double rsqrt(long double x) { return 1 / sqrtl(x); }

const Function kFunctions[] = {
    {"sqrt", FG_EX_SQRT, sqrtl, 0.51},
    {"rsqrt", FG_EX_RSQRT, rsqrt, 1.5},
    {"exp", FG_EX_EXP, expl, 1.1},
    {"exp2", FG_EX_EXP2, exp2l, 1.0},
    {"expm1", FG_EX_EXPM1, expm1l, 0.6},
    {"log", FG_EX_LOG, logl, 1.0},
    {"log2", FG_EX_LOG2, log2l, 0.6},
    {"log10", FG_EX_LOG10, log10l, 0.6},
    {"log1p", FG_EX_LOG1P, log1pl, 1.5},
    {"sin", FG_EX_SIN, sinl, 1.6},
    {"cos", FG_EX_COS, cosl, 1.6},
    {"tan", FG_EX_TAN, tanl, 1.5},
    {"asin", FG_EX_ASIN, asinl, 1.6},
    {"acos", FG_EX_ACOS, acosl, 1.2},
    {"atan", FG_EX_ATAN, atanl, 1.5},
    {"sinh", FG_EX_SINH, sinhl, 1.7},
    {"cosh", FG_EX_COSH, coshl, 1.3},
    {"tanh", FG_EX_TANH, tanhl, 2.0},
    {"asinh", FG_EX_ASINH, asinhl, 0.6},
    {"acosh", FG_EX_ACOSH, acoshl, 0.6},
    {"atanh", FG_EX_ATANH, atanhl, 1.3},
    {"erf", FG_EX_ERF, erfl, 2.0},
    {"erfc", FG_EX_ERFC, erfcl, 0.6},
    {"lgamma", FG_EX_LGAMMA, log_gamma, 0.6},
    {"sigmoid", FG_EX_SIGMOID, sigmoid, 2.5},
};

class CpuMath : public testing::TestWithParam<Function> {};

// Error of `got` in units of the last place that f32 has at `want`.
double f32_error(double got, long double want) {
  if (std::isnan(got) || std::isnan(want)) return std::isnan(got) == std::isnan(want) ? 0 : INFINITY;
  const auto nearest = static_cast<float>(want);
  if (static_cast<double>(nearest) == got) return 0;
  if (std::isinf(nearest) || std::isinf(got)) {
    // One step beyond the largest float is as good as infinity.
    return std::fabs(std::isinf(got) ? static_cast<double>(nearest) : got) >= 3.4028234e38 ? 1 : INFINITY;
  }
  const int exponent = std::max(std::ilogb(static_cast<double>(nearest)), -126);
  return static_cast<double>(fabsl(static_cast<long double>(got) - want) / ldexpl(1, exponent - 23));
}

void expect_within_bound(const Function& f, const Array& x) {
  Plugin plugin;
  ExprBuilder e;
  e.out(e.op(f.op, FG_CT_F32, e.input(0, FG_CT_F32)));
  Array r(FG_F32, {x.count()});
  Array in = x;
  ASSERT_EQ(plugin.map(e, {&r}, {&in}), FG_OK) << plugin.error.message;
  double worst = 0, at = 0;
  for (std::int64_t k = 0; k < x.count(); ++k) {
    const double error = f32_error(r.get(k).f, f.reference(static_cast<long double>(x.get(k).f)));
    if (error > worst) worst = error, at = x.get(k).f;
  }
  EXPECT_LE(worst, f.bound_ulp) << f.name << " at " << at;
  testing::Test::RecordProperty("worst_ulp", std::to_string(worst));
}

std::uint32_t next(std::uint32_t& noise) { return noise = noise * 1664525u + 1013904223u; }

TEST_P(CpuMath, F32IsWithinItsBound) {
  // Mantissas of every exponent and sign, offset differently in each.
  constexpr std::int64_t kPerExponent = 512;
  Array x(FG_F32, {512 * kPerExponent});
  auto* in = reinterpret_cast<std::uint32_t*>(x.raw());
  std::uint32_t noise = 12345;
  for (std::uint32_t k = 0; k < 512 * kPerExponent; ++k) {
    const std::uint32_t top = k / kPerExponent, step = (1u << 23) / kPerExponent, offset = next(noise) % step;
    in[k] = (top << 23) | ((k % kPerExponent) * step + (k % kPerExponent == 0 ? 0 : offset));
  }
  expect_within_bound(GetParam(), x);
}

// Where the periods, zeros and poles are.
TEST_P(CpuMath, F32IsWithinItsBoundAroundZero) {
  Array x(FG_F32, {200000});
  std::uint32_t noise = 777;
  for (std::int64_t k = 0; k < x.count(); ++k) {
    const double reach = k % 2 == 0 ? 1.0 : 30.0;
    x.set(k, Value{static_cast<double>(static_cast<float>(reach * (next(noise) * 0x1p-31 - 1))), 0});
  }
  expect_within_bound(GetParam(), x);
}

TEST_P(CpuMath, SignOfZeroIsKept) {
  const Function& f = GetParam();
  Plugin plugin;
  ExprBuilder e;
  e.out(e.op(f.op, FG_CT_F32, e.input(0, FG_CT_F32)));
  Array x(FG_F32, {20}), r(FG_F32, {20});
  for (std::int64_t i = 0; i < 20; ++i) x.set(i, Value{i % 2 == 0 ? 0.0 : -0.0, 0});
  ASSERT_EQ(plugin.map(e, {&r}, {&x}), FG_OK);
  for (std::int64_t i = 0; i < 20; ++i) {
    const auto want = static_cast<double>(f.reference(static_cast<long double>(x.get(i).f)));
    if (std::isnan(want)) continue;
    EXPECT_EQ(std::signbit(r.get(i).f), std::signbit(want)) << f.name;
  }
}

TEST_P(CpuMath, F64IsWithinTwoUlp) {
  const Function& f = GetParam();
  Plugin plugin;
  ExprBuilder e;
  e.out(e.op(f.op, FG_CT_F64, e.input(0, FG_CT_F64)));
  Array x(FG_F64, {4000}), r(FG_F64, {4000});
  for (std::int64_t i = 0; i < 4000; ++i)
    x.set(i, Value{std::ldexp(1 + (i % 37) / 37.0, static_cast<int>(i / 8 % 60) - 40) * (i % 2 == 0 ? 1 : -1), 0});
  ASSERT_EQ(plugin.map(e, {&r}, {&x}), FG_OK);
  for (std::int64_t i = 0; i < 4000; ++i) {
    const auto want = static_cast<double>(f.reference(static_cast<long double>(x.get(i).f)));
    // lgamma near its zeros -2.46 ... has no relative accuracy in any libm.
    if (f.op == FG_EX_LGAMMA && x.get(i).f < 0) continue;
    ASSERT_LE(ulp_distance(r.get(i).f, want, FG_F64), 2) << f.name << " at " << x.get(i).f;
  }
}

TEST_P(CpuMath, SixteenBitTypesRoundOnce) {
  const Function& f = GetParam();
  Plugin plugin;
  ExprBuilder e;
  e.out(e.op(f.op, FG_CT_F32, e.input(0, FG_CT_F32)));
  for (fg_dtype d : {FG_F16, FG_BF16}) {
    Array x(d, {65536}), r(d, {65536});
    auto* in = reinterpret_cast<std::uint16_t*>(x.raw());
    for (std::uint32_t k = 0; k < 65536; ++k) in[k] = static_cast<std::uint16_t>(k);
    ASSERT_EQ(plugin.map(e, {&r}, {&x}), FG_OK);
    for (std::int64_t k = 0; k < 65536; ++k) {
      const long double want = f.reference(static_cast<long double>(x.get(k).f));
      const Value nearest = stored(Value{static_cast<double>(want), 0}, FG_CT_F64, d);
      // A result 2 f32 ulp off may round to the neighbour, never further.
      ASSERT_LE(ulp_distance(r.get(k).f, nearest.f, d), 1) << f.name << " at " << x.get(k).f;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Functions, CpuMath, testing::ValuesIn(kFunctions),
                         [](const auto& param) { return std::string(param.param.name); });

struct Pairs {
  const char* name;
  std::uint16_t op;
  long double (*reference)(long double, long double);
  double bound_ulp;  // 0: exact
};

// fmodl is exact; where the signs differ, the sum is rounded once, as is the quotient (of 64 bits).
long double remainder(long double a, long double b) {
  const long double mod = fmodl(a, b);
  return mod != 0 && (b < 0) != (mod < 0) ? mod + b : mod;
}
long double floor_div(long double a, long double b) {
  if (b == 0) return a / b;
  const long double mod = fmodl(a, b), q = roundl((a - mod) / b);
  const long double whole = mod != 0 && (b < 0) != (mod < 0) ? q - 1 : q;
  return whole == 0 ? copysignl(0, a / b) : whole;
}

const Pairs kPairs[] = {
    {"atan2", FG_EX_ATAN2, atan2l, 1.6},
    {"pow", FG_EX_POW, powl, 0.6},
    {"fmod", FG_EX_FMOD, fmodl, 0},
    {"remainder", FG_EX_REMAINDER, remainder, 0},
    {"floor_div", FG_EX_FLOOR_DIV, floor_div, 0},
};

class CpuMathPairs : public testing::TestWithParam<Pairs> {};

void expect_within_bound(const Pairs& f, const Array& a, const Array& b) {
  Plugin plugin;
  ExprBuilder e;
  e.out(e.op(f.op, FG_CT_F32, e.input(0, FG_CT_F32), e.input(1, FG_CT_F32)));
  Array r(FG_F32, {a.count()}), x = a, y = b;
  ASSERT_EQ(plugin.map(e, {&r}, {&x, &y}), FG_OK) << plugin.error.message;
  for (std::int64_t k = 0; k < a.count(); ++k) {
    const long double want = f.reference(static_cast<long double>(a.get(k).f), static_cast<long double>(b.get(k).f));
    const double got = r.get(k).f;
    ASSERT_LE(f32_error(got, want), f.bound_ulp) << f.name << " of " << a.get(k).f << " and " << b.get(k).f;
    if (!std::isnan(got)) {
      ASSERT_EQ(std::signbit(got), std::signbit(want)) << f.name << " of " << a.get(k).f << " and " << b.get(k).f;
    }
  }
}

TEST_P(CpuMathPairs, Edges) {
  const float inf = std::numeric_limits<float>::infinity(),
              edges[] = {0, 1, 2, 3, 0.5f, 1.5f, 1e-45f, 1e-40f, 3e38f, inf, 16777215, 16777216};
  std::vector<float> values{std::numeric_limits<float>::quiet_NaN()};
  for (const float v : edges) values.insert(values.end(), {v, -v});
  // One pair fills a vector, so that each goes the vector way if it can.
  constexpr std::int64_t kVector = 16;
  const auto n = static_cast<std::int64_t>(values.size());
  Array a(FG_F32, {n * n * kVector}), b(FG_F32, {n * n * kVector});
  for (std::int64_t k = 0; k < a.count(); ++k) {
    a.set(k, Value{static_cast<double>(values[static_cast<std::size_t>(k / kVector / n)]), 0});
    b.set(k, Value{static_cast<double>(values[static_cast<std::size_t>(k / kVector % n)]), 0});
  }
  expect_within_bound(GetParam(), a, b);
}

TEST_P(CpuMathPairs, Samples) {
  Array a(FG_F32, {160000}), b(FG_F32, {160000});
  std::uint32_t noise = 99;
  const auto even = [&] { return next(noise) * 0x1p-31 - 1; };
  const auto bits = [&] { return static_cast<double>(std::bit_cast<float>(next(noise) ^ next(noise) >> 16)); };
  for (std::int64_t k = 0; k < a.count(); ++k) {
    double x = even(), y = even();
    switch (k / 16 % 5) {
      case 0: break;
      case 1: x = bits(), y = bits(); break;
      case 2: x *= 1e6; break;
      case 3:  // next to a multiple
        y = std::round(y * 1000);
        x = std::nextafter(static_cast<float>(y * std::round(x * 10000)), static_cast<float>(x));
        break;
      default: x = std::fabs(x) * 10, y *= 40;
    }
    a.set(k, Value{static_cast<double>(static_cast<float>(x)), 0});
    b.set(k, Value{static_cast<double>(static_cast<float>(y)), 0});
  }
  expect_within_bound(GetParam(), a, b);
}

INSTANTIATE_TEST_SUITE_P(Functions, CpuMathPairs, testing::ValuesIn(kPairs),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(CpuConvert, EverySixteenBitPatternSurvives) {
  Plugin plugin;
  for (fg_dtype d : {FG_F16, FG_BF16}) {
    ExprBuilder widen, narrow;
    widen.out(widen.input(0, FG_CT_F32));
    narrow.out(narrow.input(0, FG_CT_F32));
    Array x(d, {65536}), f(FG_F32, {65536}), back(d, {65536});
    auto* in = reinterpret_cast<std::uint16_t*>(x.raw());
    for (std::uint32_t k = 0; k < 65536; ++k) in[k] = static_cast<std::uint16_t>(k);
    ASSERT_EQ(plugin.map(widen, {&f}, {&x}), FG_OK);
    ASSERT_EQ(plugin.map(narrow, {&back}, {&f}), FG_OK);
    for (std::int64_t k = 0; k < 65536; ++k) {
      ASSERT_EQ(ulp_distance(f.get(k).f, x.get(k).f, FG_F32), 0) << k;
      ASSERT_EQ(std::signbit(f.get(k).f), std::signbit(x.get(k).f)) << k;
      if (!std::isnan(x.get(k).f)) {
        ASSERT_EQ(reinterpret_cast<std::uint16_t*>(back.raw())[k], in[k]);
      }
    }
  }
}

TEST(CpuConvert, NarrowingRoundsToNearestEven) {
  Plugin plugin;
  for (fg_dtype d : {FG_F16, FG_BF16, FG_F8_E4M3FN, FG_F8_E5M2}) {
    SCOPED_TRACE(dtype_name(d));
    ExprBuilder e;
    e.out(e.input(0, FG_CT_F32));
    constexpr std::int64_t n = 200000;
    Array x(FG_F32, {n}), r(d, {n});
    auto* in = reinterpret_cast<std::uint32_t*>(x.raw());
    for (std::uint32_t k = 0; k < n; ++k) in[k] = k * 21473u + (k % 7 == 0 ? 0 : (k << 13));
    ASSERT_EQ(plugin.map(e, {&r}, {&x}), FG_OK);
    for (std::int64_t k = 0; k < n; ++k) {
      ASSERT_EQ(ulp_distance(r.get(k).f, stored(x.get(k), FG_CT_F32, d).f, d), 0) << x.get(k).f;
    }
  }
}

}  // namespace
}  // namespace fg::test
