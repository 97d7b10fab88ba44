// SPDX-License-Identifier: Apache-2.0
//
// layer_norm, skip_layer_norm, group_norm: (x - mean) * rstd * weight + bias; statistics are kept in
// f32 for 16-bit tensors, the result is rounded once.

#include "core/composites/composites.hpp"
#include "core/dispatch/enable.hpp"
#include "core/dispatch/outputs.hpp"

namespace fg::core {
namespace {

struct Statistics {
  Tensor mean, rstd;
};

Result<Statistics> statistics(const Tensor& x, const std::vector<std::int64_t>& dims, double eps) {
  FG_TRY_ASSIGN(const OpInfo* op, lookup("var_mean"));
  fg_tensor_handle made[2] = {nullptr, nullptr};
  const fg_value args[] = {arg(x), arg(std::span<const std::int64_t>(dims)), fg_value_int(0), fg_value_bool(true)};
  FG_TRY(call(*op, args, Form::functional, made));
  const Tensor var = Tensor::adopt(made[0]);
  Statistics s{Tensor::adopt(made[1]), {}};
  FG_TRY_ASSIGN(s.rstd, map("rsqrt(var + eps)", std::array{Named("var", var), Named("eps", eps)}));
  return s;
}

// The normalized values, weighted and shifted where the tensors are given.
Result<void> finish(const Tensor& out, const Tensor& x, const Statistics& s, const Tensor& weight, const Tensor& bias) {
  std::vector<Named> operands{Named("x", x), Named("mean", s.mean), Named("rstd", s.rstd)};
  std::string text = "(x - mean) * rstd";
  if (weight) {
    text += " * w";
    operands.emplace_back("w", weight);
  }
  if (bias) {
    text += " + b";
    operands.emplace_back("b", bias);
  }
  return map_into(out, text, operands);
}

// A parameter of the channels as [channels, 1].
Result<Tensor> column(const Tensor& t) {
  if (!t) return t;
  const std::int64_t shape[] = {t->shape[0], 1};
  return apply("reshape", {arg(t), arg(shape)});
}

}  // namespace

Result<void> layer_norm(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor x, widened(c.tensor("input")));
  FG_TRY_ASSIGN(const Statistics s, statistics(x, last_dims(x, c), c.number("eps").value_or(1e-5)));
  FG_TRY(copy_into(c.out[1], s.mean));
  FG_TRY(copy_into(c.out[2], s.rstd));
  return finish(c.out[0], x, s, c.tensor("weight"), c.tensor("bias"));
}

Result<void> skip_layer_norm(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor input, widened(c.tensor("input")));
  FG_TRY_ASSIGN(const Tensor x, map("x + r", std::array{Named("x", input), Named("r", c.tensor("residual"))}));
  FG_TRY_ASSIGN(const Statistics s, statistics(x, last_dims(x, c), c.number("eps").value_or(1e-5)));
  return finish(c.out[0], x, s, c.tensor("weight"), c.tensor("bias"));
}

Result<void> group_norm(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor input, widened(c.tensor("input")));
  const std::int64_t samples = input->shape[0], channels = input->shape[1], groups = c.integer("num_groups");
  std::int64_t inner = 1;
  for (int d = 2; d < input.ndim(); ++d) inner *= input->shape[d];
  const std::int64_t grouped[] = {samples, groups, channels / groups * inner},
                     by_channel[] = {samples, channels, inner};
  FG_TRY_ASSIGN(const Tensor x, apply("reshape", {arg(input), arg(grouped)}));
  FG_TRY_ASSIGN(const Statistics s, statistics(x, {2}, c.number("eps").value_or(1e-5)));
  FG_TRY_ASSIGN(const Tensor mean, apply("reshape", {arg(s.mean), arg(c.out[1].shape())}));
  FG_TRY_ASSIGN(const Tensor rstd, apply("reshape", {arg(s.rstd), arg(c.out[2].shape())}));
  FG_TRY(copy_into(c.out[1], mean));
  FG_TRY(copy_into(c.out[2], rstd));
  if (c.out[0].numel() == 0) return {};
  FG_TRY_ASSIGN(const Tensor z,
                map("(x - mean) * rstd", std::array{Named("x", x), Named("mean", s.mean), Named("rstd", s.rstd)}));
  FG_TRY_ASSIGN(const Tensor y, apply("reshape", {arg(z), arg(by_channel)}));
  FG_TRY_ASSIGN(const Tensor weight, column(c.tensor("weight")));
  FG_TRY_ASSIGN(const Tensor bias, column(c.tensor("bias")));
  FG_TRY_ASSIGN(Tensor done, weighted(y, weight, bias));
  FG_TRY_ASSIGN(done, apply("reshape", {arg(done), arg(c.out[0].shape())}));
  return copy_into(c.out[0], done);
}

}  // namespace fg::core
