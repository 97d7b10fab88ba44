// SPDX-License-Identifier: Apache-2.0
//
// Decoders: Llama, Qwen2, Qwen3, Mixtral, DeepSeek-V3.  They differ in their attention and
// feed-forward blocks alone.

#ifndef FG_EXAMPLES_MODELS_ARCH_DECODER_HPP_
#define FG_EXAMPLES_MODELS_ARCH_DECODER_HPP_

#include <memory>
#include <vector>

#include "examples/models/arch/model.hpp"
#include "examples/models/nn/attention.hpp"
#include "examples/models/nn/mlp.hpp"

namespace fg::models {

struct DecoderLayer {
  nn::RMSNorm input_norm, post_attention_norm;
  std::unique_ptr<nn::SelfAttention> attention;
  std::unique_ptr<nn::FeedForward> feed_forward;
};

class DecoderModel final : public Model {
 public:
  // `prefix` stands before "embed_tokens.weight", `head` is the name of the language head.
  DecoderModel(const Config& config, const Loader& loader, const ModelOptions& options, const std::string& prefix,
               const std::string& head);

  Dtype dtype() const override { return embed_.weight.dtype(); }
  Output forward(const Input& input, Cache* cache, bool all_hidden) const override {
    return run(embed_(input.ids), input.step, cache, all_hidden);
  }
  Tensor logits(const Tensor& last) const override { return head_(last); }
  bool generates() const override { return true; }
  bool capturable() const override { return true; }
  std::uint64_t bytes_per_step() const override;
  double prompt_flops(std::int64_t tokens) const override;
  Cache make_cache(std::vector<std::int64_t> padding, std::int64_t capacity) const override;

  Tensor embed(const Tensor& ids) const { return embed_(ids); }
  // From embeddings [batch, length, channels].
  Output run(const Tensor& x, const nn::Step& step, Cache* cache, bool all_hidden) const;

 private:
  void check_memory(std::int64_t batch, std::int64_t capacity) const;

  nn::Embedding embed_;
  std::vector<DecoderLayer> layers_;
  nn::RMSNorm norm_;
  nn::Linear head_;
};

// The blocks of layer `i`, whose tensors begin with `name`; arch/decoder_blocks.cpp.
DecoderLayer make_layer(const Config& c, const Loader& loader, const std::string& name, std::int64_t i,
                        const std::shared_ptr<const nn::Rope>& rope);
std::shared_ptr<const nn::Rope> make_rope(const Config& c, std::int64_t positions);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_ARCH_DECODER_HPP_
