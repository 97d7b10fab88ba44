// SPDX-License-Identifier: Apache-2.0
//
// Loops over whole programs for the CPU plugin, in Highway's operations: plugins/cpu/fused_<k>.cpp
// and the table that finds them by the program's hash.

#ifndef FG_TOOLS_GEN_EMIT_FUSED_HPP_
#define FG_TOOLS_GEN_EMIT_FUSED_HPP_

#include <string>
#include <vector>

#include "tools/gen/diagnostics.hpp"
#include "tools/gen/emit.hpp"
#include "tools/gen/model.hpp"

namespace fg::gen {

// Files of about equal size, compiled side by side.
inline constexpr std::size_t kFusedParts = 4;

// `list`: the text of the file `name`, in the grammar of plugins/cpu/engine/fused.txt.  Lines that name
// nothing of the catalogue or need an operation without a vector form are reported.
std::vector<Page> emit_fused(const Catalogue& catalogue, const std::string& name, const std::string& list,
                             Diagnostics& diagnostics);

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_EMIT_FUSED_HPP_
