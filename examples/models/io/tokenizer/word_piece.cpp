// SPDX-License-Identifier: Apache-2.0
//
// WordPiece: from the left, the longest piece of the word that is in the vocabulary; one that is not
// there makes the whole word unknown.

#include <algorithm>

#include "examples/models/io/tokenizer/model.hpp"

namespace fg::models {
namespace {

// The search is quadratic in the length of a word, so its limit has one.
constexpr std::int64_t kMaxWordChars = 1000;

class WordPiece final : public TokenModel {
 public:
  explicit WordPiece(const Fields& f) : TokenModel(Vocabulary::read(f, "vocab")) {
    prefix_ = f.text("continuing_subword_prefix").value_or("##");
    unknown_ = vocabulary_.need(f.text("unk_token").value_or("[UNK]"), f.at("unk_token"));
    const std::int64_t most = f.integer("max_input_chars_per_word").value_or(100);
    if (most < 0 || most > kMaxWordChars) f.wrong("max_input_chars_per_word", most, "0 to 1000");
    max_chars_ = static_cast<std::size_t>(most);
  }

  void tokenize(std::string_view piece, std::vector<TokenId>& out) const override {
    std::vector<std::size_t> ends;  // Of each character.
    for (std::size_t at = 0; at < piece.size() && ends.size() <= max_chars_; ends.push_back(at))
      at += char_length(piece, at);
    const std::size_t before = out.size();
    if (ends.size() <= max_chars_ && cut(piece, ends, out)) return;
    out.resize(before);
    out.push_back(unknown_);
  }

 private:
  bool cut(std::string_view piece, const std::vector<std::size_t>& ends, std::vector<TokenId>& out) const {
    std::size_t begin = 0;
    std::string candidate;
    for (std::size_t first = 0; first < ends.size();) {
      std::size_t last = ends.size();
      for (; last > first; --last) {
        candidate.assign(begin > 0 ? prefix_ : "").append(piece.substr(begin, ends[last - 1] - begin));
        const auto id = vocabulary_.find(candidate);
        if (!id) continue;
        out.push_back(*id);
        break;
      }
      if (last == first) return false;
      begin = ends[last - 1];
      first = last;
    }
    return true;
  }

  std::string prefix_;
  TokenId unknown_ = 0;
  std::size_t max_chars_ = 100;
};

}  // namespace

std::unique_ptr<TokenModel> read_word_piece(const Fields& f) { return std::make_unique<WordPiece>(f); }

}  // namespace fg::models
