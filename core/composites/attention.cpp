// SPDX-License-Identifier: Apache-2.0
//
// scaled_dot_product_attention: softmax(q k^T * scale + mask) v, in f32 for 16-bit tensors, rounded
// once.  A bool mask keeps where it is true; the causal mask is aligned at the top left; a row that
// is masked altogether gives zeros.

#include <cmath>
#include <limits>

#include "core/composites/composites.hpp"
#include "core/dispatch/outputs.hpp"
#include "core/tensor/views.hpp"

namespace fg::core {
namespace {

using Lengths = std::vector<std::int64_t>;

std::int64_t product(std::span<const std::int64_t> lengths) {
  std::int64_t n = 1;
  for (const std::int64_t x : lengths) n *= x;
  return n;
}

// `t` with its leading dimensions broadcast to `batch` and joined into one.
Result<Tensor> batched(const Tensor& t, const Lengths& batch) {
  Lengths wide = batch;
  wide.insert(wide.end(), t.shape().end() - 2, t.shape().end());
  FG_TRY_ASSIGN(const Tensor expanded, views::expand(t, wide));
  const Lengths joined{product(batch), wide[wide.size() - 2], wide.back()};
  return apply("reshape", {arg(expanded), arg(std::span<const std::int64_t>(joined))});
}

// Queries that share a key head become rows of that head: no key is copied.
Result<Tensor> grouped(const Tensor& q, std::int64_t key_heads) {
  const auto at = static_cast<std::size_t>(q.ndim() - 3);
  Lengths shape(q.shape().begin(), q.shape().end());
  if (shape[at] == key_heads || key_heads == 0) return q;
  shape[at + 1] *= shape[at] / key_heads;
  shape[at] = key_heads;
  return apply("reshape", {arg(q), arg(std::span<const std::int64_t>(shape))});
}

// Scores of [batch, rows, keys], scaled and masked; the rows are all queries of each head of a group.
Result<Tensor> masked(const CompositeCall& c, Tensor scores, double scale) {
  constexpr double kLowest = -std::numeric_limits<double>::infinity();
  FG_TRY_ASSIGN(scores, map("s * scale", std::array{Named("s", scores), Named("scale", scale)}));
  const Tensor mask = c.tensor("attn_mask");
  if (mask) {
    Lengths wide(c.out[0].shape().begin(), c.out[0].shape().end());
    wide.back() = scores->shape[2];
    FG_TRY_ASSIGN(Tensor m, views::expand(mask, wide));
    const Lengths joined(scores.shape().begin(), scores.shape().end());
    FG_TRY_ASSIGN(m, apply("reshape", {arg(m), arg(std::span<const std::int64_t>(joined))}));
    if (m.dtype() == FG_BOOL) {
      FG_TRY_ASSIGN(scores, apply("where", {arg(m), arg(scores), arg(kLowest)}));
    } else {
      FG_TRY_ASSIGN(scores, map("s + m", std::array{Named("s", scores), Named("m", m)}));
    }
  }
  if (!c.flag("is_causal")) return scores;
  const std::int64_t queries = c.out[0]->shape[c.out[0].ndim() - 2];
  return map("where(index(2) <= index(1) % queries, s, -inf)",
             std::array{Named("s", scores), Named("queries", queries)});
}

Result<Tensor> weights(const Tensor& scores, bool may_be_empty) {
  const std::int64_t last[] = {2};
  FG_TRY_ASSIGN(Tensor peak, apply("amax", {arg(scores), arg(last), fg_value_bool(true)}));
  if (may_be_empty) {
    FG_TRY_ASSIGN(peak, map("where(p == -inf, 0.0, p)", std::array{Named("p", peak)}));
  }
  FG_TRY_ASSIGN(const Tensor e, map("exp(s - p)", std::array{Named("s", scores), Named("p", peak)}));
  FG_TRY_ASSIGN(Tensor total, apply("sum", {arg(e), arg(last), fg_value_bool(true)}));
  if (may_be_empty) {
    FG_TRY_ASSIGN(total, map("where(t == 0.0, 1.0, t)", std::array{Named("t", total)}));
  }
  return map("e / t", std::array{Named("e", e), Named("t", total)});
}

}  // namespace

Result<void> scaled_dot_product_attention(CompositeCall& c) {
  FG_TRY_ASSIGN(Tensor q, widened(c.tensor("query")));
  FG_TRY_ASSIGN(const Tensor k, widened(c.tensor("key")));
  FG_TRY_ASSIGN(const Tensor v, widened(c.tensor("value")));
  const Tensor& out = c.out[0];
  if (c.flag("enable_gqa") && q.ndim() >= 3) {
    FG_TRY_ASSIGN(q, grouped(q, k->shape[k.ndim() - 3]));
  }
  if (k->shape[k.ndim() - 2] == 0) {  // No keys: nothing to average.
    FG_TRY_ASSIGN(const Tensor zero, apply("full", {fg_value_dims(nullptr, 0), arg(0.0)}));
    return copy_into(out, zero);
  }
  const Lengths batch(q.shape().begin(), q.shape().end() - 2);
  const double scale = c.number("scale").value_or(1.0 / std::sqrt(static_cast<double>(q->shape[q.ndim() - 1])));
  FG_TRY_ASSIGN(const Tensor q3, batched(q, batch));
  FG_TRY_ASSIGN(const Tensor k3, batched(k, batch));
  FG_TRY_ASSIGN(const Tensor v3, batched(v, batch));
  FG_TRY_ASSIGN(const Tensor turned, views::transpose(k3, 1, 2));
  FG_TRY_ASSIGN(Tensor scores, apply("bmm", {arg(q3), arg(turned)}));
  FG_TRY_ASSIGN(scores, masked(c, scores, scale));
  FG_TRY_ASSIGN(const Tensor p, weights(scores, c.tensor("attn_mask") || c.flag("is_causal")));
  FG_TRY_ASSIGN(const Tensor averaged, apply("bmm", {arg(p), arg(v3)}));
  FG_TRY_ASSIGN(const Tensor shaped, views::view(averaged, out.shape()));
  return copy_into(out, shaped);
}

}  // namespace fg::core
