// SPDX-License-Identifier: Apache-2.0

#include "examples/models/nn/attention.hpp"

#include <utility>

namespace fg::nn {

Tensor heads_of(const Tensor& x, std::int64_t from, std::int64_t heads, std::int64_t dim) {
  return x.slice(-1, from, from + heads * dim).view({x.size(0), x.size(1), heads, dim});
}

Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const Step& step, std::optional<double> scale) {
  // Written with the heads behind the positions, so that the next product reads it as it lies.
  const Tensor out = Tensor::empty({q.size(0), q.size(1), q.size(2), v.size(-1)}, q.dtype(), q.device());
  const bool causal = step.causal && !step.mask && q.size(1) > 1;
  scaled_dot_product_attention_out(out.transpose(1, 2), q.transpose(1, 2), k, v, step.mask, causal, scale,
                                   q.size(2) != k.size(1));
  return out;
}

Attention::Attention(AttentionParameters p, Linear qkv, Linear out)
    : p_(std::move(p)), qkv_(std::move(qkv)), out_(std::move(out)) {}

Tensor Attention::forward(const Tensor& x, const Step& step, const LayerCache* cache) const {
  const Tensor qkv = qkv_(x);
  const std::int64_t keys_at = p_.heads * p_.head_dim, values_at = keys_at + p_.key_heads * p_.head_dim;
  Tensor q = heads_of(qkv, 0, p_.heads, p_.head_dim);
  Tensor k = heads_of(qkv, keys_at, p_.key_heads, p_.head_dim);
  Tensor v = heads_of(qkv, values_at, p_.key_heads, p_.head_dim);
  if (p_.q_norm) q = (*p_.q_norm)(q);
  if (p_.k_norm) k = (*p_.k_norm)(k);
  if (p_.rope) {
    auto rotated = (*p_.rope)(q, k, step.positions);
    q = rotated.q;
    k = rotated.k;
  }
  if (cache != nullptr) {
    LayerCache::put(cache->keys, step.slots, k);
    LayerCache::put(cache->values, step.slots, v);
  }
  const bool all = cache != nullptr && step.keys != 0;
  const Tensor seen_k = all ? cache->keys.slice(2, 0, step.keys) : k.transpose(1, 2);
  const Tensor seen_v = all ? cache->values.slice(2, 0, step.keys) : v.transpose(1, 2);
  return out_(attend(q, seen_k, seen_v, step, p_.scale).view({x.size(0), x.size(1), p_.heads * p_.head_dim}));
}

LayerCache Attention::make_cache(std::int64_t batch, std::int64_t capacity, Dtype dtype, const Device& device) const {
  const std::vector<std::int64_t> shape = {batch, p_.key_heads, capacity, p_.head_dim};
  // Zeros: a masked slot weighs 0, and 0 times what an allocation happens to hold may be NaN.
  return {zeros(shape, dtype, device), zeros(shape, dtype, device)};
}

}  // namespace fg::nn
