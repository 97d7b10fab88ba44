// SPDX-License-Identifier: Apache-2.0
//
// Shape patterns: "m, k", "..., d", "broadcast(m, n)", or the name of an attribute of sizes.

#ifndef FG_TOOLS_GEN_PATTERNS_HPP_
#define FG_TOOLS_GEN_PATTERNS_HPP_

#include <string>
#include <vector>

#include "tools/gen/model.hpp"

namespace fg::gen {

// The names of lengths in an operator's patterns in order of appearance, or those of its shape rule.
std::vector<std::string> symbols_of(const Op& op);

// Compiles `text`; empty text gives an empty pattern.  A mistake goes to `error`.
core::ShapePattern compile_pattern(const Op& op, const std::string& text, std::string& error);

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_PATTERNS_HPP_
