// SPDX-License-Identifier: Apache-2.0
//
// One value at a time, slow and exact: the meaning of a program, for folding and for tests.

#ifndef FG_CORE_EXPR_EVALUATE_HPP_
#define FG_CORE_EXPR_EVALUATE_HPP_

#include <cstdint>
#include <span>
#include <vector>

#include "fg/abi/expr.h"

namespace fg::expr {

// A number of compute type `type`: `f` holds F32 and F64, `i` the others (I32 sign-extended).
struct Value {
  std::uint16_t type = FG_CT_F32;
  double f = 0.0;
  std::int64_t i = 0;

  static Value of_float(double x, std::uint16_t type = FG_CT_F64);
  static Value of_int(std::int64_t x, std::uint16_t type = FG_CT_I64);
  static Value of_bool(bool x) { return of_int(x ? 1 : 0, FG_CT_BOOL); }
};
// Same type and same bits; every NaN equals every NaN.
bool same(const Value& a, const Value& b);

// The conversion of FG_EX_CAST.
Value convert(const Value& x, std::uint16_t type);
// A scalar argument read as `type`.
Value convert(const fg_scalar& x, std::uint16_t type);

// The value of an FG_EX_CONST node.
Value constant_value(const fg_expr_node& node);

// One operation on 1 to 3 operands.  F32 functions are computed in f64 and rounded once.
Value apply(std::uint16_t op, std::uint16_t type, std::span<const Value> args);

// The outputs of a verified program for one position.  `index` has the position in the iteration
// space; dimensions beyond its end are 0.
std::vector<Value> evaluate(const fg_expr& program, std::span<const Value> in, std::span<const fg_scalar> scalar = {},
                            std::span<const std::int64_t> index = {});

}  // namespace fg::expr

#endif  // FG_CORE_EXPR_EVALUATE_HPP_
