// SPDX-License-Identifier: Apache-2.0
//
// flip, roll, repeat, tile, repeat_interleave, constant_pad_nd, stack, hstack, vstack: copies between
// views.

#include <algorithm>

#include "core/composites/composites.hpp"
#include "core/dispatch/outputs.hpp"
#include "core/tensor/views.hpp"

namespace fg::core {
namespace {

using Dims = std::span<const std::int64_t>;

Result<Tensor> part(const Tensor& t, int d, std::int64_t begin, std::int64_t end) {
  return views::slice(t, d, begin, end, 1);
}

Result<Tensor> dense(const Tensor& t) { return t.dense() ? Result<Tensor>(t) : copy_of(t); }

// dst[..., i, ...] = src[..., i - by, ...] in every dimension; a block of the result for each
// combination of the two sides of each dimension.
Result<void> roll_into(const Tensor& dst, const Tensor& src, Dims by, int d) {
  while (d < dst.ndim() && by[static_cast<std::size_t>(d)] == 0) ++d;
  if (d == dst.ndim()) return copy_into(dst, src);
  const std::int64_t n = dst->shape[d], shift = by[static_cast<std::size_t>(d)];
  FG_TRY_ASSIGN(const Tensor head, part(dst, d, 0, shift));
  FG_TRY_ASSIGN(const Tensor from_end, part(src, d, n - shift, n));
  FG_TRY(roll_into(head, from_end, by, d + 1));
  FG_TRY_ASSIGN(const Tensor tail, part(dst, d, shift, n));
  FG_TRY_ASSIGN(const Tensor from_start, part(src, d, 0, n - shift));
  return roll_into(tail, from_start, by, d + 1);
}

// `out` with the lengths of self times counts, both of out's rank.
Result<void> repeat_into(const Tensor& out, const Tensor& self, Dims counts) {
  // Each dimension of out is (count, length), the counts with stride 0 in self.
  std::int64_t from_shape[2 * FG_MAX_NDIM], from_stride[2 * FG_MAX_NDIM], to_stride[2 * FG_MAX_NDIM];
  std::size_t n = 0;
  const auto add = [&](std::int64_t length, std::int64_t from, std::int64_t to) {
    if (length == 1) return;
    from_shape[n] = length;
    from_stride[n] = from;
    to_stride[n++] = to;
  };
  for (int d = 0; d < out.ndim(); ++d) {
    const std::int64_t length = self->shape[d];
    add(counts[static_cast<std::size_t>(d)], 0, length * out->stride[d]);
    add(length, self->stride[d], out->stride[d]);
  }
  if (n <= FG_MAX_NDIM) {
    FG_TRY_ASSIGN(const Tensor to,
                  make_view(out, out.dtype(), {from_shape, n}, {to_stride, n}, storage_offset_bytes(out)));
    FG_TRY_ASSIGN(const Tensor from,
                  make_view(self, self.dtype(), {from_shape, n}, {from_stride, n}, storage_offset_bytes(self)));
    return copy_into(to, from);
  }
  // More dimensions than a tensor has: one repeated dimension after the other, (before, count, rest).
  FG_TRY_ASSIGN(Tensor so_far, dense(self));
  std::vector<std::int64_t> shape(self->shape, self->shape + self.ndim());
  for (std::size_t d = 0; d < shape.size(); ++d) {
    std::int64_t before = 1, rest = 1;
    for (std::size_t k = 0; k < d; ++k) before *= shape[k];
    for (std::size_t k = d; k < shape.size(); ++k) rest *= shape[k];
    const std::int64_t rows[] = {before, 1, rest}, wide[] = {before, counts[d], rest};
    FG_TRY_ASSIGN(const Tensor flat, views::view(so_far, rows));
    FG_TRY_ASSIGN(const Tensor repeated, views::expand(flat, wide));
    FG_TRY_ASSIGN(so_far, copy_of(repeated));
    shape[d] *= counts[d];
  }
  FG_TRY_ASSIGN(const Tensor shaped, views::view(so_far, shape));
  return copy_into(out, shaped);
}

Result<void> repeat_by(CompositeCall& c, Dims given) {
  Tensor self = c.tensor("self");
  const auto rank = static_cast<std::size_t>(c.out[0].ndim());
  std::vector<std::int64_t> counts(rank - given.size(), 1);
  counts.insert(counts.end(), given.begin(), given.end());
  std::vector<std::int64_t> shape(rank - static_cast<std::size_t>(self.ndim()), 1);
  shape.insert(shape.end(), self->shape, self->shape + self.ndim());
  FG_TRY_ASSIGN(self, views::expand(self, shape));
  return repeat_into(c.out[0], self, counts);
}

Result<void> cat_into(const Tensor& out, std::span<const Tensor> parts, std::int64_t dim) {
  static const OpInfo* const op = find_op("cat");
  std::vector<fg_tensor_handle> list;
  for (const Tensor& t : parts) list.push_back(t.get());
  const fg_value args[] = {fg_value_tensors(list.data(), static_cast<std::uint32_t>(list.size())), fg_value_int(dim)};
  fg_tensor_handle given[] = {out.get()};
  return call(*op, args, Form::out, given);
}

// The tensors with leading dimensions of length 1 where they have fewer than `least`.
Result<std::vector<Tensor>> at_least(const CompositeCall& c, int least) {
  std::vector<Tensor> parts = c.tensors("tensors");
  for (Tensor& t : parts) {
    while (t.ndim() < least) {
      FG_TRY_ASSIGN(t, views::unsqueeze(t, 0));
    }
  }
  return parts;
}

}  // namespace

Result<void> flip(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor turned, views::reversed(c.tensor("self"), c.dims("dims")));
  return copy_into(c.out[0], turned);
}

