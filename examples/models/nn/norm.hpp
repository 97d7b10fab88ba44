// SPDX-License-Identifier: Apache-2.0
//
// Normalisations over the last dimension, alone and fused with the residual stream before them.

#ifndef FG_EXAMPLES_MODELS_NN_NORM_HPP_
#define FG_EXAMPLES_MODELS_NN_NORM_HPP_

#include "fg/fg.hpp"

namespace fg::nn {

// x * rsqrt(mean(x^2) + eps) * weight
struct RMSNorm {
  Tensor weight;
  double eps = 1e-6;

  Tensor operator()(const Tensor& x) const { return rms_norm(x, weight.shape(), weight, eps); }

  struct Added {
    Tensor normed, sum;
  };
  // The norm of x + residual, and that sum.
  Added operator()(const Tensor& x, const Tensor& residual) const {
    auto [normed, sum] = fused_add_rms_norm(x, residual, weight.shape(), weight, eps);
    return {normed, sum};
  }
  // In place: residual becomes x + residual, x its norm.
  void add_(const Tensor& x, const Tensor& residual) const {
    fused_add_rms_norm_out(x, residual, x, residual, weight.shape(), weight, eps);
  }
};

// (x - mean) / sqrt(var + eps) * weight + bias
struct LayerNorm {
  Tensor weight, bias;
  double eps = 1e-5;

  Tensor operator()(const Tensor& x) const { return layer_norm(x, weight.shape(), weight, bias, eps).out; }
  // The norm of x + residual.
  Tensor operator()(const Tensor& x, const Tensor& residual) const {
    return skip_layer_norm(x, residual, weight.shape(), weight, bias, eps);
  }
};

}  // namespace fg::nn

#endif  // FG_EXAMPLES_MODELS_NN_NORM_HPP_
