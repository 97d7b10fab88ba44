// SPDX-License-Identifier: Apache-2.0
//
// What the stages of a tokenizer have in common: an object with a type, which is one of a table, and
// Sequence, a list of such objects.

#ifndef FG_EXAMPLES_MODELS_IO_TOKENIZER_STAGES_HPP_
#define FG_EXAMPLES_MODELS_IO_TOKENIZER_STAGES_HPP_

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "examples/models/io/error.hpp"
#include "examples/models/io/json.hpp"

namespace fg::models {

template <class Stage>
struct StageKind {
  std::string_view type;
  Stage (*read)(const Fields& f);
};

template <class Stage>
Stage read_stage(const Fields& f, std::span<const StageKind<Stage>> kinds) {
  const std::string type = f.need_text("type");
  std::string known;
  for (const StageKind<Stage>& kind : kinds) {
    if (kind.type == type) return kind.read(f);
    known += (known.empty() ? "" : ", ") + std::string(kind.type);
  }
  refuse(FG_E_UNSUPPORTED, fmt::format("{} is {}, known: {}", f.at("type"), in_quotes(type), known));
}

// The objects of a list, each read by `read`.
template <class Stage>
std::vector<Stage> read_stages(const Fields& f, const char* key, Stage (*read)(const Fields& f)) {
  std::vector<Stage> stages;
  const nlohmann::json& list = f.need_list(key);
  for (std::size_t i = 0; i < list.size(); ++i) stages.push_back(read({list[i], fmt::format("{}[{}]", f.at(key), i)}));
  return stages;
}

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_TOKENIZER_STAGES_HPP_
