// SPDX-License-Identifier: Apache-2.0
//
// rms_norm, fused_add_rms_norm, weight_norm: x * rsqrt(mean(x^2) + eps) * weight over the last
// dimensions, and v * g / |v|; all in f32 for 16-bit tensors, rounded once at the end.

#include "core/composites/composites.hpp"
#include "core/dispatch/outputs.hpp"

namespace fg::core {
namespace {

Result<void> normalize(const CompositeCall& c, const Tensor& x) {
  FG_TRY_ASSIGN(const Tensor scale, inverse_rms(x, last_dims(x, c), c.number("eps").value_or(0)));
  std::vector<Named> operands{Named("x", x), Named("scale", scale)};
  const Tensor weight = c.tensor("weight");
  if (!weight) return map_into(c.out[0], "x * scale", operands);
  operands.emplace_back("w", weight);
  return map_into(c.out[0], "x * scale * w", operands);
}

}  // namespace

Result<Tensor> inverse_rms(const Tensor& x, const std::vector<std::int64_t>& dims, double eps) {
  double n = 1;
  for (const std::int64_t d : dims) n *= static_cast<double>(x->shape[d]);
  FG_TRY_ASSIGN(const Tensor squares, map("x * x", std::array{Named("x", x)}));
  FG_TRY_ASSIGN(const Tensor total,
                apply("sum", {arg(squares), arg(std::span<const std::int64_t>(dims)), fg_value_bool(true)}));
  return map("rsqrt(total / n + eps)", std::array{Named("total", total), Named("n", n), Named("eps", eps)});
}

Result<void> rms_norm(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor x, widened(c.tensor("input")));
  return normalize(c, x);
}

Result<void> fused_add_rms_norm(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor input, widened(c.tensor("input")));
  FG_TRY_ASSIGN(const Tensor x, map("x + r", std::array{Named("x", input), Named("r", c.tensor("residual"))}));
  FG_TRY(copy_into(c.out[1], x));
  return normalize(c, x);
}

Result<void> weight_norm(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor v, widened(c.tensor("v")));
  const std::int64_t kept = (c.integer("dim") + v.ndim()) % v.ndim();
  std::vector<std::int64_t> dims;
  for (std::int64_t d = 0; d < v.ndim(); ++d) {
    if (d != kept) dims.push_back(d);
  }
  FG_TRY_ASSIGN(Tensor squares, map("v * v", std::array{Named("v", v)}));
  if (!dims.empty()) {
    FG_TRY_ASSIGN(squares, apply("sum", {arg(squares), arg(std::span<const std::int64_t>(dims)), fg_value_bool(true)}));
  }
  return map_into(c.out[0], "v * (g / sqrt(s))",
                  std::array{Named("v", v), Named("g", c.tensor("g")), Named("s", squares)});
}

}  // namespace fg::core
