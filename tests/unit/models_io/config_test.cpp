// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/config.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/models_io/refusal.hpp"

namespace fg::models {
namespace {

using test::expect_refusal;
using test::Refusal;
using test::refusal_of;
using test::TempFolder;
using Ids = std::vector<std::int64_t>;

constexpr const char* kSizes =
    R"("vocab_size": 512, "hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": 2,
       "num_attention_heads": 4, "max_position_embeddings": 128)";

std::string json(const std::string& model_type, const std::string& more = {}) {
  return R"({"model_type": ")" + model_type + "\", " + kSizes + (more.empty() ? "" : ", " + more) + "}";
}
Config config(const std::string& model_type, const std::string& more = {}) {
  return parse_config(json(model_type, more));
}
Refusal refused(const std::string& model_type, const std::string& more) {
  return refusal_of([&] { config(model_type, more); });
}

TEST(Config, Llama) {
  const Config c = config("llama", R"("num_key_value_heads": 2, "rms_norm_eps": 1e-5, "bos_token_id": 1,
      "eos_token_id": 2, "torch_dtype": "bfloat16", "rope_scaling": null, "tie_word_embeddings": true)");
  EXPECT_EQ(c.architecture, Architecture::llama);
  EXPECT_EQ(c.num_key_value_heads, 2);
  EXPECT_EQ(c.head_dim, 16);
  EXPECT_EQ(c.rms_norm_eps, 1e-5);
  EXPECT_EQ(c.hidden_act, "silu");
  EXPECT_EQ(c.eos_token_id, (Ids{2}));
  EXPECT_EQ(c.bos_token_id, 1);
  EXPECT_FALSE(c.pad_token_id);
  EXPECT_EQ(c.dtype, kBF16);
  EXPECT_TRUE(c.tie_word_embeddings);
  EXPECT_EQ(c.rope.type, RopeType::standard);
  EXPECT_EQ(c.rope.theta, 10000.0);
}

TEST(Config, BothSpellingsOfRope) {
  const char* const parameters = R"("factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
      "original_max_position_embeddings": 8192)";
  for (const Config& c :
       {config("llama",
               std::string(R"("rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", )") + parameters + "}"),
        config("llama", std::string(R"("rope_parameters": {"rope_theta": 500000.0, "rope_type": "llama3", )") +
                            parameters + "}")}) {
    EXPECT_EQ(c.rope.type, RopeType::llama3);
    EXPECT_EQ(c.rope.theta, 500000.0);
    EXPECT_EQ(c.rope.factor, 8.0);
    EXPECT_EQ(c.rope.low_freq_factor, 1.0);
    EXPECT_EQ(c.rope.high_freq_factor, 4.0);
    EXPECT_EQ(c.rope.original_max_position_embeddings, 8192);
  }
  const Config yarn = config("llama", R"("rope_scaling": {"type": "yarn", "factor": 40, "beta_fast": 16,
      "mscale": 1.0, "mscale_all_dim": 0.7})");
  EXPECT_EQ(yarn.rope.type, RopeType::yarn);
  EXPECT_EQ(yarn.rope.factor, 40.0);
  EXPECT_EQ(yarn.rope.beta_fast, 16.0);
  EXPECT_EQ(yarn.rope.beta_slow, 1.0);
  EXPECT_EQ(yarn.rope.mscale_all_dim, 0.7);
  EXPECT_EQ(yarn.rope.original_max_position_embeddings, 128) << "the file's max_position_embeddings";
  EXPECT_FALSE(yarn.rope.attention_factor);
}

TEST(Config, SlidingWindowsOnlyWhereTheyAreUsed) {
  EXPECT_FALSE(config("qwen2", R"("sliding_window": 32, "use_sliding_window": false)").sliding_window);
  EXPECT_FALSE(config("qwen2", R"("sliding_window": 32)").sliding_window);
  EXPECT_EQ(config("qwen2", R"("sliding_window": 32, "use_sliding_window": true)").sliding_window, 32);
  EXPECT_EQ(
      config("mixtral", R"("sliding_window": 32, "num_local_experts": 4, "num_experts_per_tok": 2)").sliding_window,
      32);
  expect_refusal(refused("qwen2", R"("layer_types": ["full_attention"])"), FG_E_INVALID,
                 {"layer_types is 1, expected one for each of 2 layers"});
  expect_refusal(refused("qwen2", R"("layer_types": ["full_attention", "x"])"), FG_E_INVALID, {"layer_types is \"x\""});
}

TEST(Config, DeepSeek) {
  const std::string more = R"("n_routed_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 48,
      "n_shared_experts": 1, "n_group": 2, "topk_group": 1, "first_k_dense_replace": 1, "q_lora_rank": null,
      "kv_lora_rank": 24, "qk_nope_head_dim": 16, "qk_rope_head_dim": 8, "v_head_dim": 16, "routed_scaling_factor": 2.5)";
  const Config c = config("deepseek_v3", more);
  EXPECT_EQ(c.num_experts, 8);
  EXPECT_EQ(c.q_lora_rank, 0);
  EXPECT_EQ(c.kv_lora_rank, 24);
  EXPECT_EQ(c.routed_scaling_factor, 2.5);
  expect_refusal(refused("deepseek_v3", more + R"(, "scoring_func": "softmax")"), FG_E_UNSUPPORTED,
                 {"scoring_func is \"softmax\", known: sigmoid"});
  expect_refusal(refused("deepseek_v3", R"("n_routed_experts": 8, "num_experts_per_tok": 9)"), FG_E_INVALID,
                 {"num_experts_per_tok is 9, expected at most n_routed_experts = 8"});
}

