// SPDX-License-Identifier: Apache-2.0

#include "core/expr/fold.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/expr/evaluate.hpp"
#include "core/expr/instantiate.hpp"
#include "core/expr/to_text.hpp"

namespace fg::expr {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"x", "y", "b", "s"};

// x and y are of `type`, b is a bool tensor, s a number.
Typing typing(std::uint16_t type) {
  Typing t;
  t.common = type;
  t.names = {Binding::state(type), Binding::state(type), Binding::state(FG_CT_BOOL), Binding::number(type)};
  t.out = {kNatural};
  return t;
}

Program raw(std::string_view text, std::uint16_t type) {
  const Result<Parsed> parsed = parse(text, kNames);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
  Result<Program> p = lower(*parsed, typing(type));
  EXPECT_TRUE(p) << (p ? "" : p.error().message);
  return *std::move(p);
}

// The listing of the last node, which tells what a text came to.
std::string result(std::string_view text, std::uint16_t type) {
  const Program p = fold(raw(text, type));
  const std::string all = to_text(p.view());
  return all.substr(0, all.find("out 0"));
}

using Case = std::tuple<const char*, std::uint16_t, const char*>;
class Folds : public testing::TestWithParam<Case> {};
TEST_P(Folds, To) {
  const auto [text, type, same_as] = GetParam();
  EXPECT_EQ(result(text, type), result(same_as, type));
}
INSTANTIATE_TEST_SUITE_P(
    Identities, Folds,
    testing::Values(Case{"x * 1", FG_CT_F32, "x"}, Case{"1 * x", FG_CT_F32, "x"}, Case{"x / 1", FG_CT_F32, "x"},
                    Case{"x - 0", FG_CT_F32, "x"}, Case{"x + 0", FG_CT_I32, "x"}, Case{"x * 0", FG_CT_I64, "0"},
                    Case{"x * -1", FG_CT_F32, "-x"}, Case{"--x", FG_CT_F32, "x"}, Case{"abs(-x)", FG_CT_F32, "abs(x)"},
                    Case{"x ** 2", FG_CT_F32, "x * x"}, Case{"x ** 1", FG_CT_F64, "x"}, Case{"x ** 0", FG_CT_F64, "1"},
                    Case{"x ** -1", FG_CT_F32, "1 / x"}, Case{"x / 4", FG_CT_F32, "x * 0.25"},
                    Case{"x / -2", FG_CT_F64, "x * -0.5"}, Case{"x - x", FG_CT_I32, "0"}, Case{"x % 1", FG_CT_I32, "0"},
                    Case{"floor_div(x, 1)", FG_CT_I32, "x"}, Case{"max(x, x)", FG_CT_F32, "x"},
                    Case{"floor(ceil(x))", FG_CT_F32, "ceil(x)"}, Case{"where(b, x, x)", FG_CT_F32, "x"},
                    Case{"where(true, x, y)", FG_CT_F32, "x"}, Case{"where(!b, x, y)", FG_CT_F32, "where(b, y, x)"},
                    Case{"b && true", FG_CT_F32, "b"}, Case{"b && false", FG_CT_F32, "false"},
                    Case{"b || b", FG_CT_F32, "b"}, Case{"!!b", FG_CT_F32, "b"}, Case{"b == false", FG_CT_F32, "!b"},
                    Case{"b ^ true", FG_CT_F32, "!b"}, Case{"!(x == y)", FG_CT_F32, "x != y"},
                    Case{"x == x", FG_CT_I32, "true"}, Case{"x << 0", FG_CT_I32, "x"},
                    Case{"cast_i32(cast_i64(x))", FG_CT_I32, "x"}, Case{"cast_f32(cast_f64(x))", FG_CT_F32, "x"},
                    Case{"x + s * 0", FG_CT_I32, "x"}, Case{"x & -1", FG_CT_I32, "x"}, Case{"x ^ x", FG_CT_I32, "0"},
                    Case{"sqrt(x * 0 + 4) * 0", FG_CT_F32, "sqrt(x * 0 + 4) * 0"}));

