// SPDX-License-Identifier: Apache-2.0

#include "core/expr/parse.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <tuple>

#include "core/expr/to_text.hpp"

namespace fg::expr {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"x", "y", "z", "self", "alpha"};

std::string round_trip(std::string_view text) {
  const Result<Parsed> p = parse(text, kNames);
  return p ? to_text(*p) : "error: " + p.error().message;
}

std::string error_of(std::string_view text) {
  const Result<Parsed> p = parse(text, kNames);
  if (p) return "parsed as " + to_text(*p);
  EXPECT_EQ(p.error().status, FG_E_INVALID);
  return p.error().message;
}

using Pair = std::tuple<const char*, const char*>;

class Precedence : public testing::TestWithParam<Pair> {};
TEST_P(Precedence, GivesTheTextWithTheFewestBrackets) {
  const auto [in, out] = GetParam();
  EXPECT_EQ(round_trip(in), out);
}
INSTANTIATE_TEST_SUITE_P(
    Language, Precedence,
    testing::Values(Pair{"x+y*z", "x + y * z"}, Pair{"(x+y)*z", "(x + y) * z"}, Pair{"x-(y-z)", "x - (y - z)"},
                    Pair{"(x-y)-z", "x - y - z"}, Pair{"-x**2", "-x**2"}, Pair{"(-x)**2", "(-x)**2"},
                    Pair{"x**-y", "x**-y"}, Pair{"x**y**z", "x**y**z"}, Pair{"(x**y)**z", "(x**y)**z"},
                    Pair{"x & y == z", "x & y == z"}, Pair{"x & (y == z)", "x & (y == z)"},
                    Pair{"(x == y) == z", "(x == y) == z"}, Pair{"!x && y || z", "!x && y || z"},
                    Pair{"!(x && (y || z))", "!(x && (y || z))"}, Pair{"x ? y : z", "where(x, y, z)"},
                    Pair{"x < y ? y : z ? x : y", "where(x < y, y, where(z, x, y))"}, Pair{"+x", "x"},
                    Pair{"clamp(x, 0, 1)", "min(max(x, 0), 1)"}, Pair{"isinf(x)", "abs(x) == inf"},
                    Pair{"isfinite(x)", "abs(x) < inf"}, Pair{"cast_i64(x) % 7", "cast_i64(x) % 7"},
                    Pair{"index(3) + 0x10", "index(3) + 16"}, Pair{"1e3", "1000.0"}, Pair{".5 + 2.", "0.5 + 2.0"},
                    Pair{"add(x, mul(y, z))", "x + y * z"}, Pair{"and(x, not(y))", "x & ~y"},
                    Pair{"x << y >> 1 | z ^ 3", "x << y >> 1 | z ^ 3"}, Pair{"true || false", "true || false"},
                    Pair{"floor_div(x, y) - - z", "floor_div(x, y) - -z"}));

class Mistake : public testing::TestWithParam<Pair> {};
TEST_P(Mistake, NamesColumnFindingAndExpectation) {
  const auto [text, message] = GetParam();
  EXPECT_EQ(error_of(text), message);
}
INSTANTIATE_TEST_SUITE_P(
    Language, Mistake,
    testing::Values(Pair{"", "column 1: found the end, expected a name, a number, a function or '('"},
                    Pair{"x +", "column 4: found the end, expected a name, a number, a function or '('"},
                    Pair{"x y", "column 3: found 'y', expected an operator or the end"},
                    Pair{"(x", "column 3: found the end, expected ')' to close the bracket of column 1"},
                    Pair{"sigmod(x)", "column 1: unknown function 'sigmod', did you mean 'sigmoid'?"},
                    Pair{"qwertz(x)", "column 1: unknown function 'qwertz'"},
                    Pair{"1 + slef", "column 5: unknown name 'slef', did you mean 'self'?"},
                    Pair{"weight", "column 1: unknown name 'weight', expected one of x, y, z, self, alpha"},
                    Pair{"exp", "column 1: 'exp' is a function, expected '(' after it"},
                    Pair{"exp(x, y)", "column 8: 'exp' takes 1 argument, found more"},
                    Pair{"pow(x)", "column 6: 'pow' takes 2 arguments, found 1"},
                    Pair{"pow(x,)", "column 7: found ')', expected an argument of 'pow'"},
                    Pair{"pow(x y)", "column 7: found 'y', expected ',' or ')' in the arguments of 'pow'"},
                    Pair{"x = y", "column 3: found '=', expected '==' to compare"},
                    Pair{"x $ y", "column 3: found '$', which no expression has"},
                    Pair{"x \xc3\xa4", "column 3: found byte 0xc3, which no expression has"},
                    Pair{"x < y < z", "column 7: found '<', comparisons do not chain; join them with '&&'"},
                    Pair{"x ? y", "column 6: found the end, expected ':' and the value for false"},
                    Pair{"1.5f", "column 1: '1.5f' is not a number"},
                    Pair{"1.2.3", "column 1: '1.2.3' is not a number"},
                    Pair{"9223372036854775808", "column 1: '9223372036854775808' does not fit i64"},
                    Pair{"1e999", "column 1: '1e999' is beyond f64"},
                    Pair{"index(x)", "column 7: found 'x', expected a dimension, a number from 0 to 15"},
                    Pair{"index(16)", "column 7: found '16', expected a dimension, a number from 0 to 15"}));

