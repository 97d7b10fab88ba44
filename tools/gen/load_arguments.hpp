// SPDX-License-Identifier: Apache-2.0
//
// The parts of the loader that read arguments, attributes, outputs and case lines.

#ifndef FG_TOOLS_GEN_LOAD_ARGUMENTS_HPP_
#define FG_TOOLS_GEN_LOAD_ARGUMENTS_HPP_

#include <vector>

#include "tools/gen/model.hpp"
#include "tools/gen/reader.hpp"

namespace fg::gen {

// "real", "bool | i64"
DtypeSet read_dtype_set(const Source& source, const YAML::Node& node, const std::string& what);

void load_inputs(const Source& source, const Mapping& map, Op& op);
void load_attributes(const Source& source, const Mapping& map, Op& op);
// After inputs, attributes and variants.
void load_outputs(const Source& source, const Mapping& map, Op& op);

// Gives the operator the family's lines that fit its arguments, then its own; `*=` stands for every
// tensor argument that has no token of its own and is not optional.
void take_defaults(Op& op, const std::vector<Case>& family_cases, const std::vector<Case>& own_cases,
                   const std::vector<Text>& family_bench, const std::vector<Text>& own_bench);

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_LOAD_ARGUMENTS_HPP_
