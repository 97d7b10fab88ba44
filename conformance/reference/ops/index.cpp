// SPDX-License-Identifier: Apache-2.0
//
// embedding, gather, cat, nonzero: elements move, none changes.

#include <algorithm>
#include <cmath>

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

Output joined(Type type, const std::vector<Tensor>& parts, std::int64_t along) {
  Shape shape = parts.front().shape;
  const auto dim = static_cast<std::size_t>(wrap_dim(along, shape.size()));
  shape[dim] = 0;
  for (const Tensor& t : parts) shape[dim] += t.shape[dim];
  Output out = make_output(type, shape);
  const Lines all = lines(shape, static_cast<std::int64_t>(dim));
  for (std::int64_t o = 0; o < all.outer; ++o) {
    for (const Tensor& t : parts) {
      const std::int64_t run = t.shape[dim] * all.inner;
      for (std::int64_t k = 0; k < run; ++k) push(out, element(t, o * run + k));
    }
  }
  return out;
}

Outputs cat(const Call& call) {
  const Types types = types_of(call);
  std::vector<Tensor> parts;
  for (const Tensor& t : call["tensors"].tensors) {
    if (t.shape != Shape{0}) parts.push_back(t);
  }
  if (parts.empty()) return {make_output(types.common, {0})};
  return {joined(types.common, parts, call.integer("dim", 0))};
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
