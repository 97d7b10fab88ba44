// SPDX-License-Identifier: Apache-2.0
//
// Bounds of sums: legal orders stay inside, mistakes that fast kernels make do not.

#include "conformance/reference/sums.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "conformance/reference/states.hpp"

namespace fg::reference {
namespace {

std::vector<float> normal(std::size_t n, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> distribution;
  std::vector<float> v(n);
  for (float& x : v) x = distribution(engine);
  return v;
}

Sum dot(const std::vector<float>& a, const std::vector<float>& b) {
  Sum s;
  for (std::size_t i = 0; i < a.size(); ++i) s.add_product(a[i], b[i]);
  return s;
}

bool inside(const Value& v, Real x) { return v.lo <= x && x <= v.hi; }

TEST(OracleSums, IntegersAreExactInAnyOrder) {
  Sum s;
  for (int i = -1000; i <= 1000; ++i) s.add(exact(i, Ct::f32));
  EXPECT_TRUE(s.hard(Ct::f32).point());
  s.add(exact(1e9L, Ct::f32));  // partial sums need 30 bits
  EXPECT_FALSE(s.hard(Ct::f32).point());
}

// In one binade the same term is rounded the same way each time: that is no random error, and legal.
TEST(OracleSums, ErrorsOfEqualTermsDoNotCancel) {
  constexpr Real kTerm = -0x1.cfadb8aa3ff81p-1;
  State equal(Monoid::sum, Ct::f64), other(Monoid::sum, Ct::f64);
  double in_order = 0;
  for (int i = 0; i < 1000; ++i) {
    equal.add(exact(kTerm, Ct::f64));
    other.add(exact(kTerm * (1 + i % 500), Ct::f64));
    in_order += static_cast<double>(kTerm);
  }
  EXPECT_TRUE(inside(equal.values(true).front(), in_order));
  EXPECT_EQ(equal.values(true).front().hi, equal.values(false).front().hi);
  EXPECT_LT(other.values(true).front().hi, other.values(false).front().hi) << "terms that differ keep the narrow bound";
}

// Below the normal numbers a product that is rounded for itself loses half the smallest subnormal.
TEST(OracleSums, ProductsMayUnderflow) {
  const std::vector<float> a{0x1.8p-74F, 0x1.8p-74F, 0x1.8p-74F};  // products of 1.125 * 2^-147
  const std::vector<float> b{0x1.8p-74F, 0x1.8p-74F, 0x1.8p-74F};
  const Sum s = dot(a, b);
  float rounded_each = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const volatile float p = a[i] * b[i];
    rounded_each += p;
  }
  EXPECT_EQ(rounded_each, 3 * 0x1p-147F);
  EXPECT_TRUE(inside(s.hard(Ct::f32), rounded_each));
  EXPECT_TRUE(inside(s.soft(Ct::f32), rounded_each));
  EXPECT_FALSE(inside(s.hard(Ct::f32), rounded_each - 0x1p-148F));
  Sum plain;
  for (int i = 0; i < 3; ++i) plain.add(exact(0x1p-149L, Ct::f32));
  EXPECT_TRUE(plain.hard(Ct::f32).point());
}

TEST(OracleSums, LegalOrdersPass) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    const std::vector<float> a = normal(4096, seed);
    const std::vector<float> b = normal(4096, seed + 1000);
    const Sum s = dot(a, b);
    float forward = 0;
    float fused = 0;
    float lanes[16] = {};
    for (std::size_t i = 0; i < a.size(); ++i) {
      forward += a[i] * b[i];
      fused = std::fma(a[i], b[i], fused);
      lanes[i % 16] = std::fma(a[i], b[i], lanes[i % 16]);
    }
    float blocked = 0;
    for (const float x : lanes) blocked += x;
    for (const float x : {forward, fused, blocked}) {
      EXPECT_TRUE(inside(s.soft(Ct::f32), x));
      EXPECT_TRUE(inside(s.hard(Ct::f32), x));
    }
  }
}

