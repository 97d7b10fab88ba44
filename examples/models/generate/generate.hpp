// SPDX-License-Identifier: Apache-2.0
//
// Tokens after prompts: a batch padded at the left, one pass over the prompts, then step by step.

#ifndef FG_EXAMPLES_MODELS_GENERATE_GENERATE_HPP_
#define FG_EXAMPLES_MODELS_GENERATE_GENERATE_HPP_

#include <functional>
#include <vector>

#include "examples/models/arch/model.hpp"
#include "examples/models/generate/sampler.hpp"

namespace fg::models {

struct GenerateOptions {
  std::int64_t max_new_tokens = 128;
  Sampling sampling;
  std::vector<std::int64_t> stop_tokens;  // A row ends with one of them; it is among its tokens.
  bool graph = true;                      // Where model and plugin can.
  // Called for every token of every row as soon as it is known; false ends all rows.
  std::function<bool(std::size_t row, std::int64_t token)> on_token;
};

struct Generated {
  std::vector<std::vector<std::int64_t>> tokens;  // The prompt and what came after it.
  std::int64_t prompt_tokens = 0, new_tokens = 0, steps = 0;
  double first_token_s = 0;  // From the start until every row's first token was known.
  double decode_s = 0;       // All later ones.
  std::uint64_t cache_bytes = 0, replays = 0;
};

// `pixels` as Input::pixels, for the image tokens of all prompts in order.
// FG_E_INVALID: no prompt, an empty one, a token that the model does not have, or prompt and
// max_new_tokens do not fit the context.
Generated generate(const Model& model, const std::vector<std::vector<std::int64_t>>& prompts, const Tensor& pixels,
                   const GenerateOptions& options);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_GENERATE_GENERATE_HPP_
