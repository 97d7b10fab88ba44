// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "examples/models/io/error.hpp"
#include "examples/models/io/json.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::models {
namespace {

constexpr std::size_t kMaxConfigBytes = std::size_t{16} << 20;

template <class E>
struct Named {
  std::string_view name;
  E value;
};
constexpr std::array<Named<Architecture>, 7> kModels{{{"bert", Architecture::bert},
                                                      {"llama", Architecture::llama},
                                                      {"qwen2", Architecture::qwen2},
                                                      {"qwen3", Architecture::qwen3},
                                                      {"mixtral", Architecture::mixtral},
                                                      {"deepseek_v3", Architecture::deepseek_v3},
                                                      {"llava", Architecture::llava}}};
// What may stand inside of a llava.
constexpr std::array<Named<Architecture>, 2> kTextModels{
    {{"llama", Architecture::llama}, {"qwen2", Architecture::qwen2}}};
constexpr std::array<Named<Architecture>, 1> kVisionModels{{{"clip_vision_model", Architecture::clip_vision}}};
constexpr std::array<Named<RopeType>, 4> kRopes{{{"default", RopeType::standard},
                                                 {"linear", RopeType::linear},
                                                 {"llama3", RopeType::llama3},
                                                 {"yarn", RopeType::yarn}}};

template <class E, std::size_t n>
E named(const std::array<Named<E>, n>& known, const std::string& name, const std::string& where) {
  const auto it = std::ranges::find(known, std::string_view(name), &Named<E>::name);
  if (it != known.end()) return it->value;
  std::string list;
  for (const auto& k : known) list += (list.empty() ? "" : ", ") + std::string(k.name);
  refuse(FG_E_UNSUPPORTED, fmt::format("{} is {}, known: {}", where, in_quotes(name), list));
}

// `only` is the one value that is implemented.
void only(const Fields& f, const char* key, std::string_view value) {
  const auto found = f.text(key);
  if (found && *found != value)
    refuse(FG_E_UNSUPPORTED, fmt::format("{} is {}, known: {}", f.at(key), in_quotes(*found), value));
}

// The size, or `otherwise`; 0 says that the file must have it.
std::int64_t size_or(const Fields& f, const char* key, std::int64_t otherwise) {
  if (otherwise == 0) f.need(key);
  return f.size(key).value_or(otherwise);
}

std::optional<double> positive(const Fields& f, const char* key) {
  const auto x = f.number(key);
  if (x && !(*x > 0)) f.wrong(key, *f.find(key), "a number above 0");
  return x;
}

std::int64_t count_or(const Fields& f, const char* key, std::int64_t otherwise) {
  const auto x = f.integer(key);
  if (x && (*x < 0 || *x > INT32_MAX)) f.wrong(key, *f.find(key), fmt::format("0 to {}", INT32_MAX));
  return x.value_or(otherwise);
}

void read_llama3(const Fields& f, RopeConfig& rope) {
  for (const char* key : {"factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"})
    f.need(key);
  rope.low_freq_factor = *positive(f, "low_freq_factor");
  rope.high_freq_factor = *positive(f, "high_freq_factor");
  if (rope.high_freq_factor <= rope.low_freq_factor)
    f.wrong("high_freq_factor", *f.find("high_freq_factor"), fmt::format("more than {}", rope.low_freq_factor));
}

void read_yarn(const Fields& f, RopeConfig& rope) {
  f.need("factor");
  rope.beta_fast = positive(f, "beta_fast").value_or(32.0);
  rope.beta_slow = positive(f, "beta_slow").value_or(1.0);
  rope.attention_factor = positive(f, "attention_factor");
  rope.mscale = f.number("mscale");
  rope.mscale_all_dim = f.number("mscale_all_dim");
  rope.truncate = f.boolean("truncate").value_or(true);
}

void read_rope_scaling(const Fields& f, RopeConfig& rope, std::int64_t max_positions) {
  const char* const key = f.has("rope_type") ? "rope_type" : "type";  // Older files say "type".
  rope.type = named(kRopes, f.text(key).value_or("default"), f.at(key));
  rope.theta = positive(f, "rope_theta").value_or(rope.theta);
  if (f.number("partial_rotary_factor").value_or(1.0) != 1.0)
    f.wrong("partial_rotary_factor", *f.find("partial_rotary_factor"), "1");
  if (rope.type == RopeType::standard) return;
  f.need("factor");
  rope.factor = *positive(f, "factor");
  rope.original_max_position_embeddings = f.size("original_max_position_embeddings").value_or(max_positions);
  if (rope.type == RopeType::llama3) read_llama3(f, rope);
  if (rope.type == RopeType::yarn) read_yarn(f, rope);
}

RopeConfig read_rope(const Fields& f, std::int64_t max_positions, double theta) {
  RopeConfig rope;
  rope.theta = positive(f, "rope_theta").value_or(theta);
  if (const auto newer = f.object("rope_parameters")) {
    read_rope_scaling(*newer, rope, max_positions);
  } else if (const auto older = f.object("rope_scaling")) {
    read_rope_scaling(*older, rope, max_positions);
  }
  return rope;
}

std::optional<std::int64_t> token(const Fields& f, const char* key) {
  const auto id = f.integer(key);
  if (id && *id == -1) return std::nullopt;  // Some files say "none" so.
  if (id && (*id < 0 || *id > INT32_MAX)) f.wrong(key, *f.find(key), "the id of a token");
  return id;
}

std::vector<std::int64_t> tokens(const Fields& f, const char* key) {
  const nlohmann::json* const value = f.find(key);
  if (value == nullptr) return {};
  if (!value->is_array()) {
    const auto one = token(f, key);
    return one ? std::vector{*one} : std::vector<std::int64_t>{};
  }
  std::vector<std::int64_t> all;
  for (const auto& id : *value) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() > INT32_MAX) f.wrong(key, id, "ids of tokens");
    all.push_back(id.get<std::int64_t>());
  }
  return all;
}

