// SPDX-License-Identifier: Apache-2.0
//
// view, reshape and flatten: when can a layout be read in another shape without moving data?

#include <fmt/format.h>

#include <algorithm>

#include "core/tensor/views.hpp"

namespace fg::core::views {
namespace {

// Strides that read `self` in `size`, which has the same number of elements; false if only a copy
// could.  Dimensions of self that lie dense in each other form a group, and the sizes of the new
// shape must divide into whole groups.
bool strides_for(const Tensor& self, Dims size, std::int64_t* out) {
  const int n_new = static_cast<int>(size.size());
  if (self.numel() == 0) {
    if (std::ranges::equal(self.shape(), size)) {
      std::ranges::copy(self.stride(), out);
      return true;
    }
    std::int64_t step = 1;
    for (int d = n_new - 1; d >= 0; --d) {
      out[d] = step;
      step *= std::max<std::int64_t>(size[static_cast<std::size_t>(d)], 1);
    }
    return true;
  }
  int d = n_new - 1;
  std::int64_t group_stride = self.ndim() > 0 ? self->stride[self.ndim() - 1] : 1;
  std::int64_t group_numel = 1;
  std::int64_t given = 1;  // Elements of the group already handed to new dimensions.
  for (int s = self.ndim() - 1; s >= 0; --s) {
    group_numel *= self->shape[s];
    const bool group_ends = s == 0 || (self->shape[s - 1] != 1 && self->stride[s - 1] != group_numel * group_stride);
    if (!group_ends) continue;
    while (d >= 0 && (given < group_numel || size[static_cast<std::size_t>(d)] == 1)) {
      out[d] = given * group_stride;
      given *= size[static_cast<std::size_t>(d--)];
    }
    if (given != group_numel) return false;
    if (s > 0) {
      group_stride = self->stride[s - 1];
      group_numel = given = 1;
    }
  }
  for (; d >= 0; --d) out[d] = 1;  // A 0-d tensor seen as sizes of 1.
  return true;
}

Result<std::optional<Tensor>> try_view(const Tensor& self, Dims size) {
  std::int64_t stride[FG_MAX_NDIM];
  if (!strides_for(self, size, stride)) return std::optional<Tensor>{};
  FG_TRY_ASSIGN(Tensor r, make_view(self, self.dtype(), size, {stride, size.size()}, storage_offset_bytes(self)));
  return std::optional<Tensor>(std::move(r));
}

}  // namespace

Result<Shape> inferred_shape(const Tensor& self, Dims size) {
  if (size.size() > FG_MAX_NDIM) {
    return invalid(
        fmt::format("shape {} has {} dimensions, at most {} are possible", shape_text(size), size.size(), FG_MAX_NDIM),
        FG_R_RANK);
  }
  Shape shape;
  std::int64_t known = 1;
  int unknown = -1;
  bool overflow = false;
  for (const std::int64_t n : size) {
    if (n < -1) return invalid(fmt::format("shape {} has the size {}", shape_text(size), n), FG_R_SHAPE);
    if (n == -1 && unknown >= 0) {
      return invalid(fmt::format("shape {} has more than one -1", shape_text(size)), FG_R_SHAPE);
    }
    if (n == -1)
      unknown = shape.ndim;
    else
      overflow |= __builtin_mul_overflow(known, n, &known);
    shape.push(n);
  }
  const bool fits = unknown < 0 ? known == self.numel() : known != 0 && self.numel() % known == 0;
  if (unknown >= 0 && known == 0 && self.numel() == 0) {
    return invalid(fmt::format("the -1 in shape {} could be any size for 0 elements", shape_text(size)), FG_R_SHAPE);
  }
  if (overflow || !fits) {
    return invalid(fmt::format("shape {} is not possible for {} elements", shape_text(size), self.numel()), FG_R_SHAPE);
  }
  if (unknown >= 0) shape.dim[unknown] = self.numel() / known;
  return shape;
}

Result<Shape> flattened_shape(const Tensor& self, std::int64_t start_dim, std::int64_t end_dim) {
  FG_TRY_ASSIGN(const int start, wrap_dim("flatten", start_dim, self.ndim()));
  FG_TRY_ASSIGN(const int end, wrap_dim("flatten", end_dim, self.ndim()));
  if (start > end) {
    return invalid(fmt::format("flatten: start_dim {} comes after end_dim {}", start_dim, end_dim));
  }
  Shape shape;
  if (self.ndim() == 0) {
    shape.push(1);
    return shape;
  }
  std::int64_t joined = 1;
  for (int d = 0; d < self.ndim(); ++d) {
    const std::int64_t n = self->shape[d];
    if (d < start || d > end)
      shape.push(n);
    else
      joined *= n;
    if (d == end) shape.push(joined);
  }
  return shape;
}

Result<Tensor> view(const Tensor& self, Dims size) {
  FG_TRY_ASSIGN(const Shape shape, inferred_shape(self, size));
  FG_TRY_ASSIGN(auto r, try_view(self, shape.dims()));
  if (r) return std::move(*r);
  return invalid(fmt::format("view: shape {} does not fit self of shape {} with strides {}; reshape copies",
                             shape_text(size), shape_text(self.shape()), shape_text(self.stride())),
                 FG_R_STRIDE);
}

Result<std::optional<Tensor>> reshape(const Tensor& self, Dims size) {
  FG_TRY_ASSIGN(const Shape shape, inferred_shape(self, size));
  return try_view(self, shape.dims());
}

Result<std::optional<Tensor>> flatten(const Tensor& self, std::int64_t start_dim, std::int64_t end_dim) {
  FG_TRY_ASSIGN(const Shape shape, flattened_shape(self, start_dim, end_dim));
  if (self.ndim() == shape.ndim) return std::optional<Tensor>(self);
  return try_view(self, shape.dims());
}

}  // namespace fg::core::views
