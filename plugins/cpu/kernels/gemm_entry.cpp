// SPDX-License-Identifier: Apache-2.0
//
// Products as launches: which operand is which matrix of gemm().

#include "fg/abi/ops.h"
#include "plugins/cpu/kernels/entry.hpp"
#include "plugins/cpu/kernels/gemm.hpp"
#include "plugins/cpu/kernels/kernels.hpp"

namespace fg::cpu::entry {
namespace {

// The last two dimensions, and the batch's before them.
Matrix matrix(const fg_tensor& t) {
  const int n = t.ndim;
  return {t.ptr, t.stride[n - 2], t.stride[n - 1], n == 3 ? t.stride[0] : 0};
}

GemmArgs product(const fg_tensor& out, const fg_tensor& a, const fg_tensor& b) {
  GemmArgs g;
  const int n = out.ndim;
  g.dtype = out.dtype;
  g.batch = n == 3 ? out.shape[0] : 1;
  g.m = out.shape[n - 2];
  g.n = out.shape[n - 1];
  g.k = a.shape[n - 1];
  g.out = matrix(out);
  g.a = matrix(a);
  g.b = matrix(b);
  return g;
}

double as_double(const fg_scalar& s) { return s.kind == FG_SCALAR_FLOAT ? s.v.f : static_cast<double>(s.v.i); }
std::int64_t as_int(const fg_scalar& s) { return s.kind == FG_SCALAR_FLOAT ? static_cast<std::int64_t>(s.v.f) : s.v.i; }

// alpha, beta and self, which is broadcast to `out`.
template <class Params>
GemmArgs with_self(GemmArgs g, const Params& p, const fg_tensor& self, int ndim) {
  g.alpha = as_double(p.alpha);
  g.beta = as_double(p.beta);
  g.int_alpha = as_int(p.alpha);
  g.int_beta = as_int(p.beta);
  if (is_float(g.dtype) ? g.beta == 0 : g.int_beta == 0) return g;
  const auto stride = [&](int back) { return back > ndim ? 0 : broadcast_stride(self, ndim - back, ndim); };
  g.self = ndim == 1 ? Matrix{self.ptr, stride(1), 0, 0} : Matrix{self.ptr, stride(2), stride(1), stride(3)};
  return g;
}

GemmArgs mm_args(const sdk::Launch& l) { return product(l.out(), l.in(0), l.in(1)); }
GemmArgs addmm_args(const sdk::Launch& l) {
  return with_self(product(l.out(), l.in(1), l.in(2)), l.params<fg_addmm_params>(), l.in(0), 2);
}
GemmArgs baddbmm_args(const sdk::Launch& l) {
  return with_self(product(l.out(), l.in(1), l.in(2)), l.params<fg_baddbmm_params>(), l.in(0), 3);
}

// Rows of `a`, or `a` itself, times a vector.
GemmArgs vector_product(const fg_tensor& out, const fg_tensor& a, const fg_tensor& v) {
  GemmArgs g;
  g.dtype = out.dtype;
  g.m = a.ndim == 2 ? a.shape[0] : 1;
  g.n = 1;
  g.k = v.shape[0];
  g.out = {out.ptr, out.ndim == 1 ? out.stride[0] : 0, 0, 0};
  g.a = {a.ptr, a.ndim == 2 ? a.stride[0] : 0, a.stride[a.ndim - 1], 0};
  g.b = {v.ptr, v.stride[0], 0, 0};
  return g;
}
GemmArgs mv_args(const sdk::Launch& l) { return vector_product(l.out(), l.in(0), l.in(1)); }
GemmArgs addmv_args(const sdk::Launch& l) {
  return with_self(vector_product(l.out(), l.in(1), l.in(2)), l.params<fg_addmv_params>(), l.in(0), 1);
}

Result<void> launch(const GemmArgs& args, const sdk::Launch& l) {
  gemm(args, PoolExec(l), workspace_at(l));
  return {};
}
std::uint64_t workspace(const GemmArgs& args, const sdk::Launch& l) {
  return gemm_workspace(args, workers_of(l)) + kWorkspaceAlign;
}

// The leading dimensions of linear's input and out: the innermost that both step through evenly are the
// rows of one product, the others an index of products.
struct Rows {
  int outer = 0;  // Leading dimensions that stay an index.
  std::int64_t count = 1, in_stride = 0, out_stride = 0;