// What Hugging Face's classes assume where the file says nothing.  0: no file goes without it.
struct Defaults {
  std::int64_t vocab_size = 0, hidden_size = 0, intermediate_size = 0, num_hidden_layers = 0, num_attention_heads = 0;
  std::int64_t max_position_embeddings = 0;
};
// Of LlamaConfig and CLIPVisionConfig: llava's files leave out what is a default.
constexpr Defaults kLlamaDefaults{32000, 4096, 11008, 32, 32, 2048};
constexpr Defaults kClipDefaults{1, 768, 3072, 12, 12, 1};

void read_sizes(const Fields& f, Config& c, const Defaults& d) {
  c.vocab_size = size_or(f, "vocab_size", d.vocab_size);
  c.hidden_size = size_or(f, "hidden_size", d.hidden_size);
  c.intermediate_size = size_or(f, "intermediate_size", d.intermediate_size);
  c.num_hidden_layers = size_or(f, "num_hidden_layers", d.num_hidden_layers);
  c.num_attention_heads = size_or(f, "num_attention_heads", d.num_attention_heads);
  c.num_key_value_heads = size_or(f, "num_key_value_heads", c.num_attention_heads);
  if (c.num_attention_heads % c.num_key_value_heads != 0) {
    f.wrong("num_key_value_heads", f.need("num_key_value_heads"),
            fmt::format("a divisor of num_attention_heads = {}", c.num_attention_heads));
  }
  c.max_position_embeddings = size_or(f, "max_position_embeddings", d.max_position_embeddings);
  if (const auto given = f.size("head_dim")) {
    c.head_dim = *given;
  } else if (c.architecture == Architecture::qwen3) {
    c.head_dim = 128;
  } else if (c.hidden_size % c.num_attention_heads == 0) {
    c.head_dim = c.hidden_size / c.num_attention_heads;
  } else {
    f.wrong("hidden_size", c.hidden_size, fmt::format("a multiple of num_attention_heads = {}", c.num_attention_heads));
  }
}

void read_sliding(const Fields& f, Config& c) {
  const bool off_unless_said = c.architecture == Architecture::qwen2 || c.architecture == Architecture::qwen3;
  const auto window = f.size("sliding_window");
  if (window && f.boolean("use_sliding_window").value_or(!off_unless_said)) c.sliding_window = window;
  const nlohmann::json* const types = f.list("layer_types");
  if (types == nullptr) return;
  for (const auto& type : *types) {
    if (type != "full_attention" && type != "sliding_attention")
      f.wrong("layer_types", type, "full_attention or sliding_attention");
    c.layer_types.push_back(type.get<std::string>());
  }
  if (static_cast<std::int64_t>(c.layer_types.size()) != c.num_hidden_layers) {
    f.wrong("layer_types", c.layer_types.size(), fmt::format("one for each of {} layers", c.num_hidden_layers));
  }
}

