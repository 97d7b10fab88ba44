// SPDX-License-Identifier: Apache-2.0
//
// randperm and multinomial as launches.

#include "fg/abi/ops.h"
#include "plugins/cpu/kernels/entry.hpp"
#include "plugins/cpu/kernels/kernels.hpp"
#include "plugins/cpu/kernels/sample.hpp"

namespace fg::cpu::entry {
namespace {

RandpermArgs randperm_args(const sdk::Launch& l) {
  const auto& p = l.params<fg_randperm_params>();
  const fg_tensor& out = l.out();
  return {out.dtype, out.ptr, out.shape[0], out.stride[0], p.seed, p.offset};
}

// How many numbers from 0 on the dtype holds, one after the other; positions have 32 bits.
std::int64_t numbers_of(fg_dtype dtype) {
  switch (dtype) {
    case FG_I8: return std::int64_t{1} << 7;
    case FG_U8: return std::int64_t{1} << 8;
    case FG_I16: return std::int64_t{1} << 15;
    case FG_I32: return std::int64_t{1} << 31;
    case FG_F32: return (std::int64_t{1} << 24) + 1;
    default: return std::int64_t{1} << 32;
  }
}

MultinomialArgs multinomial_args(const sdk::Launch& l) {
  const auto& p = l.params<fg_multinomial_params>();
  const fg_tensor &out = l.out(), &self = l.in();
  const int last = self.ndim - 1;
  MultinomialArgs a;
  a.dtype = self.dtype;
  a.weights = self.ptr;
  a.out = static_cast<std::int64_t*>(out.ptr);
  a.length = self.shape[last];
  a.step = self.stride[last];
  a.samples = p.num_samples;
  a.out_step = out.stride[last];
  if (last == 1) {
    a.rows = self.shape[0];
    a.row_step = self.stride[0];
    a.out_row_step = out.stride[0];
  }
  a.replacement = p.replacement != 0;
  a.seed = p.seed;
  a.offset = p.offset;
  return a;
}

std::string row_text(const fg_tensor& self, std::int64_t row) {
  return self.ndim == 1 ? "self" : "row " + std::to_string(row) + " of self";
}

}  // namespace

Result<void> randperm(const sdk::Launch& l) {
  const RandpermArgs a = randperm_args(l);
  if (a.n > numbers_of(a.dtype)) {
    return invalid("randperm: n is " + std::to_string(a.n) + ", expected at most " +
                       std::to_string(numbers_of(a.dtype)) + " for " + std::string(dtype_name(a.dtype)),
                   FG_R_PARAMETER, 0);
  }
  cpu::randperm(a, PoolExec(l), workspace_at(l));
  return {};
}
Result<std::uint64_t> randperm_workspace(const sdk::Launch& l) {
  return cpu::randperm_workspace(randperm_args(l), workers_of(l)) + kWorkspaceAlign;
}

Result<void> multinomial(const sdk::Launch& l) {
  const MultinomialArgs a = multinomial_args(l);
  const BadWeights bad = cpu::multinomial(a, PoolExec(l), workspace_at(l));
  if (bad.what == Weights::fine) return {};
  const char* const why = bad.what == Weights::no_number ? " has a weight that is negative, infinite or NaN"
                          : bad.what == Weights::no_sum  ? " has weights without a positive finite sum"
                                                         : " has fewer positive weights than num_samples";
  return invalid("multinomial: " + row_text(l.in(), bad.row) + why + ", expected weights to draw " +
                     std::to_string(a.samples) + " from",
                 FG_R_PARAMETER, 0);
}
Result<std::uint64_t> multinomial_workspace(const sdk::Launch& l) {
  return cpu::multinomial_workspace(multinomial_args(l), workers_of(l)) + kWorkspaceAlign;
}

}  // namespace fg::cpu::entry
