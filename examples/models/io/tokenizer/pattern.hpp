// SPDX-License-Identifier: Apache-2.0
//
// What normalizers and pre-tokenizers look for: a text, a regular expression, or characters of a kind.

#ifndef FG_EXAMPLES_MODELS_IO_TOKENIZER_PATTERN_HPP_
#define FG_EXAMPLES_MODELS_IO_TOKENIZER_PATTERN_HPP_

#include <unicode/regex.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "examples/models/io/json.hpp"
#include "examples/models/io/tokenizer/unicode.hpp"

namespace fg::models {

// A part of a text; all of them in order are the text.
struct Segment {
  std::int32_t begin = 0, end = 0;
  bool match = false;
};

enum class SplitBehavior : std::uint8_t { removed, isolated, merged_with_previous, merged_with_next, contiguous };
SplitBehavior split_behavior(const Fields& f, const char* key, SplitBehavior otherwise);

class Pattern {
 public:
  // {"String": "x"} or {"Regex": "\\s+"}, the value of `key`.
  static Pattern read(const Fields& f, const char* key);
  static Pattern literal(const Text& text);
  static Pattern regex(const std::string& text, const std::string& where);

  std::vector<Segment> segments(const Text& text) const;
  // Every match becomes `content`.
  Text replace(const Text& text, const Text& content) const;

 private:
  Text literal_;
  std::shared_ptr<const icu::RegexPattern> regex_;
  std::string where_;
};

// Each character of the kind is a match of its own.
std::vector<Segment> segments_of(const Text& text, const std::function<bool(UChar32)>& kind);

// The pieces, none empty, appended to `out`.
void split(const Text& text, std::vector<Segment> segments, SplitBehavior behavior, std::vector<Text>& out);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_TOKENIZER_PATTERN_HPP_