TEST(Config, LlavaLeavesOutDefaults) {
  const Config c = parse_config(R"({"model_type": "llava", "image_token_index": 32000, "text_config": {
      "model_type": "llama", "max_position_embeddings": 4096, "vocab_size": 32064, "torch_dtype": "float16"},
      "vision_config": {"model_type": "clip_vision_model", "hidden_size": 1024, "image_size": 336,
      "intermediate_size": 4096, "num_attention_heads": 16, "num_hidden_layers": 24, "patch_size": 14}})");
  EXPECT_EQ(c.text_config->hidden_size, 4096);
  EXPECT_EQ(c.text_config->num_hidden_layers, 32);
  EXPECT_EQ(c.text_config->vocab_size, 32064);
  EXPECT_EQ(c.vision_config->patch_size, 14);
  EXPECT_EQ(c.vision_config->hidden_act, "quick_gelu");
  EXPECT_EQ(c.image_token_index, 32000);
  EXPECT_TRUE(c.vision_feature_select_default);
}

TEST(Config, WhatIsWrongIsNamed) {
  expect_refusal(refusal_of([] { parse_config(R"({"model_type": "gpt2"})", "m/config.json"); }), FG_E_UNSUPPORTED,
                 {"m/config.json: model_type is \"gpt2\"", "bert, llama, qwen2, qwen3, mixtral, deepseek_v3, llava"});
  expect_refusal(refusal_of([] { parse_config("{}"); }), FG_E_INVALID, {"config.json: model_type is missing"});
  expect_refusal(refusal_of([] { parse_config(R"({"model_type": "llama"})"); }), FG_E_INVALID,
                 {"vocab_size is missing"});
  expect_refusal(refused("llama", R"("num_key_value_heads": 3)"), FG_E_INVALID,
                 {"num_key_value_heads is 3, expected a divisor of num_attention_heads = 4"});
  expect_refusal(refused("llama", R"("num_key_value_heads": -1)"), FG_E_INVALID, {"is -1, expected 1 to"});
  expect_refusal(refused("llama", R"("num_key_value_heads": 99999999999999999999)"), FG_E_INVALID,
                 {"num_key_value_heads"});
  expect_refusal(refused("llama", R"("rms_norm_eps": "x")"), FG_E_INVALID,
                 {"rms_norm_eps is \"x\", expected a finite number"});
  expect_refusal(refused("llama", R"("head_dim": 1.5)"), FG_E_INVALID, {"head_dim is 1.5, expected a whole number"});
  expect_refusal(refused("llama", R"("attention_bias": 1)"), FG_E_INVALID, {"expected true or false"});
  expect_refusal(refused("llama", R"("torch_dtype": "float99")"), FG_E_INVALID, {"torch_dtype is \"float99\""});
  expect_refusal(refused("llama", R"("eos_token_id": [1, -2])"), FG_E_INVALID, {"eos_token_id"});
  expect_refusal(refused("llama", R"("quantization_config": {})"), FG_E_UNSUPPORTED, {"quantised weights"});
  expect_refusal(refused("llama", R"("rope_parameters": {"rope_type": "longrope"})"), FG_E_UNSUPPORTED,
                 {"rope_parameters.rope_type is \"longrope\", known: default, linear, llama3, yarn"});
  expect_refusal(refused("llama", R"("rope_scaling": {"type": "llama3", "factor": 8})"), FG_E_INVALID,
                 {"rope_scaling.low_freq_factor is missing"});
  expect_refusal(refused("llama", R"("rope_scaling": {"type": "yarn", "factor": 0})"), FG_E_INVALID, {"factor is 0"});
  expect_refusal(refused("llama", R"("vocab_size": 1)"), FG_E_INVALID, {"the key \"vocab_size\" comes twice"});
  expect_refusal(refused("bert", R"("position_embedding_type": "relative_key")"), FG_E_UNSUPPORTED, {"relative_key"});
  expect_refusal(
      refusal_of([] {
        parse_config(R"({"model_type": "llava", "image_token_index": 1, "text_config": {"model_type": "bert"},
                                    "vision_config": {}})");
      }),
      FG_E_UNSUPPORTED, {"text_config.model_type is \"bert\", known: llama, qwen2"});
}

TEST(Config, GenerationConfigGivesTheEnd) {
  const TempFolder folder;
  expect_refusal(refusal_of([&] { load_config(folder.path()); }), FG_E_NOT_FOUND, {folder.path("config.json")});
  folder.write("config.json", json("llama", R"("eos_token_id": 2)"));
  EXPECT_EQ(load_config(folder.path()).eos_token_id, (Ids{2}));
  folder.write("generation_config.json", R"({"eos_token_id": [128001, 128008]})");
  EXPECT_EQ(load_config(folder.path()).eos_token_id, (Ids{128001, 128008}));
  folder.write("generation_config.json", R"({"eos_token_id": "x"})");
  expect_refusal(refusal_of([&] { load_config(folder.path()); }), FG_E_INVALID,
                 {"generation_config.json: eos_token_id"});
}

TEST(Config, RecordedModels) {
  for (const char* name : {"bert", "llama"}) {
    const Config c = load_config(std::string(FG_GOLDEN_MODELS "/tiny-") + name);
    EXPECT_EQ(c.vocab_size, 512) << name;
    EXPECT_EQ(c.hidden_size, 64) << name;
  }
}

}  // namespace
}  // namespace fg::models
