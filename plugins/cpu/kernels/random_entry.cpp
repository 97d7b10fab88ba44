// SPDX-License-Identifier: Apache-2.0
//
// The random operators as launches.

#include <cmath>

#include "fg/abi/ops.h"
#include "plugins/cpu/kernels/entry.hpp"
#include "plugins/cpu/kernels/kernels.hpp"
#include "plugins/cpu/kernels/random.hpp"

namespace fg::cpu::entry {
namespace {

// Tensors of one shape; the order of elements stays row-major.
RandomArgs random_args(const fg_tensor& self, const fg_tensor* input, const fg_tensor* mask, std::uint64_t seed,
                       std::uint64_t offset) {
  RandomArgs a;
  a.dtype = self.dtype;
  a.self = self.ptr;
  a.seed = seed;
  a.offset = offset;
  if (input != nullptr) a.input = input->ptr;
  if (mask != nullptr) a.mask = static_cast<std::uint8_t*>(mask->ptr);
  for (int d = 0; d < self.ndim; ++d) {
    a.space.add(self.shape[d],
                {self.stride[d], input == nullptr ? 0 : input->stride[d], mask == nullptr ? 0 : mask->stride[d]});
  }
  a.space.coalesce();
  return a;
}

template <class P>
RandomArgs filled(const sdk::Launch& l, const P& p) {
  return random_args(l.out(), nullptr, nullptr, p.seed, p.offset);
}

template <class P>
Result<void> run_dropout(const sdk::Launch& l, const fg_tensor* mask) {
  const auto& p = l.params<P>();
  const RandomArgs a = random_args(l.out(0), &l.in(0), mask, p.seed, p.offset);
  cpu::dropout(a, p.train != 0 ? p.p : 0.0, PoolExec(l));
  return {};
}

}  // namespace

Result<void> uniform(const sdk::Launch& l) {
  const auto& p = l.params<fg_uniform_params>();
  if (!(p.from <= p.to) || !std::isfinite(p.to - p.from)) {
    return invalid("uniform_: from is " + std::to_string(p.from) + " and to is " + std::to_string(p.to) +
                   ", expected finite numbers with from <= to");
  }
  cpu::uniform(filled(l, p), p.from, p.to, PoolExec(l));
  return {};
}

Result<void> normal(const sdk::Launch& l) {
  const auto& p = l.params<fg_normal_params>();
  cpu::normal(filled(l, p), p.mean, p.std, PoolExec(l));
  return {};
}

Result<void> exponential(const sdk::Launch& l) {
  const auto& p = l.params<fg_exponential_params>();
  cpu::exponential(filled(l, p), p.lambd, PoolExec(l));
  return {};
}

Result<void> bernoulli_fill(const sdk::Launch& l) {
  const auto& p = l.params<fg_bernoulli_params>();
  cpu::bernoulli(filled(l, p), p.p, PoolExec(l));
  return {};
}

Result<void> bernoulli_tensor(const sdk::Launch& l) {
  const auto& p = l.params<fg_bernoulli_tensor_params>();
  const fg_tensor& self = l.in();
  const RandomArgs a = random_args(l.out(), &self, nullptr, p.seed, p.offset);
  const std::int64_t bad = find_no_probability(a, PoolExec(l));
  if (bad >= 0) {
    return invalid("bernoulli_tensor: self" + position_text(self, bad) + " is no probability, expected 0 to 1",
                   FG_R_PARAMETER, 0);
  }
  bernoulli_each(a, PoolExec(l));
  return {};
}

Result<void> native_dropout(const sdk::Launch& l) { return run_dropout<fg_native_dropout_params>(l, &l.out(1)); }
Result<void> dropout(const sdk::Launch& l) { return run_dropout<fg_dropout_params>(l, nullptr); }

}  // namespace fg::cpu::entry
