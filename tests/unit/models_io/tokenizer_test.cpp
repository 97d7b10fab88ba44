// SPDX-License-Identifier: Apache-2.0
//
// Against Hugging Face's own library: make_tokenizers.py made the tokenizers and recorded what it makes
// of the texts.

#include "examples/models/io/tokenizer/tokenizer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/unit/models_io/refusal.hpp"

namespace fg::models {
namespace {

using nlohmann::json;
using test::expect_refusal;
using test::refusal_of;
using test::TempFolder;
using Ids = std::vector<TokenId>;

std::string data(const std::string& file) { return std::string(FG_TOKENIZERS) + "/" + file; }

const json& cases() {
  static const json all = json::parse(std::ifstream(data("cases.json")));
  return all;
}

class Recorded : public testing::TestWithParam<std::string> {
 protected:
  Ids ids(std::size_t i) const { return expected_["ids"][i].get<Ids>(); }
  Ids plain_ids(std::size_t i) const {
    const Ids all = ids(i);
    return {all.begin() + expected_["before"].get<int>(), all.end() - expected_["after"].get<int>()};
  }
  std::string decoded(std::size_t i, bool skip_special) const {  // null: as the one before.
    if (!skip_special && expected_["decoded_all"][i].is_string()) return expected_["decoded_all"][i];
    return expected_["decoded"][i].is_string() ? expected_["decoded"][i] : texts_[i];
  }

  const Tokenizer tokenizer_ = Tokenizer::load(data(GetParam() + ".json"));
  const json& expected_ = cases()["tokenizers"][GetParam()];
  const json& texts_ = cases()["texts"];
};

TEST_P(Recorded, Encodes) {
  ASSERT_GT(texts_.size(), 40u);
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    const auto text = texts_[i].get<std::string>();
    EXPECT_EQ(tokenizer_.encode(text), ids(i)) << "text " << i << ": " << text;
    EXPECT_EQ(tokenizer_.encode(text, false), plain_ids(i)) << "text " << i << ": " << text;
  }
}

TEST_P(Recorded, Decodes) {
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    for (const bool skip : {true, false}) EXPECT_EQ(tokenizer_.decode(ids(i), skip), decoded(i, skip)) << "text " << i;
  }
}

TEST_P(Recorded, StreamsWhatItDecodes) {
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    for (const bool skip : {true, false}) {
      StreamDecoder stream(tokenizer_, skip);
      std::string text;
      for (const TokenId id : ids(i)) text += stream.push(id);
      text += stream.finish();
      EXPECT_EQ(text, decoded(i, skip)) << "text " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, Recorded,
                         testing::Values("bert", "bert_cased", "gpt2", "llama3", "qwen2", "deepseek", "llama2",
                                         "mixtral", "no_bytes", "word_ends"),
                         [](const auto& i) { return i.param; });

// --- what a file can have wrong ---

std::string with(const std::string& model, const std::string& more = {}) {
  return R"({"model":)" + model + (more.empty() ? "" : "," + more) + "}";
}
const std::string kBpe = R"({"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]})";

TEST(Tokenizer, TheSmallestThereIs) {
  const Tokenizer t = Tokenizer::parse(with(kBpe));
  EXPECT_EQ(t.encode("abba"), (Ids{2, 1, 0}));
  EXPECT_EQ(t.decode(Ids{2, 1}), "ab b") << "without a decoder, tokens are joined with spaces";
  EXPECT_EQ(t.decode(Ids{2, 77, -1}), "ab") << "ids of nothing";
  EXPECT_EQ(t.vocab_size(), 3u);
  EXPECT_EQ(t.id_of("ab"), 2);
  EXPECT_FALSE(t.id_of("c"));
  EXPECT_EQ(t.token_of(1), "b");
  EXPECT_FALSE(t.token_of(3));
}

TEST(Tokenizer, AMaximumLengthKeepsTheSpecialTokens) {
  const Tokenizer t = Tokenizer::load(data("bert.json"));
  const Ids all = t.encode("the quick brown fox jumps over the lazy dog");
  const Ids cut = t.encode("the quick brown fox jumps over the lazy dog", true, 5);
  EXPECT_EQ(cut, (Ids{all[0], all[1], all[2], all[3], all.back()}));
  EXPECT_EQ(t.encode("the quick brown fox", false, 2).size(), 2u);
  EXPECT_EQ(t.encode("the", true, 100), t.encode("the"));
  EXPECT_EQ(t.encode("the", true, 2), (Ids{all.front(), all.back()}));
}

