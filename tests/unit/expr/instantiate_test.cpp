// SPDX-License-Identifier: Apache-2.0

#include "core/expr/instantiate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/expr/evaluate.hpp"
#include "core/expr/to_text.hpp"

namespace fg::expr {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"x", "y", "s"};

// x and y are tensors of `dtype`, s a number; all of the common dtype.
Typing typing(fg_dtype dtype, fg_dtype common, std::uint16_t out = kNatural) {
  Typing t;
  t.common = compute_type(common);
  t.names = {Binding::promoted(dtype, common), Binding::promoted(dtype, common), Binding::number(t.common)};
  t.out = {out};
  return t;
}

std::string lowered(std::string_view text, const Typing& t) {
  const Result<Parsed> parsed = parse(text, kNames);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
  const Result<Program> p = lower(*parsed, t);
  return p ? to_text(p->view()) : "error: " + p.error().message;
}

std::string folded(std::string_view text, const Typing& t) {
  const Result<Program> p = instantiate(*parse(text, kNames), t);
  return p ? to_text(p->view()) : "error: " + p.error().message;
}

TEST(Lower, MultipliesAndAddsInTheCommonType) {
  EXPECT_EQ(lowered("x + s * y", typing(FG_F32, FG_F32)),
            "v0 = input 0 : f32\nv1 = scalar 0 : f32\nv2 = input 1 : f32\nv3 = mul v1 v2 : f32\nv4 = add v0 v3 : "
            "f32\nout 0 = v4\n");
}

TEST(Lower, CastsInputsThatTakePartInPromotion) {
  EXPECT_EQ(lowered("x", typing(FG_I64, FG_F32)), "v0 = input 0 : i64\nv1 = cast v0 : f32\nout 0 = v1\n");
  EXPECT_EQ(lowered("x", typing(FG_F16, FG_F32)), "v0 = input 0 : f32\nout 0 = v0\n");
}

TEST(Lower, CastsToTheTypeOfTheOutput) {
  EXPECT_EQ(lowered("x == y", typing(FG_F32, FG_F32, FG_CT_F32)),
            "v0 = input 0 : f32\nv1 = input 1 : f32\nv2 = eq v0 v1 : bool\nv3 = cast v2 : f32\nout 0 = v3\n");
}

TEST(Lower, LeavesFloatsToTheStoreOfNarrowIntegers) {
  for (const fg_dtype narrow : {FG_I8, FG_U8, FG_I16}) {
    EXPECT_EQ(lowered("x", typing(FG_F32, FG_F32, stored_as(narrow))), "v0 = input 0 : f32\nout 0 = v0\n");
    EXPECT_EQ(lowered("x", typing(FG_F64, FG_F64, stored_as(narrow))), "v0 = input 0 : f64\nout 0 = v0\n");
    EXPECT_EQ(lowered("x", typing(FG_I64, FG_I64, stored_as(narrow))),
              "v0 = input 0 : i64\nv1 = cast v0 : i32\nout 0 = v1\n");
    EXPECT_EQ(lowered("x", typing(FG_BOOL, FG_BOOL, stored_as(narrow))),
              "v0 = input 0 : bool\nv1 = cast v0 : i32\nout 0 = v1\n");
    EXPECT_EQ(lowered("7", typing(FG_I64, FG_I64, stored_as(narrow))), "v0 = const 7 : i32\nout 0 = v0\n");
  }
  EXPECT_EQ(lowered("x", typing(FG_F32, FG_F32, stored_as(FG_I32))),
            "v0 = input 0 : f32\nv1 = cast v0 : i32\nout 0 = v1\n");
  EXPECT_EQ(lowered("x", typing(FG_F32, FG_F32, stored_as(FG_BOOL))),
            "v0 = input 0 : f32\nv1 = cast v0 : bool\nout 0 = v1\n");
}

TEST(Lower, SharesEqualNodes) {
  EXPECT_EQ(lowered("(x + y) * (x + y)", typing(FG_I32, FG_I32)),
            "v0 = input 0 : i32\nv1 = input 1 : i32\nv2 = add v0 v1 : i32\nv3 = mul v2 v2 : i32\nout 0 = v3\n");
}

TEST(Lower, NumbersInputsAndScalarsEachByThemselvesUsedOrNot) {
  Typing t = typing(FG_F32, FG_F32);
  t.names[0] = Binding::number(FG_CT_F32);
  const Result<Program> p = lower(*parse("y + s", kNames), t);
  ASSERT_TRUE(p);
  EXPECT_EQ(to_text(p->view()), "v0 = input 0 : f32\nv1 = scalar 1 : f32\nv2 = add v0 v1 : f32\nout 0 = v2\n");
  EXPECT_EQ(p->n_in(), 1);
  EXPECT_EQ(p->n_scalar(), 2);
}

