// SPDX-License-Identifier: Apache-2.0
//
// The blocks of decoder layers, from the tensors that checkpoints have.

#include <cmath>

#include "examples/models/arch/decoder.hpp"
#include "examples/models/io/error.hpp"
#include "examples/models/nn/mla.hpp"
#include "examples/models/nn/moe.hpp"

namespace fg::models {
namespace {

bool latent(const Config& c) { return c.architecture == Architecture::deepseek_v3; }

nn::RopeParameters rope_parameters(const Config& c) {
  nn::RopeParameters p;
  switch (c.rope.type) {
    case RopeType::standard: p.type = nn::RopeParameters::Type::plain; break;
    case RopeType::linear: p.type = nn::RopeParameters::Type::linear; break;
    case RopeType::llama3: p.type = nn::RopeParameters::Type::llama3; break;
    case RopeType::yarn: p.type = nn::RopeParameters::Type::yarn; break;
  }
  p.dim = latent(c) ? c.qk_rope_head_dim : c.head_dim;
  p.theta = c.rope.theta;
  p.interleaved = latent(c) && c.rope_interleave;
  p.factor = c.rope.factor;
  p.original_positions = c.rope.original_max_position_embeddings;
  p.low_freq_factor = c.rope.low_freq_factor;
  p.high_freq_factor = c.rope.high_freq_factor;
  p.beta_fast = c.rope.beta_fast;
  p.beta_slow = c.rope.beta_slow;
  p.mscale = c.rope.mscale.value_or(0);
  p.mscale_all_dim = c.rope.mscale_all_dim.value_or(0);
  p.attention_factor = c.rope.attention_factor;
  p.truncate = c.rope.truncate;
  return p;
}

std::unique_ptr<nn::SelfAttention> make_attention(const Config& c, const Loader& loader, const std::string& name,
                                                  const std::shared_ptr<const nn::Rope>& rope) {
  const bool qwen2 = c.architecture == Architecture::qwen2;
  nn::AttentionParameters p;
  p.heads = c.num_attention_heads;
  p.key_heads = c.num_key_value_heads;
  p.head_dim = c.head_dim;
  p.rope = rope;
  if (c.architecture == Architecture::qwen3) {
    p.q_norm = loader.rms_norm(name + ".q_norm", c.head_dim, c.rms_norm_eps);
    p.k_norm = loader.rms_norm(name + ".k_norm", c.head_dim, c.rms_norm_eps);
  }
  const auto in = [&](const char* which, std::int64_t heads) {
    return loader.linear(name + which, c.hidden_size, heads * c.head_dim, qwen2 || c.attention_bias);
  };
  nn::Linear qkv = nn::fused({in(".q_proj", p.heads), in(".k_proj", p.key_heads), in(".v_proj", p.key_heads)});
  nn::Linear out = loader.linear(name + ".o_proj", p.heads * c.head_dim, c.hidden_size, !qwen2 && c.attention_bias);
  return std::make_unique<nn::Attention>(std::move(p), std::move(qkv), std::move(out));
}

std::unique_ptr<nn::SelfAttention> make_mla(const Config& c, const Loader& loader, const std::string& name,
                                            const std::shared_ptr<const nn::Rope>& rope) {
  nn::MlaParameters p;
  p.heads = c.num_attention_heads;
  p.q_rank = c.q_lora_rank;
  p.kv_rank = c.kv_lora_rank;
  p.nope_dim = c.qk_nope_head_dim;
  p.rope_dim = c.qk_rope_head_dim;
  p.value_dim = c.v_head_dim;
  p.rope = rope;
  const std::int64_t key_dim = p.nope_dim + p.rope_dim;
  p.scale = 1 / std::sqrt(static_cast<double>(key_dim));
  if (c.rope.type == RopeType::yarn && c.rope.mscale_all_dim.value_or(0) != 0) {
    const double m = nn::yarn_mscale(c.rope.factor, *c.rope.mscale_all_dim);
    p.scale *= m * m;
  }
  nn::Mla::Weights w;
  const bool ranked = p.q_rank != 0;
  const nn::Linear q = loader.linear(name + (ranked ? ".q_a_proj" : ".q_proj"), c.hidden_size,
                                     ranked ? p.q_rank : p.heads * key_dim, ranked && c.attention_bias);
  if (ranked) {
    w.q_norm = loader.rms_norm(name + ".q_a_layernorm", p.q_rank, 1e-6);
    w.q_up = loader.linear(name + ".q_b_proj", p.q_rank, p.heads * key_dim, false);
  }
  nn::Linear kv = loader.linear(name + ".kv_a_proj_with_mqa", c.hidden_size, p.kv_rank + p.rope_dim, c.attention_bias);
  if (kv.bias && !q.bias) refuse(FG_E_UNSUPPORTED, name + ": attention_bias without q_lora_rank is not known");
  w.down = nn::fused({q, kv});
  w.kv_norm = loader.rms_norm(name + ".kv_a_layernorm", p.kv_rank, 1e-6);
  w.kv_up = loader.tensor(name + ".kv_b_proj.weight", {p.heads * (p.nope_dim + p.value_dim), p.kv_rank});
  w.out = loader.linear(name + ".o_proj", p.heads * p.value_dim, c.hidden_size, c.attention_bias);
  return std::make_unique<nn::Mla>(std::move(p), std::move(w));
}

struct Gated {
  nn::Linear gate_up, down;
};
// gate, up and down by the names that they have; all take `channels`.
Gated gated(const Loader& loader, const std::string& name, std::initializer_list<const char*> parts,
            std::int64_t channels, std::int64_t middle, bool bias) {
  const char* const* part = parts.begin();
  return {nn::fused({loader.linear(name + part[0], channels, middle, bias),
                     loader.linear(name + part[1], channels, middle, bias)}),
          loader.linear(name + part[2], middle, channels, bias)};
}

std::unique_ptr<nn::FeedForward> make_mlp(const Config& c, const Loader& loader, const std::string& name,
                                          std::int64_t middle) {
  Gated e = gated(loader, name, {".gate_proj", ".up_proj", ".down_proj"}, c.hidden_size, middle,
                  c.architecture == Architecture::llama && c.mlp_bias);
  return std::make_unique<nn::SiluAndMulMlp>(std::move(e.gate_up), std::move(e.down));
}

// Experts of one tensor each for all, or one by one (w1, w3 and w2 in Mixtral's first checkpoints).
nn::Experts make_experts(const Config& c, const Loader& loader, const std::string& name, std::int64_t middle) {
  const std::string all = name + ".experts.";
  const std::int64_t channels = c.hidden_size;
  const std::vector<std::int64_t> up{c.num_experts, 2 * middle, channels}, down{c.num_experts, channels, middle};
  if (loader.source.has(all + "gate_up_proj"))
    return {loader.tensor(all + "gate_up_proj", up), loader.tensor(all + "down_proj", down)};
  const bool mixtral = c.architecture == Architecture::mixtral;
  const nn::Experts e{Tensor::empty(up, loader.dtype), Tensor::empty(down, loader.dtype)};
  const auto put = [&](const Tensor& place, const std::string& part) {
    copy_(place, loader.tensor(part + ".weight", place.shape()));
  };
  for (std::int64_t i = 0; i < c.num_experts; ++i) {
    const std::string one = all + std::to_string(i);
    const Tensor both = e.gate_up.select(0, i);
    put(both.slice(0, 0, middle), one + (mixtral ? ".w1" : ".gate_proj"));
    put(both.slice(0, middle, std::nullopt), one + (mixtral ? ".w3" : ".up_proj"));
    put(e.down.select(0, i), one + (mixtral ? ".w2" : ".down_proj"));
  }
  return e;
}

std::unique_ptr<nn::FeedForward> make_moe(const Config& c, const Loader& loader, const std::string& layer) {
  const bool mixtral = c.architecture == Architecture::mixtral;
  const std::string older = layer + ".block_sparse_moe";
  const std::string name = mixtral && loader.source.has(older + ".gate.weight") ? older : layer + ".mlp";
  nn::RouterParameters p;
  p.scoring = mixtral ? nn::RouterParameters::Scoring::softmax : nn::RouterParameters::Scoring::sigmoid;
  p.experts = c.num_experts;
  p.per_token = c.num_experts_per_tok;
  p.groups = c.n_group;
  p.groups_kept = c.topk_group;
  p.normalise = mixtral || c.norm_topk_prob;
  p.scale = mixtral ? 1.0 : c.routed_scaling_factor;
  // A choice is a jump: it is made in f32, whatever the rest of the model is in.
  const Loader exact{loader.source, kF32};
  nn::Linear gate = exact.linear(name + ".gate", c.hidden_size, c.num_experts, false);
  const Tensor bias = mixtral ? Tensor() : exact.tensor(name + ".gate.e_score_correction_bias", {c.num_experts});
  const std::int64_t middle = mixtral ? c.intermediate_size : c.moe_intermediate_size;
  std::unique_ptr<nn::FeedForward> shared;
  if (c.n_shared_experts > 0) shared = make_mlp(c, loader, name + ".shared_experts", middle * c.n_shared_experts);
  return std::make_unique<nn::MoeLayer>(p, std::move(gate), bias, make_experts(c, loader, name, middle),
                                        std::move(shared));
}

}  // namespace

std::shared_ptr<const nn::Rope> make_rope(const Config& c, std::int64_t positions) {
  return std::make_shared<nn::Rope>(rope_parameters(c), positions, Device());
}

DecoderLayer make_layer(const Config& c, const Loader& loader, const std::string& name, std::int64_t i,
                        const std::shared_ptr<const nn::Rope>& rope) {
  if (c.hidden_act != "silu")
    refuse(FG_E_UNSUPPORTED, "hidden_act is " + in_quotes(c.hidden_act) + ", expected \"silu\" for " + c.model_type);
  const bool moe = c.num_experts > 0 && i >= c.first_k_dense_replace;
  DecoderLayer l;
  l.input_norm = loader.rms_norm(name + ".input_layernorm", c.hidden_size, c.rms_norm_eps);
  l.attention = (latent(c) ? make_mla : make_attention)(c, loader, name + ".self_attn", rope);
  l.post_attention_norm = loader.rms_norm(name + ".post_attention_layernorm", c.hidden_size, c.rms_norm_eps);
  l.feed_forward = moe ? make_moe(c, loader, name) : make_mlp(c, loader, name + ".mlp", c.intermediate_size);
  return l;
}

}  // namespace fg::models
