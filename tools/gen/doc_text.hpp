// SPDX-License-Identifier: Apache-2.0
//
// The sentences of the reference pages.

#ifndef FG_TOOLS_GEN_DOC_TEXT_HPP_
#define FG_TOOLS_GEN_DOC_TEXT_HPP_

#include <string>
#include <vector>

#include "core/catalogue/case_line.hpp"
#include "tools/gen/model.hpp"

namespace fg::gen {

std::string_view kind_text(Kind kind);
std::string default_word(const Arg& arg);  // "1", "none"
std::string type_text(const Arg& arg);     // "tensor or number"
std::string values_text(const Arg& arg);   // dtypes of a tensor, values of an attribute
std::string out_dtype_text(const Out& out);
std::string shape_text(const Op& op, const Out& out);
std::string promotion_text(const Op& op);  // A paragraph, or empty.
std::vector<std::string> usual_errors(const Op& op);
// A section with a C++ call; `result` are the shapes of the outputs.
std::string example_text(const Op& op, const core::CaseValues& values, const std::string& result);

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_DOC_TEXT_HPP_
