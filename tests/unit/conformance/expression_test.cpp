// SPDX-License-Identifier: Apache-2.0
//
// The oracle's reading of expressions, with values from mathematics.

#include "conformance/reference/expression.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "conformance/reference/declared.hpp"

namespace fg::reference {
namespace {

const std::vector<std::string> kNames{"x", "y"};

Value eval(std::string_view text, Real x, Real y = 0, Ct type = Ct::f32) {
  const std::vector<Value> operands{exact(x, type), exact(y, type)};
  const std::vector<std::int64_t> index{7, 9};
  return Expression(text, kNames).evaluate(operands, index, type);
}

TEST(OracleExpression, Precedence) {
  EXPECT_EQ(eval("2 + 3 * 4", 0).mid, 14);
  EXPECT_EQ(eval("(2 + 3) * 4", 0).mid, 20);
  EXPECT_EQ(eval("2 - 3 - 4", 0).mid, -5);
  EXPECT_EQ(eval("-x * y", 2, 3).mid, -6);
  EXPECT_EQ(eval("x < y == true", 1, 2).mid, 1);
  EXPECT_EQ(eval("x < 1 || y > 5 && x > 100", 0, 9).mid, 1);
  EXPECT_EQ(eval("x > 0 ? 10 : 20", -1).mid, 20);
  EXPECT_EQ(eval("1 << 3 | 1", 0, 0, Ct::i32).mid, 9);
}

TEST(OracleExpression, IndexAndWhere) {
  EXPECT_EQ(eval("index(1) + index(0)", 0).mid, 16);
  EXPECT_EQ(eval("where(x > 0, x, 0 - x)", -3).mid, 3);
}

TEST(OracleExpression, ExactOperationsStayPoints) {
  EXPECT_TRUE(eval("x * y + 1", 3, 5).point());
  EXPECT_TRUE(eval("x / 4", 3).point());
  EXPECT_FALSE(eval("x / 3", 1).point());
  EXPECT_TRUE(eval("max(x, 0)", -3).point());
}

TEST(OracleExpression, OneRoundingOrNoneIsLegal) {
  const Value v = eval("x / 3", 1);
  EXPECT_LE(v.lo, 1.0L / 3);
  EXPECT_NEAR(static_cast<double>(v.lo), 1.0 / 3, 1e-15);
  EXPECT_EQ(v.hi, static_cast<Real>(1.0F / 3));
}

bool inside(const Value& v, Real x) { return v.lo <= x && x <= v.hi; }

// 0x1p-127 and what gives it are subnormal in f32 and normal in f64.
TEST(OracleExpression, SubnormalsMayBeFlushedWhereTheyAreNotKept) {
  const Real small = 0x1p-127L;
  for (const char* text : {"x * 1", "x + 0", "abs(x)", "max(x, 0)"}) {
    EXPECT_TRUE(eval(text, small).point()) << text;
    const ArithmeticScope flushing({false, SumClass::standard});
    EXPECT_TRUE(inside(eval(text, small), 0)) << text;
    EXPECT_TRUE(inside(eval(text, small), small)) << text;
    EXPECT_FALSE(inside(eval(text, small), 0x1p-126L)) << text;
    EXPECT_TRUE(eval(text, small, 0, Ct::f64).point()) << text;
    EXPECT_TRUE(eval(text, 0x1p-126L).point()) << text;
  }
  EXPECT_FALSE(inside(eval("x * y", 0x1p-100L, -0x1p-27L), 0));
  EXPECT_FALSE(inside(eval("log(x)", small), -INFINITY));
  EXPECT_FALSE(inside(eval("x * y", small, 0x1p127L), 0));
  const ArithmeticScope flushing({false, SumClass::standard});
  EXPECT_TRUE(inside(eval("x * y", 0x1p-100L, -0x1p-27L), 0));  // the result
  EXPECT_TRUE(inside(eval("x * y", small, 0x1p127L), 0));       // an operand
  EXPECT_TRUE(inside(eval("log(x)", small), -INFINITY));
  EXPECT_TRUE(inside(eval("1 / x", -small), -INFINITY));
  EXPECT_TRUE(inside(eval("x == 0", small), 1));
  EXPECT_EQ(eval("x * y", small, INFINITY).nan, Nan::maybe);
}

TEST(OracleExpression, MovingIsNoOperation) {
  const ArithmeticScope flushing({false, SumClass::standard});
  EXPECT_TRUE(eval("x", 0x1p-127L).point());
  EXPECT_TRUE(eval("where(y > 0, x, y)", 0x1p-127L, 1).point());
}

TEST(OracleExpression, DeclarationsEndWithTheirScope) {
  {
    const ArithmeticScope flushing({false, SumClass::tf32});
    EXPECT_FALSE(arithmetic().subnormals);
  }
  EXPECT_TRUE(arithmetic().subnormals);
  EXPECT_EQ(arithmetic().sums, SumClass::standard);
}

TEST(OracleExpression, KnownFunctionValues) {
  EXPECT_NEAR(static_cast<double>(eval("exp(x)", 1).mid), 2.718281828459045, 1e-15);
  EXPECT_NEAR(static_cast<double>(eval("erf(x)", 0.5L).mid), 0.5204998778130465, 1e-15);
  EXPECT_NEAR(static_cast<double>(eval("sigmoid(x)", 2).mid), 0.8807970779778823, 1e-15);
  EXPECT_NEAR(static_cast<double>(eval("lgamma(x)", 0.5L).mid), 0.5723649429247001, 1e-15);  // log(pi) / 2
  EXPECT_EQ(eval("exp(x)", 0).lo, 1);
  EXPECT_EQ(eval("exp(x)", 0).hi, 1);
  EXPECT_EQ(eval("tanh(x)", INFINITY).lo, 1);
  EXPECT_EQ(eval("log(x)", 0).hi, -INFINITY);
  EXPECT_EQ(eval("log(x)", -1).nan, Nan::always);
}

TEST(OracleExpression, FunctionsHaveTheirUlps) {
  const Value v = eval("exp(x)", 1);
  const Real unit = ulp(Type::f32, v.mid);
  EXPECT_LE(v.hi - v.mid, 3 * unit);
  EXPECT_GE(v.hi - v.mid, 2 * unit);
}

TEST(OracleExpression, NanPropagatesThroughMax) {
  EXPECT_EQ(eval("max(x, 0)", NAN).nan, Nan::always);
  EXPECT_EQ(eval("min(x, y)", 1, NAN).nan, Nan::always);
  EXPECT_EQ(eval("x < y", NAN, 1).mid, 0);
  EXPECT_EQ(eval("x != x", NAN).mid, 1);
}

TEST(OracleExpression, IntegersWrapAndDivideByZeroToZero) {
  EXPECT_EQ(eval("x * y", 65536, 65536, Ct::i32).mid, 0);
  EXPECT_EQ(eval("x + 1", 2147483647, 0, Ct::i32).mid, -2147483648.0L);
  EXPECT_EQ(eval("floor_div(x, y)", -7, 2, Ct::i32).mid, -4);
  EXPECT_EQ(eval("trunc_div(x, y)", -7, 2, Ct::i32).mid, -3);
  EXPECT_EQ(eval("floor_div(x, y)", 5, 0, Ct::i64).mid, 0);
  EXPECT_EQ(eval("remainder(x, y)", -7, 3, Ct::i32).mid, 2);
  EXPECT_EQ(eval("fmod(x, y)", -7, 3, Ct::i32).mid, -1);
  EXPECT_EQ(eval("pow(x, y)", 3, 5, Ct::i32).mid, 243);
  EXPECT_EQ(eval("pow(x, y)", 2, -1, Ct::i32).mid, 0);
  EXPECT_EQ(eval("pow(x, y)", -1, -3, Ct::i32).mid, -1);
  EXPECT_EQ(eval("x + y", 1, 1, Ct::boolean).mid, 1);
  EXPECT_EQ(eval("x * y", 1, 0, Ct::boolean).mid, 0);
}

TEST(OracleExpression, PowersThatAreOneWhateverTheNanSays) {
  EXPECT_EQ(eval("pow(x, y)", 1, NAN).mid, 1);
  EXPECT_EQ(eval("pow(x, y)", NAN, 0).mid, 1);
  EXPECT_EQ(eval("pow(x, y)", NAN, 0).nan, Nan::never);
  EXPECT_EQ(eval("pow(x, y)", NAN, 2).nan, Nan::always);
  EXPECT_EQ(eval("pow(x, y)", 2, NAN).nan, Nan::always);
  EXPECT_EQ(eval("pow(x, y)", -1, NAN).nan, Nan::always);
}

TEST(OracleExpression, FloorDivisionOfFloatsIsPythons) {
  EXPECT_EQ(eval("floor_div(x, y)", -7, 2).mid, -4);
  EXPECT_EQ(eval("floor_div(x, y)", 7, -2).mid, -4);
  EXPECT_EQ(eval("floor_div(x, y)", 1, 0).mid, INFINITY);
  EXPECT_EQ(eval("floor_div(x, y)", 0, 0).nan, Nan::always);
  EXPECT_EQ(eval("floor_div(x, y)", 1, INFINITY).mid, 0);
  EXPECT_EQ(eval("floor_div(x, y)", -1, INFINITY).mid, -1);
}

TEST(OracleExpression, OverflowOfTheComputeTypeIsSeen) {
  const Value v = eval("x * x", 1e30L);
  EXPECT_EQ(v.hi, INFINITY);
  EXPECT_GT(eval("tanh(x * x * x)", 1e20L).lo, 0.999999L);
  EXPECT_NE(eval("x * x - x * x", 1e30L).nan, Nan::never);
}

TEST(OracleExpression, IdentitiesHold) {
  for (Real x = -5; x <= 5; x += 0.37L) {
    const Value s = eval("sin(x) * sin(x) + cos(x) * cos(x)", x);
    EXPECT_LE(s.lo, 1);
    EXPECT_GE(s.hi, 1);
    const Value g = eval("x * sigmoid(x) - x + x * sigmoid(0 - x)", x);  // sigmoid(x) + sigmoid(-x) = 1
    EXPECT_LE(g.lo, 0);
    EXPECT_GE(g.hi, 0);
  }
}

TEST(OracleExpression, MistakesHaveAPlace) {
  for (const char* text : {"x +", "(x", "nonsense(x)", "x y", "where(x, y)"})
    EXPECT_THROW(Expression(text, kNames), Mistake) << text;
}

}  // namespace
}  // namespace fg::reference
