// SPDX-License-Identifier: Apache-2.0
//
// Tokens and their ids, both ways.

#ifndef FG_EXAMPLES_MODELS_IO_TOKENIZER_VOCABULARY_HPP_
#define FG_EXAMPLES_MODELS_IO_TOKENIZER_VOCABULARY_HPP_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "examples/models/io/json.hpp"

namespace fg::models {

using TokenId = std::int64_t;

class Vocabulary {
 public:
  // {"token": id, ...}, the object under `key`.
  static Vocabulary read(const Fields& f, const char* key);

  // FG_E_INVALID, naming both, when the id belongs to another token or the token has another id.
  void add(const std::string& token, TokenId id, const std::string& where);

  std::optional<TokenId> find(std::string_view token) const;
  // FG_E_INVALID when `token`, which the file names at `where`, is not there.
  TokenId need(std::string_view token, const std::string& where) const;
  const std::string* token_of(TokenId id) const;  // nullptr when there is none.
  std::size_t size() const { return tokens_.size(); }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, TokenId, Hash, std::equal_to<>> ids_;
  std::unordered_map<TokenId, const std::string*> tokens_;  // Keys of ids_, which stay where they are.
};

// The value under `key` of `object` as an id.
TokenId token_id(const nlohmann::json& value, const std::string& where);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_TOKENIZER_VOCABULARY_HPP_
