// SPDX-License-Identifier: Apache-2.0
//
// Rotary position embedding: every pair (x1, x2) turned by the angle of its position,
// (x1 cos - x2 sin, x2 cos + x1 sin).  Pairs are the two halves of a head, or neighbours.

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference::ops {
namespace {

Output rotate(const Call& call, const Tensor& x) {
  const Tensor& cosine = call.tensor("cos");
  const Tensor& sine = call.tensor("sin");
  const bool interleaved = call.flag("rotary_interleaved", false);
  const std::size_t r = x.shape.size();
  const std::int64_t d = x.shape[r - 1];
  const std::int64_t heads = x.shape[r - 2];
  const std::int64_t half = d / 2;
  const Ct type = compute_type(x.type);
  Output out = make_output(x.type, x.shape);
  out.hard.resize(x.v.size());
  const std::int64_t tokens = d * heads == 0 ? 0 : numel(x.shape) / (d * heads);
  for (std::int64_t token = 0; token < tokens; ++token) {
    std::int64_t position = token % x.shape[r - 3];
    if (call.has("position_ids"))
      position = static_cast<std::int64_t>(call.tensor("position_ids").v[static_cast<std::size_t>(token)]);
    for (std::int64_t h = 0; h < heads; ++h) {
      const std::int64_t base = (token * heads + h) * d;
      for (std::int64_t i = 0; i < half; ++i) {
        const std::int64_t first = base + (interleaved ? 2 * i : i);
        const std::int64_t second = base + (interleaved ? 2 * i + 1 : half + i);
        const Value c = cast(element(cosine, position * half + i), type);
        const Value s = cast(element(sine, position * half + i), type);
        const Value x1 = element(x, first);
        const Value x2 = element(x, second);
        out.hard[static_cast<std::size_t>(first)] = sub(mul(x1, c), mul(x2, s));
        out.hard[static_cast<std::size_t>(second)] = add(mul(x2, c), mul(x1, s));
      }
    }
  }
  return out;
}

}  // namespace

Outputs apply_rotary_pos_emb(const Call& call) {
  return {rotate(call, call.tensor("q")), rotate(call, call.tensor("k"))};
}

}  // namespace fg::reference::ops
