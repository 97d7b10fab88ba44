// SPDX-License-Identifier: Apache-2.0
//
// A real model: all-MiniLM-L6-v2's vectors of 20 sentences beside those of PyTorch in f64.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "examples/models/arch/sentence.hpp"
#include "examples/models/io/tokenizer/tokenizer.hpp"

namespace fg::models {
namespace {

TEST(MiniLm, VectorsPointWhereTheReferencesDo) {
  if (!std::filesystem::exists(FG_MINILM "/model.safetensors"))
    GTEST_SKIP() << "the model is not in " FG_MINILM ": ./dev minilm fetches it";
  const Tokenizer tokenizer = Tokenizer::load(FG_MINILM);
  std::vector<std::vector<std::int64_t>> rows;
  std::ifstream sentences(FG_MINILM_REFERENCE "/sentences.txt");
  for (std::string sentence; std::getline(sentences, sentence);) rows.push_back(tokenizer.encode(sentence));
  const auto model = load_model(FG_MINILM, {.dtype = kF32, .max_context = {}});
  const Tensor vectors = sentence_vectors(*model, rows, Pooling::mean, true);
  const Tensor reference = load_safetensor(FG_MINILM_REFERENCE "/reference.safetensors", "embeddings");
  ASSERT_EQ(vectors.shape(), reference.shape());
  const auto cosines = sum(vectors * reference, 1).to_vector<double>();
  for (std::size_t i = 0; i < cosines.size(); ++i) EXPECT_GE(cosines[i], 0.9999) << "sentence " << i;
  // A sentence's neighbour is not it.
  const auto others = sum(vectors * roll(reference, {1}, {0}), 1).to_vector<double>();
  for (std::size_t i = 0; i < others.size(); ++i) EXPECT_LT(others[i], 0.99) << "sentence " << i;
}

}  // namespace
}  // namespace fg::models
