// SPDX-License-Identifier: Apache-2.0
//
// Every derivative against central differences in f64.

#include "core/expr/derivative.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "core/expr/evaluate.hpp"
#include "core/expr/instantiate.hpp"
#include "core/expr/to_text.hpp"

namespace fg::expr {
namespace {

constexpr std::array<std::string_view, 2> kNames = {"x", "y"};

double at(const Parsed& parsed, double x, double y) {
  Typing t;
  t.common = FG_CT_F64;
  t.names = {Binding::state(FG_CT_F64), Binding::state(FG_CT_F64)};
  t.out = {FG_CT_F64};
  const Result<Program> p = instantiate(parsed, t);
  EXPECT_TRUE(p) << to_text(parsed) << ": " << (p ? "" : p.error().message);
  if (!p) return 0.0;
  const std::array<Value, 2> in = {Value::of_float(x), Value::of_float(y)};
  return evaluate(p->view(), in)[0].f;
}

class Slope : public testing::TestWithParam<const char*> {};
TEST_P(Slope, AgreesWithDifferences) {
  const Parsed f = *parse(GetParam(), kNames);
  constexpr double kStep = 1e-6;  // Error of the difference: step^2 and 1e-16 / step, both far below the bound.
  const std::vector<std::array<double, 2>> points = {{0.3, 0.7}, {0.6, 0.2}, {0.11, 0.9}, {0.85, 0.45}};
  for (const auto& [x, y] : points) {
    const double dx = (at(f, x + kStep, y) - at(f, x - kStep, y)) / (2 * kStep);
    const double dy = (at(f, x, y + kStep) - at(f, x, y - kStep)) / (2 * kStep);
    const Result<Parsed> gx = derivative(f, "x"), gy = derivative(f, "y");
    ASSERT_TRUE(gx && gy);
    EXPECT_NEAR(at(*gx, x, y), dx, 1e-7 * (1 + std::fabs(dx))) << to_text(*gx);
    EXPECT_NEAR(at(*gy, x, y), dy, 1e-7 * (1 + std::fabs(dy))) << to_text(*gy);
  }
}
INSTANTIATE_TEST_SUITE_P(Functions, Slope,
                         testing::Values("x + y", "x - 2 * y", "x * y", "x / y", "-x * -y", "x ** y", "x ** 3 + y ** 2",
                                         "x ** 2.5", "2 ** x", "x ** 0 + y ** 1", "atan2(x, y)", "fma(x, y, x)",
                                         "abs(x - 0.5) * y", "sqrt(x * y)", "rsqrt(x + y)", "exp(x * y)",
                                         "exp2(x) + expm1(y)", "log(x) * log2(y)", "log10(x) + log1p(x * y)",
                                         "sin(x) * cos(y)", "tan(x * y)", "asin(x) + acos(y)", "atan(x / y)",
                                         "sinh(x) * cosh(y)", "tanh(3 * x * y)", "asinh(x) - acosh(1 + y)",
                                         "atanh(x * y)", "erf(x) * erfc(y)", "sigmoid(2 * x - y)",
                                         "where(x > 0.5, x * y, sin(y))", "max(x * x, y)", "min(x, y * y)",
                                         "clamp(x, 0.2, 0.5) * y", "fmod(x * 7, 2)", "remainder(y * 7, 2 * x)",
                                         "floor(x) * y + sign(y) * x", "0.5 * x * (1 + erf(x * 0.70710678118654752))",
                                         "0.5 * x * (1 + tanh(0.79788456080286536 * (x + 0.044715 * x * x * x)))",
                                         "x * sigmoid(x) * y", "x < y", "cast_f64(x) * y", "cast_i32(x) * y"));

TEST(Derivative, IsShortWhereItCanBe) {
  const auto text = [](std::string_view f) { return to_text(*derivative(*parse(f, kNames), "x")); };
  EXPECT_EQ(text("x"), "1");
  EXPECT_EQ(text("y"), "0");
  EXPECT_EQ(text("x + y"), "1");
  EXPECT_EQ(text("x * y"), "y");
  EXPECT_EQ(text("y - x"), "-1");
  EXPECT_EQ(text("x ** 2"), "2 * x");
  EXPECT_EQ(text("exp(x)"), "exp(x)");
  EXPECT_EQ(text("tanh(x)"), "(1 - tanh(x)) * (1 + tanh(x))");
  EXPECT_EQ(text("where(y > 0, x, y)"), "where(y > 0, 1, 0)");
}

TEST(Derivative, SubgradientsAreThoseOfTheHeader) {
  const auto slope = [](std::string_view f, double x, double y) {
    return at(*derivative(*parse(f, kNames), "x"), x, y);
  };
  EXPECT_EQ(slope("max(x, y)", 1, 1), 0.5);
  EXPECT_EQ(slope("min(x, y)", 1, 1), 0.5);
  EXPECT_EQ(slope("abs(x)", 0, 0), 0.0);
  EXPECT_EQ(slope("x ** y", 0, 0), 0.0);
  EXPECT_EQ(at(*derivative(*parse("x ** y", kNames), "y"), 0, 2), 0.0);
}

TEST(Derivative, OfASecondOutput) {
  const std::array<std::string_view, 2> texts = {"x * y", "x * x * y"};
  const Parsed p = *parse(texts, kNames);
  EXPECT_EQ(at(*derivative(p, "x", 1), 3, 5), 30);
}

TEST(Derivative, SaysWhatHasNone) {
  const auto error = [](std::string_view f, std::string_view name) {
    return derivative(*parse(f, kNames), name).error();
  };
  EXPECT_EQ(error("1 + lgamma(x)", "x").message, "column 5: 'lgamma' has no derivative");
  EXPECT_EQ(error("1 + lgamma(x)", "x").status, FG_E_UNSUPPORTED);
  EXPECT_EQ(error("x & y", "x").message, "column 3: 'and' has no derivative");
  EXPECT_EQ(error("x", "z").message, "no name 'z' in the expression");
  EXPECT_EQ(derivative(*parse("x", kNames), "x", 3).error().message, "no output 3, the expression has 1");
  EXPECT_TRUE(derivative(*parse("lgamma(y) * x", kNames), "x"));
}

TEST(Derivative, OfALongChainIsLinear) {
  std::string text = "x";
  for (int k = 0; k < 300; ++k) text += " * x";
  const Result<Parsed> d = derivative(*parse(text, kNames), "x");
  ASSERT_TRUE(d);
  EXPECT_LT(d->terms.size(), 2000u);
  EXPECT_NEAR(at(*d, 1.001, 0), 301 * std::pow(1.001, 300), 1e-9);
  EXPECT_LT(to_text(*d).size(), 70000u);
}

}  // namespace
}  // namespace fg::expr
