// SPDX-License-Identifier: Apache-2.0
//
// Triangles and diagonals, and tensors with a part replaced.

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference::ops {
namespace {

Output zeros(Type type, const Shape& shape) {
  Output out = make_output(type, shape);
  const std::int64_t n = numel(shape);
  for (std::int64_t i = 0; i < n; ++i) push(out, exact(0, compute_type(type)));
  return out;
}

bool in_triangle(std::int64_t row, std::int64_t column, std::int64_t diagonal, bool upper) {
  return upper ? column - row >= diagonal : column - row <= diagonal;
}

Outputs triangle(const Call& call, bool upper) {
  const Tensor& self = call.tensor("self");
  const std::int64_t diagonal = call.integer("diagonal", 0);
  Output out = zeros(self.type, self.shape);
  const std::int64_t columns = self.shape.back(), rows = self.shape[self.shape.size() - 2];
  const std::int64_t n = numel(self.shape);
  for (std::int64_t i = 0; i < n; ++i) {
    if (in_triangle(i / columns % rows, i % columns, diagonal, upper))
      out.hard[static_cast<std::size_t>(i)] = element(self, i);
  }
  return {out};
}

Outputs triangle_indices(const Call& call, bool upper) {
  const std::int64_t rows = call.integer("row", 0), columns = call.integer("col", 0);
  std::vector<std::int64_t> found[2];
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      if (!in_triangle(r, c, call.integer("offset", 0), upper)) continue;
      found[0].push_back(r);
      found[1].push_back(c);
    }
  }
  Output out = make_output(Type::i64, {2, static_cast<std::int64_t>(found[0].size())});
  for (const auto& list : found) {
    for (const std::int64_t x : list) push(out, exact(static_cast<Real>(x), Ct::i64));
  }
  return {out};
}

// `out` with the elements that the view chooses replaced by those of `src`.
Outputs with_part(Output out, std::string_view view, const Call& call, const Tensor& src) {
  const View part = elements_of(view, call, out.shape);
  for (std::size_t i = 0; i < part.source.size(); ++i)
    out.hard[static_cast<std::size_t>(part.source[i])] = element(src, static_cast<std::int64_t>(i));
  return {out};
}

Outputs scattered(const Call& call, std::string_view view) {
  const Tensor& self = call.tensor("self");
  Output out = make_output(self.type, self.shape);
  const std::int64_t n = numel(self.shape);
  for (std::int64_t i = 0; i < n; ++i) push(out, element(self, i));
  return with_part(std::move(out), view, call, call.tensor("src"));
}

Outputs gradient(const Call& call, std::string_view view) {
  const Tensor& grad = call.tensor("grad_output");
  return with_part(zeros(grad.type, call["input_sizes"].dims), view, call, grad);
}

}  // namespace

Outputs tril(const Call& call) { return triangle(call, false); }
Outputs triu(const Call& call) { return triangle(call, true); }
Outputs tril_indices(const Call& call) { return triangle_indices(call, false); }
Outputs triu_indices(const Call& call) { return triangle_indices(call, true); }

Outputs diag(const Call& call) {
  const Tensor& self = call.tensor("self");
  const std::int64_t diagonal = call.integer("diagonal", 0);
  const std::int64_t down = diagonal < 0 ? -diagonal : 0, right = diagonal > 0 ? diagonal : 0;
  if (self.shape.size() == 1) {
    const std::int64_t n = self.shape[0], side = n + down + right;
    Output out = zeros(self.type, {side, side});
    for (std::int64_t i = 0; i < n; ++i)
      out.hard[static_cast<std::size_t>((i + down) * side + i + right)] = element(self, i);
    return {out};
  }
  const std::int64_t rows = self.shape[0], columns = self.shape[1];
  const std::int64_t n = std::max<std::int64_t>(0, std::min(rows - down, columns - right));
  Output out = make_output(self.type, {n});
  for (std::int64_t i = 0; i < n; ++i) push(out, element(self, (i + down) * columns + i + right));
  return {out};
}

Outputs diag_embed(const Call& call) {
  const Tensor& self = call.tensor("self");
  const std::int64_t offset = call.integer("offset", 0), n = self.shape.back();
  const std::int64_t down = offset < 0 ? -offset : 0, right = offset > 0 ? offset : 0;
  const std::size_t rank = self.shape.size() + 1;
  const auto rows = static_cast<std::size_t>(wrap_dim(call.integer("dim1", -2), rank)),
             columns = static_cast<std::size_t>(wrap_dim(call.integer("dim2", -1), rank));
  Shape shape;
  for (std::size_t d = 0, next = 0; d < rank; ++d)
    shape.push_back(d == rows || d == columns ? n + down + right : self.shape[next++]);
  Output out = zeros(self.type, shape);
  const std::vector<std::int64_t> stride = row_major(shape);
  std::vector<std::int64_t> at(self.shape.size(), 0);
  for (std::int64_t i = 0; i < numel(self.shape); ++i, next_index(at, self.shape)) {
    std::vector<std::int64_t> to(rank, 0);
    for (std::size_t d = 0, next = 0; d < rank; ++d) {
      to[d] = d == rows ? at.back() + down : d == columns ? at.back() + right : at[next++];
    }
    out.hard[static_cast<std::size_t>(dot(to, stride))] = element(self, i);
  }
  return {out};
}

Outputs select_scatter(const Call& call) { return scattered(call, "select"); }
Outputs slice_scatter(const Call& call) { return scattered(call, "slice"); }
Outputs diagonal_scatter(const Call& call) { return scattered(call, "diagonal"); }
Outputs select_backward(const Call& call) { return gradient(call, "select"); }
Outputs slice_backward(const Call& call) { return gradient(call, "slice"); }
Outputs diagonal_backward(const Call& call) { return gradient(call, "diagonal"); }

}  // namespace fg::reference::ops