// What would change -0, a NaN or an infinity stays.
class Keeps : public testing::TestWithParam<Case> {};
TEST_P(Keeps, TheOperation) {
  const auto [text, type, op] = GetParam();
  EXPECT_NE(result(text, type).find(std::string(" = ") + op), std::string::npos) << result(text, type);
}
INSTANTIATE_TEST_SUITE_P(Traps, Keeps,
                         testing::Values(Case{"x + 0", FG_CT_F32, "add"}, Case{"x * 0", FG_CT_F32, "mul"},
                                         Case{"x - x", FG_CT_F32, "sub"}, Case{"x == x", FG_CT_F32, "eq"},
                                         Case{"x / 3", FG_CT_F32, "div"}, Case{"x ** 0.5", FG_CT_F32, "pow"},
                                         Case{"!(x < y)", FG_CT_F32, "not"},
                                         Case{"cast_i64(cast_i32(x))", FG_CT_I64, "cast"},
                                         Case{"x * s", FG_CT_F32, "scalar"}, Case{"x / 0", FG_CT_F32, "div"},
                                         Case{"cast_f64(cast_f32(x))", FG_CT_F64, "cast"}));

TEST(Fold, ChangesNoValue) {
  const std::vector<std::string> texts = {
      "x * 1 + -0.0 * y", "x / 8 - 0",  "abs(-x) ** 2",   "where(!(x == y), x ** -1, --y)",
      "max(x, x) * -1",   "x / -16384", "!(x != y) == b", "x ** 0 + y ** 1"};
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<double> points = {0.0, -0.0, 1.0, -1.0, 3.25, 1e-45, -1e-40, 3e38, inf, -inf, std::nan("")};
  for (const std::string& text : texts) {
    const Program before = raw(text, FG_CT_F32), after = fold(before);
    EXPECT_NE(after.hash(), before.hash()) << text;
    for (const double x : points) {
      for (const double y : points) {
        const std::array<Value, 3> in = {Value::of_float(x, FG_CT_F32), Value::of_float(y, FG_CT_F32),
                                         Value::of_bool(true)};
        const Value a = evaluate(before.view(), in)[0], b = evaluate(after.view(), in)[0];
        EXPECT_TRUE(same(a, b)) << text << " at " << x << ", " << y << ": " << a.f << " became " << b.f;
      }
    }
  }
}

TEST(Specialise, AlphaOneNeedsNoMultiply) {
  const Program p = raw("x + s * y", FG_CT_F32);
  fg_scalar one{};
  one.kind = FG_SCALAR_INT;
  one.v.i = 1;
  const Program q = specialise(p, {&one, 1});
  EXPECT_EQ(to_text(q.view()), "v0 = input 0 : f32\nv1 = input 1 : f32\nv2 = add v0 v1 : f32\nout 0 = v2\n");
  EXPECT_EQ(q.n_scalar(), 1);  // The caller's scalars stay as they are.
  EXPECT_NE(p.hash(), q.hash());
}

TEST(Specialise, LeavesScalarsOfKindNone) {
  const fg_scalar none{};
  const Program p = raw("x ** s", FG_CT_F32);
  EXPECT_EQ(specialise(p, {&none, 1}).hash(), p.hash());
  EXPECT_EQ(specialise(p, {}).hash(), p.hash());
}

TEST(Specialise, ReadsTheScalarInItsType) {
  fg_scalar s{};
  s.kind = FG_SCALAR_FLOAT;
  s.v.f = 0.1;
  const Program p = specialise(raw("s", FG_CT_F32), {&s, 1});
  EXPECT_EQ(constant_value(p.nodes()[0]).f, static_cast<double>(0.1f));
}

}  // namespace
}  // namespace fg::expr
