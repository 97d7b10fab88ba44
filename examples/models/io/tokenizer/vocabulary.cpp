// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/tokenizer/vocabulary.hpp"

#include <fmt/format.h>

#include "examples/models/io/error.hpp"

namespace fg::models {
namespace {

bool is_token_id(const nlohmann::json& value) {
  return value.is_number_unsigned() && value.get<std::uint64_t>() <= INT32_MAX;
}

}  // namespace

TokenId token_id(const nlohmann::json& value, const std::string& where) {
  if (!is_token_id(value))
    refuse(FG_E_INVALID, fmt::format("{} is {}, expected an id of 0 to {}", where, shown(value), INT32_MAX));
  return value.get<TokenId>();
}

Vocabulary Vocabulary::read(const Fields& f, const char* key) {
  const std::string where = f.need_object(key).where();
  Vocabulary v;
  for (const auto& [token, id] : f.need(key).items()) {
    // There are 100,000 of them: what a message would say is made for the one that is wrong.
    v.add(token, is_token_id(id) ? id.get<TokenId>() : token_id(id, fmt::format("{}: {}", where, in_quotes(token))),
          where);
  }
  if (v.size() == 0) refuse(FG_E_INVALID, where + " is empty");
  return v;
}

void Vocabulary::add(const std::string& token, TokenId id, const std::string& where) {
  const auto [it, fresh] = ids_.try_emplace(token, id);
  if (!fresh && it->second != id)
    refuse(FG_E_INVALID, fmt::format("{}: {} has id {} and id {}", where, in_quotes(token), it->second, id));
  const auto [other, first] = tokens_.try_emplace(id, &it->first);
  if (!first && *other->second != token) {
    refuse(FG_E_INVALID, fmt::format("{}: id {} is {} and {}", where, id, in_quotes(*other->second), in_quotes(token)));
  }
}

std::optional<TokenId> Vocabulary::find(std::string_view token) const {
  const auto it = ids_.find(token);
  if (it == ids_.end()) return std::nullopt;
  return it->second;
}

TokenId Vocabulary::need(std::string_view token, const std::string& where) const {
  if (const auto id = find(token)) return *id;
  refuse(FG_E_INVALID, fmt::format("{} is {}, which is not in the vocabulary", where, in_quotes(token)));
}

const std::string* Vocabulary::token_of(TokenId id) const {
  const auto it = tokens_.find(id);
  return it == tokens_.end() ? nullptr : it->second;
}

}  // namespace fg::models
