// SPDX-License-Identifier: Apache-2.0

#include "examples/models/nn/vision.hpp"

namespace fg::nn {

Tensor patch_embedding(const Tensor& pixels, const Tensor& weight) {
  const std::int64_t b = pixels.size(0), c = pixels.size(1), size = weight.size(2);
  const std::int64_t rows = pixels.size(2) / size, cols = pixels.size(3) / size;
  const Tensor patches = pixels.view({b, c, rows, size, cols, size}).permute({0, 2, 4, 1, 3, 5});
  return linear(patches.reshape({b, rows * cols, c * size * size}), weight.view({weight.size(0), c * size * size}));
}

Tensor activate(Activation a, const Tensor& x) {
  switch (a) {
    case Activation::gelu: return gelu(x);
    case Activation::gelu_tanh: return gelu(x, "tanh");
    case Activation::quick_gelu: break;
  }
  return map("x * sigmoid(1.702 * x)", {x});
}

Tensor ClipLayer::operator()(const Tensor& x) const {
  Step all;
  all.causal = false;
  const Tensor middle = x + attention->forward(norm1(x), all, nullptr);
  return middle + mlp(norm2(middle));
}

Tensor ClipTower::operator()(const Tensor& pixels) const {
  const Tensor patches = patch_embedding(pixels, patch_weight);
  const Tensor first = class_embedding.view({1, 1, patches.size(2)}).expand({patches.size(0), 1, patches.size(2)});
  Tensor x = pre_norm(cat({first, patches}, 1) + position_embedding);
  for (const ClipLayer& layer : layers) x = layer(x);
  return x;
}

}  // namespace fg::nn
