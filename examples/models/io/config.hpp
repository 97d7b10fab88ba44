// SPDX-License-Identifier: Apache-2.0
//
// config.json as Hugging Face writes it, as plain numbers.  Names are the file's.  A field of another
// family than the file's model_type keeps its default.

#ifndef FG_EXAMPLES_MODELS_IO_CONFIG_HPP_
#define FG_EXAMPLES_MODELS_IO_CONFIG_HPP_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fg/tensor.hpp"

namespace fg::models {

enum class Architecture : std::uint8_t { bert, llama, qwen2, qwen3, mixtral, deepseek_v3, llava, clip_vision };
enum class RopeType : std::uint8_t { standard, linear, llama3, yarn };

// rope_parameters of newer files, rope_theta and rope_scaling of older ones.
struct RopeConfig {
  RopeType type = RopeType::standard;  // "default" in files.
  double theta = 10000.0;
  double factor = 1.0;                                   // linear, llama3, yarn
  std::int64_t original_max_position_embeddings = 0;     // llama3, yarn; never 0 there.
  double low_freq_factor = 1.0, high_freq_factor = 4.0;  // llama3
  double beta_fast = 32.0, beta_slow = 1.0;              // yarn
  std::optional<double> attention_factor;                // yarn
  std::optional<double> mscale, mscale_all_dim;          // yarn, DeepSeek
  bool truncate = true;                                  // yarn
};

struct Config {
  std::string model_type;
  Architecture architecture = Architecture::llama;
  std::optional<Dtype> dtype;  // dtype or torch_dtype: what the weights were saved in.

  // Transformers.
  std::int64_t vocab_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0;
  std::int64_t num_key_value_heads = 0;  // num_attention_heads where the file has none.
  std::int64_t head_dim = 0;             // hidden_size / num_attention_heads where the file has none.
  std::int64_t max_position_embeddings = 0;
  std::string hidden_act;
  double rms_norm_eps = 1e-6;
  bool attention_bias = false;  // llama, qwen3, deepseek_v3.  qwen2 has biases always, on q, k and v.
  bool mlp_bias = false;        // llama
  bool tie_word_embeddings = false;
  RopeConfig rope;
  std::optional<std::int64_t> sliding_window;  // Only where it is in use.
  std::vector<std::string> layer_types;        // "full_attention" or "sliding_attention"; empty: all full.
  std::optional<std::int64_t> bos_token_id, pad_token_id;
  std::vector<std::int64_t> eos_token_id;  // One, several or none; generation_config.json's where it has any.

  // bert and clip_vision.
  double layer_norm_eps = 1e-12;
  std::int64_t type_vocab_size = 2;

  // Experts: mixtral (num_local_experts), deepseek_v3 (n_routed_experts).
  std::int64_t num_experts = 0;
  std::int64_t num_experts_per_tok = 0;
  std::int64_t moe_intermediate_size = 0;
  std::int64_t n_shared_experts = 0;
  std::int64_t n_group = 1, topk_group = 1;
  std::int64_t first_k_dense_replace = 0;
  double routed_scaling_factor = 1.0;
  bool norm_topk_prob = true;

  // Multi-head latent attention.
  std::int64_t q_lora_rank = 0;  // 0: queries are not compressed.
  std::int64_t kv_lora_rank = 0;
  std::int64_t qk_nope_head_dim = 0, qk_rope_head_dim = 0, v_head_dim = 0;
  bool rope_interleave = true;

  // clip_vision.
  std::int64_t image_size = 0, patch_size = 0, num_channels = 3;

  // llava.
  std::int64_t image_token_index = 0;
  std::int64_t vision_feature_layer = -2;     // Of the hidden states; negative: from the end.
  bool vision_feature_select_default = true;  // Without the class token; else "full".
  std::string projector_hidden_act;
  bool multimodal_projector_bias = true;
  std::shared_ptr<const Config> text_config, vision_config;
};

// Of `folder`/config.json; generation_config.json beside it, where there is one, gives eos_token_id.
// FG_E_NOT_FOUND without config.json; FG_E_INVALID names the field, its value and what was expected;
// FG_E_UNSUPPORTED lists the known model types, or names what the model needs and this program lacks.
Config load_config(const std::string& folder);
// Of text; `where` is what messages call it.
Config parse_config(std::string_view text, const std::string& where = "config.json");

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_CONFIG_HPP_
