// SPDX-License-Identifier: Apache-2.0

#include "examples/models/arch/model.hpp"

#include "examples/models/arch/bert.hpp"
#include "examples/models/arch/decoder.hpp"
#include "examples/models/arch/llava.hpp"
#include "examples/models/io/error.hpp"

namespace fg::models {

Tensor Model::logits(const Tensor&) const {
  refuse(FG_E_UNSUPPORTED, "a " + config().model_type + " model has no language head, it cannot generate");
}

Cache Model::make_cache(std::vector<std::int64_t> padding, std::int64_t capacity) const {
  if (capacity > context_) {
    refuse(FG_E_INVALID, "a cache of " + std::to_string(capacity) + " tokens is longer than the model's context of " +
                             std::to_string(context_));
  }
  Cache cache;
  cache.capacity = capacity;
  cache.padding = std::move(padding);
  return cache;
}

void check_tokens(const Model& model, const std::vector<std::int64_t>& row) {
  for (const std::int64_t id : row) {
    if (id >= 0 && id < model.config().vocab_size) continue;
    refuse(FG_E_INVALID, "token " + std::to_string(id) + " of the prompt, expected 0 to " +
                             std::to_string(model.config().vocab_size - 1));
  }
}

namespace {

std::unique_ptr<Model> made(const Config& config, const Loader& loader, const ModelOptions& options) {
  switch (config.architecture) {
    case Architecture::bert: return std::make_unique<Bert>(config, loader, options);
    case Architecture::llava: return std::make_unique<Llava>(config, loader, options);
    case Architecture::clip_vision:
      refuse(FG_E_UNSUPPORTED, "clip_vision_model is an image tower: it runs as a part of llava, not alone");
    default: return std::make_unique<DecoderModel>(config, loader, options, "model.", "lm_head");
  }
}

}  // namespace

std::unique_ptr<Model> make_model(const Config& config, TensorSource& source, const ModelOptions& options) {
  const Config& language = config.text_config ? *config.text_config : config;
  const Dtype dtype = options.dtype.value_or(config.dtype.value_or(language.dtype.value_or(kF32)));
  auto model = made(config, Loader{source, dtype}, options);
  model->set_weight_bytes(source.taken_bytes());
  return model;
}

std::unique_ptr<Model> load_model(const std::string& folder, const ModelOptions& options, Weights::Progress progress) {
  const Config config = load_config(folder);
  Weights weights = Weights::open(folder);
  weights.on_progress(std::move(progress));
  FileSource source(weights);
  return make_model(config, source, options);
}

}  // namespace fg::models