Result<void> roll(CompositeCall& c) {
  const Tensor self = c.tensor("self");
  const Dims dims = c.dims("dims"), shifts = c.dims("shifts");
  const auto modulo = [](std::int64_t by, std::int64_t n) { return (by % n + n) % n; };
  if (dims.empty()) {
    const std::int64_t line[] = {self.numel()}, by[] = {modulo(shifts[0], self.numel())};
    FG_TRY_ASSIGN(const Tensor source, dense(self));
    FG_TRY_ASSIGN(const Tensor from, views::view(source, line));
    if (c.out[0].dense()) {
      FG_TRY_ASSIGN(const Tensor to, views::view(c.out[0], line));
      return roll_into(to, from, by, 0);
    }
    FG_TRY_ASSIGN(const Tensor made, empty(self.device(), self.dtype(), self.shape()));
    FG_TRY_ASSIGN(const Tensor to, views::view(made, line));
    FG_TRY(roll_into(to, from, by, 0));
    return copy_into(c.out[0], made);
  }
  std::int64_t by[FG_MAX_NDIM] = {};
  for (std::size_t k = 0; k < dims.size() && self.ndim() > 0; ++k) {
    FG_TRY_ASSIGN(const int d, views::wrap_dim("roll", dims[k], self.ndim()));
    by[d] = modulo(shifts[k], self->shape[d]);
  }
  return roll_into(c.out[0], self, by, 0);
}

Result<void> repeat(CompositeCall& c) { return repeat_by(c, c.dims("repeats")); }
Result<void> tile(CompositeCall& c) { return repeat_by(c, c.dims("dims")); }

