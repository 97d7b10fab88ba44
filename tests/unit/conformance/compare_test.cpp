// SPDX-License-Identifier: Apache-2.0
//
// The judgement of results.

#include "conformance/compare/compare.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace fg::conformance {
namespace {

using namespace fg::reference;

Output one(Value v, Type type) {
  Output out = make_output(type, {1});
  push(out, v);
  return out;
}

TEST(Legal, OnlyTheRoundingOfAnExactValue) {
  const Value third = exact(1.0L / 3, Ct::f32);
  const Real nearest = round_to(Type::f16, 1.0L / 3);
  EXPECT_TRUE(legal(third, Type::f16, nearest));
  EXPECT_FALSE(legal(third, Type::f16, nearest + ulp(Type::f16, nearest)));  // truncated the other way
  EXPECT_FALSE(legal(third, Type::f16, nearest - ulp(Type::f16, nearest)));
}

TEST(Legal, BothNeighboursWhenTheIntervalCrossesATie) {
  const Real tie = 1 + std::ldexp(1.0L, -11);
  const Value v = widened(exact(tie, Ct::f32), std::ldexp(1.0L, -24));
  EXPECT_TRUE(legal(v, Type::f16, 1));
  EXPECT_TRUE(legal(v, Type::f16, 1 + std::ldexp(1.0L, -10)));
  EXPECT_FALSE(legal(v, Type::f16, 1 + std::ldexp(1.0L, -9)));
}

TEST(Legal, TruthOfAnIntervalThatHoldsZero) {
  const Value below{-0x1p-127L, -Real{0}, -0x1p-127L, Nan::never, Ct::f32, false};
  EXPECT_TRUE(legal(below, Type::boolean, 0));
  EXPECT_TRUE(legal(below, Type::boolean, 1));
  const Value above{1, 2, 1, Nan::never, Ct::f32, false};
  EXPECT_FALSE(legal(above, Type::boolean, 0));
}

TEST(Legal, SpecialValues) {
  EXPECT_TRUE(legal(exact(NAN, Ct::f32), Type::f32, NAN));
  EXPECT_FALSE(legal(exact(NAN, Ct::f32), Type::f32, 0));
  EXPECT_FALSE(legal(exact(1, Ct::f32), Type::f32, NAN));
  EXPECT_TRUE(legal(exact(1e10L, Ct::f32), Type::f16, INFINITY));
  EXPECT_FALSE(legal(exact(1e10L, Ct::f32), Type::f16, 65504));
  EXPECT_TRUE(legal(exact(1e10L, Ct::f32), Type::f8_e4m3fn, NAN));
  EXPECT_TRUE(legal(exact(NAN, Ct::f32), Type::i32, 0));
  EXPECT_TRUE(legal(exact(1e30L, Ct::f32), Type::i32, 2147483647));
  EXPECT_TRUE(legal(exact(-1, Ct::f32), Type::u8, 0));
  EXPECT_FALSE(legal(exact(-1, Ct::f32), Type::u8, 255));
  EXPECT_TRUE(legal(exact(300, Ct::f32), Type::i8, 127));
  EXPECT_TRUE(legal(exact(300, Ct::i32), Type::i8, 44));
}

TEST(Compare, NamesTheWorstElement) {
  Output out = make_output(Type::f32, {2, 2});
  for (const Real x : {1, 2, 3, 4}) push(out, exact(x, Ct::f32));
  const Comparison c = compare(out, {1, 2.5L, 3, 9}, {});
  EXPECT_EQ(c.verdict, Verdict::fail);
  EXPECT_EQ(c.worst.bad, 2);
  EXPECT_EQ(c.worst.index, (std::vector<std::int64_t>{1, 1}));
  EXPECT_EQ(c.worst.got, 9);
  EXPECT_EQ(c.worst.want, 4);
}

TEST(Compare, LostNanIsASpecialValue) {
  EXPECT_EQ(compare(one(exact(NAN, Ct::f32), Type::f32), {0}, {}).verdict, Verdict::special_value);
  EXPECT_EQ(compare(one(exact(1, Ct::f32), Type::f32), {INFINITY}, {}).verdict, Verdict::special_value);
}

TEST(Compare, FewBeyondTheStatisticalBoundAreAWarning) {
  Output out = make_output(Type::f32, {10000});
  for (int i = 0; i < 10000; ++i) push(out, widened(exact(0, Ct::f32), 2), widened(exact(0, Ct::f32), 1));
  std::vector<Real> got(10000, 0);
  got[5] = 1.5L;
  EXPECT_EQ(compare(out, got, {}).verdict, Verdict::quality_warn);
  for (int i = 0; i < 20; ++i) got[static_cast<std::size_t>(i)] = 1.5L;
  EXPECT_EQ(compare(out, got, {}).verdict, Verdict::fail);
}

TEST(Compare, TruncationIsABias) {
  Output out = make_output(Type::f32, {1000});
  const Real width = 6 * std::ldexp(1.0L, -20);
  std::vector<Real> truncated;
  std::vector<Real> fair;
  for (int i = 0; i < 1000; ++i) {
    push(out, widened(exact(1, Ct::f32), 2 * width), widened(exact(1, Ct::f32), width));
    truncated.push_back(1 - width / 12);
    fair.push_back(i % 2 == 0 ? 1 - width / 12 : 1 + width / 12);
  }
  EXPECT_EQ(compare(out, truncated, {true}).verdict, Verdict::bias);
  EXPECT_EQ(compare(out, fair, {true}).verdict, Verdict::pass);
  EXPECT_EQ(compare(out, truncated, {false}).verdict, Verdict::pass);
}

}  // namespace
}  // namespace fg::conformance
