// SPDX-License-Identifier: Apache-2.0
//
// An expression as an operator of its own, made once per text, names and dtype, which then takes the
// road of every map of the catalogue.

#ifndef FG_CORE_DISPATCH_USER_MAP_HPP_
#define FG_CORE_DISPATCH_USER_MAP_HPP_

#include <span>
#include <string_view>

#include "core/catalogue/op_info.hpp"
#include "fg/sdk/result.hpp"

namespace fg::core {

// The operator whose arguments are `names`, tensors or numbers (empty: the names in the text, in the
// order of their first appearance), and whose result is `text`; lives as
// long as the process.  dtype 0: the promoted dtype; bool where the text is a comparison.  FG_E_INVALID,
// FG_R_EXPRESSION with the column of a mistake.  [any-thread]
Result<const OpInfo*> user_map(std::string_view text, std::span<const char* const> names, fg_dtype dtype);

}  // namespace fg::core

#endif  // FG_CORE_DISPATCH_USER_MAP_HPP_
