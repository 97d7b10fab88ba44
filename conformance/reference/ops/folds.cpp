// SPDX-License-Identifier: Apache-2.0
//
// Reductions that are one of several, or two at once, in terms of evaluate_reduce().

#include <cmath>

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference::ops {
namespace {

struct Fold {
  Monoid monoid;
  std::string prologue, epilogue;
};

Fold norm_of_order(Real ord) {
  if (ord == 0) return {Monoid::sum, "where(self == 0, 0, 1)", "acc"};
  if (ord == 1) return {Monoid::sum, "abs(self)", "acc"};
  if (ord == 2) return {Monoid::sum, "self * self", "sqrt(acc)"};
  if (std::isinf(ord)) return {ord > 0 ? Monoid::max : Monoid::min, "abs(self)", ord > 0 ? "max(acc, 0)" : "acc"};
  return {Monoid::sum, "pow(abs(self), ord)", "pow(acc, 1 / ord)"};
}

// The operator of `call`, its arguments by other names, as a reduction.
Operator reduction(const Operator& like, const Fold& fold, Promote promote) {
  Operator op = like;
  op.kind = Kind::reduce;
  op.monoid = fold.monoid;
  op.outs.resize(1);
  op.variants = {{"", promote, {fold.epilogue}, fold.prologue}};
  return op;
}

}  // namespace

Outputs linalg_vector_norm(const Call& call) {
  const Operator op = reduction(call.op(), norm_of_order(call.number("ord", 2)), Promote::sum);
  return evaluate_reduce(Call(op, call.args()));
}

// The difference is rounded to the compute type before its norm is taken; half an ulp of each term
// is a relative error of u, so that of the norm is no larger.
Outputs dist(const Call& call) {
  const Tensor& a = call.tensor("self");
  const Tensor& b = call.tensor("other");
  const Types types = types_of(call);
  const Ct type = compute_type(types.common);
  Tensor difference{storage_of(type), broadcast(a.shape, b.shape), {}};
  const auto from_a = broadcast_strides(a.shape, difference.shape),
             from_b = broadcast_strides(b.shape, difference.shape);
  std::vector<std::int64_t> at(difference.shape.size(), 0);
  for (std::int64_t i = 0; i < numel(difference.shape); ++i, next_index(at, difference.shape)) {
    difference.v.push_back(sub(cast(element(a, dot(at, from_a)), type), cast(element(b, dot(at, from_b)), type)).mid);
  }
  const Real p = call.number("p", 2);
  Operator op = reduction(call.op(), norm_of_order(p), Promote::sum);
  op.args = {{"self", true, true}, {"ord"}};
  std::vector<Argument> args(2);
  args[0].kind = Argument::Kind::tensor;
  args[0].tensors = {difference};
  args[1].kind = Argument::Kind::number;
  args[1].number = p;
  Outputs out = evaluate_reduce(Call(op, args));
  out[0].type = types.out.front();
  for (std::vector<Value>* values : {&out[0].hard, &out[0].soft}) {
    for (Value& v : *values) {
      const Real zeroed = flush_loss(type) * static_cast<Real>(numel(difference.shape));
      if (std::isfinite(v.mid)) v = widened(v, 2 * roundoff(type) * std::fabs(v.mid) + zeroed);
    }
  }
  return out;
}

Outputs aminmax(const Call& call) {
  Outputs out;
  for (const Monoid m : {Monoid::min, Monoid::max}) {
    const Operator op = reduction(call.op(), {m, "self", "acc"}, Promote::same);
    out.push_back(evaluate_reduce(Call(op, call.args())).front());
  }
  return out;
}

}  // namespace fg::reference::ops
