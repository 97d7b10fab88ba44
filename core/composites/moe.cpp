// SPDX-License-Identifier: Apache-2.0
//
// Mixtures of experts: routes by topk, experts as products of matrices that the routes choose.  Nothing is read
// on the host, so a graph can hold them.

#include <algorithm>

#include "core/composites/composites.hpp"
#include "core/dispatch/enable.hpp"
#include "core/dispatch/outputs.hpp"
#include "core/tensor/views.hpp"

namespace fg::core {
namespace {

using Lengths = std::vector<std::int64_t>;

Result<Tensor> reshaped(const Tensor& t, const Lengths& shape) {
  return apply("reshape", {arg(t), arg(std::span<const std::int64_t>(shape))});
}

struct Best {
  Tensor values, places;
};
// The k greatest of the last dimension, of equal ones the first.
Result<Best> best_of(const Tensor& x, std::int64_t k) {
  FG_TRY_ASSIGN(const OpInfo* op, lookup("topk"));
  const fg_value args[] = {arg(x), fg_value_int(k)};
  fg_tensor_handle made[2] = {nullptr, nullptr};
  FG_TRY(call(*op, args, Form::functional, made));
  return Best{Tensor::adopt(made[0]), Tensor::adopt(made[1])};
}

Result<Tensor> chosen_from(const Tensor& x, const Tensor& places) {
  return apply("gather", {arg(x), fg_value_int(x.ndim() - 1), arg(places)});
}

Result<Tensor> sum_of_last(const Tensor& x, bool keep) {
  const std::int64_t last[] = {x.ndim() - 1};
  return apply("sum", {arg(x), arg(last), fg_value_bool(keep)});
}

// The best `k` of the experts in the best `kept` of `groups` groups, as places in a row of `choice`.
Result<Tensor> best_in_groups(const Tensor& choice, std::int64_t groups, std::int64_t kept, std::int64_t k) {
  const std::int64_t tokens = choice->shape[0], size = choice->shape[1] / groups;
  FG_TRY_ASSIGN(const Tensor grouped, reshaped(choice, {tokens, groups, size}));
  FG_TRY_ASSIGN(const Best leaders, best_of(grouped, std::min<std::int64_t>(size, 2)));
  FG_TRY_ASSIGN(const Tensor merit, sum_of_last(leaders.values, false));
  FG_TRY_ASSIGN(const Best best, best_of(merit, kept));
  // In the order of their experts, so that of equal ones the first is chosen.
  FG_TRY_ASSIGN(const Tensor in_order, apply("sort", {arg(best.places)}));
  FG_TRY_ASSIGN(Tensor wide, views::unsqueeze(in_order, 2));
  const Lengths repeated{tokens, kept, size};
  FG_TRY_ASSIGN(wide, views::expand(wide, repeated));
  FG_TRY_ASSIGN(Tensor candidates, apply("gather", {arg(grouped), fg_value_int(1), arg(wide)}));
  FG_TRY_ASSIGN(candidates, reshaped(candidates, {tokens, kept * size}));
  FG_TRY_ASSIGN(const Best found, best_of(candidates, k));
  FG_TRY_ASSIGN(const Tensor which,
                map("floor_div(place, size)", std::array{Named("place", found.places), Named("size", size)}));
  FG_TRY_ASSIGN(const Tensor group, chosen_from(in_order, which));
  return map("group * size + place % size",
             std::array{Named("group", group), Named("size", size), Named("place", found.places)});
}

// down(silu(gate) * up) of rows x [n, rows, channels], for as many weights w1 [n, 2 middle, channels] and
// w2 [n, channels, middle].
Result<Tensor> experts_of(const Tensor& x, const Tensor& w1, const Tensor& w2) {
  FG_TRY_ASSIGN(const Tensor in, views::transpose(w1, 1, 2));
  FG_TRY_ASSIGN(const Tensor out, views::transpose(w2, 1, 2));
  FG_TRY_ASSIGN(const Tensor both, apply("bmm", {arg(x), arg(in)}));
  FG_TRY_ASSIGN(const Tensor middle, apply("swiglu", {arg(both)}));
  return apply("bmm", {arg(middle), arg(out)});
}

// Every choice with a copy of its expert's weights.
Result<void> by_choice(const Tensor& out, const Tensor& x, const Tensor& w1, const Tensor& w2, const Tensor& weights,
                       const Tensor& ids) {
  const std::int64_t tokens = ids->shape[0], k = ids->shape[1], channels = x->shape[1];
  FG_TRY_ASSIGN(const Tensor flat, reshaped(ids, {tokens * k}));
  FG_TRY_ASSIGN(const Tensor own1, apply("index_select", {arg(w1), fg_value_int(0), arg(flat)}));
  FG_TRY_ASSIGN(const Tensor own2, apply("index_select", {arg(w2), fg_value_int(0), arg(flat)}));
  FG_TRY_ASSIGN(Tensor rows, views::unsqueeze(x, 1));
  const Lengths repeated{tokens, k, channels};
  FG_TRY_ASSIGN(rows, views::expand(rows, repeated));
  FG_TRY_ASSIGN(rows, reshaped(rows, {tokens * k, 1, channels}));
  FG_TRY_ASSIGN(Tensor y, experts_of(rows, own1, own2));
  FG_TRY_ASSIGN(y, reshaped(y, repeated));
  FG_TRY_ASSIGN(const Tensor column, views::unsqueeze(weights, 2));
  FG_TRY_ASSIGN(const Tensor wide, widened(y));
  FG_TRY_ASSIGN(const Tensor terms, map("y * w", std::array{Named("y", wide), Named("w", column)}));
  const std::int64_t choices[] = {1};
  FG_TRY_ASSIGN(const Tensor total, apply("sum", {arg(terms), arg(choices)}));
  return copy_into(out, total);
}

// Every expert with all tokens, of which those that did not choose it leave the result out.
Result<void> by_expert(const Tensor& out, const Tensor& x, const Tensor& w1, const Tensor& w2, const Tensor& weights,
                       const Tensor& ids) {
  FG_TRY_ASSIGN(const Tensor wide, widened(x));
  FG_TRY_ASSIGN(const Tensor total, apply("zeros_like", {arg(wide)}));
  FG_TRY_ASSIGN(const Tensor exact, copy_of(weights, wide.dtype()));
  FG_TRY_ASSIGN(const Tensor rows, views::unsqueeze(x, 0));
  for (std::int64_t e = 0; e < w1->shape[0]; ++e) {
    FG_TRY_ASSIGN(const Tensor up, views::slice(w1, 0, e, e + 1));
    FG_TRY_ASSIGN(const Tensor down, views::slice(w2, 0, e, e + 1));
    FG_TRY_ASSIGN(Tensor y, experts_of(rows, up, down));
    FG_TRY_ASSIGN(y, widened(y));
    FG_TRY_ASSIGN(y, views::select(y, 0, 0));
    const std::array operands{Named("id", ids), Named("w", exact), Named("e", e)};
    FG_TRY_ASSIGN(const Tensor own, map("where(id == e, w, 0.0)", operands));
    FG_TRY_ASSIGN(const Tensor taken, map("where(id == e, 1.0, 0.0)", std::array{Named("id", ids), Named("e", e)}));
    FG_TRY_ASSIGN(const Tensor weight, sum_of_last(own, true));
    FG_TRY_ASSIGN(const Tensor times, sum_of_last(taken, true));
    FG_TRY(map_into(total, "where(times > 0, total + y * w, total)",
                    std::array{Named("times", times), Named("total", total), Named("y", y), Named("w", weight)}));
  }
  return copy_into(out, total);
}

}  // namespace

Result<void> topk_softmax(CompositeCall& c) {
  const Tensor gating = c.tensor("gating");
  const std::int64_t tokens = gating->shape[0], k = c.integer("k");
  FG_TRY_ASSIGN(const Tensor x, widened(gating));
  FG_TRY_ASSIGN(const Best best, best_of(x, k));
  FG_TRY_ASSIGN(const Tensor all, apply("softmax", {arg(x), fg_value_int(1)}));
  FG_TRY_ASSIGN(Tensor weights, chosen_from(all, best.places));
  if (c.flag("renormalize")) {
    FG_TRY_ASSIGN(const Tensor total, sum_of_last(weights, true));
    FG_TRY_ASSIGN(weights, map("w / total", std::array{Named("w", weights), Named("total", total)}));
  }
  FG_TRY(copy_into(c.out[0], weights));
  FG_TRY(copy_into(c.out[1], best.places));
  // Choice j of token i is number j * tokens + i.
  FG_TRY_ASSIGN(Tensor numbers, count_from_zero(c.plan.device, tokens * k));
  FG_TRY_ASSIGN(numbers, reshaped(numbers, {k, tokens}));
  FG_TRY_ASSIGN(numbers, views::transpose(numbers, 0, 1));
  return copy_into(c.out[2], numbers);
}

Result<void> grouped_topk(CompositeCall& c) {
  FG_TRY_ASSIGN(Tensor scores, widened(c.tensor("gating")));
  if (c.choice("scoring") == 1) {
    FG_TRY_ASSIGN(scores, apply("sigmoid", {arg(scores)}));
  }
  Tensor choice = scores;
  if (const Tensor bias = c.tensor("bias")) {
    FG_TRY_ASSIGN(choice, map("s + b", std::array{Named("s", scores), Named("b", bias)}));
  }
  FG_TRY_ASSIGN(const Tensor places,
                best_in_groups(choice, c.integer("num_expert_group"), c.integer("topk_group"), c.integer("topk")));
  FG_TRY_ASSIGN(const Tensor weights, chosen_from(scores, places));
  FG_TRY(copy_into(c.out[1], places));
  const Named factor("factor", c.number("routed_scaling_factor").value_or(1));
  if (!c.flag("renormalize")) return map_into(c.out[0], "w * factor", std::array{Named("w", weights), factor});
  FG_TRY_ASSIGN(const Tensor total, sum_of_last(weights, true));
  // DeepSeek's, so that scores of nothing are no NaN.
  return map_into(c.out[0], "w / (total + 1e-20) * factor",
                  std::array{Named("w", weights), Named("total", total), factor});
}

Result<void> fused_experts(CompositeCall& c) {
  const Tensor x = c.tensor("hidden_states"), w1 = c.tensor("w1"), w2 = c.tensor("w2");
  const Tensor weights = c.tensor("topk_weights"), ids = c.tensor("topk_ids");
  const bool few = ids.numel() <= w1->shape[0];  // Copies that are no more than what is copied from.
  return (few ? by_choice : by_expert)(c.out[0], x, w1, w2, weights, ids);
}

Result<void> moe_sum(CompositeCall& c) {
  const std::int64_t choices[] = {1};
  return apply_into(c.out[0], "sum", {arg(c.tensor("input")), arg(choices)});
}

}  // namespace fg::core
