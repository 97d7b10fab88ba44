// SPDX-License-Identifier: Apache-2.0
//
// Linear and Embedding: weights and the one operator that each of them is.

#ifndef FG_EXAMPLES_MODELS_NN_LINEAR_HPP_
#define FG_EXAMPLES_MODELS_NN_LINEAR_HPP_

#include <vector>

#include "fg/fg.hpp"

namespace fg::nn {

// x weight^T + bias over the last dimension; weight [out, in] as checkpoints have it.
struct Linear {
  Tensor weight, bias;

  Tensor operator()(const Tensor& x) const { return fg::linear(x, weight, bias); }
  std::int64_t in_features() const { return weight.size(1); }
  std::int64_t out_features() const { return weight.size(0); }
};

// Several layers of one input as one product: their results lie beside each other in the last
// dimension.  All have a bias, or none.
inline Linear fused(const std::vector<Linear>& layers) {
  std::vector<Tensor> weights, biases;
  for (const Linear& l : layers) {
    weights.push_back(l.weight);
    if (l.bias) biases.push_back(l.bias);
  }
  return {cat(weights, 0), biases.empty() ? Tensor() : cat(biases, 0)};
}

// Rows of weight [tokens, channels] by token.
struct Embedding {
  Tensor weight;

  Tensor operator()(const Tensor& ids) const { return fg::embedding(weight, ids); }
};

}  // namespace fg::nn

#endif  // FG_EXAMPLES_MODELS_NN_LINEAR_HPP_
