// SPDX-License-Identifier: Apache-2.0
//
// The readers on a real model, all-MiniLM-L6-v2: its tokens are those that the reference was made with,
// and its weights are all there.  `./dev minilm` fetches it.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "examples/models/io/config.hpp"
#include "examples/models/io/tokenizer/tokenizer.hpp"
#include "examples/models/io/weights.hpp"

namespace fg::models {
namespace {

class MiniLm : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(FG_MINILM "/model.safetensors"))
      GTEST_SKIP() << "the model is not in " FG_MINILM ": ./dev minilm fetches it";
  }
};

TEST_F(MiniLm, TokensAreTheReferences) {
  const Tokenizer tokenizer = Tokenizer::load(FG_MINILM);
  EXPECT_EQ(tokenizer.vocab_size(), 30522u);
  const std::string reference = FG_MINILM_REFERENCE "/reference.safetensors";
  const Tensor padded = load_safetensor(reference, "input_ids");
  const auto ids = padded.to_vector<std::int64_t>();
  const auto mask = load_safetensor(reference, "attention_mask").to_vector<std::int64_t>();
  const auto longest = static_cast<std::size_t>(padded.size(1));
  std::ifstream sentences(FG_MINILM_REFERENCE "/sentences.txt");
  std::size_t i = 0;
  for (std::string sentence; std::getline(sentences, sentence); ++i) {
    std::vector<std::int64_t> expected;
    for (std::size_t t = i * longest; t < (i + 1) * longest && mask[t] != 0; ++t) expected.push_back(ids[t]);
    EXPECT_EQ(tokenizer.encode(sentence), expected) << sentence;
  }
  EXPECT_EQ(i, static_cast<std::size_t>(padded.size(0)));
}

TEST_F(MiniLm, WeightsAreThere) {
  const Config c = load_config(FG_MINILM);
  EXPECT_EQ(c.num_hidden_layers, 6);
  Weights w = Weights::open(FG_MINILM);
  EXPECT_EQ(w.names().size(), 104u);
  const Tensor t = w.take("embeddings.word_embeddings.weight", {c.vocab_size, c.hidden_size}, kF32);
  EXPECT_EQ(t.select(0, 101).shape(), (std::vector<std::int64_t>{384}));
}

}  // namespace
}  // namespace fg::models
