// SPDX-License-Identifier: Apache-2.0

#include "examples/models/nn/mla.hpp"

namespace fg::nn {
namespace {

// x [batch, length, heads, k] times one matrix per head, w [heads, k, n].
Tensor per_head(const Tensor& x, const Tensor& w) {
  const std::int64_t b = x.size(0), t = x.size(1), h = x.size(2);
  const Tensor y = bmm(x.reshape({b * t, h, x.size(3)}).transpose(0, 1), w);
  return y.transpose(0, 1).view({b, t, h, w.size(2)});
}

}  // namespace

Tensor Mla::forward(const Tensor& x, const Step& step, const LayerCache* cache) const {
  const std::int64_t b = x.size(0), t = x.size(1);
  const Tensor down = w_.down(x);
  const std::int64_t kv_at = down.size(-1) - p_.kv_rank - p_.rope_dim;
  const Tensor q = (p_.q_rank != 0 ? w_.q_up(w_.q_norm(down.slice(-1, 0, kv_at))) : down.slice(-1, 0, kv_at))
                       .view({b, t, p_.heads, p_.nope_dim + p_.rope_dim});
  const Tensor latent = w_.kv_norm(heads_of(down, kv_at, 1, p_.kv_rank));
  auto [q_rope, k_rope] = (*p_.rope)(q.slice(-1, p_.nope_dim, std::nullopt),
                                     heads_of(down, kv_at + p_.kv_rank, 1, p_.rope_dim), step.positions);
  // Whole, as devices write what is dense.
  const Tensor own = cat({latent, k_rope}, -1);
  if (cache != nullptr) LayerCache::put(cache->keys, step.slots, own);
  const bool all = cache != nullptr && step.keys != 0;
  const Tensor seen = all ? cache->keys.slice(2, 0, step.keys) : own.transpose(1, 2);
  const Queries queries{q.slice(-1, 0, p_.nope_dim), q_rope};
  const Tensor values = t <= absorb_up_to ? absorbed(queries, seen, step) : expanded(queries, seen, step);
  return w_.out(values.reshape({b, t, p_.heads * p_.value_dim}));
}

// Scores of q W_uk against the latents, of which one head serves all queries; values are the latents.
Tensor Mla::absorbed(const Queries& q, const Tensor& latents, const Step& step) const {
  const Tensor up = w_.kv_up.view({p_.heads, p_.nope_dim + p_.value_dim, p_.kv_rank});
  const Tensor in_latents = per_head(q.nope, up.slice(1, 0, p_.nope_dim));
  const Tensor sums = attend(cat({in_latents, q.rope}, -1), latents, latents.slice(-1, 0, p_.kv_rank), step, p_.scale);
  return per_head(sums, up.slice(1, p_.nope_dim, std::nullopt).transpose(1, 2));
}

Tensor Mla::expanded(const Queries& q, const Tensor& latents, const Step& step) const {
  const std::int64_t b = latents.size(0), keys = latents.size(2);
  const Tensor kv = linear(latents.select(1, 0).slice(-1, 0, p_.kv_rank), w_.kv_up)
                        .view({b, keys, p_.heads, p_.nope_dim + p_.value_dim});
  const Tensor rope = latents.slice(-1, p_.kv_rank, std::nullopt).transpose(1, 2);
  const Tensor k = cat({kv.slice(-1, 0, p_.nope_dim), rope.expand({b, keys, p_.heads, p_.rope_dim})}, -1);
  return attend(cat({q.nope, q.rope}, -1), k.transpose(1, 2), kv.slice(-1, p_.nope_dim, std::nullopt).transpose(1, 2),
                step, p_.scale);
}

LayerCache Mla::make_cache(std::int64_t batch, std::int64_t capacity, Dtype dtype, const Device& device) const {
  return {zeros({batch, 1, capacity, p_.kv_rank + p_.rope_dim}, dtype, device), {}};
}

}  // namespace fg::nn
