// SPDX-License-Identifier: Apache-2.0
//
// Any reduction, from prologue, monoid and epilogue.

#include <algorithm>

#include "conformance/reference/reference.hpp"
#include "conformance/reference/states.hpp"

namespace fg::reference {
namespace {

// dim: absent or an empty list means all dimensions.
std::vector<bool> reduced_dims(const Call& call, std::size_t rank) {
  const auto& args = call.op().args;
  if (std::none_of(args.begin(), args.end(), [](const auto& a) { return a.name == "dim"; }))
    return std::vector<bool>(rank, true);
  const Argument& dim = call["dim"];
  std::vector<std::int64_t> dims = dim.dims;
  if (dim.kind == Argument::Kind::number) dims = {dim.integer()};
  std::vector<bool> reduced(rank, dims.empty());
  for (const std::int64_t d : dims) {
    if (rank > 0) reduced.at(static_cast<std::size_t>(wrap_dim(d, rank))) = true;
  }
  return reduced;
}

// Numbers among the arguments, as operands by name.
struct Numbers {
  std::vector<std::string> names;
  std::vector<Value> values;
};
Numbers numbers_of(const Call& call, Ct common) {
  Numbers n;
  for (std::size_t i = 0; i < call.op().args.size(); ++i) {
    const Argument& a = call.args()[i];
    if (call.op().args[i].tensor || a.kind != Argument::Kind::number) continue;
    n.names.push_back(call.op().args[i].name);
    n.values.push_back(cast(exact(a.number, a.category == Type::f64 ? Ct::f64 : Ct::i64), common));
  }
  return n;
}

struct Plan {
  Shape out, inner;  // inner: the reduced dimensions
  std::vector<std::int64_t> outer_stride, inner_stride;
};
Plan plan_of(const Shape& shape, const std::vector<bool>& reduced, bool keepdim) {
  Plan p;
  const std::vector<std::int64_t> stride = row_major(shape);
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (reduced[d]) {
      p.inner.push_back(shape[d]);
      p.inner_stride.push_back(stride[d]);
      if (!keepdim) continue;
    }
    p.out.push_back(reduced[d] ? 1 : shape[d]);
    p.outer_stride.push_back(reduced[d] ? 0 : stride[d]);
  }
  return p;
}

}  // namespace

std::vector<Output> evaluate_reduce(const Call& call) {
  const Operator& op = call.op();
  const Types types = types_of(call);
  const Ct common = compute_type(types.common);
  const Tensor& self = call.args().front().tensor();
  const bool keeps = std::any_of(op.args.begin(), op.args.end(), [](const auto& a) { return a.name == "keepdim"; });
  const Plan plan = plan_of(self.shape, reduced_dims(call, self.shape.size()), keeps && call.flag("keepdim", false));
  const Numbers numbers = numbers_of(call, common);

  std::vector<std::string> prologue_names{op.args.front().name};
  prologue_names.insert(prologue_names.end(), numbers.names.begin(), numbers.names.end());
  const Expression prologue(call.variant().prologue, prologue_names);
  std::vector<std::string> names = state_names(op.monoid);
  names.emplace_back("n");
  names.insert(names.end(), numbers.names.begin(), numbers.names.end());
  std::vector<Expression> epilogues;
  for (const std::string& text : call.variant().expressions) epilogues.emplace_back(text, names);

  std::vector<Value> probe = numbers.values;
  probe.insert(probe.begin(), exact(0, common));
  const Value natural = prologue.evaluate(probe, {}, common);
  const Ct kept = natural.weak ? common : natural.type;  // in which the states are

  std::vector<Output> outs;
  for (const Type t : types.out) outs.push_back(make_output(t, plan.out));
  const std::int64_t n_inner = numel(plan.inner);
  std::vector<std::int64_t> outer(plan.out.size(), 0);
  const std::int64_t n_outer = numel(plan.out);
  for (std::int64_t o = 0; o < n_outer; ++o, next_index(outer, plan.out)) {
    State state(op.monoid, kept);
    std::vector<Value> term = numbers.values;
    term.insert(term.begin(), Value{});
    std::vector<std::int64_t> inner(plan.inner.size(), 0);
    const std::int64_t base = dot(outer, plan.outer_stride);
    for (std::int64_t k = 0; k < n_inner; ++k, next_index(inner, plan.inner)) {
      term.front() = cast(element(self, base + dot(inner, plan.inner_stride)), common);
      state.add(prologue.evaluate(term, {}, common));
    }
    std::vector<Value> result[2];
    for (const bool statistical : {false, true}) {
      std::vector<Value> operands = state.values(statistical);
      operands.push_back(exact(static_cast<Real>(n_inner), Ct::i64));
      operands.insert(operands.end(), numbers.values.begin(), numbers.values.end());
      for (const Expression& e : epilogues) result[statistical ? 1 : 0].push_back(e.evaluate(operands, {}, kept));
    }
    for (std::size_t j = 0; j < outs.size(); ++j) push(outs[j], result[0][j], result[1][j]);
  }
  return outs;
}

}  // namespace fg::reference
