// SPDX-License-Identifier: Apache-2.0
//
// Normalisations as launches: all of them work on rows.

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

// Rows along one dimension; `gradient` is a third tensor of the same shape.
Rows rows_along(const fg_tensor& x, const fg_tensor& y, const fg_tensor* gradient, std::int64_t dim) {
  Rows r = make_rows(x, y);
  for (int d = 0; d < x.ndim; ++d) {
    Space& s = d == dim ? r.row : r.outer;
    s.add(x.shape[d], {stride_of(x, d), stride_of(y, d), gradient == nullptr ? 0 : stride_of(*gradient, d)});
  }
  r.outer.coalesce();
  return r;
}

const void* data_or_null(const fg_tensor& t) { return present(t) ? t.ptr : nullptr; }

// Tensors of a launch that are no row tensors of x and y: those walked with the rows, and parameters
// that every row shares; null where there is none.
struct Others {
  const fg_tensor* outer[2];      // Space tensors 2 and 3, of the shape of x or with ones at the end
  const fg_tensor* parameter[3];  // Row tensors 2, 3 and 4
  bool rows = false;              // outer are row tensors too, in place of the first two parameters
};

// Rows of the last `n` dimensions.
Rows rows_of_last(const fg_tensor& x, const fg_tensor& y, std::int64_t n, const Others& o) {
  Rows r = make_rows(x, y);
  const int leading = x.ndim - static_cast<int>(n);
  const auto at = [](const fg_tensor* t, int d, std::int64_t otherwise) {
    return t == nullptr || !present(*t) ? otherwise : t->stride[d];
  };
  for (int d = 0; d < leading; ++d)
    r.outer.add(x.shape[d], {stride_of(x, d), stride_of(y, d), at(o.outer[0], d, 0), at(o.outer[1], d, 0)});
  for (int d = leading; d < x.ndim; ++d) {
    const std::int64_t own = stride_of(y, d);
    std::array<std::int64_t, 3> rest{};
    for (std::size_t k = 0; k < 3; ++k) {
      const bool walked = k < 2 && o.rows && o.outer[k] != nullptr;
      rest[k] = walked ? at(o.outer[k], d, own) : at(o.parameter[k], d - leading, own);
    }
    r.row.add(x.shape[d], {stride_of(x, d), own, rest[0], rest[1], rest[2]});
  }
  r.outer.coalesce();
  r.row.coalesce();
  return r;
}

template <class Params>
SoftmaxArgs forward_args(const sdk::Launch& l, SoftmaxKind kind) {
  return {l.out().dtype, rows_along(l.in(), l.out(), nullptr, l.params<Params>().dim), kind, nullptr};
}
template <class Params>
SoftmaxArgs backward_args(const sdk::Launch& l, SoftmaxKind kind) {
  return {l.out().dtype, rows_along(l.in(1), l.out(), &l.in(0), l.params<Params>().dim), kind, l.in(0).ptr};
}
SoftmaxArgs softmax_args(const sdk::Launch& l) { return forward_args<fg_softmax_params>(l, SoftmaxKind::plain); }
SoftmaxArgs log_softmax_args(const sdk::Launch& l) { return forward_args<fg_log_softmax_params>(l, SoftmaxKind::log); }
SoftmaxArgs safe_softmax_args(const sdk::Launch& l) {
  return forward_args<fg_safe_softmax_params>(l, SoftmaxKind::safe);
}
SoftmaxArgs softmax_backward_args(const sdk::Launch& l) {
  return backward_args<fg_softmax_backward_params>(l, SoftmaxKind::plain_backward);
}
SoftmaxArgs log_softmax_backward_args(const sdk::Launch& l) {
  return backward_args<fg_log_softmax_backward_params>(l, SoftmaxKind::log_backward);
}

