// SPDX-License-Identifier: Apache-2.0
//
// Gradients of normalisations.  With z = (x - mean) rstd and h = g w the gradient of the input is
//   (h - (sum h + z sum h z) / n) rstd,
// which kernels also write with sum h x in place of sum h z.  Either way every term is a product of at
// most 6 rounded factors and every sum has n of them, so that the error stays below gamma_(n + 12) of
//   rstd (|h| + (sum |h| + Z sum |h| Z) / n),  Z = (|x| + |mean|) rstd
// (Higham, Accuracy and Stability, 3.1); rstd of rms_norm is computed with n + 4 roundings more.  The
// gradients of weight and bias are sums over rows of g z and g.

#include <algorithm>
#include <cmath>

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference::ops {
namespace {

// How the elements of a tensor lie in rows and columns: rows are normalized, parameters belong to
// columns; `column` gives the parameter of element i of a row.
struct Layout {
  std::int64_t rows, n, parameters;
  std::int64_t groups = 1, inner = 1;  // group_norm: parameters / groups channels of `inner` elements in a row
  bool centered = true;

  std::int64_t parameter(std::int64_t row, std::int64_t i) const {
    return row % groups * (parameters / groups) + i / inner;
  }
};

// A number that any legal kernel knows up to gamma_k of `magnitude`; `widest` bounds what it meets on
// the way, which may overflow, and by which it multiplies what underflows.
Value near(Real value, Real magnitude, Real widest, Real roundings, Ct type) {
  const Real radius = gamma(roundings, type) * magnitude;
  const Real most = format(storage_of(type)).max;
  const bool wild = !std::isfinite(value) || !std::isfinite(radius) || !(magnitude < most) || !(widest < most);
  const Real lost = roundings * (ulp(storage_of(type), 0) + flush_loss(type)) * (1 + widest);
  return wild ? anything(type) : rounded(widened(exact(value, type), radius + lost));
}

struct Problem {
  const Call& call;
  const Tensor& g;
  const Tensor& x;
  Layout l;
  Ct type;
  Real extra = 0;                // Roundings of rstd.
  std::vector<Real> mean, rstd;  // of rows

  Real weight(std::int64_t parameter) const {
    return call.has("weight") ? call.tensor("weight").v[static_cast<std::size_t>(parameter)] : 1;
  }
  std::size_t at(std::int64_t row, std::int64_t i) const { return static_cast<std::size_t>(row * l.n + i); }
  Real z(std::int64_t row, std::int64_t i) const {
    const auto r = static_cast<std::size_t>(row);
    return (x.v[at(row, i)] - mean[r]) * rstd[r];
  }
  Real size_of_x(std::int64_t row, std::int64_t i) const {
    return std::fabs(x.v[at(row, i)]) + std::fabs(mean[static_cast<std::size_t>(row)]);
  }
  Real size_of_z(std::int64_t row, std::int64_t i) const {
    return size_of_x(row, i) * std::fabs(rstd[static_cast<std::size_t>(row)]);
  }
};

void input_gradient(const Problem& p, Output& out) {
  const auto n = static_cast<Real>(p.l.n);
  for (std::int64_t row = 0; row < p.l.rows; ++row) {
    Real s1 = 0, s2 = 0, a1 = 0, a2 = 0;
    for (std::int64_t i = 0; i < p.l.n; ++i) {
      const Real h = p.g.v[p.at(row, i)] * p.weight(p.l.parameter(row, i));
      s1 += p.l.centered ? h : 0;
      s2 += h * p.z(row, i);
      a1 += std::fabs(h);
      a2 += std::fabs(h) * p.size_of_z(row, i);
    }
    const Real rstd = p.rstd[static_cast<std::size_t>(row)];
    Real widest = (1 + a1 + a2) * (1 + std::fabs(rstd)) * n;
    for (std::int64_t i = 0; i < p.l.n; ++i) {
      const Real z = p.size_of_z(row, i);
      const Real x = p.size_of_x(row, i);
      const Real w = std::fabs(p.weight(p.l.parameter(row, i))) + std::fabs(p.g.v[p.at(row, i)]);
      widest = std::max({widest, (1 + z + x) * (1 + a2) * (1 + a1), w}) + (std::isfinite(z + x + w) ? 0 : z + x + w);
    }
    for (std::int64_t i = 0; i < p.l.n; ++i) {
      const Real h = p.g.v[p.at(row, i)] * p.weight(p.l.parameter(row, i));
      const Real value = (h - (s1 + p.z(row, i) * s2) / n) * rstd;
      const Real magnitude = (std::fabs(h) + (a1 + p.size_of_z(row, i) * a2) / n) * std::fabs(rstd);
      push(out, near(value, magnitude, widest, n + 12 + 3 * p.extra, p.type));
    }
  }
}

// Sums over rows of g z (weight) or g (bias).
void parameter_gradient(const Problem& p, bool of_weight, Output& out) {
  const auto count = static_cast<std::size_t>(p.l.parameters);
  std::vector<Real> sum(count, 0), magnitude(count, 0), terms(count, 0), widest(count, 0);
  for (std::int64_t row = 0; row < p.l.rows; ++row) {
    for (std::int64_t i = 0; i < p.l.n; ++i) {
      const auto k = static_cast<std::size_t>(p.l.parameter(row, i));
      const Real g = p.g.v[p.at(row, i)];
      sum[k] += of_weight ? g * p.z(row, i) : g;
      magnitude[k] += of_weight ? std::fabs(g) * p.size_of_z(row, i) : std::fabs(g);
      terms[k] += 1;
      widest[k] +=
          std::fabs(g) + (of_weight ? p.size_of_x(row, i) * (1 + std::fabs(p.rstd[static_cast<std::size_t>(row)])) : 0);
    }
  }
  for (std::size_t k = 0; k < count; ++k)
    push(out, near(sum[k], magnitude[k], widest[k], terms[k] + 8 + p.extra, p.type));
}

Outputs gradients(const Problem& p, const std::vector<std::int64_t>& mask, const Shape& parameters) {
  Outputs outs;
  for (std::size_t j = 0; j < mask.size(); ++j) {
    outs.push_back(make_output(p.x.type, mask[j] == 0 ? Shape{0} : j == 0 ? p.x.shape : parameters));
    if (mask[j] == 0) continue;
    if (j == 0) {
      input_gradient(p, outs.back());
    } else {
      parameter_gradient(p, j == 1, outs.back());
    }
  }
  return outs;
}

std::vector<std::int64_t> mask_of(const Call& call) {
  const Argument& a = call["output_mask"];
  return a.given() ? a.dims : std::vector<std::int64_t>{1, 1, 1};
}

// Rows of the last dimensions.
Layout rows_of(const Call& call, Shape& parameters) {
  parameters = call["normalized_shape"].dims;
  Layout l{1, numel(parameters), numel(parameters)};
  const Shape& shape = call.tensor("input").shape;
  for (std::size_t d = 0; d + parameters.size() < shape.size(); ++d) l.rows *= shape[d];
  return l;
}

}  // namespace

Outputs layer_norm_backward(const Call& call) {
  Shape parameters;
  const Layout l = rows_of(call, parameters);
  const Tensor& x = call.tensor("input");
  const Problem p{
      call, call.tensor("grad_output"), x, l, compute_type(x.type), 0, call.tensor("mean").v, call.tensor("rstd").v};
  return gradients(p, mask_of(call), parameters);
}

Outputs rms_norm_backward(const Call& call) {
  Shape parameters;
  Layout l = rows_of(call, parameters);
  l.centered = false;
  const Tensor& x = call.tensor("input");
  Problem p{call, call.tensor("grad_output"), x, l, compute_type(x.type), static_cast<Real>(l.n) + 4, {}, {}};
  const Real eps = cast(exact(call.number("eps", 0), Ct::f64), p.type).mid;
  for (std::int64_t row = 0; row < l.rows; ++row) {
    Real squares = 0;
    for (std::int64_t i = 0; i < l.n; ++i) squares += x.v[p.at(row, i)] * x.v[p.at(row, i)];
    p.mean.push_back(0);
    // A sum of squares beyond the type's range is infinite for the kernel.
    const bool over = squares > format(storage_of(p.type)).max / 2;
    p.rstd.push_back(over ? std::numeric_limits<Real>::quiet_NaN()
                          : 1 / std::sqrt(squares / static_cast<Real>(l.n) + eps));
  }
  return gradients(p, {1, 1}, parameters);
}

Outputs group_norm_backward(const Call& call) {
  const Tensor& x = call.tensor("input");
  const std::int64_t samples = x.shape[0], channels = x.shape[1], groups = call.integer("num_groups", 1);
  Layout l{samples * groups, 0, channels, groups, 1};
  for (std::size_t d = 2; d < x.shape.size(); ++d) l.inner *= x.shape[d];
  l.n = channels / groups * l.inner;
  const Problem p{
      call, call.tensor("grad_output"), x, l, compute_type(x.type), 0, call.tensor("mean").v, call.tensor("rstd").v};
  return gradients(p, mask_of(call), {channels});
}

}  // namespace fg::reference::ops
