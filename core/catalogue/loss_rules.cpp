// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/catalogue/norm_rules.hpp"

namespace fg::core::rules {
namespace {

constexpr std::int32_t kNone = 0;

Result<std::int32_t> reduction_of(const RuleCall& call) {
  const int i = call.find("reduction");
  const core::ArgInfo& arg = call.op.args[static_cast<std::size_t>(i)];
  if (!call.given(i)) return static_cast<std::int32_t>(arg.default_value.v.i);
  return enum_value(call.op, arg, *call.args[static_cast<std::size_t>(i)].value);
}

// The shape of `self` without its classes: dimension 1, or the only one.
Result<Shape> samples(const RuleCall& call) {
  const int self_at = call.find("self");
  const auto self = call.shape(self_at);
  if (self.empty()) return call.error(self_at, FG_R_RANK, "self has no dimensions, expected one of classes");
  const std::size_t classes = self.size() == 1 ? 0 : 1;
  const std::int64_t count[] = {self[classes]};
  FG_TRY(expect_shape(call, "weight", count, "one per class"));
  Shape rest;
  for (std::size_t d = 0; d < self.size(); ++d) {
    if (d != classes) rest.push(self[d]);
  }
  return rest;
}

// One loss for each of `each`, or their mean or sum.
Result<void> reduced(const RuleCall& call, const Shape& each) {
  FG_TRY_ASSIGN(const std::int32_t reduction, reduction_of(call));
  call.outs[0] = reduction == kNone ? each : Shape{};
  return {};
}

Result<void> classes(const RuleCall& call) {
  FG_TRY_ASSIGN(const Shape rest, samples(call));
  FG_TRY(expect_shape(call, "target", rest.dims(), "one per sample"));
  return reduced(call, rest);
}

}  // namespace

Result<void> cross_entropy(const RuleCall& call) { return classes(call); }

Result<void> cross_entropy_prob(const RuleCall& call) {
  FG_TRY_ASSIGN(const Shape rest, samples(call));
  FG_TRY(expect_shape(call, "target", call.shape(call.find("self")), "that of self"));
  return reduced(call, rest);
}

Result<void> nll_loss(const RuleCall& call) {
  call.outs[1] = Shape{};
  return classes(call);
}

Result<void> nll_loss_backward(const RuleCall& call) {
  FG_TRY(classes(call));
  const Shape loss = call.outs[0];
  FG_TRY(expect_shape(call, "grad_output", loss.dims(), "that of the loss,"));
  FG_TRY(expect_shape(call, "total_weight", {}, "no dimensions:"));
  assign(call.outs[0], call.shape(call.find("self")));
  return {};
}

Result<void> mse_loss(const RuleCall& call) {
  const auto self = call.shape(0), target = call.shape(1);
  Shape both;
  assign(both, self);
  if (!broadcast_into(both, target)) {
    return call.error(1, FG_R_SHAPE,
                      "target has shape " + shape_text(target) + ", self has " + shape_text(self) +
                          ", expected shapes that broadcast");
  }
  return reduced(call, both);
}

Result<void> mse_loss_backward(const RuleCall& call) {
  const auto self = call.shape(call.find("self"));
  Shape both;
  assign(both, self);
  FG_TRY(expect_shape(call, "target", self, "that of self"));
  FG_TRY(reduced(call, both));
  const Shape loss = call.outs[0];
  FG_TRY(expect_shape(call, "grad_output", loss.dims(), "that of the loss,"));
  assign(call.outs[0], self);
  return {};
}

}  // namespace fg::core::rules
