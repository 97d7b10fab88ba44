// SPDX-License-Identifier: Apache-2.0

#include "examples/models/generate/generate.hpp"

#include <gtest/gtest.h>

namespace fg::models {
namespace {

using Rows = std::vector<std::vector<std::int64_t>>;

std::unique_ptr<Model> random_model(const char* size) {
  RandomSource source(5);
  return make_model(named_config(size), source, {});
}

GenerateOptions greedy(std::int64_t n, bool graph) {
  GenerateOptions o;
  o.max_new_tokens = n;
  o.graph = graph;
  return o;
}

class Generation : public testing::TestWithParam<const char*> {
 protected:
  std::unique_ptr<Model> model_ = random_model(GetParam());
};

TEST_P(Generation, RowsOfABatchAreAsAlone) {
  const Rows prompts{{3, 5, 8, 13, 21}, {2}, {500, 1, 2}};
  for (const bool graph : {false, true}) {
    const Generated together = generate(*model_, prompts, {}, greedy(12, graph));
    for (std::size_t row = 0; row < prompts.size(); ++row)
      EXPECT_EQ(together.tokens[row], generate(*model_, {prompts[row]}, {}, greedy(12, graph)).tokens[0]) << row;
  }
}

TEST_P(Generation, StopTokensEndARow) {
  const Rows prompts{{3, 5, 8}, {7, 9}};
  const Generated whole = generate(*model_, prompts, {}, greedy(10, false));
  GenerateOptions o = greedy(10, false);
  o.stop_tokens = {whole.tokens[0][5]};
  std::size_t told = 0;
  o.on_token = [&](std::size_t, std::int64_t) { return ++told > 0; };
  const Generated stopped = generate(*model_, prompts, {}, o);
  EXPECT_LE(stopped.tokens[0].size(), 6u);
  EXPECT_EQ(stopped.tokens[0].back(), o.stop_tokens[0]);
  EXPECT_EQ(told, static_cast<std::size_t>(stopped.new_tokens));
}

INSTANTIATE_TEST_SUITE_P(Sizes, Generation, testing::Values("tiny", "mixtral-tiny"),
                         [](const auto& each) { return std::string(each.param) == "tiny" ? "dense" : "experts"; });

// Graphs look at blocks of slots: past the first one the step is captured anew.
TEST(Graph, IsCapturedAnewWhenItsSlotsAreUsedUp) {
  const auto model = random_model("tiny");
  const Rows prompts{{1, 2, 3}, {4}};
  const Generated replayed = generate(*model, prompts, {}, greedy(300, true));
  EXPECT_EQ(replayed.tokens, generate(*model, prompts, {}, greedy(300, false)).tokens);
  EXPECT_EQ(replayed.steps, 299);
  EXPECT_EQ(replayed.replays, 296u);  // All steps but the captures, at 3, 128 and 256 slots.
}

TEST(Graph, HoldsExperts) {
  const auto model = random_model("mixtral-tiny");
  const Generated replayed = generate(*model, {{1, 2}, {3}}, {}, greedy(8, true));
  EXPECT_GT(replayed.replays, 0u);
  EXPECT_EQ(replayed.tokens, generate(*model, {{1, 2}, {3}}, {}, greedy(8, false)).tokens);
}

TEST(Sampled, SeedsRepeatAndGraphsDoNotMatter) {
  const auto model = random_model("tiny");
  GenerateOptions o = greedy(20, true);
  o.sampling = {.temperature = 1.5, .top_k = 50, .top_p = 0.95, .repetition_penalty = 1.1, .seed = 11};
  const auto first = generate(*model, {{1, 2, 3}}, {}, o).tokens;
  EXPECT_EQ(generate(*model, {{1, 2, 3}}, {}, o).tokens, first);
  o.sampling.seed = 12;
  EXPECT_NE(generate(*model, {{1, 2, 3}}, {}, o).tokens, first);
}

TEST(Generate, SaysWhatIsWrong) {
  const auto model = random_model("tiny");
  const auto message = [&](const Rows& prompts, std::int64_t n) -> std::string {
    try {
      generate(*model, prompts, {}, greedy(n, false));
    } catch (const Exception& e) {
      EXPECT_EQ(e.status(), FG_E_INVALID);
      return e.what();
    }
    return "nothing";
  };
  EXPECT_EQ(message({}, 1), "there is no prompt");
  EXPECT_EQ(message({{}}, 1), "a prompt has no tokens");
  EXPECT_EQ(message({{1, 512}}, 1), "token 512 of the prompt, expected 0 to 511");
  EXPECT_EQ(message({{1, 2}}, 4095),
            "a prompt of 2 tokens and 4095 new ones are longer than the context of 4096 tokens");
}

TEST(Generate, NoMemoryForTheCacheIsAnError) {
  Config c = named_config("tiny");
  c.max_position_embeddings = std::int64_t{1} << 30;
  RandomSource source(1);
  const auto model = make_model(c, source, {.dtype = {}, .max_context = 4096});
  EXPECT_THROW(model->make_cache({0}, 8192), Exception);
  EXPECT_THROW(model->make_cache(std::vector<std::int64_t>(std::size_t{1} << 25, 0), 4096), Exception);
}

}  // namespace
}  // namespace fg::models
