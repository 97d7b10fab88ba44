// SPDX-License-Identifier: Apache-2.0
//
// Bounds of sums: legal orders stay inside, mistakes that fast kernels make do not.

#include "conformance/reference/sums.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

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
