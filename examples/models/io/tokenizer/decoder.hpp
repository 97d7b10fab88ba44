// SPDX-License-Identifier: Apache-2.0
//
// The last stage of a tokenizer: tokens to text.

#ifndef FG_EXAMPLES_MODELS_IO_TOKENIZER_DECODER_HPP_
#define FG_EXAMPLES_MODELS_IO_TOKENIZER_DECODER_HPP_

#include <functional>
#include <string>
#include <vector>

#include "examples/models/io/json.hpp"

namespace fg::models {

// Tokens to parts of the text, in UTF-8, which are joined without anything between them.
using Decoder = std::function<void(std::vector<std::string>& tokens)>;

// Of the object under `key`; without one, tokens are joined with spaces.
Decoder read_decoder(const Fields& f, const char* key);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_TOKENIZER_DECODER_HPP_
