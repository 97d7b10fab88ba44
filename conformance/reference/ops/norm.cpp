// SPDX-License-Identifier: Apache-2.0
//
// layer_norm and rms_norm: statistics over the last dimensions (bounds in states.cpp and sums.hpp),
// then three roundings per element.

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

// Scaled by the optional weight, shifted by the optional bias.
Value affine(const Call& call, Value y, std::int64_t column) {
  if (call.has("weight")) y = mul(y, element(call.tensor("weight"), column));
  bool has_bias = false;
  for (const auto& a : call.op().args) has_bias = has_bias || a.name == "bias";
  if (has_bias && call.has("bias")) y = add(y, element(call.tensor("bias"), column));
  return y;
}

}  // namespace

Outputs layer_norm(const Call& call) {
  const Tensor& input = call.tensor("input");
  const Types types = types_of(call);
  const Ct type = compute_type(input.type);
  const Rows r = rows_of(call);
  const Value eps = cast(exact(call.number("eps", 1e-5L), Ct::f64), type);
  Outputs outs{make_output(types.out[0], input.shape), make_output(types.out[1], r.lead),
               make_output(types.out[2], r.lead)};
  for (std::int64_t row = 0; row < r.rows; ++row) {
    State state(Monoid::welford, type);
    for (std::int64_t c = 0; c < r.cols; ++c) state.add(element(input, row * r.cols + c));
    Value mean[2], rstd[2];
    for (const bool statistical : {false, true}) {
      const std::vector<Value> s = state.values(statistical);
      mean[statistical ? 1 : 0] = r.cols == 0 ? exact(std::numeric_limits<Real>::quiet_NaN(), type) : s[0];
      const Value variance = div(s[1], exact(static_cast<Real>(r.cols), type));
      rstd[statistical ? 1 : 0] = fg::reference::call("rsqrt", add(variance, eps));
    }
    push(outs[1], mean[0], mean[1]);
    push(outs[2], rstd[0], rstd[1]);
    for (std::int64_t c = 0; c < r.cols; ++c) {
      const Value x = element(input, row * r.cols + c);
      Value y[2];
      for (int k = 0; k < 2; ++k) y[k] = affine(call, mul(sub(x, mean[k]), rstd[k]), c);
      push(outs[0], y[0], y[1]);
    }
  }
  return outs;
}

Outputs rms_norm(const Call& call) {
  const Tensor& input = call.tensor("input");
  const Ct type = compute_type(input.type);
  const Rows r = rows_of(call);
  const Value eps = cast(exact(call.number("eps", 1e-6L), Ct::f64), type);
  const Value count = exact(static_cast<Real>(r.cols), type);
  Output out = make_output(types_of(call).out[0], input.shape);
  for (std::int64_t row = 0; row < r.rows; ++row) {
    Sum squares;
    for (std::int64_t c = 0; c < r.cols; ++c) {
      const Real x = input.v[static_cast<std::size_t>(row * r.cols + c)];
      squares.add_product(x, x);
    }
    const Value scale[2] = {fg::reference::call("rsqrt", add(div(squares.hard(type), count), eps)),
                            fg::reference::call("rsqrt", add(div(squares.soft(type), count), eps))};
    for (std::int64_t c = 0; c < r.cols; ++c) {
      const Value x = element(input, row * r.cols + c);
      push(out, affine(call, mul(x, scale[0]), c), affine(call, mul(x, scale[1]), c));
    }
  }
  return {out};
}

}  // namespace fg::reference::ops
