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

// As Hugging Face's transformers (5.24, modeling_rope_utils.py) computes them in f32: the powers and the blend are some
// eight roundings.
struct Recorded {
  const char* name;
  RopeParameters parameters;
  double amplitude;
  std::vector<float> frequencies;
};

RopeParameters yarn_of(double theta, double factor, std::int64_t original) {
  RopeParameters p;
  p.type = RopeParameters::Type::yarn;
  p.dim = 64;
  p.theta = theta;
  p.factor = factor;
  p.original_positions = original;
  return p;
}

std::vector<Recorded> recorded() {
  RopeParameters llama = yarn_of(500000, 32, 8192);
  llama.type = RopeParameters::Type::llama3;
  RopeParameters deepseek = yarn_of(10000, 40, 4096), unlike = deepseek, fractional = yarn_of(150000, 32, 4096);
  deepseek.mscale = deepseek.mscale_all_dim = 1;
  unlike.mscale = 1;
  unlike.mscale_all_dim = 0.8;
  fractional.truncate = false;
  const std::vector<float> of_deepseek = {1.0f,
                                          0.749894202f,
                                          0.562341332f,
                                          0.421696514f,
                                          0.316227764f,
                                          0.237137362f,
                                          0.177827939f,
                                          0.133352146f,
                                          0.100000001f,
                                          0.0749894157f,
                                          0.0562341288f,
                                          0.0390069261f,
                                          0.0268793609f,
                                          0.0183781441f,
                                          0.012447956f,
                                          0.0083345091f,
                                          0.00550000044f,
                                          0.00356199732f,
                                          0.00224936521f,
                                          0.00137051346f,
                                          0.000790569407f,
                                          0.000414990413f,
                                          0.00017782794f,
                                          3.3338034e-05f,
                                          2.49999994e-05f,
                                          1.87473543e-05f,
                                          1.40585325e-05f,
                                          1.05424124e-05f,
                                          7.90569447e-06f,
                                          5.92843435e-06f,
                                          4.44569832e-06f,
                                          3.33380353e-06f};
  return {
      {"llama-3.2-1b",
       llama,
       1.0,
       {1.0f,
        0.663601279f,
        0.440366626f,
        0.292227834f,
        0.193922758f,
        0.128687382f,
        0.0853971019f,
        0.0566696189f,
        0.0376060307f,
        0.0249554086f,
        0.0165604409f,
        0.0109895291f,
        0.00729266508f,
        0.00483942125f,
        0.00321144611f,
        0.00129054801f,
        0.000429556705f,
        9.70828623e-05f,
        1.94616387e-05f,
        1.29147675e-05f,
        8.57025589e-06f,
        5.68723226e-06f,
        3.77405445e-06f,
        2.50446715e-06f,
        1.66196742e-06f,
        1.10288363e-06f,
        7.31874934e-07f,
        4.85673127e-07f,
        3.22293289e-07f,
        2.1387423e-07f,
        1.41927202e-07f,
        9.41830649e-08f}},
      {"deepseek-v3", deepseek, 1.0, of_deepseek},
      {"yarn with unlike scales", unlike, 1.0569662567531275, of_deepseek},
      {"yarn with fractional borders",
       fractional,
       1.3465735902799727,
       {1.0f,
        0.689044297f,
        0.47478205f,
        0.327145875f,
        0.225418001f,
        0.155322984f,
        0.107024424f,
        0.0737445652f,
        0.0508132726f,
        0.0317056961f,
        0.0193349998f,
        0.0115920492f,
        0.00679495931f,
        0.00386035908f,
        0.00209379266f,
        0.00105260219f,
        0.000456483918f,
        0.000129318694f,
        3.83088118e-05f,
        2.63964685e-05f,
        1.8188337e-05f,
        1.25325696e-05f,
        8.63549576e-06f,
        5.95023948e-06f,
        4.09997847e-06f,
        2.82506676e-06f,
        1.94659629e-06f,
        1.34129095e-06f,
        9.24208962e-07f,
        6.36820914e-07f,
        4.38797855e-07f,
        3.0235114e-07f}},
  };
}

TEST(Rope, ScaledFrequenciesAreAnotherLibrarys) {
  for (const Recorded& r : recorded()) {
    EXPECT_NEAR(rope_amplitude(r.parameters), r.amplitude, 1e-12) << r.name;
    const Values f = rope_frequencies(r.parameters);
    ASSERT_EQ(f.size(), r.frequencies.size()) << r.name;
    for (std::size_t i = 0; i < f.size(); ++i) {
      const double wanted = static_cast<double>(r.frequencies[i]);
      EXPECT_NEAR(f[i], wanted, 8 * 0x1p-23 * wanted) << r.name << ", pair " << i;
    }
  }
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
