// SPDX-License-Identifier: Apache-2.0
//
// The third stage of a tokenizer: a piece to tokens.

#ifndef FG_EXAMPLES_MODELS_IO_TOKENIZER_MODEL_HPP_
#define FG_EXAMPLES_MODELS_IO_TOKENIZER_MODEL_HPP_

#include <memory>
#include <string_view>
#include <vector>

#include "examples/models/io/json.hpp"
#include "examples/models/io/tokenizer/vocabulary.hpp"

namespace fg::models {

class TokenModel {
 public:
  virtual ~TokenModel() = default;
  // Appends the tokens of a piece of UTF-8.
  virtual void tokenize(std::string_view piece, std::vector<TokenId>& out) const = 0;
  const Vocabulary& vocabulary() const { return vocabulary_; }

 protected:
  explicit TokenModel(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}
  Vocabulary vocabulary_;
};

// BPE or WordPiece, of the object under `key`.  Another type is FG_E_UNSUPPORTED.
std::unique_ptr<TokenModel> read_model(const Fields& f, const char* key);

std::unique_ptr<TokenModel> read_bpe(const Fields& f);
std::unique_ptr<TokenModel> read_word_piece(const Fields& f);

// Length of the character that begins at `text[at]`; `text` is UTF-8.
std::size_t char_length(std::string_view text, std::size_t at);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_TOKENIZER_MODEL_HPP_
