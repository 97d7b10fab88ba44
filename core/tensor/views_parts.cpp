// SPDX-License-Identifier: Apache-2.0
//
// Views of parts of a tensor: ranges, diagonals, windows, and elements in another order.

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/tensor/view_layout.hpp"

namespace fg::core::views {

Result<Tensor> narrow(const Tensor& self, std::int64_t dim, std::int64_t start, std::int64_t length) {
  if (self.ndim() == 0) return invalid("narrow: self has no dimensions", FG_R_RANK);
  FG_TRY_ASSIGN(const int d, wrap_dim("narrow", dim, self.ndim()));
  const std::int64_t n = self->shape[d];
  const std::int64_t first = start < 0 ? start + n : start;
  if (first < 0 || first > n || length < 0 || length > n - first) {
    return invalid(fmt::format("narrow: start {} and length {} leave dimension {} of length {}", start, length, d, n),
                   FG_R_BOUNDS);
  }
  return slice(self, d, first, first + length, 1);
}

Result<Tensor> diagonal(const Tensor& self, std::int64_t offset, std::int64_t dim1, std::int64_t dim2) {
  if (self.ndim() < 2) {
    return invalid(fmt::format("diagonal: self has {} dimensions, expected at least 2", self.ndim()), FG_R_RANK);
  }
  FG_TRY_ASSIGN(const int a, wrap_dim("diagonal", dim1, self.ndim()));
  FG_TRY_ASSIGN(const int b, wrap_dim("diagonal", dim2, self.ndim()));
  if (a == b) return invalid(fmt::format("diagonal: dim1 and dim2 are both dimension {}, expected two", a));
  const std::int64_t rows = self->shape[a], columns = self->shape[b];
  // Beyond the corners every offset is the same: nothing.
  const std::int64_t at = std::clamp(offset, -rows, columns);
  const std::int64_t length =
      std::max<std::int64_t>(0, at >= 0 ? std::min(rows, columns - at) : std::min(rows + at, columns));
  Layout l(self);
  for (int d = 0; d < self.ndim(); ++d) {
    if (d != a && d != b) l.push(self->shape[d], self->stride[d]);
  }
  std::int64_t step = 0;
  if (__builtin_add_overflow(self->stride[a], self->stride[b], &step)) step = 1;  // Only without elements.
  l.push(length, step);
  if (length > 0 && self.numel() > 0) l.advance(self, at >= 0 ? at * self->stride[b] : -at * self->stride[a]);
  return l.make(self);
}

Result<Tensor> movedim(const Tensor& self, Dims source, Dims destination) {
  if (source.size() != destination.size()) {
    return invalid(fmt::format("movedim: source {} and destination {} have different lengths", shape_text(source),
                               shape_text(destination)));
  }
  constexpr std::int64_t kOpen = -1;
  std::int64_t from[FG_MAX_NDIM];
  std::fill_n(from, FG_MAX_NDIM, kOpen);
  std::uint32_t moved = 0;
  for (std::size_t k = 0; k < source.size(); ++k) {
    FG_TRY_ASSIGN(const int s, wrap_dim("movedim", source[k], self.ndim()));
    FG_TRY_ASSIGN(const int d, wrap_dim("movedim", destination[k], self.ndim()));
    if ((moved >> s & 1u) != 0) return invalid(fmt::format("movedim: dimension {} appears twice in source", s));
    if (from[d] != kOpen) return invalid(fmt::format("movedim: dimension {} appears twice in destination", d));
    moved |= 1u << s;
    from[d] = s;
  }
  int next = 0;
  for (int d = 0; d < self.ndim(); ++d) {
    if (from[d] != kOpen) continue;
    while ((moved >> next & 1u) != 0) ++next;
    from[d] = next++;
  }
  return permute(self, {from, static_cast<std::size_t>(self.ndim())});
}

Result<Tensor> unfold(const Tensor& self, std::int64_t dimension, std::int64_t size, std::int64_t step) {
  if (self.ndim() == FG_MAX_NDIM) {
    return invalid(fmt::format("unfold: self has {} dimensions already, the most possible", FG_MAX_NDIM), FG_R_RANK);
  }
  FG_TRY_ASSIGN(const int d, wrap_dim("unfold", dimension, self.ndim()));
  const std::int64_t n = self.ndim() == 0 ? 1 : self->shape[d];
  if (step <= 0) return invalid(fmt::format("unfold: step is {}, expected at least 1", step));
  if (size < 0 || size > n) {
    return invalid(fmt::format("unfold: size is {}, expected 0 to {}, the length of dimension {}", size, n, d));
  }
  Layout l = Layout::of(self);
  const std::int64_t own = self.ndim() == 0 ? 1 : self->stride[d];
  if (self.ndim() > 0) {
    l.shape[d] = (n - size) / step + 1;
    // A step beyond the last window is never taken; its stride may not fit.
    if (std::int64_t wide = 0; !__builtin_mul_overflow(own, step, &wide)) l.stride[d] = wide;
  }
  l.push(size, own);
  return l.make(self);
}

Result<Tensor> reversed(const Tensor& self, Dims dims) {
  Layout l = Layout::of(self);
  for (const std::int64_t given : dims) {
    FG_TRY_ASSIGN(const int d, wrap_dim("flip", given, self.ndim()));
    if (self.ndim() == 0 || self.numel() == 0) continue;
    l.advance(self, (self->shape[d] - 1) * self->stride[d]);
    l.stride[d] = -l.stride[d];
  }
  return l.make(self);
}

}  // namespace fg::core::views
