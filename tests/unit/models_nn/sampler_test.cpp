// SPDX-License-Identifier: Apache-2.0

#include "examples/models/generate/sampler.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace fg::models {
namespace {

using Ids = std::vector<std::int64_t>;

std::map<std::int64_t, int> drawn(const Sampling& s, const std::vector<float>& logits, int n) {
  Sampler sampler(s, 0);
  std::map<std::int64_t, int> counts;
  for (int i = 0; i < n; ++i) {
    std::vector<float> copy = logits;
    ++counts[sampler.next(copy, Ids{})];
  }
  return counts;
}

const std::vector<float> kLogits{0.0f, std::log(2.0f), std::log(4.0f), std::log(3.0f)};  // 1, 2, 4, 3 tenths.

TEST(Sampler, GreedyTakesTheFirstOfTheHighest) {
  std::vector<float> logits{1, 3, 3, 2};
  EXPECT_EQ(Sampler({}, 0).next(logits, Ids{}), 1);
}

TEST(Sampler, RepetitionPenaltyDividesAndMultiplies) {
  const Sampling s{.repetition_penalty = 2};
  std::vector<float> logits{4, 3, -1};
  EXPECT_EQ(Sampler(s, 0).next(logits, Ids{0, 0, 2}), 1);
  EXPECT_EQ(logits, (std::vector<float>{2, 3, -2}));
}

TEST(Sampler, DrawsByProbability) {
  constexpr int kDraws = 10000;
  const auto counts = drawn({.temperature = 1, .seed = 7}, kLogits, kDraws);
  const double expected[] = {0.1, 0.2, 0.4, 0.3};
  for (std::int64_t i = 0; i < 4; ++i) {
    const double deviation = std::sqrt(kDraws * expected[i] * (1 - expected[i]));
    EXPECT_NEAR(counts.at(i), kDraws * expected[i], 5 * deviation) << i;
  }
}

TEST(Sampler, TemperatureSharpens) {
  const auto counts = drawn({.temperature = 0.5, .seed = 7}, kLogits, 10000);
  EXPECT_NEAR(counts.at(2), 10000 * 16.0 / 30, 5 * 50);
}

TEST(Sampler, TopKAndTopPLeaveOut) {
  const auto two = drawn({.temperature = 1, .top_k = 2}, kLogits, 1000);
  EXPECT_EQ(two.size(), 2u);
  EXPECT_TRUE(two.count(2) == 1 && two.count(3) == 1);
  EXPECT_EQ(drawn({.temperature = 1, .top_p = 0.65}, kLogits, 1000).size(), 2u);  // 0.4 + 0.3 reach it.
  EXPECT_EQ(drawn({.temperature = 1, .top_p = 0.75}, kLogits, 1000).size(), 3u);
  EXPECT_EQ(drawn({.temperature = 1, .top_p = 0.01}, kLogits, 1000).size(), 1u);
}

TEST(Sampler, SeedsRepeat) {
  const Sampling s{.temperature = 1, .seed = 3};
  EXPECT_EQ(drawn(s, kLogits, 100), drawn(s, kLogits, 100));
  EXPECT_NE(drawn(s, kLogits, 100), drawn({.temperature = 1, .seed = 4}, kLogits, 100));
}

}  // namespace
}  // namespace fg::models
