// SPDX-License-Identifier: Apache-2.0
//
// Self-attention: the interface that layers call, and the usual one with grouped queries.

#ifndef FG_EXAMPLES_MODELS_NN_ATTENTION_HPP_
#define FG_EXAMPLES_MODELS_NN_ATTENTION_HPP_

#include <memory>
#include <optional>

#include "examples/models/nn/cache.hpp"
#include "examples/models/nn/linear.hpp"
#include "examples/models/nn/norm.hpp"
#include "examples/models/nn/rope.hpp"

namespace fg::nn {

// Channels [from, from + heads * dim) of x [batch, length, channels] as [batch, length, heads, dim],
// where they lie.
Tensor heads_of(const Tensor& x, std::int64_t from, std::int64_t heads, std::int64_t dim);

// softmax(q k^T scale) v with all of [batch, length, heads, channels], queries and result, and
// [batch, key heads, keys, channels], keys and values.  The result is dense.
Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const Step& step, std::optional<double> scale);

class SelfAttention {
 public:
  virtual ~SelfAttention() = default;
  // x [batch, length, channels] -> the same shape.  `cache` may be null: the tokens see each other alone.
  virtual Tensor forward(const Tensor& x, const Step& step, const LayerCache* cache) const = 0;
  // Elements that the cache holds of one token.
  virtual std::int64_t cache_channels() const = 0;
  virtual LayerCache make_cache(std::int64_t batch, std::int64_t capacity, Dtype dtype, const Device& device) const = 0;
};

struct AttentionParameters {
  std::int64_t heads = 0, key_heads = 0, head_dim = 0;
  std::optional<double> scale;            // Default: 1 / sqrt(head_dim).
  std::shared_ptr<const Rope> rope;       // None: no positions (BERT, CLIP).
  std::optional<RMSNorm> q_norm, k_norm;  // Over the channels of each head (Qwen3).
};

class Attention final : public SelfAttention {
 public:
  // qkv: the three products beside each other (nn::fused).
  Attention(AttentionParameters p, Linear qkv, Linear out);

  Tensor forward(const Tensor& x, const Step& step, const LayerCache* cache) const override;
  std::int64_t cache_channels() const override { return 2 * p_.key_heads * p_.head_dim; }
  LayerCache make_cache(std::int64_t batch, std::int64_t capacity, Dtype dtype, const Device& device) const override;

 private:
  AttentionParameters p_;
  Linear qkv_, out_;
};

}  // namespace fg::nn

#endif  // FG_EXAMPLES_MODELS_NN_ATTENTION_HPP_
