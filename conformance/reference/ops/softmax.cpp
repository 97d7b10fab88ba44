// SPDX-License-Identifier: Apache-2.0
//
// softmax: e_i / sum e, e_i = exp(x_i - max).  The running error is that of each e_i (ops.hpp), of
// the sum of n positive terms, and of one division; a row whose peak is -inf or NaN gives NaN, or
// zeros where the operator is a safe one.  log_softmax: x_i - max - log(sum e); subtracting max +
// log(sum e) instead costs one rounding of that, which is granted.
// Gradients: y (g - sum g y) and g - exp(y) sum g, the sums in any order.

#include <algorithm>
#include <cmath>

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference::ops {

Value exp_shifted(const Value& x, Real peak) {
  Value shifted = sub(x, exact(peak, x.type));
  if (std::isfinite(shifted.mid) && shifted.mid != 0)
    shifted = widened(shifted, roundoff(x.type) * std::fabs(shifted.mid));
  return call("exp", shifted);
}

namespace {

// One line's peak, exponentials and their sum.
struct LineOf {
  Real peak = -std::numeric_limits<Real>::infinity();
  std::vector<Value> x, e;
  Sum sum;
};

LineOf exponentials(std::vector<Value> x, bool safe) {
  LineOf l;
  l.x = std::move(x);
  for (const Value& v : l.x) {
    l.peak = std::isnan(v.mid) || std::isnan(l.peak) ? std::numeric_limits<Real>::quiet_NaN() : std::max(l.peak, v.mid);
  }
  const bool hidden = safe && std::isinf(l.peak) && l.peak < 0;
  for (const Value& v : l.x) {
    l.e.push_back(hidden ? exact(0, v.type) : exp_shifted(v, l.peak));
    l.sum.add(l.e.back());
  }
  return l;
}

// Calls f(positions of a line) for every line along the attribute `dim`.
template <class F>
void each_line(const Call& call, const Shape& shape, F&& f) {
  const Lines l = lines(shape, shape.empty() ? 0 : wrap_dim(call.integer("dim", 0), shape.size()));
  std::vector<std::size_t> at(static_cast<std::size_t>(l.length));
  for (std::int64_t line = 0; line < l.outer * l.inner; ++line) {
    for (std::int64_t k = 0; k < l.length; ++k)
      at[static_cast<std::size_t>(k)] = static_cast<std::size_t>(l.at(line / l.inner, k, line % l.inner));
    f(at);
  }
}

Output unfilled(Type type, const Tensor& like) {
  Output out = make_output(type, like.shape);
  out.hard.resize(like.v.size());
  out.soft.resize(like.v.size());
  return out;
}

// f(line, position in it, sum of the exponentials) for every element.
template <class F>
Outputs of_lines(const Call& call, bool safe, F&& f) {
  const Tensor& self = call.tensor("self");
  const Type stored = types_of(call).out.front();
  const Ct type = compute_type(stored);
  Output out = unfilled(stored, self);
  each_line(call, self.shape, [&](const std::vector<std::size_t>& at) {
    std::vector<Value> x;
    for (const std::size_t i : at) x.push_back(cast(element(self, static_cast<std::int64_t>(i)), type));
    const LineOf l = exponentials(std::move(x), safe);
    const Value hard = l.sum.hard(type), soft = l.sum.soft(type);
    for (std::size_t k = 0; k < at.size(); ++k) {
      out.hard[at[k]] = f(l, k, hard);
      out.soft[at[k]] = f(l, k, soft);
    }
  });
  return {out};
}

}  // namespace

Value log_probability(const Value& x, Real peak, const Value& total) {
  const Value logarithm = call("log", total);
  const Value v = sub(sub(x, exact(peak, x.type)), logarithm);
  const Real magnitude = std::fabs(peak) + std::fabs(logarithm.mid);
  return std::isfinite(v.mid) ? rounded(widened(v, roundoff(x.type) * magnitude)) : v;
}

Outputs softmax(const Call& call) {
  return of_lines(call, false, [](const LineOf& l, std::size_t k, const Value& total) { return div(l.e[k], total); });
}

Outputs safe_softmax(const Call& call) {
  return of_lines(call, true, [](const LineOf& l, std::size_t k, const Value& total) {
    return std::isinf(l.peak) && l.peak < 0 ? exact(0, total.type) : div(l.e[k], total);
  });
}

Outputs log_softmax(const Call& call) {
  return of_lines(call, false, [](const LineOf& l, std::size_t k, const Value& total) {
    return log_probability(l.x[k], l.peak, total);
  });
}

Outputs softmax_backward(const Call& call) {
  const Tensor& g = call.tensor("grad_output");
  const Tensor& y = call.tensor("output");
  Output out = unfilled(types_of(call).out.front(), g);
  const Ct type = compute_type(g.type);
  each_line(call, g.shape, [&](const std::vector<std::size_t>& at) {
    Sum sum;
    for (const std::size_t i : at) sum.add_product(g.v[i], y.v[i]);
    const Value hard = sum.hard(type), soft = sum.soft(type);
    for (const std::size_t i : at) {
      const auto p = static_cast<std::int64_t>(i);
      out.hard[i] = mul(element(y, p), sub(element(g, p), hard));
      out.soft[i] = mul(element(y, p), sub(element(g, p), soft));
    }
  });
  return {out};
}

Outputs log_softmax_backward(const Call& call) {
  const Tensor& g = call.tensor("grad_output");
  const Tensor& y = call.tensor("output");
  Output out = unfilled(types_of(call).out.front(), g);
  const Ct type = compute_type(g.type);
  each_line(call, g.shape, [&](const std::vector<std::size_t>& at) {
    Sum sum;
    for (const std::size_t i : at) sum.add(element(g, static_cast<std::int64_t>(i)));
    const Value hard = sum.hard(type), soft = sum.soft(type);
    for (const std::size_t i : at) {
      const auto p = static_cast<std::int64_t>(i);
      const Value e = exp_shifted(element(y, p), 0);
      out.hard[i] = sub(element(g, p), mul(e, hard));
      out.soft[i] = sub(element(g, p), mul(e, soft));
    }
  });
  return {out};
}

}  // namespace fg::reference::ops
