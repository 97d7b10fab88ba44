// SPDX-License-Identifier: Apache-2.0
//
// The normalised text of an operator's schema, whose hash both sides of the ABI compare.

#ifndef FG_TOOLS_GEN_SCHEMA_TEXT_HPP_
#define FG_TOOLS_GEN_SCHEMA_TEXT_HPP_

#include <string>

#include "tools/gen/model.hpp"

namespace fg::gen {

// What a kernel can observe: arguments, dtypes, outputs, shapes and programs.  Blanks, comments,
// summaries, cases and names of other systems are not part of it.
std::string schema_text(const Op& op);

std::uint64_t hash64(std::string_view text);  // XXH64, seed 0

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_SCHEMA_TEXT_HPP_