TEST(Parse, TakesOneTextPerOutput) {
  const std::array<std::string_view, 2> texts = {"x * y", "x + 1"};
  const Result<Parsed> p = parse(texts, kNames);
  ASSERT_TRUE(p);
  EXPECT_EQ(p->roots.size(), 2u);
  EXPECT_EQ(to_text(*p, 0), "x * y");
  EXPECT_EQ(to_text(*p, 1), "x + 1");
}

TEST(Parse, SaysWhichOfSeveralTextsIsWrong) {
  const std::array<std::string_view, 2> texts = {"x", "x +* y"};
  const Result<Parsed> p = parse(texts, kNames);
  ASSERT_FALSE(p);
  EXPECT_EQ(p.error().message, "expression 2: column 4: found '*', expected a name, a number, a function or '('");
}

TEST(Parse, AnyNameIsAnInputInOrderOfAppearance) {
  const Result<Parsed> p = parse_any("b * sigmoid(a) + b + pi");
  ASSERT_TRUE(p);
  EXPECT_EQ(p->names, (std::vector<std::string>{"b", "a"}));
}

TEST(Parse, GivenNamesHideConstants) {
  const std::array<std::string_view, 1> names = {"pi"};
  const Result<Parsed> p = parse("pi", names);
  ASSERT_TRUE(p);
  EXPECT_EQ(p->terms[0].kind, Term::Kind::name);
}

TEST(Parse, AFunctionMayBeNamedLikeAnInput) {
  const std::array<std::string_view, 1> names = {"exp"};
  EXPECT_EQ(to_text(*parse("exp(exp)", names)), "exp(exp)");
}

// The deepest text that a parser meets: every level of operators between two brackets.
TEST(Parse, RefusesHostileDepthWithoutRunningOutOfStack) {
  for (const std::string level :
       {"(", "-", "x || x && x == x | x ^ x & x << x + x * (", "exp(", "x ? ", "x ** ", "x ? x : "}) {
    std::string text;
    for (int k = 0; k < 1200; ++k) text += level;
    EXPECT_NE(error_of(text + "x").find("nested deeper than 256 levels"), std::string::npos) << level;
  }
}

TEST(Parse, LongChainsAreNotDeep) {
  std::string text = "x";
  for (int k = 0; k < 4000; ++k) text += " + x";
  const Result<Parsed> p = parse(text, kNames);
  ASSERT_TRUE(p);
  EXPECT_EQ(to_text(*p), text);
}

TEST(Parse, RefusesTooManyTermsAndTooMuchText) {
  std::string text = "x";
  for (int k = 0; k < 5000; ++k) text += " + x";
  EXPECT_NE(error_of(text).find("more than 8192 terms"), std::string::npos);
  EXPECT_NE(error_of(std::string(70000, ' ')).find("at most 65536 are taken"), std::string::npos);
}

TEST(Parse, QuotesLongWordsShortened) {
  EXPECT_LT(error_of(std::string(5000, 'q')).size(), 200u);
  EXPECT_LT(error_of(std::string(5000, 'q') + "(x)").size(), 200u);
}

}  // namespace
}  // namespace fg::expr