TEST(Tokenizer, InvalidUtf8IsReplaced) {
  const Tokenizer t = Tokenizer::load(data("gpt2.json"));
  EXPECT_EQ(t.decode(t.encode("a\xFF\xE2\x9C z")), " a\uFFFD\uFFFD z");
}

TEST(Tokenizer, AStreamHoldsBackHalfACharacter) {
  const Tokenizer t = Tokenizer::load(data("llama3.json"));
  const Ids ids = t.encode("\U0001F9CAx", false);  // An ice cube, which the tokenizer has only as bytes.
  ASSERT_GT(ids.size(), 2u);
  StreamDecoder stream(t);
  std::vector<std::string> parts;
  for (const TokenId id : ids) parts.push_back(stream.push(id));
  EXPECT_EQ(parts.front(), "");
  EXPECT_EQ(parts[parts.size() - 2], "\U0001F9CA");
  EXPECT_EQ(parts.back(), "x");
  StreamDecoder torn(t);
  std::string text;
  for (std::size_t i = 0; i < 2; ++i) text += torn.push(ids[i]);
  EXPECT_EQ(text, "");
  EXPECT_EQ(torn.finish(), "\uFFFD");
}

TEST(Tokenizer, BytesThatNeverBecomeACharacterAreNotHeldForever) {
  const Tokenizer t = Tokenizer::load(data("llama3.json"));
  const TokenId lead = t.id_of("\u00E2").value();  // Byte 0xE2 in the alphabet.
  StreamDecoder stream(t);
  std::string text;
  for (int i = 0; i < 100; ++i) text += stream.push(lead);
  EXPECT_GT(text.size(), 200u);
}

struct Bad {
  const char* what;
  std::string text;
  fg_status status;
  const char* says;
};

TEST(Tokenizer, WhatIsUnknownIsNamed) {
  const Bad files[] = {
      {"model", with(R"({"type":"Unigram","vocab":[]})"), FG_E_UNSUPPORTED,
       "model.type is \"Unigram\", known: BPE, WordPiece"},
      {"normalizer", with(kBpe, R"("normalizer":{"type":"Precompiled"})"), FG_E_UNSUPPORTED,
       "normalizer.type is \"Precompiled\", known: BertNormalizer"},
      {"inner", with(kBpe, R"("normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"X"}]})"),
       FG_E_UNSUPPORTED, "normalizer.normalizers[1].type is \"X\""},
      {"pre-tokenizer", with(kBpe, R"("pre_tokenizer":{"type":"Magic"})"), FG_E_UNSUPPORTED,
       "pre_tokenizer.type is \"Magic\""},
      {"post-processor", with(kBpe, R"("post_processor":{"type":"Magic"})"), FG_E_UNSUPPORTED,
       "post_processor.type is \"Magic\""},
      {"decoder", with(kBpe, R"("decoder":{"type":"CTC"})"), FG_E_UNSUPPORTED, "decoder.type is \"CTC\""},
      {"behavior", with(kBpe, R"("pre_tokenizer":{"type":"Split","pattern":{"String":"x"},"behavior":"Maybe"})"),
       FG_E_INVALID, "behavior is \"Maybe\", expected Removed"},
  };
  for (const Bad& bad : files) {
    SCOPED_TRACE(bad.what);
    expect_refusal(refusal_of([&] { Tokenizer::parse(bad.text); }), bad.status, {"tokenizer.json: ", bad.says});
  }
}

