// SPDX-License-Identifier: Apache-2.0

#include "core/expr/op_table.hpp"

#include <algorithm>
#include <array>

namespace fg::expr {
namespace {

using R = TypeRule;

// Sorted by `op`.
constexpr auto kOps = std::to_array<OpRow>({
    {FG_EX_INPUT, 0, R::leaf, "input", ""},
    {FG_EX_SCALAR, 0, R::leaf, "scalar", ""},
    {FG_EX_CONST, 0, R::leaf, "const", ""},
    {FG_EX_INDEX, 0, R::leaf, "index", ""},
    {FG_EX_CAST, 1, R::cast, "cast", ""},
    {FG_EX_ADD, 2, R::any, "add", "+"},
    {FG_EX_SUB, 2, R::number, "sub", "-"},
    {FG_EX_MUL, 2, R::any, "mul", "*"},
    {FG_EX_DIV, 2, R::floating, "div", "/"},
    {FG_EX_TRUNC_DIV, 2, R::number, "trunc_div", ""},
    {FG_EX_FLOOR_DIV, 2, R::number, "floor_div", ""},
    {FG_EX_FMOD, 2, R::number, "fmod", ""},
    {FG_EX_REMAINDER, 2, R::number, "remainder", "%"},
    {FG_EX_POW, 2, R::number, "pow", "**"},
    {FG_EX_MIN, 2, R::any, "min", ""},
    {FG_EX_MAX, 2, R::any, "max", ""},
    {FG_EX_ATAN2, 2, R::floating, "atan2", ""},
    {FG_EX_FMA, 3, R::number, "fma", ""},
    {FG_EX_NEG, 1, R::number, "neg", "-"},
    {FG_EX_ABS, 1, R::any, "abs", ""},
    {FG_EX_SIGN, 1, R::any, "sign", ""},
    {FG_EX_EQ, 2, R::compare, "eq", "=="},
    {FG_EX_NE, 2, R::compare, "ne", "!="},
    {FG_EX_LT, 2, R::compare, "lt", "<"},
    {FG_EX_LE, 2, R::compare, "le", "<="},
    {FG_EX_GT, 2, R::compare, "gt", ">"},
    {FG_EX_GE, 2, R::compare, "ge", ">="},
    {FG_EX_ISNAN, 1, R::isnan, "isnan", ""},
    {FG_EX_AND, 2, R::logic, "and", "&"},
    {FG_EX_OR, 2, R::logic, "or", "|"},
    {FG_EX_XOR, 2, R::logic, "xor", "^"},
    {FG_EX_NOT, 1, R::logic, "not", "~"},
    {FG_EX_SHL, 2, R::shift, "shl", "<<"},
    {FG_EX_SHR, 2, R::shift, "shr", ">>"},
    {FG_EX_WHERE, 3, R::where, "where", ""},
    {FG_EX_FLOOR, 1, R::rounding, "floor", ""},
    {FG_EX_CEIL, 1, R::rounding, "ceil", ""},
    {FG_EX_TRUNC, 1, R::rounding, "trunc", ""},
    {FG_EX_ROUND, 1, R::rounding, "round", ""},
    {FG_EX_SQRT, 1, R::floating, "sqrt", ""},
    {FG_EX_RSQRT, 1, R::floating, "rsqrt", ""},
    {FG_EX_EXP, 1, R::floating, "exp", ""},
    {FG_EX_EXP2, 1, R::floating, "exp2", ""},
    {FG_EX_EXPM1, 1, R::floating, "expm1", ""},
    {FG_EX_LOG, 1, R::floating, "log", ""},
    {FG_EX_LOG2, 1, R::floating, "log2", ""},
    {FG_EX_LOG10, 1, R::floating, "log10", ""},
    {FG_EX_LOG1P, 1, R::floating, "log1p", ""},
    {FG_EX_SIN, 1, R::floating, "sin", ""},
    {FG_EX_COS, 1, R::floating, "cos", ""},
    {FG_EX_TAN, 1, R::floating, "tan", ""},
    {FG_EX_ASIN, 1, R::floating, "asin", ""},
    {FG_EX_ACOS, 1, R::floating, "acos", ""},
    {FG_EX_ATAN, 1, R::floating, "atan", ""},
    {FG_EX_SINH, 1, R::floating, "sinh", ""},
    {FG_EX_COSH, 1, R::floating, "cosh", ""},
    {FG_EX_TANH, 1, R::floating, "tanh", ""},
    {FG_EX_ASINH, 1, R::floating, "asinh", ""},
    {FG_EX_ACOSH, 1, R::floating, "acosh", ""},
    {FG_EX_ATANH, 1, R::floating, "atanh", ""},
    {FG_EX_ERF, 1, R::floating, "erf", ""},
    {FG_EX_ERFC, 1, R::floating, "erfc", ""},
    {FG_EX_LGAMMA, 1, R::floating, "lgamma", ""},
    {FG_EX_SIGMOID, 1, R::floating, "sigmoid", ""},
});

}  // namespace

std::span<const OpRow> op_table() { return kOps; }

const OpRow* find_op(std::uint16_t op) {
  const auto* row =
      std::lower_bound(kOps.begin(), kOps.end(), op, [](const OpRow& r, std::uint16_t o) { return r.op < o; });
  return row != kOps.end() && row->op == op ? row : nullptr;
}

std::string_view type_name(std::uint16_t type) {
  constexpr std::array<std::string_view, 5> kNames = {"bool", "i32", "i64", "f32", "f64"};
  return type < kNames.size() ? kNames[type] : "unknown";
}

}  // namespace fg::expr
