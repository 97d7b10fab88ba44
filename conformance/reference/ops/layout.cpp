// SPDX-License-Identifier: Apache-2.0
//
// eye, flip, roll, repeat, tile, repeat_interleave, constant_pad_nd, stack, hstack, vstack: every
// element of the result is one of the input, or a constant.

#include <functional>
#include <numeric>

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference::ops {
namespace {

using Index = std::vector<std::int64_t>;

// Where an element of the result comes from: an index into self; false for the constant.
using Source = std::function<bool(const Index& at, Index& from)>;

Output moved(const Tensor& self, const Shape& shape, const Value& constant, const Source& source) {
  Output out = make_output(self.type, shape);
  const Index stride = row_major(self.shape);
  Index at(shape.size(), 0), from(self.shape.size(), 0);
  const std::int64_t n = numel(shape);
  for (std::int64_t i = 0; i < n; ++i, next_index(at, shape)) {
    push(out, source(at, from) ? element(self, dot(from, stride)) : constant);
  }
  return out;
}

Output moved(const Tensor& self, const Shape& shape, const Source& source) {
  return moved(self, shape, exact(0, compute_type(self.type)), source);
}

std::int64_t modulo(std::int64_t a, std::int64_t n) { return ((a % n) + n) % n; }

Outputs repeated(const Tensor& self, Index counts) {
  if (counts.size() < self.shape.size()) counts.insert(counts.begin(), self.shape.size() - counts.size(), 1);
  const std::size_t lead = counts.size() - self.shape.size();
  Shape shape = counts;
  for (std::size_t d = 0; d < self.shape.size(); ++d) shape[lead + d] *= self.shape[d];
  return {moved(self, shape, [&](const Index& at, Index& from) {
    for (std::size_t d = 0; d < from.size(); ++d) from[d] = at[lead + d] % self.shape[d];
    return true;
  })};
}

// `tensors` with leading dimensions of length 1 where they have fewer than `least`.
std::vector<Tensor> at_least(const Call& call, std::size_t least) {
  std::vector<Tensor> parts = call["tensors"].tensors;
  for (Tensor& t : parts) {
    while (t.shape.size() < least) t.shape.insert(t.shape.begin(), 1);
  }
  return parts;
}

}  // namespace

Outputs eye(const Call& call) {
  const std::int64_t n = call.integer("n", 0);
  const Type type = types_of(call).out.front();
  const Shape shape{n, call.integer("m", n)};
  Output out = make_output(type, shape);
  for (std::int64_t r = 0; r < shape[0]; ++r) {
    for (std::int64_t c = 0; c < shape[1]; ++c) push(out, exact(r == c ? 1 : 0, compute_type(type)));
  }
  return {out};
}

Outputs flip(const Call& call) {
  const Tensor& self = call.tensor("self");
  std::vector<bool> turned(self.shape.size(), false);
  for (const std::int64_t d : call["dims"].dims) {
    if (!turned.empty()) turned[static_cast<std::size_t>(wrap_dim(d, turned.size()))] = true;
  }
  return {moved(self, self.shape, [&](const Index& at, Index& from) {
    for (std::size_t d = 0; d < at.size(); ++d) from[d] = turned[d] ? self.shape[d] - 1 - at[d] : at[d];
    return true;
  })};
}

Outputs roll(const Call& call) {
  Tensor self = call.tensor("self");
  const Shape shape = self.shape;
  Index dims = call["dims"].dims;
  if (dims.empty()) {
    self.shape = {numel(shape)};
    dims = {0};
  }
  Index by(self.shape.size(), 0);
  for (std::size_t k = 0; k < dims.size() && !by.empty(); ++k)
    by[static_cast<std::size_t>(wrap_dim(dims[k], by.size()))] = call["shifts"].dims[k];
  Output out = moved(self, self.shape, [&](const Index& at, Index& from) {
    for (std::size_t d = 0; d < at.size(); ++d) from[d] = modulo(at[d] - by[d] % self.shape[d], self.shape[d]);
    return true;
  });
  out.shape = shape;
  return {out};
}

Outputs repeat(const Call& call) { return repeated(call.tensor("self"), call["repeats"].dims); }
Outputs tile(const Call& call) { return repeated(call.tensor("self"), call["dims"].dims); }

Outputs repeat_interleave(const Call& call) {
  Tensor self = call.tensor("self");
  const std::int64_t repeats = call.integer("repeats", 1);
  if (!call.has("dim") || self.shape.empty()) self.shape = {numel(self.shape)};
  const auto dim = call.has("dim") ? static_cast<std::size_t>(wrap_dim(call.integer("dim", 0), self.shape.size())) : 0;
  Shape shape = self.shape;
  shape[dim] *= repeats;
  return {moved(self, shape, [&](const Index& at, Index& from) {
    from = at;
    from[dim] /= repeats;
    return true;
  })};
}

Outputs constant_pad_nd(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Index& pad = call["pad"].dims;
  const Argument& value = call["value"];
  const Ct type = compute_type(self.type);
  const Value constant =
      value.given() ? cast(exact(value.number, value.category == Type::f64 ? Ct::f64 : Ct::i64), type) : exact(0, type);
  Shape shape = self.shape;
  Index before(shape.size(), 0);
  for (std::size_t k = 0; k < pad.size() / 2; ++k) {
    const std::size_t d = shape.size() - 1 - k;
    before[d] = pad[2 * k];
    shape[d] += pad[2 * k] + pad[2 * k + 1];
  }
  return {moved(self, shape, constant, [&](const Index& at, Index& from) {
    for (std::size_t d = 0; d < at.size(); ++d) {
      from[d] = at[d] - before[d];
      if (from[d] < 0 || from[d] >= self.shape[d]) return false;
    }
    return true;
  })};
}

Outputs stack(const Call& call) {
  std::vector<Tensor> parts = call["tensors"].tensors;
  const std::size_t n = parts.front().shape.size() + 1;
  const std::int64_t dim = wrap_dim(call.integer("dim", 0), n);
  for (Tensor& t : parts) t.shape.insert(t.shape.begin() + dim, 1);
  return {joined(types_of(call).common, parts, dim)};
}

Outputs hstack(const Call& call) {
  const std::vector<Tensor> parts = at_least(call, 1);
  return {joined(types_of(call).common, parts, parts.front().shape.size() == 1 ? 0 : 1)};
}

Outputs vstack(const Call& call) { return {joined(types_of(call).common, at_least(call, 2), 0)}; }

}  // namespace fg::reference::ops
