// SPDX-License-Identifier: Apache-2.0
//
// The members of an operator's parameter struct, in order, without holes.

#ifndef FG_TOOLS_GEN_PARAMS_HPP_
#define FG_TOOLS_GEN_PARAMS_HPP_

#include <string>
#include <vector>

#include "tools/gen/model.hpp"

namespace fg::gen {

struct Member {
  std::string type, name, note;
};

// The name of the member that params_offset of an attribute points at is the attribute's
// (generator: `seed`).
std::vector<Member> params_members(const Op& op);
// "seed" for a generator, else the identifier of the attribute.
std::string member_name(const Arg& attribute);
std::string params_struct(const Op& op);  // "fg_add_params"

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_PARAMS_HPP_
