// SPDX-License-Identifier: Apache-2.0
//
// softmax, log_softmax, safe_softmax and their gradients, in f32 for 16-bit tensors, rounded once.

#include "core/composites/composites.hpp"
#include "core/dispatch/outputs.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::core {
namespace {

Result<Tensor> along(const CompositeCall& c, std::string_view reduction, const Tensor& x) {
  const std::int64_t dim[] = {c.integer("dim")};
  return apply(reduction, {arg(x), arg(dim), fg_value_bool(true)});
}

// The input in the type of computation.  With a dtype attribute it is converted to that first.
Result<Tensor> scores_of(const CompositeCall& c) {
  const fg_dtype out = c.plan.out_dtype[0];
  const fg_dtype common = out == FG_F64 ? FG_F64 : FG_F32;
  Tensor x = c.tensor("self");
  if (x.dtype() != out && is_float(out)) {
    FG_TRY_ASSIGN(x, copy_of(x, out));
  }
  if (x.dtype() != common) {
    FG_TRY_ASSIGN(x, copy_of(x, common));
  }
  return x;
}

}  // namespace

Result<void> softmax(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor x, scores_of(c));
  FG_TRY_ASSIGN(const Tensor peak, along(c, "amax", x));
  FG_TRY_ASSIGN(const Tensor e, map("exp(x - peak)", std::array{Named("x", x), Named("peak", peak)}));
  FG_TRY_ASSIGN(const Tensor total, along(c, "sum", e));
  return map_into(c.out[0], "e / total", std::array{Named("e", e), Named("total", total)});
}

Result<void> log_softmax(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor x, scores_of(c));
  FG_TRY_ASSIGN(const Tensor peak, along(c, "amax", x));
  FG_TRY_ASSIGN(const Tensor e, map("exp(x - peak)", std::array{Named("x", x), Named("peak", peak)}));
  FG_TRY_ASSIGN(const Tensor total, along(c, "sum", e));
  return map_into(c.out[0], "x - peak - log(total)",
                  std::array{Named("x", x), Named("peak", peak), Named("total", total)});
}

Result<void> safe_softmax(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor x, scores_of(c));
  FG_TRY_ASSIGN(Tensor peak, along(c, "amax", x));
  FG_TRY_ASSIGN(peak, map("where(p == -inf, 0.0, p)", std::array{Named("p", peak)}));
  FG_TRY_ASSIGN(const Tensor e, map("exp(x - peak)", std::array{Named("x", x), Named("peak", peak)}));
  FG_TRY_ASSIGN(const Tensor total, along(c, "sum", e));
  return map_into(c.out[0], "e / where(total == 0.0, 1.0, total)", std::array{Named("e", e), Named("total", total)});
}

Result<void> softmax_backward(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor g, widened(c.tensor("grad_output")));
  FG_TRY_ASSIGN(const Tensor y, widened(c.tensor("output")));
  FG_TRY_ASSIGN(const Tensor products, map("g * y", std::array{Named("g", g), Named("y", y)}));
  FG_TRY_ASSIGN(const Tensor total, along(c, "sum", products));
  return map_into(c.out[0], "y * (g - total)", std::array{Named("y", y), Named("g", g), Named("total", total)});
}

Result<void> log_softmax_backward(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor g, widened(c.tensor("grad_output")));
  FG_TRY_ASSIGN(const Tensor y, widened(c.tensor("output")));
  FG_TRY_ASSIGN(const Tensor total, along(c, "sum", g));
  return map_into(c.out[0], "g - exp(y) * total", std::array{Named("g", g), Named("y", y), Named("total", total)});
}

}  // namespace fg::core
