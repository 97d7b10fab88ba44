// SPDX-License-Identifier: Apache-2.0
//
// scatter, scatter_add, scatter_reduce, index_add, index_copy, index_fill, index_reduce, index_select,
// embedding_dense_backward.

#include <functional>

#include "conformance/reference/ops/joins.hpp"

namespace fg::reference::ops {
namespace {

// A number in the type of self.
Value number_in(const Argument& a, Type type) {
  return exact(store(type, a.number, a.category == Type::f64), compute_type(type));
}

// scatter and its kin: position p of the index goes to p with the index there.
Outputs scattered(const Call& call, Combine how, bool include_self) {
  const Tensor& self = call.tensor("self");
  const Tensor& index = call.tensor("index");
  const auto dim = static_cast<std::size_t>(wrap_dim(call.integer("dim", 0), self.shape.size()));
  const bool has_src = call.has("src");
  const Shape shape = counted(index.shape);
  const std::vector<std::int64_t> to = row_major(counted(self.shape));
  const std::vector<std::int64_t> from = row_major(has_src ? counted(call.tensor("src").shape) : shape);
  Joins joins(self);
  std::vector<std::int64_t> at(shape.size(), 0);
  for (const Real position : index.v) {
    std::vector<std::int64_t> target = at;
    target[dim] = static_cast<std::int64_t>(position);
    joins.of[static_cast<std::size_t>(dot(target, to))].push_back(has_src ? element(call.tensor("src"), dot(at, from))
                                                                          : number_in(call["value"], self.type));
    next_index(at, shape);
  }
  return joins.result(how, include_self);
}

// index_add and its kin: slice i goes to slice index[i].
Outputs sliced(const Call& call, Combine how, bool include_self, const std::function<Value(std::int64_t)>& source) {
  const Tensor& self = call.tensor("self");
  const Tensor& index = call.tensor("index");
  const Lines to = lines(counted(self.shape), wrap_dim(call.integer("dim", 0), self.shape.size()));
  const auto n = static_cast<std::int64_t>(index.v.size());
  const Lines from{to.outer, n, to.inner};
  Joins joins(self);
  for (std::int64_t o = 0; o < to.outer; ++o) {
    for (std::int64_t k = 0; k < n; ++k) {
      auto slice = static_cast<std::int64_t>(index.v[static_cast<std::size_t>(k)]);
      if (slice < 0) slice += to.length;
      for (std::int64_t i = 0; i < to.inner; ++i)
        joins.of[static_cast<std::size_t>(to.at(o, slice, i))].push_back(source(from.at(o, k, i)));
    }
  }
  return joins.result(how, include_self);
}

}  // namespace

Outputs scatter(const Call& call) { return scattered(call, combine_of(call["reduce"].word), true); }
Outputs scatter_add(const Call& call) { return scattered(call, Combine::sum, true); }
Outputs scatter_reduce(const Call& call) {
  return scattered(call, combine_of(call["reduce"].word), call.flag("include_self", true));
}

Outputs index_add(const Call& call) {
  const Tensor& source = call.tensor("source");
  const Ct type = compute_type(source.type);
  const Argument& alpha = call["alpha"];
  const bool real = alpha.given() && alpha.category == Type::f64;
  const Value factor = cast(exact(call.number("alpha", 1), real ? Ct::f64 : Ct::i64), type);
  return sliced(call, Combine::sum, true, [&](std::int64_t i) {
    const Value x = element(source, i);
    if (factor.mid == 1) return x;
    return type == Ct::boolean ? minimum(factor, x) : mul(factor, x);
  });
}
Outputs index_copy(const Call& call) {
  return sliced(call, Combine::assign, true, [&](std::int64_t i) { return element(call.tensor("source"), i); });
}
Outputs index_fill(const Call& call) {
  const Value value = call.has("value_tensor") ? element(call.tensor("value_tensor"), 0)
                                               : number_in(call["value"], call.tensor("self").type);
  return sliced(call, Combine::assign, true, [&](std::int64_t) { return value; });
}
Outputs index_reduce(const Call& call) {
  return sliced(call, combine_of(call["reduce"].word), call.flag("include_self", true),
                [&](std::int64_t i) { return element(call.tensor("source"), i); });
}

Outputs embedding_dense_backward(const Call& call) {
  const Tensor& grad = call.tensor("grad_output");
  const Tensor& indices = call.tensor("indices");
  const std::int64_t rows = call.integer("num_weights", 0), columns = grad.shape.back();
  const std::int64_t padding = call.integer("padding_idx", -1);
  const Tensor zeros{grad.type, {rows, columns}, std::vector<Real>(static_cast<std::size_t>(rows * columns), 0)};
  Joins joins(zeros);
  for (std::size_t i = 0; i < indices.v.size(); ++i) {
    const auto row = static_cast<std::int64_t>(indices.v[i]);
    for (std::int64_t c = 0; c < columns && row != padding; ++c) {
      joins.of[static_cast<std::size_t>(row * columns + c)].push_back(
          element(grad, static_cast<std::int64_t>(i) * columns + c));
    }
  }
  return joins.result(call.flag("scale_grad_by_freq", false) ? Combine::mean : Combine::sum, false);
}

Outputs index_select(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Tensor& index = call.tensor("index");
  const std::int64_t dim = wrap_dim(call.integer("dim", 0), self.shape.size());
  const Lines from = lines(counted(self.shape), dim);
  Shape shape = self.shape;
  if (!shape.empty()) shape[static_cast<std::size_t>(dim)] = static_cast<std::int64_t>(index.v.size());
  Output out = make_output(self.type, shape);
  for (std::int64_t o = 0; o < from.outer; ++o) {
    for (const Real slice : index.v) {
      for (std::int64_t i = 0; i < from.inner; ++i)
        push(out, element(self, from.at(o, static_cast<std::int64_t>(slice), i)));
    }
  }
  return {out};
}

}  // namespace fg::reference::ops