TEST(Tokenizer, WhatIsWrongIsNamed) {
  const auto bpe = [](const std::string& vocab, const std::string& merges, const std::string& more = {}) {
    return with(R"({"type":"BPE","vocab":)" + vocab + R"(,"merges":)" + merges + more + "}");
  };
  const auto word_piece = [](const std::string& more) {
    return with(R"({"type":"WordPiece","vocab":{"a":0})" + more + "}");
  };
  const Bad files[] = {
      {"empty", "", FG_E_INVALID, "not valid JSON"},
      {"torn", with(kBpe).substr(0, 30), FG_E_INVALID, "not valid JSON at byte"},
      {"list", "[]", FG_E_INVALID, "expected an object"},
      {"no model", "{}", FG_E_INVALID, "model is missing"},
      {"model null", with("null"), FG_E_INVALID, "model is missing"},
      {"deep", std::string(100, '['), FG_E_INVALID, "nested deeper than 64"},
      {"key twice", bpe(R"({"a":0,"a":1})", "[]"), FG_E_INVALID, "the key \"a\" comes twice"},
      {"id twice", bpe(R"({"a":0,"b":0})", "[]"), FG_E_INVALID, "id 0 is "},
      {"negative id", bpe(R"({"a":-1})", "[]"), FG_E_INVALID, "model.vocab: \"a\" is -1, expected an id"},
      {"huge id", bpe(R"({"a":4294967296})", "[]"), FG_E_INVALID, "is 4294967296"},
      {"empty vocabulary", bpe("{}", "[]"), FG_E_INVALID, "model.vocab is empty"},
      {"merge of strangers", bpe(R"({"a":0})", R"(["a b"])"), FG_E_INVALID,
       "model.merges[0] is \"b\", which is not in the vocabulary"},
      {"merge to a stranger", bpe(R"({"a":0,"b":1})", R"([["a","b"]])"), FG_E_INVALID, "is \"ab\", which is not"},
      {"merge of three", bpe(R"({"a":0})", R"(["a a a"])"), FG_E_INVALID, "expected two tokens"},
      {"merge of a number", bpe(R"({"a":0})", "[7]"), FG_E_INVALID, "model.merges[0] is 7"},
      {"dropout", bpe(R"({"a":0})", "[]", R"(,"dropout":0.1)"), FG_E_INVALID, "model.dropout is 0.1"},
      {"unknown token", bpe(R"({"a":0})", "[]", R"(,"unk_token":"?")"), FG_E_INVALID, "unk_token is \"?\""},
      {"WordPiece without unknown", word_piece(""), FG_E_INVALID, "unk_token is \"[UNK]\""},
      {"WordPiece limit", word_piece(R"(,"unk_token":"a","max_input_chars_per_word":100000)"), FG_E_INVALID,
       "max_input_chars_per_word is 100000"},
      {"expression", with(kBpe, R"("pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a"},"behavior":"Isolated"})"),
       FG_E_INVALID, "pattern.Regex is \"(a\", not an expression: U_REGEX_MISMATCHED_PAREN"},
      {"template", with(kBpe, R"("post_processor":{"type":"TemplateProcessing","single":[],"special_tokens":{}})"),
       FG_E_INVALID, "single has no sequence A"},
      {"template token",
       with(kBpe, R"("post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":)"
                  R"({"id":"X"}},{"Sequence":{"id":"A"}}],"special_tokens":{}})"),
       FG_E_INVALID, "is \"X\", which special_tokens lacks"},
      {"added token", with(kBpe, R"("added_tokens":[{"id":1.5,"content":"x"}])"), FG_E_INVALID,
       "added_tokens[0].id is 1.5"},
      {"long added token", with(kBpe, R"("added_tokens":[{"id":5,"content":")" + std::string(2000, 'x') + "\"}]"),
       FG_E_INVALID, "expected at most 1024"},
      {"metaspace", with(kBpe, R"("pre_tokenizer":{"type":"Metaspace","replacement":"xy"})"), FG_E_INVALID,
       "replacement is \"xy\", expected one character"},
  };
  for (const Bad& bad : files) {
    SCOPED_TRACE(bad.what);
    expect_refusal(refusal_of([&] { Tokenizer::parse(bad.text); }), bad.status, {"tokenizer.json: ", bad.says});
  }
}

TEST(Tokenizer, MissingFilesAreNamed) {
  const TempFolder folder;
  expect_refusal(refusal_of([&] { Tokenizer::load(folder.path()); }), FG_E_NOT_FOUND, {folder.path("tokenizer.json")});
  expect_refusal(refusal_of([&] { Tokenizer::load(folder.path("x.json")); }), FG_E_NOT_FOUND, {folder.path("x.json")});
}

TEST(Tokenizer, AnEvilExpressionIsStopped) {
  const Tokenizer t = Tokenizer::parse(
      with(kBpe, R"("pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a+)+$"},"behavior":"Isolated"})"));
  expect_refusal(refusal_of([&] { t.encode(std::string(60, 'a') + "b"); }), FG_E_UNSUPPORTED,
                 {"pattern.Regex: the expression takes too long"});
}

// Eight times the text takes about eight times as long: a quadratic step would take 64 times.
TEST(Tokenizer, LongTextsAreNotQuadratic) {
  for (const char* name : {"bert", "gpt2", "llama3", "llama2", "mixtral"}) {
    const Tokenizer t = Tokenizer::load(data(std::string(name) + ".json"));
    for (const std::string& unit : {std::string("ab"), std::string(" "), std::string("Hi \u00E9\n")}) {
      const auto seconds = [&](std::size_t bytes) {
        std::string text;
        while (text.size() < bytes) text += unit;
        const auto start = std::chrono::steady_clock::now();
        t.encode(text);
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      };
      const double small = seconds(50'000), large = seconds(400'000);
      EXPECT_LT(large, 32 * small + 0.05) << name << " on repeated \"" << unit << '"';
    }
  }
}

}  // namespace
}  // namespace fg::models
