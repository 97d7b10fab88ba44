// SPDX-License-Identifier: Apache-2.0
//
// softmax: e_i / sum e, e_i = exp(x_i - max).  The running error is that of each e_i (ops.hpp), of
// the sum of n positive terms, and of one division; a row whose peak is -inf or NaN gives NaN.

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

Outputs softmax(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Types types = types_of(call);
  const Ct type = compute_type(types.out.front());
  const Lines l = lines(self.shape, self.shape.empty() ? 0 : wrap_dim(call.integer("dim", 0), self.shape.size()));
  Output out = make_output(types.out.front(), self.shape);
  out.hard.resize(self.v.size());
  out.soft.resize(self.v.size());
  for (std::int64_t line = 0; line < l.outer * l.inner; ++line) {
    const std::int64_t o = line / l.inner;
    const std::int64_t i = line % l.inner;
    Real peak = -std::numeric_limits<Real>::infinity();
    for (std::int64_t k = 0; k < l.length; ++k) {
      const Real x = self.v[static_cast<std::size_t>(l.at(o, k, i))];
      peak = std::isnan(x) || std::isnan(peak) ? std::numeric_limits<Real>::quiet_NaN() : std::max(peak, x);
    }
    Sum sum;
    std::vector<Value> e;
    for (std::int64_t k = 0; k < l.length; ++k) {
      e.push_back(exp_shifted(cast(element(self, l.at(o, k, i)), type), peak));
      sum.add(e.back());
    }
    for (std::int64_t k = 0; k < l.length; ++k) {
      const auto at = static_cast<std::size_t>(l.at(o, k, i));
      out.hard[at] = div(e[static_cast<std::size_t>(k)], sum.hard(type));
      out.soft[at] = div(e[static_cast<std::size_t>(k)], sum.soft(type));
    }
  }
  return {out};
}

}  // namespace fg::reference::ops
