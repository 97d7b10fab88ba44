// SPDX-License-Identifier: Apache-2.0

#include "core/expr/evaluate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/expr/op_table.hpp"
#include "core/expr/program.hpp"

namespace fg::expr {
namespace {

constexpr std::int64_t kMin32 = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t kMax32 = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kMin64 = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax64 = std::numeric_limits<std::int64_t>::max();
const double kInf = std::numeric_limits<double>::infinity();
const double kNan = std::numeric_limits<double>::quiet_NaN();

std::int64_t i32(std::uint16_t op, std::int64_t a, std::int64_t b = 0) {
  const std::array<Value, 2> args = {Value::of_int(a, FG_CT_I32), Value::of_int(b, FG_CT_I32)};
  return apply(op, FG_CT_I32, args).i;
}
std::int64_t i64(std::uint16_t op, std::int64_t a, std::int64_t b = 0) {
  const std::array<Value, 2> args = {Value::of_int(a), Value::of_int(b)};
  return apply(op, FG_CT_I64, args).i;
}
double f32(std::uint16_t op, double a, double b = 0) {
  const std::array<Value, 2> args = {Value::of_float(a, FG_CT_F32), Value::of_float(b, FG_CT_F32)};
  return apply(op, FG_CT_F32, args).f;
}
double f64(std::uint16_t op, double a, double b = 0) {
  const std::array<Value, 2> args = {Value::of_float(a), Value::of_float(b)};
  return apply(op, FG_CT_F64, args).f;
}

TEST(Evaluate, IntegersWrap) {
  EXPECT_EQ(i32(FG_EX_ADD, kMax32, 1), kMin32);
  EXPECT_EQ(i32(FG_EX_MUL, 65536, 65536), 0);
  EXPECT_EQ(i32(FG_EX_NEG, kMin32), kMin32);
  EXPECT_EQ(i32(FG_EX_ABS, kMin32), kMin32);
  EXPECT_EQ(i64(FG_EX_SUB, kMin64, 1), kMax64);
  EXPECT_EQ(i64(FG_EX_ABS, kMin64), kMin64);
}

TEST(Evaluate, IntegerDivisionByZeroIsZeroAndItsOverflowWraps) {
  for (const std::uint16_t op : {FG_EX_TRUNC_DIV, FG_EX_FLOOR_DIV, FG_EX_FMOD, FG_EX_REMAINDER}) {
    EXPECT_EQ(i32(op, 7, 0), 0);
    EXPECT_EQ(i64(op, kMin64, 0), 0);
  }
  EXPECT_EQ(i32(FG_EX_TRUNC_DIV, kMin32, -1), kMin32);
  EXPECT_EQ(i64(FG_EX_FLOOR_DIV, kMin64, -1), kMin64);
  EXPECT_EQ(i64(FG_EX_REMAINDER, kMin64, -1), 0);
}

TEST(Evaluate, FourWaysToDivideIntegers) {
  EXPECT_EQ(i32(FG_EX_TRUNC_DIV, -7, 2), -3);
  EXPECT_EQ(i32(FG_EX_FLOOR_DIV, -7, 2), -4);
  EXPECT_EQ(i32(FG_EX_FMOD, -7, 2), -1);
  EXPECT_EQ(i32(FG_EX_REMAINDER, -7, 2), 1);
  EXPECT_EQ(i32(FG_EX_REMAINDER, 7, -2), -1);
  EXPECT_EQ(i32(FG_EX_REMAINDER, 6, -2), 0);
}

TEST(Evaluate, FourWaysToDivideFloats) {
  EXPECT_EQ(f32(FG_EX_TRUNC_DIV, -7, 2), -3);
  EXPECT_EQ(f32(FG_EX_FLOOR_DIV, -7, 2), -4);
  EXPECT_EQ(f32(FG_EX_FMOD, -7, 2), -1);
  EXPECT_EQ(f32(FG_EX_REMAINDER, -7, 2), 1);
  EXPECT_EQ(f64(FG_EX_FLOOR_DIV, 1.0, 0.1), 9.0);  // 0.1 lies above a tenth
  EXPECT_EQ(f64(FG_EX_FLOOR_DIV, 1.0, 0.0), kInf);
  EXPECT_EQ(f32(FG_EX_FLOOR_DIV, 700, 0x1.0ef066p-16), 43345728);  // the exact floor is 43345730
  EXPECT_TRUE(std::isnan(f64(FG_EX_REMAINDER, 1.0, 0.0)));
  EXPECT_EQ(f64(FG_EX_REMAINDER, -1.0, kInf), kInf);
  EXPECT_TRUE(std::signbit(f64(FG_EX_FLOOR_DIV, -0.0, 2.0)));
}

TEST(Evaluate, IntegerPower) {
  EXPECT_EQ(i32(FG_EX_POW, 3, 5), 243);
  EXPECT_EQ(i32(FG_EX_POW, 0, 0), 1);
  EXPECT_EQ(i32(FG_EX_POW, 2, 31), kMin32);
  EXPECT_EQ(i32(FG_EX_POW, 2, 32), 0);
  EXPECT_EQ(i32(FG_EX_POW, 2, -1), 0);
  EXPECT_EQ(i32(FG_EX_POW, 0, -1), 0);
  EXPECT_EQ(i32(FG_EX_POW, 1, -5), 1);
  EXPECT_EQ(i32(FG_EX_POW, -1, -5), -1);
  EXPECT_EQ(i64(FG_EX_POW, -1, kMin64), 1);
  EXPECT_EQ(i64(FG_EX_POW, 3, kMax64), i64(FG_EX_MUL, i64(FG_EX_POW, 3, kMax64 - 1), 3));
}

TEST(Evaluate, ShiftsBeyondTheWidth) {
  EXPECT_EQ(i32(FG_EX_SHL, 1, 31), kMin32);
  EXPECT_EQ(i32(FG_EX_SHL, 1, 32), 0);
  EXPECT_EQ(i32(FG_EX_SHL, 1, -1), 0);
  EXPECT_EQ(i32(FG_EX_SHR, -8, 1), -4);
  EXPECT_EQ(i32(FG_EX_SHR, -8, 99), -1);
  EXPECT_EQ(i32(FG_EX_SHR, 8, -1), 0);
  EXPECT_EQ(i64(FG_EX_SHL, 1, 40), std::int64_t{1} << 40);
}

TEST(Evaluate, NanPropagatesThroughMinAndMax) {
  for (const std::uint16_t op : {FG_EX_MIN, FG_EX_MAX}) {
    EXPECT_TRUE(std::isnan(f32(op, kNan, 1)));
    EXPECT_TRUE(std::isnan(f32(op, 1, kNan)));
    EXPECT_TRUE(std::isnan(f64(op, kNan, kInf)));
  }
  EXPECT_EQ(f32(FG_EX_MIN, 2, 1), 1);
  EXPECT_EQ(f32(FG_EX_MAX, 2, 1), 2);
  EXPECT_TRUE(std::signbit(f32(FG_EX_MIN, 0.0, -0.0)));
  EXPECT_FALSE(std::signbit(f32(FG_EX_MAX, -0.0, 0.0)));
}

TEST(Evaluate, RoundsF32Once) {
  EXPECT_EQ(f32(FG_EX_ADD, 16777216, 1), 16777216);
  EXPECT_EQ(f32(FG_EX_DIV, 1, 3), static_cast<double>(1.0f / 3.0f));
  EXPECT_EQ(f32(FG_EX_MUL, 3e38, 10), kInf);
  EXPECT_EQ(f64(FG_EX_ADD, 16777216, 1), 16777217);
}

TEST(Evaluate, RoundingIsHalfToEven) {
  EXPECT_EQ(f32(FG_EX_ROUND, 0.5), 0);
  EXPECT_EQ(f32(FG_EX_ROUND, 1.5), 2);
  EXPECT_EQ(f32(FG_EX_ROUND, 2.5), 2);
  EXPECT_EQ(f64(FG_EX_TRUNC, -1.9), -1);
}

TEST(Evaluate, SignKeepsNan) {
  EXPECT_TRUE(std::isnan(f32(FG_EX_SIGN, kNan)));
  EXPECT_EQ(f32(FG_EX_SIGN, -kInf), -1);
  EXPECT_EQ(f32(FG_EX_SIGN, -0.0), 0);
  EXPECT_EQ(i32(FG_EX_SIGN, kMin32), -1);
}

TEST(Evaluate, SpecialValuesOfFunctions) {
  EXPECT_EQ(f32(FG_EX_POW, kNan, 0), 1);
  EXPECT_EQ(f32(FG_EX_RSQRT, 0), kInf);
  EXPECT_EQ(f32(FG_EX_SIGMOID, -kInf), 0);
  EXPECT_EQ(f32(FG_EX_SIGMOID, 200), 1);
  EXPECT_GT(f64(FG_EX_SIGMOID, -720), 0);
  EXPECT_EQ(f32(FG_EX_LGAMMA, 0), kInf);
  EXPECT_EQ(f64(FG_EX_ATAN2, 0.0, -1.0), std::atan2(0.0, -1.0));
  EXPECT_TRUE(std::isnan(f64(FG_EX_LOG, -1)));
}

TEST(Convert, FloatsSaturateAndNanIsZero) {
  const auto to = [](double x, std::uint16_t t) { return convert(Value::of_float(x), t).i; };
  EXPECT_EQ(to(1e10, FG_CT_I32), kMax32);
  EXPECT_EQ(to(-1e10, FG_CT_I32), kMin32);
  EXPECT_EQ(to(kNan, FG_CT_I32), 0);
  EXPECT_EQ(to(-1.9, FG_CT_I32), -1);
  EXPECT_EQ(to(kInf, FG_CT_I64), kMax64);
  EXPECT_EQ(to(9.3e18, FG_CT_I64), kMax64);
  EXPECT_EQ(to(-9.3e18, FG_CT_I64), kMin64);
  EXPECT_EQ(to(kNan, FG_CT_BOOL), 1);
  EXPECT_EQ(to(-0.0, FG_CT_BOOL), 0);
}

TEST(Convert, IntegersKeepTheirLowBitsAndRoundOnce) {
  EXPECT_EQ(convert(Value::of_int(0x100000005), FG_CT_I32).i, 5);
  EXPECT_EQ(convert(Value::of_int(256), FG_CT_BOOL).i, 1);
  // To f64 first, this would round to the even neighbour below.
  EXPECT_EQ(convert(Value::of_int((std::int64_t{1} << 60) + (std::int64_t{1} << 36) + 1), FG_CT_F32).f, 0x1.000002p60);
}

TEST(Program, VerifyRefusesWhatBreaksTheContract) {
  const auto reason = [](std::vector<fg_expr_node> nodes, std::vector<std::uint32_t> outs) {
    const Result<Program> p = Program::make(std::move(nodes), std::move(outs), 1, 1);
    return p ? std::string("accepted") : p.error().message;
  };
  const fg_expr_node x{FG_EX_INPUT, FG_CT_F32, {0, 0, 0}};
  EXPECT_EQ(reason({x}, {0}), "accepted");
  EXPECT_EQ(reason({}, {0}), "a program has 1 to 8192 nodes, this one 0");
  EXPECT_EQ(reason({x}, {}), "a program has 1 to 64 outputs, at most 64 inputs and 64 scalars; this one 0, 1 and 1");
  EXPECT_EQ(reason({x}, {1}), "output 0 is node 1, beyond the end");
  EXPECT_EQ(reason({{7, FG_CT_F32, {0, 0, 0}}}, {0}), "node 0: unknown operation 7");
  EXPECT_EQ(reason({{FG_EX_INPUT, 9, {0, 0, 0}}}, {0}), "node 0: unknown type 9");
  EXPECT_EQ(reason({{FG_EX_INPUT, FG_CT_F32, {1, 0, 0}}}, {0}), "node 0: input 1 of 1");
  EXPECT_EQ(reason({{FG_EX_SCALAR, FG_CT_F32, {1, 0, 0}}}, {0}), "node 0: scalar 1 of 1");
  EXPECT_EQ(reason({x, {FG_EX_INPUT, FG_CT_I32, {0, 0, 0}}}, {0}), "node 1: input 0 has two types");
  EXPECT_EQ(reason({x, {FG_EX_EXP, FG_CT_F32, {1, 0, 0}}}, {0}), "node 1: argument 0 is 1, expected an earlier node");
  EXPECT_EQ(reason({x, {FG_EX_EXP, FG_CT_F32, {0, 1, 0}}}, {0}), "node 1: argument 1 is 1, expected 0");
  EXPECT_EQ(reason({x, {FG_EX_EXP, FG_CT_F64, {0, 0, 0}}}, {0}), "node 1: exp has type f64");
  EXPECT_EQ(reason({x, {FG_EX_NOT, FG_CT_F32, {0, 0, 0}}}, {0}), "node 1: not of f32");
  EXPECT_EQ(reason({x, {FG_EX_EQ, FG_CT_F32, {0, 0, 0}}}, {0}), "node 1: eq has type f32");
  EXPECT_EQ(reason({x, {FG_EX_WHERE, FG_CT_F32, {0, 0, 0}}}, {0}), "node 1: the condition of where is not bool");
  EXPECT_EQ(reason({{FG_EX_INDEX, FG_CT_I32, {0, 0, 0}}}, {0}), "node 0: an index is i64, of a dimension below 16");
  EXPECT_EQ(reason({{FG_EX_CONST, FG_CT_BOOL, {2, 0, 0}}}, {0}), "node 0: a bool is 0 or 1");
  EXPECT_EQ(reason({{FG_EX_CONST, FG_CT_I32, {0, 1, 0}}}, {0}), "node 0: constant beyond i32");
  EXPECT_EQ(reason({x, {FG_EX_CAST, FG_CT_I64, {0, 0, 0}}, {FG_EX_ADD, FG_CT_F32, {0, 1, 0}}}, {0}),
            "node 2: add of operands of different types");
}

TEST(OpTable, IsSortedAndComplete) {
  std::uint16_t last = 0;
  for (const OpRow& row : op_table()) {
    EXPECT_GT(row.op, last);
    last = row.op;
    EXPECT_EQ(find_op(row.op), &row);
  }
  EXPECT_EQ(op_table().size(), 64u);
  EXPECT_EQ(find_op(0), nullptr);
  EXPECT_EQ(find_op(5), nullptr);
  EXPECT_EQ(find_op(FG_EX_SIGMOID + 1), nullptr);
}

}  // namespace
}  // namespace fg::expr
