// SPDX-License-Identifier: Apache-2.0
//
// layer_norm, rms_norm and what is fused with them, group_norm, weight_norm: statistics of a row
// (bounds in states.cpp and sums.hpp), then three roundings per element.

#include <algorithm>
#include <cmath>

#include "conformance/reference/ops/ops.hpp"
#include "conformance/reference/states.hpp"

namespace fg::reference::ops {
namespace {

struct Rows {
  std::int64_t rows, cols;
  Shape lead;  // leading dimensions, then ones
};
Rows rows_of(const Call& call) {
  const Tensor& input = call.tensor("input");
  const std::size_t n = call["normalized_shape"].dims.size();
  Rows r{1, 1, input.shape};
  for (std::size_t d = 0; d < input.shape.size(); ++d) {
    const bool normalized = d + n >= input.shape.size();
    (normalized ? r.cols : r.rows) *= input.shape[d];
    if (normalized) r.lead[d] = 1;
  }
  return r;
}

bool given(const Call& call, std::string_view name) {
  for (const auto& a : call.op().args) {
    if (a.name == name) return call.has(name);
  }
  return false;
}

// Scaled by the optional weight, shifted by the optional bias.
Value affine(const Call& call, Value y, std::int64_t column) {
  if (given(call, "weight")) y = mul(y, element(call.tensor("weight"), column));
  if (given(call, "bias")) y = add(y, element(call.tensor("bias"), column));
  return y;
}

Value eps_of(const Call& call, Ct type) { return cast(exact(call.number("eps", 0), Ct::f64), type); }

// input, or input + residual where the operator has one: f32 for 16-bit tensors, not rounded between.
std::vector<Value> inputs_of(const Call& call) {
  const Tensor& input = call.tensor("input");
  std::vector<Value> x;
  for (std::size_t i = 0; i < input.v.size(); ++i) {
    const auto p = static_cast<std::int64_t>(i);
    x.push_back(element(input, p));
    if (given(call, "residual")) x.back() = add(x.back(), element(call.tensor("residual"), p));
  }
  return x;
}

struct Statistics {
  Value mean[2], rstd[2];  // hard, soft
};

// Of a row of n values.  Values that were rounded themselves move the mean by at most their greatest
// error e and the variance by 2 e sqrt(variance) + e^2 (Cauchy-Schwarz).
Statistics statistics(const Value* x, std::int64_t n, const Value& eps, Ct type) {
  State state(Monoid::welford, type);
  Real off = 0;
  for (std::int64_t c = 0; c < n; ++c) {
    state.add(x[c]);
    if (std::isfinite(x[c].mid)) off = std::max({off, x[c].hi - x[c].mid, x[c].mid - x[c].lo});
  }
  Statistics s;
  for (const int k : {0, 1}) {
    const std::vector<Value> v = state.values(k == 1);
    s.mean[k] = n == 0 ? exact(std::numeric_limits<Real>::quiet_NaN(), type) : v[0];
    Value variance = div(v[1], exact(static_cast<Real>(n), type));
    if (off > 0 && std::isfinite(variance.mid) && std::isfinite(variance.hi)) {
      variance = widened(variance, 2 * off * std::sqrt(std::max(variance.hi, Real{0})) + off * off);
      variance.lo = std::max(variance.lo, Real{0});
    }
    s.rstd[k] = fg::reference::call("rsqrt", add(variance, eps));
  }
  return s;
}

Value normalized(const Value& x, const Statistics& s, int k) { return mul(sub(x, s.mean[k]), s.rstd[k]); }

// 1 / rms of a row of n values; each of them may be off as above.
Value inverse_rms(const Value* x, std::int64_t n, const Value& eps, Ct type, bool statistical) {
  Sum squares;
  Real off = 0, sum = 0;
  for (std::int64_t c = 0; c < n; ++c) {
    squares.add_product(x[c].mid, x[c].mid);
    if (!std::isfinite(x[c].mid)) continue;
    off = std::max({off, x[c].hi - x[c].mid, x[c].mid - x[c].lo});
    sum += std::fabs(x[c].mid);
  }
  Value total = statistical ? squares.soft(type) : squares.hard(type);
  if (off > 0 && std::isfinite(total.mid)) {
    total = widened(total, 2 * off * sum + static_cast<Real>(n) * off * off);
    total.lo = std::max(total.lo, Real{0});
  }
  return fg::reference::call("rsqrt", add(div(total, exact(static_cast<Real>(n), type)), eps));
}

}  // namespace

Outputs layer_norm(const Call& call) {
  const Types types = types_of(call);
  const Ct type = compute_type(call.tensor("input").type);
  const Rows r = rows_of(call);
  const std::vector<Value> x = inputs_of(call);
  Outputs outs{make_output(types.out[0], call.tensor("input").shape)};
  const bool returns_statistics = types.out.size() == 3;
  for (std::size_t j = 1; j < types.out.size(); ++j) outs.push_back(make_output(types.out[j], r.lead));
  for (std::int64_t row = 0; row < r.rows; ++row) {
    const Value* line = x.data() + row * r.cols;
    const Statistics s = statistics(line, r.cols, eps_of(call, type), type);
    if (returns_statistics) {
      push(outs[1], s.mean[0], s.mean[1]);
      push(outs[2], s.rstd[0], s.rstd[1]);
    }
    for (std::int64_t c = 0; c < r.cols; ++c)
      push(outs[0], affine(call, normalized(line[c], s, 0), c), affine(call, normalized(line[c], s, 1), c));
  }
  return outs;
}

Outputs rms_norm(const Call& call) {
  const Types types = types_of(call);
  const Ct type = compute_type(call.tensor("input").type);
  const Rows r = rows_of(call);
  const std::vector<Value> x = inputs_of(call);
  Outputs outs{make_output(types.out[0], call.tensor("input").shape)};
  for (std::int64_t row = 0; row < r.rows; ++row) {
    const Value* line = x.data() + row * r.cols;
    const Value hard = inverse_rms(line, r.cols, eps_of(call, type), type, false);
    const Value soft = inverse_rms(line, r.cols, eps_of(call, type), type, true);
    for (std::int64_t c = 0; c < r.cols; ++c)
      push(outs[0], affine(call, mul(line[c], hard), c), affine(call, mul(line[c], soft), c));
  }
  if (types.out.size() == 1) return outs;
  outs.push_back(make_output(types.out[1], call.tensor("input").shape));
  for (const Value& v : x) push(outs[1], v);
  return outs;
}

// Kernels that compute x (rstd w) + (b - mean rstd w) round what then cancels: 4 u (|x| + |mean|) rstd |w|.
Outputs group_norm(const Call& call) {
  const Tensor& input = call.tensor("input");
  const Types types = types_of(call);
  const Ct type = compute_type(input.type);
  const std::int64_t samples = input.shape[0], channels = input.shape[1], groups = call.integer("num_groups", 1);
  std::int64_t inner = 1;
  for (std::size_t d = 2; d < input.shape.size(); ++d) inner *= input.shape[d];
  const std::int64_t n = channels / groups * inner;
  const std::vector<Value> x = inputs_of(call);
  Outputs outs{make_output(types.out[0], input.shape), make_output(types.out[1], {samples, groups}),
               make_output(types.out[2], {samples, groups})};
  for (std::int64_t row = 0; row < samples * groups; ++row) {
    const Value* line = x.data() + row * n;
    const Statistics s = statistics(line, n, eps_of(call, type), type);
    push(outs[1], s.mean[0], s.mean[1]);
    push(outs[2], s.rstd[0], s.rstd[1]);
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t channel = row % groups * (channels / groups) + i / inner;
      Value y[2];
      for (const int k : {0, 1}) {
        y[k] = affine(call, normalized(line[i], s, k), channel);
        Real cancels = (std::fabs(line[i].mid) + std::fabs(s.mean[k].mid)) * s.rstd[k].hi;
        if (given(call, "weight")) cancels *= std::fabs(element(call.tensor("weight"), channel).mid);
        if (std::isfinite(cancels)) y[k] = rounded(widened(y[k], 4 * roundoff(type) * cancels));
        if (!std::isfinite(cancels)) y[k] = anything(type);
      }
      push(outs[0], y[0], y[1]);
    }
  }
  return outs;
}

