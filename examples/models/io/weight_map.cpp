// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/weight_map.hpp"

#include <fmt/format.h>

#include "examples/models/io/error.hpp"
#include "examples/models/io/json.hpp"

namespace fg::models {
namespace {

bool plain_name(const std::string& file) {
  return !file.empty() && file != "." && file != ".." && file.find_first_of(std::string_view("/\\\0", 3)) == file.npos;
}

}  // namespace

WeightMap read_weight_map(std::string_view text, const std::string& where) {
  const auto root = parse_json_object(text, where);
  const Fields map = Fields(root, where).need_object("weight_map");
  WeightMap names_of_file;
  for (const auto& [name, file] : root["weight_map"].items()) {
    if (!file.is_string() || !plain_name(file.get_ref<const std::string&>())) {
      refuse(FG_E_INVALID, fmt::format("{}: {} lies in {}, expected the name of a file beside the index", map.where(),
                                       in_quotes(name), shown(file)));
    }
    names_of_file[file.get_ref<const std::string&>()].insert(name);
  }
  return names_of_file;
}

}  // namespace fg::models
