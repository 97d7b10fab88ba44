// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "examples/models/io/tokenizer/tokenizer.hpp"

namespace fg::models {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
// A character has at most four bytes, and a token at least one: more tokens do not complete it.
constexpr std::size_t kMaxHeld = 8;

// Bytes before the U+FFFD at the end, which may be a character that is not complete.
std::size_t complete(std::string_view text) {
  while (text.ends_with(kReplacement)) text.remove_suffix(kReplacement.size());
  return text.size();
}

}  // namespace

std::string StreamDecoder::push(TokenId id) {
  if (!tokenizer_.token_of(id) || (skip_special_ && tokenizer_.is_special(id))) return {};
  ids_.push_back(id);
  return advance(ids_.size() - context_ >= kMaxHeld);
}

std::string StreamDecoder::finish() { return ids_.size() > context_ ? advance(true) : std::string(); }

std::string StreamDecoder::advance(bool all) {
  const std::string text = tokenizer_.decode(ids_, skip_special_);
  const std::size_t end = all ? text.size() : complete(text);
  std::string out = end > emitted_ ? text.substr(emitted_, end - emitted_) : std::string();
  emitted_ = std::max(emitted_, end);
  if (end == text.size()) {  // Nothing is held: what came last is context enough.
    ids_.erase(ids_.begin(), ids_.begin() + static_cast<std::ptrdiff_t>(context_));
    context_ = ids_.size();
    emitted_ = tokenizer_.decode(ids_, skip_special_).size();
  }
  return out;
}

}  // namespace fg::models
