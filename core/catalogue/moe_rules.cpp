// SPDX-License-Identifier: Apache-2.0
//
// Shape rules of mixtures of experts.

#include "core/catalogue/moe_rules.hpp"

#include "core/catalogue/norm_rules.hpp"

namespace fg::core::moe_rules {
namespace {

Result<void> check_rank(const RuleCall& call, int i, std::size_t rank) {
  const std::size_t n = call.shape(i).size();
  if (n == rank) return {};
  return call.error(i, FG_R_RANK,
                    call.name(i) + " has " + std::to_string(n) + " dimensions, expected " + std::to_string(rank));
}

// Attribute `name`, at most `most`, which is `meaning`.
Result<std::int64_t> at_most(const RuleCall& call, std::string_view name, std::int64_t most,
                             const std::string& meaning) {
  const int i = call.find(name);
  const std::int64_t value = call.integer(i);
  if (value <= most) return value;
  return call.error(i, FG_R_PARAMETER,
                    std::string(name) + " is " + std::to_string(value) + ", expected at most " + std::to_string(most) +
                        ", " + meaning);
}

// Each result has `k` for every token.
void assign_routes(const RuleCall& call, std::int64_t k) {
  const std::int64_t shape[] = {call.shape(0)[0], k};
  for (Shape& out : call.outs) assign(out, shape);
}

}  // namespace

Result<void> topk_softmax(const RuleCall& call) {
  FG_TRY(check_rank(call, 0, 2));
  FG_TRY_ASSIGN(const std::int64_t k, at_most(call, "k", call.shape(0)[1], "the number of experts"));
  assign_routes(call, k);
  return {};
}

Result<void> grouped_topk(const RuleCall& call) {
  FG_TRY(check_rank(call, 0, 2));
  const std::int64_t experts = call.shape(0)[1];
  const std::int64_t per_expert[] = {experts};
  FG_TRY(rules::expect_shape(call, "bias", per_expert, "one per expert"));
  const int groups_at = call.find("num_expert_group");
  const std::int64_t groups = call.integer(groups_at);
  if (experts == 0 || experts % groups != 0) {
    return call.error(groups_at, FG_R_PARAMETER,
                      "num_expert_group is " + std::to_string(groups) + ", which does not divide the " +
                          std::to_string(experts) + " experts of gating");
  }
  FG_TRY_ASSIGN(const std::int64_t kept, at_most(call, "topk_group", groups, "num_expert_group"));
  FG_TRY_ASSIGN(const std::int64_t k,
                at_most(call, "topk", experts / groups * kept, "the experts of topk_group groups"));
  assign_routes(call, k);
  return {};
}

Result<void> fused_experts(const RuleCall& call) {
  constexpr int kHidden = 0, kW1 = 1, kW2 = 2, kWeights = 3, kIds = 4;
  for (const int i : {kHidden, kWeights, kIds}) FG_TRY(check_rank(call, i, 2));
  for (const int i : {kW1, kW2}) FG_TRY(check_rank(call, i, 3));
  const auto hidden = call.shape(kHidden), w1 = call.shape(kW1), w2 = call.shape(kW2), ids = call.shape(kIds);
  const std::int64_t tokens = hidden[0], channels = hidden[1], experts = w1[0], middle = w2[2];
  const std::int64_t want_w2[] = {experts, channels, middle}, want_w1[] = {experts, 2 * middle, channels};
  FG_TRY(rules::expect_shape(call, "w2", want_w2, "[experts, channels, half the rows of w1],"));
  FG_TRY(rules::expect_shape(call, "w1", want_w1, "[experts, two for each column of w2, channels],"));
  const std::int64_t routes[] = {tokens, ids[1]};
  FG_TRY(rules::expect_shape(call, "topk_ids", routes, "one row per token"));
  FG_TRY(rules::expect_shape(call, "topk_weights", routes, "that of topk_ids"));
  const std::int64_t lengths[] = {tokens, ids[1], middle, channels};
  for (std::size_t i = 0; i < std::size(lengths); ++i) call.bind(i, lengths[i]);
  assign(call.outs[0], hidden);
  return {};
}

}  // namespace fg::core::moe_rules
