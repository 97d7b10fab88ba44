// SPDX-License-Identifier: Apache-2.0
//
// scatter, scatter_add, scatter_reduce, index_add, index_copy, index_fill, index_reduce as launches.

#include <cstring>

#include "fg/abi/ops.h"
#include "plugins/cpu/kernels/combine.hpp"
#include "plugins/cpu/kernels/copy.hpp"
#include "plugins/cpu/kernels/entry.hpp"
#include "plugins/cpu/kernels/index_entry.hpp"
#include "plugins/cpu/kernels/kernels.hpp"
#include "plugins/cpu/kernels/scatter.hpp"

namespace fg::cpu::entry {
namespace {

// What the launches of this file have in common.  Tensor inputs are self, index and src (or source,
// or a value); where src is absent or has no dimensions `number` stands for it.
struct Scatter {
  const char* op;
  std::int64_t dim = 0;
  Combine combine = Combine::assign;
  bool include_self = true, slices = false, wraps = false;  // slices: the index is one line for all
  fg_scalar alpha{}, number{};
};

std::int64_t stride_of(const fg_tensor& t, int d) { return d < t.ndim ? t.stride[d] : 0; }

bool number_for_src(const Scatter& s, const sdk::Launch& l) {
  return !present(l.in(2)) && s.number.kind != FG_SCALAR_NONE;
}

ScatterArgs scatter_args(const sdk::Launch& l, const Scatter& s) {
  const fg_tensor &out = l.out(), &self = l.in(0), &index = l.in(1), &src = l.in(2);
  const auto dim = static_cast<int>(s.dim);
  ScatterArgs a;
  a.dtype = out.dtype;
  a.combine = s.combine;
  a.include_self = s.include_self;
  a.alpha = s.alpha;
  a.out = out.ptr;
  a.src = src.ptr;
  a.indices = indices_of(index);
  a.bound = out.ndim == 0 ? 1 : out.shape[dim];
  a.out_step = stride_of(out, dim);
  a.src_step = stride_of(src, dim);
  a.self_step = stride_of(self, dim);
  const int along = s.slices ? 0 : dim;  // The dimension of the index that counts.
  a.length = index.ndim == 0 ? 1 : index.shape[along];
  a.index_step = stride_of(index, along);
  for (int d = 0; d < out.ndim; ++d) {
    if (d == dim) continue;
    const std::int64_t n = s.slices ? out.shape[d] : index.shape[d];
    a.lines.add(n, {s.slices ? 0 : index.stride[d], out.stride[d], stride_of(src, d), stride_of(self, d)});
  }
  a.lines.coalesce();
  return a;
}

// Does every line of out have a line of the index?
bool covers(const sdk::Launch& l, const Scatter& s) {
  const fg_tensor &out = l.out(), &index = l.in(1);
  for (int d = 0; !s.slices && d < out.ndim; ++d) {
    if (d != s.dim && index.shape[d] != out.shape[d]) return false;
  }
  return true;
}

Result<void> run(const sdk::Launch& l, const Scatter& s) {
  const fg_tensor &out = l.out(), &self = l.in(0), &index = l.in(1);
  ScatterArgs a = scatter_args(l, s);
  std::uint64_t number = 0;
  if (number_for_src(s, l)) {
    with_type(a.dtype, [&]<class Tag>(Tag) {
      using T = typename Tag::type;
      if constexpr (!std::is_same_v<T, f8_e4m3fn> && !std::is_same_v<T, f8_e5m2>) {
        const T x = number_as<T>(s.number);
        std::memcpy(&number, &x, sizeof(T));
      }
    });
    a.src = &number;
  }
  Space positions;
  for (int d = 0; d < index.ndim; ++d) positions.add(index.shape[d], {index.stride[d]});
  positions.coalesce();
  FG_TRY(check_indices(
      l, {s.op, "index", "self has length " + std::to_string(a.bound) + " in dimension " + std::to_string(s.dim),
          static_cast<std::int32_t>(l.n_out()) + 1, a.indices, positions, 0, a.bound, s.wraps}));
  const PoolExec exec(l);
  if (out.ptr != self.ptr) {
    if (sdk::numel(index) > 0 && covers(l, s) && fills_lines(a)) {
      a.self = self.ptr;
    } else {
      Space all;
      for (int d = 0; d < out.ndim; ++d) all.add(out.shape[d], {self.stride[d], out.stride[d]});
      all.coalesce();
      copy_elements(self.ptr, out.ptr, all, element_bytes(out), exec);
    }
  }
  if (sdk::numel(index) > 0) cpu::scatter(a, exec, workspace_at(l));
  return {};
}

Result<std::uint64_t> workspace(const sdk::Launch& l, const Scatter& s) {
  return scatter_workspace(scatter_args(l, s), workers_of(l)) + kWorkspaceAlign;
}

constexpr Combine kReduce[] = {Combine::assign, Combine::sum, Combine::prod};
constexpr Combine kScatterReduce[] = {Combine::sum, Combine::prod, Combine::mean, Combine::amax, Combine::amin};
constexpr Combine kIndexReduce[] = {Combine::prod, Combine::mean, Combine::amax, Combine::amin};

Scatter scatter_of(const sdk::Launch& l) {
  const auto& p = l.params<fg_scatter_params>();
  Scatter s{.op = "scatter", .dim = p.dim, .combine = kReduce[p.reduce]};
  s.number = p.value;
  return s;
}
Scatter scatter_add_of(const sdk::Launch& l) {
  return {.op = "scatter_add", .dim = l.params<fg_scatter_add_params>().dim, .combine = Combine::sum};
}
Scatter scatter_reduce_of(const sdk::Launch& l) {
  const auto& p = l.params<fg_scatter_reduce_params>();
  return {
      .op = "scatter_reduce", .dim = p.dim, .combine = kScatterReduce[p.reduce], .include_self = p.include_self != 0};
}
Scatter index_add_of(const sdk::Launch& l) {
  const auto& p = l.params<fg_index_add_params>();
  const bool one = p.alpha.kind == FG_SCALAR_FLOAT ? p.alpha.v.f == 1 : p.alpha.v.i == 1;
  Scatter s{.op = "index_add", .dim = p.dim, .combine = one ? Combine::sum : Combine::scaled_sum, .slices = true};
  s.alpha = p.alpha;
  return s;
}
Scatter index_copy_of(const sdk::Launch& l) {
  return {.op = "index_copy", .dim = l.params<fg_index_copy_params>().dim, .slices = true};
}
Scatter index_fill_of(const sdk::Launch& l) {
  const auto& p = l.params<fg_index_fill_params>();
  Scatter s{.op = "index_fill", .dim = p.dim, .slices = true, .wraps = true};
  s.number = p.value;
  return s;
}
Scatter index_reduce_of(const sdk::Launch& l) {
  const auto& p = l.params<fg_index_reduce_params>();
  return {.op = "index_reduce",
          .dim = p.dim,
          .combine = kIndexReduce[p.reduce],
          .include_self = p.include_self != 0,
          .slices = true};
}

// One line of indices and rows of as many gradients, dense copies where the launch has others.
struct Backward {
  ScatterArgs args;
  Space indices, grad;  // Tensor 0 what is given, 1 the dense copy.
  bool copies = false;
};

Backward backward_of(const sdk::Launch& l) {
  const auto& p = l.params<fg_embedding_dense_backward_params>();
  const fg_tensor &out = l.out(), &grad = l.in(0), &indices = l.in(1);
  Backward b;
  ScatterArgs& a = b.args;
  a.dtype = out.dtype;
  a.combine = p.scale_grad_by_freq != 0 ? Combine::mean : Combine::sum;
  a.include_self = p.scale_grad_by_freq == 0;
  a.out = out.ptr;
  a.src = grad.ptr;
  a.indices = indices_of(indices);
  a.length = sdk::numel(indices);
  a.bound = out.shape[0];
  a.out_step = out.stride[0];
  const std::int64_t columns = out.shape[1];
  Space both;
  std::int64_t dense = a.length;
  for (int d = 0; d < indices.ndim; ++d) {
    dense /= std::max<std::int64_t>(indices.shape[d], 1);
    both.add(indices.shape[d], {indices.stride[d], grad.stride[d]});
    b.indices.add(indices.shape[d], {indices.stride[d], dense});
    b.grad.add(indices.shape[d], {grad.stride[d], dense * columns});
  }
  b.grad.add(columns, {grad.stride[indices.ndim], 1});
  both.coalesce();
  b.copies = both.ndim > 1;
  a.index_step = b.copies ? 1 : both.ndim == 1 ? both.stride[0][0] : 0;
  a.src_step = b.copies ? columns : both.ndim == 1 ? both.stride[1][0] : 0;
  a.lines.add(columns, {0, out.stride[1], b.copies ? 1 : grad.stride[indices.ndim]});
  return b;
}

void fill_zeros(const fg_tensor& t, int from, std::byte* to, const Exec& exec) {
  static constexpr std::uint64_t kZero = 0;
  Space s;
  for (int d = from; d < t.ndim; ++d) s.add(t.shape[d], {0, t.stride[d]});
  s.coalesce();
  copy_elements(&kZero, to, s, element_bytes(t), exec);
}

}  // namespace

Result<void> embedding_dense_backward(const sdk::Launch& l) {
  const fg_tensor &out = l.out(), &grad = l.in(0), &indices = l.in(1);
  const auto& p = l.params<fg_embedding_dense_backward_params>();
  const PoolExec exec(l);
  Backward b = backward_of(l);
  Space positions;
  for (int d = 0; d < indices.ndim; ++d) positions.add(indices.shape[d], {indices.stride[d]});
  positions.coalesce();
  FG_TRY(check_indices(l, {"embedding_dense_backward", "indices", "num_weights is " + std::to_string(b.args.bound),
                           static_cast<std::int32_t>(l.n_out()) + 1, b.args.indices, positions, 0, b.args.bound}));
  auto* to = static_cast<std::byte*>(out.ptr);
  fill_zeros(out, 0, to, exec);
  if (b.args.length == 0) return {};
  Arena arena(workspace_at(l));
  if (b.copies) {
    const std::int64_t bytes = element_bytes(out);
    void* index = arena.take<std::byte>(b.args.length * b.args.indices.bytes);
    void* rows = arena.take<std::byte>(sdk::numel(grad) * bytes);
    copy_elements(indices.ptr, index, b.indices, b.args.indices.bytes, exec);
    copy_elements(grad.ptr, rows, b.grad, bytes, exec);
    b.args.indices.data = index;
    b.args.src = rows;
  }
  cpu::scatter(b.args, exec, arena.take<std::byte>(0));
  if (p.padding_idx >= 0 && p.padding_idx < b.args.bound)
    fill_zeros(out, 1, to + p.padding_idx * out.stride[0] * element_bytes(out), exec);
  return {};
}
Result<std::uint64_t> embedding_dense_backward_workspace(const sdk::Launch& l) {
  const Backward b = backward_of(l);
  Arena arena(nullptr);
  if (b.copies) {
    arena.take<std::byte>(b.args.length * b.args.indices.bytes);
    arena.take<std::byte>(sdk::numel(l.in(0)) * element_bytes(l.out()));
  }
  return arena.used() + cpu::scatter_workspace(b.args, workers_of(l)) + kWorkspaceAlign;
}

Result<void> scatter(const sdk::Launch& l) { return run(l, scatter_of(l)); }
Result<std::uint64_t> scatter_workspace(const sdk::Launch& l) { return workspace(l, scatter_of(l)); }
Result<void> scatter_add(const sdk::Launch& l) { return run(l, scatter_add_of(l)); }
Result<std::uint64_t> scatter_add_workspace(const sdk::Launch& l) { return workspace(l, scatter_add_of(l)); }
Result<void> scatter_reduce(const sdk::Launch& l) { return run(l, scatter_reduce_of(l)); }
Result<std::uint64_t> scatter_reduce_workspace(const sdk::Launch& l) { return workspace(l, scatter_reduce_of(l)); }
Result<void> index_add(const sdk::Launch& l) { return run(l, index_add_of(l)); }
Result<std::uint64_t> index_add_workspace(const sdk::Launch& l) { return workspace(l, index_add_of(l)); }
Result<void> index_copy(const sdk::Launch& l) { return run(l, index_copy_of(l)); }
Result<void> index_fill(const sdk::Launch& l) { return run(l, index_fill_of(l)); }
Result<void> index_reduce(const sdk::Launch& l) { return run(l, index_reduce_of(l)); }
Result<std::uint64_t> index_reduce_workspace(const sdk::Launch& l) { return workspace(l, index_reduce_of(l)); }

}  // namespace fg::cpu::entry
