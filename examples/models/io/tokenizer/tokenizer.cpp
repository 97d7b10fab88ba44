// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/tokenizer/tokenizer.hpp"

#include <algorithm>
#include <filesystem>

#include "examples/models/io/json.hpp"
#include "examples/models/io/tokenizer/added_tokens.hpp"
#include "examples/models/io/tokenizer/decoder.hpp"
#include "examples/models/io/tokenizer/model.hpp"
#include "examples/models/io/tokenizer/normalizer.hpp"
#include "examples/models/io/tokenizer/post_processor.hpp"
#include "examples/models/io/tokenizer/pre_tokenizer.hpp"

namespace fg::models {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{256} << 20;

}  // namespace

struct Tokenizer::Parts {
  explicit Parts(const Fields& f)
      : normalizer(read_normalizer(f, "normalizer")),
        pre_tokenizer(read_pre_tokenizer(f, "pre_tokenizer")),
        model(read_model(f, "model")),
        added(AddedTokens::read(f, "added_tokens", normalizer)),
        special(read_post_processor(f, "post_processor")),
        decoder(read_decoder(f, "decoder")) {}

  const std::string* token_of(TokenId id) const {
    const std::string* const token = added.vocabulary().token_of(id);
    return token != nullptr ? token : model->vocabulary().token_of(id);
  }
  void encode_plain(const Text& text, bool first, std::vector<TokenId>& out) const;
  void encode_text(const Text& text, std::vector<TokenId>& out) const;

  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  std::unique_ptr<TokenModel> model;
  AddedTokens added;
  SpecialTokens special;
  Decoder decoder;
};

// Text in which no added token is left.
void Tokenizer::Parts::encode_plain(const Text& text, bool first, std::vector<TokenId>& out) const {
  std::vector<Text> pieces;
  pre_tokenizer(text, first, pieces);
  for (const Text& piece : pieces) model->tokenize(utf8_of(piece), out);
}

void Tokenizer::Parts::encode_text(const Text& text, std::vector<TokenId>& out) const {
  for (const AddedTokens::Part& raw : added.parts(text, false)) {
    if (raw.id >= 0) {
      out.push_back(raw.id);
      continue;
    }
    Text normal(text, raw.begin, raw.end - raw.begin);
    normalizer(normal);
    for (const AddedTokens::Part& part : added.parts(normal, true)) {
      if (part.id >= 0) {
        out.push_back(part.id);
      } else {
        encode_plain(Text(normal, part.begin, part.end - part.begin), raw.begin == 0 && part.begin == 0, out);
      }
    }
  }
}

Tokenizer Tokenizer::load(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const std::string file = fs::is_directory(path, ignored) ? (fs::path(path) / "tokenizer.json").string() : path;
  return parse(read_text_file(file, kMaxFileBytes), file);
}

Tokenizer Tokenizer::parse(std::string_view text, const std::string& where) {
  const nlohmann::json root = parse_json_object(text, where);
  return Tokenizer(std::make_shared<const Parts>(Fields(root, where)));
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, bool special_tokens,
                                       std::optional<std::size_t> max_length) const {
  const SpecialTokens special = special_tokens ? parts_->special : SpecialTokens{};
  std::vector<TokenId> ids = special.before;
  parts_->encode_text(text_of(text), ids);
  if (max_length) ids.resize(std::min(ids.size(), *max_length - std::min(*max_length, special.after.size())));
  ids.insert(ids.end(), special.after.begin(), special.after.end());
  return ids;
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool skip_special_tokens) const {
  std::vector<std::string> tokens;
  for (const TokenId id : ids) {
    const std::string* const token = parts_->token_of(id);
    if (token != nullptr && !(skip_special_tokens && is_special(id))) tokens.push_back(*token);
  }
  parts_->decoder(tokens);
  std::string text;
  for (const std::string& token : tokens) text += token;
  return text;
}

std::optional<TokenId> Tokenizer::id_of(std::string_view token) const {
  if (const auto id = parts_->added.vocabulary().find(token)) return id;
  return parts_->model->vocabulary().find(token);
}

std::optional<std::string> Tokenizer::token_of(TokenId id) const {
  if (const std::string* const token = parts_->token_of(id)) return *token;
  return std::nullopt;
}

bool Tokenizer::is_special(TokenId id) const { return parts_->added.is_special(id); }
std::size_t Tokenizer::vocab_size() const {
  return parts_->model->vocabulary().size() + parts_->added.count_beyond(parts_->model->vocabulary());
}

}  // namespace fg::models
