// SPDX-License-Identifier: Apache-2.0
//
// embedding, gather, cat, nonzero as launches.

#include "plugins/cpu/kernels/index_entry.hpp"

#include <vector>

#include "fg/abi/ops.h"
#include "plugins/cpu/kernels/copy.hpp"
#include "plugins/cpu/kernels/entry.hpp"
#include "plugins/cpu/kernels/index.hpp"
#include "plugins/cpu/kernels/kernels.hpp"
#include "plugins/cpu/kernels/nonzero.hpp"

namespace fg::cpu::entry {
namespace {

EmbeddingArgs embedding_args(const sdk::Launch& l) {
  const fg_tensor &out = l.out(), &weight = l.in(0), &indices = l.in(1);
  EmbeddingArgs a;
  a.element_bytes = element_bytes(weight);
  a.weight = weight.ptr;
  a.weight_row = weight.stride[0];
  a.weight_col = weight.stride[1];
  a.width = weight.shape[1];
  a.indices = indices_of(indices);
  a.out = out.ptr;
  a.out_col = out.stride[out.ndim - 1];
  for (int d = 0; d < indices.ndim; ++d) a.space.add(indices.shape[d], {indices.stride[d], out.stride[d]});
  a.space.coalesce();
  return a;
}

GatherArgs gather_args(const sdk::Launch& l) {
  const fg_tensor &out = l.out(), &self = l.in(0), &index = l.in(1);
  const std::int64_t dim = l.params<fg_gather_params>().dim;
  GatherArgs a;
  a.element_bytes = element_bytes(self);
  a.self = self.ptr;
  a.indices = indices_of(index);
  a.out = out.ptr;
  a.self_dim = self.ndim == 0 ? 0 : self.stride[dim];
  for (int d = 0; d < index.ndim; ++d) {
    a.space.add(index.shape[d], {index.stride[d], out.stride[d], d == dim || d >= self.ndim ? 0 : self.stride[d]});
  }
  a.space.coalesce();
  return a;
}

NonzeroArgs nonzero_args(const sdk::Launch& l) {
  const fg_tensor &out = l.out(), &self = l.in();
  return {self.dtype,    self.ptr,     self.ndim, self.shape, self.stride, static_cast<std::int64_t*>(out.ptr),
          out.stride[0], out.stride[1]};
}

}  // namespace

Indices indices_of(const fg_tensor& t) { return {t.ptr, element_bytes(t)}; }

Result<void> check_indices(const sdk::Launch& l, const IndexCheck& c) {
  const std::int64_t lowest = c.wraps ? -c.bound : 0;
  const auto bad = find_bad_index(c.indices, c.space, c.slot, lowest, c.bound, PoolExec(l));
  if (!bad) return {};
  return invalid(std::string(c.op) + ": " + c.argument + position_text(l.raw().t[c.tensor], bad->position) + " is " +
                     std::to_string(bad->value) + ", " + c.bound_text + ", expected " + std::to_string(lowest) +
                     " <= index < " + std::to_string(c.bound),
                 FG_R_BOUNDS, c.tensor);
}

Result<void> embedding(const sdk::Launch& l) {
  const EmbeddingArgs a = embedding_args(l);
  const std::int64_t rows = l.in(0).shape[0];
  FG_TRY(check_indices(
      l, {"embedding", "indices", "weight has " + std::to_string(rows) + " rows", 2, a.indices, a.space, 0, rows}));
  cpu::embedding(a, PoolExec(l));
  return {};
}

Result<void> gather(const sdk::Launch& l) {
  const GatherArgs a = gather_args(l);
  const fg_tensor& self = l.in(0);
  const std::int64_t dim = l.params<fg_gather_params>().dim, bound = self.ndim == 0 ? 1 : self.shape[dim];
  FG_TRY(check_indices(
      l, {"gather", "index", "self has length " + std::to_string(bound) + " in dimension " + std::to_string(dim), 2,
          a.indices, a.space, 0, bound}));
  gather_elements(a, PoolExec(l));
  return {};
}

// Slices of self are rows where the dimensions after dim are dense, so that they move as one.
Result<void> index_select(const sdk::Launch& l) {
  const fg_tensor &out = l.out(), &self = l.in(0), &index = l.in(1);
  const std::int64_t dim = l.params<fg_index_select_params>().dim, bound = self.ndim == 0 ? 1 : self.shape[dim];
  Space positions;
  for (int d = 0; d < index.ndim; ++d) positions.add(index.shape[d], {index.stride[d]});
  const Indices indices = indices_of(index);
  FG_TRY(check_indices(
      l, {"index_select", "index", "self has length " + std::to_string(bound) + " in dimension " + std::to_string(dim),
          2, indices, positions, 0, bound}));
  SelectArgs a;
  a.element_bytes = element_bytes(self);
  a.self = self.ptr;
  a.indices = indices;
  a.out = out.ptr;
  a.count = sdk::numel(index);
  a.index_step = index.ndim == 0 ? 0 : index.stride[0];
  a.self_step = self.ndim == 0 ? 0 : self.stride[dim];
  a.out_step = self.ndim == 0 ? 0 : out.stride[dim];
  for (int d = 0; d < self.ndim; ++d) {
    if (d != dim) (d < dim ? a.outer : a.slice).add(self.shape[d], {self.stride[d], out.stride[d]});
  }
  a.outer.coalesce();
  a.slice.coalesce();
  index_select(a, PoolExec(l));
  return {};
}

Result<void> cat(const sdk::Launch& l) {
  const fg_tensor& out = l.out();
  const std::int64_t dim = l.params<fg_cat_params>().dim, bytes = element_bytes(out);
  auto* to = static_cast<std::byte*>(out.ptr);
  std::vector<CopyPart> parts;
  for (std::size_t i = 0; i < l.n_in(); ++i) {
    const fg_tensor& in = l.in(i);
    if (in.ndim != out.ndim || sdk::numel(in) == 0) continue;  // The one-dimensional empty tensors.
    CopyPart p{in.ptr, to, {}};
    for (int d = 0; d < in.ndim; ++d) p.space.add(in.shape[d], {in.stride[d], out.stride[d]});
    p.space.coalesce();
    parts.push_back(p);
    to += in.shape[dim] * out.stride[dim] * bytes;
  }
  std::int64_t before = 1;
  for (std::int64_t d = 0; d < dim; ++d) before *= out.shape[d];
  if (!parts.empty()) copy_all(parts, bytes, before > 1, PoolExec(l));
  return {};
}

Result<void> nonzero(const sdk::Launch& l) {
  *static_cast<std::int64_t*>(l.out(1).ptr) = cpu::nonzero(nonzero_args(l), PoolExec(l), workspace_at(l));
  return {};
}
Result<std::uint64_t> nonzero_workspace(const sdk::Launch& l) {
  return cpu::nonzero_workspace(nonzero_args(l)) + kWorkspaceAlign;
}

}  // namespace fg::cpu::entry