TEST(Lower, LiteralsTakeTheTypeTheyMeet) {
  EXPECT_EQ(lowered("x * 2", typing(FG_F32, FG_F32)),
            "v0 = input 0 : f32\nv1 = const 2.0 : f32\nv2 = mul v0 v1 : f32\nout 0 = v2\n");
  EXPECT_EQ(lowered("x * 2", typing(FG_I64, FG_I64)),
            "v0 = input 0 : i64\nv1 = const 2 : i64\nv2 = mul v0 v1 : i64\nout 0 = v2\n");
  EXPECT_EQ(lowered("x * (1 / 3)", typing(FG_F64, FG_F64)),
            "v0 = input 0 : f64\nv1 = const 0.3333333333333333 : f64\nv2 = mul v0 v1 : f64\nout 0 = v2\n");
}

TEST(Lower, LiteralsAmongThemselvesAreExactNumbers) {
  EXPECT_EQ(lowered("2 ** 40 - 1", typing(FG_I64, FG_I64)), "v0 = const 1099511627775 : i64\nout 0 = v0\n");
  EXPECT_EQ(lowered("-2 ** 2", typing(FG_I64, FG_I64)), "v0 = const -4 : i64\nout 0 = v0\n");
  EXPECT_EQ(lowered("2 ** -1", typing(FG_F32, FG_F32)), "v0 = const 0.5 : f32\nout 0 = v0\n");
  EXPECT_EQ(lowered("sqrt(16)", typing(FG_F32, FG_F32)), "v0 = const 4.0 : f32\nout 0 = v0\n");
  EXPECT_EQ(lowered("1 / 0", typing(FG_F32, FG_F32)), "v0 = const inf : f32\nout 0 = v0\n");
  EXPECT_EQ(lowered("1 < 2", typing(FG_F32, FG_F32)), "v0 = const 1 : bool\nout 0 = v0\n");
}

TEST(Lower, AWeakChoiceTakesTheTypeOfEachUse) {
  EXPECT_EQ(lowered("x * where(y > 0, 1, -1)", typing(FG_F32, FG_F32)),
            "v0 = input 0 : f32\nv1 = input 1 : f32\nv2 = const 0.0 : f32\nv3 = gt v1 v2 : bool\nv4 = const 1.0 : f32\n"
            "v5 = const -1.0 : f32\nv6 = where v3 v4 v5 : f32\nv7 = mul v0 v6 : f32\nout 0 = v7\n");
  EXPECT_EQ(lowered("where(x > 0, 1, 0)", typing(FG_F32, FG_F32, FG_CT_I64)),
            "v0 = input 0 : f32\nv1 = const 0.0 : f32\nv2 = gt v0 v1 : bool\nv3 = const 1 : i64\nv4 = const 0 : i64\n"
            "v5 = where v2 v3 v4 : i64\nout 0 = v5\n");
}

TEST(Lower, MixedTypesMeetInTheWiderOne) {
  Typing t = typing(FG_F32, FG_F32);
  t.names[1] = Binding::tensor(FG_BOOL);
  EXPECT_EQ(lowered("x * y", t),
            "v0 = input 0 : f32\nv1 = input 1 : bool\nv2 = cast v1 : f32\nv3 = mul v0 v2 : f32\nout 0 = v3\n");
  EXPECT_EQ(lowered("s * index(1)", t),
            "v0 = scalar 0 : f32\nv1 = index 1 : i64\nv2 = cast v1 : f32\nv3 = mul v0 v2 : f32\nout 0 = v3\n");
  EXPECT_EQ(lowered("cast_f64(x) + x", t),
            "v0 = input 0 : f32\nv1 = cast v0 : f64\nv2 = add v1 v1 : f64\nout 0 = v2\n");
}

