// SPDX-License-Identifier: Apache-2.0
//
// Mixture of experts: a router chooses a few gated blocks for each token.

#ifndef FG_EXAMPLES_MODELS_NN_MOE_HPP_
#define FG_EXAMPLES_MODELS_NN_MOE_HPP_

#include <memory>
#include <vector>

#include "examples/models/nn/mlp.hpp"

namespace fg::nn {

// How experts are chosen and weighed; names as in config.json.
struct RouterParameters {
  enum class Scoring { softmax, sigmoid };
  Scoring scoring = Scoring::softmax;
  std::int64_t experts = 0, per_token = 0;
  std::int64_t groups = 1, groups_kept = 1;  // sigmoid: experts outside of the best groups are not chosen.
  bool normalise = true;                     // The weights of a token's experts sum to 1 ...
  double scale = 1;                          // ... and are multiplied by this.
};

// Which experts each token goes to, with what weights: [tokens, per_token].
struct Routes {
  Tensor experts;  // i32
  Tensor weights;  // f32
};
// logits [tokens, experts]; bias [experts] is added to the scores for the choice alone (DeepSeek-V3's
// balance without a loss, arXiv:2408.15664), none: no bias.
Routes route(const RouterParameters& p, const Tensor& logits, const Tensor& bias);

// All experts, down(silu(gate) * up) each: [experts, 2 * middle, channels], gate before up, and [experts, channels,
// middle].
struct Experts {
  Tensor gate_up, down;
};

class MoeLayer final : public FeedForward {
 public:
  MoeLayer(RouterParameters p, Linear gate, Tensor bias, Experts experts, std::unique_ptr<FeedForward> shared);

  // One operator for all experts.  From `waits_from` multiplications in a prompt the host sorts tokens by expert
  // instead: it waits for the routes, which large products of 16-bit floats on matrix units are worth.
  double waits_from;
  Tensor forward(const Tensor& x) const override;

  std::uint64_t idle_bytes() const override {
    return static_cast<std::uint64_t>(p_.experts - p_.per_token) * each_.front().weight_bytes();
  }

 private:
  Tensor by_expert(const Tensor& x, const Routes& routes) const;

  RouterParameters p_;
  Linear gate_;
  Tensor bias_;
  Experts experts_;
  std::vector<SiluAndMulMlp> each_;      // The same, one by one.
  std::unique_ptr<FeedForward> shared_;  // Serves every token; may be null.
};

}  // namespace fg::nn

#endif  // FG_EXAMPLES_MODELS_NN_MOE_HPP_
