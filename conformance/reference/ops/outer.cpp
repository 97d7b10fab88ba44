// SPDX-License-Identifier: Apache-2.0
//
// outer, kron: every element times every element, each product rounded once.

#include <algorithm>

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference::ops {

Outputs outer(const Call& call) {
  const Tensor& a = call.tensor("self");
  const Tensor& b = call.tensor("vec2");
  const Types types = types_of(call);
  const Ct type = compute_type(types.common);
  Output out = make_output(types.out[0], {a.shape[0], b.shape[0]});
  for (std::int64_t i = 0; i < a.shape[0]; ++i) {
    for (std::int64_t j = 0; j < b.shape[0]; ++j) push(out, mul(cast(element(a, i), type), cast(element(b, j), type)));
  }
  return {out};
}

Outputs kron(const Call& call) {
  const Tensor& a = call.tensor("self");
  const Tensor& b = call.tensor("other");
  const Types types = types_of(call);
  const Ct type = compute_type(types.common);
  const std::size_t n = std::max(a.shape.size(), b.shape.size());
  Shape left(n - a.shape.size(), 1), right(n - b.shape.size(), 1), shape(n);
  left.insert(left.end(), a.shape.begin(), a.shape.end());
  right.insert(right.end(), b.shape.begin(), b.shape.end());
  for (std::size_t d = 0; d < n; ++d) shape[d] = left[d] * right[d];
  const std::vector<std::int64_t> left_stride = row_major(left), right_stride = row_major(right);
  Output out = make_output(types.out[0], shape);
  std::vector<std::int64_t> at(n, 0);
  for (const std::int64_t length : shape) {
    if (length == 0) return {out};
  }
  do {
    std::int64_t i = 0, j = 0;
    for (std::size_t d = 0; d < n; ++d) {
      i += at[d] / right[d] * left_stride[d];
      j += at[d] % right[d] * right_stride[d];
    }
    push(out, mul(cast(element(a, i), type), cast(element(b, j), type)));
  } while (next_index(at, shape));
  return {out};
}

}  // namespace fg::reference::ops