void read_experts(const Fields& f, Config& c, const char* count) {
  c.num_experts = size_or(f, count, 0);
  c.num_experts_per_tok = size_or(f, "num_experts_per_tok", 0);
  if (c.num_experts_per_tok > c.num_experts) {
    f.wrong("num_experts_per_tok", c.num_experts_per_tok, fmt::format("at most {} = {}", count, c.num_experts));
  }
  c.moe_intermediate_size = size_or(f, "moe_intermediate_size", c.intermediate_size);
}

void read_deepseek(const Fields& f, Config& c) {
  read_experts(f, c, "n_routed_experts");
  only(f, "scoring_func", "sigmoid");
  only(f, "topk_method", "noaux_tc");
  c.n_shared_experts = count_or(f, "n_shared_experts", 0);
  c.n_group = size_or(f, "n_group", 1);
  c.topk_group = size_or(f, "topk_group", 1);
  if (c.num_experts % c.n_group != 0)
    f.wrong("n_group", c.n_group, fmt::format("a divisor of n_routed_experts = {}", c.num_experts));
  if (c.topk_group > c.n_group) f.wrong("topk_group", c.topk_group, fmt::format("at most n_group = {}", c.n_group));
  c.first_k_dense_replace = count_or(f, "first_k_dense_replace", 0);
  c.routed_scaling_factor = f.number("routed_scaling_factor").value_or(1.0);
  c.norm_topk_prob = f.boolean("norm_topk_prob").value_or(true);
  c.q_lora_rank = count_or(f, "q_lora_rank", 0);
  c.kv_lora_rank = size_or(f, "kv_lora_rank", 0);
  c.qk_nope_head_dim = size_or(f, "qk_nope_head_dim", 0);
  c.qk_rope_head_dim = size_or(f, "qk_rope_head_dim", 0);
  c.v_head_dim = size_or(f, "v_head_dim", 0);
  c.rope_interleave = f.boolean("rope_interleave").value_or(true);
}

void read_decoder(const Fields& f, Config& c, const Defaults& d) {
  read_sizes(f, c, d);
  c.hidden_act = f.text("hidden_act").value_or("silu");
  c.rms_norm_eps = positive(f, "rms_norm_eps").value_or(1e-6);
  c.attention_bias = f.boolean("attention_bias").value_or(false);
  c.mlp_bias = f.boolean("mlp_bias").value_or(false);
  c.tie_word_embeddings = f.boolean("tie_word_embeddings").value_or(false);
  c.rope = read_rope(f, c.max_position_embeddings, c.architecture == Architecture::mixtral ? 1e6 : 1e4);
  read_sliding(f, c);
  if (c.architecture == Architecture::mixtral) read_experts(f, c, "num_local_experts");
  if (c.architecture == Architecture::deepseek_v3) read_deepseek(f, c);
}

void read_bert(const Fields& f, Config& c) {
  read_sizes(f, c, {});
  only(f, "position_embedding_type", "absolute");
  if (f.boolean("is_decoder").value_or(false)) f.wrong("is_decoder", true, "false");
  c.hidden_act = f.text("hidden_act").value_or("gelu");
  c.layer_norm_eps = positive(f, "layer_norm_eps").value_or(1e-12);
  c.type_vocab_size = size_or(f, "type_vocab_size", 2);
}

void read_clip(const Fields& f, Config& c) {
  read_sizes(f, c, kClipDefaults);
  c.hidden_act = f.text("hidden_act").value_or("quick_gelu");
  c.layer_norm_eps = positive(f, "layer_norm_eps").value_or(1e-5);
  c.image_size = size_or(f, "image_size", 224);
  c.patch_size = size_or(f, "patch_size", 32);
  c.num_channels = size_or(f, "num_channels", 3);
  if (c.image_size % c.patch_size != 0)
    f.wrong("image_size", c.image_size, fmt::format("a multiple of patch_size = {}", c.patch_size));
}

