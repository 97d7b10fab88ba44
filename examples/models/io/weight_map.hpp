// SPDX-License-Identifier: Apache-2.0
//
// model.safetensors.index.json: which file each tensor is in.

#ifndef FG_EXAMPLES_MODELS_IO_WEIGHT_MAP_HPP_
#define FG_EXAMPLES_MODELS_IO_WEIGHT_MAP_HPP_

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace fg::models {

using WeightMap = std::map<std::string, std::set<std::string>>;  // Names of tensors by file.

// FG_E_INVALID unless every tensor lies in a file beside the index.
WeightMap read_weight_map(std::string_view text, const std::string& where);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_WEIGHT_MAP_HPP_
