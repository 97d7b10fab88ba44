// SPDX-License-Identifier: Apache-2.0

#include "tests/models/bound.hpp"

#include <algorithm>
#include <cmath>

namespace fg::models::test {
namespace {

constexpr double kUnit = 0x1p-24;
// exp, rsqrt, tanh, erf and sigmoid within 4 ulp of f32, and the few products around them.
constexpr double kFunction = 8;

// The sum of squares or of deviations, then rsqrt and two products.
double norm(double n) { return n + kFunction; }

// Scores, softmax over the keys, the sum of values.
double attention(double key_dim, double keys) { return key_dim + keys + kFunction + keys; }

double projections(const Config& c) {
  const double hidden = static_cast<double>(c.hidden_size), heads = static_cast<double>(c.num_attention_heads);
  if (c.architecture != Architecture::deepseek_v3) return hidden + heads * static_cast<double>(c.head_dim);
  const double q_rank = static_cast<double>(c.q_lora_rank), kv_rank = static_cast<double>(c.kv_lora_rank);
  const double up = std::max(q_rank + norm(q_rank), kv_rank + norm(kv_rank));
  return hidden + up + heads * static_cast<double>(c.v_head_dim);
}

}  // namespace

double layer_roundings(const Config& c, double keys) {
  const double hidden = static_cast<double>(c.hidden_size);
  const double middle = static_cast<double>(std::max(c.intermediate_size, c.moe_intermediate_size));
  const double key_dim = static_cast<double>(std::max(c.head_dim, c.qk_nope_head_dim + c.qk_rope_head_dim));
  const double rotation = 4, head_norm = c.architecture == Architecture::qwen3 ? norm(key_dim) : 0;
  const double mixture = c.num_experts > 0 ? kFunction + static_cast<double>(c.num_experts + c.num_experts_per_tok) : 0;
  return 2 * norm(hidden) + projections(c) + head_norm + rotation + attention(key_dim, keys) + hidden + middle +
         kFunction + mixture + 2;
}

double vision_roundings(const Config& c, double keys) {
  const double patch = static_cast<double>(c.patch_size * c.patch_size * c.num_channels);
  return patch + static_cast<double>(c.num_hidden_layers) * layer_roundings(c, keys) +
         norm(static_cast<double>(c.hidden_size));
}

double hidden_roundings(const Config& c, double keys, int i) {
  const double last = i == static_cast<int>(c.num_hidden_layers) ? norm(static_cast<double>(c.hidden_size)) : 0;
  const double embedding = c.architecture == Architecture::bert ? 2 + norm(static_cast<double>(c.hidden_size)) : 0;
  return embedding + i * layer_roundings(c, keys) + last;
}

double bound(double roundings, double largest) {
  constexpr double kLambda = 6;
  return 2 * kLambda * std::sqrt(roundings) * kUnit * largest;
}

}  // namespace fg::models::test
