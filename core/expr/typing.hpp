// SPDX-License-Identifier: Apache-2.0
//
// The type of every term of an expression, before nodes are made.

#ifndef FG_CORE_EXPR_TYPING_HPP_
#define FG_CORE_EXPR_TYPING_HPP_

#include <cstdint>
#include <vector>

#include "core/expr/evaluate.hpp"
#include "core/expr/instantiate.hpp"

namespace fg::expr {

// A term is strong, with a type of its own, or weak: made of literals, it takes the type of what it
// meets.  A weak term whose value is known is a number still exact (I64 or F64).
struct TermType {
  bool weak = false;
  bool known = false;
  bool real = false;          // Weak: holds a real literal or a quotient.
  std::uint16_t type = 0;     // Strong: FG_CT_*.
  std::uint16_t operand = 0;  // Strong operations: the type in which operands are read.
  Value value{};              // Known: the number.

  static TermType strong(std::uint16_t t, std::uint16_t operand_type) {
    return {false, false, false, t, operand_type, {}};
  }
  static TermType number(const Value& v) { return {true, true, v.type == FG_CT_F64, 0, 0, v}; }
  static TermType unknown(bool is_real) { return {true, false, is_real, 0, 0, {}}; }
};

// One entry per term.  FG_E_INVALID with the column of the term that does not fit.
Result<std::vector<TermType>> find_types(const Parsed& parsed, const Typing& typing);

// The type that a weak term takes where nothing else decides.
std::uint16_t neutral_type(const TermType& t, std::uint16_t common);

// The number of a known term in `type`: rounded once, in bool as "!= 0"; an error when it does not fit.
Result<Value> literal_in(const TermType& t, std::uint16_t type, std::uint32_t column);

// The operation that a term stands for in `type`: on bool add and max are or, mul and min are and.
std::uint16_t op_in(const Term& term, std::uint16_t type);

}  // namespace fg::expr

#endif  // FG_CORE_EXPR_TYPING_HPP_
