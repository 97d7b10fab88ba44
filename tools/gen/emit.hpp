// SPDX-License-Identifier: Apache-2.0
//
// The emitters: each turns the catalogue into the text of one generated file.

#ifndef FG_TOOLS_GEN_EMIT_HPP_
#define FG_TOOLS_GEN_EMIT_HPP_

#include <string>
#include <vector>

#include "tools/gen/model.hpp"

namespace fg::gen {

std::string emit_abi_header(const Catalogue& catalogue);  // include/fg/abi/ops.h
std::string emit_table(const Catalogue& catalogue);       // core/catalogue_table.cpp
std::string emit_c_header(const Catalogue& catalogue);    // include/fg/ops.h
std::string emit_c_source(const Catalogue& catalogue);    // core/api_ops.cpp
std::string emit_cpp_header(const Catalogue& catalogue);  // include/fg/ops.hpp

struct Page {
  std::string name, text;
};
std::vector<Page> emit_docs(const Catalogue& catalogue);  // docs/reference/ops

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_EMIT_HPP_
