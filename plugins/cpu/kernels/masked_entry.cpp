// SPDX-License-Identifier: Apache-2.0
//
// masked_select and masked_scatter as launches.

#include "plugins/cpu/kernels/copy.hpp"
#include "plugins/cpu/kernels/entry.hpp"
#include "plugins/cpu/kernels/index.hpp"
#include "plugins/cpu/kernels/kernels.hpp"
#include "plugins/cpu/kernels/masked.hpp"

namespace fg::cpu::entry {
namespace {

// self and mask over their broadcast shape, of `ndim` dimensions.
MaskedArgs masked_args(const sdk::Launch& l, int ndim) {
  const fg_tensor &out = l.out(), &self = l.in(0), &mask = l.in(1);
  MaskedArgs a;
  a.element_bytes = element_bytes(self);
  a.self = self.ptr;
  a.mask = static_cast<const std::uint8_t*>(mask.ptr);
  a.out = out.ptr;
  const auto length = [](const fg_tensor& t, int d, int n) {
    const int own = d - (n - t.ndim);
    return own < 0 ? 1 : t.shape[own];
  };
  for (int d = 0; d < ndim; ++d) {
    const std::int64_t n = length(self, d, ndim) == 1 ? length(mask, d, ndim) : length(self, d, ndim);
    const std::int64_t out_stride = d < out.ndim ? out.stride[d] : 0;
    a.space.add(n, {broadcast_stride(self, d, ndim), broadcast_stride(mask, d, ndim), out_stride});
  }
  a.space.coalesce();
  return a;
}

bool is_dense(const fg_tensor& t) { return (t.flags & FG_T_DENSE) != 0; }

}  // namespace

Result<void> masked_select(const sdk::Launch& l) {
  const MaskedArgs a = masked_args(l, std::max(l.in(0).ndim, l.in(1).ndim));
  *static_cast<std::int64_t*>(l.out(1).ptr) = cpu::masked_select(a, PoolExec(l), workspace_at(l));
  return {};
}
Result<std::uint64_t> masked_select_workspace(const sdk::Launch&) { return masked_workspace() + kWorkspaceAlign; }

Result<void> masked_scatter(const sdk::Launch& l) {
  const fg_tensor& source = l.in(2);
  MaskedArgs a = masked_args(l, l.out().ndim);
  a.source = source.ptr;
  a.source_count = sdk::numel(source);
  Arena arena(workspace_at(l));
  void* ws = arena.take<std::byte>(static_cast<std::int64_t>(masked_workspace()));
  if (!is_dense(source)) {
    void* copy = arena.take<std::byte>(a.source_count * a.element_bytes);
    Space s;
    std::int64_t stride = a.source_count;
    for (int d = 0; d < source.ndim; ++d) {
      stride /= std::max<std::int64_t>(source.shape[d], 1);
      s.add(source.shape[d], {source.stride[d], stride});
    }
    s.coalesce();
    copy_elements(source.ptr, copy, s, a.element_bytes, PoolExec(l));
    a.source = copy;
  }
  const std::int64_t taken = cpu::masked_scatter(a, PoolExec(l), ws);
  if (taken <= a.source_count) return {};
  return invalid("masked_scatter: source has " + std::to_string(a.source_count) + " elements, mask has " +
                     std::to_string(taken) + " true ones, expected at least as many",
                 FG_R_SHAPE, static_cast<std::int32_t>(l.n_out()) + 2);
}
Result<std::uint64_t> masked_scatter_workspace(const sdk::Launch& l) {
  const fg_tensor& source = l.in(2);
  Arena arena(nullptr);
  arena.take<std::byte>(static_cast<std::int64_t>(masked_workspace()));
  if (!is_dense(source)) arena.take<std::byte>(sdk::numel(source) * element_bytes(source));
  return arena.used() + kWorkspaceAlign;
}

}  // namespace fg::cpu::entry
