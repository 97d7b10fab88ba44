// SPDX-License-Identifier: Apache-2.0
//
// Symbolic derivative, from which backward maps are made.

#ifndef FG_CORE_EXPR_DERIVATIVE_HPP_
#define FG_CORE_EXPR_DERIVATIVE_HPP_

#include <cstddef>
#include <string_view>

#include "core/expr/parse.hpp"

namespace fg::expr {

// d roots[output] / d name, over the same names.  Where a function has a kink: abs gives 0 at 0;
// min and max give each of two equal operands one half; floor, ceil, trunc, round, sign, floor_div
// and trunc_div give 0.  FG_E_INVALID for an unknown name or output, and FG_E_UNSUPPORTED for what
// has no derivative in the language (lgamma, operations on bits).
Result<Parsed> derivative(const Parsed& parsed, std::string_view name, std::size_t output = 0);

}  // namespace fg::expr

#endif  // FG_CORE_EXPR_DERIVATIVE_HPP_