TEST(Lower, EpilogueStatesComeWithTheirOwnTypes) {
  const std::array<std::string_view, 5> names = {"mean", "m2", "count", "n", "correction"};
  Typing t;
  t.common = FG_CT_F32;
  t.names = {Binding::state(FG_CT_F32), Binding::state(FG_CT_F32), Binding::state(FG_CT_F32), Binding::state(FG_CT_I64),
             Binding::number(FG_CT_F32)};
  t.out = {FG_CT_F32, FG_CT_F32};
  const std::array<std::string_view, 2> texts = {"m2 / max(n - correction, 0)", "where(n > 0, mean, 0 / n)"};
  const Result<Program> p = instantiate(*parse(texts, names), t);
  ASSERT_TRUE(p) << p.error().message;
  const auto at = [&](double mean, double m2, std::int64_t n, double correction) {
    const std::array<Value, 4> in = {Value::of_float(mean, FG_CT_F32), Value::of_float(m2, FG_CT_F32),
                                     Value::of_float(static_cast<double>(n), FG_CT_F32), Value::of_int(n)};
    fg_scalar s{};
    s.kind = FG_SCALAR_FLOAT;
    s.v.f = correction;
    return evaluate(p->view(), in, {&s, 1});
  };
  EXPECT_EQ(at(2.5, 6.0, 4, 1.0)[0].f, 2.0);
  EXPECT_EQ(at(2.5, 6.0, 4, 1.0)[1].f, 2.5);
  EXPECT_TRUE(std::isinf(at(2.5, 6.0, 1, 1.0)[0].f));
  EXPECT_TRUE(std::isnan(at(0.0, 0.0, 0, 1.0)[0].f));
  EXPECT_TRUE(std::isnan(at(0.0, 0.0, 0, 1.0)[1].f));
}

TEST(Lower, ArithmeticOfBoolIsLogic) {
  const Typing t = typing(FG_BOOL, FG_BOOL);
  EXPECT_EQ(lowered("x + y", t), "v0 = input 0 : bool\nv1 = input 1 : bool\nv2 = or v0 v1 : bool\nout 0 = v2\n");
  EXPECT_EQ(lowered("x * y", t), "v0 = input 0 : bool\nv1 = input 1 : bool\nv2 = and v0 v1 : bool\nout 0 = v2\n");
  EXPECT_EQ(lowered("max(x, y)", t), "v0 = input 0 : bool\nv1 = input 1 : bool\nv2 = or v0 v1 : bool\nout 0 = v2\n");
  EXPECT_EQ(lowered("abs(x)", t), "v0 = input 0 : bool\nout 0 = v0\n");
  EXPECT_EQ(lowered("where(y, x, 0)", t),
            "v0 = input 1 : bool\nv1 = input 0 : bool\nv2 = const 0 : bool\nv3 = where v0 v1 v2 : bool\nout 0 = v3\n");
}

TEST(Lower, TruthOfANumberIsNotEqualZero) {
  EXPECT_EQ(lowered("x && y", typing(FG_F32, FG_F32)),
            "v0 = input 0 : f32\nv1 = cast v0 : bool\nv2 = input 1 : f32\nv3 = cast v2 : bool\nv4 = and v1 v3 : "
            "bool\nout 0 = v4\n");
  EXPECT_EQ(folded("x ? 2 : 0.5", typing(FG_I32, FG_F32)),
            "v0 = input 0 : i32\nv1 = cast v0 : bool\nv2 = const 2.0 : f32\nv3 = const 0.5 : f32\nv4 = where v1 v2 v3 "
            ": f32\nout 0 = v4\n");
}

TEST(Lower, RoundingAndNanTestsOfIntegersAreTrivial) {
  const Typing t = typing(FG_I32, FG_I32);
  EXPECT_EQ(lowered("floor(x)", t), "v0 = input 0 : i32\nout 0 = v0\n");
  EXPECT_EQ(lowered("isnan(x)", t), "v0 = const 0 : bool\nout 0 = v0\n");
  const Program p = *instantiate(*parse("isfinite(x) && !isinf(x)", kNames), t);
  const std::array<Value, 2> in = {Value::of_int(std::numeric_limits<std::int32_t>::min(), FG_CT_I32),
                                   Value::of_int(0, FG_CT_I32)};
  EXPECT_EQ(evaluate(p.view(), in)[0].i, 1);
}

TEST(Lower, IntegersBecomeFloatsWhereTheCommonTypeIsOne) {
  EXPECT_EQ(lowered("exp(index(0))", typing(FG_F32, FG_F32)),
            "v0 = index 0 : i64\nv1 = cast v0 : f32\nv2 = exp v1 : f32\nout 0 = v2\n");
  EXPECT_EQ(lowered("index(0) * 0.5", typing(FG_F64, FG_F64)),
            "v0 = index 0 : i64\nv1 = cast v0 : f64\nv2 = const 0.5 : f64\nv3 = mul v1 v2 : f64\nout 0 = v3\n");
}

