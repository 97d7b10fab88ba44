// SPDX-License-Identifier: Apache-2.0
//
// topk_softmax, grouped_topk, fused_experts as launches.

#include "fg/abi/ops.h"
#include "plugins/cpu/kernels/entry.hpp"
#include "plugins/cpu/kernels/experts.hpp"
#include "plugins/cpu/kernels/index_entry.hpp"
#include "plugins/cpu/kernels/kernels.hpp"

namespace fg::cpu::entry {
namespace {

RoutesArgs routes_of(const sdk::Launch& l) {
  const fg_tensor &gating = l.in(0), &weights = l.out(0);
  RoutesArgs a;
  a.dtype = gating.dtype;
  a.tokens = gating.shape[0];
  a.experts = gating.shape[1];
  a.choices = weights.shape[1];
  a.gating = gating.ptr;
  a.weights = static_cast<float*>(weights.ptr);
  a.ids = static_cast<std::int32_t*>(l.out(1).ptr);
  return a;
}

RoutesArgs topk_softmax_args(const sdk::Launch& l) {
  RoutesArgs a = routes_of(l);
  a.scoring = Scoring::softmax;
  a.normalise = l.params<fg_topk_softmax_params>().renormalize != 0;
  a.numbers = static_cast<std::int32_t*>(l.out(2).ptr);
  return a;
}

RoutesArgs grouped_topk_args(const sdk::Launch& l) {
  const auto& p = l.params<fg_grouped_topk_params>();
  RoutesArgs a = routes_of(l);
  a.scoring = p.scoring == 1 ? Scoring::sigmoid : Scoring::none;
  a.groups = p.num_expert_group;
  a.groups_kept = p.topk_group;
  if (present(l.in(1))) a.bias = l.in(1).ptr;
  a.normalise = p.renormalize != 0;
  a.least_total = 1e-20;  // DeepSeek's, so that scores of nothing are no NaN.
  a.factor = p.routed_scaling_factor;
  return a;
}

ExpertsArgs experts_args(const sdk::Launch& l) {
  const fg_tensor &x = l.in(0), &w1 = l.in(1), &w2 = l.in(2), &ids = l.in(4);
  ExpertsArgs a;
  a.dtype = x.dtype;
  a.tokens = x.shape[0];
  a.channels = x.shape[1];
  a.choices = ids.shape[1];
  a.experts = w1.shape[0];
  a.middle = w2.shape[2];
  a.x = x.ptr;
  a.w1 = w1.ptr;
  a.w2 = w2.ptr;
  a.weights = static_cast<const float*>(l.in(3).ptr);
  a.ids = indices_of(ids);
  a.out = l.out().ptr;
  return a;
}

template <RoutesArgs (*Args)(const sdk::Launch&)>
Result<void> route(const sdk::Launch& l) {
  const RoutesArgs a = Args(l);
  if (a.choices != 0) cpu::routes(a, PoolExec(l), workspace_at(l));
  return {};
}
template <RoutesArgs (*Args)(const sdk::Launch&)>
std::uint64_t route_workspace(const sdk::Launch& l) {
  return routes_workspace(Args(l), workers_of(l)) + kWorkspaceAlign;
}

}  // namespace

Result<void> topk_softmax(const sdk::Launch& l) { return route<topk_softmax_args>(l); }
Result<std::uint64_t> topk_softmax_workspace(const sdk::Launch& l) { return route_workspace<topk_softmax_args>(l); }
Result<void> grouped_topk(const sdk::Launch& l) { return route<grouped_topk_args>(l); }
Result<std::uint64_t> grouped_topk_workspace(const sdk::Launch& l) { return route_workspace<grouped_topk_args>(l); }

Result<void> fused_experts(const sdk::Launch& l) {
  const ExpertsArgs a = experts_args(l);
  Space space;
  for (int d = 0; d < 2; ++d) space.add(l.in(4).shape[d], {l.in(4).stride[d]});
  FG_TRY(check_indices(l, {"fused_experts", "topk_ids", "w1 has " + std::to_string(a.experts) + " experts", 5, a.ids,
                           space, 0, a.experts}));
  cpu::experts(a, PoolExec(l), workspace_at(l));
  return {};
}
Result<std::uint64_t> fused_experts_workspace(const sdk::Launch& l) {
  return experts_workspace(experts_args(l), workers_of(l)) + kWorkspaceAlign;
}

}  // namespace fg::cpu::entry
