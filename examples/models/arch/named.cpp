// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <array>

#include "examples/models/arch/model.hpp"
#include "examples/models/io/error.hpp"

namespace fg::models {
namespace {

struct Named {
  std::string_view name, config;
};

// Shapes as published.
constexpr std::array kNamed = {
    Named{"tiny", R"({"model_type": "llama", "hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": 2,
      "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 512, "max_position_embeddings": 4096})"},
    Named{"tinyllama-1.1b", R"({"model_type": "llama", "hidden_size": 2048, "intermediate_size": 5632,
      "num_hidden_layers": 22, "num_attention_heads": 32, "num_key_value_heads": 4, "vocab_size": 32000,
      "max_position_embeddings": 4096, "rms_norm_eps": 1e-5})"},
    Named{"llama-3.2-1b", R"({"model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192,
      "num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64,
      "vocab_size": 128256, "max_position_embeddings": 131072, "rms_norm_eps": 1e-5, "tie_word_embeddings": true,
      "rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0,
      "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}})"},
    Named{"llama-2-7b", R"({"model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008,
      "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 32000,
      "max_position_embeddings": 4096, "rms_norm_eps": 1e-5})"},
    Named{"llama-3-8b", R"({"model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336,
      "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
      "max_position_embeddings": 8192, "rms_norm_eps": 1e-5, "rope_theta": 500000.0})"},
    Named{"qwen2-0.5b", R"({"model_type": "qwen2", "hidden_size": 896, "intermediate_size": 4864,
      "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936,
      "max_position_embeddings": 32768, "tie_word_embeddings": true, "rope_theta": 1000000.0})"},
    Named{"qwen3-0.6b", R"({"model_type": "qwen3", "hidden_size": 1024, "intermediate_size": 3072,
      "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
      "vocab_size": 151936, "max_position_embeddings": 40960, "tie_word_embeddings": true, "rope_theta": 1000000.0})"},
    Named{"mixtral-tiny", R"({"model_type": "mixtral", "hidden_size": 64, "intermediate_size": 160,
      "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 512,
      "num_local_experts": 4, "num_experts_per_tok": 2, "max_position_embeddings": 4096})"},
};

}  // namespace

Config named_config(std::string_view name) {
  const auto* it = std::ranges::find(kNamed, name, &Named::name);
  if (it != kNamed.end()) return parse_config(it->config, std::string(name));
  std::string all;
  for (const Named& n : kNamed) all.append(all.empty() ? "" : ", ").append(n.name);
  refuse(FG_E_NOT_FOUND, "no size is named " + in_quotes(name) + ", there are " + all);
}

}  // namespace fg::models