NormArgs layer_norm_args(const sdk::Launch& l) {
  const auto& p = l.params<fg_layer_norm_params>();
  const Others others{{&l.out(1), &l.out(2)}, {&l.in(1), &l.in(2), nullptr}};
  NormArgs a{l.out().dtype,
             rows_of_last(l.in(0), l.out(0), p.n_normalized_shape, others),
             data_or_null(l.in(1)),
             data_or_null(l.in(2)),
             l.out(1).ptr,
             l.out(2).ptr,
             p.eps};
  return a;
}
NormArgs rms_norm_args(const sdk::Launch& l) {
  const auto& p = l.params<fg_rms_norm_params>();
  NormArgs a{l.out().dtype, rows_of_last(l.in(0), l.out(0), p.n_normalized_shape, {{}, {&l.in(1), nullptr, nullptr}}),
             data_or_null(l.in(1))};
  a.eps = p.eps;
  return a;
}
NormArgs fused_add_rms_norm_args(const sdk::Launch& l) {
  const auto& p = l.params<fg_fused_add_rms_norm_params>();
  const Others others{{&l.in(1), &l.out(1)}, {nullptr, nullptr, &l.in(2)}, true};
  NormArgs a{l.out().dtype, rows_of_last(l.in(0), l.out(0), p.n_normalized_shape, others), data_or_null(l.in(2))};
  a.eps = p.eps;
  a.residual = l.in(1).ptr;
  a.sum = l.out(1).ptr;
  return a;
}
NormArgs skip_layer_norm_args(const sdk::Launch& l) {
  const auto& p = l.params<fg_skip_layer_norm_params>();
  const Others others{{&l.in(1), nullptr}, {nullptr, &l.in(3), &l.in(2)}, true};
  NormArgs a{l.out().dtype, rows_of_last(l.in(0), l.out(0), p.n_normalized_shape, others), data_or_null(l.in(2)),
             data_or_null(l.in(3))};
  a.eps = p.eps;
  a.residual = l.in(1).ptr;
  return a;
}
// Every tensor is dense: the claim says so.
NormArgs group_norm_args(const sdk::Launch& l) {
  const auto& p = l.params<fg_group_norm_params>();
  const fg_tensor& x = l.in(0);
  const std::int64_t channels = x.shape[1], columns = channels / p.num_groups;
  NormArgs a{
      l.out().dtype, make_rows(x, l.out(0)), data_or_null(l.in(1)), data_or_null(l.in(2)), l.out(1).ptr, l.out(2).ptr,
      p.eps};
  for (int d = 2; d < x.ndim; ++d) a.segment *= x.shape[d];
  const std::int64_t n = columns * a.segment;
  a.groups = p.num_groups;
  a.rows.outer.add(x.shape[0] * p.num_groups, {n, n, 1, 1});
  a.rows.row.add(n, {1, 1, 1, 1, 1});
  return a;
}

}  // namespace

#define FG_CPU_ROWS_ENTRY(OP, FUNCTION)                                              \
  Result<void> OP(const sdk::Launch& l) {                                            \
    cpu::FUNCTION(OP##_args(l), PoolExec(l), workspace_at(l));                       \
    return {};                                                                       \
  }                                                                                  \
  Result<std::uint64_t> OP##_workspace(const sdk::Launch& l) {                       \
    return cpu::FUNCTION##_workspace(OP##_args(l), workers_of(l)) + kWorkspaceAlign; \
  }
FG_CPU_ROWS_ENTRY(softmax, softmax)
FG_CPU_ROWS_ENTRY(log_softmax, softmax)
FG_CPU_ROWS_ENTRY(safe_softmax, softmax)
FG_CPU_ROWS_ENTRY(softmax_backward, softmax)
FG_CPU_ROWS_ENTRY(log_softmax_backward, softmax)
FG_CPU_ROWS_ENTRY(layer_norm, layer_norm)
FG_CPU_ROWS_ENTRY(skip_layer_norm, layer_norm)
FG_CPU_ROWS_ENTRY(group_norm, layer_norm)
FG_CPU_ROWS_ENTRY(rms_norm, rms_norm)
FG_CPU_ROWS_ENTRY(fused_add_rms_norm, rms_norm)
#undef FG_CPU_ROWS_ENTRY

}  // namespace fg::cpu::entry
