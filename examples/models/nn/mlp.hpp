// SPDX-License-Identifier: Apache-2.0
//
// Feed-forward blocks: the interface that decoder layers call, and the gated one.

#ifndef FG_EXAMPLES_MODELS_NN_MLP_HPP_
#define FG_EXAMPLES_MODELS_NN_MLP_HPP_

#include <cstdint>
#include <utility>

#include "examples/models/nn/linear.hpp"

namespace fg::nn {

class FeedForward {
 public:
  virtual ~FeedForward() = default;
  // x [batch, length, channels] -> the same shape.  With one token a row a capture may hold it (docs/graphs.md):
  // nothing waits for values on the host.
  virtual Tensor forward(const Tensor& x) const = 0;
  // Of its weights, those that one token does not need.
  virtual std::uint64_t idle_bytes() const { return 0; }
};

// down(silu(gate(x)) * up(x)); gate and up are one product.
class SiluAndMulMlp final : public FeedForward {
 public:
  SiluAndMulMlp(Linear gate_up, Linear down) : gate_up_(std::move(gate_up)), down_(std::move(down)) {}

  Tensor forward(const Tensor& x) const override {
    const Tensor both = gate_up_(x);
    const std::int64_t middle = gate_up_.out_features() / 2;
    return down_(silu_and_mul(both.slice(-1, 0, middle), both.slice(-1, middle, std::nullopt)));
  }
  std::uint64_t weight_bytes() const {
    return static_cast<std::uint64_t>(gate_up_.weight.numel() + down_.weight.numel()) * down_.weight.dtype().bytes();
  }

 private:
  Linear gate_up_, down_;
};

}  // namespace fg::nn

#endif  // FG_EXAMPLES_MODELS_NN_MLP_HPP_
