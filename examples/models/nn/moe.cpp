// SPDX-License-Identifier: Apache-2.0

#include "examples/models/nn/moe.hpp"

#include <cmath>
#include <utility>

namespace fg::nn {

Routes route(const RouterParameters& p, const Tensor& logits, const Tensor& bias) {
  if (p.scoring == RouterParameters::Scoring::softmax) {
    const auto best = topk_softmax(logits, p.per_token, p.normalise);
    return {best.topk_ids, p.scale == 1 ? best.topk_weights : mul(best.topk_weights, p.scale)};
  }
  const auto best = grouped_topk(logits, p.groups, p.groups_kept, p.per_token, p.normalise, p.scale, bias, "sigmoid");
  return {best.topk_ids, best.topk_weights};
}

MoeLayer::MoeLayer(RouterParameters p, Linear gate, Tensor bias, Experts experts, std::unique_ptr<FeedForward> shared)
    : waits_from(experts.down.dtype().bytes() == 2 ? 0x1p32 : HUGE_VAL),
      p_(p),
      gate_(std::move(gate)),
      bias_(std::move(bias)),
      experts_(std::move(experts)),
      shared_(std::move(shared)) {
  for (std::int64_t e = 0; e < p.experts; ++e)
    each_.emplace_back(Linear{experts_.gate_up.select(0, e), {}}, Linear{experts_.down.select(0, e), {}});
}

// The tokens of one expert are one product.  Results lie by (expert, token); each token then collects
// its own in the order of its choices, so that sums do not depend on the other tokens.
Tensor MoeLayer::by_expert(const Tensor& x, const Routes& routes) const {
  const std::int64_t tokens = x.size(0), k = p_.per_token;
  const std::vector<std::int64_t> chosen = routes.experts.to_vector<std::int64_t>();
  std::vector<std::vector<std::int64_t>> places(each_.size());  // Of each expert: token * k + choice.
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
  const Tensor sorted = index_select(x, 0, index);
  std::vector<Tensor> results;
  std::int64_t begin = 0;
  for (std::size_t e = 0; e < each_.size(); ++e) {
    const auto n = static_cast<std::int64_t>(places[e].size());
    if (n == 0) continue;
    results.push_back(each_[e].forward(sorted.slice(0, begin, begin + n)));
    begin += n;
  }
  const Tensor by_choice = index_select(cat(results, 0), 0, Tensor::from(row, Dims(row.size()), x.device()));
  const Tensor weights = routes.weights.to(x.dtype()).view({tokens, 1, k});
  return bmm(weights, by_choice.view({tokens, k, x.size(1)})).select(1, 0);
}

Tensor MoeLayer::forward(const Tensor& x) const {
  const Tensor rows = x.reshape({x.size(0) * x.size(1), x.size(2)});
  const Routes routes = route(p_, gate_(rows.to(gate_.weight.dtype())), bias_);
  const double work = 3.0 * static_cast<double>(rows.size(0) * p_.per_token) *
                      static_cast<double>(experts_.down.size(1) * experts_.down.size(2));
  // A graph may hold a decode step: the host does not see which experts its tokens go to.
  const bool waits = x.size(1) > 1 && work >= waits_from;
  const Tensor y = waits ? by_expert(rows, routes)
                         : fused_experts(rows, experts_.gate_up, experts_.down, routes.weights, routes.experts);
  return shared_ ? add(y.view(x.shape()), shared_->forward(x)) : y.view(x.shape());
}

}  // namespace fg::nn
