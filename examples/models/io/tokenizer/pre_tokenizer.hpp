// SPDX-License-Identifier: Apache-2.0
//
// The second stage of a tokenizer: text to pieces, across which no token reaches.

#ifndef FG_EXAMPLES_MODELS_IO_TOKENIZER_PRE_TOKENIZER_HPP_
#define FG_EXAMPLES_MODELS_IO_TOKENIZER_PRE_TOKENIZER_HPP_

#include <functional>
#include <vector>

#include "examples/models/io/json.hpp"
#include "examples/models/io/tokenizer/unicode.hpp"

namespace fg::models {

// `first`: the piece is where the whole text begins.  Pieces are appended.
using PreTokenizer = std::function<void(Text piece, bool first, std::vector<Text>& out)>;

PreTokenizer read_pre_tokenizer(const Fields& f, const char* key);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_TOKENIZER_PRE_TOKENIZER_HPP_
