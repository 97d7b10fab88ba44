// SPDX-License-Identifier: Apache-2.0
//
// What the verbs share: the device and the model on it.

#ifndef FG_EXAMPLES_MODELS_TOOL_SESSION_HPP_
#define FG_EXAMPLES_MODELS_TOOL_SESSION_HPP_

#include <memory>
#include <string>
#include <vector>

#include "examples/models/arch/model.hpp"
#include "examples/models/io/tokenizer/tokenizer.hpp"
#include "examples/models/tool/options.hpp"

namespace fg::models {

// The model that the options name, with progress on stderr.
std::unique_ptr<Model> open_model(const Options& o);

// The tokenizer of the options' model; a size with random weights has none.
Tokenizer open_tokenizer(const Options& o);

// "1,2,3"; FG_E_INVALID for anything else.
std::vector<std::int64_t> parse_ids(const std::string& text);

// The verbs; an exit code.
int run_embed(const Options& o, const Model& model);
int run_generate(const Options& o, const Model& model);
int run_bench(const Options& o, const Model& model);

// A summary of the recorded calls in `path`: which operators ran where, how often, how long.
std::string recorded_summary(const std::string& path);

// Bytes of the current device that tensors held at most.
std::uint64_t peak_bytes();

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_TOOL_SESSION_HPP_
