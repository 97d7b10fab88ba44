// SPDX-License-Identifier: Apache-2.0
//
// Any map operator, from its expressions: operands broadcast, read in their compute type, evaluated
// on intervals.

#include <algorithm>
#include <cmath>

#include "conformance/reference/reference.hpp"

namespace fg::reference {
namespace {

struct Operand {
  const Tensor* tensor = nullptr;  // nullptr: a constant
  std::vector<std::int64_t> stride;
  Value constant{};
  bool promotes = false;
};

Shape space_of(const Call& call, const std::vector<Operand>& operands) {
  const Operator& op = call.op();
  if (op.name == "arange") return arange_shape(call);
  if (op.name == "linspace" || op.name == "logspace") return {call.integer("steps", 0)};
  for (const Argument& a : call.args()) {
    if (a.kind == Argument::Kind::dims) return a.dims;  // The size of a new tensor.
  }
  Shape space;
  bool any = false;
  for (const Operand& o : operands) {
    if (o.tensor == nullptr) continue;
    space = any ? broadcast(space, o.tensor->shape) : o.tensor->shape;
    any = true;
  }
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (op.args[i].written || op.args[i].unread) return call.args()[i].tensor().shape;
  }
  return space;
}

}  // namespace

Shape arange_shape(const Call& call) {
  const Real start = call.number("start", 0);
  const Real end = call.number("end", 0);
  const Real step = call.number("step", 1);
  return {static_cast<std::int64_t>(std::ceil(static_cast<double>((end - start) / step)))};
}

std::vector<Output> evaluate_map(const Call& call) {
  const Operator& op = call.op();
  const Types types = types_of(call);
  const Ct common = compute_type(types.common);
  std::vector<std::string> names;
  std::vector<Operand> operands;
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    const Argument& a = call.args()[i];
    const bool number = a.kind == Argument::Kind::number;
    if (op.args[i].written || op.args[i].unread || (!number && a.tensors.empty())) continue;
    names.push_back(op.args[i].name);
    Operand o;
    o.promotes = op.args[i].promotes && call.variant().promote != Promote::none;
    if (number) {
      o.constant = cast(exact(a.number, a.category == Type::f64 ? Ct::f64 : Ct::i64), common);
    } else {
      o.tensor = &a.tensor();
    }
    operands.push_back(o);
  }
  const Shape space = space_of(call, operands);
  for (Operand& o : operands) {
    if (o.tensor != nullptr) o.stride = broadcast_strides(o.tensor->shape, space);
  }
  const auto read =
      std::find_if(operands.begin(), operands.end(), [](const Operand& o) { return o.tensor != nullptr; });
  std::vector<Output> outs;
  const std::vector<std::string>& texts = call.variant().expressions;
  for (std::size_t j = 0; j < texts.size(); ++j) {
    const Expression expression(texts[j], names);
    Output out = make_output(types.out.at(j), space);
    const Type source = read == operands.end() ? out.type : read->tensor->type;
    std::vector<std::int64_t> index(space.size(), 0);
    std::vector<Value> values(operands.size());
    const std::int64_t n = numel(space);
    for (std::int64_t i = 0; i < n; ++i, next_index(index, space)) {
      for (std::size_t k = 0; k < operands.size(); ++k) {
        const Operand& o = operands[k];
        values[k] = o.tensor == nullptr ? o.constant : element(*o.tensor, dot(index, o.stride));
        if (o.promotes) values[k] = cast(values[k], common);
      }
      push(out, converted(expression.evaluate(values, index, common), source, out.type));
    }
    outs.push_back(std::move(out));
  }
  return outs;
}

}  // namespace fg::reference