// v (g / |v|) or (v g) / |v|: two roundings and that of the root of a sum of squares.
Outputs weight_norm(const Call& call) {
  const Tensor& v = call.tensor("v");
  const Tensor& g = call.tensor("g");
  const Ct type = compute_type(v.type);
  const Lines l = lines(v.shape, wrap_dim(call.integer("dim", 0), v.shape.size()));
  Output out = make_output(v.type, v.shape);
  out.hard.resize(v.v.size());
  out.soft.resize(v.v.size());
  for (std::int64_t k = 0; k < l.length; ++k) {
    Sum squares;
    for (std::int64_t i = 0; i < l.outer * l.inner; ++i) {
      const Real x = v.v[static_cast<std::size_t>(l.at(i / l.inner, k, i % l.inner))];
      squares.add_product(x, x);
    }
    const Value hard = fg::reference::call("sqrt", squares.hard(type));
    const Value soft = fg::reference::call("sqrt", squares.soft(type));
    for (std::int64_t i = 0; i < l.outer * l.inner; ++i) {
      const std::int64_t at = l.at(i / l.inner, k, i % l.inner);
      const auto p = static_cast<std::size_t>(at);
      out.hard[p] = mul(element(v, at), div(element(g, k), hard));
      out.soft[p] = mul(element(v, at), div(element(g, k), soft));
    }
  }
  return {out};
}

}  // namespace fg::reference::ops
