// SPDX-License-Identifier: Apache-2.0
//
// Gradients of normalisations.  With z the normalized values and h = grad_output * weight, the
// gradient of the input is (h - (sum(h) + z * sum(h * z)) / n) * rstd, without sum(h) for rms_norm.

#include <numeric>

#include "core/composites/composites.hpp"
#include "core/dispatch/outputs.hpp"

namespace fg::core {
namespace {

using Dims = std::vector<std::int64_t>;

// Sum over `dims`, which may be none.
Result<Tensor> sum_over(const Tensor& t, const Dims& dims, bool keep) {
  if (dims.empty()) return t;
  return apply("sum", {arg(t), arg(std::span<const std::int64_t>(dims)), fg_value_bool(keep)});
}

// `dims` of h and z make up what was normalized; `centered` where the mean was subtracted.
Result<Tensor> input_gradient(const Tensor& h, const Tensor& z, const Tensor& rstd, const Dims& dims, bool centered) {
  double n = 1;
  for (const std::int64_t d : dims) n *= static_cast<double>(h->shape[d]);
  FG_TRY_ASSIGN(const Tensor products, map("h * z", std::array{Named("h", h), Named("z", z)}));
  FG_TRY_ASSIGN(const Tensor s2, sum_over(products, dims, true));
  if (!centered) {
    return map("(h - z * s2 / n) * rstd",
               std::array{Named("h", h), Named("z", z), Named("s2", s2), Named("n", n), Named("rstd", rstd)});
  }
  FG_TRY_ASSIGN(const Tensor s1, sum_over(h, dims, true));
  return map("(h - (s1 + z * s2) / n) * rstd", std::array{Named("h", h), Named("s1", s1), Named("z", z),
                                                          Named("s2", s2), Named("n", n), Named("rstd", rstd)});
}

Dims leading_dims(const Tensor& x, const Dims& last) {
  Dims dims(static_cast<std::size_t>(x.ndim()) - last.size());
  std::iota(dims.begin(), dims.end(), 0);
  return dims;
}

bool wanted(const CompositeCall& c, std::size_t output) {
  const auto mask = c.dims("output_mask");
  return mask.empty() || mask[output] != 0;
}

// sum(a * b) or sum(a) over `dims`, in the shape of output `i`.
Result<void> parameter_gradient(const CompositeCall& c, std::size_t i, const Tensor& terms, const Dims& dims) {
  if (!wanted(c, i) || c.out[i].numel() == 0) return {};
  FG_TRY_ASSIGN(const Tensor total, sum_over(terms, dims, false));
  return copy_into(c.out[i], total);
}

}  // namespace

Result<void> layer_norm_backward(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor g, widened(c.tensor("grad_output")));
  FG_TRY_ASSIGN(const Tensor x, widened(c.tensor("input")));
  const Tensor rstd = c.tensor("rstd"), weight = c.tensor("weight");
  const Dims dims = last_dims(x, c), leading = leading_dims(x, dims);
  FG_TRY_ASSIGN(const Tensor z, map("(x - mean) * rstd",
                                    std::array{Named("x", x), Named("mean", c.tensor("mean")), Named("rstd", rstd)}));
  if (wanted(c, 0) && c.out[0].numel() != 0) {
    FG_TRY_ASSIGN(const Tensor h, weighted(g, weight, {}));
    FG_TRY_ASSIGN(const Tensor dx, input_gradient(h, z, rstd, dims, true));
    FG_TRY(copy_into(c.out[0], dx));
  }
  FG_TRY_ASSIGN(const Tensor products, map("g * z", std::array{Named("g", g), Named("z", z)}));
  FG_TRY(parameter_gradient(c, 1, products, leading));
  return parameter_gradient(c, 2, g, leading);
}

Result<void> rms_norm_backward(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor g, widened(c.tensor("grad_output")));
  FG_TRY_ASSIGN(const Tensor x, widened(c.tensor("input")));
  const Dims dims = last_dims(x, c);
  FG_TRY_ASSIGN(const Tensor rstd, inverse_rms(x, dims, c.number("eps").value_or(1e-6)));
  FG_TRY_ASSIGN(const Tensor z, map("x * rstd", std::array{Named("x", x), Named("rstd", rstd)}));
  if (c.out[0].numel() != 0) {
    FG_TRY_ASSIGN(const Tensor h, weighted(g, c.tensor("weight"), {}));
    FG_TRY_ASSIGN(const Tensor dx, input_gradient(h, z, rstd, dims, false));
    FG_TRY(copy_into(c.out[0], dx));
  }
  FG_TRY_ASSIGN(const Tensor products, map("g * z", std::array{Named("g", g), Named("z", z)}));
  return parameter_gradient(c, 1, products, leading_dims(x, dims));
}

Result<void> group_norm_backward(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor g0, widened(c.tensor("grad_output")));
  FG_TRY_ASSIGN(const Tensor x0, widened(c.tensor("input")));
  const std::int64_t samples = x0->shape[0], channels = x0->shape[1], groups = c.integer("num_groups");
  std::int64_t inner = 1;
  for (int d = 2; d < x0.ndim(); ++d) inner *= x0->shape[d];
  // [samples, groups, channels of a group, inner]
  const std::int64_t split[] = {samples, groups, channels / groups, inner}, stat[] = {samples, groups, 1, 1};
  FG_TRY_ASSIGN(const Tensor g, apply("reshape", {arg(g0), arg(split)}));
  FG_TRY_ASSIGN(const Tensor x, apply("reshape", {arg(x0), arg(split)}));
  FG_TRY_ASSIGN(const Tensor mean, apply("reshape", {arg(c.tensor("mean")), arg(stat)}));
  FG_TRY_ASSIGN(const Tensor rstd, apply("reshape", {arg(c.tensor("rstd")), arg(stat)}));
  FG_TRY_ASSIGN(const Tensor z,
                map("(x - mean) * rstd", std::array{Named("x", x), Named("mean", mean), Named("rstd", rstd)}));
  if (wanted(c, 0) && c.out[0].numel() != 0) {
    Tensor weight = c.tensor("weight");
    const std::int64_t of_channel[] = {groups, channels / groups, 1};
    if (weight) {
      FG_TRY_ASSIGN(weight, apply("reshape", {arg(weight), arg(of_channel)}));
    }
    FG_TRY_ASSIGN(const Tensor h, weighted(g, weight, {}));
    FG_TRY_ASSIGN(Tensor dx, input_gradient(h, z, rstd, {2, 3}, true));
    FG_TRY_ASSIGN(dx, apply("reshape", {arg(dx), arg(c.out[0].shape())}));
    FG_TRY(copy_into(c.out[0], dx));
  }
  const std::int64_t by_channel[] = {samples, channels, inner};
  FG_TRY_ASSIGN(Tensor products, map("g * z", std::array{Named("g", g), Named("z", z)}));
  FG_TRY_ASSIGN(products, apply("reshape", {arg(products), arg(by_channel)}));
  FG_TRY(parameter_gradient(c, 1, products, {0, 2}));
  FG_TRY_ASSIGN(const Tensor plain, apply("reshape", {arg(g0), arg(by_channel)}));
  return parameter_gradient(c, 2, plain, {0, 2});
}

}  // namespace fg::core
