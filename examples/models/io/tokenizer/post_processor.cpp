// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/tokenizer/post_processor.hpp"

#include <array>

#include "examples/models/io/tokenizer/stages.hpp"

namespace fg::models {
namespace {

void append_special(const Fields& f, const std::string& name, const Fields& tokens, std::vector<TokenId>& to) {
  const auto token = tokens.object(name.c_str());
  if (!token) refuse(FG_E_INVALID, fmt::format("{} is {}, which special_tokens lacks", f.at("id"), in_quotes(name)));
  for (const nlohmann::json& id : token->need_list("ids")) to.push_back(token_id(id, token->at("ids")));
}

// "single": special tokens, and once the text, sequence A.
SpecialTokens read_template(const Fields& f) {
  SpecialTokens special;
  const Fields tokens = f.need_object("special_tokens");
  const nlohmann::json& parts = f.need_list("single");
  bool text = false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Fields part(parts[i], fmt::format("{}[{}]", f.at("single"), i));
    if (const auto sequence = part.object("Sequence")) {
      if (sequence->need_text("id") != "A" || text) sequence->wrong("id", sequence->need("id"), "A, once");
      text = true;
      continue;
    }
    const Fields name = part.need_object("SpecialToken");
    append_special(name, name.need_text("id"), tokens, text ? special.after : special.before);
  }
  if (!text) refuse(FG_E_INVALID, f.at("single") + " has no sequence A");
  return special;
}

// ["[SEP]", 102]
TokenId pair_id(const Fields& f, const char* key) {
  const nlohmann::json& pair = f.need_list(key);
  if (pair.size() != 2) f.wrong(key, pair, "a token and its id");
  return token_id(pair[1], f.at(key));
}

SpecialTokens read_cls_sep(const Fields& f) { return {{pair_id(f, "cls")}, {pair_id(f, "sep")}}; }
SpecialTokens read_nothing(const Fields&) { return {}; }

SpecialTokens read_one(const Fields& f);

// Each adds its tokens around those of the one before.
SpecialTokens read_sequence(const Fields& f) {
  SpecialTokens all;
  for (SpecialTokens& s : read_stages<SpecialTokens>(f, "processors", read_one)) {
    all.before.insert(all.before.begin(), s.before.begin(), s.before.end());
    all.after.insert(all.after.end(), s.after.begin(), s.after.end());
  }
  return all;
}

SpecialTokens read_one(const Fields& f) {
  static constexpr std::array<StageKind<SpecialTokens>, 5> kKinds{{
      {"TemplateProcessing", read_template},
      {"BertProcessing", read_cls_sep},
      {"RobertaProcessing", read_cls_sep},
      {"ByteLevel", read_nothing},  // Trims offsets, which nothing here has.
      {"Sequence", read_sequence},
  }};
  return read_stage<SpecialTokens>(f, kKinds);
}

}  // namespace

SpecialTokens read_post_processor(const Fields& f, const char* key) {
  const auto object = f.object(key);
  return object ? read_one(*object) : SpecialTokens{};
}

}  // namespace fg::models
