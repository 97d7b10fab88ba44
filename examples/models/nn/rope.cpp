// SPDX-License-Identifier: Apache-2.0

#include "examples/models/nn/rope.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace fg::nn {
namespace {

using std::numbers::pi;

// Long waves are stretched by `factor`, short ones kept, those between blended.
double llama3(const RopeParameters& p, double frequency) {
  const double turns = static_cast<double>(p.original_positions) * frequency / (2 * pi);
  if (turns > p.high_freq_factor) return frequency;
  if (turns < p.low_freq_factor) return frequency / p.factor;
  const double kept = (turns - p.low_freq_factor) / (p.high_freq_factor - p.low_freq_factor);
  return kept * frequency + (1 - kept) * frequency / p.factor;
}

// The (fractional) pair that turns `turns` times over the positions of the training.
double yarn_pair(const RopeParameters& p, double turns) {
  const double dim = static_cast<double>(p.dim);
  return dim * std::log(static_cast<double>(p.original_positions) / (turns * 2 * pi)) / (2 * std::log(p.theta));
}

double yarn(const RopeParameters& p, double frequency, double pair) {
  double low = yarn_pair(p, p.beta_fast), high = yarn_pair(p, p.beta_slow);
  if (p.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(p.dim - 1));
  if (low == high) high += 0.001;  // The paper's code avoids the division by zero like this.
  const double stretched = std::clamp((pair - low) / (high - low), 0.0, 1.0);
  return frequency * (1 - stretched) + frequency / p.factor * stretched;
}

}  // namespace

std::vector<double> rope_frequencies(const RopeParameters& p) {
  std::vector<double> f(static_cast<std::size_t>(p.dim / 2));
  for (std::size_t i = 0; i < f.size(); ++i) {
    const double pair = static_cast<double>(i);
    f[i] = std::pow(p.theta, -2 * pair / static_cast<double>(p.dim));
    switch (p.type) {
      case RopeParameters::Type::plain: break;
      case RopeParameters::Type::linear: f[i] /= p.factor; break;
      case RopeParameters::Type::llama3: f[i] = llama3(p, f[i]); break;
      case RopeParameters::Type::yarn: f[i] = yarn(p, f[i], pair); break;
    }
  }
  return f;
}

double yarn_mscale(double factor, double m) { return factor <= 1 ? 1 : 0.1 * m * std::log(factor) + 1; }

double rope_amplitude(const RopeParameters& p) {
  if (p.type != RopeParameters::Type::yarn) return 1;
  if (p.attention_factor) return *p.attention_factor;
  if (p.mscale != 0 && p.mscale_all_dim != 0)
    return yarn_mscale(p.factor, p.mscale) / yarn_mscale(p.factor, p.mscale_all_dim);
  return yarn_mscale(p.factor, 1);
}

Rope::Rope(const RopeParameters& p, std::int64_t positions, const Device& device) : interleaved_(p.interleaved) {
  const std::vector<double> f = rope_frequencies(p);
  const double amplitude = rope_amplitude(p);
  std::vector<float> cos, sin;
  cos.reserve(f.size() * static_cast<std::size_t>(positions));
  sin.reserve(cos.capacity());
  for (std::int64_t i = 0; i < positions; ++i) {
    for (const double radians : f) {
      cos.push_back(static_cast<float>(std::cos(radians * static_cast<double>(i)) * amplitude));
      sin.push_back(static_cast<float>(std::sin(radians * static_cast<double>(i)) * amplitude));
    }
  }
  const auto half = static_cast<std::int64_t>(f.size());
  cos_ = Tensor::from(cos, {positions, half}, device);
  sin_ = Tensor::from(sin, {positions, half}, device);
}

Rope::Rotated Rope::operator()(const Tensor& q, const Tensor& k, const Tensor& positions) const {
  auto [rq, rk] = apply_rotary_pos_emb(q, k, cos_, sin_, positions, interleaved_);
  return {rq, rk};
}

void Rope::rotate_(const Tensor& q, const Tensor& k, const Tensor& positions) const {
  apply_rotary_pos_emb_out(q, k, q, k, cos_, sin_, positions, interleaved_);
}

}  // namespace fg::nn
