// SPDX-License-Identifier: Apache-2.0
//
// BERT (arXiv:1810.04805): an encoder whose tokens all see each other.

#ifndef FG_EXAMPLES_MODELS_ARCH_BERT_HPP_
#define FG_EXAMPLES_MODELS_ARCH_BERT_HPP_

#include <optional>
#include <vector>

#include "examples/models/arch/model.hpp"
#include "examples/models/nn/attention.hpp"
#include "examples/models/nn/vision.hpp"

namespace fg::models {

class Bert final : public Model {
 public:
  Bert(const Config& config, const Loader& loader, const ModelOptions& options);

  Dtype dtype() const override { return words_.weight.dtype(); }
  Output forward(const Input& input, Cache* cache, bool all_hidden) const override;

 private:
  struct Layer {
    nn::Attention attention;
    nn::LayerNorm attention_norm;
    nn::TwoLayers mlp;
    nn::LayerNorm output_norm;
  };

  nn::Embedding words_, positions_, types_;
  nn::LayerNorm norm_;
  std::vector<Layer> layers_;
  std::optional<nn::Linear> pooler_;  // Of the first token.
};

// The pass of an encoder over `mask` [batch][length], true where there is a token: rows are padded at
// the right.
nn::Step encoder_step(const std::vector<std::vector<bool>>& mask, const Device& device = {});

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_ARCH_BERT_HPP_