Result<void> repeat_interleave(CompositeCall& c) {
  Tensor self = c.tensor("self");
  const std::int64_t repeats = c.integer("repeats");
  if (!c.given("dim") || self.ndim() == 0) {
    const std::int64_t line[] = {self.numel()};
    FG_TRY_ASSIGN(const Tensor source, dense(self));
    FG_TRY_ASSIGN(self, views::view(source, line));
  }
  FG_TRY_ASSIGN(const int d, views::wrap_dim("repeat_interleave", c.given("dim") ? c.integer("dim") : 0, self.ndim()));
  // Dimension d of out is (length, repeats).
  const Tensor& out = c.out[0];
  std::int64_t shape[FG_MAX_NDIM + 1], from[FG_MAX_NDIM + 1], to[FG_MAX_NDIM + 1];
  std::size_t n = 0;
  for (int k = 0; k < self.ndim(); ++k) {
    if (self->shape[k] == 1 && self.ndim() == FG_MAX_NDIM && k != d) continue;  // Makes room.
    shape[n] = self->shape[k];
    from[n] = self->stride[k];
    to[n++] = out->stride[k] * (k == d ? repeats : 1);
    if (k != d) continue;
    shape[n] = repeats;
    from[n] = 0;
    to[n++] = out->stride[k];
  }
  if (n > FG_MAX_NDIM) {
    return unsupported("repeat_interleave: self has 16 dimensions longer than 1, expected at most 15", FG_R_RANK);
  }
  FG_TRY_ASSIGN(const Tensor target, make_view(out, out.dtype(), {shape, n}, {to, n}, storage_offset_bytes(out)));
  FG_TRY_ASSIGN(const Tensor source, make_view(self, self.dtype(), {shape, n}, {from, n}, storage_offset_bytes(self)));
  return copy_into(target, source);
}

// The border is written in slabs that do not overlap: of the outermost dimension whole, of the next
// only what lies inside the first, and so on.
Result<void> constant_pad_nd(CompositeCall& c) {
  Tensor inner = c.out[0], self = c.tensor("self");
  const Dims pad = c.dims("pad");
  const fg_value value = c.value("value");
  for (int d = 0; d < self.ndim(); ++d) {
    const auto k = static_cast<std::size_t>(self.ndim() - 1 - d);
    if (2 * k + 1 >= pad.size()) continue;
    const std::int64_t before = pad[2 * k], after = pad[2 * k + 1], n = inner->shape[d];
    // A crop of more than there is leaves the rest to the other side's padding.
    const std::int64_t length = self->shape[d], begin = std::clamp<std::int64_t>(before, 0, n);
    const std::int64_t end = std::clamp<std::int64_t>(n - std::max<std::int64_t>(after, 0), begin, n);
    FG_TRY_ASSIGN(const Tensor low, part(inner, d, 0, begin));
    FG_TRY_ASSIGN(const Tensor high, part(inner, d, end, n));
    FG_TRY(fill_with(low, value));
    FG_TRY(fill_with(high, value));
    FG_TRY_ASSIGN(inner, part(inner, d, begin, end));
    const std::int64_t first = std::clamp<std::int64_t>(-before, 0, length);
    FG_TRY_ASSIGN(self, part(self, d, first, first + (end - begin)));
  }
  return copy_into(inner, self);
}

Result<void> stack(CompositeCall& c) {
  std::vector<Tensor> parts = c.tensors("tensors");
  const int rank = c.out[0].ndim();
  FG_TRY_ASSIGN(const int dim, views::wrap_dim("stack", c.integer("dim"), rank));
  for (Tensor& t : parts) {
    FG_TRY_ASSIGN(t, views::unsqueeze(t, dim));
  }
  return cat_into(c.out[0], parts, dim);
}

Result<void> hstack(CompositeCall& c) {
  FG_TRY_ASSIGN(const std::vector<Tensor> parts, at_least(c, 1));
  return cat_into(c.out[0], parts, parts[0].ndim() == 1 ? 0 : 1);
}

Result<void> vstack(CompositeCall& c) {
  FG_TRY_ASSIGN(const std::vector<Tensor> parts, at_least(c, 2));
  return cat_into(c.out[0], parts, 0);
}

}  // namespace fg::core
