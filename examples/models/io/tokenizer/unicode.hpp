// SPDX-License-Identifier: Apache-2.0
//
// Characters as the tokenizers see them, over ICU's tables.  Text is UTF-16 between the stages, UTF-8
// at both ends.

#ifndef FG_EXAMPLES_MODELS_IO_TOKENIZER_UNICODE_HPP_
#define FG_EXAMPLES_MODELS_IO_TOKENIZER_UNICODE_HPP_

#include <unicode/unistr.h>

#include <string>
#include <string_view>

namespace fg::models {

using Text = icu::UnicodeString;

Text text_of(std::string_view utf8);  // Bytes that are no UTF-8 become U+FFFD.
std::string utf8_of(const Text& text);

// Calls f(code point, first unit, unit after it).
template <class F>
void for_each_char(const Text& text, F&& f) {
  for (std::int32_t i = 0; i < text.length();) {
    const UChar32 c = text.char32At(i);
    const std::int32_t next = i + U16_LENGTH(c);
    f(c, i, next);
    i = next;
  }
}

bool is_space(UChar32 c);        // White_Space
bool is_control(UChar32 c);      // Cc, Cf, Co, Cs, but for tab, line feed and carriage return.
bool is_punctuation(UChar32 c);  // P, and ASCII's symbols.
bool is_numeric(UChar32 c);      // N
bool is_mark(UChar32 c);         // M
bool is_nonspacing_mark(UChar32 c);
bool is_chinese(UChar32 c);  // The ideographs' blocks that BERT sets apart.
bool is_word(UChar32 c);     // Letters, marks, digits, connectors and joiners: \w of Rust, not of Oniguruma.
// Each character for itself, without a look at its neighbours: no final sigma.
void append_lower(Text& to, UChar32 c);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_TOKENIZER_UNICODE_HPP_
