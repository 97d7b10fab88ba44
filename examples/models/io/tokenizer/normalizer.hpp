// SPDX-License-Identifier: Apache-2.0
//
// The first stage of a tokenizer: text to text.

#ifndef FG_EXAMPLES_MODELS_IO_TOKENIZER_NORMALIZER_HPP_
#define FG_EXAMPLES_MODELS_IO_TOKENIZER_NORMALIZER_HPP_

#include <functional>

#include "examples/models/io/json.hpp"
#include "examples/models/io/tokenizer/unicode.hpp"

namespace fg::models {

using Normalizer = std::function<void(Text&)>;

// Of the object under `key`; nothing to do where there is none.  An unknown type is FG_E_UNSUPPORTED.
Normalizer read_normalizer(const Fields& f, const char* key);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_TOKENIZER_NORMALIZER_HPP_
