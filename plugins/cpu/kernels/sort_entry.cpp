// SPDX-License-Identifier: Apache-2.0
//
// sort and topk as launches.

#include "fg/abi/ops.h"
#include "plugins/cpu/kernels/entry.hpp"
#include "plugins/cpu/kernels/kernels.hpp"
#include "plugins/cpu/kernels/sort.hpp"
#include "plugins/cpu/kernels/topk.hpp"

namespace fg::cpu::entry {
namespace {

SortArgs sort_args(const sdk::Launch& l) {
  const auto& p = l.params<fg_sort_params>();
  const fg_tensor &self = l.in(), &values = l.out(0), &indices = l.out(1);
  SortArgs a;
  a.dtype = self.dtype;
  a.rows.x = self.ptr;
  a.rows.y = values.ptr;
  a.rows.element_bytes = element_bytes(self);
  for (int d = 0; d < self.ndim; ++d) {
    Space& s = d == p.dim ? a.rows.row : a.rows.outer;
    s.add(self.shape[d], {self.stride[d], values.stride[d], indices.stride[d]});
  }
  a.rows.outer.coalesce();
  a.indices = static_cast<std::int64_t*>(indices.ptr);
  a.descending = p.descending != 0;
  return a;
}

TopkArgs topk_args(const sdk::Launch& l) {
  const auto& p = l.params<fg_topk_params>();
  const fg_tensor &self = l.in(), &values = l.out(0), &indices = l.out(1);
  TopkArgs a;
  a.dtype = self.dtype;
  a.self = self.ptr;
  a.values = values.ptr;
  a.indices = static_cast<std::int64_t*>(indices.ptr);
  a.largest = p.largest != 0;
  a.k = p.k;
  for (int d = 0; d < self.ndim; ++d) {
    if (d != p.dim) {
      a.outer.add(self.shape[d], {self.stride[d], values.stride[d], indices.stride[d]});
      continue;
    }
    a.length = self.shape[d];
    a.self_step = self.stride[d];
    a.values_step = values.stride[d];
    a.indices_step = indices.stride[d];
  }
  a.outer.coalesce();
  return a;
}

}  // namespace

Result<void> sort(const sdk::Launch& l) {
  cpu::sort(sort_args(l), PoolExec(l), workspace_at(l));
  return {};
}
Result<std::uint64_t> sort_workspace(const sdk::Launch& l) {
  return cpu::sort_workspace(sort_args(l), workers_of(l)) + kWorkspaceAlign;
}
Result<void> topk(const sdk::Launch& l) {
  cpu::topk(topk_args(l), PoolExec(l), workspace_at(l));
  return {};
}
Result<std::uint64_t> topk_workspace(const sdk::Launch& l) {
  return cpu::topk_workspace(topk_args(l), workers_of(l)) + kWorkspaceAlign;
}

}  // namespace fg::cpu::entry
