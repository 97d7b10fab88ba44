// SPDX-License-Identifier: Apache-2.0
//
// The operations of fg/abi/expr.h as data: names, operands and the rule for their types.

#ifndef FG_CORE_EXPR_OP_TABLE_HPP_
#define FG_CORE_EXPR_OP_TABLE_HPP_

#include <cstdint>
#include <span>
#include <string_view>

#include "fg/abi/expr.h"

namespace fg::expr {

// Which types an operation takes; unless said otherwise operands and result have one type.
enum class TypeRule : std::uint8_t {
  leaf,
  cast,
  any,       // BOOL too
  number,    // integers and floats
  floating,  // floats
  rounding,  // floats; in the language integers pass unchanged
  compare,   // any type, result BOOL
  isnan,     // floats, result BOOL
  logic,     // BOOL and integers
  shift,     // integers
  where      // BOOL, then two of any type
};

struct OpRow {
  std::uint16_t op;
  std::uint8_t arity;
  TypeRule rule;
  std::string_view name;    // in the language, as a function
  std::string_view symbol;  // as an operator, empty when it has none
};

// Every operation of the contract, leaves first.
std::span<const OpRow> op_table();
// nullptr when unknown.
const OpRow* find_op(std::uint16_t op);

// "f32" for FG_CT_F32 and so on, "unknown" beyond.
std::string_view type_name(std::uint16_t type);
inline bool is_float_type(std::uint16_t type) { return type == FG_CT_F32 || type == FG_CT_F64; }
inline bool is_integer_type(std::uint16_t type) { return type == FG_CT_I32 || type == FG_CT_I64; }

}  // namespace fg::expr

#endif  // FG_CORE_EXPR_OP_TABLE_HPP_
