// SPDX-License-Identifier: Apache-2.0
//
// Data of cases are a function of the case's name.

#include <gtest/gtest.h>

#include <cmath>

#include "conformance/data/values.hpp"

namespace fg::conformance {
namespace {

using reference::Real;
using reference::Type;

Case parsed(const char* name) { return *parse_case(name); }

TEST(Data, DependOnTheNameAlone) {
  const Case c = parsed("op.add/self=f32:100,other=f32:100/real/out#0");
  const auto once = arguments_of(c);
  const auto twice = arguments_of(c);
  EXPECT_EQ(once[0].tensor().v, twice[0].tensor().v);
  EXPECT_NE(once[0].tensor().v, once[1].tensor().v);
  const auto other = arguments_of(parsed("op.add/self=f32:100,other=f32:100/real/out#1"));
  EXPECT_NE(once[0].tensor().v, other[0].tensor().v);
}

TEST(Data, AreTheSameOnEveryMachine) { EXPECT_EQ(Rng(hash("op.add")).bits(3), 0x3428eb643071554bu); }

TEST(Data, RealValuesAreCentredAndScaled) {
  const auto v = draw(Values::real, Type::f32, {20000}, Rng(1));
  Real sum = 0;
  Real squares = 0;
  for (const Real x : v) {
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(static_cast<double>(sum / 20000), 0, 0.05);
  EXPECT_NEAR(static_cast<double>(squares / 20000), 1, 0.05);
}

TEST(Data, ExactValuesAreSmallIntegers) {
  for (const Real x : draw(Values::exact, Type::f16, {1000}, Rng(2))) {
    EXPECT_EQ(x, std::nearbyint(x));
    EXPECT_LE(std::fabs(x), 4);
  }
}

TEST(Data, SpecialValuesHaveTheEdges) {
  bool nan = false;
  bool infinite = false;
  bool subnormal = false;
  for (const Real x : draw(Values::special, Type::f32, {1000}, Rng(3))) {
    nan = nan || std::isnan(x);
    infinite = infinite || std::isinf(x);
    subnormal = subnormal || (x != 0 && std::fabs(x) < std::ldexp(1.0L, -126));
  }
  EXPECT_TRUE(nan && infinite && subnormal);
}

TEST(Data, EveryHasAllPatterns) {
  const auto v = draw(Values::every, Type::f16, {256, 256}, Rng(4));
  EXPECT_EQ(v[0x3C00], 1);
  EXPECT_EQ(v[0xC000], -2);
}

TEST(Data, PositionsAreInRange) {
  const auto args = arguments_of(parsed("op.embedding/weight=f32:7x3,indices=i64:100/real/out#0"));
  for (const Real x : args[1].tensor().v) {
    EXPECT_GE(x, 0);
    EXPECT_LT(x, 7);
  }
}

TEST(Data, RepeatedLayoutsHaveRepeatedValues) {
  const auto args = arguments_of(parsed("op.relu/self=f32:4x3:b/real/out#0"));
  const auto& v = args[0].tensor().v;
  for (std::size_t i = 3; i < v.size(); ++i) EXPECT_EQ(v[i], v[i % 3]);
}

}  // namespace
}  // namespace fg::conformance
