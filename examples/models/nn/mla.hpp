// SPDX-License-Identifier: Apache-2.0
//
// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434): keys and values are products of one
// small latent per token, which is all that the cache holds.

#ifndef FG_EXAMPLES_MODELS_NN_MLA_HPP_
#define FG_EXAMPLES_MODELS_NN_MLA_HPP_

#include <memory>

#include "examples/models/nn/attention.hpp"

namespace fg::nn {

struct MlaParameters {
  std::int64_t heads = 0;
  std::int64_t q_rank = 0;                  // 0: queries are one product of x.
  std::int64_t kv_rank = 0;                 // Channels of the latent.
  std::int64_t nope_dim = 0, rope_dim = 0;  // Of a query and key head: without and with rotation.
  std::int64_t value_dim = 0;
  double scale = 1;
  std::shared_ptr<const Rope> rope;
};

class Mla final : public SelfAttention {
 public:
  struct Weights {
    Linear down;     // The latents of queries (or the queries) beside those of keys and values, of x.
    RMSNorm q_norm;  // With q_rank.
    Linear q_up;     // With q_rank: [heads * (nope + rope), q_rank].
    RMSNorm kv_norm;
    Tensor kv_up;  // [heads * (nope + value), kv_rank]
    Linear out;
  };
  Mla(MlaParameters p, Weights w) : p_(std::move(p)), w_(std::move(w)) {}

  // Up to this many new tokens attend to the latents themselves (queries go through kv_up instead of
  // every key); more of them expand keys and values of the tokens.
  std::int64_t absorb_up_to = 1;

  Tensor forward(const Tensor& x, const Step& step, const LayerCache* cache) const override;
  std::int64_t cache_channels() const override { return p_.kv_rank + p_.rope_dim; }
  LayerCache make_cache(std::int64_t batch, std::int64_t capacity, Dtype dtype, const Device& device) const override;

 private:
  struct Queries {
    Tensor nope, rope;  // [batch, length, heads, channels]
  };
  Tensor absorbed(const Queries& q, const Tensor& latents, const Step& step) const;
  Tensor expanded(const Queries& q, const Tensor& latents, const Step& step) const;

  MlaParameters p_;
  Weights w_;
};

}  // namespace fg::nn

#endif  // FG_EXAMPLES_MODELS_NN_MLA_HPP_
