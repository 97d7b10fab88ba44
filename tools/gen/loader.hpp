// SPDX-License-Identifier: Apache-2.0
//
// ops/*.yaml -> model.  Reports what is wrong with one node; what must hold between nodes is the
// checker's (checker.hpp).

#ifndef FG_TOOLS_GEN_LOADER_HPP_
#define FG_TOOLS_GEN_LOADER_HPP_

#include <string>
#include <vector>

#include "tools/gen/model.hpp"

namespace fg::gen {

// Reads the files; names in messages are as given.  Mistakes go to `diagnostics`.
Catalogue load(const std::vector<std::string>& files, Diagnostics& diagnostics);

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_LOADER_HPP_
