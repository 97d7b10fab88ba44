// SPDX-License-Identifier: Apache-2.0
//
// Expressions and programs back to text.

#ifndef FG_CORE_EXPR_TO_TEXT_HPP_
#define FG_CORE_EXPR_TO_TEXT_HPP_

#include <cstddef>
#include <string>

#include "core/expr/parse.hpp"
#include "fg/abi/expr.h"

namespace fg::expr {

// Text of one output with the fewest brackets; parse() of it gives the same syntax.
std::string to_text(const Parsed& parsed, std::size_t output = 0);

// A listing, one node a line: "v2 = mul v0 v1 : f32".
std::string to_text(const fg_expr& program);

}  // namespace fg::expr

#endif  // FG_CORE_EXPR_TO_TEXT_HPP_
