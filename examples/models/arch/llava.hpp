// SPDX-License-Identifier: Apache-2.0
//
// LLaVA (arXiv:2304.08485): a decoder that reads projected patches of an image where image tokens are.

#ifndef FG_EXAMPLES_MODELS_ARCH_LLAVA_HPP_
#define FG_EXAMPLES_MODELS_ARCH_LLAVA_HPP_

#include <memory>

#include "examples/models/arch/decoder.hpp"
#include "examples/models/nn/vision.hpp"

namespace fg::models {

class Llava final : public Model {
 public:
  Llava(const Config& config, const Loader& loader, const ModelOptions& options);

  const Config& config() const override { return decoder_->config(); }
  Dtype dtype() const override { return decoder_->dtype(); }
  // FG_E_INVALID when the image tokens among the ids are not those of the images.
  Output forward(const Input& input, Cache* cache, bool all_hidden) const override;
  Tensor logits(const Tensor& last) const override { return decoder_->logits(last); }
  bool generates() const override { return true; }
  bool capturable() const override { return decoder_->capturable(); }
  Cache make_cache(std::vector<std::int64_t> padding, std::int64_t capacity) const override {
    return decoder_->make_cache(std::move(padding), capacity);
  }
  std::optional<ImageTokens> image_tokens() const override;
  std::uint64_t bytes_per_step() const override { return decoder_->bytes_per_step(); }
  double prompt_flops(std::int64_t tokens) const override { return decoder_->prompt_flops(tokens); }

  // [images, patches, channels of the decoder]; FG_E_INVALID for pixels of another shape
  Tensor image_features(const Tensor& pixels) const;

 private:
  nn::ClipTower tower_;
  nn::TwoLayers projector_;
  std::unique_ptr<DecoderModel> decoder_;
  std::int64_t image_token_ = 0;
  std::int64_t image_size_ = 0;
  bool without_class_ = true;
};

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_ARCH_LLAVA_HPP_
