// SPDX-License-Identifier: Apache-2.0
//
// layer_norm: (x - mean) * rstd * weight + bias over the last dimensions; statistics are kept in f32
// for 16-bit tensors, the result is rounded once.

#include <numeric>

#include "core/composites/composites.hpp"
#include "core/dispatch/enable.hpp"
#include "core/dispatch/outputs.hpp"

namespace fg::core {

Result<void> layer_norm(CompositeCall& c) {
  const Tensor input = c.tensor("input");
  const Tensor weight = c.tensor("weight");
  const Tensor bias = c.tensor("bias");
  std::vector<std::int64_t> dims(c.dims("normalized_shape").size());
  std::iota(dims.begin(), dims.end(), input.ndim() - static_cast<std::int64_t>(dims.size()));
  FG_TRY_ASSIGN(const Tensor x, widened(input));
  FG_TRY_ASSIGN(const OpInfo* statistics, lookup("var_mean"));
  fg_tensor_handle made[2] = {nullptr, nullptr};
  const fg_value args[] = {arg(x), arg(std::span<const std::int64_t>(dims)), fg_value_int(0), fg_value_bool(true)};
  FG_TRY(call(*statistics, args, Form::functional, made));
  const Tensor var = Tensor::adopt(made[0]);
  const Tensor mean = Tensor::adopt(made[1]);
  FG_TRY_ASSIGN(const Tensor rstd,
                map("rsqrt(var + eps)", std::array{Named("var", var), Named("eps", c.number("eps").value_or(1e-5))}));
  FG_TRY(copy_into(c.out[1], mean));
  FG_TRY(copy_into(c.out[2], rstd));
  std::vector<Named> operands{Named("x", x), Named("mean", mean), Named("rstd", rstd)};
  std::string text = "(x - mean) * rstd";
  if (weight) {
    text += " * w";
    operands.emplace_back("w", weight);
  }
  if (bias) {
    text += " + b";
    operands.emplace_back("b", bias);
  }
  return map_into(c.out[0], text, operands);
}

}  // namespace fg::core
