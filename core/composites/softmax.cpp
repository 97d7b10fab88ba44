// SPDX-License-Identifier: Apache-2.0
//
// softmax: exp(x - max) / sum(exp(x - max)), in f32 for 16-bit tensors, rounded once.

#include "core/composites/composites.hpp"
#include "core/dispatch/outputs.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::core {

Result<void> softmax(CompositeCall& c) {
  const Tensor self = c.tensor("self");
  const std::int64_t dim[] = {c.integer("dim")};
  // With a dtype attribute the input is converted to it first.
  const fg_dtype common = c.plan.out_dtype[0] == FG_F64 ? FG_F64 : FG_F32;
  Tensor x = self;
  if (self.dtype() != c.plan.out_dtype[0] && is_float(c.plan.out_dtype[0])) {
    FG_TRY_ASSIGN(x, copy_of(self, c.plan.out_dtype[0]));
  }
  if (x.dtype() != common) {
    FG_TRY_ASSIGN(x, copy_of(x, common));
  }
  FG_TRY_ASSIGN(const Tensor peak, apply("amax", {arg(x), arg(dim), fg_value_bool(true)}));
  FG_TRY_ASSIGN(const Tensor e, map("exp(x - peak)", std::array{Named("x", x), Named("peak", peak)}));
  FG_TRY_ASSIGN(const Tensor total, apply("sum", {arg(e), arg(dim), fg_value_bool(true)}));
  return map_into(c.out[0], "e / total", std::array{Named("e", e), Named("total", total)});
}

}  // namespace fg::core
