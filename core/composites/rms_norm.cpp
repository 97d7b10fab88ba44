// SPDX-License-Identifier: Apache-2.0
//
// rms_norm: x * rsqrt(mean(x^2) + eps) * weight over the last dimensions, all in f32 for 16-bit
// tensors, rounded once at the end.

#include <numeric>

#include "core/composites/composites.hpp"

namespace fg::core {

Result<void> rms_norm(CompositeCall& c) {
  const Tensor input = c.tensor("input");
  const Tensor weight = c.tensor("weight");
  const auto shape = c.dims("normalized_shape");
  std::vector<std::int64_t> dims(shape.size());
  std::iota(dims.begin(), dims.end(), input.ndim() - static_cast<std::int64_t>(dims.size()));
  const auto n = std::accumulate(shape.begin(), shape.end(), 1.0,
                                 [](double a, std::int64_t b) { return a * static_cast<double>(b); });
  FG_TRY_ASSIGN(const Tensor x, widened(input));
  FG_TRY_ASSIGN(const Tensor squares, map("x * x", std::array{Named("x", x)}));
  FG_TRY_ASSIGN(const Tensor total,
                apply("sum", {arg(squares), arg(std::span<const std::int64_t>(dims)), fg_value_bool(true)}));
  FG_TRY_ASSIGN(const Tensor scale,
                map("rsqrt(total / n + eps)",
                    std::array{Named("total", total), Named("n", n), Named("eps", c.number("eps").value_or(1e-6))}));
  std::vector<Named> operands{Named("x", x), Named("scale", scale)};
  if (!weight) return map_into(c.out[0], "x * scale", operands);
  operands.emplace_back("w", weight);
  return map_into(c.out[0], "x * scale * w", operands);
}

}  // namespace fg::core
