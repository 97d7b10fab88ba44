// SPDX-License-Identifier: Apache-2.0
//
// The dtype combinations that an operator declares.

#ifndef FG_TOOLS_GEN_ROWS_HPP_
#define FG_TOOLS_GEN_ROWS_HPP_

#include <vector>

#include "tools/gen/model.hpp"

namespace fg::gen {

// Dtypes of the tensor arguments (in call order; those that promote share one dtype), every
// combination of the declared classes.
std::vector<std::vector<fg_dtype>> input_rows(const Op& op);

// As a kernel is called: outputs first, then tensor arguments that are not written.
std::vector<std::vector<fg_dtype>> dtype_rows(const Op& op);

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_ROWS_HPP_
