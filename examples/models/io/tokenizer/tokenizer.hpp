// SPDX-License-Identifier: Apache-2.0
//
// Hugging Face's tokenizer.json: WordPiece, byte-level BPE and SentencePiece-style BPE, with the
// normalizers, pre-tokenizers, added tokens, post-processors and decoders that BERT, GPT-2, Llama, Qwen,
// Mixtral and DeepSeek use.  The sections `truncation` and `padding` are left to the caller.
//
//   const auto tokenizer = fg::models::Tokenizer::load("llama");
//   const std::vector<std::int64_t> ids = tokenizer.encode("Hello, world");
//   const std::string text = tokenizer.decode(ids);

#ifndef FG_EXAMPLES_MODELS_IO_TOKENIZER_TOKENIZER_HPP_
#define FG_EXAMPLES_MODELS_IO_TOKENIZER_TOKENIZER_HPP_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fg::models {

using TokenId = std::int64_t;

class Tokenizer {
 public:
  // `path`: a model's folder, or the file.  FG_E_NOT_FOUND without one; FG_E_INVALID names the field that
  // is wrong; FG_E_UNSUPPORTED names the type of normalizer, pre-tokenizer, model, post-processor or
  // decoder that is not known.
  static Tokenizer load(const std::string& path);
  // Of text; `where` is what messages call it.
  static Tokenizer parse(std::string_view text, const std::string& where = "tokenizer.json");

  // Bytes that are no UTF-8 count as U+FFFD.  `max_length`, special tokens included, cuts the text's end.
  // [any-thread]
  std::vector<TokenId> encode(std::string_view text, bool special_tokens = true,
                              std::optional<std::size_t> max_length = std::nullopt) const;
  // An id of no token gives nothing.  [any-thread]
  std::string decode(std::span<const TokenId> ids, bool skip_special_tokens = true) const;

  std::optional<TokenId> id_of(std::string_view token) const;
  std::optional<std::string> token_of(TokenId id) const;
  bool is_special(TokenId id) const;
  std::size_t vocab_size() const;  // With added tokens.

 private:
  struct Parts;
  explicit Tokenizer(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;  // Copies share what never changes.
};

// Text of tokens that come one by one: what push() gives, in order, and finish() at the end are what
// decode() gives of all.  A character whose bytes are not all there yet is held back.
class StreamDecoder {
 public:
  explicit StreamDecoder(Tokenizer tokenizer, bool skip_special_tokens = true)
      : tokenizer_(std::move(tokenizer)), skip_special_(skip_special_tokens) {}
  std::string push(TokenId id);
  std::string finish();

 private:
  std::string advance(bool all);

  Tokenizer tokenizer_;
  bool skip_special_;
  std::vector<TokenId> ids_;  // Those held back, after some whose text is out: the text before them matters.
  std::size_t context_ = 0;   // How many those are.
  std::size_t emitted_ = 0;   // Bytes of the text of ids_ that are out.
};

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_TOKENIZER_TOKENIZER_HPP_
