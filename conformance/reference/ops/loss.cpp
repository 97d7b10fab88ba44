// SPDX-License-Identifier: Apache-2.0
//
// Losses.  The running error of a sample's loss is that of its log-probabilities (softmax.cpp), of the
// products with weights, and of the sum over classes where smoothing asks for it; a mean or sum adds
// that of the sum over samples.

#include <cmath>

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference::ops {
namespace {

enum : std::int64_t { kNone, kMean, kSum };

std::int64_t reduction_of(const Call& call) {
  const Argument& a = call["reduction"];
  if (a.kind == Argument::Kind::word) return a.word == "none" ? kNone : a.word == "sum" ? kSum : kMean;
  return a.given() ? a.integer() : kMean;
}

// Samples and classes of `self`.
struct Samples {
  Lines l;
  Shape shape;  // of one loss per sample
  Ct type;

  std::int64_t count() const { return l.outer * l.inner; }
  std::int64_t at(std::int64_t sample, std::int64_t k) const { return l.at(sample / l.inner, k, sample % l.inner); }
};
Samples samples_of(const Tensor& self) {
  const std::size_t dim = self.shape.size() == 1 ? 0 : 1;
  Samples s{lines(self.shape, static_cast<std::int64_t>(dim)), self.shape, compute_type(self.type)};
  s.shape.erase(s.shape.begin() + static_cast<std::ptrdiff_t>(dim));
  return s;
}

std::vector<Value> log_probabilities(const Tensor& self, const Samples& s, std::int64_t sample) {
  Real peak = -std::numeric_limits<Real>::infinity();
  for (std::int64_t k = 0; k < s.l.length; ++k) {
    const Real x = self.v[static_cast<std::size_t>(s.at(sample, k))];
    peak = std::isnan(x) || std::isnan(peak) ? std::numeric_limits<Real>::quiet_NaN() : std::max(peak, x);
  }
  Sum total;
  for (std::int64_t k = 0; k < s.l.length; ++k) total.add(exp_shifted(element(self, s.at(sample, k)), peak));
  std::vector<Value> p;
  for (std::int64_t k = 0; k < s.l.length; ++k)
    p.push_back(log_probability(element(self, s.at(sample, k)), peak, total.hard(s.type)));
  return p;
}

Value weight_of(const Call& call, std::int64_t k, Ct type) {
  return call.has("weight") ? element(call.tensor("weight"), k) : exact(1, type);
}

// The class of a sample, -1 when it does not count.
std::int64_t class_of(const Call& call, std::int64_t sample) {
  const auto k = static_cast<std::int64_t>(call.tensor("target").v[static_cast<std::size_t>(sample)]);
  return k == call.integer("ignore_index", -100) ? -1 : k;
}

Value negative(const Value& v) { return call("neg", v); }

// Losses of samples, their sum, or that over `divisor`.
Output reduced(const Call& call, const Tensor& self, const Samples& s, const std::vector<Value>& losses,
               const Value& divisor) {
  const std::int64_t reduction = reduction_of(call);
  Output out = make_output(self.type, reduction == kNone ? s.shape : Shape{});
  Sum total;
  for (const Value& v : losses) {
    if (reduction == kNone) push(out, v);
    total.add(v);
  }
  const Value sum = total.hard(s.type);
  if (reduction == kMean) push(out, div(sum, divisor));
  if (reduction == kSum) push(out, sum);
  return out;
}

Value smoothing_of(const Call& call, Ct type) { return cast(exact(call.number("label_smoothing", 0), Ct::f64), type); }

}  // namespace

Outputs cross_entropy_loss(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Samples s = samples_of(self);
  const Value smoothing = smoothing_of(call, s.type);
  const Value share = div(smoothing, exact(static_cast<Real>(s.l.length), s.type));
  std::vector<Value> losses;
  Sum weights;
  for (std::int64_t i = 0; i < s.count(); ++i) {
    const std::int64_t k = class_of(call, i);
    if (k < 0) {
      losses.push_back(exact(0, s.type));
      continue;
    }
    const std::vector<Value> p = log_probabilities(self, s, i);
    const Value weight = weight_of(call, k, s.type);
    weights.add(weight);
    Value loss = mul(p[static_cast<std::size_t>(k)], weight);
    if (smoothing.mid != 0) {
      Sum all;
      for (std::int64_t j = 0; j < s.l.length; ++j)
        all.add(mul(p[static_cast<std::size_t>(j)], weight_of(call, j, s.type)));
      loss = add(mul(sub(exact(1, s.type), smoothing), loss), mul(share, all.hard(s.type)));
    }
    losses.push_back(negative(loss));
  }
  return {reduced(call, self, s, losses, weights.hard(s.type))};
}

Outputs cross_entropy_loss_prob(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Tensor& target = call.tensor("target");
  const Samples s = samples_of(self);
  const Value smoothing = smoothing_of(call, s.type);
  const Value share = div(smoothing, exact(static_cast<Real>(s.l.length), s.type));
  std::vector<Value> losses;
  for (std::int64_t i = 0; i < s.count(); ++i) {
    const std::vector<Value> p = log_probabilities(self, s, i);
    Sum all;
    for (std::int64_t k = 0; k < s.l.length; ++k) {
      Value t = element(target, s.at(i, k));
      if (smoothing.mid != 0) t = add(mul(t, sub(exact(1, s.type), smoothing)), share);
      all.add(mul(mul(p[static_cast<std::size_t>(k)], weight_of(call, k, s.type)), t));
    }
    losses.push_back(negative(all.hard(s.type)));
  }
  return {reduced(call, self, s, losses, exact(static_cast<Real>(s.count()), s.type))};
}

Outputs nll_loss(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Samples s = samples_of(self);
  std::vector<Value> losses;
  Sum weights;
  for (std::int64_t i = 0; i < s.count(); ++i) {
    const std::int64_t k = class_of(call, i);
    if (k >= 0) weights.add(weight_of(call, k, s.type));
    losses.push_back(k < 0 ? exact(0, s.type) : negative(mul(element(self, s.at(i, k)), weight_of(call, k, s.type))));
  }
  const Value total = weights.hard(s.type);
  Outputs outs{reduced(call, self, s, losses, total), make_output(self.type, {})};
  push(outs[1], reduction_of(call) == kNone && self.shape.size() > 1 ? exact(0, s.type) : total);
  return outs;
}

Outputs nll_loss_backward(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Tensor& grad = call.tensor("grad_output");
  const Samples s = samples_of(self);
  Output out = make_output(self.type, self.shape);
  out.hard.assign(self.v.size(), exact(0, s.type));
  for (std::int64_t i = 0; i < s.count(); ++i) {
    const std::int64_t k = class_of(call, i);
    if (k < 0) continue;
    const Value g = element(grad, reduction_of(call) == kNone ? i : 0);
    const Value weight = weight_of(call, k, s.type);
    Value v = negative(mul(weight, g));
    if (reduction_of(call) == kMean) {  // or weight * (g / total_weight): one rounding more
      v = div(v, element(call.tensor("total_weight"), 0));
      if (std::isfinite(v.mid)) v = rounded(widened(v, roundoff(s.type) * std::fabs(v.mid)));
    }
    out.hard[static_cast<std::size_t>(s.at(i, k))] = v;
  }
  return {out};
}

Outputs mse_loss(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Tensor& target = call.tensor("target");
  const Type common = types_of(call).common;
  const Ct type = compute_type(common);
  const Shape shape = broadcast(self.shape, target.shape);
  const std::vector<std::int64_t> of_self = broadcast_strides(self.shape, shape);
  const std::vector<std::int64_t> of_target = broadcast_strides(target.shape, shape);
  const std::int64_t reduction = reduction_of(call);
  Output out = make_output(common, reduction == kNone ? shape : Shape{});
  std::vector<std::int64_t> index(shape.size(), 0);
  Sum sum;
  for (std::int64_t i = 0; i < numel(shape); ++i, next_index(index, shape)) {
    const Value d =
        sub(cast(element(self, dot(index, of_self)), type), cast(element(target, dot(index, of_target)), type));
    Value square = mul(d, d);
    square.lo = std::max(square.lo, Real{0});
    if (reduction == kNone) push(out, square);
    sum.add(square);
  }
  if (reduction == kSum) push(out, sum.hard(type));
  if (reduction == kMean) push(out, div(sum.hard(type), exact(static_cast<Real>(numel(shape)), type)));
  return {out};
}

// 2 (x - y) g / n: the three factors in any order.
Outputs mse_loss_backward(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Tensor& grad = call.tensor("grad_output");
  const Ct type = compute_type(self.type);
  const std::int64_t reduction = reduction_of(call);
  const Real n = reduction == kMean ? static_cast<Real>(self.v.size()) : 1;
  const Value factor = rounded(exact(2 / n, type));
  Output out = make_output(self.type, self.shape);
  for (std::size_t i = 0; i < self.v.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const Value d = sub(element(self, at), element(call.tensor("target"), at));
    Value v = mul(mul(factor, d), element(grad, reduction == kNone ? at : 0));
    if (std::isfinite(v.mid)) v = rounded(widened(v, 2 * roundoff(type) * std::fabs(v.mid)));
    push(out, v);
  }
  return {out};
}

}  // namespace fg::reference::ops