  Rows(const fg_tensor& in, const fg_tensor& out) : outer(in.ndim - 1) {
    for (; outer > 0; --outer) {
      const int d = outer - 1;
      if (in.shape[d] == 1) continue;
      if (count != 1 && (in.stride[d] != count * in_stride || out.stride[d] != count * out_stride)) return;
      if (count == 1) in_stride = in.stride[d], out_stride = out.stride[d];
      count *= in.shape[d];
    }
  }
};

GemmArgs linear_args(const sdk::Launch& l, const Rows& rows) {
  const fg_tensor &in = l.in(0), &weight = l.in(1), &out = l.out();
  const int last = in.ndim - 1;
  GemmArgs g;
  g.dtype = out.dtype;
  g.m = rows.count;
  g.n = weight.shape[0];
  g.k = weight.shape[1];
  g.out = {out.ptr, rows.out_stride, out.stride[last], 0};
  g.a = {in.ptr, rows.in_stride, in.stride[last], 0};
  g.b = {weight.ptr, weight.stride[1], weight.stride[0], 0};
  if (l.n_in() > 2 && present(l.in(2))) {
    g.beta = 1;
    g.int_beta = 1;
    g.self = {l.in(2).ptr, 0, l.in(2).stride[0], 0};
  }
  return g;
}

template <GemmArgs (*Args)(const sdk::Launch&)>
Result<void> run(const sdk::Launch& l) {
  return launch(Args(l), l);
}
template <GemmArgs (*Args)(const sdk::Launch&)>
Result<std::uint64_t> space(const sdk::Launch& l) {
  return workspace(Args(l), l);
}

}  // namespace

Result<void> mm(const sdk::Launch& l) { return run<mm_args>(l); }
Result<std::uint64_t> mm_workspace(const sdk::Launch& l) { return space<mm_args>(l); }
Result<void> addmm(const sdk::Launch& l) { return run<addmm_args>(l); }
Result<std::uint64_t> addmm_workspace(const sdk::Launch& l) { return space<addmm_args>(l); }
Result<void> baddbmm(const sdk::Launch& l) { return run<baddbmm_args>(l); }
Result<std::uint64_t> baddbmm_workspace(const sdk::Launch& l) { return space<baddbmm_args>(l); }
Result<void> mv(const sdk::Launch& l) { return run<mv_args>(l); }
Result<std::uint64_t> mv_workspace(const sdk::Launch& l) { return space<mv_args>(l); }
Result<void> addmv(const sdk::Launch& l) { return run<addmv_args>(l); }
Result<std::uint64_t> addmv_workspace(const sdk::Launch& l) { return space<addmv_args>(l); }

Result<void> linear(const sdk::Launch& l) {
  const fg_tensor &in = l.in(0), &out = l.out();
  const Rows rows(in, out);
  std::int64_t products = rows.count == 0 ? 0 : 1;
  for (int d = 0; d < rows.outer; ++d) products *= in.shape[d];
  const GemmArgs first = linear_args(l, rows);
  const std::int64_t bytes = element_bytes(out);
  for (std::int64_t i = 0; i < products; ++i) {
    GemmArgs g = first;
    std::int64_t rest = i;
    for (int d = rows.outer - 1; d >= 0; rest /= in.shape[d], --d) {
      g.a.data = static_cast<std::byte*>(g.a.data) + rest % in.shape[d] * in.stride[d] * bytes;
      g.out.data = static_cast<std::byte*>(g.out.data) + rest % in.shape[d] * out.stride[d] * bytes;
    }
    gemm(g, PoolExec(l), workspace_at(l));
  }
  return {};
}
Result<std::uint64_t> linear_workspace(const sdk::Launch& l) {
  return workspace(linear_args(l, Rows(l.in(0), l.out())), l);
}

}  // namespace fg::cpu::entry
