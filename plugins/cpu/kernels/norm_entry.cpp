// SPDX-License-Identifier: Apache-2.0
//
// softmax, layer_norm and rms_norm as launches: all of them work on rows.

#include "fg/abi/ops.h"
#include "plugins/cpu/kernels/entry.hpp"
#include "plugins/cpu/kernels/kernels.hpp"
#include "plugins/cpu/kernels/norm.hpp"

namespace fg::cpu::entry {
namespace {

std::int64_t stride_of(const fg_tensor& t, int d) { return t.stride[d]; }

Rows make_rows(const fg_tensor& x, const fg_tensor& y) {
  Rows r;
  r.x = x.ptr;
  r.y = y.ptr;
  r.element_bytes = element_bytes(x);
  return r;
}

// Rows along one dimension.
Rows rows_along(const fg_tensor& x, const fg_tensor& y, std::int64_t dim) {
  Rows r = make_rows(x, y);
  for (int d = 0; d < x.ndim; ++d) {
    Space& s = d == dim ? r.row : r.outer;
    s.add(x.shape[d], {stride_of(x, d), stride_of(y, d)});
  }
  r.outer.coalesce();
  return r;
}

// Rows of the last `n` dimensions; a and b are parameters of that shape, mean and rstd have the leading
// dimensions (and ones).
Rows rows_of_last(const fg_tensor& x, const fg_tensor& y, std::int64_t n, const fg_tensor* a, const fg_tensor* b,
                  const fg_tensor* mean, const fg_tensor* rstd) {
  Rows r = make_rows(x, y);
  const int leading = x.ndim - static_cast<int>(n);
  for (int d = 0; d < leading; ++d) {
    r.outer.add(x.shape[d], {stride_of(x, d), stride_of(y, d), mean == nullptr ? 0 : stride_of(*mean, d),
                             rstd == nullptr ? 0 : stride_of(*rstd, d)});
  }
  const auto parameter = [&](const fg_tensor* t, int d) {
    return t == nullptr || !present(*t) ? stride_of(y, d) : stride_of(*t, d - leading);
  };
  for (int d = leading; d < x.ndim; ++d) {
    r.row.add(x.shape[d], {stride_of(x, d), stride_of(y, d), parameter(a, d), parameter(b, d), stride_of(y, d)});
  }
  r.outer.coalesce();
  r.row.coalesce();
  return r;
}

const void* data_or_null(const fg_tensor& t) { return present(t) ? t.ptr : nullptr; }

SoftmaxArgs softmax_args(const sdk::Launch& l) {
  return {l.out().dtype, rows_along(l.in(), l.out(), l.params<fg_softmax_params>().dim)};
}
LayerNormArgs layer_norm_args(const sdk::Launch& l) {
  const auto& p = l.params<fg_layer_norm_params>();
  return {l.out().dtype,
          rows_of_last(l.in(0), l.out(0), p.n_normalized_shape, &l.in(1), &l.in(2), &l.out(1), &l.out(2)),
          data_or_null(l.in(1)),
          data_or_null(l.in(2)),
          l.out(1).ptr,
          l.out(2).ptr,
          p.eps};
}
RmsNormArgs rms_norm_args(const sdk::Launch& l) {
  const auto& p = l.params<fg_rms_norm_params>();
  return {l.out().dtype, rows_of_last(l.in(0), l.out(0), p.n_normalized_shape, &l.in(1), nullptr, nullptr, nullptr),
          data_or_null(l.in(1)), p.eps};
}

}  // namespace

Result<void> softmax(const sdk::Launch& l) {
  cpu::softmax(softmax_args(l), PoolExec(l), workspace_at(l));
  return {};
}
Result<std::uint64_t> softmax_workspace(const sdk::Launch& l) {
  return cpu::softmax_workspace(softmax_args(l), workers_of(l)) + kWorkspaceAlign;
}
Result<void> layer_norm(const sdk::Launch& l) {
  cpu::layer_norm(layer_norm_args(l), PoolExec(l), workspace_at(l));
  return {};
}
Result<std::uint64_t> layer_norm_workspace(const sdk::Launch& l) {
  return cpu::layer_norm_workspace(layer_norm_args(l), workers_of(l)) + kWorkspaceAlign;
}
Result<void> rms_norm(const sdk::Launch& l) {
  cpu::rms_norm(rms_norm_args(l), PoolExec(l), workspace_at(l));
  return {};
}
Result<std::uint64_t> rms_norm_workspace(const sdk::Launch& l) {
  return cpu::rms_norm_workspace(rms_norm_args(l), workers_of(l)) + kWorkspaceAlign;
}

}  // namespace fg::cpu::entry
