// SPDX-License-Identifier: Apache-2.0
//
// Losses, in f32 for 16-bit tensors, rounded once.  Classes are dimension 1, or the only one.

#include <numeric>

#include "core/composites/composites.hpp"
#include "core/dispatch/outputs.hpp"
#include "core/tensor/views.hpp"

namespace fg::core {
namespace {

enum : std::int64_t { kNone, kMean, kSum };

std::int64_t class_dim(const Tensor& self) { return self.ndim() == 1 ? 0 : 1; }

Result<Tensor> reduced(const Tensor& t, std::string_view op, std::int64_t dim) {
  const std::int64_t dims[] = {dim};
  return apply(op, {arg(t), arg(dims), fg_value_bool(true)});
}

Result<Tensor> log_probabilities(const Tensor& self) {
  FG_TRY_ASSIGN(const Tensor x, widened(self));
  const std::int64_t dim = class_dim(self);
  FG_TRY_ASSIGN(const Tensor peak, reduced(x, "amax", dim));
  FG_TRY_ASSIGN(const Tensor e, map("exp(x - peak)", std::array{Named("x", x), Named("peak", peak)}));
  FG_TRY_ASSIGN(const Tensor total, reduced(e, "sum", dim));
  return map("x - peak - log(total)", std::array{Named("x", x), Named("peak", peak), Named("total", total)});
}

// A weight per class, to be broadcast over `self`.
Result<Tensor> class_weights(const CompositeCall& c, const Tensor& self) {
  const Tensor weight = c.tensor("weight");
  if (!weight) return weight;
  std::vector<std::int64_t> shape(static_cast<std::size_t>(self.ndim()), 1);
  shape[static_cast<std::size_t>(class_dim(self))] = weight->shape[0];
  return apply("reshape", {arg(weight), arg(std::span<const std::int64_t>(shape))});
}

// Targets with the class dimension as one of length 1: which count, a class that exists where they do
// not, and the weight of each (0 where they do not count).
struct Targets {
  Tensor counts, classes, weights;
};
Result<Targets> targets_of(const CompositeCall& c, const Tensor& self) {
  Targets t;
  const auto dim = static_cast<int>(class_dim(self));
  FG_TRY_ASSIGN(Tensor target, views::unsqueeze(c.tensor("target"), dim));
  if (target.dtype() != FG_I64) {
    FG_TRY_ASSIGN(target, copy_of(target, FG_I64));
  }
  const std::int64_t ignored = c.integer("ignore_index");
  FG_TRY_ASSIGN(t.counts, map("t != ignored", std::array{Named("t", target), Named("ignored", ignored)}));
  FG_TRY_ASSIGN(t.classes, map("where(t != ignored, t, 0)", std::array{Named("t", target), Named("ignored", ignored)}));
  FG_TRY_ASSIGN(Tensor weight, class_weights(c, self));
  if (weight) {
    FG_TRY_ASSIGN(weight, widened(weight));
    FG_TRY_ASSIGN(weight, views::expand(weight, self.shape()));
    FG_TRY_ASSIGN(weight, apply("gather", {arg(weight), fg_value_int(dim), arg(t.classes)}));
    FG_TRY_ASSIGN(t.weights, map("where(v, w, 0.0)", std::array{Named("v", t.counts), Named("w", weight)}));
  } else {
    const fg_dtype wide = self.dtype() == FG_F64 ? FG_F64 : FG_F32;
    FG_TRY_ASSIGN(t.weights, copy_of(t.counts, wide));
  }
  return t;
}

Result<Tensor> total_of(const Tensor& t) { return apply("sum", {arg(t)}); }

// Writes losses of one sample each, their sum, or the sum over `divisor`.
Result<void> write_loss(const CompositeCall& c, const Tensor& losses, const Named& divisor) {
  if (c.choice("reduction") == kNone) {
    FG_TRY_ASSIGN(const Tensor shaped, apply("reshape", {arg(losses), arg(c.out[0].shape())}));
    return copy_into(c.out[0], shaped);
  }
  FG_TRY_ASSIGN(const Tensor total, total_of(losses));
  if (c.choice("reduction") == kSum) return copy_into(c.out[0], total);
  return map_into(c.out[0], "total / by", std::array{Named("total", total), divisor});
}

}  // namespace

Result<void> cross_entropy_loss(CompositeCall& c) {
  const Tensor self = c.tensor("self");
  const std::int64_t dim = class_dim(self);
  FG_TRY_ASSIGN(const Targets t, targets_of(c, self));
  FG_TRY_ASSIGN(const Tensor logp, log_probabilities(self));
  FG_TRY_ASSIGN(const Tensor picked, apply("gather", {arg(logp), fg_value_int(dim), arg(t.classes)}));
  const double smoothing = c.number("label_smoothing").value_or(0);
  Tensor losses;
  if (smoothing == 0) {
    FG_TRY_ASSIGN(losses, map("where(v, -p * w, 0.0)",
                              std::array{Named("v", t.counts), Named("p", picked), Named("w", t.weights)}));
  } else {
    FG_TRY_ASSIGN(const Tensor weight, class_weights(c, self));
    FG_TRY_ASSIGN(Tensor all, weighted(logp, weight, {}));
    FG_TRY_ASSIGN(all, reduced(all, "sum", dim));
    const double share = smoothing / static_cast<double>(self->shape[dim]);
    FG_TRY_ASSIGN(losses, map("where(v, -((1 - s) * (p * w) + share * a), 0.0)",
                              std::array{Named("v", t.counts), Named("s", smoothing), Named("p", picked),
                                         Named("w", t.weights), Named("share", share), Named("a", all)}));
  }
  FG_TRY_ASSIGN(const Tensor divisor, total_of(t.weights));
  return write_loss(c, losses, Named("by", divisor));
}

Result<void> cross_entropy_loss_prob(CompositeCall& c) {
  const Tensor self = c.tensor("self");
  const std::int64_t dim = class_dim(self);
  FG_TRY_ASSIGN(const Tensor logp, log_probabilities(self));
  FG_TRY_ASSIGN(const Tensor weight, class_weights(c, self));
  FG_TRY_ASSIGN(Tensor terms, weighted(logp, weight, {}));
  const double smoothing = c.number("label_smoothing").value_or(0);
  const double share = smoothing / static_cast<double>(self->shape[dim]);
  FG_TRY_ASSIGN(terms, map("-l * (p * (1 - s) + share)", std::array{Named("l", terms), Named("p", c.tensor("target")),
                                                                    Named("s", smoothing), Named("share", share)}));
  FG_TRY_ASSIGN(const Tensor losses, reduced(terms, "sum", dim));
  return write_loss(c, losses, Named("by", static_cast<double>(losses.numel())));
}

Result<void> nll_loss(CompositeCall& c) {
  const Tensor self = c.tensor("self");
  FG_TRY_ASSIGN(const Targets t, targets_of(c, self));
  FG_TRY_ASSIGN(Tensor picked, apply("gather", {arg(self), fg_value_int(class_dim(self)), arg(t.classes)}));
  FG_TRY_ASSIGN(picked, widened(picked));
  FG_TRY_ASSIGN(const Tensor losses, map("where(v, -p * w, 0.0)",
                                         std::array{Named("v", t.counts), Named("p", picked), Named("w", t.weights)}));
  FG_TRY_ASSIGN(Tensor divisor, total_of(t.weights));
  FG_TRY(write_loss(c, losses, Named("by", divisor)));
  if (c.choice("reduction") == kNone && self.ndim() > 1) {  // ATen does not add weights up that nothing divides by.
    FG_TRY_ASSIGN(divisor, apply("full", {fg_value_dims(nullptr, 0), arg(0.0)}));
  }
  return copy_into(c.out[1], divisor);
}

Result<void> nll_loss_backward(CompositeCall& c) {
  const Tensor self = c.tensor("self");
  const auto dim = static_cast<int>(class_dim(self));
  FG_TRY_ASSIGN(const Targets t, targets_of(c, self));
  FG_TRY_ASSIGN(Tensor g, widened(c.tensor("grad_output")));
  if (c.choice("reduction") == kNone) {
    FG_TRY_ASSIGN(g, views::unsqueeze(g, dim));
  }
  Tensor each;
  if (c.choice("reduction") == kMean) {
    FG_TRY_ASSIGN(
        each, map("where(v, -w * g / t, 0.0)", std::array{Named("v", t.counts), Named("w", t.weights), Named("g", g),
                                                          Named("t", c.tensor("total_weight"))}));
  } else {
    FG_TRY_ASSIGN(each,
                  map("where(v, -w * g, 0.0)", std::array{Named("v", t.counts), Named("w", t.weights), Named("g", g)}));
  }
  const std::string chosen = "where(index(" + std::to_string(dim) + ") == k, e, 0.0)";
  FG_TRY_ASSIGN(const Tensor classes, views::expand(t.classes, self.shape()));
  return map_into(c.out[0], chosen, std::array{Named("k", classes), Named("e", each)});
}

Result<void> mse_loss(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor x, widened(c.tensor("self")));
  FG_TRY_ASSIGN(const Tensor y, widened(c.tensor("target")));
  const std::array operands{Named("x", x), Named("y", y)};
  if (c.choice("reduction") == kNone) return map_into(c.out[0], "(x - y) * (x - y)", operands);
  FG_TRY_ASSIGN(const Tensor squares, map("(x - y) * (x - y)", operands));
  FG_TRY_ASSIGN(const Tensor total, total_of(squares));
  if (c.choice("reduction") == kSum) return copy_into(c.out[0], total);
  const auto n = static_cast<double>(squares.numel());
  return map_into(c.out[0], "total / n", std::array{Named("total", total), Named("n", n)});
}

Result<void> mse_loss_backward(CompositeCall& c) {
  const Tensor self = c.tensor("self");
  const double factor = c.choice("reduction") == kMean ? 2.0 / static_cast<double>(self.numel()) : 2.0;
  FG_TRY_ASSIGN(const Tensor x, widened(self));
  return map_into(c.out[0], "factor * (x - y) * g",
                  std::array{Named("factor", factor), Named("x", x), Named("y", c.tensor("target")),
                             Named("g", c.tensor("grad_output"))});
}

}  // namespace fg::core
