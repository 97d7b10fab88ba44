// SPDX-License-Identifier: Apache-2.0

#include <numbers>

#include "examples/models/nn/norm.hpp"
#include "examples/models/nn/rope.hpp"
#include "tests/unit/models_nn/naive.hpp"

namespace fg::nn::test {
namespace {

TEST(RMSNorm, IsTheFormula) {
  const Tensor x = random({3, 8}, 1), w = random({8}, 2);
  const RMSNorm norm{w, 1e-3};
  const Values in = x.to_vector<double>(), weight = w.to_vector<double>();
  Values wanted;
  for (std::size_t r = 0; r < 3; ++r) {
    double squares = 0;
    for (std::size_t i = 0; i < 8; ++i) squares += in[r * 8 + i] * in[r * 8 + i];
    for (std::size_t i = 0; i < 8; ++i) wanted.push_back(in[r * 8 + i] / std::sqrt(squares / 8 + 1e-3) * weight[i]);
  }
  EXPECT_LT(furthest(norm(x), wanted), kNear);
}

TEST(RMSNorm, AddsTheResidualAlsoInPlace) {
  const Tensor x = random({2, 3, 8}, 1), residual = random({2, 3, 8}, 2);
  const RMSNorm norm{random({8}, 3), 1e-5};
  const auto [normed, sum] = norm(x, residual);
  EXPECT_LT(furthest(sum, x + residual), kNear);
  EXPECT_LT(furthest(normed, norm(x + residual)), kNear);
  const Tensor stream = residual.clone(), block = x.clone();
  norm.add_(block, stream);
  EXPECT_EQ(furthest(stream, sum), 0);
  EXPECT_EQ(furthest(block, normed), 0);
}

TEST(LayerNorm, AddsTheResidual) {
  const Tensor x = random({4, 8}, 1), residual = random({4, 8}, 2);
  const LayerNorm norm{random({8}, 3), random({8}, 4), 1e-5};
  EXPECT_LT(furthest(norm(x, residual), norm(x + residual)), kNear);
}

TEST(Rope, PlainFrequenciesFallFromOne) {
  RopeParameters p;
  p.dim = 8;
  p.theta = 10000;
  const Values f = rope_frequencies(p);
  ASSERT_EQ(f.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(f[i], std::pow(10.0, -static_cast<double>(i)), 1e-15);
}

TEST(Rope, Llama3StretchesLongWavesAlone) {
  RopeParameters p;
  p.dim = 128;
  p.theta = 500000;
  const Values plain = rope_frequencies(p);
  p.type = RopeParameters::Type::llama3;
  p.factor = 8;
  p.low_freq_factor = 1;
  p.high_freq_factor = 4;
  p.original_positions = 8192;
  const Values f = rope_frequencies(p);
  for (std::size_t i = 0; i < f.size(); ++i) {
    const double wave = 2 * std::numbers::pi / plain[i];
    if (wave < 8192.0 / 4)
      EXPECT_EQ(f[i], plain[i]);
    else if (wave > 8192.0)
      EXPECT_EQ(f[i], plain[i] / 8);
    else
      EXPECT_TRUE(f[i] < plain[i] && f[i] > plain[i] / 8) << i;
  }
}

TEST(Rope, YarnKeepsShortWavesAndSharpens) {
  RopeParameters p;
  p.dim = 64;
  const Values plain = rope_frequencies(p);
  p.type = RopeParameters::Type::yarn;
  p.factor = 40;
  p.original_positions = 4096;
  const Values f = rope_frequencies(p);
  EXPECT_EQ(f.front(), plain.front());
  EXPECT_NEAR(f.back(), plain.back() / 40, 1e-18);
  // The ramp from the pair that turns 32 times in 4096 positions, 10.4 rounded down, to that which turns
  // once, 22.5 rounded up.
  EXPECT_EQ(f[10], plain[10]);
  EXPECT_LT(f[11], plain[11]);
  EXPECT_GT(f[22], plain[22] / 40);
  EXPECT_NEAR(f[23], plain[23] / 40, 1e-18);
  EXPECT_NEAR(rope_amplitude(p), 0.1 * std::log(40.0) + 1, 1e-15);
  p.mscale = p.mscale_all_dim = 1;  // DeepSeek: the scale of the scores has it instead.
  EXPECT_EQ(rope_amplitude(p), 1);
  p.attention_factor = 0.5;
  EXPECT_EQ(rope_amplitude(p), 0.5);
}

// Pairs (first, second) of each head, turned by position * frequency.
Values rotated(const Tensor& x, const Values& positions, const RopeParameters& p) {
  Values v = x.to_vector<double>();
  const Values f = rope_frequencies(p);
  const std::size_t half = f.size(), heads = static_cast<std::size_t>(x.size(2));
  for (std::size_t row = 0; row < v.size() / (2 * half); ++row) {
    const double position = positions[row / heads];
    for (std::size_t i = 0; i < half; ++i) {
      double& a = v[row * 2 * half + (p.interleaved ? 2 * i : i)];
      double& b = v[row * 2 * half + (p.interleaved ? 2 * i + 1 : i + half)];
      const double c = std::cos(position * f[i]), s = std::sin(position * f[i]);
      const double turned = a * c - b * s;
      b = b * c + a * s;
      a = turned;
    }
  }
  return v;
}

TEST(Rope, TurnsPairsAlsoInPlace) {
  for (const bool interleaved : {false, true}) {
    RopeParameters p;
    p.dim = 8;
    p.interleaved = interleaved;
    const Rope rope(p, 32, Device());
    const Tensor q = random({2, 3, 4, 8}, 1), k = random({2, 3, 2, 8}, 2);
    const std::vector<std::int64_t> at{0, 1, 2, 7, 8, 31};
    const Tensor positions = Tensor::from(at, {2, 3});
    const auto [rq, rk] = rope(q, k, positions);
    const Values where(at.begin(), at.end());
    EXPECT_LT(furthest(rq, rotated(q, where, p)), 1e-6);  // The tables are f32.
    EXPECT_LT(furthest(rk, rotated(k, where, p)), 1e-6);
    rope.rotate_(q, k, positions);
    EXPECT_EQ(furthest(q, rq), 0);
    EXPECT_EQ(furthest(k, rk), 0);
  }
}

}  // namespace
}  // namespace fg::nn::test
