// SPDX-License-Identifier: Apache-2.0
//
// One interface to all models.
//
//   auto model = fg::models::load_model("llama", {});
//   auto cache = model->make_cache(1, 512);
//   auto out = model->forward({.ids = ids, .step = cache.next(17)}, &cache);
//   auto logits = model->logits(out.last);

#ifndef FG_EXAMPLES_MODELS_ARCH_MODEL_HPP_
#define FG_EXAMPLES_MODELS_ARCH_MODEL_HPP_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "examples/models/arch/source.hpp"
#include "examples/models/io/config.hpp"
#include "examples/models/nn/cache.hpp"

namespace fg::models {

// What is kept of a batch between passes.
struct Cache {
  std::vector<nn::LayerCache> layers;
  std::int64_t capacity = 0;
  std::int64_t length = 0;            // Slots in use, the padding's too.
  std::vector<std::int64_t> padding;  // Slots of each row that hold nothing, at the left.

  std::int64_t batch() const { return static_cast<std::int64_t>(padding.size()); }
  bool padded() const;
  // The step over `tokens` new ones; does not count them yet.
  nn::Step next(std::int64_t tokens, const Device& device = {}) const;
  std::uint64_t bytes() const;
};

struct Input {
  Tensor ids;  // [batch, length], i64.
  nn::Step step;
  Tensor token_types;  // As ids; none: all 0 (BERT).
  Tensor pixels;       // [images, 3, size, size] for the image tokens among ids (LLaVA).
};

struct Output {
  Tensor last;                 // [batch, length, channels], normalised.
  std::vector<Tensor> hidden;  // When asked for: the embeddings, each layer's result; the last is `last`.
  Tensor pooled;               // [batch, channels] (BERT).
};

class Model {
 public:
  explicit Model(Config config) : config_(std::move(config)) {}
  virtual ~Model() = default;

  // Of the language model: what config.json says, its text_config for LLaVA.
  virtual const Config& config() const { return config_; }
  std::uint64_t weight_bytes() const { return weight_bytes_; }
  void set_weight_bytes(std::uint64_t bytes) { weight_bytes_ = bytes; }
  // Of the weights that one token of one row needs.
  virtual std::uint64_t bytes_per_step() const { return weight_bytes_; }
  // Operations of the products with weights for one row of so many tokens, of which the last has logits.  0: not known.
  virtual double prompt_flops(std::int64_t) const { return 0; }
  // Positions that there are.
  std::int64_t context() const { return context_; }
  virtual Dtype dtype() const = 0;

  // Runs the tokens, and counts them in the cache.
  virtual Output forward(const Input& input, Cache* cache = nullptr, bool all_hidden = false) const = 0;
  // Of rows of Output::last.  FG_E_UNSUPPORTED for a model without a language head.
  virtual Tensor logits(const Tensor& last) const;
  virtual bool generates() const { return false; }
  // Whether a decode step may be captured as a graph.
  virtual bool capturable() const { return false; }
  // FG_E_INVALID when `capacity` exceeds the context, FG_E_OOM_DEVICE when the device has not that much.
  virtual Cache make_cache(std::vector<std::int64_t> padding, std::int64_t capacity) const;
  // Images: which token stands for them, how often for each, and the pixels of a side; none without images.
  struct ImageTokens {
    std::int64_t id = 0, per_image = 0, side = 0;
  };
  virtual std::optional<ImageTokens> image_tokens() const { return std::nullopt; }

 protected:
  std::int64_t context_ = 0;

 private:
  Config config_;
  std::uint64_t weight_bytes_ = 0;
};

// FG_E_INVALID names the first token that the model does not have.
void check_tokens(const Model& model, const std::vector<std::int64_t>& row);

struct ModelOptions {
  std::optional<Dtype> dtype;               // Default: config.json's, else f32.
  std::optional<std::int64_t> max_context;  // Default: the model's; less saves memory.
};

// FG_E_UNSUPPORTED for a model that is no model of its own (a CLIP tower).
std::unique_ptr<Model> make_model(const Config& config, TensorSource& source, const ModelOptions& options);
std::unique_ptr<Model> load_model(const std::string& folder, const ModelOptions& options,
                                  Weights::Progress progress = {});

// Sizes for measurements without weights: "tiny", "llama-2-7b", ...; FG_E_NOT_FOUND lists them.
Config named_config(std::string_view name);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_ARCH_MODEL_HPP_