TEST(Lower, AnIntegerBesideARealLiteralIsComparedAsAFloat) {
  EXPECT_EQ(lowered("x > 0.5", typing(FG_I64, FG_I64)),
            "v0 = input 0 : i64\nv1 = cast v0 : f32\nv2 = const 0.5 : f32\nv3 = gt v1 v2 : bool\nout 0 = v3\n");
  EXPECT_EQ(lowered("1.5 == x", typing(FG_I32, FG_F64)),
            "v0 = const 1.5 : f64\nv1 = input 0 : i32\nv2 = cast v1 : f64\nv3 = eq v0 v2 : bool\nout 0 = v3\n");
}

struct Bad {
  const char* text;
  fg_dtype common;
  const char* message;
};
class TypeMistake : public testing::TestWithParam<Bad> {};
TEST_P(TypeMistake, ReadsWell) {
  const Bad& bad = GetParam();
  EXPECT_EQ(lowered(bad.text, typing(bad.common, bad.common)), std::string("error: column ") + bad.message);
}
INSTANTIATE_TEST_SUITE_P(
    Language, TypeMistake,
    testing::Values(
        Bad{"x - y", FG_BOOL, "3: '-' is not defined for bool, use '^' or '!='"},
        Bad{"-x", FG_BOOL, "1: 'neg' is not defined for bool, use '!'"},
        Bad{"x % y", FG_BOOL, "3: '%' is not defined for bool, cast_i32() makes a number"},
        Bad{"1 - x", FG_BOOL, "3: '-' of a bool and a number: write cast_i64() or cast_f32() around the bool"},
        Bad{"x / y", FG_I32, "3: '/' takes floats, here is i32; trunc_div() and floor_div() divide integers"},
        Bad{"exp(x)", FG_I64, "1: 'exp' takes floats, here is i64; cast_f32() makes one"},
        Bad{"x * 0.5", FG_I32,
            "3: 0.5 is a float and meets i32 in '*'; write an integer, or cast_f32() around the other operand"},
        Bad{"x + 3000000000", FG_I32, "5: 3000000000 does not fit i32"},
        Bad{"x & y", FG_F32, "3: '&' takes bool or integers, here is f32; '&&' joins truths"},
        Bad{"~x", FG_F32, "1: 'not' takes bool or integers, here is f32; '!' negates a truth"},
        Bad{"x << y", FG_F32, "3: '<<' takes integers, here is f32"},
        Bad{"x << y", FG_BOOL, "3: '<<' takes integers, here is bool"},
        Bad{"1.5 & 2", FG_F32, "5: '&' takes bool or integers, here is a float; '&&' joins truths"},
        Bad{"x + 4 % 0", FG_I32, "7: '%' of 4 by 0"},
        Bad{"9223372036854775807 + 1", FG_I64, "21: 9223372036854775807 + 1 does not fit i64"}));

TEST(Lower, ALiteralOutputMustFitItsType) {
  EXPECT_EQ(lowered("0.5", typing(FG_F32, FG_F32, FG_CT_I32)),
            "error: column 1: 0.5 is a float, expected an integer (i32)");
  EXPECT_EQ(lowered("where(x > 0, 0.5, 1)", typing(FG_F32, FG_F32, FG_CT_I32)),
            "error: column 14: 0.5 is a float, expected an integer (i32)");
  EXPECT_EQ(lowered("2", typing(FG_F32, FG_F32, FG_CT_BOOL)), "v0 = const 1 : bool\nout 0 = v0\n");
}

TEST(Lower, SaysWhenTypesAndExpressionDoNotBelongTogether) {
  Typing t = typing(FG_F32, FG_F32);
  t.names.pop_back();
  const Result<Program> p = lower(*parse("x", kNames), t);
  ASSERT_FALSE(p);
  EXPECT_EQ(p.error().message, "the expression has 3 names and 1 outputs, the types are of 2 and 1");
}

TEST(Lower, LongChainsNeedNoStack) {
  std::string text = "where(x > 0, 1, 0)";
  for (int k = 0; k < 2500; ++k) text += " + x";
  EXPECT_TRUE(instantiate(*parse(text, kNames), typing(FG_F32, FG_F32)));
}

TEST(Program, EqualProgramsHaveEqualHashes) {
  const Typing t = typing(FG_F32, FG_F32);
  const auto hash = [&](std::string_view text) { return instantiate(*parse(text, kNames), t)->hash(); };
  EXPECT_EQ(hash("x * y + 1"), hash("s > 0 && false ? s : (x * y) * 1 + 3 / 3"));
  EXPECT_NE(hash("x * y + 1"), hash("x * y + 2"));
  EXPECT_NE(hash("x"), hash("y"));
}

}  // namespace
}  // namespace fg::expr
