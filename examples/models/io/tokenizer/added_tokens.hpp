// SPDX-License-Identifier: Apache-2.0
//
// Tokens that are found in the text before the model sees it: "<|eot_id|>", "[MASK]".

#ifndef FG_EXAMPLES_MODELS_IO_TOKENIZER_ADDED_TOKENS_HPP_
#define FG_EXAMPLES_MODELS_IO_TOKENIZER_ADDED_TOKENS_HPP_

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "examples/models/io/json.hpp"
#include "examples/models/io/tokenizer/normalizer.hpp"
#include "examples/models/io/tokenizer/vocabulary.hpp"

namespace fg::models {

class AddedTokens {
 public:
  // A part of a text: a token, or what lies between two (id -1).
  struct Part {
    TokenId id = -1;
    std::int32_t begin = 0, end = 0;
  };

  // The list under `key`; tokens that are matched in normalised text are normalised by `normalizer`.
  static AddedTokens read(const Fields& f, const char* key, const Normalizer& normalizer);

  // Parts of the text in order, none empty.  `normalized`: the text is, and tokens that ask for it are
  // looked for; else the others.
  std::vector<Part> parts(const Text& text, bool normalized) const;

  const Vocabulary& vocabulary() const { return vocabulary_; }
  bool is_special(TokenId id) const;
  std::size_t count_beyond(const Vocabulary& other) const;  // Of those that are not in `other`.

 private:
  struct Added {
    TokenId id = 0;
    bool single_word = false, lstrip = false, rstrip = false, special = false;
  };
  // Contents by their UTF-16 units: a step is a node and a unit.
  struct Trie {
    std::unordered_map<std::uint64_t, std::uint32_t> steps;
    std::vector<std::ptrdiff_t> token_at{-1};  // Index into tokens_ of the content that ends at a node.
    void add(const Text& content, std::ptrdiff_t token);
    // The longest content at text[at]: its index and end.
    std::pair<std::ptrdiff_t, std::int32_t> longest(const Text& text, std::int32_t at) const;
  };

  std::vector<Added> tokens_;
  std::unordered_map<TokenId, bool> special_;
  std::array<Trie, 2> tries_;  // [normalized]
  Vocabulary vocabulary_;
};

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_TOKENIZER_ADDED_TOKENS_HPP_
