// SPDX-License-Identifier: Apache-2.0

#include "examples/models/arch/llava.hpp"

#include "examples/models/io/error.hpp"

namespace fg::models {
namespace {

nn::Activation activation_of(const std::string& name, const char* where) {
  if (name == "gelu") return nn::Activation::gelu;
  if (name == "quick_gelu") return nn::Activation::quick_gelu;
  refuse(FG_E_UNSUPPORTED, std::string(where) + " is " + in_quotes(name) + ", expected \"gelu\" or \"quick_gelu\"");
}

nn::ClipLayer make_clip_layer(const Config& c, const Loader& loader, const std::string& name) {
  nn::AttentionParameters p;
  p.heads = p.key_heads = c.num_attention_heads;
  p.head_dim = c.head_dim;
  const std::int64_t channels = c.hidden_size;
  const auto square = [&](const char* which) {
    return loader.linear(name + "self_attn." + which, channels, channels, true);
  };
  return {loader.layer_norm(name + "layer_norm1", channels, c.layer_norm_eps),
          loader.layer_norm(name + "layer_norm2", channels, c.layer_norm_eps),
          std::make_shared<nn::Attention>(p, nn::fused({square("q_proj"), square("k_proj"), square("v_proj")}),
                                          square("out_proj")),
          {loader.linear(name + "mlp.fc1", channels, c.intermediate_size, true),
           loader.linear(name + "mlp.fc2", c.intermediate_size, channels, true),
           activation_of(c.hidden_act, "hidden_act of the image tower")}};
}

// The tower up to hidden state `feature_layer`; what comes after it is not even loaded.
nn::ClipTower make_tower(const Config& c, const Loader& loader, const std::string& root, std::int64_t feature_layer) {
  const std::int64_t states = c.num_hidden_layers + 1;
  const std::int64_t layers = feature_layer < 0 ? states + feature_layer : feature_layer;
  if (layers < 0 || layers >= states) {
    refuse(FG_E_INVALID, "vision_feature_layer is " + std::to_string(feature_layer) + ", the image tower has " +
                             std::to_string(states) + " hidden states");
  }
  const std::int64_t side = c.image_size / c.patch_size;
  nn::ClipTower t;
  t.patch_weight = loader.tensor(root + "embeddings.patch_embedding.weight",
                                 {c.hidden_size, c.num_channels, c.patch_size, c.patch_size});
  t.class_embedding = loader.tensor(root + "embeddings.class_embedding", {c.hidden_size});
  t.position_embedding = loader.tensor(root + "embeddings.position_embedding.weight", {1 + side * side, c.hidden_size});
  t.pre_norm = loader.layer_norm(root + "pre_layrnorm", c.hidden_size, c.layer_norm_eps);  // Spelled so in CLIP.
  for (std::int64_t i = 0; i < layers; ++i)
    t.layers.push_back(make_clip_layer(c, loader, root + "encoder.layers." + std::to_string(i) + "."));
  return t;
}

}  // namespace

Llava::Llava(const Config& c, const Loader& loader, const ModelOptions& options)
    : Model(c),
      image_token_(c.image_token_index),
      image_size_(c.vision_config->image_size),
      without_class_(c.vision_feature_select_default) {
  const Config &vision = *c.vision_config, &text = *c.text_config;
  // Checkpoints before and after transformers 4.52 name the parts differently.
  const std::string tower =
      loader.prefix({"model.vision_tower.", "model.vision_tower.vision_model.", "vision_tower.vision_model."},
                    "embeddings.class_embedding");
  tower_ = make_tower(vision, loader, tower, c.vision_feature_layer);
  const std::string projector =
      loader.prefix({"model.multi_modal_projector.", "multi_modal_projector."}, "linear_1.weight");
  projector_ = {
      loader.linear(projector + "linear_1", vision.hidden_size, text.hidden_size, c.multimodal_projector_bias),
      loader.linear(projector + "linear_2", text.hidden_size, text.hidden_size, c.multimodal_projector_bias),
      activation_of(c.projector_hidden_act, "projector_hidden_act")};
  const std::string language = loader.prefix({"model.language_model.", "language_model.model."}, "embed_tokens.weight");
  const std::uint64_t before = loader.source.taken_bytes();
  decoder_ = std::make_unique<DecoderModel>(text, loader, options, language,
                                            language == "language_model.model." ? "language_model.lm_head" : "lm_head");
  decoder_->set_weight_bytes(loader.source.taken_bytes() - before);
  context_ = decoder_->context();
}

std::optional<Model::ImageTokens> Llava::image_tokens() const {
  return ImageTokens{image_token_, tower_.position_embedding.size(0) - (without_class_ ? 1 : 0), image_size_};
}

Tensor Llava::image_features(const Tensor& pixels) const {
  const std::vector<std::int64_t> shape = pixels.shape(), wanted{shape[0], 3, image_size_, image_size_};
  if (shape != wanted) {
    const std::string size = std::to_string(image_size_);
    std::string found;
    for (const std::int64_t n : shape) found += (found.empty() ? "" : ", ") + std::to_string(n);
    refuse(FG_E_INVALID, "pixels are [" + found + "], expected [images, 3, " + size + ", " + size + "]", FG_R_SHAPE);
  }
  const Tensor x = tower_(pixels.to(dtype()));
  return projector_(without_class_ ? x.slice(1, 1, std::nullopt) : x);
}

Output Llava::forward(const Input& input, Cache* cache, bool all_hidden) const {
  Tensor x = decoder_->embed(input.ids);
  if (input.pixels) {
    const Tensor features = image_features(input.pixels);
    const Tensor is_image = eq(input.ids, image_token_);
    const auto places = sum(is_image).item<std::int64_t>();
    const std::int64_t patches = features.size(0) * features.size(1);
    if (places != patches) {
      refuse(FG_E_INVALID, "the prompt has " + std::to_string(places) + " image tokens, its images have " +
                               std::to_string(patches) + " patches");
    }
    x = masked_scatter(x, is_image.unsqueeze(-1).expand(x.shape()), features);
  }
  return decoder_->run(x, input.step, cache, all_hidden);
}

}  // namespace fg::models
