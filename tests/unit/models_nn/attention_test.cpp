// SPDX-License-Identifier: Apache-2.0

#include "examples/models/arch/model.hpp"
#include "examples/models/nn/mla.hpp"
#include "tests/unit/models_nn/naive.hpp"

namespace fg::nn::test {
namespace {

constexpr std::int64_t kChannels = 12;

std::shared_ptr<const Rope> make_rope(std::int64_t dim) {
  RopeParameters p;
  p.dim = dim;
  return std::make_shared<Rope>(p, 64, Device());
}

std::unique_ptr<SelfAttention> make_usual() {
  AttentionParameters p;
  p.heads = 4;
  p.key_heads = 2;
  p.head_dim = 6;
  p.rope = make_rope(6);
  p.q_norm = RMSNorm{random({6}, 10)};
  p.k_norm = RMSNorm{random({6}, 11)};
  return std::make_unique<Attention>(p, Linear{random({48, kChannels}, 12), random({48}, 13)},
                                     Linear{random({kChannels, 24}, 14), {}});
}

std::unique_ptr<SelfAttention> make_mla(std::int64_t absorb_up_to) {
  MlaParameters p;
  p.heads = 3;
  p.q_rank = 5;
  p.kv_rank = 7;
  p.nope_dim = 4;
  p.rope_dim = 2;
  p.value_dim = 6;
  p.scale = 0.4;
  p.rope = make_rope(2);
  Mla::Weights w;
  w.down = {random({5 + 7 + 2, kChannels}, 20), {}};
  w.q_norm = {random({5}, 21)};
  w.q_up = {random({3 * 6, 5}, 22), {}};
  w.kv_norm = {random({7}, 23)};
  w.kv_up = random({3 * 10, 7}, 24);
  w.out = {random({kChannels, 18}, 25), {}};
  auto mla = std::make_unique<Mla>(p, w);
  mla->absorb_up_to = absorb_up_to;
  return mla;
}

// The caches of one layer, as models keep them.
models::Cache cache_of(const SelfAttention& a, std::vector<std::int64_t> padding) {
  models::Cache c;
  c.padding = std::move(padding);
  c.capacity = 16;
  c.layers.push_back(a.make_cache(c.batch(), c.capacity, kF64, Device()));
  return c;
}

Tensor step_over(const SelfAttention& a, models::Cache& c, const Tensor& x) {
  const Tensor y = a.forward(x, c.next(x.size(1)), &c.layers[0]);
  c.length += x.size(1);
  return y;
}

Tensor in_pieces(const SelfAttention& a, const Tensor& x, const std::vector<std::int64_t>& pieces) {
  models::Cache c = cache_of(a, std::vector<std::int64_t>(static_cast<std::size_t>(x.size(0)), 0));
  std::vector<Tensor> parts;
  for (const std::int64_t n : pieces) parts.push_back(step_over(a, c, x.slice(1, c.length, c.length + n)));
  return cat(parts, 1);
}

TEST(Attention, IsTheFormula) {
  AttentionParameters p;
  p.heads = 4;
  p.key_heads = 2;
  p.head_dim = 3;
  const Tensor weight = random({24, kChannels}, 1);
  Values unit(144, 0.0);
  for (std::size_t i = 0; i < 12; ++i) unit[i * 13] = 1;
  const Attention attention(p, Linear{weight, {}}, Linear{Tensor::from(unit, {12, 12}), {}});
  const Tensor x = random({1, 5, kChannels}, 2);
  const Values qkv = linear(x, weight).to_vector<double>();
  const auto at = [&](std::size_t token, std::size_t channel) { return qkv[token * 24 + channel]; };
  Values wanted;
  for (std::size_t t = 0; t < 5; ++t) {
    for (std::size_t h = 0; h < 4; ++h) {
      Values e(t + 1), sums(3, 0.0);
      double total = 0;
      for (std::size_t s = 0; s <= t; ++s) {
        double score = 0;
        for (std::size_t i = 0; i < 3; ++i) score += at(t, h * 3 + i) * at(s, 12 + h / 2 * 3 + i);
        total += e[s] = std::exp(score / std::sqrt(3.0));
      }
      for (std::size_t s = 0; s <= t; ++s)
        for (std::size_t i = 0; i < 3; ++i) sums[i] += e[s] / total * at(s, 18 + h / 2 * 3 + i);
      wanted.insert(wanted.end(), sums.begin(), sums.end());
    }
  }
  models::Cache c = cache_of(attention, {0});
  EXPECT_LT(furthest(step_over(attention, c, x), wanted), kNear);
}

class Attentions : public testing::TestWithParam<int> {
 protected:
  std::unique_ptr<SelfAttention> make() const { return GetParam() < 0 ? make_usual() : make_mla(GetParam()); }
};

TEST_P(Attentions, TheCacheStandsForTheTokensBefore) {
  const auto a = make();
  const Tensor x = random({2, 7, kChannels}, 3);
  Step step = models::Cache{.layers = {}, .capacity = 0, .length = 0, .padding = {0, 0}}.next(7);
  const Tensor whole = a->forward(x, step, nullptr);
  EXPECT_LT(furthest(in_pieces(*a, x, {7}), whole), kNear);
  EXPECT_LT(furthest(in_pieces(*a, x, {4, 1, 1, 1}), whole), kNear);
  EXPECT_LT(furthest(in_pieces(*a, x, {1, 3, 3}), whole), kNear);
}

TEST_P(Attentions, PaddingIsNotSeen) {
  const auto a = make();
  const Tensor x = random({1, 5, kChannels}, 4), more = random({1, 1, kChannels}, 5);
  models::Cache alone = cache_of(*a, {0}), padded = cache_of(*a, {2, 0});
  const Tensor wide = cat({cat({random({1, 2, kChannels}, 6), x}, 1), random({1, 7, kChannels}, 7)}, 0);
  const Tensor y = step_over(*a, alone, x), both = step_over(*a, padded, wide);
  EXPECT_LT(furthest(both.slice(0, 0, 1).slice(1, 2, 7), y), kNear);
  const Tensor next = step_over(*a, alone, more), next_both = step_over(*a, padded, cat({more, more}, 0));
  EXPECT_LT(furthest(next_both.slice(0, 0, 1), next), kNear);
  EXPECT_GT(furthest(next_both.slice(0, 1, 2), next), 0.01);
}

// -1: the usual one; else MLA, with the latents themselves up to this many tokens.
INSTANTIATE_TEST_SUITE_P(Kinds, Attentions, testing::Values(-1, 0, 1, 100));

TEST(Mla, LatentsServeAsKeysAndValues) {
  const Tensor x = random({2, 7, kChannels}, 8);
  EXPECT_LT(furthest(in_pieces(*make_mla(100), x, {5, 2}), in_pieces(*make_mla(0), x, {5, 2})), kNear);
}

}  // namespace
}  // namespace fg::nn::test
