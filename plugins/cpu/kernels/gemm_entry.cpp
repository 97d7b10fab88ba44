// SPDX-License-Identifier: Apache-2.0
//
// mm, bmm and addmm as launches.

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

GemmArgs addmm_args(const sdk::Launch& l) {
  const auto& p = l.params<fg_addmm_params>();
  const fg_tensor& self = l.in(0);
  GemmArgs g = product(l.out(), l.in(1), l.in(2));
  g.alpha = as_double(p.alpha);
  g.beta = as_double(p.beta);
  g.int_alpha = as_int(p.alpha);
  g.int_beta = as_int(p.beta);
  if (g.beta != 0) g.self = {self.ptr, broadcast_stride(self, 0, 2), broadcast_stride(self, 1, 2), 0};
  return g;
}

Result<void> launch(const GemmArgs& args, const sdk::Launch& l) {
  gemm(args, PoolExec(l), workspace_at(l));
  return {};
}
std::uint64_t workspace(const GemmArgs& args, const sdk::Launch& l) {
  return gemm_workspace(args, workers_of(l)) + kWorkspaceAlign;
}

}  // namespace

Result<void> mm(const sdk::Launch& l) { return launch(product(l.out(), l.in(0), l.in(1)), l); }
Result<std::uint64_t> mm_workspace(const sdk::Launch& l) { return workspace(product(l.out(), l.in(0), l.in(1)), l); }
Result<void> bmm(const sdk::Launch& l) { return launch(product(l.out(), l.in(0), l.in(1)), l); }
Result<std::uint64_t> bmm_workspace(const sdk::Launch& l) { return workspace(product(l.out(), l.in(0), l.in(1)), l); }
Result<void> addmm(const sdk::Launch& l) { return launch(addmm_args(l), l); }
Result<std::uint64_t> addmm_workspace(const sdk::Launch& l) { return workspace(addmm_args(l), l); }

}  // namespace fg::cpu::entry
