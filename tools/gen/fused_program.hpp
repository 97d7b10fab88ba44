// SPDX-License-Identifier: Apache-2.0
//
// The program of one line of plugins/cpu/engine/fused.txt, made as the core makes it for such a
// call, and its text in Highway's operations.

#ifndef FG_TOOLS_GEN_FUSED_PROGRAM_HPP_
#define FG_TOOLS_GEN_FUSED_PROGRAM_HPP_

#include <string>

#include "core/expr/program.hpp"
#include "tools/gen/model.hpp"

namespace fg::gen {

struct FusedProgram {
  std::string line;  // As in the list.
  expr::Program program;
};

Result<FusedProgram> make_fused(const Catalogue& catalogue, const std::string& line);

// A struct `name` with eval() and run() for fused-inl.hpp.  FG_E_UNSUPPORTED for an operation without a
// vector form or a type but F32 and BOOL.
Result<std::string> fused_struct(const FusedProgram& fused, const std::string& name);

// Its entry of the table.
std::string fused_entry(const FusedProgram& fused);

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_FUSED_PROGRAM_HPP_