TEST(OracleSums, LossOfPrecisionIsSeen) {
  int caught_f16 = 0;
  int caught_rounded = 0;
  for (unsigned seed = 0; seed < 50; ++seed) {
    const std::vector<float> a = normal(4096, seed);
    const std::vector<float> b = normal(4096, seed + 1000);
    const Sum s = dot(a, b);
    Real in_f16 = 0;
    Real rounded_products = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      in_f16 = round_to(Type::f16, in_f16 + static_cast<Real>(a[i]) * b[i]);
      rounded_products += round_to(Type::bf16, static_cast<Real>(a[i]) * b[i]);
    }
    caught_f16 += inside(s.soft(Ct::f32), in_f16) ? 0 : 1;
    caught_rounded += inside(s.soft(Ct::f32), rounded_products) ? 0 : 1;
  }
  EXPECT_EQ(caught_f16, 50);
  EXPECT_EQ(caught_rounded, 50);
}

// Of the same terms, as a device and a claim declare them.
Sum dot_in(const Arithmetic& declared, const std::vector<float>& a, const std::vector<float>& b) {
  const ArithmeticScope scope(declared);
  return dot(a, b);
}
Value hard_in(const Arithmetic& declared, const Sum& s) {
  const ArithmeticScope scope(declared);
  return s.hard(Ct::f32);
}
Value soft_in(const Arithmetic& declared, const Sum& s) {
  const ArithmeticScope scope(declared);
  return s.soft(Ct::f32);
}
constexpr Arithmetic kTruncating{true, SumClass::f32_rz}, kF16{true, SumClass::f16}, kTf32{true, SumClass::tf32},
    kFlushing{false, SumClass::standard};

float towards_zero(double x) {
  const auto f = static_cast<float>(x);
  return std::fabs(double{f}) > std::fabs(x) ? std::nextafter(f, 0.0F) : f;
}
float as_tf32(float x) {
  int exponent = 0;
  const float fraction = std::frexp(x, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(fraction, 11)), exponent - 11);
}

// Terms of one sign: every truncation errs to the same side, and the partial sums are large.
TEST(OracleSums, TruncationIsLegalWhereItIsDeclared) {
  int beyond_standard = 0;
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::vector<float> a = normal(4096, seed);
    std::vector<float> b = normal(4096, seed + 1000);
    for (std::size_t i = 0; i < a.size() && seed % 2 == 0; ++i) {
      a[i] = std::fabs(a[i]);
      b[i] = std::fabs(b[i]);
    }
    const Sum s = dot(a, b);
    float truncated = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
      truncated = towards_zero(double{truncated} + double{a[i]} * double{b[i]});
    EXPECT_TRUE(inside(soft_in(kTruncating, s), truncated)) << seed;
    EXPECT_TRUE(inside(hard_in(kTruncating, s), truncated)) << seed;
    beyond_standard += seed % 2 == 0 && !inside(s.soft(Ct::f32), truncated) ? 1 : 0;
  }
  EXPECT_EQ(beyond_standard, 10);
}

// A product that is truncated may lie a whole unit away, where rounding allows half of one.
TEST(OracleSums, OneTruncatedProduct) {
  const std::vector<float> a{1 + 0x1p-12F}, b{1 + 0x1.8p-12F};  // 1.00000000036 above a representable number
  const Sum s = dot(a, b);
  const float cut = towards_zero(double{a[0]} * double{b[0]});
  EXPECT_TRUE(inside(hard_in(kTruncating, s), cut));
  EXPECT_FALSE(inside(hard_in(kTruncating, s), std::nextafter(std::nextafter(cut, 0.0F), 0.0F)));
  EXPECT_TRUE(hard_in(kTruncating, dot({3}, {5})).point());
}

TEST(OracleSums, SumsInF16AreLegalWhereTheyAreDeclared) {
  int beyond_standard = 0;
  for (unsigned seed = 0; seed < 20; ++seed) {
    const std::vector<float> a = normal(512, seed), b = normal(512, seed + 1000);
    const Sum s = dot(a, b);
    Real in_f16 = 0;
    for (std::size_t i = 0; i < a.size(); ++i) in_f16 = round_to(Type::f16, in_f16 + static_cast<Real>(a[i]) * b[i]);
    EXPECT_TRUE(inside(soft_in(kF16, s), in_f16)) << seed;
    EXPECT_TRUE(inside(hard_in(kF16, s), in_f16)) << seed;
    beyond_standard += inside(s.soft(Ct::f32), in_f16) ? 0 : 1;
  }
  EXPECT_GE(beyond_standard, 19);
  EXPECT_TRUE(hard_in(kF16, dot({4, 3, 2}, {4, 4, 4})).point());
  EXPECT_FALSE(hard_in(kF16, dot({2048, 1}, {1, 1})).point());          // 2049 has 12 bits
  EXPECT_EQ(hard_in(kF16, dot({256, 256}, {256, -256})).hi, INFINITY);  // 65536 is too large
  Sum in_f64;
  in_f64.add(exact(0.1L, Ct::f64));
  in_f64.add(exact(0.2L, Ct::f64));
  const ArithmeticScope scope(kF16);
  EXPECT_LT(in_f64.hard(Ct::f64).hi - in_f64.hard(Ct::f64).lo, 1e-15L);
}

