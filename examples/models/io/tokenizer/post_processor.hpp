// SPDX-License-Identifier: Apache-2.0
//
// The fourth stage of a tokenizer: special tokens around a text's.

#ifndef FG_EXAMPLES_MODELS_IO_TOKENIZER_POST_PROCESSOR_HPP_
#define FG_EXAMPLES_MODELS_IO_TOKENIZER_POST_PROCESSOR_HPP_

#include <vector>

#include "examples/models/io/json.hpp"
#include "examples/models/io/tokenizer/vocabulary.hpp"

namespace fg::models {

struct SpecialTokens {
  std::vector<TokenId> before, after;
};

// Of the object under `key`, for one text; none where there is no object.
SpecialTokens read_post_processor(const Fields& f, const char* key);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_TOKENIZER_POST_PROCESSOR_HPP_
