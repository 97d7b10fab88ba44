// SPDX-License-Identifier: Apache-2.0
//
// Case and bench lines of the catalogue: "self=4x8 other=[] alpha=2".  The grammar: ops/README.md.

#ifndef FG_CORE_CATALOGUE_CASE_LINE_HPP_
#define FG_CORE_CATALOGUE_CASE_LINE_HPP_

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/catalogue/op_info.hpp"
#include "core/catalogue/shape_rules.hpp"
#include "fg/sdk/result.hpp"
#include "fg/types.h"

namespace fg::core {

// What a line says about one argument.
struct CaseArg {
  bool given = false;
  // Tensors: one shape; tensor lists: one each.  A number in place of a tensor has none.
  std::vector<std::vector<std::int64_t>> shapes;
  std::vector<bool> transposed;    // For each shape: column-major in its last two dimensions ("4x8t").
  fg_scalar number{};              // Numbers, bools, enums (their position) and dtypes.
  std::vector<std::int64_t> dims;  // dims, sizes
  bool is_number = false;          // A number in place of a tensor.
  bool any_transposed() const { return std::find(transposed.begin(), transposed.end(), true) != transposed.end(); }
};

struct CaseValues {
  std::vector<CaseArg> args;  // One per op.args.
};

// FG_E_INVALID with the token that is wrong and what was expected.
Result<CaseValues> parse_case(const OpInfo& op, std::string_view line);

// The attribute (or number) as a call's value; FG_V_NONE where it was not given, and for tensors.
// Lists are borrowed from `arg`.
fg_value case_value(const ArgInfo& info, const CaseArg& arg);

// Shapes of the outputs, after check_attributes(); what a line must pass.
Result<void> infer_case(const OpInfo& op, const CaseValues& values, std::span<Shape> outs, Symbols* symbols = nullptr);

}  // namespace fg::core

#endif  // FG_CORE_CATALOGUE_CASE_LINE_HPP_
