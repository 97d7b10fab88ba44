// SPDX-License-Identifier: Apache-2.0
//
// The choice of the next token of one row.  On the host, so that a seed gives the same tokens for the
// same logits on every device.

#ifndef FG_EXAMPLES_MODELS_GENERATE_SAMPLER_HPP_
#define FG_EXAMPLES_MODELS_GENERATE_SAMPLER_HPP_

#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace fg::models {

struct Sampling {
  double temperature = 0;         // 0: greedy.
  std::int64_t top_k = 0;         // The most likely ones alone; 0: all.
  double top_p = 1;               // The smallest set of the most likely ones that reaches this probability.
  double repetition_penalty = 1;  // Logits of tokens that were there are divided by it, negative ones multiplied.
  std::uint64_t seed = 0;

  // The highest logit as it is: no logits need to reach the host.
  bool plain_greedy() const { return temperature == 0 && repetition_penalty == 1; }
};

class Sampler {
 public:
  // Rows of a batch draw different numbers.
  Sampler(const Sampling& sampling, std::uint64_t row) : s_(sampling), random_(sampling.seed + row) {}

  // `logits` is overwritten; `before` are the row's tokens so far.
  std::int64_t next(std::span<float> logits, std::span<const std::int64_t> before);

 private:
  std::int64_t draw(std::span<const float> logits);

  Sampling s_;
  std::mt19937_64 random_;
  std::vector<std::int64_t> order_;
  std::vector<double> weights_;
};

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_GENERATE_SAMPLER_HPP_
