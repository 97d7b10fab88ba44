// SPDX-License-Identifier: Apache-2.0

#include "examples/models/generate/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace fg::models {

std::int64_t Sampler::next(std::span<float> logits, std::span<const std::int64_t> before) {
  if (s_.repetition_penalty != 1) {
    for (const std::int64_t token : std::set<std::int64_t>(before.begin(), before.end())) {
      float& x = logits[static_cast<std::size_t>(token)];
      x = static_cast<float>(x < 0 ? x * s_.repetition_penalty : x / s_.repetition_penalty);
    }
  }
  if (s_.temperature == 0) return std::ranges::max_element(logits) - logits.begin();
  return draw(logits);
}

std::int64_t Sampler::draw(std::span<const float> logits) {
  order_.resize(logits.size());
  std::iota(order_.begin(), order_.end(), 0);
  const auto more = [&](std::int64_t a, std::int64_t b) {
    const float x = logits[static_cast<std::size_t>(a)], y = logits[static_cast<std::size_t>(b)];
    return x != y ? x > y : a < b;  // Of equal ones the first, so that every library sorts alike.
  };
  std::size_t n = order_.size();
  if (s_.top_k > 0) n = std::min(n, static_cast<std::size_t>(s_.top_k));
  std::partial_sort(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(n), order_.end(), more);
  weights_.resize(n);
  const double highest = logits[static_cast<std::size_t>(order_[0])];
  double total = 0;
  for (std::size_t i = 0; i < n; ++i) {
    weights_[i] = std::exp((logits[static_cast<std::size_t>(order_[i])] - highest) / s_.temperature);
    total += weights_[i];
  }
  if (s_.top_p < 1) {
    double reached = 0;
    for (std::size_t i = 0; i < n; ++i) {
      reached += weights_[i];
      if (reached >= s_.top_p * total) n = i + 1;
    }
    total = std::accumulate(weights_.begin(), weights_.begin() + static_cast<std::ptrdiff_t>(n), 0.0);
  }
  // 53 bits as a number below 1: std::uniform_real_distribution may differ between libraries.
  double left = static_cast<double>(random_() >> 11) * 0x1p-53 * total;
  for (std::size_t i = 0; i + 1 < n; ++i) {
    left -= weights_[i];
    if (left < 0) return order_[i];
  }
  return order_[n - 1];
}

}  // namespace fg::models
