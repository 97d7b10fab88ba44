// SPDX-License-Identifier: Apache-2.0

#include "examples/models/nn/moe.hpp"

#include "tests/unit/models_nn/naive.hpp"

namespace fg::nn::test {
namespace {

using Ids = std::vector<std::int64_t>;

TEST(Route, SoftmaxOfTheBestTwo) {
  RouterParameters p;
  p.experts = 4;
  p.per_token = 2;
  const auto [experts, weights] = route(p, Tensor::from({0.0f, 2.0f, -1.0f, 1.0f}, {1, 4}), {});
  EXPECT_EQ(experts.to_vector<std::int64_t>(), (Ids{1, 3}));
  const double e = std::exp(1.0);
  EXPECT_LT(furthest(weights, Values{e / (1 + e), 1 / (1 + e)}), 1e-6);
}

RouterParameters grouped() {
  RouterParameters p;
  p.scoring = RouterParameters::Scoring::sigmoid;
  p.experts = 6;
  p.per_token = 2;
  p.groups = 3;
  p.groups_kept = 1;
  p.scale = 2.5;
  return p;
}

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

TEST(Route, ExpertsOfTheBestGroupAlone) {
  // The best expert is in the first group, the best pair in the second.
  const Tensor logits = Tensor::from({3.0f, -3.0f, 1.0f, 2.0f, 0.0f, 0.5f}, {1, 6});
  const auto [experts, weights] = route(grouped(), logits, {});
  EXPECT_EQ(experts.to_vector<std::int64_t>(), (Ids{3, 2}));
  const double a = sigmoid_of(2), b = sigmoid_of(1);
  EXPECT_LT(furthest(weights, Values{2.5 * a / (a + b), 2.5 * b / (a + b)}), 1e-6);
}

TEST(Route, TheBiasChoosesButDoesNotWeigh) {
  RouterParameters p = grouped();
  p.normalise = false;
  const Tensor logits = Tensor::from({3.0f, -3.0f, 1.0f, 2.0f, 0.0f, 0.5f}, {1, 6});
  const auto [experts, weights] = route(p, logits, Tensor::from({0.f, 0.f, 0.f, 0.f, 2.f, 1.f}));
  EXPECT_EQ(experts.to_vector<std::int64_t>(), (Ids{4, 5}));
  EXPECT_LT(furthest(weights, Values{2.5 * 0.5, 2.5 * sigmoid_of(0.5)}), 1e-6);
}

constexpr std::int64_t kExperts = 4, kChannels = 6, kMiddle = 5;

Experts make_experts() {
  return {random({kExperts, 2 * kMiddle, kChannels}, 30), random({kExperts, kChannels, kMiddle}, 40)};
}
SiluAndMulMlp one_of(const Experts& experts, std::int64_t e) {
  return {{experts.gate_up.select(0, e), {}}, {experts.down.select(0, e), {}}};
}

TEST(MoeLayer, IsTheWeightedSumOfChosenExperts) {
  RouterParameters p;
  p.experts = kExperts;
  p.per_token = 2;
  const Linear gate{random({kExperts, kChannels}, 50), {}};
  MoeLayer layer(p, gate, {}, make_experts(), std::make_unique<SiluAndMulMlp>(one_of(make_experts(), 0)));
  const Tensor x = random({2, 5, kChannels}, 51);
  const Tensor flat = x.view({10, kChannels});
  const Routes routes = route(p, gate(flat), {});
  const Ids chosen = routes.experts.to_vector<std::int64_t>();
  const Values weights = routes.weights.to_vector<double>();
  std::vector<SiluAndMulMlp> experts;
  for (std::int64_t e = 0; e < kExperts; ++e) experts.push_back(one_of(make_experts(), e));
  std::vector<Tensor> rows;
  for (std::size_t t = 0; t < 10; ++t) {
    const Tensor token = flat.slice(0, static_cast<std::int64_t>(t), static_cast<std::int64_t>(t) + 1);
    Tensor y = experts[0].forward(token);  // The shared one.
    for (std::size_t k = 0; k < 2; ++k)
      y = y + experts[static_cast<std::size_t>(chosen[2 * t + k])].forward(token) * weights[2 * t + k];
    rows.push_back(y);
  }
  EXPECT_LT(furthest(layer.forward(x), cat(rows, 0).view({2, 5, kChannels})), kNear);
  layer.waits_from = 0;
  EXPECT_LT(furthest(layer.forward(x), cat(rows, 0).view({2, 5, kChannels})), kNear) << "sorted on the host";
  const Tensor one = x.slice(0, 1, 2).slice(1, 3, 4);
  EXPECT_LT(furthest(layer.forward(one), rows[8].view({1, 1, kChannels})), kNear);
}

}  // namespace
}  // namespace fg::nn::test