TEST(OracleSums, Tf32IsLegalWhereItIsDeclared) {
  int beyond_standard = 0;
  for (unsigned seed = 0; seed < 20; ++seed) {
    const std::vector<float> a = normal(1024, seed), b = normal(1024, seed + 1000);
    float sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += as_tf32(a[i]) * as_tf32(b[i]);
    const Sum s = dot_in(kTf32, a, b);
    EXPECT_TRUE(inside(soft_in(kTf32, s), sum)) << seed;
    EXPECT_TRUE(inside(hard_in(kTf32, s), sum)) << seed;
    beyond_standard += inside(dot(a, b).soft(Ct::f32), sum) ? 0 : 1;
  }
  EXPECT_GE(beyond_standard, 19);
  EXPECT_TRUE(hard_in(kTf32, dot_in(kTf32, {2047, 3}, {2047, 5})).point());
  EXPECT_FALSE(hard_in(kTf32, dot_in(kTf32, {2049}, {1})).point());
}

// The same factor everywhere has the same error everywhere: the errors do not cancel.
TEST(OracleSums, AFactorThatRepeatsErrsAlike) {
  const std::vector<float> a(1024, 1 + 0x1p-11F), b(1024, 1);
  const Sum s = dot_in(kTf32, a, b);
  EXPECT_TRUE(inside(soft_in(kTf32, s), 1024));
  EXPECT_FALSE(inside(dot(a, b).soft(Ct::f32), 1024));
}

TEST(OracleSums, FlushedTermsAreLegalWhereSubnormalsAreNotKept) {
  const std::vector<float> tiny{0x1p-127F, 0x1p-128F}, one{1, 1};
  EXPECT_TRUE(dot(tiny, one).hard(Ct::f32).point());
  EXPECT_TRUE(inside(hard_in(kFlushing, dot_in(kFlushing, tiny, one)), 0));
  EXPECT_FALSE(inside(hard_in(kFlushing, dot_in(kFlushing, tiny, one)), 0x1p-123F));
  // A subnormal factor takes its term along, however large the other one is.
  const std::vector<float> factors{0x1p-127F, 1}, others{0x1p127F, 1};
  EXPECT_TRUE(inside(hard_in(kFlushing, dot_in(kFlushing, factors, others)), 1));
  EXPECT_FALSE(inside(dot(factors, others).hard(Ct::f32), 1));
  // Normal terms have no slack, and f64 none at all.
  EXPECT_TRUE(hard_in(kFlushing, dot_in(kFlushing, {0x1.8p-125F, 0x1p-126F}, {5, 1})).point());
  const ArithmeticScope scope(kFlushing);
  Sum wide;
  wide.add(exact(0x1p-127L, Ct::f64));
  EXPECT_TRUE(wide.hard(Ct::f64).point());
}

TEST(OracleSums, InfinitiesDecide) {
  Sum s;
  s.add(exact(INFINITY, Ct::f32));
  s.add(exact(1, Ct::f32));
  EXPECT_EQ(s.hard(Ct::f32).lo, INFINITY);
  s.add(exact(-INFINITY, Ct::f32));
  EXPECT_EQ(s.hard(Ct::f32).nan, Nan::always);
}

TEST(OracleSums, AnOrderThatOverflowsIsLegal) {
  Sum s;
  for (const Real x : {3e38L, 3e38L, -3e38L}) s.add(exact(x, Ct::f32));
  const Value v = s.hard(Ct::f32);
  EXPECT_EQ(v.hi, INFINITY);
  EXPECT_EQ(v.nan, Nan::maybe);
}

}  // namespace
}  // namespace fg::reference
