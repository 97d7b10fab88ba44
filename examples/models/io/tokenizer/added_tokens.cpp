// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/tokenizer/added_tokens.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "examples/models/io/error.hpp"

namespace fg::models {
namespace {

// The search costs at most this much for each character of a text.
constexpr std::int32_t kMaxContent = 1024;

}  // namespace

void AddedTokens::Trie::add(const Text& content, std::ptrdiff_t token) {
  std::uint32_t node = 0;
  for (std::int32_t i = 0; i < content.length(); ++i) {
    const auto fresh = static_cast<std::uint32_t>(token_at.size());
    const auto [it, added] = steps.try_emplace(std::uint64_t{node} << 16 | content[i], fresh);
    if (added) token_at.push_back(-1);
    node = it->second;
  }
  token_at[node] = token;
}

std::pair<std::ptrdiff_t, std::int32_t> AddedTokens::Trie::longest(const Text& text, std::int32_t at) const {
  std::pair<std::ptrdiff_t, std::int32_t> best{-1, at};
  std::uint32_t node = 0;
  for (std::int32_t i = at; i < text.length(); ++i) {
    const auto it = steps.find(std::uint64_t{node} << 16 | text[i]);
    if (it == steps.end()) break;
    node = it->second;
    if (token_at[node] >= 0) best = {token_at[node], i + 1};
  }
  return best;
}

AddedTokens AddedTokens::read(const Fields& f, const char* key, const Normalizer& normalizer) {
  AddedTokens all;
  const nlohmann::json* const list = f.list(key);
  if (list == nullptr) return all;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Fields token((*list)[i], fmt::format("{}[{}]", f.at(key), i));
    const std::string content = token.need_text("content");
    Text text = text_of(content);
    if (text.isEmpty()) continue;
    if (text.length() > kMaxContent) token.wrong("content", content, fmt::format("at most {} characters", kMaxContent));
    const TokenId id = token_id(token.need("id"), token.at("id"));
    const auto flag = [&](const char* name) { return token.boolean(name).value_or(false); };
    const bool special = flag("special"), normalized = token.boolean("normalized").value_or(!special);
    all.vocabulary_.add(content, id, token.where());
    all.special_[id] = special;
    all.tokens_.push_back({id, flag("single_word"), flag("lstrip"), flag("rstrip"), special});
    if (normalized) normalizer(text);
    if (!text.isEmpty()) all.tries_[normalized ? 1 : 0].add(text, static_cast<std::ptrdiff_t>(all.tokens_.size()) - 1);
  }
  return all;
}

std::size_t AddedTokens::count_beyond(const Vocabulary& other) const {
  std::size_t n = 0;
  for (const auto& [id, special] : special_) n += other.token_of(id) == nullptr ? 1 : 0;
  return n;
}

bool AddedTokens::is_special(TokenId id) const {
  const auto it = special_.find(id);
  return it != special_.end() && it->second;
}

std::vector<AddedTokens::Part> AddedTokens::parts(const Text& text, bool normalized) const {
  const Trie& trie = tries_[normalized ? 1 : 0];
  std::vector<Part> found;
  std::int32_t done = 0;
  for (std::int32_t at = 0; at < text.length();) {
    auto [index, end] = trie.longest(text, at);
    if (index < 0) {
      ++at;
      continue;
    }
    const Added& token = tokens_[static_cast<std::size_t>(index)];
    std::int32_t begin = std::exchange(at, end);
    const auto word_at = [&](std::int32_t i) { return i >= 0 && i < text.length() && is_word(text.char32At(i)); };
    if (token.single_word && (word_at(begin - 1) || word_at(end))) continue;
    while (token.lstrip && begin > done && is_space(text[begin - 1])) --begin;
    while (token.rstrip && end < text.length() && is_space(text[end])) ++end;
    begin = std::max(begin, done);
    if (begin > done) found.push_back({-1, done, begin});
    if (end > done) found.push_back({token.id, begin, end});
    done = std::max(done, end);
  }
  if (done < text.length()) found.push_back({-1, done, text.length()});
  return found;
}

}  // namespace fg::models
