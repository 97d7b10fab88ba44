// SPDX-License-Identifier: Apache-2.0

#include "core/tensor/views.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/tensor/view_layout.hpp"

namespace fg::core::views {
namespace {

tl::unexpected<Error> no_dimensions(std::string_view op) {
  return invalid(fmt::format("{}: self has no dimensions", op), FG_R_RANK);
}

}  // namespace

Result<int> wrap_dim(std::string_view op, std::int64_t dim, int ndim) {
  const int n = std::max(ndim, 1);
  if (dim >= -n && dim < n) return static_cast<int>(dim < 0 ? dim + n : dim);
  return invalid(fmt::format("{}: dim {} is out of range, expected {} to {}", op, dim, -n, n - 1));
}

Result<Tensor> expand(const Tensor& self, Dims size) {
  const int n_new = static_cast<int>(size.size());
  const int lead = n_new - self.ndim();
  if (lead < 0) {
    return invalid(fmt::format("expand: size {} has {} dimensions, self has {}", shape_text(size), n_new, self.ndim()),
                   FG_R_RANK);
  }
  if (n_new > FG_MAX_NDIM) {
    return invalid(
        fmt::format("expand: size {} has {} dimensions, at most {} are possible", shape_text(size), n_new, FG_MAX_NDIM),
        FG_R_RANK);
  }
  Layout l(self);
  for (int d = 0; d < n_new; ++d) {
    const std::int64_t want = size[static_cast<std::size_t>(d)];
    const std::int64_t have = d < lead ? 1 : self->shape[d - lead];
    const std::int64_t n = want == -1 && d >= lead ? have : want;
    if (n < 0) {
      return invalid(fmt::format("expand: size {} at dimension {} of {}{}", want, d, shape_text(size),
                                 want == -1 ? ", where self has no dimension to keep" : ""),
                     FG_R_SHAPE);
    }
    if (have != n && have != 1) {
      return invalid(fmt::format("expand: self has size {} at dimension {}, expected 1 or {}", have, d - lead, n),
                     FG_R_SHAPE);
    }
    l.push(n, have == n && d >= lead ? self->stride[d - lead] : 0);
  }
  // A new leading dimension of length 1 steps over the rest, as in a dense tensor.
  for (int d = lead - 1; d >= 0; --d) {
    if (l.shape[d] == 1) l.stride[d] = d + 1 < n_new ? l.shape[d + 1] * l.stride[d + 1] : 1;
  }
  return l.make(self);
}

Result<Tensor> permute(const Tensor& self, Dims dims) {
  if (static_cast<int>(dims.size()) != self.ndim()) {
    return invalid(
        fmt::format("permute: dims {} names {} dimensions, self has {}", shape_text(dims), dims.size(), self.ndim()),
        FG_R_RANK);
  }
  Layout l(self);
  std::uint32_t seen = 0;
  for (const std::int64_t given : dims) {
    FG_TRY_ASSIGN(const int d, wrap_dim("permute", given, self.ndim()));
    if ((seen >> d & 1u) != 0) {
      return invalid(fmt::format("permute: dimension {} appears twice in dims {}", d, shape_text(dims)));
    }
    seen |= 1u << d;
    l.push(self->shape[d], self->stride[d]);
  }
  return l.make(self);
}

Result<Tensor> transpose(const Tensor& self, std::int64_t dim0, std::int64_t dim1) {
  FG_TRY_ASSIGN(const int a, wrap_dim("transpose", dim0, self.ndim()));
  FG_TRY_ASSIGN(const int b, wrap_dim("transpose", dim1, self.ndim()));
  Layout l = Layout::of(self);
  if (self.ndim() > 0) {
    std::swap(l.shape[a], l.shape[b]);
    std::swap(l.stride[a], l.stride[b]);
  }
  return l.make(self);
}

Result<Tensor> t(const Tensor& self) {
  if (self.ndim() > 2) {
    return invalid(fmt::format("t: self has {} dimensions, expected at most 2", self.ndim()), FG_R_RANK);
  }
  return self.ndim() < 2 ? detach(self) : transpose(self, 0, 1);
}

Result<Tensor> select(const Tensor& self, std::int64_t dim, std::int64_t index) {
  if (self.ndim() == 0) return no_dimensions("select");
  FG_TRY_ASSIGN(const int d, wrap_dim("select", dim, self.ndim()));
  const std::int64_t n = self->shape[d];
  if (index < -n || index >= n) {
    return invalid(fmt::format("select: index {} is out of range for dimension {} of size {}", index, d, n),
                   FG_R_BOUNDS);
  }
  Layout l(self);
  for (int k = 0; k < self.ndim(); ++k) {
    if (k != d) l.push(self->shape[k], self->stride[k]);
  }
  l.advance(self, (index < 0 ? index + n : index) * self->stride[d]);
  return l.make(self);
}

Result<Tensor> slice(const Tensor& self, std::int64_t dim, std::optional<std::int64_t> start,
                     std::optional<std::int64_t> end, std::int64_t step) {
  if (self.ndim() == 0) return no_dimensions("slice");
  FG_TRY_ASSIGN(const int d, wrap_dim("slice", dim, self.ndim()));
  if (step <= 0) return invalid(fmt::format("slice: step is {}, expected at least 1", step));
  const std::int64_t n = self->shape[d];
  const auto clamp = [n](std::int64_t i) { return std::clamp<std::int64_t>(i < 0 ? i + n : i, 0, n); };
  const std::int64_t first = clamp(start.value_or(0));
  const std::int64_t last = std::max(first, clamp(end.value_or(n)));
  Layout l = Layout::of(self);
  l.shape[d] = (last - first) / step + static_cast<std::int64_t>((last - first) % step != 0);
  // A step beyond the last element is never taken; its stride may not fit.
  if (std::int64_t wide = 0; !__builtin_mul_overflow(self->stride[d], step, &wide)) l.stride[d] = wide;
  if (self.numel() > 0) l.advance(self, first * self->stride[d]);
  return l.make(self);
}

Result<Tensor> squeeze(const Tensor& self) {
  Layout l(self);
  for (int d = 0; d < self.ndim(); ++d) {
    if (self->shape[d] != 1) l.push(self->shape[d], self->stride[d]);
  }
  return l.make(self);
}

Result<Tensor> squeeze(const Tensor& self, Dims dims) {
  std::uint32_t drop = 0;
  for (const std::int64_t given : dims) {
    FG_TRY_ASSIGN(const int d, wrap_dim("squeeze", given, self.ndim()));
    if ((drop >> d & 1u) != 0) {
      return invalid(fmt::format("squeeze: dimension {} appears twice in {}", d, shape_text(dims)));
    }
    drop |= 1u << d;
  }
  Layout l(self);
  for (int d = 0; d < self.ndim(); ++d) {
    if ((drop >> d & 1u) == 0 || self->shape[d] != 1) l.push(self->shape[d], self->stride[d]);
  }
  return l.make(self);
}

Result<Tensor> unsqueeze(const Tensor& self, std::int64_t dim) {
  if (self.ndim() == FG_MAX_NDIM) {
    return invalid(fmt::format("unsqueeze: self has {} dimensions already, the most possible", FG_MAX_NDIM), FG_R_RANK);
  }
  FG_TRY_ASSIGN(const int at, wrap_dim("unsqueeze", dim, self.ndim() + 1));
  Layout l(self);
  for (int d = 0; d <= self.ndim(); ++d) {
    // Sizes and strides of self passed checks, so their product fits where there are elements.
    if (d == at) l.push(1, d < self.ndim() && self.numel() > 0 ? self->shape[d] * self->stride[d] : 1);
    if (d < self.ndim()) l.push(self->shape[d], self->stride[d]);
  }
  return l.make(self);
}

Result<Tensor> as_strided(const Tensor& self, Dims size, Dims stride, std::optional<std::int64_t> storage_offset) {
  if (size.size() != stride.size()) {
    return invalid(fmt::format("as_strided: {} sizes and {} strides", size.size(), stride.size()), FG_R_STRIDE);
  }
  std::uint64_t offset = storage_offset_bytes(self);
  if (storage_offset) {
    if (*storage_offset < 0) {
      return invalid(fmt::format("as_strided: storage_offset is {}, expected at least 0", *storage_offset));
    }
    if (__builtin_mul_overflow(static_cast<std::uint64_t>(*storage_offset),
                               static_cast<std::uint64_t>(dtype_bytes(self.dtype())), &offset)) {
      return invalid(fmt::format("as_strided: storage_offset {} passes 2^64 bytes", *storage_offset), FG_R_BOUNDS);
    }
  }
  auto r = make_view(self, self.dtype(), size, stride, offset);
  if (!r) return tl::unexpected(std::move(r).error().while_doing("as_strided"));
  return r;
}

Result<Tensor> detach(const Tensor& self) { return Layout::of(self).make(self); }

}  // namespace fg::core::views
