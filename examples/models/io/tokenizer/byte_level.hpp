// SPDX-License-Identifier: Apache-2.0
//
// GPT-2's alphabet: every byte has a visible character, so that a vocabulary of texts can hold any bytes.

#ifndef FG_EXAMPLES_MODELS_IO_TOKENIZER_BYTE_LEVEL_HPP_
#define FG_EXAMPLES_MODELS_IO_TOKENIZER_BYTE_LEVEL_HPP_

#include <optional>

#include "examples/models/io/tokenizer/unicode.hpp"

namespace fg::models {

UChar32 char_of_byte(unsigned char byte);
std::optional<unsigned char> byte_of_char(UChar32 c);  // Nothing for a character of no byte.

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_TOKENIZER_BYTE_LEVEL_HPP_
