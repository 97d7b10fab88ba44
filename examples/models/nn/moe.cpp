// SPDX-License-Identifier: Apache-2.0

#include "examples/models/nn/moe.hpp"

#include <utility>

namespace fg::nn {
namespace {

// choice with the scores of experts outside of the best groups at 0; a group counts as much as its two
// best experts.
Tensor best_groups(const RouterParameters& p, const Tensor& choice) {
  const std::int64_t tokens = choice.size(0), size = p.experts / p.groups;
  const Tensor grouped = choice.view({tokens, p.groups, size});
  const Tensor merit = sum(topk(grouped, size < 2 ? size : 2).values, -1);
  const Tensor kept = scatter(zeros_like(merit), 1, topk(merit, p.groups_kept).indices, {}, 1.0);
  return map("where(kept > 0, choice, 0)", {{"kept", kept.unsqueeze(2)}, {"choice", grouped}})
      .view({tokens, p.experts});
}

}  // namespace

Routes route(const RouterParameters& p, const Tensor& logits, const Tensor& bias) {
  const Tensor wide = logits.to(kF32);
  const Tensor scores = p.scoring == RouterParameters::Scoring::softmax ? softmax(wide, -1) : sigmoid(wide);
  Tensor choice = bias ? add(scores, bias) : scores;
  if (p.groups > 1) choice = best_groups(p, choice);
  const Tensor experts = topk(choice, p.per_token).indices;
  const Tensor weights = gather(scores, -1, experts);
  if (!p.normalise) return {experts, mul(weights, p.scale)};
  // The smallest of numbers keeps a token whose scores are all 0 from dividing by it.
  return {experts,
          map("w / (total + 1e-20) * scale", {{"w", weights}, {"total", sum(weights, -1, true)}, {"scale", p.scale}})};
}

MoeLayer::MoeLayer(RouterParameters p, Linear gate, Tensor bias, std::vector<Expert> experts,
                   std::unique_ptr<FeedForward> shared)
    : p_(p), gate_(std::move(gate)), bias_(std::move(bias)), shared_(std::move(shared)) {
  for (Expert& e : experts) experts_.emplace_back(std::move(e.gate_up), std::move(e.down));
}

// The tokens of one expert are one product.  Results lie by (expert, token); each token then collects
// its own in the order of its choices, so that sums do not depend on the other tokens.
Tensor MoeLayer::routed(const Tensor& x) const {
  const std::int64_t tokens = x.size(0), k = p_.per_token;
  const Routes routes = route(p_, gate_(x.to(gate_.weight.dtype())), bias_);
  const std::vector<std::int64_t> chosen = routes.experts.to_vector<std::int64_t>();
  std::vector<std::vector<std::int64_t>> places(experts_.size());  // Of each expert: token * k + choice.
  for (std::size_t i = 0; i < chosen.size(); ++i)
    places[static_cast<std::size_t>(chosen[i])].push_back(static_cast<std::int64_t>(i));
  std::vector<std::int64_t> token, row(chosen.size());
  for (const auto& list : places) {
    for (const std::int64_t place : list) {
      row[static_cast<std::size_t>(place)] = static_cast<std::int64_t>(token.size());
      token.push_back(place / k);
    }
  }
  const Tensor index = Tensor::from(token, Dims(token.size()), x.device());
  const Tensor sorted = tokens == 1 ? x.expand({k, x.size(1)}) : index_select(x, 0, index);
  std::vector<Tensor> results;
  std::int64_t begin = 0;
  for (std::size_t e = 0; e < experts_.size(); ++e) {
    const auto n = static_cast<std::int64_t>(places[e].size());
    if (n == 0) continue;
    results.push_back(experts_[e].forward(sorted.slice(0, begin, begin + n)));
    begin += n;
  }
  const Tensor by_choice = index_select(cat(results, 0), 0, Tensor::from(row, Dims(row.size()), x.device()));
  const Tensor weights = routes.weights.to(x.dtype()).view({tokens, 1, k});
  return bmm(weights, by_choice.view({tokens, k, x.size(1)})).select(1, 0);
}

Tensor MoeLayer::forward(const Tensor& x) const {
  const Tensor y = routed(x.reshape({x.size(0) * x.size(1), x.size(2)})).view(x.shape());
  return shared_ ? add(y, shared_->forward(x)) : y;
}

}  // namespace fg::nn
