// SPDX-License-Identifier: Apache-2.0

#include "examples/models/nn/vision.hpp"

#include "tests/unit/models_nn/naive.hpp"

namespace fg::nn::test {
namespace {

TEST(PatchEmbedding, IsAConvolutionWhoseStrideIsItsSize) {
  const Tensor pixels = random({2, 3, 4, 6}, 1), weight = random({5, 3, 2, 2}, 2);
  const Values p = pixels.to_vector<double>(), w = weight.to_vector<double>();
  Values wanted;
  for (std::size_t b = 0; b < 2; ++b)
    for (std::size_t row = 0; row < 2; ++row)
      for (std::size_t col = 0; col < 3; ++col)
        for (std::size_t o = 0; o < 5; ++o) {
          double sum = 0;
          for (std::size_t c = 0; c < 3; ++c)
            for (std::size_t y = 0; y < 2; ++y)
              for (std::size_t x = 0; x < 2; ++x)
                sum += p[((b * 3 + c) * 4 + row * 2 + y) * 6 + col * 2 + x] * w[((o * 3 + c) * 2 + y) * 2 + x];
          wanted.push_back(sum);
        }
  const Tensor out = patch_embedding(pixels, weight);
  EXPECT_EQ(out.shape(), (std::vector<std::int64_t>{2, 6, 5}));
  EXPECT_LT(furthest(out, wanted), kNear);
}

TEST(Activation, QuickGelu) {
  EXPECT_LT(furthest(activate(Activation::quick_gelu, Tensor::from({-1.0, 0.0, 2.0})),
                     Values{-1 / (1 + std::exp(1.702)), 0, 2 / (1 + std::exp(-3.404))}),
            kNear);
}

}  // namespace
}  // namespace fg::nn::test
