// SPDX-License-Identifier: Apache-2.0
//
// Views as index arithmetic: for every element of the result, which element of self it is.

#include <algorithm>
#include <numeric>

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference {
namespace {

using Index = std::vector<std::int64_t>;

// A view as strides over self's row-major order.
struct Strided {
  Shape shape;
  Index stride;
  std::int64_t offset = 0;
};

Shape with_inferred(const Index& size, std::int64_t n) {
  Shape shape = size;
  std::int64_t known = 1;
  for (const std::int64_t s : size) known *= s == -1 ? 1 : s;
  for (std::int64_t& s : shape) {
    if (s == -1) s = known == 0 ? 0 : n / known;
  }
  return shape;
}

Strided reshaped(const Shape& shape) { return {shape, row_major(shape)}; }

Strided expanded(const Tensor& self, const Index& size) {
  Shape shape = size;
  const std::size_t lead = size.size() - self.shape.size();
  for (std::size_t d = 0; d < self.shape.size(); ++d) {
    if (shape[lead + d] == -1) shape[lead + d] = self.shape[d];
  }
  return {shape, broadcast_strides(self.shape, shape)};
}

Strided permuted(const Tensor& self, const Index& dims) {
  Strided s;
  const Index own = row_major(self.shape);
  for (const std::int64_t d : dims) {
    const auto at = static_cast<std::size_t>(wrap_dim(d, self.shape.size()));
    s.shape.push_back(self.shape[at]);
    s.stride.push_back(own[at]);
  }
  return s;
}

Strided swapped(const Tensor& self, std::int64_t a, std::int64_t b) {
  Index dims(self.shape.size());
  std::iota(dims.begin(), dims.end(), 0);
  if (!dims.empty()) {
    std::swap(dims[static_cast<std::size_t>(wrap_dim(a, dims.size()))],
              dims[static_cast<std::size_t>(wrap_dim(b, dims.size()))]);
  }
  return permuted(self, dims);
}

Strided selected(const Call& call, const Tensor& self) {
  Strided s = reshaped(self.shape);
  const auto d = static_cast<std::ptrdiff_t>(wrap_dim(call.integer("dim", 0), self.shape.size()));
  std::int64_t index = call.integer("index", 0);
  if (index < 0) index += self.shape[static_cast<std::size_t>(d)];
  s.offset = index * s.stride[static_cast<std::size_t>(d)];
  s.shape.erase(s.shape.begin() + d);
  s.stride.erase(s.stride.begin() + d);
  return s;
}

Strided sliced(const Call& call, const Tensor& self) {
  Strided s = reshaped(self.shape);
  const auto d = static_cast<std::size_t>(wrap_dim(call.integer("dim", 0), self.shape.size()));
  const std::int64_t n = self.shape[d];
  auto clamped = [&](const char* name, std::int64_t otherwise) {
    const std::int64_t x = call.integer(name, otherwise);
    return std::clamp<std::int64_t>(x < 0 ? x + n : x, 0, n);
  };
  const std::int64_t start = clamped("start", 0);
  const std::int64_t end = std::max(start, clamped("end", n));
  const std::int64_t step = call.integer("step", 1);
  s.offset = start * s.stride[d];
  s.shape[d] = (end - start + step - 1) / step;
  s.stride[d] *= step;
  return s;
}

Strided squeezed(const Call& call, const Tensor& self) {
  const Strided all = reshaped(self.shape);
  const Argument& dim = call["dim"];
  Index dims = dim.dims;
  if (dim.kind == Argument::Kind::number) dims = {dim.integer()};
  Strided s;
  for (std::size_t d = 0; d < self.shape.size(); ++d) {
    const bool wanted = !dim.given() || std::any_of(dims.begin(), dims.end(), [&](std::int64_t x) {
      return wrap_dim(x, self.shape.size()) == static_cast<std::int64_t>(d);
    });
    if (wanted && self.shape[d] == 1) continue;
    s.shape.push_back(self.shape[d]);
    s.stride.push_back(all.stride[d]);
  }
  return s;
}

Strided narrowed(const Call& call, const Tensor& self) {
  Strided s = reshaped(self.shape);
  const auto d = static_cast<std::size_t>(wrap_dim(call.integer("dim", 0), self.shape.size()));
  const std::int64_t start = call.integer("start", 0);
  s.offset = (start < 0 ? start + self.shape[d] : start) * s.stride[d];
  s.shape[d] = call.integer("length", 0);
  return s;
}

Strided unfolded(const Call& call, const Tensor& self) {
  Strided s = reshaped(self.shape);
  const std::int64_t size = call.integer("size", 0), step = call.integer("step", 1);
  if (self.shape.empty()) return {{size}, {1}};
  const auto d = static_cast<std::size_t>(wrap_dim(call.integer("dimension", 0), self.shape.size()));
  s.shape.push_back(size);
  s.stride.push_back(s.stride[d]);
  s.shape[d] = (self.shape[d] - size) / step + 1;
  s.stride[d] *= step;
  return s;
}

Index moved_order(const Call& call, const Tensor& self) {
  const std::size_t n = self.shape.size();
  Index order(n, -1), rest(n);
  std::iota(rest.begin(), rest.end(), 0);
  for (std::size_t k = 0; k < call["source"].dims.size(); ++k) {
    const std::int64_t from = wrap_dim(call["source"].dims[k], n);
    order[static_cast<std::size_t>(wrap_dim(call["destination"].dims[k], n))] = from;
    rest.erase(std::find(rest.begin(), rest.end(), from));
  }
  for (std::int64_t& d : order) {
    if (d >= 0) continue;
    d = rest.front();
    rest.erase(rest.begin());
  }
  return order;
}

Shape unsqueezed(const Tensor& self, std::int64_t dim) {
  Shape shape = self.shape;
  if (dim < 0) dim += static_cast<std::int64_t>(shape.size()) + 1;
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(dim), 1);
  return shape;
}

Shape flattened(const Call& call, const Tensor& self) {
  if (self.shape.empty()) return {1};
  const auto first = static_cast<std::size_t>(wrap_dim(call.integer("start_dim", 0), self.shape.size()));
  const auto last = static_cast<std::size_t>(wrap_dim(call.integer("end_dim", -1), self.shape.size()));
  Shape shape(self.shape.begin(), self.shape.begin() + static_cast<std::ptrdiff_t>(first));
  std::int64_t joined = 1;
  for (std::size_t d = first; d <= last; ++d) joined *= self.shape[d];
  shape.push_back(joined);
  shape.insert(shape.end(), self.shape.begin() + static_cast<std::ptrdiff_t>(last) + 1, self.shape.end());
  return shape;
}

Strided diagonal_of(const Call& call, const Tensor& self) {
  const std::int64_t offset = call.integer("offset", 0);
  const std::int64_t a = wrap_dim(call.integer("dim1", 0), self.shape.size()),
                     b = wrap_dim(call.integer("dim2", 1), self.shape.size());
  const Index own = row_major(self.shape);
  Strided s;
  for (std::size_t d = 0; d < self.shape.size(); ++d) {
    if (static_cast<std::int64_t>(d) == a || static_cast<std::int64_t>(d) == b) continue;
    s.shape.push_back(self.shape[d]);
    s.stride.push_back(own[d]);
  }
  const auto row = static_cast<std::size_t>(a), column = static_cast<std::size_t>(b);
  const std::int64_t down = offset < 0 ? -offset : 0, right = offset > 0 ? offset : 0;
  s.shape.push_back(std::max<std::int64_t>(0, std::min(self.shape[row] - down, self.shape[column] - right)));
  s.stride.push_back(own[row] + own[column]);
  s.offset = down * own[row] + right * own[column];
  return s;
}

Strided strided_of(std::string_view name, const Call& call, const Tensor& self) {
  if (name == "view") return reshaped(with_inferred(call["size"].dims, numel(self.shape)));
  if (name == "reshape") return reshaped(with_inferred(call["shape"].dims, numel(self.shape)));
  if (name == "expand") return expanded(self, call["size"].dims);
  if (name == "permute") return permuted(self, call["dims"].dims);
  if (name == "transpose") return swapped(self, call.integer("dim0", 0), call.integer("dim1", 0));
  if (name == "t") return self.shape.size() < 2 ? reshaped(self.shape) : swapped(self, 0, 1);
  if (name == "select") return selected(call, self);
  if (name == "slice") return sliced(call, self);
  if (name == "squeeze") return squeezed(call, self);
  if (name == "unsqueeze") return reshaped(unsqueezed(self, call.integer("dim", 0)));
  if (name == "as_strided") return {call["size"].dims, call["stride"].dims, call.integer("storage_offset", 0)};
  if (name == "flatten") return reshaped(flattened(call, self));
  if (name == "detach" || name == "contiguous") return reshaped(self.shape);
  if (name == "narrow") return narrowed(call, self);
  if (name == "unfold") return unfolded(call, self);
  if (name == "movedim") return permuted(self, moved_order(call, self));
  if (name == "view_as") return reshaped(call.tensor("other").shape);
  if (name == "expand_as") return expanded(self, call.tensor("other").shape);
  if (name == "diagonal") return diagonal_of(call, self);
  throw Mistake{"no definition of the view '" + std::string(name) + "'"};
}

}  // namespace

View evaluate_view(const Call& call) { return ops::elements_of(call.op().name, call, call.tensor("self").shape); }

namespace ops {

View elements_of(std::string_view view_name, const Call& call, const Shape& shape) {
  const Strided s = strided_of(view_name, call, Tensor{Type::f32, shape, {}});
  View view{s.shape, {}};
  const std::int64_t n = numel(s.shape);
  Index index(s.shape.size(), 0);
  for (std::int64_t i = 0; i < n; ++i, next_index(index, s.shape))
    view.source.push_back(s.offset + dot(index, s.stride));
  return view;
}

}  // namespace ops
}  // namespace fg::reference
