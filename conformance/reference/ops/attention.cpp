// SPDX-License-Identifier: Apache-2.0
//
// softmax(query @ key^T * scale + mask) @ value, for every head.  The running error is composed of
// the scores (sums of d products, scaled before or after: one more rounding of each term), of
// exp(score - peak) as in softmax, of both sums over the keys, and of one division.  A row without any
// visible key is 0 (a safe softmax) or NaN (0 / 0).

#include <algorithm>
#include <cmath>

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference::ops {
namespace {

struct Problem {
  const Tensor& q;
  const Tensor& k;
  const Tensor& v;
  const Tensor* mask;
  std::int64_t heads_q, heads_kv, rows, keys, d, dv, batch;
  std::vector<std::int64_t> mask_stride;  // over [batch..., heads, rows, keys]
  Shape space;
  bool causal;
  Value scale;
  Ct type;
};

Problem problem_of(const Call& call) {
  const Tensor& q = call.tensor("query");
  const Tensor& k = call.tensor("key");
  const Tensor& v = call.tensor("value");
  const std::size_t r = q.shape.size();
  const Ct type = compute_type(q.type);
  Problem p{q,
            k,
            v,
            call.has("attn_mask") ? &call.tensor("attn_mask") : nullptr,
            r > 2 ? q.shape[r - 3] : 1,
            r > 2 ? k.shape[r - 3] : 1,
            q.shape[r - 2],
            k.shape[r - 2],
            q.shape[r - 1],
            v.shape[r - 1],
            1,
            {},
            q.shape,
            call.flag("is_causal", false),
            Value{},
            type};
  for (std::size_t i = 0; i + 3 < r; ++i) p.batch *= q.shape[i];
  p.space[r - 1] = p.keys;
  if (p.mask != nullptr) p.mask_stride = broadcast_strides(p.mask->shape, p.space);
  const Real standard = 1 / std::sqrt(static_cast<Real>(p.d));
  p.scale = call.has("scale") ? cast(exact(call.number("scale", 0), Ct::f64), type) : rounded(exact(standard, type));
  return p;
}

// Position in the mask of (batch, head, row, key), with batch dimensions flattened.
std::int64_t mask_at(const Problem& p, std::int64_t line, std::int64_t key) {
  std::vector<std::int64_t> index(p.space.size());
  std::int64_t rest = line * p.keys + key;
  for (std::size_t d = p.space.size(); d-- > 0;) {
    index[d] = rest % p.space[d];
    rest /= p.space[d];
  }
  return dot(index, p.mask_stride);
}

struct Score {
  Value value;
  bool visible = true;
};

Score score_of(const Problem& p, std::int64_t q_base, std::int64_t k_base, std::int64_t line, std::int64_t key,
               bool statistical) {
  Sum products;
  for (std::int64_t c = 0; c < p.d; ++c) {
    products.add_product(p.q.v[static_cast<std::size_t>(q_base + c)], p.k.v[static_cast<std::size_t>(k_base + c)]);
  }
  Value s = mul(statistical ? products.soft(p.type) : products.hard(p.type), p.scale);
  if (p.scale.mid != 1) s = widened(s, roundoff(p.type) * products.absolute() * std::fabs(p.scale.mid));
  if (p.causal && key > line % p.rows) return {s, false};
  if (p.mask == nullptr) return {s, true};
  const std::int64_t at = mask_at(p, line, key);
  const Real m = p.mask->v[static_cast<std::size_t>(at)];
  if (p.mask->type == Type::boolean) return {s, m != 0};
  s = add(s, element(*p.mask, at));
  return {s, !(std::isinf(m) && m < 0)};
}

std::vector<Value> row_of(const Problem& p, std::int64_t line, bool statistical) {
  const std::int64_t head_line = line / p.rows;
  const std::int64_t batch = head_line / p.heads_q;
  const std::int64_t kv_head = batch * p.heads_kv + (head_line % p.heads_q) / (p.heads_q / p.heads_kv);
  std::vector<Score> scores;
  Real peak = -std::numeric_limits<Real>::infinity();
  for (std::int64_t key = 0; key < p.keys; ++key) {
    scores.push_back(score_of(p, line * p.d, (kv_head * p.keys + key) * p.d, line, key, statistical));
    const Score& s = scores.back();
    if (s.visible)
      peak = std::isnan(s.value.mid) || std::isnan(peak) ? s.value.mid + peak : std::max(peak, s.value.mid);
  }
  const bool nothing = std::none_of(scores.begin(), scores.end(), [](const Score& s) { return s.visible; });
  std::vector<Value> weights;
  Sum total;
  for (const Score& s : scores) {
    weights.push_back(s.visible ? exp_shifted(s.value, peak) : exact(0, p.type));
    total.add(weights.back());
  }
  std::vector<Value> row;
  for (std::int64_t c = 0; c < p.dv; ++c) {
    if (nothing) {
      row.push_back({0, 0, 0, Nan::maybe, p.type, false});
      continue;
    }
    Sum sum;
    for (std::int64_t key = 0; key < p.keys; ++key) {
      if (!scores[static_cast<std::size_t>(key)].visible) continue;
      sum.add_product(weights[static_cast<std::size_t>(key)], element(p.v, (kv_head * p.keys + key) * p.dv + c));
    }
    row.push_back(
        div(statistical ? sum.soft(p.type) : sum.hard(p.type), statistical ? total.soft(p.type) : total.hard(p.type)));
  }
  return row;
}

}  // namespace

Outputs scaled_dot_product_attention(const Call& call) {
  const Problem p = problem_of(call);
  Shape shape = p.q.shape;
  shape.back() = p.dv;
  Output out = make_output(p.q.type, shape);
  for (std::int64_t line = 0; line < p.batch * p.heads_q * p.rows; ++line) {
    const std::vector<Value> hard = row_of(p, line, false);
    const std::vector<Value> soft = row_of(p, line, true);
    for (std::size_t c = 0; c < hard.size(); ++c) push(out, hard[c], soft[c]);
  }
  return {out};
}

}  // namespace fg::reference::ops
