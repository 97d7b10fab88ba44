// SPDX-License-Identifier: Apache-2.0
//
// Triangles, diagonals and tensors with a part replaced: fills and copies into views.

#include <algorithm>
#include <vector>

#include "core/composites/composites.hpp"
#include "core/dispatch/outputs.hpp"
#include "core/tensor/views.hpp"

namespace fg::core {
namespace {

// 0 .. n - 1 along dimension 0 of [n, 1] or 1 of [1, n].
Result<Tensor> positions(Device* device, std::int64_t n, int dim) {
  FG_TRY_ASSIGN(const Tensor line, count_from_zero(device, n));
  return views::unsqueeze(line, 1 - dim);
}

Result<void> triangle(CompositeCall& c, const char* text) {
  const Tensor self = c.tensor("self");
  const int n = self.ndim();
  FG_TRY_ASSIGN(const Tensor row, positions(self.device(), self->shape[n - 2], 0));
  FG_TRY_ASSIGN(const Tensor column, positions(self.device(), self->shape[n - 1], 1));
  FG_TRY_ASSIGN(const Tensor keep, map(text, std::array{Named("row", row), Named("column", column),
                                                        Named("diagonal", c.value("diagonal"))}));
  return map_into(c.out[0], "where(keep, x, 0)", std::array{Named("keep", keep), Named("x", self)});
}

Result<void> triangle_indices(CompositeCall& c, const char* text) {
  Device* const device = c.plan.device;
  FG_TRY_ASSIGN(const Tensor row, positions(device, c.integer("row"), 0));
  FG_TRY_ASSIGN(const Tensor column, positions(device, c.integer("col"), 1));
  FG_TRY_ASSIGN(const Tensor keep, map(text, std::array{Named("row", row), Named("column", column),
                                                        Named("diagonal", c.value("offset"))}));
  FG_TRY_ASSIGN(const Tensor found, apply("nonzero", {arg(keep)}));
  FG_TRY_ASSIGN(const Tensor turned, views::t(found));
  return copy_into(c.out[0], turned);
}

constexpr const char* kLower = "column - row <= diagonal";
constexpr const char* kUpper = "column - row >= diagonal";

Result<Tensor> slice_of(const CompositeCall& c, const Tensor& t) {
  const auto bound = [&](std::string_view name) {
    return c.given(name) ? std::optional(c.integer(name)) : std::nullopt;
  };
  return views::slice(t, c.integer("dim"), bound("start"), bound("end"), c.integer("step"));
}

// Writes `src` into the part `target` of a result.
Result<void> put(const CompositeCall& c, const Result<Tensor>& target, const Tensor& src, std::string_view name) {
  if (!target) return tl::unexpected(Error(target.error()).while_doing(c.call.op.name));
  if (!std::ranges::equal(target->shape(), src.shape())) {
    return invalid(std::string(c.call.op.name) + ": " + std::string(name) + " has shape " + shape_text(src.shape()) +
                       ", the part has " + shape_text(target->shape()),
                   FG_R_SHAPE);
  }
  return copy_into(*target, src);
}

Result<void> scattered(CompositeCall& c, Result<Tensor> (*part)(const CompositeCall&, const Tensor&)) {
  FG_TRY(copy_into(c.out[0], c.tensor("self")));
  return put(c, part(c, c.out[0]), c.tensor("src"), "src");
}

Result<void> gradient(CompositeCall& c, Result<Tensor> (*part)(const CompositeCall&, const Tensor&)) {
  FG_TRY(fill_with(c.out[0], fg_value_int(0)));
  return put(c, part(c, c.out[0]), c.tensor("grad_output"), "grad_output");
}

Result<Tensor> select_of(const CompositeCall& c, const Tensor& t) {
  return views::select(t, c.integer("dim"), c.integer("index"));
}
Result<Tensor> diagonal_of(const CompositeCall& c, const Tensor& t) {
  return views::diagonal(t, c.integer("offset"), c.integer("dim1"), c.integer("dim2"));
}

}  // namespace

Result<void> eye(CompositeCall& c) {
  FG_TRY(fill_with(c.out[0], fg_value_int(0)));
  FG_TRY_ASSIGN(const Tensor line, views::diagonal(c.out[0], 0, 0, 1));
  return fill_with(line, fg_value_int(1));
}

Result<void> tril(CompositeCall& c) { return triangle(c, kLower); }
Result<void> triu(CompositeCall& c) { return triangle(c, kUpper); }
Result<void> tril_indices(CompositeCall& c) { return triangle_indices(c, kLower); }
Result<void> triu_indices(CompositeCall& c) { return triangle_indices(c, kUpper); }

Result<void> diag(CompositeCall& c) {
  const Tensor self = c.tensor("self");
  if (self.ndim() == 2) {
    FG_TRY_ASSIGN(const Tensor line, views::diagonal(self, c.integer("diagonal"), 0, 1));
    return copy_into(c.out[0], line);
  }
  FG_TRY(fill_with(c.out[0], fg_value_int(0)));
  FG_TRY_ASSIGN(const Tensor line, views::diagonal(c.out[0], c.integer("diagonal"), 0, 1));
  return copy_into(line, self);
}

Result<void> diag_embed(CompositeCall& c) {
  FG_TRY(fill_with(c.out[0], fg_value_int(0)));
  FG_TRY_ASSIGN(const Tensor line, diagonal_of(c, c.out[0]));
  return copy_into(line, c.tensor("self"));
}

Result<void> select_scatter(CompositeCall& c) { return scattered(c, select_of); }
Result<void> slice_scatter(CompositeCall& c) { return scattered(c, slice_of); }
Result<void> diagonal_scatter(CompositeCall& c) { return scattered(c, diagonal_of); }
Result<void> select_backward(CompositeCall& c) { return gradient(c, select_of); }

// Without a step the gradient is a block of the result: padding writes the result in one pass.
Result<void> slice_backward(CompositeCall& c) {
  const Tensor &out = c.out[0], grad = c.tensor("grad_output");
  FG_TRY_ASSIGN(const Tensor target, slice_of(c, out));
  if (c.integer("step") != 1 || !std::ranges::equal(target.shape(), grad.shape())) return gradient(c, slice_of);
  FG_TRY_ASSIGN(const int d, views::wrap_dim("slice_backward", c.integer("dim"), out.ndim()));
  const std::int64_t n = out->shape[d], start = c.integer("start");
  const std::int64_t before = std::clamp<std::int64_t>(start < 0 ? start + n : start, 0, n);
  std::vector<std::int64_t> pad(2 * static_cast<std::size_t>(out.ndim() - d), 0);  // The last dimension first.
  pad[pad.size() - 2] = before;
  pad[pad.size() - 1] = n - before - grad->shape[d];
  return apply_into(out, "constant_pad_nd", {arg(grad), arg(std::span<const std::int64_t>(pad))});
}
Result<void> diagonal_backward(CompositeCall& c) { return gradient(c, diagonal_of); }

}  // namespace fg::core