void read_common(const Fields& f, Config& c) {
  if (f.has("quantization_config")) {
    refuse(FG_E_UNSUPPORTED,
           f.at("quantization_config") + ": quantised weights are not supported, only f32, f16 and bf16");
  }
  const char* const key = f.has("dtype") ? "dtype" : "torch_dtype";
  if (const auto name = f.text(key)) {
    const auto dtype = dtype_from_name(*name);
    if (!dtype) f.wrong(key, *name, "float32, float16 or bfloat16");
    c.dtype = *dtype;
  }
  c.bos_token_id = token(f, "bos_token_id");
  c.pad_token_id = token(f, "pad_token_id");
  c.eos_token_id = tokens(f, "eos_token_id");
}

// The model inside of another: a part of its file.
template <std::size_t n>
std::shared_ptr<const Config> read_inner(const Fields& outer, const char* key,
                                         const std::array<Named<Architecture>, n>& known) {
  const Fields f = outer.need_object(key);
  auto c = std::make_shared<Config>();
  c->model_type = f.text("model_type").value_or(std::string(known[0].name));
  c->architecture = named(known, c->model_type, f.at("model_type"));
  read_common(f, *c);
  if (c->architecture == Architecture::clip_vision) {
    read_clip(f, *c);
  } else {
    read_decoder(f, *c, c->architecture == Architecture::llama ? kLlamaDefaults : Defaults{});
  }
  return c;
}

void read_llava(const Fields& f, Config& c) {
  c.text_config = read_inner(f, "text_config", kTextModels);
  c.vision_config = read_inner(f, "vision_config", kVisionModels);
  const char* const token_key = f.has("image_token_id") ? "image_token_id" : "image_token_index";
  f.need(token_key);
  c.image_token_index = count_or(f, token_key, 0);
  c.vision_feature_layer = f.integer("vision_feature_layer").value_or(-2);
  const std::int64_t states = c.vision_config->num_hidden_layers + 1;
  if (c.vision_feature_layer < -states || c.vision_feature_layer >= states) {
    f.wrong("vision_feature_layer", c.vision_feature_layer, fmt::format("one of {} hidden states", states));
  }
  const std::string select = f.text("vision_feature_select_strategy").value_or("default");
  if (select != "default" && select != "full") f.wrong("vision_feature_select_strategy", select, "default or full");
  c.vision_feature_select_default = select == "default";
  c.projector_hidden_act = f.text("projector_hidden_act").value_or("gelu");
  c.multimodal_projector_bias = f.boolean("multimodal_projector_bias").value_or(true);
  c.tie_word_embeddings = f.boolean("tie_word_embeddings").value_or(false);
  c.vocab_size = c.text_config->vocab_size;
  c.max_position_embeddings = c.text_config->max_position_embeddings;
  if (c.eos_token_id.empty()) c.eos_token_id = c.text_config->eos_token_id;
  if (!c.bos_token_id) c.bos_token_id = c.text_config->bos_token_id;
}

}  // namespace

Config parse_config(std::string_view text, const std::string& where) {
  const auto root = parse_json_object(text, where);
  const Fields f(root, where);
  Config c;
  c.model_type = f.need_text("model_type");
  c.architecture = named(kModels, c.model_type, f.at("model_type"));
  read_common(f, c);
  switch (c.architecture) {
    case Architecture::bert: read_bert(f, c); break;
    case Architecture::llava: read_llava(f, c); break;
    default: read_decoder(f, c, {});
  }
  return c;
}

Config load_config(const std::string& folder) {
  namespace fs = std::filesystem;
  const std::string path = (fs::path(folder) / "config.json").string();
  Config c = parse_config(read_text_file(path, kMaxConfigBytes), path);
  const std::string generation = (fs::path(folder) / "generation_config.json").string();
  std::error_code ignored;
  if (!fs::exists(generation, ignored)) return c;
  const auto root = parse_json_object(read_text_file(generation, kMaxConfigBytes), generation);
  auto eos = tokens(Fields(root, generation), "eos_token_id");
  if (!eos.empty()) c.eos_token_id = std::move(eos);
  return c;
}

}  // namespace fg::models
