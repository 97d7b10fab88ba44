// SPDX-License-Identifier: Apache-2.0
//
// The image tower of CLIP (arXiv:2103.00020) and what joins it to a language model in LLaVA
// (arXiv:2304.08485).

#ifndef FG_EXAMPLES_MODELS_NN_VISION_HPP_
#define FG_EXAMPLES_MODELS_NN_VISION_HPP_

#include <vector>

#include "examples/models/nn/attention.hpp"

namespace fg::nn {

// Patches of images [batch, channels, height, width] as rows of one product: a convolution whose
// stride is its size.  weight [out, channels, patch, patch].
Tensor patch_embedding(const Tensor& pixels, const Tensor& weight);

enum class Activation { gelu, gelu_tanh, quick_gelu };
Tensor activate(Activation a, const Tensor& x);

// second(act(first(x)))
struct TwoLayers {
  Linear first, second;
  Activation act = Activation::gelu;

  Tensor operator()(const Tensor& x) const { return second(activate(act, first(x))); }
};

// Normalised before attention and feed-forward (CLIP).
struct ClipLayer {
  LayerNorm norm1, norm2;
  std::shared_ptr<const SelfAttention> attention;
  TwoLayers mlp;

  Tensor operator()(const Tensor& x) const;
};

struct ClipTower {
  Tensor patch_weight;        // [channels, 3, patch, patch]
  Tensor class_embedding;     // [channels]
  Tensor position_embedding;  // [1 + patches, channels]
  LayerNorm pre_norm;
  std::vector<ClipLayer> layers;  // As many as the feature needs.

  // pixels [batch, 3, size, size] -> [batch, 1 + patches, channels]; the class token is first.
  Tensor operator()(const Tensor& pixels) const;
};

}  // namespace fg::nn

#endif  // FG_EXAMPLES_MODELS_NN_VISION_HPP_
