// SPDX-License-Identifier: Apache-2.0
//
// embedding, gather, cat, nonzero, sort: elements move, none changes.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference::ops {

Outputs embedding(const Call& call) {
  const Tensor& weight = call.tensor("weight");
  const Tensor& indices = call.tensor("indices");
  const std::int64_t columns = weight.shape[1];
  Shape shape = indices.shape;
  shape.push_back(columns);
  Output out = make_output(weight.type, shape);
  for (const Real row : indices.v) {
    for (std::int64_t c = 0; c < columns; ++c) push(out, element(weight, static_cast<std::int64_t>(row) * columns + c));
  }
  return {out};
}

Outputs gather(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Tensor& index = call.tensor("index");
  Output out = make_output(self.type, index.shape);
  const auto dim = static_cast<std::size_t>(wrap_dim(call.integer("dim", 0), self.shape.size()));
  const std::vector<std::int64_t> stride = row_major(self.shape);
  std::vector<std::int64_t> at(index.shape.size(), 0);
  for (const Real position : index.v) {
    std::vector<std::int64_t> source = at;
    if (!source.empty()) source[dim] = static_cast<std::int64_t>(position);
    push(out, element(self, self.shape.empty() ? 0 : dot(source, stride)));
    next_index(at, index.shape);
  }
  return {out};
}

Outputs cat(const Call& call) {
  const Types types = types_of(call);
  std::vector<const Tensor*> parts;
  for (const Tensor& t : call["tensors"].tensors) {
    if (t.shape != Shape{0}) parts.push_back(&t);
  }
  if (parts.empty()) return {make_output(types.common, {0})};
  Shape shape = parts.front()->shape;
  const auto dim = static_cast<std::size_t>(wrap_dim(call.integer("dim", 0), shape.size()));
  shape[dim] = 0;
  for (const Tensor* t : parts) shape[dim] += t->shape[dim];
  Output out = make_output(types.common, shape);
  const Lines all = lines(shape, static_cast<std::int64_t>(dim));
  for (std::int64_t o = 0; o < all.outer; ++o) {
    for (const Tensor* t : parts) {
      const std::int64_t run = t->shape[dim] * all.inner;
      for (std::int64_t k = 0; k < run; ++k) push(out, element(*t, o * run + k));
    }
  }
  return {out};
}

Outputs sort(const Call& call) {
  const Tensor& self = call.tensor("self");
  const bool descending = call.flag("descending", false);
  const Lines l = lines(self.shape, self.shape.empty() ? 0 : wrap_dim(call.integer("dim", -1), self.shape.size()));
  Outputs outs{make_output(self.type, self.shape), make_output(Type::i64, self.shape)};
  for (Output& out : outs) out.hard.resize(self.v.size());
  auto before = [&](Real a, Real b) {  // NaN is the greatest
    if (descending) std::swap(a, b);
    return std::isnan(b) ? !std::isnan(a) : a < b;
  };
  std::vector<std::int64_t> order(static_cast<std::size_t>(l.length));
  for (std::int64_t o = 0; o < l.outer; ++o) {
    for (std::int64_t i = 0; i < l.inner; ++i) {
      std::iota(order.begin(), order.end(), 0);
      auto value = [&](std::int64_t k) { return self.v[static_cast<std::size_t>(l.at(o, k, i))]; };
      std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return before(value(a), value(b)); });
      for (std::int64_t k = 0; k < l.length; ++k) {
        const auto at = static_cast<std::size_t>(l.at(o, k, i));
        const std::int64_t source = order[static_cast<std::size_t>(k)];
        outs[0].hard[at] = element(self, l.at(o, source, i));
        outs[1].hard[at] = exact(static_cast<Real>(source), Ct::i64);
      }
    }
  }
  return outs;
}

Outputs nonzero(const Call& call) {
  const Tensor& self = call.tensor("self");
  const auto rank = static_cast<std::int64_t>(self.shape.size());
  Output out = make_output(Type::i64, {0, rank});
  std::vector<std::int64_t> index(self.shape.size(), 0);
  for (const Real x : self.v) {
    if (x != 0) {
      ++out.shape[0];
      for (const std::int64_t position : index) push(out, exact(static_cast<Real>(position), Ct::i64));
    }
    next_index(index, self.shape);
  }
  return {out};
}

}  // namespace fg::reference::ops
