// SPDX-License-Identifier: Apache-2.0
//
// Parses every expression and types it for every dtype combination that the operator declares.

#ifndef FG_TOOLS_GEN_CHECK_EXPRESSIONS_HPP_
#define FG_TOOLS_GEN_CHECK_EXPRESSIONS_HPP_

#include "tools/gen/model.hpp"

namespace fg::gen {

void check_expressions(const Op& op, Diagnostics& diagnostics);

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_CHECK_EXPRESSIONS_HPP_
