// SPDX-License-Identifier: Apache-2.0
//
// What must hold between the parts of the catalogue; completes uid and schema hash.

#ifndef FG_TOOLS_GEN_CHECKER_HPP_
#define FG_TOOLS_GEN_CHECKER_HPP_

#include "tools/gen/model.hpp"

namespace fg::gen {

void check(Catalogue& catalogue, Diagnostics& diagnostics);

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_CHECKER_HPP_
